"""A dump in parts, and the parts joined: python3 shards_test.py ELMO."""
import gzip
import pathlib
import re
import shutil
import sys
import tempfile
import time
import unittest

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trained import ProgramTest, write_corpus  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)
LAUNCHERS = re.compile("SLURM|OMPI|PMI")


class ShardsTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.shared = pathlib.Path(folder.name)
        corpus = write_corpus(cls.shared / "corpus.txt", 60)
        cls.elmo("vocab", "--input", corpus, "--size", 800, "--output", cls.shared / "v.model")
        cls.model = cls.shared / "model"
        cls.elmo("pretrain", "--direction", "both", "--preset", "tiny", "--input", corpus,
                 "--vocab", cls.shared / "v.model", "--output", cls.model, "--steps", 2,
                 "--batch-size", 16)
        lines = corpus.read_text(encoding="utf-8").splitlines()[:40]
        # Blank lines and duplicates, within a part and far from each other.
        cls.text = cls.shared / "text.txt"
        cls.text.write_text("\n".join([*lines[:20], "", lines[0], "  ", *lines[5:], lines[39],
                                       lines[39], " " + lines[7] + " "]), encoding="utf-8")

    def words(self, *options, text=None, path="v.h5"):
        return ("dump", "--model", self.model, "--input", text or self.text, "--output",
                self.folder / path, *options)

    def parts(self, count, *options, **more):
        for i in range(count):
            self.elmo(*self.words("--shard", f"{i}/{count}", *options, **more))

    def part(self, i, count):
        return self.folder / "v.h5.parts" / f"{i:04}-of-{count:04}.h5"

    def join(self, status=0):
        return self.elmo("join", self.folder / "v.h5", status=status).stderr

    def test_the_parts_joined_are_the_whole_bit_by_bit(self):
        listed = self.folder / "words.txt"
        listed.write_text("the\na\nof\n", encoding="utf-8")
        # Its vectors are copied in several blocks a layer.
        long = self.folder / "long.txt"
        long.write_text("a\n" + " ".join(["the bank"] * 1200) + "\nb c\n", encoding="utf-8")
        for options, counts in (((), (1, 3, 7)), (("--layout", "matrix"), (1, 3, 7)),
                                (("--dtype", "f16", "--layers", "top"), (3,)),
                                (("--layout", "matrix", "--dtype", "f16", "--words", listed), (3,)),
                                (("--words", listed, "--no-map"), (3,)),
                                (("--line-pool", "mean"), (3,)),
                                (("--line-pool", "last", "--layout", "matrix"), (3,)),
                                (("--batch-size", 512), (2,))):
            whole = self.folder / "whole.h5"
            text = long if "--batch-size" in options else self.text
            self.elmo(*self.words(*options, text=text, path="whole.h5"))
            for count in counts:
                with self.subTest(options=options, parts=count):
                    self.parts(count, *options, text=text)
                    self.assertFalse((self.folder / "v.h5").exists())
                    self.join()
                    self.assert_equal_files(whole, self.folder / "v.h5")
                    # Attributes, chunks and all else too.
                    self.assertEqual(whole.read_bytes(), (self.folder / "v.h5").read_bytes())
                    shutil.rmtree(self.folder / "v.h5.parts")
                    (self.folder / "v.h5").unlink()

    def test_parts_are_files_of_their_own(self):
        self.parts(3)
        lines = self.text.read_text(encoding="utf-8").splitlines()
        next_line = 0
        for i in range(3):
            with h5py.File(self.part(i, 3)) as file:
                self.assertEqual((file.attrs["shard"], file.attrs["shards"]), (i, 3))
                self.assertEqual(file.attrs["first_line"], next_line)
                count = file.attrs["lines"]
                for k in range(next_line, next_line + count):
                    self.assertEqual(file[str(k)].shape[1], len(lines[k].split()))
                next_line += count
            done = self.elmo("info", self.part(i, 3))
            self.assertIn("word vectors", done.stdout)
        self.assertEqual(next_line, len(lines))

    def test_more_parts_than_lines_compressed_text_and_skipped_lines(self):
        few = self.folder / "few.txt"
        few.write_text("a b\nc\n", encoding="utf-8")
        for layout in ("sentences", "matrix"):
            self.elmo(*self.words("--layout", layout, text=few, path="whole.h5"))
            self.parts(7, "--layout", layout, text=few)
            self.join()
            self.assert_equal_files(self.folder / "whole.h5", self.folder / "v.h5")
        shutil.rmtree(self.folder / "v.h5.parts")
        packed = self.folder / "text.gz"
        packed.write_bytes(gzip.compress(self.text.read_bytes()))
        self.elmo(*self.words(text=packed, path="whole.h5"))
        self.parts(3, text=packed)
        self.join()
        self.assert_equal_files(self.folder / "whole.h5", self.folder / "v.h5")
        broken = self.folder / "broken.txt"
        broken.write_bytes(b"".join(b"\xff bad\n" + line + b"\n" if i % 3 == 0 else line + b"\n"
                                    for i, line in enumerate(self.text.read_bytes().split(b"\n"))))
        for invalid in ("skip", "replace"):
            self.elmo(*self.words("--invalid", invalid, text=broken, path="whole.h5"))
            self.parts(5, "--invalid", invalid, text=broken)
            self.join_of(5)

    def join_of(self, count):
        for one in (self.folder / "v.h5.parts").iterdir():
            if not one.name.endswith(f"-of-{count:04}.h5"):
                one.unlink()
        self.join()
        self.assert_equal_files(self.folder / "whole.h5", self.folder / "v.h5")

    def test_sentences_as_keys(self):
        lines = sorted({line.strip() for line in
                        self.text.read_text(encoding="utf-8").splitlines() if line.strip()})
        unique = self.folder / "unique.txt"
        unique.write_text("\n".join(line.replace("/", "") for line in lines), encoding="utf-8")
        self.elmo(*self.words("--keys", "sentence", text=unique, path="whole.h5"))
        self.parts(3, "--keys", "sentence", text=unique)
        self.join()
        self.assert_equal_files(self.folder / "whole.h5", self.folder / "v.h5")
        twice = self.folder / "twice.txt"
        twice.write_text("a b\nc d e f g h\na b\n", encoding="utf-8")
        self.parts(3, "--keys", "sentence", text=twice)
        self.assertIn("the sentence 'a b' occurs twice", self.join(status=1))

    def test_killed_and_resumed(self):
        big = self.folder / "big.txt"
        big.write_text((self.text.read_text(encoding="utf-8") + "\n") * 60, encoding="utf-8")
        self.elmo(*self.words(text=big, path="whole.h5"))
        words = self.words("--shard", "1/2", text=big)
        start = time.monotonic()
        self.elmo(*self.words("--shard", "0/2", text=big))
        took = time.monotonic() - start
        self.killed(*words, after=took * 0.6)
        if not self.part(1, 2).exists():
            self.assertRegex(self.join(status=1),
                             r"1 of 2 parts is missing: 0001-of-0002.h5 \(--shard 1/2")
            self.elmo(*words, "--resume")
        # A part that is complete is left as it is.
        before = self.part(1, 2).stat()
        done = self.elmo(*words, "--resume")
        self.assertIn("complete already", done.stderr)
        self.assertEqual(self.part(1, 2).stat().st_ino, before.st_ino)
        done = self.elmo(*words, "--resume", "--layers", "top", status=2)
        self.assertIn("another --layers: all, not top", done.stderr)
        self.join()
        self.assert_equal_files(self.folder / "whole.h5", self.folder / "v.h5")

    def test_missing_and_foreign_parts_are_named(self):
        self.assertIn("holds no parts", self.join(status=1))
        self.parts(3)
        self.part(1, 3).unlink()
        self.assertIn("0001-of-0003.h5 (--shard 1/3)", self.join(status=1))
        self.elmo(*self.words("--shard", "1/3", "--layers", "top"))
        self.assertRegex(self.join(status=1),
                         "0001-of-0003.h5: is not of the same dump.*its --layers is top, not all")
        other = self.folder / "other.txt"
        other.write_text(self.text.read_text(encoding="utf-8") + "\nmore", encoding="utf-8")
        self.elmo(*self.words("--shard", "1/3", text=other))
        self.assertIn("its --input is", self.join(status=1))
        shutil.copy(self.part(0, 3), self.part(1, 3))
        self.assertIn("was renamed; its content says 0000-of-0003.h5", self.join(status=1))
        self.part(1, 3).write_bytes(b"no HDF5")
        self.assertIn("0001-of-0003.h5", self.join(status=1))
        with h5py.File(self.part(1, 3), "w") as file:
            file["0"] = numpy.zeros((2, 1, 128), numpy.float32)
        self.assertIn("0001-of-0003.h5: is not a part of a dump", self.join(status=1))
        self.elmo(*self.words("--shard", "1/3"))
        self.elmo(*self.words("--shard", "0/2"))
        self.assertIn("parts of different dumps", self.join(status=1))
        self.part(0, 2).unlink()
        self.join()

    def test_damage_to_a_part_is_found(self):
        for options in ((), ("--layout", "matrix")):
            self.parts(3, *options)
            good = self.part(1, 3).read_bytes()
            self.join()
            joined = (self.folder / "v.h5").read_bytes()
            for size in (0, 100, len(good) // 2, len(good) - 1):
                self.part(1, 3).write_bytes(good[:size])
                self.assertIn("0001-of-0003.h5", self.join(status=1))
            # What HDF5 does not read, such as room that is not used, may differ; nothing else.
            found = 0
            for at in range(64, len(good), len(good) // 20):
                self.part(1, 3).write_bytes(good[:at] + bytes([good[at] ^ 4]) + good[at + 1:])
                done = self.run_join()
                if done.returncode == 0:
                    self.assertEqual((self.folder / "v.h5").read_bytes(), joined, at)
                else:
                    self.assertEqual(done.returncode, 1, done.stderr)
                    self.assertIn("0001-of-0003.h5", done.stderr)
                    found += 1
            self.assertGreater(found, 12)
            self.part(1, 3).write_bytes(good)
            self.join()

    def run_join(self):
        import subprocess
        return subprocess.run([self.ELMO, "join", str(self.folder / "v.h5")], text=True,
                              capture_output=True, timeout=60)

    def test_what_makes_no_sense_is_refused(self):
        for options, message in ((("--shard", "3/3"), "--shard is auto or i/n"),
                                 (("--shard", "-1/3"), "--shard"),
                                 (("--shard", "1"), "--shard is auto or i/n"),
                                 (("--shard", "0/3", "--carry-state", 1), "--carry-state"),
                                 (("--shard", "0/3", "--static", 9), "--shard has an effect only"),
                                 (("--shard", "0/3", "--format", "npz"), "--shard has an effect"),
                                 (("--shard", "0/3", "--projector", self.folder), "--projector")):
            done = self.elmo(*self.words(*options), status=2)
            self.assertIn(message, done.stderr)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        done = self.elmo(*self.words("--shard", "0/3", text="-"), status=2, input="a\n", stdin=None)
        self.assertIn("--shard reads what lies before", done.stderr)
        done = self.elmo(*self.words("--shard", "0/3", text="/dev/stdin"), status=2, input="a\n",
                         stdin=None)
        self.assertIn("--shard reads what lies before", done.stderr)
        self.assertFalse((self.folder / "v.h5.parts").exists())

    def automatic(self, status=0, **variables):
        import os
        clean = {name: value for name, value in os.environ.items() if not LAUNCHERS.match(name)}
        return self.elmo(*self.words("--shard", "auto"), status=status,
                         env={**clean, **{name: str(value) for name, value in variables.items()}})

    def test_auto_reads_the_variables_of_launchers(self):
        array = {"SLURM_ARRAY_TASK_ID": 14, "SLURM_ARRAY_TASK_MIN": 10, "SLURM_ARRAY_TASK_MAX": 16,
                 "SLURM_ARRAY_TASK_STEP": 2, "SLURM_ARRAY_TASK_COUNT": 4}
        mpi = {"OMPI_COMM_WORLD_RANK": 1, "OMPI_COMM_WORLD_SIZE": 5}
        mpich = {"PMI_RANK": 0, "PMI_SIZE": 6}
        step = {"SLURM_PROCID": 6, "SLURM_STEP_NUM_TASKS": 7}
        # Each beside those that it goes before.
        for variables, part, source in (
                ({**array, **mpi, **mpich, **step}, (2, 4), "SLURM_ARRAY_TASK_ID"),
                ({**mpi, **mpich, **step}, (1, 5), "OMPI_COMM_WORLD_RANK"),
                ({**mpich, **step}, (0, 6), "PMI_RANK"), (step, (6, 7), "SLURM_PROCID")):
            done = self.automatic(**variables)
            self.assertIn(f"part {part[0]} of {part[1]}, says {source}", done.stderr)
            self.assertTrue(self.part(*part).exists())
        # A batch script outside srun: one process, whatever its job has.
        for variables, message in (({"SLURM_PROCID": 0, "SLURM_NTASKS": 8}, "finds no variables"),
                                   ({}, "finds no variables"),
                                   ({**array, "SLURM_ARRAY_TASK_COUNT": 3}, "don't follow"),
                                   ({"PMI_RANK": 3}, "PMI_SIZE is not set"),
                                   ({"PMI_RANK": "x", "PMI_SIZE": 2}, "PMI_RANK is 'x'"),
                                   ({"PMI_RANK": 2, "PMI_SIZE": 2}, "makes no sense")):
            done = self.automatic(status=2, **variables)
            self.assertIn(message, done.stderr)


if __name__ == "__main__":
    unittest.main()
