"""elmo bench: python3 bench_test.py ELMO."""
import json
import pathlib
import sys
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trained import ProgramTest, write_corpus  # noqa: E402

TINY = {"layers": 1, "hidden": 128, "projection": 64}


class BenchTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.text, self.vocabulary = self.folder / "text.txt", self.folder / "text.model"
        write_corpus(self.text)
        self.elmo("vocab", "--input", self.text, "--size", 1000, "--output", self.vocabulary)
        self.words = ["bench", "--preset", "tiny", "--input", self.text, "--vocab",
                      self.vocabulary, "--steps", 3, "--repeats", 2, "--batch-size", 16,
                      "--lines", 100, "--precision", "f32", "--threads", 2]

    def test_json_counts_what_the_formulas_say(self):
        report = json.loads(self.elmo(*self.words, "--json").stdout)
        ceiling = report["ceiling_gflops"]["f32"]
        self.assertGreater(ceiling, 0)
        cells = 9 * TINY["layers"] * TINY["hidden"] * TINY["projection"]
        softmax = 1000 * TINY["projection"]
        flop = {"train": 6 * (cells + softmax), "dump": 2 * cells}
        self.assertEqual(report["flop_per_unit"], flop)
        for work in ("train", "dump"):
            speed = report[work]
            self.assertGreater(speed["units_per_second"], speed["words_per_second"])
            seconds = sum(speed["phases_seconds"].values())
            for what in ("words", "units"):
                self.assertAlmostEqual(speed[what + "_per_second"] * seconds, speed[what])
            self.assertAlmostEqual(speed["gflops"], 1e-9 * flop[work] * speed["units_per_second"])
            self.assertTrue(0 < speed["share"] < 1.5, speed)
        train = report["train"]
        seconds = sum(second * (3 / 1000 if name == "checkpoint" else 1)
                      for name, second in train["phases_seconds"].items())
        self.assertAlmostEqual(train["long_run_units_per_second"] * seconds, train["units"])
        self.assertGreater(train["long_run_share"], train["share"])
        self.assertEqual(report["train"]["units"], 2 * 3 * 16 * 20)  # directions, steps, B, T
        lines = self.text.read_text().splitlines()[:100]
        self.assertEqual(report["dump"]["words"], sum(len(line.split()) for line in lines))
        self.assertGreater(report["dump"]["units"], 2 * report["dump"]["words"])
        self.assertGreaterEqual(report["train"]["phases_seconds"].keys(),
                                {"reading", "forward", "softmax", "backward", "weight gradients",
                                 "optimiser", "packing", "checkpoint"})
        self.assertGreaterEqual(report["dump"]["phases_seconds"].keys(),
                                {"reading", "embedding", "writing", "joining"})
        self.assertLessEqual(report["latency_milliseconds"]["median"],
                             report["latency_milliseconds"]["p99"])

    def test_table_and_nothing_left_behind(self):
        scratch = self.folder / "tmp"
        scratch.mkdir()
        shown = self.elmo(*self.words, env={"TMPDIR": str(scratch)}).stdout
        for part in ("ceiling: ", "of the ceiling", "pretrain ", "dump ", "weight gradients"):
            self.assertIn(part, shown)
        self.assertEqual(list(scratch.iterdir()), [])


if __name__ == "__main__":
    ProgramTest.ELMO = sys.argv.pop(1)
    unittest.main()
