"""elmo dump and neighbors as a user runs them: python3 dump_test.py ELMO."""
import json
import pathlib
import signal
import subprocess
import sys
import time
import unittest

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trained import ProgramTest  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)


class DumpTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share()
        cls.share_model("--steps", 8, "--batch-size", 16)

    def dump(self, name, *words, text=None, **options):
        source = self.corpus
        if text is not None:
            source = self.folder / "text.txt"
            source.write_text(text, encoding="utf-8")
        path = self.folder / name
        self.elmo("dump", "--model", self.model, "--input", source, "--output", path, *words,
                  **options)
        return path

    def test_equal_bits_whatever_the_batch_threads_and_order(self):
        for precision in ("f32", "auto"):
            first = self.dump("a.h5", "--precision", precision)
            self.assert_equal_files(first, self.dump("b.h5", "--precision", precision,
                                                     "--batch-size", 50, "--threads", 1))
            self.assert_equal_files(first, self.dump("c.h5", "--precision", precision,
                                                     "--batch-size", 9000, "--threads", 3))
            lines = self.corpus.read_text(encoding="utf-8").splitlines()
            backwards = self.dump("d.h5", "--precision", precision,
                                  text="\n".join(reversed(lines)))
            with h5py.File(first) as a, h5py.File(backwards) as b:
                for i in range(0, len(lines), 7):
                    numpy.testing.assert_array_equal(a[str(i)], b[str(len(lines) - 1 - i)])

    def test_shapes_of_both_layouts(self):
        text = "the bank of the river\n\n배가 고파서 배를 먹었다\nthe bank of the river\n"
        with h5py.File(self.dump("a.h5", text=text)) as file:
            shapes = [file[str(i)].shape for i in range(4)]
            self.assertEqual(shapes, [(2, 5, 128), (2, 0, 128), (2, 4, 128), (2, 5, 128)])
            self.assertEqual(json.loads(file["sentence_to_index"][0]),
                             {"the bank of the river": "3", "배가 고파서 배를 먹었다": "2"})
            numpy.testing.assert_array_equal(file["0"], file["3"])
            # The same word differs by its place in layer 1 and not in layer 0.
            the = file["0"][:, [0, 3]]
            self.assertTrue((the[0, 0] == the[0, 1]).all())
            self.assertFalse((the[1, 0] == the[1, 1]).all())
            sentences = [file[str(i)][()] for i in range(4)]
        with h5py.File(self.dump("b.h5", "--layout", "matrix", "--dtype", "f16", "--layers", "top",
                                 text=text)) as file:
            self.assertEqual(file["vectors"].dtype, numpy.float16)
            self.assertEqual(file["offsets"][()].tolist(), [0, 5, 5, 9, 14])
            self.assertEqual(file["words"][6].decode(), "고파서")
            expected = numpy.concatenate([one[1] for one in sentences]).astype(numpy.float16)
            numpy.testing.assert_array_equal(file["vectors"], expected)
            for name in ("model", "layers", "pooling", "precision", "version"):
                self.assertIn(name, file.attrs)

    def test_average_and_lists(self):
        text = "the bank of the river\n"
        with h5py.File(self.dump("all.h5", text=text)) as file:
            layers = file["0"][()]
        with h5py.File(self.dump("average.h5", "--layers", "average", text=text)) as file:
            numpy.testing.assert_allclose(file["0"], layers.mean(axis=0), atol=1e-6)
        with h5py.File(self.dump("list.h5", "--layers", "1,0", text=text)) as file:
            numpy.testing.assert_array_equal(file["0"], layers[::-1])
        with h5py.File(self.dump("zero.h5", "--layers", "0", text=text)) as file:
            numpy.testing.assert_array_equal(file["0"], layers[0])

    def test_listed_words_with_places(self):
        words = self.folder / "words.txt"
        words.write_text("bank\n배를\n", encoding="utf-8")
        text = "the bank of the bank\nno such word\n배를 bank\n"
        with h5py.File(self.dump("all.h5", text=text)) as file:
            expected = [file["0"][:, 1], file["0"][:, 4], file["2"][:, 0], file["2"][:, 1]]
        with h5py.File(self.dump("some.h5", "--layout", "matrix", "--words", words,
                                 text=text)) as file:
            self.assertEqual(file["places"][()].tolist(), [[0, 1], [0, 4], [2, 0], [2, 1]])
            numpy.testing.assert_array_equal(file["vectors"], numpy.stack(expected))

    def test_standard_input_and_carried_state(self):
        text = "the bank of the river\n배를 타고\n\n강을 건넜다\n"
        path = self.folder / "in.h5"
        self.elmo("dump", "--model", self.model, "--input", "-", "--output", path, input=text,
                  stdin=None)
        self.assert_equal_files(path, self.dump("file.h5", text=text))
        one = self.dump("one.h5", "--carry-state", 1, text=text)
        other = self.dump("other.h5", "--carry-state", 4, text=text)
        with h5py.File(path) as plain, h5py.File(one) as carried, h5py.File(other) as four:
            numpy.testing.assert_array_equal(plain["0"], carried["0"])
            self.assertFalse((plain["1"][1] == carried["1"][1]).all())
            for i in "013":
                numpy.testing.assert_array_equal(plain[i], four[i])

    def test_a_long_line(self):
        line = " ".join(["the bank of the river"] * 8000)
        with h5py.File(self.dump("a.h5", text=f"a bank\n{line}\nthe end\n")) as file:
            self.assertEqual(file["1"].shape, (2, 40000, 128))
            self.assertTrue(numpy.isfinite(file["1"][1, ::997]).all())
            self.assertEqual(file["2"].shape, (2, 2, 128))
            with h5py.File(self.dump("b.h5", "--layers", "top", "--threads", 1,
                                     text=line)) as other:
                numpy.testing.assert_array_equal(file["1"][1], other["0"])

    def test_killed_and_resumed_equals_uninterrupted(self):
        big = self.folder / "big.txt"
        big.write_text(self.corpus.read_text(encoding="utf-8") * 12, encoding="utf-8")
        words = ("dump", "--model", self.model, "--input", big, "--output")
        whole = self.folder / "whole.h5"
        start = time.monotonic()
        self.elmo(*words, whole)
        took = time.monotonic() - start
        path = self.folder / "part.h5"
        kills = 0
        for part in (0.1, 0.3, 0.5, 0.8):
            again = ("--resume",) if (self.folder / "part.h5.partial").exists() else ()
            kills += self.killed(*words, path, *again, after=took * part)
            if path.exists():
                break
        running = subprocess.Popen([self.ELMO, *map(str, words), str(path), "--resume"],
                                   stderr=subprocess.PIPE)
        time.sleep(took * 0.4)
        running.send_signal(signal.SIGTERM)
        message = running.communicate()[1].decode()
        if running.returncode != 0:
            self.assertEqual(running.returncode, 130, message)
            self.assertIn("--resume", message)
            self.elmo(*words, path, "--resume")
        self.assertGreater(kills, 0)
        self.assert_equal_files(whole, path)
        self.assertFalse((self.folder / "part.h5.partial").exists())

    def test_a_missing_direction_is_named(self):
        half = self.folder / "half"
        half.mkdir()
        (half / "forward.h5").write_bytes((self.model / "forward.h5").read_bytes())
        for words in (("dump", "--output", self.folder / "x.h5"),
                      ("neighbors", "--query", "a [bank]")):
            done = self.elmo(words[0], "--model", half, "--input", self.corpus, *words[1:],
                             status=1)
            self.assertIn("backward.h5: missing", done.stderr)
        self.assertFalse((self.folder / "x.h5").exists())

    def test_a_damaged_model_is_refused(self):
        good = (self.model / "backward.h5").read_bytes()
        bad = self.folder / "bad"
        bad.mkdir()
        (bad / "forward.h5").write_bytes((self.model / "forward.h5").read_bytes())
        flipped = bytearray(good)
        flipped[len(good) // 2] ^= 4
        for content in (good[:len(good) // 2], bytes(flipped), b"not HDF5"):
            (bad / "backward.h5").write_bytes(content)
            done = self.elmo("dump", "--model", bad, "--input", self.corpus, "--output",
                             self.folder / "x.h5", status=1)
            self.assertIn("backward.h5", done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_neighbors(self):
        done = self.elmo("neighbors", "--model", self.model, "--input", self.corpus, "--query",
                         "he sat on the [bank] of the river", "--count", 3, "--json")
        nearest = json.loads(done.stdout)["neighbors"]
        self.assertEqual(len(nearest), 3)
        cosines = [one["cosine"] for one in nearest]
        self.assertEqual(cosines, sorted(cosines, reverse=True))
        for one in nearest:
            self.assertIn(one["word"], one["sentence"])
        self.elmo("neighbors", "--model", self.model, "--input", self.corpus, "--query", "no",
                  status=2)


if __name__ == "__main__":
    unittest.main()
