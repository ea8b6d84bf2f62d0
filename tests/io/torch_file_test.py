"""Torch's files, made byte by byte: python3 torch_file_test.py TORCH_TENSORS [unittest options]."""
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

import numpy

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "reference"))
from efml import Pickle, Tensor, legacy_file, pickle_tensors, zip_file  # noqa: E402

PROGRAM = None
SHARED = numpy.arange(24, dtype="f4")


def tensors():
    return {
        "plain": numpy.arange(12, dtype="f4").reshape(3, 4),
        "scalar": numpy.float32(2.5).reshape(()),
        "empty": numpy.zeros((0, 3), "f4"),
        "double": numpy.array([[1e300, -2], [0.5, 3]]),
        "half": numpy.array([1, -0.25, 65504], "f2"),
        "long": numpy.array([-1, 1 << 40], "i8"),
        "turned": Tensor(SHARED[2:14].reshape(3, 4).T, SHARED, 2, (1, 4), "7"),
        "shared": Tensor(SHARED[10:16].reshape(2, 3), SHARED, 10, (3, 1), "7"),
        "steps": Tensor(SHARED[1:22:5], SHARED, 1, (5,), "7"),
    }


class TorchFileTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "tensors.pkl"

    def run_on(self, content, *words):
        self.path.write_bytes(content)
        return subprocess.run([PROGRAM, *words, self.path], capture_output=True, text=True,
                              timeout=300)

    def assert_read(self, content, expected):
        done = self.run_on(content)
        self.assertEqual(done.returncode, 0, done.stderr)
        names = {"f4": "float32", "f8": "float64", "f2": "float16", "i8": "int64"}
        lines = []
        for name, value in expected.items():
            value = value.array if isinstance(value, Tensor) else value
            shape = "".join(f"{extent}," for extent in value.shape)
            lines.append(f"{name} {names[value.dtype.str[1:]]} ({shape}) "
                         f"{numpy.ascontiguousarray(value).tobytes().hex()}")
        self.assertEqual(done.stdout.splitlines(), lines)

    def assert_refused(self, content, part):
        done = self.run_on(content)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(part, done.stderr)
        self.assertIn(str(self.path), done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1)

    def test_both_layouts_and_what_versions_of_torch_vary(self):
        for write in (legacy_file, zip_file):
            for options in ({}, {"location": "cuda:3"}, {"version": 1}, {"protocol": 4},
                            {"parameters": True}, {"metadata": False}):
                with self.subTest(write=write.__name__, **options):
                    self.assert_read(write(tensors(), **options), tensors())
        for options in ({"root": "encoder"}, {"byteorder": None}, {"zip64": True}):
            with self.subTest(**options):
                self.assert_read(zip_file(tensors(), **options), tensors())

    def test_of_equal_names_the_later_counts(self):
        state, _ = pickle_tensors({"a": SHARED[:2]}, view=False)
        body = state[state.index(b"a"):]
        self.assertIn(b"u}", body)
        both = {"a": SHARED[:2], "b": SHARED[:3]}
        self.assert_read(zip_file(both).replace(b"X\1\0\0\0b", b"X\1\0\0\0a"), {"a": SHARED[:3]})

    def test_other_files(self):
        for content, part in ((b"", "is empty"), (b" \r\n", "is empty"),
                              (b"\xef\xbb\xbf\n<!DOCTYPE html><html>", "a web page"),
                              (b"<HTML>", "a web page"),
                              (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS"),
                              (b"\x89HDF\r\n", "not written by torch.save"),
                              (Pickle().integer(3).end(), "not one of torch.save's"),
                              (Pickle().integer(0x1950a86a20f9469cfc6c).end()
                               + Pickle().integer(1002).end(), "1001"),
                              (zip_file({}).replace(b"data.pkl", b"dada.pkl"), "data.pkl")):
            with self.subTest(part=part, content=content[:20]):
                self.assert_refused(content, part)

    def test_what_is_refused(self):
        legacy, packed = legacy_file(tensors()), zip_file(tensors())
        one = {"a": SHARED}
        for content, part in (
                (legacy.replace(b"ctorch._utils\n_rebuild_tensor_v2", b"cos\nsystem"), "os system"),
                (packed.replace(b"ccollections\nOrderedDict", b"cbuiltins\ngetattr\n......"),
                 "builtins getattr"),
                (legacy.replace(b"ctorch\nFloatStorage", b"ctorch\nFloatStorag\x1b"), "FloatStorag?"),
                (legacy_file(one, little_endian=False), "big-endian"),
                (zip_file(one, byteorder="big"), "big-endian"),
                (zip_file(one, method=8), "compressed"),
                (zip_file(one, drop="1000"), "data/1000 is missing"),
                (zip_file(one).replace(b"K\x18NtQ", b"K\x18tQ").replace(b"K\x18tQ", b"K\x17tQ"),
                 "reaches beyond"),
                (legacy_file({"a": Tensor(SHARED, SHARED, 1, (1,))}), "reaches beyond"),
                (legacy_file({"a": Tensor(SHARED, SHARED, 0, (-1,))}), "a stride"),
                (legacy_file({"a": Tensor(SHARED, SHARED, 0, (1 << 62,))}), "a stride"),
                (legacy_file({"a": Tensor(SHARED, SHARED, 0, (1 << 39, 1 << 39), None,
                                          (1 << 39, 1 << 39))}), "larger than any tensor"),
                (legacy_file({"a": Tensor(SHARED, SHARED, 0, (0,), None, (1 << 30,))}), "repeats"),
                (legacy_file({"a": Tensor(SHARED, SHARED, 0, (1, 1))}), "do not fit"),
                (legacy_file({"a": Tensor(SHARED, SHARED, 0, (1,), "7"),
                              "b": Tensor(SHARED[:3], SHARED[:3], 0, (1,), "7")}), "shares"),
                (legacy[:-1], "cut short"), (legacy[:300], "cut short"), (packed[:-1], "cut short"),
                (legacy + b"more", None)):
            with self.subTest(part=part):
                if part is None:
                    self.assert_read(content, tensors())
                else:
                    self.assert_refused(content, part)

    def test_pickles_out_of_bounds(self):
        def state(body):
            head = b"".join((Pickle().integer(0x1950a86a20f9469cfc6c).end(),
                             Pickle().integer(1001).end(),
                             Pickle().raw(b"}").text("little_endian").raw(b"\x88s").end()))
            return head + b"\x80\x02" + body

        for body, part in (
                (b"(" * 70_000 + b".", "nests deeper"), (b"N" * 70_000 + b".", "nests deeper"),
                (b"X\xff\xff\xff\xffabc.", "in the middle"), (b"\x8a\xff1.", "in the middle"),
                (b"Nr\xff\xff\xff\x7f.", "stores more values"), (b"h\7.", "not stored"),
                (b"(q\1.", "stores a missing value"), (b".", "empty stack"), (b"(.", "empty stack"),
                (b"\x87.", "empty stack"), (b"t.", "a mark"), (b"K\1}s.", "a dictionary"),
                (b"}(K\1u.", "without a value"), (b"}NNs.", "neither a text"),
                (b"NK\1a.", "a list"), (b"K\1K\1R.", "can't be called"), (b"NNb.", "a dictionary"),
                (b"i.", "opcode 0x69"), (b"\x80\x09.", "unknown protocol"),
                (b"cnoend" + b"x" * 300, "without an end"), (b"NN\x93.", "not text"),
                (b"ccollections\nOrderedDict\nN\x85R.", "from arguments"),
                (b"N.", "no dictionary"), (b"}K\1Ns.", "by a number"),
                (b"}X\1\0\0\0a}s.", "is not a tensor"), (b"(N" * 600_000, "nests deeper"),
                (b"N0", "opcode 0x30"), (b"]" + b"Na" * 1_100_000 + b".", "more values")):
            with self.subTest(part=part, body=body[:20]):
                self.assert_refused(state(body), part)

    def test_a_circle_ends(self):
        # A list that holds itself, in the place of a tensor.
        state, _ = pickle_tensors({}, view=False)
        circle = Pickle().raw(b"}X\1\0\0\0a]q\0h\0as").end()
        self.assert_refused(zip_file({}).replace(state, circle.ljust(len(state), b".")),
                            "is not a tensor")

    def test_damage(self):
        small = {"a": SHARED[:3], "b": SHARED[:2]}
        for content in (legacy_file(small), zip_file(small)):
            done = self.run_on(content, "--damage")
            self.assertEqual(done.returncode, 0, done.stderr)
            size, prefixes, flips = map(int, done.stdout.split())
            self.assertEqual((size, prefixes), (len(content), len(content)))
            # What flips in the numbers themselves nobody can see.
            self.assertGreater(flips, 8 * size // 3)

    def test_a_long_size_in_the_directory(self):
        content = zip_file({"a": SHARED})
        at = content.index(b"PK\1\2")
        broken = content[:at + 20] + struct.pack("<II", 0xfffffff0, 0xfffffff0) + content[at + 28:]
        self.assert_refused(broken, "cut short")


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
