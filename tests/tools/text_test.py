"""Text as people have it, through the program: python3 text_test.py ELMO."""
import json
import math
import os
import pathlib
import random
import resource
import signal
import subprocess
import sys
import time
import unicodedata
import unittest

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trained import CORPORA, ProgramTest  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)


class TextTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share()
        cls.share_model("--steps", 8, "--batch-size", 16, "--precision", "f32")

    def put(self, name, text):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def refused(self, *words, status=1, **options):
        """The one message, behind warnings and progress."""
        done = self.elmo(*words, status=status, **options)
        lines = [line for line in done.stderr.splitlines() if line.startswith("elmo ")]
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertTrue(done.stderr.endswith(lines[0] + "\n"), done.stderr)
        return lines[0]

    def perplexity(self, path, **options):
        return json.loads(self.elmo("perplexity", "--model", self.model, "--input", path, "--json",
                                    **options).stdout)

    def test_score_and_perplexity_agree(self):
        text = self.put("t.txt", "he went to the bank\n\n   \nshe sat on the bank .\r\r\n")
        rows = [line.split("\t") for line in
                self.elmo("score", "--model", self.model, "--input", text).stdout.splitlines()]
        self.assertEqual([row[:3] for row in rows[:6]],
                         [["1", str(i), word] for i, word in
                          enumerate(["he", "went", "to", "the", "bank", "</s>"])])
        self.assertEqual({row[0] for row in rows}, {"1", "4"})
        measured = self.perplexity(text)
        for column, direction in ((3, "forward"), (4, "backward")):
            mine = math.exp(-sum(float(row[column]) for row in rows) / len(rows))
            self.assertAlmostEqual(mine / measured[direction]["perplexity_word"], 1, places=5)
            self.assertEqual(measured[direction]["words"], 11)

    def test_a_text_is_read_once_for_both_directions(self):
        text = self.put("t.txt", "he went to the bank\nshe sat there\n")
        for command in ("score", "perplexity"):
            words = (command, "--model", self.model, "--input")
            expected = self.elmo(*words, text).stdout
            with open(text) as stream:
                self.assertEqual(self.elmo(*words, "-", stdin=stream).stdout, expected)
            pipe = self.folder / f"{command}.pipe"
            os.mkfifo(pipe)
            with subprocess.Popen(["cp", text, pipe]):
                self.assertEqual(self.elmo(*words, pipe).stdout, expected)
            empty = self.put("empty.txt", "\n \n")
            self.assertIn("holds no line with a word in it", self.refused(*words, empty))

    def test_a_corpus_that_can_be_read_once_is_refused(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        with subprocess.Popen(["cp", self.corpus, pipe]) as writer:
            try:
                said = self.refused("pretrain", "--direction", "forward", "--preset", "tiny",
                                    "--vocab", self.vocabulary, "--input", pipe, "--steps", 2,
                                    "--output", self.folder / "m", status=2)
            finally:
                writer.kill()
        self.assertIn("pipe: can be read only once, and pretrain reads --input several times", said)

    def test_invalid_lines_are_counted(self):
        text = self.put("t.txt", b"he went\nhe w\xe9nt\nshe sat\x00\nit is\n")
        for words in (("score",), ("perplexity",), ("dump", "--output", self.folder / "v.h5"),
                      ("neighbors", "--query", "the [bank]")):
            for how, said in (("skip", "were dropped"), ("replace", "were repaired")):
                done = self.elmo(*words, "--model", self.model, "--input", text, "--invalid", how)
                self.assertIn(f"warning: {text}: 2 lines were not UTF-8 or held a NUL byte and "
                              f"{said}", done.stderr)
            self.assertIn("t.txt:2: not UTF-8 at byte 5; convert it from its encoding",
                          self.refused(*words, "--model", self.model, "--input", text))

    def test_both_normal_forms_give_one_result(self):
        lines = [line.split("\t") for line in
                 (CORPORA / "sentiment.ko.train.tsv").read_text(encoding="utf-8").splitlines()]
        forms = {}
        for form in ("NFC", "NFD"):
            rows = "".join(f"{label}\t{text}\n" for label, text in lines[:150])
            forms[form] = self.put(f"{form}.tsv", unicodedata.normalize(form, rows))
        words = [word for _, text in lines[:150] for word in text.split()]
        word = max(set(words), key=words.count)
        vectors = self.put("words.vec", "".join(
            f"{unicodedata.normalize('NFD', one)} {i % 3} {i % 5} {i % 7}\n"
            for i, one in enumerate(sorted(set(words)))))
        net = ("train", "--task", "classify", "--encoder", "lstm", "--hidden", 8, "--epochs", 2,
               "--inputs", "embedding", "--threads", 1)
        for name, more in (("own", ()), ("given", ("--embeddings", vectors))):
            for form, path in forms.items():
                self.elmo(*net, *more, "--train", path, "--dev", path, "--output",
                          self.folder / f"{name}.{form}.h5")
            for task in ("NFC", "NFD"):
                said = {self.elmo("evaluate", "--task", self.folder / f"{name}.{task}.h5", "--input",
                                  path, "--json").stdout for path in forms.values()}
                self.assertEqual(len(said), 1)
        counts = []
        for form, path in forms.items():
            text = self.put("t.txt", "".join(line.split("\t")[1] + "\n" for line in
                                             path.read_text(encoding="utf-8").splitlines()))
            listed = self.put("list.txt", "\ufeff" + word + " \r\n\r\n")
            self.elmo("dump", "--model", self.model, "--input", text, "--words", listed,
                      "--layout", "matrix", "--output", self.folder / "w.h5")
            with h5py.File(self.folder / "w.h5") as file:
                counts.append(file["vectors"].shape[0])
            measured = self.perplexity(text)["forward"]
            counts.append(round(measured["bits_per_character"], 6))
        self.assertEqual(counts[:2], counts[2:])
        self.assertEqual(counts[0], words.count(word))

    def test_tags_in_iob1_count_as_they_are(self):
        draw = random.Random(3)
        names = {"PER": ["Anna", "Kim", "Lee"], "LOC": ["Seoul", "Busan", "Paris"]}

        def sentences(count):
            text = ""
            for _ in range(count):
                for _ in range(draw.randrange(3, 8)):
                    kind = draw.choice(["PER", "LOC", None, None])
                    if kind is None:
                        text += draw.choice(["went", "to", "saw", "and"]) + "\tO\n"
                    else:
                        text += f"{draw.choice(names[kind])}\tI-{kind}\n"
                text += "\n"
            return text

        train, test = self.put("train", sentences(300)), self.put("test", sentences(60))
        net = ("train", "--task", "tag", "--train", train, "--dev", test, "--inputs", "embedding",
               "--encoder", "lstm", "--bidirectional", "--hidden", 16, "--epochs", 8,
               "--threads", 1)
        self.elmo(*net, "--crf", "--output", self.folder / "crf.h5")
        result = json.loads(self.elmo("evaluate", "--task", self.folder / "crf.h5", "--input", test,
                                      "--json").stdout)
        self.assertGreater(result["entity_f1"], 0.98)
        self.assertGreater(result["accuracy"], 0.98)
        self.assertEqual(result["unknown_labels"], 0)

    def test_keys_are_stripped_as_pythons_are(self):
        text = self.put("t.txt", "he went to the bank \n  she sat .\t\n\u3000\n\u3000the end\u00a0\n\n")
        out = self.folder / "v.h5"
        self.elmo("dump", "--model", self.model, "--input", text, "--output", out)
        with h5py.File(out) as file:
            keys = json.loads(file["sentence_to_index"][0])
            self.assertEqual(keys, {"he went to the bank": "0", "she sat .": "1", "the end": "3"})
            self.assertEqual([file[str(i)].shape[1] for i in range(5)], [5, 3, 1, 2, 0])
        self.elmo("dump", "--model", self.model, "--input", self.put("k.txt", "he went \n she\n"),
                  "--output", out, "--keys", "sentence")
        with h5py.File(out) as file:
            self.assertEqual(sorted(file), ["he went", "she"])

    def test_a_dump_keeps_what_is_whole(self):
        good = ["he went to the bank of the river"] * 400
        bad = good[:300] + ["he w\udce9nt"] + good[301:]
        path = self.folder / "t.txt"
        out = self.folder / "v.h5"
        dump = ("dump", "--model", self.model, "--input", path, "--output", out, "--threads", 1,
                "--batch-size", 16, "--keys", "line")
        path.write_text("\n".join(bad) + "\n", encoding="utf-8", errors="surrogateescape")
        said = self.refused(*dump)
        self.assertIn("t.txt:301: not UTF-8 at byte 5", said)
        self.assertRegex(said, r"; (29\d|300) lines are kept, and the same command with --resume continues")
        state = json.loads((self.folder / "v.h5.partial" / "state.json").read_text())
        self.assertGreater(sum(one["sentences"] for one in state["segments"]), 280)
        self.assertFalse(out.exists())

    def test_a_long_sentence_can_be_interrupted(self):
        text = self.put("t.txt", "a short line\n" + "bank " * 3_000_000 + "\n")
        out = self.folder / "v.h5"
        running = subprocess.Popen([self.ELMO, "dump", "--model", self.model, "--input", text,
                                    "--output", out, "--layers", "top"], stderr=subprocess.PIPE,
                                   text=True)
        segments = self.folder / "v.h5.partial" / "segment-000000.vectors"
        for _ in range(600):
            # The long sentence's room is made before it is embedded.
            if segments.exists() and segments.stat().st_size > 10_000:
                break
            time.sleep(0.1)
        running.send_signal(signal.SIGINT)
        begun = time.monotonic()
        said = running.communicate(timeout=60)[1]
        self.assertEqual(running.returncode, 130, said)
        self.assertLess(time.monotonic() - begun, 5)
        self.assertIn("interrupted after 1 lines", said)

    def test_threads_that_cannot_be_made(self):
        def little():
            resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, 2_000_000_000))

        text = self.put("t.txt", "he sat\n")
        said = self.refused("dump", "--threads", 4096, "--model", self.model, "--input", text,
                            "--output", self.folder / "v.h5", preexec_fn=little)
        self.assertRegex(said, r"can't start 4096 threads, only \d+ .*; use a smaller --threads")

    def test_other_kinds_of_files(self):
        data = self.put("d.tsv", "pos\tgood film\nneg\tbad film\n")
        vectors = self.folder / "v.h5"
        self.elmo("dump", "--model", self.model, "--input", data, "--output", vectors)
        train = ("train", "--task", "classify", "--train", data, "--dev", data, "--inputs",
                 "embedding", "--epochs", 1, "--output", self.folder / "o.h5", "--embeddings")
        self.assertIn("v.h5: is a dump of word vectors; --vectors takes it",
                      self.refused(*train, vectors))
        binary = self.put("w.bin", b"2 4\n" + b"".join(
            word + b" " + numpy.float32([.1, .2, -.3, .4]).tobytes() + b"\n"
            for word in (b"good", b"bad")))
        self.assertIn("is word2vec's binary form", self.refused(*train, binary))
        self.assertIn("is a dump of word vectors; --vectors takes it; expected an elmo task",
                      self.refused("predict", "--task", vectors, "--input", data))
        self.assertIn("is a SentencePiece model; --vocab takes it, for models of pieces",
                      self.refused("pretrain", "--direction", "forward", "--preset", "tiny",
                                   "--encoder", "characters", "--vocab", self.vocabulary, "--input",
                                   data, "--output", self.folder / "m", "--steps", 1))
        folder = self.folder / "simple"
        folder.mkdir()
        (folder / "options.json").write_text("{}")
        (folder / "model.hdf5").touch()
        for command in ("dump", "score"):
            more = ("--output", self.folder / "x.h5") if command == "dump" else ()
            self.assertIn(f"pass --options {folder}/options.json --weights {folder}/model.hdf5",
                          self.refused(command, "--model", folder, "--input", data, *more))
        self.assertIn("is a dump of word vectors", self.refused(
            "score", "--model", vectors, "--input", data))

    def test_two_splits_in_a_folder_are_refused(self):
        folder = self.folder / "m"
        for direction, split in (("forward", "spaces"), ("backward", "characters")):
            self.elmo("pretrain", "--direction", direction, "--split", split, "--preset", "tiny",
                      "--vocab", self.vocabulary, "--input", self.corpus, "--steps", 1,
                      "--batch-size", 4, "--output", folder)
        text = self.put("t.txt", "he sat\n")
        for command in ("score", "perplexity"):
            self.assertIn("forward.h5 has split spaces, backward.h5 characters",
                          self.refused(command, "--model", folder, "--input", text))

    def test_queries_are_utf8(self):
        text = self.put("t.txt", "he sat\n")
        said = subprocess.run([self.ELMO, "neighbors", "--model", self.model, "--input", text,
                               "--query", b"he sat on the [b\xea\xb0]"], capture_output=True)
        self.assertEqual(said.returncode, 2)
        self.assertIn(b"--query is not UTF-8 at byte 17", said.stderr)


if __name__ == "__main__":
    unittest.main()
