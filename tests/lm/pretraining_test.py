"""The promises of pretraining, kept by the program itself: python3 pretraining_test.py ELMO."""
import json
import math
import os
import pathlib
import subprocess
import sys
import time
import unittest

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trained import ANY_LENGTH, ProgramTest, write_corpus  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)


class PretrainingTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share()
        cls.dev = write_corpus(cls.shared / "dev.txt", 20)

    def command(self, name, *words, preset="tiny", direction="both", steps=24, batch=8,
                text=None):
        return ("pretrain", "--direction", direction, "--preset", preset,
                "--input", text or self.corpus,
                "--vocab", self.vocabulary, "--output", self.folder / name, "--steps", steps,
                "--batch-size", batch, "--unroll", 8, "--checkpoint-every", 5, *ANY_LENGTH, *words)

    def assert_equal_models(self, first, second,
                            names=("forward.h5", "backward.h5", "forward.checkpoint.h5",
                                   "backward.checkpoint.h5")):
        for name in names:
            self.assert_equal_files(self.folder / first / name, self.folder / second / name)

    def test_killed_at_any_moment_and_resumed_equals_uninterrupted(self):
        for preset, precision, steps, batch in (("tiny", "f32", 60, 16), ("tiny", "auto", 60, 16),
                                                ("small", "auto", 12, 4)):
            with self.subTest(preset=preset, precision=precision):
                settings = {"preset": preset, "steps": steps, "batch": batch}
                whole, part = f"whole-{preset}-{precision}", f"part-{preset}-{precision}"
                extra = ("--precision", precision, "--dev", self.dev, "--dev-every", 10)
                start = time.monotonic()
                self.elmo(*self.command(whole, *extra, **settings))
                took = time.monotonic() - start
                kills = 0
                # The first comes before the first checkpoint, more or less.
                for share in (0.1, 0.5, 0.6, 0.7):
                    checkpoints = list((self.folder / part).glob("*.checkpoint.h5"))
                    again = ("--resume",) if checkpoints else ("--overwrite",)
                    kills += self.killed(*self.command(part, *extra, *again, **settings),
                                         after=took * share)
                checkpoints = list((self.folder / part).glob("*.checkpoint.h5"))
                again = ("--resume",) if checkpoints else ("--overwrite",)
                self.elmo(*self.command(part, *extra, *again, **settings))
                self.assertGreater(kills, 0)
                self.assert_equal_models(whole, part)

    def test_both_gives_what_each_direction_gives_whatever_the_threads(self):
        for precision in ("f32", "auto"):
            extra = ("--precision", precision)
            both = f"both-{precision}"
            self.elmo(*self.command(both, *extra))
            for threads in (1, 2, 3):
                each = f"each-{precision}-{threads}"
                for direction in ("backward", "forward"):
                    self.elmo(*self.command(each, *extra, "--threads", threads,
                                            direction=direction))
                self.assert_equal_models(both, each)
            one = f"one-{precision}"
            self.elmo(*self.command(one, *extra, "--threads", 1))
            self.assert_equal_models(both, one)

    def test_resume_without_one_directions_checkpoint_starts_it_anew(self):
        self.elmo(*self.command("a"))
        self.elmo(*self.command("b", steps=10))
        for path in (self.folder / "b").glob("backward*"):
            path.unlink()
        done = self.elmo(*self.command("b", "--resume"))
        self.assertIn("backward", done.stderr)
        self.assert_equal_models("a", "b")

    def test_resume_refuses_what_contradicts_the_checkpoint(self):
        self.elmo(*self.command("a", steps=6))
        for change in (("--unroll", 9), ("--seed", 2), ("--dropout", 0.2), ("--preset", "small"),
                       ("--optimizer", "adagrad"), ("--learning-rate", 0.1)):
            words = list(self.command("a", "--resume"))
            if change[0] in words:
                words[words.index(change[0]) + 1] = change[1]
            else:
                words += change
            done = self.elmo(*words, status=2)
            name = change[0][2:]
            self.assertTrue(name in done.stderr or name.replace("-", "_") in done.stderr
                            or name == "preset" and "hidden" in done.stderr, done.stderr)
        self.elmo(*self.command("none", "--resume"), status=1)
        done = self.elmo(*self.command("a"), status=1)
        self.assertIn("--overwrite", done.stderr)

    def test_a_finished_run_resumed_does_nothing(self):
        self.elmo(*self.command("a", steps=6))
        before = {path.name: path.stat().st_mtime_ns for path in (self.folder / "a").glob("*.h5")}
        self.elmo(*self.command("a", "--resume", steps=6))
        after = {path.name: path.stat().st_mtime_ns for path in (self.folder / "a").glob("*.h5")}
        self.assertEqual(before, after)

    def test_a_loss_that_is_no_number_keeps_the_last_good_checkpoint(self):
        for rate in (3e37, 3e38):
            done = self.elmo(*self.command("a", "--optimizer", "adam", "--learning-rate", rate,
                                           "--clip", 0, "--overwrite"), status=1)
            self.assertIn("loss is not a number", done.stderr)
            for path in (self.folder / "a").glob("*ward.h5"):
                with h5py.File(path) as file:
                    self.assertTrue(numpy.isfinite(file["softmax/weights"][()]).all())

    def test_memory_does_not_grow_with_the_text(self):
        def peak(megabytes):
            text = self.folder / f"{megabytes}.txt"
            once = self.corpus.read_bytes()
            with open(text, "wb") as file:  # piecewise: a child's peak is at least its parent's
                for _ in range(megabytes * 1_000_000 // len(once)):
                    file.write(once)
            command = self.command(str(megabytes), "--threads", 1, text=text)
            running = subprocess.Popen([self.ELMO, *map(str, command)], stdin=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(running.pid, 0)
            running.returncode = status
            self.assertEqual(status, 0)
            return usage.ru_maxrss
        small, large = peak(10), peak(60)
        self.assertLess(large, 1.05 * small)

    def test_training_learns_and_perplexity_agrees_with_score(self):
        self.elmo(*self.command("a", "--dev", self.dev, steps=5))
        self.elmo(*self.command("b", "--dev", self.dev, steps=150))
        value = {}
        for name in "ab":
            done = self.elmo("perplexity", "--model", self.folder / name, "--input", self.dev,
                             "--json")
            value[name] = json.loads(done.stdout)
        for direction in ("forward", "backward"):
            self.assertLess(value["b"][direction]["perplexity_unit"],
                            0.6 * value["a"][direction]["perplexity_unit"])
        done = self.elmo("score", "--model", self.folder / "b", "--input", self.dev)
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        for column, direction in ((3, "forward"), (4, "backward")):
            mean = -sum(float(row[column]) for row in rows) / len(rows)
            self.assertAlmostEqual(math.exp(mean) / value["b"][direction]["perplexity_word"], 1,
                                   places=4)

    def test_init_starts_from_a_trained_model(self):
        self.elmo(*self.command("a", "--dev", self.dev, steps=60))
        words = [word for word in self.command("b", "--init", self.folder / "a", "--dev",
                                               self.dev, "--learning-rate", 0.001, steps=1)]
        at = words.index("--vocab")
        del words[at:at + 2]
        self.elmo(*words)
        perplexity = {}
        for name in "ab":
            done = self.elmo("perplexity", "--model", self.folder / name, "--input", self.dev,
                             "--json")
            perplexity[name] = json.loads(done.stdout)["forward"]["perplexity_unit"]
        self.assertAlmostEqual(perplexity["a"] / perplexity["b"], 1, delta=0.1)


if __name__ == "__main__":
    unittest.main()
