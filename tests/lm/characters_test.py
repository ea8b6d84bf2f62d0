"""Pretraining with characters, by the program itself: python3 characters_test.py ELMO."""
import json
import math
import pathlib
import shutil
import sys
import time
import unittest

import h5py

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "support"), str(TESTS / "reference")]
from official_elmo import OfficialElmo  # noqa: E402
from trained import ANY_LENGTH, ProgramTest, datasets, write_corpus  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)
FILES = ("forward.h5", "backward.h5", "forward.checkpoint.h5", "backward.checkpoint.h5")


class CharactersTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share(size=0)
        cls.dev = write_corpus(cls.shared / "dev.txt", 20)
        cls.words = cls.shared / "words.txt"
        cls.elmo("vocab", "--type", "word", "--input", cls.corpus, "--size", 400, "--output",
                 cls.words)

    def pretrain(self, name, *more, direction="both", steps=20, **options):
        return self.elmo("pretrain", *self.settings(name, direction, steps), *more, **options)

    def settings(self, name, direction="both", steps=20):
        return ("--encoder", "characters", "--direction", direction, "--preset", "tiny", "--input",
                self.corpus, "--vocab", self.words, "--output", self.folder / name, "--steps",
                steps, "--batch-size", 6, "--unroll", 7, "--checkpoint-every", 5, *ANY_LENGTH)

    def assert_equal_models(self, first, second):
        for name in FILES:
            self.assert_equal_files(self.folder / first / name, self.folder / second / name)

    def encoder(self, name, direction):
        return {key: value for key, value in
                datasets(self.folder / name / f"{direction}.h5").items()
                if key.startswith("token_encoder/")}

    def test_killed_and_resumed_equals_uninterrupted(self):
        for name, more in (("plain", ()), ("shared", ("--share-encoder",)),
                           ("sampled", ("--samples", 50, "--optimizer", "adam"))):
            with self.subTest(name):
                start = time.monotonic()
                self.pretrain(f"{name}-whole", *more)
                took = time.monotonic() - start
                part = f"{name}-part"
                self.pretrain(part, *more, steps=5)
                kills = 0
                for share in (0.1, 0.2, 0.4):
                    kills += self.killed("pretrain", *self.settings(part), *more, "--resume",
                                         after=took * share)
                self.assertGreater(kills, 0)
                self.pretrain(part, *more, "--resume")
                self.assert_equal_models(f"{name}-whole", part)

    def test_killed_between_two_checkpoints_of_one_encoder(self):
        """The forward one is of step 10 by now, the backward one still of step 5."""
        self.pretrain("whole", "--share-encoder")
        self.pretrain("part", "--share-encoder", steps=5)
        part = self.folder / "part"
        for direction in ("forward", "backward"):
            shutil.copy(part / f"{direction}.checkpoint.h5", self.folder / f"{direction}.5")
        self.pretrain("part", "--share-encoder", "--resume", steps=10)
        shutil.copy(self.folder / "forward.5", part / "forward.checkpoint.previous.h5")
        shutil.copy(self.folder / "backward.5", part / "backward.checkpoint.h5")
        self.pretrain("part", "--share-encoder", "--resume")
        self.assert_equal_models("whole", "part")
        self.assertFalse((part / "forward.checkpoint.previous.h5").exists())

    def test_threads_and_directions_change_no_bits(self):
        for more in ((), ("--samples", 50)):
            whole = f"both{len(more)}"
            self.pretrain(whole, *more)
            for threads in (1, 3):
                name = f"each{len(more)}-{threads}"
                for direction in ("backward", "forward"):
                    self.pretrain(name, *more, "--threads", threads, direction=direction)
                self.assert_equal_models(whole, name)
        self.pretrain("shared1", "--share-encoder", "--threads", 1)
        self.pretrain("shared4", "--share-encoder", "--threads", 4)
        self.assert_equal_models("shared1", "shared4")

    def test_a_shared_encoder_is_one_and_can_be_exported(self):
        self.pretrain("model", "--share-encoder", "--optimizer", "adam", "--clip", 0.5)
        self.assertEqual(self.encoder("model", "forward"), self.encoder("model", "backward"))
        official, vectors = self.folder / "official", self.folder / "vectors.h5"
        done = self.elmo("export", "--model", self.folder / "model", "--output", official)
        # tiny has one layer; all peers read it.
        self.assertIn("AllenNLP, bilm-tf and simple_elmo can load it", done.stderr)
        self.assertEqual((official / "vocab.txt").read_bytes(), self.words.read_bytes())
        self.elmo("dump", "--model", self.folder / "model", "--input", self.dev, "--output",
                  vectors)
        reference = OfficialElmo(official / "options.json", official / "model.hdf5")
        lines = self.dev.read_text(encoding="utf-8").splitlines()
        with h5py.File(vectors) as file:
            for i in range(8):
                worst = abs(file[str(i)][()] - reference.embed(lines[i].split())).max()
                self.assertLess(worst, 1e-5)

    def test_a_shared_encoder_is_one_at_the_best_step_too(self):
        adagrad = ("--optimizer", "adagrad")
        for rate in (0.2, 0.8):
            self.pretrain("model", "--share-encoder", "--dev", self.dev, "--dev-every", 3,
                          *adagrad, "--learning-rate", rate, "--overwrite", steps=30)
            self.assertEqual(self.encoder("model", "forward"), self.encoder("model", "backward"))
        done = self.pretrain("early", "--share-encoder", "--dev", self.dev, "--dev-every", 3,
                             *adagrad, "--learning-rate", 3, "--patience", 2, steps=60, status=1)
        self.assertIn("stopping", done.stderr)
        self.assertIn("the training diverges", done.stderr)
        steps = [json.loads(line)["step"] for line in
                 (self.folder / "early" / "log.jsonl").read_text().splitlines()]
        self.assertLess(max(steps), 60)
        self.pretrain("early", "--share-encoder", "--dev", self.dev, "--dev-every", 3,
                      *adagrad, "--learning-rate", 3, "--patience", 2, "--resume", steps=60, status=1)
        self.assertEqual(steps, [json.loads(line)["step"] for line in
                                 (self.folder / "early" / "log.jsonl").read_text().splitlines()])

    def test_sharing_refuses_directions_of_other_units(self):
        self.pretrain("model", steps=3)
        other = self.shared / "other.txt"
        self.elmo("vocab", "--type", "word", "--input", self.corpus, "--size", 300, "--output",
                  other)
        words = list(self.settings("other", "backward", 3))
        words[words.index("--vocab") + 1] = other
        self.elmo("pretrain", *words)
        (self.folder / "other" / "backward.h5").rename(self.folder / "model" / "backward.h5")
        done = self.pretrain("shared", "--share-encoder", "--init", self.folder / "model",
                             status=2)
        self.assertIn("same token encoder", done.stderr)

    def test_encoders_of_their_own_differ_and_are_not_exported(self):
        self.pretrain("model")
        self.assertNotEqual(self.encoder("model", "forward"), self.encoder("model", "backward"))
        done = self.elmo("export", "--model", self.folder / "model", "--output",
                         self.folder / "official", status=1)
        self.assertIn("--share-encoder", done.stderr)

    def test_an_encoder_taken_over_stays_as_it_is(self):
        self.pretrain("model", direction="forward")
        taken = [word for word in self.settings("model", "backward")]
        for name in ("--vocab", "--encoder"):
            at = taken.index(name)
            del taken[at:at + 2]
        taken += ["--encoder-from", self.folder / "model" / "forward.h5"]
        self.elmo("pretrain", *taken)
        forward = self.encoder("model", "forward")
        self.assertEqual(forward, self.encoder("model", "backward"))
        self.elmo("export", "--model", self.folder / "model", "--output", self.folder / "official")
        # Resumed it is frozen still.
        at = taken.index("--steps")
        taken[at + 1] = 25
        self.elmo("pretrain", *taken, "--resume")
        self.assertEqual(forward, self.encoder("model", "backward"))

    def test_training_learns_and_perplexity_agrees_with_score(self):
        found = {}
        for name, steps, more in (("few", 5, ()), ("many", 150, ()),
                                  ("sampled", 150, ("--samples", 100))):
            done = self.pretrain(name, "--dev", self.dev, *more, steps=steps)
            self.assertRegex(done.stderr, r"% unknown")
            done = self.elmo("perplexity", "--model", self.folder / name, "--input", self.dev,
                             "--json")
            found[name] = json.loads(done.stdout)
            keys = {key for line in (self.folder / name / "log.jsonl").read_text().splitlines()
                    for key in json.loads(line)}
            self.assertEqual("perplexity_unit" in keys, not more)
            self.assertEqual("sampled_loss" in keys, bool(more))
        for direction in ("forward", "backward"):
            self.assertGreater(found["few"][direction]["unknown_rate"], 0)
            few = found["few"][direction]["perplexity_unit"]
            for name in ("many", "sampled"):
                self.assertLess(found[name][direction]["perplexity_unit"], 0.7 * few)
        done = self.elmo("score", "--model", self.folder / "many", "--input", self.dev)
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        mean = -sum(float(row[3]) for row in rows) / len(rows)
        self.assertAlmostEqual(math.exp(mean) / found["many"]["forward"]["perplexity_word"], 1,
                               places=4)

    def test_refusals(self):
        for more, part in ((("--share-encoder",), "--direction both"),
                           (("--samples", 400), "--samples 400"),
                           (("--recipe", "bilm"), "--recipe bilm sets --schedule")):
            done = self.pretrain("bad", *more, direction="forward", status=2)
            self.assertIn(part, done.stderr)
        self.pretrain("model", steps=5)
        done = self.pretrain("model", "--resume", "--samples", 50, status=2)
        self.assertIn("another --samples: 0, not 50", done.stderr)
        pieces = self.shared / "pieces.model"
        self.elmo("vocab", "--input", self.corpus, "--size", 1000, "--output", pieces)
        done = self.elmo("pretrain", "--encoder", "characters", "--vocab", pieces, "--input",
                         self.corpus, "--direction", "forward", "--output", self.folder / "bad",
                         "--steps", 1, status=1)
        self.assertIn("pieces.model", done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)


if __name__ == "__main__":
    unittest.main()
