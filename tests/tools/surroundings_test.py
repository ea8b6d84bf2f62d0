"""Limits of the system and names of files that are out of the ordinary: one sentence each, nothing
left over. python3 surroundings_test.py ELMO."""
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trained import CORPORA, ProgramTest  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)


class SurroundingsTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share(60, size=700)
        cls.share_model("--steps", 2, "--batch-size", 8)
        cls.task = cls.shared / "task.h5"
        cls.data = cls.shared / "data.tsv"
        lines = (CORPORA / "sentiment.en.train.tsv").read_text("utf-8").splitlines(True)
        cls.data.write_text("".join(lines[:20]), encoding="utf-8")
        cls.elmo(*cls.training(cls.task))

    @classmethod
    def training(cls, output):
        return ["train", "--task", "classify", "--train", cls.data, "--dev", cls.data, "--model",
                cls.model, "--inputs", "elmo", "--encoder", "none", "--epochs", 1, "--output",
                output]

    def limited(self, limits, *words, **options):
        """Under limits of the shell."""
        return subprocess.run(["bash", "-c", f'{limits}; exec "$@"', "bash", self.ELMO,
                               *map(str, words)], timeout=120, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, **{"cwd": self.folder, **options})

    def assert_refused(self, done, *parts):
        """Status 1 and one sentence at the end, which names no function of C++; nothing is left."""
        self.assertEqual(done.returncode, 1, done.stderr)
        last = done.stderr.splitlines()[-1]
        self.assertRegex(last, r"\Aelmo \w+: .+")
        for part in parts:
            self.assertIn(str(part), last)
        for part in ("exception", "std::", "filesystem error", "basic_", "terminate"):
            self.assertNotIn(part, done.stderr)
        left = [path for path in self.folder.rglob("*.tmp")] + [*self.shared.rglob("*.tmp")]
        self.assertEqual(left, [])

    def dump(self, output="o.h5"):
        return ["dump", "--model", self.model, "--input", self.corpus, "--output", output]

    def pretrain(self, output, *words):
        return ["pretrain", "--direction", "forward", "--preset", "tiny", "--vocab",
                self.vocabulary, "--output", output, "--steps", 2, "--batch-size", 2, "--input",
                self.corpus, *words]

    def test_a_task_goes_into_a_file(self):
        os.mkfifo(self.folder / "pipe.h5")
        (self.folder / "out.h5").symlink_to("/proc/self/fd/1")
        for name in ("pipe.h5", "out.h5"):
            self.assert_refused(self.limited("true", *self.training(name)), name, "name a file")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()),
                         ["out.h5", "pipe.h5"])

    def test_threads_that_cant_be_made(self):
        done = self.limited("ulimit -v 2000000", *self.dump(), "--threads", 4096)
        self.assert_refused(done, "threads", "--threads")

    def test_little_memory(self):
        for limit in (200_000, 250_000, 350_000, 500_000):
            for words in ([*self.dump(), "--threads", 1], self.pretrain("m", "--overwrite")):
                done = self.limited(f"ulimit -v {limit}", *words)
                if done.returncode != 0:
                    self.assert_refused(done)

    def test_few_descriptors(self):
        failures = 0
        for words in (self.dump(), ["predict", "--task", self.task, "--input", self.corpus],
                      ["plot", "log", self.model / "log.jsonl", "--output", "log.svg"],
                      ["pretrain", "--direction", "both", "--preset", "tiny", "--vocab",
                       self.vocabulary, "--input", self.corpus, "--output", "m", "--steps", 1,
                       "--batch-size", 1], self.training("t.h5")):
            for limit in (5, 6, 8, 10, 12):
                done = self.limited(f"ulimit -n {limit}", *words)
                if done.returncode != 0:
                    failures += 1
                    self.assert_refused(done)
        self.assertGreater(failures, 5)

    def test_files_that_may_not_grow(self):
        done = self.limited("ulimit -f 1", "vocab", "--size", 700, "--input", self.corpus,
                            "--output", "v.model")
        self.assert_refused(done, "v.model")
        self.assertFalse((self.folder / "v.model").exists())
        self.assert_refused(self.limited("ulimit -f 16", *self.dump()), "o.h5", "ulimit -f")
        self.assertFalse((self.folder / "o.h5").exists())
        self.assert_refused(self.limited("ulimit -f 1", *self.training("t.h5")), "t.", "ulimit -f")
        done = self.limited("ulimit -f 16", "pretrain", "--direction", "forward", "--preset",
                            "tiny", "--vocab", self.vocabulary, "--input", self.corpus, "--output",
                            "m", "--steps", 2, "--batch-size", 1)
        self.assert_refused(done, "forward", "ulimit -f")

    def test_no_folder_for_temporary_files(self):
        environment = {**os.environ, "TMPDIR": str(self.folder / "gone")}
        for words in (["predict", "--task", self.task, "--input", self.corpus],
                      ["bench", "--preset", "tiny", "--input", self.corpus]):
            self.assert_refused(self.limited("true", *words, env=environment), "TMPDIR", "gone")

    def test_a_working_folder_that_is_gone(self):
        (self.folder / "gone").mkdir()
        for words in (self.training("x.h5"), self.dump()):
            done = self.limited(f"mkdir -p '{self.folder}/gone' && cd '{self.folder}/gone' && "
                                "rmdir ../gone", *words)
            self.assert_refused(done)

    def test_names_that_are_no_line_of_text(self):
        done = self.elmo("dump", "--model", self.folder / "a\nb", "--input", self.corpus,
                         "--output", self.folder / "o.h5", status=1)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn("a\\nb", done.stderr)
        done = self.elmo("dump", "--model", "a" * 5000, "--input", self.corpus, "--output",
                         self.folder / "o.h5", status=1)
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertLess(len(done.stderr), 6000)

    def test_no_output_over_an_input(self):
        copies = {name: self.folder / name for name in ("text", "tsv", "task.h5")}
        copies["text"].write_bytes(self.corpus.read_bytes())
        copies["tsv"].write_bytes(self.data.read_bytes())
        copies["task.h5"].write_bytes(self.task.read_bytes())
        before = {name: path.read_bytes() for name, path in copies.items()}
        (self.folder / "link").symlink_to("text")
        os.link(copies["text"], self.folder / "hard")
        model = self.folder / "model"
        model.mkdir()
        for name in ("forward.h5", "backward.h5"):
            (model / name).write_bytes((self.model / name).read_bytes())
        # Files beside the output that are written too.
        (self.folder / "m").mkdir()
        (self.folder / "o.h5.partial").mkdir()
        copies["log"] = self.folder / "m" / "log.jsonl"
        copies["log"].write_bytes(before["text"])
        copies["checkpoint"] = self.folder / "m" / "forward.checkpoint.h5"
        copies["checkpoint"].write_bytes(before["text"])
        copies["state"] = self.folder / "o.h5.partial" / "state.json"
        copies["state"].write_bytes(before["text"])
        copies["task log"] = self.folder / "t.log.jsonl"
        copies["task log"].write_bytes(before["tsv"])
        copies["curve"] = self.folder / "curve.jsonl"
        copies["curve"].write_bytes((self.model / "log.jsonl").read_bytes())
        (self.folder / "curve.svg").symlink_to("curve.jsonl")
        before = {name: path.read_bytes() for name, path in copies.items()}
        pretrain = ["pretrain", "--direction", "forward", "--preset", "tiny", "--vocab",
                    self.vocabulary, "--output", "m", "--steps", 1, "--overwrite", "--input"]
        for words in (
                [*pretrain, "m/log.jsonl"],
                [*pretrain, "m/../m/forward.checkpoint.h5"],
                ["dump", "--model", self.model, "--input", "o.h5.partial/state.json", "--output",
                 "o.h5"],
                ["train", "--task", "classify", "--train", "t.log.jsonl", "--dev", "tsv",
                 "--output", "t.h5", "--epochs", 1],
                ["plot", "log", "curve.jsonl", "--output", "curve.svg"],
                ["vocab", "--size", 700, "--input", copies["text"], "--output", "text"],
                ["vocab", "--size", 700, "--input", "te*t", "--output", "hard"],
                ["dump", "--model", self.model, "--input", "link", "--output", "text"],
                ["dump", "--model", model, "--input", "text", "--output", "model/forward.h5"],
                ["dump", "--model", self.model, "--layers", "mix", "--mix", "task.h5", "--input",
                 "text", "--output", "task.h5"],
                ["train", "--task", "classify", "--train", self.data, "--dev", "tsv", "--output",
                 "tsv", "--epochs", 1, "--overwrite"],
                ["pretrain", "--direction", "forward", "--preset", "tiny", "--encoder-from",
                 "model/forward.h5", "--input", "text", "--output", "model", "--steps", 1,
                 "--overwrite"]):
            done = self.limited("true", *words)
            self.assertEqual(done.returncode, 2, (words, done.stderr))
            self.assertIn("the output can't replace it", done.stderr)
        for name, path in copies.items():
            self.assertEqual(path.read_bytes(), before[name])
        self.assert_equal_files(model / "forward.h5", self.model / "forward.h5")

    def test_a_model_whose_first_checkpoint_was_never_written(self):
        words = ["pretrain", "--direction", "forward", "--preset", "tiny", "--vocab",
                 self.vocabulary, "--input", self.corpus, "--steps", 2, "--batch-size", 8,
                 "--output", self.folder / "m"]
        self.elmo(*words)
        (self.folder / "m" / "forward.checkpoint.h5").unlink()
        self.assertIn("--", self.elmo(*words, status=1).stderr)
        self.elmo(*words, "--resume")
        self.assertTrue((self.folder / "m" / "forward.checkpoint.h5").exists())
        self.elmo(*words, "--overwrite")


if __name__ == "__main__":
    unittest.main()
