"""One vector a line, NumPy's files and static vectors: python3 dump_formats_test.py ELMO."""
import hashlib
import pathlib
import signal
import subprocess
import sys
import time
import unittest
import zipfile

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trained import ProgramTest  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)
TEXT = "the bank of the river\n\n배가 고파서 배를 먹었다\nthe bank of the river\n"
POOLS = {"mean": lambda x: x.astype(numpy.float64).mean(axis=-2), "max": lambda x: x.max(axis=-2),
         "first": lambda x: x[..., 0, :], "last": lambda x: x[..., -1, :]}


def read_vec(path):
    """{word: vector}, in the order of the file; its first line."""
    head, *lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    rows = [line.split(" ") for line in lines]
    return {row[0]: numpy.array(row[1:], numpy.float32) for row in rows}, head


class DumpFormatsTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share(300, size=0)
        cls.model = cls.train("model")

    @classmethod
    def train(cls, name, split="spaces"):
        cls.elmo("vocab", "--input", cls.corpus, "--size", 1000, "--output",
                 cls.shared / f"{name}.vocab", "--split", split)
        cls.elmo("pretrain", "--direction", "both", "--preset", "tiny", "--input", cls.corpus,
                 "--vocab", cls.shared / f"{name}.vocab", "--output", cls.shared / name, "--steps",
                 4, "--batch-size", 16, "--split", split)
        return cls.shared / name

    def dump(self, name, *words, text=None, model=None, status=0):
        source = self.corpus
        if text is not None:
            source = self.folder / "text.txt"
            source.write_text(text, encoding="utf-8")
        path = self.folder / name
        done = self.elmo("dump", "--model", model or self.model, "--input", source, "--output",
                         path, *words, status=status)
        return path if status == 0 else done.stderr

    def files(self, path):
        """{suffix: hash} of a dump of any format."""
        return {one.name[len(path.stem):]: hashlib.sha256(one.read_bytes()).hexdigest()
                for one in sorted(self.folder.iterdir()) if one.name.startswith(path.stem + ".")}

    def test_one_vector_a_line(self):
        with h5py.File(self.dump("all.h5", text=TEXT)) as file:
            expected = [file[str(i)][()] for i in range(4)]
        for pool, function in POOLS.items():
            with h5py.File(self.dump("pooled.h5", "--line-pool", pool, text=TEXT)) as file, \
                    h5py.File(self.dump("matrix.h5", "--line-pool", pool, "--layout", "matrix",
                                        text=TEXT)) as matrix:
                self.assertEqual(file.attrs["line_pool"], pool.encode())
                self.assertEqual(matrix["vectors"].shape, (4, 2, 128))
                self.assertEqual(matrix["offsets"][()].tolist(), [0, 1, 2, 3, 4])
                self.assertEqual(matrix["words"][2].decode(), "배가 고파서 배를 먹었다")
                for i in (0, 2, 3):
                    numpy.testing.assert_array_equal(
                        file[str(i)], function(expected[i]).astype(numpy.float32))
                    numpy.testing.assert_array_equal(file[str(i)], matrix["vectors"][i])
                numpy.testing.assert_array_equal(file["1"], numpy.zeros((2, 128)))
                numpy.testing.assert_array_equal(matrix["vectors"][1], numpy.zeros((2, 128)))
        with h5py.File(self.dump("top.h5", "--line-pool", "max", "--layers", "top", "--dtype",
                                 "f16", text=TEXT)) as file:
            self.assertEqual((file["0"].shape, file["0"].dtype), ((128,), numpy.float16))

    def test_a_long_line_is_pooled_in_the_order_of_its_words(self):
        line = " ".join(["the bank of the river"] * 8000)
        with h5py.File(self.dump("all.h5", text=line)) as file:
            expected = file["0"][()].astype(numpy.float64).cumsum(axis=1)[:, -1] / 40000
        for threads in (1, 2):
            with h5py.File(self.dump("a.h5", "--line-pool", "mean", "--threads", threads,
                                     text=line)) as file:
                numpy.testing.assert_array_equal(file["0"], expected.astype(numpy.float32))

    def test_numpy_files_hold_what_hdf5_holds(self):
        words = self.folder / "words.txt"
        words.write_text("bank\n배를\n", encoding="utf-8")
        for options in ((), ("--layers", "top", "--dtype", "f16"), ("--words", words),
                        ("--line-pool", "mean")):
            matrix = self.dump("m.h5", "--layout", "matrix", *options, text=TEXT)
            path = self.dump("x.npy", "--format", "npy", *options, text=TEXT)
            archive = self.dump("x.npz", "--format", "npz", *options, text=TEXT)
            vectors = numpy.load(path, mmap_mode="r")
            self.assertIsInstance(vectors, numpy.memmap)
            offsets = numpy.load(self.folder / "x.offsets.npy", mmap_mode="r")
            with h5py.File(matrix) as file:
                numpy.testing.assert_array_equal(vectors, file["vectors"])
                self.assertEqual(vectors.dtype, file["vectors"].dtype)
                numpy.testing.assert_array_equal(offsets, file["offsets"])
                listed = (self.folder / "x.words.txt").read_text(encoding="utf-8").split("\n")
                self.assertEqual(listed, [one.decode() for one in file["words"]] + [""])
                self.assertEqual((self.folder / "x.places.npy").exists(), "--words" in options)
                if "--words" in options:
                    numpy.testing.assert_array_equal(numpy.load(self.folder / "x.places.npy"),
                                                     file["places"])
                    (self.folder / "x.places.npy").unlink()
            sentences = self.dump("s.h5", *options, text=TEXT)
            self.assertIsNone(zipfile.ZipFile(archive).testzip())
            with h5py.File(sentences) as file, numpy.load(archive) as arrays:
                self.assertEqual(set(arrays), set(file) - {"sentence_to_index"})
                for name in arrays:
                    self.assertEqual(arrays[name].dtype, file[name].dtype)
                    numpy.testing.assert_array_equal(arrays[name], file[name])

    def test_static_vectors_are_means_of_occurrences(self):
        text = self.folder / "t.txt"
        lines = self.corpus.read_text(encoding="utf-8").splitlines()
        text.write_text("\n".join(lines), encoding="utf-8")
        with h5py.File(self.dump("all.h5", "--layers", "average", "--layout", "matrix")) as file:
            words = [one.decode() for one in file["words"]]
            vectors = file["vectors"][()].astype(numpy.float64)
        counts = {}
        for word in words:
            counts[word] = counts.get(word, 0) + 1
        frequent = sorted(counts, key=lambda word: (-counts[word], word.encode()))[:40]
        found, head = read_vec(self.dump("a.vec", "--static", 40))
        self.assertEqual(head, "40 128")
        self.assertEqual(list(found), frequent)
        for word in frequent:
            total = numpy.zeros(128)
            for row in (vectors[i] for i in range(len(words)) if words[i] == word):
                total += row
            numpy.testing.assert_array_equal(found[word],
                                             (total / counts[word]).astype(numpy.float32))
        layer, _ = read_vec(self.dump("zero.vec", "--static", 40, "--layers", "0"))
        self.assertFalse((layer[frequent[0]] == found[frequent[0]]).all())
        # More than there are.
        everything, head = read_vec(self.dump("b.vec", "--static", 10 ** 6))
        self.assertEqual(len(everything), len(counts))
        # Our own reader of such files.
        for part in ("train", "dev"):
            (self.folder / part).write_text(f"a\t{frequent[0]} {frequent[1]}\nb\t{frequent[2]}\n",
                                            encoding="utf-8")
        done = self.elmo("train", "--task", "classify", "--train", self.folder / "train", "--dev",
                         self.folder / "dev", "--embeddings", self.folder / "a.vec", "--output",
                         self.folder / "task.h5", "--epochs", 1, "--freeze")
        self.assertIn("128", done.stdout)

    def test_words_that_hold_blanks_are_left_out_of_static_vectors(self):
        model = self.train("tabs", "tabs")
        text = "New York\tis\ta\tcity\nNew York\tis\tbig\n a\u00a0b\tis\t \n"
        path = self.folder / "a.vec"
        source = self.folder / "text.txt"
        source.write_text(text, encoding="utf-8")
        done = self.elmo("dump", "--model", model, "--input", source, "--output", path, "--static",
                         2)
        self.assertEqual(list(read_vec(path)[0]), ["is", "a"])
        self.assertRegex(done.stderr, r"2 words contain white space.*3 occurrences")

    def test_equal_bits_whatever_the_batch_and_threads(self):
        for name, options in (("a.npy", ("--format", "npy")), ("b.npz", ("--format", "npz")),
                              ("c.vec", ("--static", 50)),
                              ("d.npy", ("--format", "npy", "--line-pool", "mean"))):
            path = self.dump(name, *options)
            first = self.files(path)
            for more in (("--threads", 1, "--batch-size", 50), ("--threads", 3)):
                self.dump(name, *options, *more)
                self.assertEqual(first, self.files(path))

    def test_killed_and_resumed_equals_uninterrupted(self):
        big = self.folder / "big.txt"
        big.write_text(self.corpus.read_text(encoding="utf-8") * 4, encoding="utf-8")
        for name, options in (("a.npy", ("--format", "npy")), ("b.npz", ("--format", "npz")),
                              ("c.vec", ("--static", 50)), ("d.h5", ("--line-pool", "max"))):
            path = self.folder / name
            words = ("dump", "--model", self.model, "--input", big, "--output", path, "--layers",
                     "average", *options)
            start = time.monotonic()
            self.elmo(*words)
            took = time.monotonic() - start
            whole = self.files(path)
            self.assertIn(path.suffix, whole)
            for one in whole:
                (self.folder / (path.stem + one)).unlink()
            # In the middle, in an orderly way, so that there is something to go on from; then at
            # once.
            running = subprocess.Popen([self.ELMO, *map(str, words)], stderr=subprocess.DEVNULL)
            time.sleep(took * 0.6)
            running.send_signal(signal.SIGTERM)
            running.wait()
            if running.returncode != 0:
                self.assertEqual(running.returncode, 130)
                self.assertFalse(path.exists())
                self.killed(*words, "--resume", after=took * 0.3)
            if not path.exists():
                self.elmo(*words, "--resume")
            self.assertEqual(self.files(path), whole, name)

    def test_a_resume_with_other_options_is_refused_by_name(self):
        big = self.folder / "big.txt"
        big.write_text(self.corpus.read_text(encoding="utf-8") * 8, encoding="utf-8")
        path = self.folder / "a.vec"
        words = ("dump", "--model", self.model, "--input", big, "--output", path, "--static")
        running = subprocess.Popen([self.ELMO, *map(str, words), "50"], stderr=subprocess.PIPE)
        for line in running.stderr:
            if b"words/s" in line:
                break
        running.send_signal(signal.SIGTERM)
        running.communicate()
        self.assertEqual(running.returncode, 130)
        done = self.elmo(*words, 40, "--resume", status=2)
        self.assertIn("another --static: 50, not 40", done.stderr)
        sums = pathlib.Path(f"{path}.partial") / "sums"
        good = sums.read_bytes()
        head = good.index(b"\n")
        for size in (0, head // 2, head + 1, head + 1 + 8 * 20, len(good) - 1):
            sums.write_bytes(good[:size])
            self.assertIn("is damaged", self.elmo(*words, 50, "--resume", status=1).stderr)
        for at in (head + 3, len(good) - 2):
            sums.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            self.assertIn("is damaged", self.elmo(*words, 50, "--resume", status=1).stderr)
        sums.write_bytes(good)
        self.elmo(*words, 50, "--resume")

    def test_what_makes_no_sense_is_refused(self):
        words = self.folder / "words.txt"
        words.write_text("bank\n", encoding="utf-8")
        for name, options, message in (
                ("a.vec", ("--static", 5, "--line-pool", "mean"), "--line-pool has an effect only"),
                ("a.vec", ("--static", 5, "--words", words), "--words has an effect only"),
                ("a.vec", ("--static", 5, "--dtype", "f16"), "--dtype has an effect only"),
                ("a.vec", ("--static", 5, "--layers", "all"), "one vector"),
                ("a.vec", ("--static", 0), "--static"),
                ("a.npy", ("--format", "npy", "--layout", "matrix"), "--layout has an effect only"),
                ("a.npz", ("--format", "npz", "--keys", "sentence"), "--keys has an effect only"),
                ("a.npz", ("--format", "npz", "--no-map"), "--no-map has an effect only"),
                ("a.h5", ("--format", "npy"), "must end in .npy"),
                ("a.h5", ("--format", "npz"), "must end in .npz"),
                ("a.h5", ("--line-pool", "mean", "--words", words), "--words has an effect only"),
                ("a.h5", ("--layout", "matrix", "--keys", "sentence"), "--keys has an effect only"),
                ("a.h5", ("--layout", "matrix", "--no-map"), "--no-map has an effect only"),
                ("a.h5", ("--mix", words), "--mix has an effect only"),
                ("a.h5", ("--layers", "mix"), "--mix"),
                ("a.h5", ("--layers", "0", "--pooling", "mean"), "--pooling has an effect only"),
                ("a.h5", ("--cache-size", 7), "--cache-size has an effect only"),
                ("a.h5", ("--projector", self.folder / "p", "--no-map"),
                 "--projector has an effect only")):
            error = self.dump(name, *options, text=TEXT, status=2)
            self.assertIn(message, error)
            self.assertEqual(error.count("\n"), 1, error)
            self.assertFalse((self.folder / name).exists())
        # The files beside X.npy are outputs too.
        source = self.folder / "x.words.txt"
        source.write_text(TEXT, encoding="utf-8")
        done = self.elmo("dump", "--model", self.model, "--input", source, "--output",
                         self.folder / "x.npy", "--format", "npy", status=2)
        self.assertIn("x.words.txt", done.stderr)
        self.assertEqual(source.read_text(encoding="utf-8"), TEXT)
        done = self.elmo("dump", "--model", self.model, "--input", "-", "--output",
                         self.folder / "a.vec", "--static", 5, status=2, input=TEXT, stdin=None)
        self.assertIn("--static", done.stderr)

    def test_a_task_refuses_one_vector_a_line(self):
        path = self.dump("a.h5", "--line-pool", "mean", text="a b\nc\n")
        for part in ("train", "dev"):
            (self.folder / part).write_text("x\ta b\ny\tc\n", encoding="utf-8")
        done = self.elmo("train", "--task", "classify", "--train", self.folder / "train", "--dev",
                         self.folder / "dev", "--vectors", path, "--dev-vectors", path, "--output",
                         self.folder / "task.h5", status=1)
        self.assertIn("one vector a line", done.stderr)


if __name__ == "__main__":
    unittest.main()
