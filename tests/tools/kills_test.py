"""A hundred kills at random moments of pretrain, train and dump, some within a resumed run; what is
gone on with ends with the bits of a run that nothing stopped.
python3 kills_test.py ELMO [KILLS [SEED]]."""
import pathlib
import random
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trained import CORPORA, ProgramTest, write_corpus  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)
KILLS = int(sys.argv.pop(1)) if len(sys.argv) > 1 else 100
SEED = int(sys.argv.pop(1)) if len(sys.argv) > 1 else int(time.time())


class KillsTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share(150, size=800)
        cls.model = cls.shared / "model"
        cls.elmo(*cls.pretraining(cls.model, "--steps", 4))
        cls.data = cls.shared / "data.tsv"
        lines = (CORPORA / "sentiment.en.train.tsv").read_text("utf-8").splitlines(True)
        cls.data.write_text("".join(lines[:100]), encoding="utf-8")
        cls.text = write_corpus(cls.shared / "text.txt", 2000)
        cls.random = random.Random(SEED)
        print(f"seed {SEED}", flush=True)

    @classmethod
    def pretraining(cls, output, *more):
        return ["pretrain", "--direction", "both", "--preset", "tiny", "--vocab", cls.vocabulary,
                "--input", cls.corpus, "--dev", cls.corpus, "--dev-every", 7, "--batch-size", 8,
                "--unroll", 10, "--checkpoint-every", 3, "--output", output, *more]

    def check(self, command, outputs):
        """command(folder): the words of a run whose files in the folder are `outputs`."""
        whole = self.folder / "whole"
        whole.mkdir()
        began = time.monotonic()
        self.elmo(*command(whole))
        seconds = time.monotonic() - began
        kills, runs = 0, 0
        while kills < KILLS // 3 + 1:
            runs += 1
            folder = self.folder / f"run{runs}"
            folder.mkdir()
            # A chain of kills, each within what is left of the work.
            for _ in range(self.random.randint(1, 4)):
                begun = any(folder.rglob("*"))
                words = command(folder) + (["--resume"] if begun else [])
                if self.killed(*words, after=self.random.uniform(0, seconds)):
                    kills += 1
            self.finish(command(folder))
            for name in outputs:
                self.assert_equal_files(whole / name, folder / name)
            self.assertEqual([*folder.rglob("*.tmp")], [])
        print(f"{command.__name__}: {kills} kills in {runs} runs", flush=True)

    def finish(self, words):
        """By --resume, or as its refusal advises."""
        try:
            self.elmo(*words, "--resume")
        except AssertionError as refused:
            self.assertIn("leave --resume out to start anew", str(refused))
            self.elmo(*words)

    def test_pretrain(self):
        def pretrain(folder):
            return self.pretraining(folder / "m", "--steps", 40)

        self.check(pretrain, [f"m/{direction}{kind}" for direction in ("forward", "backward")
                              for kind in (".h5", ".checkpoint.h5")])

    def test_train(self):
        def train(folder):
            return ["train", "--task", "classify", "--train", self.data, "--dev", self.data,
                    "--model", self.model, "--inputs", "elmo,embedding", "--encoder", "lstm",
                    "--hidden", 16, "--epochs", 12, "--output", folder / "t.h5"]

        self.check(train, ["t.h5", "t.checkpoint.h5"])

    def test_dump(self):
        def dump(folder):
            return ["dump", "--model", self.model, "--input", self.text, "--layout", "matrix",
                    "--output", folder / "o.h5"]

        self.check(dump, ["o.h5"])


if __name__ == "__main__":
    unittest.main()
