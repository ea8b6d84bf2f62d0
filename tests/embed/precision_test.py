"""bf16 on every CPU, end to end: python3 precision_test.py ELMO [unittest options]."""
import os
import pathlib
import re
import sys
import unittest

import h5py
import numpy

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trained import ANY_LENGTH, ProgramTest, write_corpus  # noqa: E402

# Under it bf16 products are made in f32, whatever the CPU has.
WITHOUT_BF16 = {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}


class PrecisionTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.text = write_corpus(self.folder / "text.txt", 200)
        self.vocabulary = self.folder / "text.model"
        self.elmo("vocab", "--size", 1000, "--input", self.text, "--output", self.vocabulary)

    def train(self, name, *options, **more):
        model = self.folder / name
        done = self.elmo("pretrain", "--direction", "both", "--preset", "tiny", "--vocab",
                         self.vocabulary, "--input", self.text, "--output", model,
                         "--batch-size", 70, "--optimizer", "adam", "--learning-rate", 0.01,
                         "--precision", "bf16", *ANY_LENGTH, *options, **more)
        return model, done.stderr

    def perplexity(self, model, precision):
        output = self.elmo("perplexity", "--model", model, "--input", self.text, "--precision",
                           precision, "--json").stdout
        return float(re.search(r'"perplexity_unit": ([0-9.]+)', output)[1])

    def assert_equal_models(self, first, second):
        for name in ("forward.h5", "backward.h5"):
            self.assert_equal_files(first / name, second / name)

    def test_training_has_the_same_bits_with_any_threads_and_after_a_stop(self):
        one, _ = self.train("one", "--steps", 12, "--threads", 1)
        two, _ = self.train("two", "--steps", 12, "--threads", 4)
        self.assert_equal_models(one, two)
        resumed, _ = self.train("resumed", "--steps", 5)
        self.train("resumed", "--resume", "--steps", 12)
        self.assert_equal_models(one, resumed)

    def test_a_dump_has_the_same_bits_in_any_batch_order_and_number_of_threads(self):
        model, _ = self.train("model", "--steps", 12)
        lines = self.text.read_text(encoding="utf-8").splitlines()
        backwards = self.folder / "backwards.txt"
        backwards.write_text("\n".join(reversed(lines)) + "\n", encoding="utf-8")
        vectors = []
        for text, options in ((self.text, ("--threads", 1)),
                              (self.text, ("--threads", 3, "--batch-size", 50)),
                              (backwards, ("--batch-size", 333))):
            path = self.folder / "vectors.h5"
            self.elmo("dump", "--model", model, "--input", text, "--output", path, "--no-map",
                      "--precision", "bf16", *options)
            with h5py.File(path) as file:
                vectors.append([file[str(i)][()].tobytes() for i in range(len(lines))])
            path.unlink()
        self.assertEqual(vectors[0], vectors[1])
        self.assertEqual(vectors[0], vectors[2][::-1])

    def test_bf16_and_f32_give_nearly_one_perplexity(self):
        model, _ = self.train("model", "--steps", 60)
        f32, bf16 = self.perplexity(model, "f32"), self.perplexity(model, "bf16")
        self.assertNotEqual(f32, bf16)
        # 8 bits of a state and a weight are kept; a logit of 10 is then off by 10 x 2^-8 at worst,
        # by its square root over the 64 products of random sign.
        self.assertAlmostEqual(bf16 / f32, 1, delta=0.02)

    def test_native_and_emulated_products_agree(self):
        """Products of two bf16 numbers are exact in f32 and only their sums are rounded apart, which
        now and then tips the rounding of a stored state: by 2^-8 of it. Some of a row's 64 inputs
        tip, at most all, of random sign, so a result is off by 2^-8 of the largest state or so."""
        emulated = {**os.environ, **WITHOUT_BF16}
        model, _ = self.train("model", "--steps", 60)
        values = []
        for name, environment in (("native", None), ("emulated", emulated)):
            path = self.folder / f"{name}.h5"
            self.elmo("dump", "--model", model, "--input", self.text, "--output", path,
                      "--precision", "bf16", "--layout", "matrix", env=environment)
            with h5py.File(path) as file:
                values.append(file["vectors"][()])
        largest = abs(values[0]).max()
        difference = abs(values[0] - values[1])
        self.assertLess(difference.max(), 2 ** -5 * largest)
        self.assertLess(numpy.sqrt((difference ** 2).mean()), 2 ** -8 * largest)
        trained, warning = self.train("emulated", "--steps", 60, env=emulated)
        self.assertEqual(warning.count("has no bf16 instructions"), 1)
        ratio = self.perplexity(trained, "f32") / self.perplexity(model, "f32")
        self.assertAlmostEqual(ratio, 1, delta=0.02)


if __name__ == "__main__":
    PrecisionTest.ELMO = sys.argv.pop(1)
    unittest.main()
