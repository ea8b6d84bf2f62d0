"""Classifiers and taggers as a user trains and uses them: python3 task_test.py ELMO."""
import json
import math
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trained import CORPORA, ProgramTest, write_corpus  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)


def lines_of(name, count):
    with open(CORPORA / name, encoding="utf-8") as file:
        return [line.rstrip("\n") for _, line in zip(range(count), file)]


def sentences_of(name, count):
    text = (CORPORA / name).read_text(encoding="utf-8")
    return [sentence.split("\n") for sentence in text.strip().split("\n\n")[:count]]


def entities(tags):
    """(begin, end, type) of BIO tags."""
    found, open_ = [], None
    for i, tag in enumerate([*tags, "O"]):
        kind, _, type_ = tag.partition("-")
        if open_ and (kind != "I" or type_ != open_[1]):
            found.append((open_[0], i, open_[1]))
            open_ = None
        if kind != "O" and not open_:
            open_ = (i, type_)
    return set(found)


class TaskTest(ProgramTest):
    @classmethod
    def prepare(cls, folder):
        """Language models and data sets, small ones, once for all tests."""
        cls.shared = pathlib.Path(folder)
        corpus = write_corpus(cls.shared / "corpus.txt", 300)
        cls.elmo("vocab", "--input", corpus, "--size", 1000, "--output", cls.shared / "v.model")
        cls.model = cls.make_model("model", corpus, 1)
        cls.other_model = cls.make_model("other", corpus, 2)
        cls.data = {}
        for name, count in (("train", 120), ("dev", 60)):
            cls.write_shared(f"two.{name}", lines_of(f"sentiment.en.{name}.tsv", count))
            for kind in ("pos", "ner"):
                sentences = sentences_of(f"{kind}.en.{name}.conll", count // 2)
                cls.write_shared(f"{kind}.{name}", [line for s in sentences for line in [*s, ""]])
        # Four classes: two opinions in two languages.
        for name, count in (("train", 100), ("dev", 40)):
            cls.write_shared(f"four.{name}", [
                f"{language}-{line}" for language in ("en", "ko")
                for line in lines_of(f"sentiment.{language}.{name}.tsv", count)])

    @classmethod
    def make_model(cls, name, corpus, seed):
        cls.elmo("pretrain", "--direction", "both", "--preset", "tiny", "--input", corpus,
                 "--vocab", cls.shared / "v.model", "--output", cls.shared / name, "--steps", 6,
                 "--batch-size", 16, "--seed", seed)
        return cls.shared / name

    @classmethod
    def write_shared(cls, name, lines):
        path = cls.shared / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        cls.data[name] = path

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def command(self, output, data, *words, inputs="embedding", epochs=2, train=None, dev=None):
        """Of data two, four, pos or ner; the last as a CRF."""
        task = "classify" if data in ("two", "four") else "tag"
        command = ["train", "--task", task, "--train", train or self.data[data + ".train"],
                   "--dev", dev or self.data[data + ".dev"], "--output", self.folder / output,
                   "--inputs", inputs, "--epochs", epochs]
        if {"rnn", "lstm", "gru"} & set(words) and "--hidden" not in words:
            command += ["--hidden", 16]
        if "elmo" in inputs and not {"--vectors", "--model"} & set(words):
            command += ["--model", self.model]
        if data == "ner":
            command += ["--crf"]
        return [*command, *words]

    def train(self, output, data, *words, status=0, **options):
        return self.elmo(*self.command(output, data, *words, **options), status=status)

    def evaluate(self, output, path, *words):
        return json.loads(self.elmo("evaluate", "--task", self.folder / output, "--input", path,
                                    "--json", *words).stdout)

    def refused(self, done, *parts):
        """Its last line says all."""
        last = done.stderr.strip().splitlines()[-1]
        for part in parts:
            self.assertIn(str(part), last)

    def refuses_to_train(self, *words, parts, status=1, **options):
        before = sorted(path.name for path in self.folder.iterdir())
        self.refused(self.train("refused.h5", *words, status=status, **options), *parts)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), before)

    def read_labels(self, path):
        blocks = path.read_text(encoding="utf-8").strip("\n").split("\n\n")
        return [[line.split("\t")[1] for line in block.split("\n")] for block in blocks]


def setUpModule():
    folder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(folder.cleanup)
    TaskTest.prepare(folder.name)


class CommandsTest(TaskTest):
    def test_classifiers(self):
        for data, inputs, encoder in (("two", "embedding", "cnn"), ("two", "elmo", "none"),
                                      ("four", "embedding", "rnn"),
                                      ("four", "elmo,embedding", "gru")):
            with self.subTest(data=data, inputs=inputs):
                dev = self.data[data + ".dev"]
                text = self.train("a.h5", data, "--encoder", encoder, "--overwrite",
                                  inputs=inputs).stdout
                self.assertIn("in all", text)
                self.assertEqual("gamma" in text, "elmo" in inputs)
                result = self.evaluate("a.h5", dev)
                labels = [line.split("\t")[0] for line in dev.read_text().splitlines()]
                self.assertEqual(result["examples"], len(labels))
                self.assertEqual(set(result["classes"]), set(labels))
                self.assertIn(f"development accuracy {result['accuracy']:.4f}", text)
                shown = self.elmo("evaluate", "--task", self.folder / "a.h5", "--input", dev).stdout
                self.assertIn(f"accuracy  {result['accuracy']:.4f}", shown)
                texts = self.write("texts.txt", "".join(
                    line.split("\t")[1] + "\n" for line in dev.read_text().splitlines()))
                predicted = self.elmo("predict", "--task", self.folder / "a.h5", "--input",
                                      texts).stdout.splitlines()
                right = sum(a == b.split("\t")[0] for a, b in zip(labels, predicted, strict=True))
                self.assertAlmostEqual(right / len(labels), result["accuracy"], places=9)
                for row in predicted:
                    probability = float(row.split("\t")[1])
                    self.assertTrue(1 / len(set(labels)) - 1e-4 <= probability <= 1, row)
                low, high = result["interval"]
                self.assertTrue(low < result["accuracy"] < high)
                counts = numpy.array(result["confusion"]["counts"])
                self.assertEqual((counts.sum(), counts.trace()), (len(labels), right))

    def test_taggers(self):
        for data, inputs in (("pos", "embedding"), ("pos", "elmo"), ("ner", "embedding"),
                             ("ner", "elmo")):
            with self.subTest(data=data, inputs=inputs):
                dev = self.data[data + ".dev"]
                gold = self.read_labels(dev)
                text = self.train("a.h5", data, "--encoder", "lstm", "--bidirectional",
                                  "--overwrite", inputs=inputs, epochs=4).stdout
                result = self.evaluate("a.h5", dev)
                rows = self.elmo("predict", "--task", self.folder / "a.h5", "--input", dev,
                                 "--form", "tokens").stdout
                self.write("predicted", rows)
                predicted = self.read_labels(self.folder / "predicted")
                pairs = [pair for a, b in zip(gold, predicted, strict=True)
                         for pair in zip(a, b, strict=True)]
                accuracy = sum(a == b for a, b in pairs) / len(pairs)
                self.assertAlmostEqual(result["accuracy"], accuracy, places=9)
                self.assertEqual(result["words"], len(pairs))
                # The same words as text, a sentence a line.
                blocks = dev.read_text().strip("\n").split("\n\n")
                lines = [" ".join(row.split("\t")[0] for row in block.split("\n"))
                         for block in blocks]
                done = self.elmo("predict", "--task", self.folder / "a.h5", "--input",
                                 self.write("text", "\n".join(lines) + "\n"))
                self.assertEqual(done.stdout, rows)
                if data == "pos":
                    self.assertIn(f"accuracy {accuracy:.4f}", text)
                    continue
                truth = [entities(tags) for tags in gold]
                guess = [entities(tags) for tags in predicted]
                self.assertGreater(sum(map(len, guess)), 0)
                correct = sum(len(a & b) for a, b in zip(truth, guess))
                f1 = 2 * correct / (sum(map(len, truth)) + sum(map(len, guess)))
                self.assertAlmostEqual(result["entity_f1"], f1, places=9)
                self.assertIn(f"entity F1 {f1:.4f}", text)
                for tags in predicted:
                    for before, tag in zip(["O", *tags], tags):
                        if tag[0] == "I":
                            self.assertIn(before, ("B" + tag[1:], tag))

    def test_compares_by_mcnemars_test(self):
        dev = self.data["four.dev"]
        self.train("a.h5", "four")
        self.train("b.h5", "four", "--encoder", "cnn", epochs=6)
        texts = self.write("texts.txt", "".join(
            line.split("\t")[1] + "\n" for line in dev.read_text().splitlines()))
        labels = [line.split("\t")[0] for line in dev.read_text().splitlines()]
        right = []
        for name in ("a.h5", "b.h5"):
            rows = self.elmo("predict", "--task", self.folder / name, "--input",
                             texts).stdout.splitlines()
            right.append([row.split("\t")[0] == label for row, label in zip(rows, labels)])
        first = sum(a and not b for a, b in zip(*right))
        second = sum(b and not a for a, b in zip(*right))
        n, k = first + second, min(first, second)
        p = min(1, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2 ** n)
        result = self.evaluate("a.h5", dev, "--compare", self.folder / "b.h5")["compare"]
        self.assertGreater(n, 0)
        self.assertEqual((result["only_first"], result["only_second"]), (first, second))
        self.assertAlmostEqual(result["p_value"], p, places=9)
        self.assertAlmostEqual(result["accuracy"], sum(right[1]) / len(labels), places=9)
        text = self.elmo("evaluate", "--task", self.folder / "a.h5", "--input", dev, "--compare",
                         self.folder / "b.h5").stdout
        self.assertIn("McNemar", text)
        self.train("tags.h5", "pos", epochs=1)
        done = self.elmo("evaluate", "--task", self.folder / "a.h5", "--input", dev, "--compare",
                         self.folder / "tags.h5", status=1)
        self.refused(done, "tags.h5")

    def test_mix_info_and_vectors_dumped_before(self):
        dev = self.data["four.dev"]
        self.train("a.h5", "four", "--mix-start", "random", inputs="elmo")
        self.train("plain.h5", "four", "--mix-start", "random", "--no-layer-norm", inputs="elmo")
        info = json.loads(self.elmo("info", self.folder / "a.h5", "--json").stdout)
        self.assertEqual([info[key] for key in ("kind", "task", "inputs", "encoder", "output")],
                         ["elmo task", "classify", "elmo", "none", "softmax"])
        self.assertEqual(info["labels"], ["en-negative", "en-positive", "ko-negative",
                                          "ko-positive"])
        mix, model = info["mix"], info["language_model"]
        self.assertAlmostEqual(mix["layer_0"] + mix["layer_1"], 1, places=6)
        self.assertNotAlmostEqual(mix["layer_0"], 0.5, places=3)
        self.assertEqual((self.folder / model["path"]).resolve(), self.model.resolve())
        table = self.elmo("info", self.folder / "a.h5").stdout
        for part in ("classify", "ko-positive", "gamma", model["hash"]):
            self.assertIn(part, table)

        vectors = {}
        for name, source in (("train", self.data["four.train"]), ("dev", dev)):
            texts = self.write(f"{name}.txt", "".join(
                line.split("\t")[1] + "\n" for line in source.read_text().splitlines()))
            vectors[name] = self.folder / f"{name}.vectors.h5"
            self.elmo("dump", "--model", self.model, "--input", texts, "--output", vectors[name])
        with h5py.File(vectors["dev"]) as file:
            self.assertEqual(file.attrs["model"].decode(), model["hash"])
            layers = [file[str(i)][()] for i in range(5)]
        for task, normed in (("a.h5", True), ("plain.h5", False)):
            mix = json.loads(self.elmo("info", self.folder / task, "--json").stdout)["mix"]
            self.assertIs(mix["layer_norm"], normed)
            mixed = self.folder / f"mixed.{task}"
            self.elmo("dump", "--model", self.model, "--input", self.folder / "dev.txt",
                      "--output", mixed, "--layers", "mix", "--mix", self.folder / task)
            with h5py.File(mixed) as file:
                for i, sentence in enumerate(layers):
                    low, high = ((layer - layer.mean()) / layer.std() if normed else layer
                                 for layer in sentence)
                    expected = mix["gamma"] * (mix["layer_0"] * low + mix["layer_1"] * high)
                    numpy.testing.assert_allclose(file[str(i)][()], expected, rtol=1e-4,
                                                  atol=1e-5)
        # Another language model has no use for this mix, and a task without ELMo has none.
        done = self.elmo("dump", "--model", self.other_model, "--input", self.folder / "dev.txt",
                         "--output", self.folder / "no.h5", "--layers", "mix", "--mix",
                         self.folder / "a.h5", status=1)
        self.refused(done, "a.h5", "another language model")
        self.assertFalse((self.folder / "no.h5").exists())

        self.train("b.h5", "four", "--mix-start", "random", "--vectors", vectors["train"],
                   "--dev-vectors", vectors["dev"], inputs="elmo")
        self.assert_equal_files(self.folder / "a.h5", self.folder / "b.h5")
        self.assertEqual(self.evaluate("a.h5", dev),
                         self.evaluate("a.h5", dev, "--vectors", vectors["dev"]))
        done = self.elmo("evaluate", "--task", self.folder / "b.h5", "--input", dev, status=1)
        self.refused(done, "b.h5", "--vectors", "--model")

    def test_accuracy_by_distance(self):
        texts, places = (CORPORA / f"distance.en.sample{end}" for end in (".tsv", ".places.tsv"))
        self.train("a.h5", "two", "--encoder", "gru", train=texts, dev=texts)
        result = self.evaluate("a.h5", texts, "--places", places)
        distances = [int(line.split("\t")[0]) for line in places.read_text().splitlines()]
        self.assertEqual([(row["distance"], row["examples"]) for row in result["distances"]],
                         [(d, distances.count(d)) for d in sorted(set(distances))])
        right = sum(row["accuracy"] * row["examples"] for row in result["distances"])
        self.assertAlmostEqual(right / len(distances), result["accuracy"], places=9)
        for content, part in (("5\tx\n", "has 1 lines"), ("5\tx\nfive\tx\n", ":2: ")):
            wrong = self.write("wrong", content)
            done = self.elmo("evaluate", "--task", self.folder / "a.h5", "--input", texts,
                             "--places", wrong, status=1)
            self.refused(done, f"{wrong}", part)

    def test_embeddings_that_stay_as_they_are(self):
        vectors = self.write("v.vec", "3 2\nthe 1 0\nwas 0 1\nprice -1 -1\n")
        self.train("a.h5", "two", "--embeddings", vectors, "--freeze")
        with h5py.File(self.folder / "a.h5") as file:
            numpy.testing.assert_array_equal(file["words"][()],
                                             [[0, 0], [1, 0], [0, 1], [-1, -1]])


class RepeatableTest(TaskTest):
    def test_equal_bits_by_seed_whatever_the_threads(self):
        for data, inputs in (("four", "embedding"), ("ner", "elmo")):
            with self.subTest(data=data, inputs=inputs):
                words = ("--encoder", "lstm", "--overwrite")
                for threads in (1, 2, 3):
                    self.train(f"{threads}.h5", data, *words, "--threads", threads, inputs=inputs)
                self.assert_equal_files(self.folder / "1.h5", self.folder / "2.h5")
                self.assert_equal_files(self.folder / "1.h5", self.folder / "3.h5")
                self.train("other.h5", data, *words, "--seed", 2, inputs=inputs)
                with self.assertRaises(AssertionError):
                    self.assert_equal_files(self.folder / "1.h5", self.folder / "other.h5")

    def test_seeds_are_those_trained_one_by_one(self):
        report = json.loads(self.train("a.h5", "four", "--seed", 5, "--seeds", 2, "--json").stdout)
        best = []
        for seed in (5, 6):
            one = json.loads(self.train(f"{seed}.h5", "four", "--seed", seed, "--json").stdout)
            best.append(one["mean"])
            self.assertEqual(one["standard_deviation"], 0)
        self.assertEqual([(s["seed"], s["best"]) for s in report["seeds"]],
                         list(zip((5, 6), best)))
        self.assertAlmostEqual(report["mean"], numpy.mean(best), places=12)
        self.assertAlmostEqual(report["standard_deviation"], numpy.std(best, ddof=1), places=12)
        winner = 5 if best[0] >= best[1] else 6
        self.assert_equal_files(self.folder / "a.h5", self.folder / f"{winner}.h5")
        done = self.train("a.h5", "four", "--seed", 5, "--seeds", 2, "--resume", status=2,
                          epochs=3)
        self.refused(done, "--epochs 2")

    def log_of(self, name):
        lines = (self.folder / name).with_suffix(".log.jsonl").read_text().splitlines()
        return [{key: value for key, value in json.loads(line).items() if key != "seconds"}
                for line in lines]

    def assert_equal_tasks(self, first, second):
        for ending in (".h5", ".checkpoint.h5"):
            self.assert_equal_files((self.folder / first).with_suffix(ending),
                                    (self.folder / second).with_suffix(ending))
        info = [json.loads(self.elmo("info", self.folder / name, "--json").stdout)["settings"]
                for name in (first, second)]
        self.assertEqual(*info)
        self.assertEqual(self.log_of(first), self.log_of(second))

    def test_killed_and_resumed_equals_uninterrupted(self):
        for data, inputs, extra in (("four", "embedding", ("--seeds", 2)), ("pos", "elmo", ())):
            with self.subTest(data=data):
                words = ("--encoder", "gru", "--batch-size", 4, "--patience", 0, *extra)
                options = {"inputs": inputs, "epochs": 12}
                start = time.monotonic()
                self.train(f"whole-{data}.h5", data, *words, **options)
                took = time.monotonic() - start
                part = f"part-{data}.h5"
                kills = 0
                for share in (0.1, 0.4, 0.5, 0.4):
                    kills += self.killed(*self.command(part, data, *words, "--resume", **options),
                                         after=took * share)
                    # Whoever sees the name sees the whole.
                    if (self.folder / part).exists():
                        self.assert_equal_files(self.folder / f"whole-{data}.h5",
                                                self.folder / part)
                self.train(part, data, *words, "--resume", **options)
                self.assertGreater(kills, 0)
                self.assert_equal_tasks(f"whole-{data}.h5", part)

    def test_interrupted_says_so_and_goes_on(self):
        words = ("--encoder", "lstm", "--batch-size", 2, "--patience", 0)
        self.train("whole.h5", "four", *words, epochs=10)
        running = subprocess.Popen(
            [self.ELMO, *map(str, self.command("part.h5", "four", *words, epochs=10))],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while running.poll() is None and not (self.folder / "part.checkpoint.h5").exists():
            time.sleep(0.01)
        # One process alone trains into a file.
        self.refused(self.train("part.h5", "four", *words, "--resume", epochs=10, status=1),
                     "another process is writing", "part.h5")
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate()
        self.assertEqual(running.returncode, 130, errors)
        self.assertIn("--resume goes on", errors)
        self.assertEqual(sorted(path.name for path in self.folder.glob("*part.*")),
                         ["part.checkpoint.h5", "part.log.jsonl"])
        self.train("part.h5", "four", *words, "--resume", epochs=10)
        self.assert_equal_tasks("whole.h5", "part.h5")

    def test_more_epochs_are_those_of_a_longer_training(self):
        words = ("--patience", 0)
        self.train("whole.h5", "four", *words, epochs=5)
        self.train("part.h5", "four", *words, epochs=2)
        self.train("part.h5", "four", *words, "--resume", epochs=5)
        self.assert_equal_tasks("whole.h5", "part.h5")
        done = self.train("part.h5", "four", *words, "--resume", epochs=4, status=2)
        self.refused(done, "5 epochs", "--epochs 4")

    def test_a_finished_training_resumed_does_nothing(self):
        report = self.train("a.h5", "two", "--json").stdout
        before = {path.name: path.stat().st_mtime_ns for path in self.folder.iterdir()}
        again = self.train("a.h5", "two", "--json", "--resume")
        self.assertEqual(again.stdout, report)
        self.assertIn("finished already", again.stderr)
        self.assertEqual({path.name: path.stat().st_mtime_ns for path in self.folder.iterdir()},
                         before)
        # Nor without its checkpoint, which only more epochs need.
        (self.folder / "a.checkpoint.h5").unlink()
        self.assertEqual(self.train("a.h5", "two", "--json", "--resume").stdout, report)
        self.refused(self.train("a.h5", "two", "--resume", epochs=3, status=2), "--epochs 2",
                     "--overwrite")

    def test_other_settings_are_refused_by_name(self):
        base = ("--encoder", "lstm")
        self.train("a.h5", "two", *base, inputs="elmo")
        self.refused(self.train("a.h5", "two", status=1), "a.h5", "--resume", "--overwrite")
        before = (self.folder / "a.h5").read_bytes()
        for option, value in (("--hidden", 8), ("--layers", 2), ("--encoder", "gru"),
                              ("--learning-rate", 0.1), ("--decay", 0.5), ("--seed", 2),
                              ("--seeds", 3), ("--batch-size", 7), ("--dropout", 0.1),
                              ("--optimizer", "sgd"), ("--pool", "max"), ("--mix-l2", 0.5),
                              ("--elmo-layers", "0"), ("--clip", 1), ("--patience", 9),
                              ("--mix-start", "random"), ("--bidirectional", None),
                              ("--ends-size", 4), ("--class-weights", None),
                              ("--no-layer-norm", None),
                              ("--pooling", "mean"), ("--model", self.other_model),
                              ("--dev", self.data["two.train"]),
                              ("--train", self.data["two.dev"])):
            command = self.command("a.h5", "two", *base, "--resume", inputs="elmo")
            if option in command:
                command[command.index(option) + 1] = value
            else:
                command += [option] if value is None else [option, value]
            with self.subTest(option=option):
                self.refused(self.elmo(*command, status=2),
                             f"another {option.replace('no-', '')}:")
        done = self.train("a.h5", "two", *base, "--resume", inputs="elmo,embedding", status=2)
        self.refused(done, "another --inputs:")
        self.assertEqual((self.folder / "a.h5").read_bytes(), before)


class BadDataTest(TaskTest):
    def test_wrong_number_of_columns(self):
        good = self.data["two.train"].read_text()
        for name, line, found in (("one", "no label", "1 columns"), ("three", "a\tb\tc", "3 columns")):
            bad = self.write(name, good + line + "\n")
            for options in ({"train": bad}, {"dev": bad}):
                self.refuses_to_train("two", parts=(f"{bad}:121: {found} instead of 2", "label<TAB>text"),
                                      **options)
        bad = self.write("tags", "a\tDET\nb NOUN\n")
        self.refuses_to_train("pos", train=bad, parts=(f"{bad}:2: 1 columns", "token<TAB>tag"))
        self.train("a.h5", "two", epochs=1)
        done = self.elmo("evaluate", "--task", self.folder / "a.h5", "--input",
                         self.folder / "one", status=1)
        self.refused(done, f"{self.folder / 'one'}:121: 1 columns instead of 2")
        self.refuses_to_train("two", train=self.write("nothing", "\n"), parts=("no example",))
        self.refuses_to_train("two", train=self.write("same", "a\tx\na\ty\n"),
                              parts=("same", "only one label"))

    def test_text_that_is_not_utf8(self):
        good = self.data["two.train"].read_bytes()
        bad = self.folder / "bad"
        bad.write_bytes(good + "positive\t배를 타고\n".encode("cp949"))
        self.refuses_to_train("two", train=bad, parts=(f"{bad}:121: not UTF-8", "iconv"))
        skipped = self.train("a.h5", "two", "--invalid", "skip", train=bad)
        self.assertIn(f"{bad}: 1 line was not UTF-8", skipped.stderr)
        self.train("b.h5", "two")
        self.assert_equal_files(self.folder / "a.h5", self.folder / "b.h5")
        result = self.evaluate("a.h5", bad, "--invalid", "replace")
        self.assertEqual((result["examples"], result["unknown_labels"]), (121, 0))
        rows = self.elmo("predict", "--task", self.folder / "a.h5", "--input", bad, "--invalid",
                         "skip").stdout
        self.assertEqual(rows.count("\n"), 120)
        # A sentence would be another one without a word.
        bad.write_bytes("배\tNOUN\na\tDET\n".encode("cp949"))
        self.refuses_to_train("pos", "--invalid", "skip", train=bad, status=2,
                              parts=("--invalid replace",))
        self.train("c.h5", "pos", "--invalid", "replace", train=bad, epochs=1)

    def test_an_output_that_can_not_be_written(self):
        blocked = self.write("file", "")
        for output in (blocked / "a.h5", "/proc/none/a.h5"):
            done = self.train(output, "two", status=1)
            self.assertEqual(done.stdout, "")
            self.refused(done, pathlib.Path(output).parent, "can't create this folder")
        self.train("new/folder/a.h5", "two", epochs=1)

    def test_unknown_labels_are_counted(self):
        text = self.data["two.dev"].read_text() + "neutral\tit is a price .\nneutral\tso .\n"
        dev = self.write("dev", text)
        done = self.train("a.h5", "two", dev=dev)
        self.assertIn(f"{dev}: 2 labels are not in", done.stderr)
        result = self.evaluate("a.h5", dev)
        self.assertEqual((result["unknown_labels"], result["examples"]), (2, 62))
        self.assertEqual(result["classes"]["neutral"]["support"], 2)
        self.assertEqual(result["classes"]["neutral"]["f1"], 0)
        shown = self.elmo("evaluate", "--task", self.folder / "a.h5", "--input", dev).stdout
        self.assertIn("2 labels are not of the task", shown)
        # Of a CRF, which has no score for them, too.
        tags = self.write("tags", self.data["ner.dev"].read_text() + "Mars\tB-PLANET\n")
        self.assertIn("1 labels are not in", self.train("c.h5", "ner", dev=tags).stderr)
        self.assertEqual(self.evaluate("c.h5", tags)["unknown_labels"], 1)

    def test_empty_texts_and_a_class_seen_once(self):
        train = self.write("train", self.data["two.train"].read_text() +
                           "positive\t\nnegative\t  \nrare\tonce .\n")
        for encoder, inputs in (("none", "embedding"), ("cnn", "elmo"), ("lstm", "elmo"),
                                ("rnn", "embedding")):
            with self.subTest(encoder=encoder):
                done = self.train("a.h5", "two", "--overwrite", "--encoder", encoder, "--batch-size",
                                  1, "--class-weights", "--learning-rate", 0.0001, train=train,
                                  inputs=inputs, epochs=1)
                self.assertIn("seen once only: rare", done.stderr)
                self.assertIn("2 texts are empty", done.stderr)
                rows = self.elmo("predict", "--task", self.folder / "a.h5", "--input",
                                 self.write("in", "good .\n\nbad .\n")).stdout.splitlines()
                self.assertEqual([row.split("\t")[2] for row in rows], ["good .", "", "bad ."])
                self.assertNotIn("nan", rows[1])

    def test_tags_that_are_not_bio(self):
        good = self.data["ner.train"].read_text()
        line = good.count("\n") + 1
        bad = self.write("bad", good + "Mars\tPLANET\n")
        part = f"{bad}:{line}: tag 'PLANET' is not O, B-TYPE or I-TYPE"
        self.refuses_to_train("ner", train=bad, parts=(part,))
        # And where the file by itself could be of plain tags.
        plain = self.write("plain", "Mars\tPLANET\n")
        part = f"{plain}:1: tag 'PLANET' is not O, B-TYPE or I-TYPE"
        self.refuses_to_train("ner", dev=plain, parts=(part,))
        self.train("a.h5", "ner", epochs=1)
        done = self.elmo("evaluate", "--task", self.folder / "a.h5", "--input", plain, status=1)
        self.refused(done, part)
        # IOB1 is understood.
        train = self.write("iob1", good.replace("\tB-", "\tI-"))
        self.assertIn("now B-", self.train("b.h5", "ner", train=train, epochs=1).stderr)
        self.assertIn("entity_f1", self.evaluate("b.h5", self.data["ner.dev"]))

    def test_vectors_of_other_texts(self):
        rows = [row.split("\t") for row in self.data["two.train"].read_text().splitlines()]
        texts = [text for _, text in rows]
        other = [*texts[:6], texts[6].replace(texts[6].split()[0], "Elephants"), *texts[7:]]
        self.assertEqual(len(other[6].split()), len(texts[6].split()))
        cases = {"fewer": (texts[:50], f"{self.data['two.train']}:51"),
                 "more": ([*texts, "one more ."], "121 sentences"),
                 "words": ([*texts[:6], texts[6] + " end", *texts[7:]],
                           f"{self.data['two.train']}:7"),
                 "word": (other, f"{self.data['two.train']}:7")}
        for name, (lines, part) in cases.items():
            source = self.write(f"{name}.txt", "\n".join(lines) + "\n")
            for layout in ("sentences", "matrix"):
                with self.subTest(name=name, layout=layout):
                    vectors = self.folder / f"{name}.{layout}.h5"
                    self.elmo("dump", "--model", self.model, "--input", source, "--output", vectors,
                              "--layout", layout)
                    self.refuses_to_train("two", "--vectors", vectors, "--dev-vectors", vectors,
                                          inputs="elmo", parts=(vectors, part))
                    if name == "word":
                        done = self.train("no.h5", "two", "--vectors", vectors, "--dev-vectors",
                                          vectors, inputs="elmo", status=1)
                        self.assertIn("Elephants", done.stderr)
        # Made otherwise than those that the task learned on.
        self.train("a.h5", "two", inputs="elmo", epochs=1)
        source = self.write("good.txt", "\n".join(texts) + "\n")
        for words, part in ((("--pooling", "mean"), "--pooling mean"),
                            (("--layers", "top"), "layers"), ((), "is not the language model")):
            model = self.model if words else self.other_model
            vectors = self.folder / "otherwise.h5"
            self.elmo("dump", "--model", model, "--input", source, "--output", vectors, *words)
            done = self.elmo("evaluate", "--task", self.folder / "a.h5", "--input",
                             self.data["two.train"], "--vectors", vectors, status=1)
            self.refused(done, vectors, part)

    def test_the_language_model_is_missing_or_another(self):
        model = self.folder / "lm"
        shutil.copytree(self.model, model)
        dev = self.data["two.dev"]
        self.train("a.h5", "two", "--model", model, inputs="elmo", epochs=1)
        self.assertEqual(self.evaluate("a.h5", dev), self.evaluate("a.h5", dev, "--model",
                                                                   self.model))
        command = ("evaluate", "--task", self.folder / "a.h5", "--input", dev)
        self.refused(self.elmo(*command, "--model", self.other_model, status=1), self.other_model,
                     "is not the language model", self.folder / "a.h5")
        model.rename(self.folder / "moved")
        self.refused(self.elmo(*command, status=1), self.folder / "a.h5", model, "--model")
        self.elmo(*command, "--model", self.folder / "moved")
        shutil.copytree(self.other_model, model)
        for words in (command, ("predict", *command[1:])):
            self.refused(self.elmo(*words, status=1), "is not the language model")
        (model / "forward.h5").unlink()
        self.refused(self.elmo(*command, status=1), "forward.h5")

    def test_other_files_are_no_tasks(self):
        dev = self.data["two.dev"]
        self.refused(self.elmo("evaluate", "--task", self.model / "forward.h5", "--input", dev,
                               status=1), "forward.h5", "elmo task")
        self.refused(self.elmo("predict", "--task", self.folder / "none.h5", "--input", dev,
                               status=1), "none.h5")


if __name__ == "__main__":
    unittest.main()
