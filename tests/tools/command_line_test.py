"""The program as a user meets it: python3 command_line_test.py ELMO."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy

ELMO = sys.argv.pop(1)
SENTENCES = ["나는 배를 타고 강을 건넜다", "배가 고파서 배를 먹었다", "the bank of the river",
             "the bank lent money to the river boat", "눈이 내리고 눈이 아프다"]


def elmo(*words, **options):
    return subprocess.run([ELMO, *map(str, words)], capture_output=True, timeout=60,
                          **{"stdin": subprocess.DEVNULL, "text": True, **options})


class CommandLineTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def corpus(self):
        lines = [f"{SENTENCES[i % 5]} {i % 97} {chr(0xAC00 + i % 40)}{chr(0xAC00 + i % 39)}"
                 for i in range(2000)]
        return self.write("corpus.txt", "\n".join(lines) + "\n")

    def assert_refused(self, done, status, *parts):
        """One line on standard error that holds the parts, nothing on standard output."""
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        self.assertRegex(done.stderr, r"\Aelmo[^\n]*: [^\n]+\n\Z")
        for part in parts:
            self.assertIn(part, done.stderr)

    def folder_holds(self, *names):
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), sorted(names))


class GeneralTest(CommandLineTest):
    def test_help_lists_the_commands(self):
        done = elmo("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("usage: elmo COMMAND", done.stdout)
        for line in ("  vocab       Make a vocabulary", "  info        Show what"):
            self.assertIn(line, done.stdout)
        self.assertLess(max(map(len, done.stdout.splitlines())), 101)

    def test_every_command_has_help_with_an_example(self):
        commands = re.findall(r"^  (\w+) +\w", elmo("--help").stdout.split("Commands:")[1], re.M)
        self.assertIn("vocab", commands)
        for command in commands:
            with self.subTest(command=command):
                done = elmo(command, "--help")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertTrue(done.stdout.startswith(f"usage: elmo {command} "))
                self.assertIn(f"Example:\n  elmo {command} ", done.stdout)
                self.assertNotRegex(done.stdout, r"\d\.\d{8}")
                self.assertLessEqual(
                    max(len(line) for line in done.stdout.splitlines() if "  elmo " not in line), 96)

    def test_version(self):
        done = elmo("--version")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\Aelmo \d+\.\d+\.\d+\n\Z")

    def test_wrong_commands(self):
        self.assert_refused(elmo(), 2, "elmo: a command is missing")
        self.assert_refused(elmo("vocba"), 2, "no command vocba, did you mean vocab?")
        self.assert_refused(elmo("frobnicate"), 2, "no command frobnicate; `elmo --help`")

    def test_standard_output_that_takes_nothing(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        done = subprocess.run([ELMO, "--help"], stdout=write_end, stderr=subprocess.PIPE)
        os.close(write_end)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        with open("/dev/full", "wb") as full:
            done = subprocess.run([ELMO, "--help"], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual((done.returncode, done.stderr.decode()),
                         (1, "elmo: can't write to standard output: No space left on device\n"))
        done = subprocess.run(["sh", "-c", '"$0" --version >&-', ELMO], stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"can't write to standard output", done.stderr)


class VocabTest(CommandLineTest):
    def vocab(self, *words, **options):
        return elmo("vocab", "--input", self.corpus(), "--output", self.folder / "v.model", *words,
                    **options)

    def test_makes_a_model_and_makes_the_same_again(self):
        done = self.vocab("--size", 370)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertIn("v.model: 370 pieces from 2000 lines", done.stderr)
        first = (self.folder / "v.model").read_bytes()
        self.assertEqual(self.vocab("--size", 370).returncode, 0)
        self.assertEqual((self.folder / "v.model").read_bytes(), first)
        self.folder_holds("corpus.txt", "v.model")

    def test_json_and_folders_that_do_not_exist_yet(self):
        output = self.folder / "a/b/words.txt"
        done = elmo("vocab", "--input", self.corpus(), "--type", "word", "--size", 50, "--output",
                    output, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual((report["entries"], report["lines"]), (50, 2000))
        self.assertEqual(output.read_text().splitlines()[:3], ["<S>", "</S>", "<UNK>"])

    def test_reads_standard_input(self):
        with open(self.corpus()) as stream:
            done = elmo("vocab", "--input", "-", "--size", 370, "--output", self.folder / "v.model",
                        stdin=stream)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_refuses_wrong_command_lines(self):
        for words, part in [
                (["--size", "-1"], "--size takes a whole number (at least 4), not `-1`"),
                (["--size", "many"], "--size takes a whole number (at least 4), not `many`"),
                (["--size", 370, "--sise", 3], "no option --sise, did you mean --size?"),
                (["--siz", 370], "no option --siz, did you mean --size?"),
                (["--size", 370, "--character-coverage", "nan"],
                 "--character-coverage takes a number (between 0.98 and 1), not `nan`"),
                (["--size", 370, "--type", "char"], "--type is one of unigram, bpe or word"),
                (["--size", 370, "--json", "stray"], "unexpected argument `stray`"),
                (["--size"], "--size needs a value"),
                ([], "--size is missing")]:
            with self.subTest(words=words):
                self.assert_refused(self.vocab(*words), 2, "elmo vocab: ", part)
                self.folder_holds("corpus.txt")

    def test_refuses_bad_inputs(self):
        output = self.folder / "v.model"
        inputs = {
            "no-such.txt": None,
            "empty.txt": "",
            "cp949.txt": b"good line\n" + "배를 타고".encode("cp949") + b"\n",
            "folder": None,
        }
        (self.folder / "folder").mkdir()
        for name, content in inputs.items():
            with self.subTest(name=name):
                if content is not None:
                    self.write(name, content)
                done = elmo("vocab", "--input", self.folder / name, "--size", 300, "--output",
                            output)
                self.assert_refused(done, 1, "elmo vocab: ", name)
                if name == "cp949.txt":
                    self.assertIn("cp949.txt:2: ", done.stderr)
                    self.assertIn("iconv", done.stderr)
        self.folder_holds("empty.txt", "cp949.txt", "folder")

    def test_refuses_a_size_the_text_does_not_support(self):
        self.assert_refused(self.vocab("--size", 100000), 1, "elmo vocab: ")
        self.folder_holds("corpus.txt")

    def test_refuses_an_output_that_can_not_be_written(self):
        blocked = self.corpus() / "v.model"
        done = elmo("vocab", "--input", self.folder / "corpus.txt", "--size", 370, "--output",
                    blocked)
        self.assert_refused(done, 1, "corpus.txt")


class InfoTest(CommandLineTest):
    def info(self, path):
        """What `info --json` says; the table has to work too."""
        table = elmo("info", path)
        self.assertEqual((table.returncode, table.stderr), (0, ""))
        self.assertTrue(table.stdout.startswith(f"{path}: "))
        done = elmo("info", path, "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def test_vocabularies(self):
        corpus = self.corpus()
        for kind, size, name in [("bpe", 370, "SentencePiece model"), ("word", 40, "word list")]:
            output = self.folder / kind
            elmo("vocab", "--input", corpus, "--type", kind, "--size", size, "--output", output)
            info = self.info(output)
            self.assertEqual((info["kind"], info["rows"]), (name, size))

    def test_dump_in_the_sentences_layout(self):
        path = self.folder / "d.h5"
        with h5py.File(path, "w") as file:
            file["0"] = numpy.zeros((3, 4, 8), "float32")
            file["1"] = numpy.zeros((3, 2, 8), "float32")
            file.create_dataset("sentence_to_index", (1,), dtype=h5py.string_dtype())[0] = (
                json.dumps({"a b c d": "0", "e f": "1"}))
        info = self.info(path)
        self.assertEqual([info[key] for key in ("kind", "layout", "sentences", "layers",
                                                "dimension", "type")],
                         ["word vectors", "sentences", 2, 3, 8, "float32"])

    def test_official_weights_are_shown_as_they_are(self):
        path = self.folder / "w.hdf5"
        with h5py.File(path, "w") as file:
            file["CNN_proj/W_proj"] = numpy.zeros((32, 16), "float32")
            file["char_embed"] = numpy.zeros((261, 16), "float32")
        self.assertEqual(self.info(path)["datasets"], [
            {"name": "/CNN_proj/W_proj", "type": "float32", "shape": [32, 16]},
            {"name": "/char_embed", "type": "float32", "shape": [261, 16]}])

    def test_refuses_what_is_not_ours(self):
        whole = self.folder / "whole.h5"
        with h5py.File(whole, "w") as file:
            file["vectors"] = numpy.zeros((100, 8), "float32")
        bytes_ = whole.read_bytes()
        for name, content in [("empty", b""), ("text.txt", b"some words\n"),
                              ("newline.txt", b"\n\nwords"), ("cut.h5", bytes_[:1000]),
                              ("signature.h5", bytes_[:8])]:
            with self.subTest(name=name):
                path = self.write(name, content)
                self.assert_refused(elmo("info", path), 1, f"elmo info: {path}")
        for name in ("missing", "."):
            self.assert_refused(elmo("info", self.folder / name), 1, str(self.folder))
        self.assert_refused(elmo("info"), 2, "takes a PATH")


if __name__ == "__main__":
    unittest.main()
