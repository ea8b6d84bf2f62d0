"""Every option of the trainers and of dump has an effect or is refused, beside every kind of run:
python3 option_effects_test.py ELMO."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import h5py

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "support"), str(TESTS / "reference")]
from official_elmo import write_model  # noqa: E402
from trained import CORPORA, ProgramTest, datasets  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)


class OptionEffectsTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share(60, size=800)
        cls.share_model("--steps", 2, "--batch-size", 8)
        for name, count in (("sentiment.en.{}.tsv", 23), ("pos.en.{}.conll", 60)):
            for part in ("train", "dev"):
                with open(CORPORA / name.format(part), encoding="utf-8") as file:
                    text = "".join(line for _, line in zip(range(count), file))
                (cls.shared / name.format(part)).write_text(text, encoding="utf-8")
        cls.official, cls.words = cls.shared / "official", cls.shared / "words.txt"
        write_model(cls.official, gain=0.5)
        cls.elmo("vocab", "--type", "word", "--input", cls.corpus, "--size", 90, "--output",
                 cls.words)
        cls.vectors = cls.shared / "v.vec"
        cls.vectors.write_text("the 1 0 2\nwas 0 1 1\nis -1 -1 0\nprice 1 1 1\nunseen-in-the-data 2 2 2\n")

    def options_of(self, command):
        text = self.elmo(command, "--help").stdout
        return set(re.findall(r"^  --([a-z0-9-]+)", text, re.M)) - {"help"}

    def check_all(self, command, values, exempt, contexts, run):
        """`values`: another value than the default for each option, None for a flag. `run` gives
        what a run made, or the message of its refusal as a string, which names the option or the
        one of the context that it does not go with."""
        self.assertEqual(self.options_of(command), set(values) | set(exempt),
                         "an option is new or gone: say here what its effect is")
        for context, words in contexts.items():
            before = run(context, words)
            self.assertNotIsInstance(before, str, before)
            for option, value in values.items():
                if "--" + option in words:
                    continue
                with self.subTest(context=context, option=option):
                    more = ["--" + option] + ([] if value is None else [value])
                    after = run(context, [*words, *more])
                    if isinstance(after, str):
                        named = [word for word in [*words, *more] if str(word).startswith("--")]
                        self.assertTrue(any(name in after for name in named), after)
                    else:
                        self.assertFalse(after == before, "has no effect and is not refused")

    def test_train(self):
        classify = ["--task", "classify", "--train", self.shared / "sentiment.en.train.tsv",
                    "--dev", self.shared / "sentiment.en.dev.tsv"]
        tag = ["--task", "tag", "--train", self.shared / "pos.en.train.conll", "--dev",
               self.shared / "pos.en.dev.conll"]
        contexts = {
            "words": classify,
            "cnn": [*classify, "--encoder", "cnn"],
            "rnn": [*classify, "--encoder", "rnn", "--hidden", 4],
            "lstm, elmo": [*classify, "--encoder", "lstm", "--hidden", 4, "--model", self.model],
            "given vectors": [*classify, "--embeddings", self.vectors],
            "frozen vectors": [*classify, "--embeddings", self.vectors, "--freeze"],
            "tags": tag,
            "crf, both": [*tag, "--crf", "--inputs", "elmo,embedding", "--model", self.model],
        }
        values = {"inputs": "elmo,embedding", "model": self.model, "elmo-layers": "1",
                  "mix-start": "random", "mix-l2": 3, "no-layer-norm": None, "pooling": "mean",
                  "embedding-size": 7, "ends-size": 3, "embeddings": self.vectors,
                  "embedding-words": 1, "freeze": None, "encoder": "gru", "bidirectional": None,
                  "layers": 2, "hidden": 5, "activation": "relu", "pool": "attention",
                  "kernels": "2,3", "filters": 9, "stride": 2, "crf": None, "dropout": 0.6,
                  "epochs": 2, "batch-size": 5, "optimizer": "sgd", "learning-rate": 0.02,
                  "decay": 0.5, "clip": 0.001, "class-weights": None, "split": "characters",
                  "invalid": "replace", "seed": 7, "seeds": 2, "precision": "bf16",
                  "vectors": self.vectors, "dev-vectors": self.vectors}
        exempt = {
            "task", "train", "dev", "output",         # each context has its own
            "resume", "overwrite", "threads", "json",  # what is trained does not depend on them
            "patience",                               # ends a longer run: task_test.py
            "layer-norm",                             # the default
        }
        # Texts that are UTF-8 are the same whatever is done with others.
        for context in contexts.values():
            context += ["--invalid", "refuse"]

        def run(_, words):
            output = self.folder / "a.h5"
            command = ["train", *words, "--output", output, "--overwrite", "--threads", 1]
            for name, value in (("--epochs", 1), ("--batch-size", 4)):
                if name not in words:
                    command += [name, value]
            done = self.run_program(*command)
            if done.returncode != 0:
                # A file that is refused stands for its option; bf16 for --precision on CPUs
                # without.
                return done.stderr.replace(str(self.vectors), "--vectors").replace(
                    "bf16", "--precision")
            with h5py.File(output) as file:
                settings = json.loads(file.attrs["settings"])
            # A tagger's words are cut already; how plain text is cut, its file remembers.
            return (datasets(output), datasets(output.with_suffix(".checkpoint.h5")),
                    settings["results"]["seeds"], settings["split"])

        self.check_all("train", values, exempt, contexts, run)

    def test_pretrain(self):
        new = ["--vocab", self.vocabulary, "--preset", "tiny"]
        contexts = {"new": new, "adagrad": [*new, "--optimizer", "adagrad"],
                    "init": ["--init", self.model],
                    "official": ["--init", self.official, "--vocab", self.words, "--encoder",
                                 "characters"],
                    "encoder": ["--encoder-from", self.model / "forward.h5", "--preset", "tiny"]}
        for context in contexts.values():
            context += ["--invalid", "refuse", "--steps", 4]
        values = {"vocab": self.shared / "sentiment.en.train.tsv", "encoder": "characters",
                  "samples": 40, "share-encoder": None, "encoder-from": self.model / "backward.h5",
                  "recipe": "bilm", "preset": "small", "epochs": 2, "steps": 2, "init": self.model,
                  "optimizer": "adagrad", "learning-rate": 0.05, "schedule": "constant", "warmup": 9,
                  "tie": None, "softmax-bias": "zero",
                  "clip": 0.01, "dropout": 0.4, "batch-size": 5, "unroll": 7, "carry-state": None,
                  "split": "punctuation", "invalid": "skip", "seed": 4, "dev-every": 1,
                  "patience": 1, "freeze-steps": 2}
        exempt = {
            "direction", "input", "output", "dev",
            "no-tie",                              # the default
            "resume", "overwrite", "threads",      # what is trained does not depend on them
            "stall",                               # when several processes end
            "precision",                           # the CPU's
            "checkpoint-every", "report-every",    # when something is written, not what
        }

        def run(context, words):
            output = self.folder / context
            command = ["pretrain", "--direction", "forward", "--input", self.corpus, "--output",
                       output, "--overwrite", *words]
            for name, value in (("--batch-size", 4), ("--unroll", 12)):
                if name not in words and "bilm" not in words:
                    command += [name, value]
            done = self.run_program(*command)
            if done.returncode in (1, 2):
                for path in (self.shared / "sentiment.en.train.tsv", self.vocabulary, self.words):
                    done.stderr = done.stderr.replace(str(path), "--vocab")
                return done.stderr
            with h5py.File(output / "forward.h5") as file:
                return datasets(output / "forward.h5"), file.attrs["settings"]

        self.check_all("pretrain", values, exempt, contexts, run)

    def test_dump(self):
        text = self.shared / "lines.txt"
        lines = dict.fromkeys(self.corpus.read_text("utf-8").replace("/", "").splitlines())
        text.write_text("".join(f"{line.strip()}\n" for line in list(lines)[:12] if line.strip()),
                        "utf-8")
        listed = self.shared / "listed.txt"
        listed.write_text("\n".join(dict.fromkeys(text.read_text("utf-8").split()[:30])), "utf-8")
        contexts = {"plain": [], "matrix": ["--layout", "matrix", "--layers", "average"],
                    "line": ["--line-pool", "mean"], "npy": ["--format", "npy"],
                    "npz": ["--format", "npz", "--words", listed], "static": ["--static", 9],
                    "sentence": ["--keys", "sentence", "--layers", "0"],
                    "shard": ["--shard", "1/3"], "carried": ["--carry-state", 2]}
        for context in contexts.values():
            context += ["--invalid", "refuse"]
        values = {"options": self.vectors, "weights": self.vectors, "vocab": self.vectors,
                  "normalize": "nfkc", "split": "characters", "layers": "1", "mix": self.vectors,
                  "pooling": "mean", "line-pool": "max", "static": 5, "words": listed,
                  "carry-state": 1, "invalid": "skip", "format": "npz", "layout": "matrix",
                  "dtype": "f16", "keys": "sentence", "no-map": None,
                  "projector": self.folder / "tables", "cache-size": 9, "cache-words": listed,
                  "precision": "bf16", "shard": "0/2"}
        exempt = {
            "model", "input", "output",
            "map",                              # the default
            "resume", "threads", "batch-size",  # what is dumped does not depend on them
        }

        def run(_, words):
            for old in self.folder.iterdir():
                shutil.rmtree(old) if old.is_dir() else old.unlink()
            form = dict(zip(words, words[1:])).get("--format", "h5")
            done = self.run_program("dump", "--model", self.model, "--input", text, "--output",
                                    self.folder / f"a.{form}", "--threads", 1, *words)
            if done.returncode != 0:
                return done.stderr.replace("bf16", "--precision")
            return {str(path): path.read_bytes() for path in self.folder.rglob("*")
                    if path.is_file()}

        self.check_all("dump", values, exempt, contexts, run)

    def run_program(self, *words):
        """With any status."""
        return subprocess.run([self.ELMO, *map(str, words)], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=300)


if __name__ == "__main__":
    unittest.main()
