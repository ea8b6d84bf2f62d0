"""HDF5 files of strangers, and outputs that are links, pipes and devices:
python3 strangers_test.py ELMO."""
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy

ELMO = sys.argv.pop(1)


class StrangersTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.dump = self.folder / "dump.h5"
        (self.folder / "secret").write_bytes(bytes(range(96)))

    def elmo(self, *words, **options):
        return subprocess.run([ELMO, *map(str, words)], timeout=60, capture_output=True,
                              **{"stdin": subprocess.DEVNULL, "cwd": self.folder, **options})

    def page(self, **options):
        return self.elmo("plot", "words", self.dump, "--word", "bank", "--output",
                         self.folder / "page.html", **options)

    def assert_refused(self, done, *parts):
        """Status 1 and one sentence that names no function of C++, and nothing left over."""
        message = done.stderr.decode()
        self.assertEqual(done.returncode, 1, message)
        self.assertRegex(message, r"\Aelmo[^\n]*: [^\n]+\n\Z")
        for part in parts:
            self.assertIn(part, message)
        for part in ("json.exception", "std::", "filesystem error", "basic_"):
            self.assertNotIn(part, message)
        self.assertEqual([p.name for p in self.folder.rglob("*.tmp")], [])

    def write_dump(self, first=None):
        vectors = numpy.arange(24, dtype=numpy.float32).reshape(2, 3, 4)
        with h5py.File(self.dump, "w") as file:
            if first:
                first(file)
            else:
                file["0"] = vectors
            file["1"] = vectors
            text = '{"the bank sleeps": "0", "a bank burns": "1"}'
            file.create_dataset("sentence_to_index", data=[text], dtype=h5py.string_dtype())

    def test_a_sound_file_of_h5py_is_read(self):
        self.write_dump()
        done = self.page()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.write_dump(lambda file: file.create_dataset(
            "0", data=numpy.ones((2, 3, 4), "f4"), chunks=(1, 3, 4), compression="gzip",
            shuffle=True, fletcher32=True))
        self.assertEqual(self.page().returncode, 0)

    def test_nothing_outside_the_file_is_read(self):
        outside = self.folder / "outside.h5"
        with h5py.File(outside, "w") as file:
            file["0"] = numpy.zeros((2, 3, 4), "f4")

        def external(file):
            file.create_dataset("0", (2, 3, 4), "f4",
                                external=[(str(self.folder / "secret"), 0, 96)])

        def link(file):
            file["0"] = h5py.ExternalLink(str(outside), "/0")

        def soft_link_to_link(file):
            file["there"] = h5py.ExternalLink(str(outside), "/")
            file["0"] = h5py.SoftLink("/there/0")

        def virtual(file):
            layout = h5py.VirtualLayout((2, 3, 4), "f4")
            layout[...] = h5py.VirtualSource(str(outside), "0", (2, 3, 4))
            file.create_virtual_dataset("0", layout)

        for first in (external, link, soft_link_to_link, virtual):
            with self.subTest(first.__name__):
                self.write_dump(first)
                self.assert_refused(self.page(), "dump.h5")
                # Which lists what is in the file.
                self.assertIn(self.elmo("info", self.dump).returncode, (0, 1))

    def test_chunks_and_filters_are_bounded(self):
        def large_chunks(file):
            file.create_dataset("0", (2, 3, 4), "f4", maxshape=(None, 3, 4),
                                chunks=(20_000_000, 3, 4), compression="gzip")

        self.write_dump(large_chunks)
        self.assert_refused(self.elmo("info", self.dump), "chunks")

        def other_filter(file):
            file.create_dataset("0", data=numpy.ones((2, 3, 4), "f4"), compression="lzf")

        self.write_dump(other_filter)
        self.assert_refused(self.elmo("info", self.dump), "elmo reads gzip only")

    def test_pipes_and_devices_are_refused(self):
        os.mkfifo(self.folder / "fifo")
        self.assert_refused(self.elmo("info", self.folder / "fifo"), "device or a pipe")
        self.assert_refused(self.elmo("info", "/dev/zero"), "device or a pipe")

    def test_damaged_heaps_of_strings_end(self):
        self.write_dump()
        whole = self.dump.read_bytes()
        heap = whole.index(b"GCOL")
        for at in range(heap, heap + 32):
            for value in (0, 0x7F, 0xFF):
                self.dump.write_bytes(whole[:at] + bytes([value]) + whole[at + 1:])
                done = self.page()
                self.assertIn(done.returncode, (0, 1), (at, value))
        # The object's length: longer than the heap.
        self.dump.write_bytes(whole[:heap + 24] + struct.pack("<Q", 1 << 62) + whole[heap + 32:])
        self.assert_refused(self.page(), "damaged")

    def test_json_nested_without_end_is_refused(self):
        with h5py.File(self.dump, "w") as file:
            file["0"] = numpy.zeros((2, 3, 4), "f4")
            text = '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}"
            file.create_dataset("sentence_to_index", data=[text], dtype=h5py.string_dtype())
        self.assert_refused(self.page(), "not a JSON object")

    def vocab(self, output, **options):
        (self.folder / "text").write_text("the bank sleeps\nthe river runs\n" * 100)
        return self.elmo("vocab", "--type", "word", "--size", 8, "--input", "text", "--output",
                         output, **options)

    def test_a_link_stays_and_a_device_is_written_to(self):
        self.assertEqual(self.vocab("words").returncode, 0)
        expected = (self.folder / "words").read_bytes()
        (self.folder / "real").write_text("older")
        (self.folder / "link").symlink_to("real")
        (self.folder / "dangling").symlink_to("new")
        for link, target in (("link", "real"), ("dangling", "new")):
            self.assertEqual(self.vocab(link).returncode, 0)
            self.assertTrue((self.folder / link).is_symlink())
            self.assertEqual((self.folder / target).read_bytes(), expected)
        os.mkfifo(self.folder / "fifo")
        with subprocess.Popen(["cat", self.folder / "fifo"], stdout=subprocess.PIPE) as reader:
            self.assertEqual(self.vocab("fifo").returncode, 0)
            self.assertEqual(reader.communicate()[0], expected)
        self.assertTrue((self.folder / "fifo").is_fifo())
        # By a link of ours, so that a fault harms no device of the system.
        (self.folder / "out").symlink_to("/proc/self/fd/1")
        done = self.vocab("out")
        self.assertEqual((done.returncode, done.stdout), (0, expected))
        self.assertTrue((self.folder / "out").is_symlink())
        self.assertEqual([p.name for p in self.folder.rglob("*.tmp")], [])


if __name__ == "__main__":
    unittest.main()
