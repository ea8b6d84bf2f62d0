"""Official weights that are trained on under a new softmax: python3 new_softmax_test.py ELMO."""
import json
import pathlib
import shutil
import sys
import unittest

import h5py

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "support"), str(TESTS / "reference")]
import efml  # noqa: E402
from official_elmo import write_model  # noqa: E402
from trained import ANY_LENGTH, ProgramTest, datasets  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)
DIRECTIONS = ("forward", "backward")


class NewSoftmaxTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share(200, size=0)
        cls.words = cls.shared / "words.txt"
        cls.elmo("vocab", "--type", "word", "--input", cls.corpus, "--size", 200, "--output",
                 cls.words)
        cls.official, cls.imported = cls.shared / "official", cls.shared / "imported"
        options, weights = write_model(cls.official, gain=0.5, clips=(3, 3), rows=262)
        cls.elmo("import", "--options", options, "--weights", weights, "--output", cls.imported)

    def settings(self, name, steps, *more, init=None):
        return ("pretrain", "--direction", "both", "--init", init or self.official, "--input",
                self.corpus, "--output", self.folder / name, "--steps", steps, "--batch-size", 6,
                "--unroll", 7, "--checkpoint-every", 5, "--learning-rate", 0.05,
                *ANY_LENGTH, *more)

    def pretrain(self, name, steps, *more, init=None, **options):
        return self.elmo(*self.settings(name, steps, "--vocab", self.words, *more, init=init),
                         **options)

    def weights(self, folder, direction):
        """Of all that is learned: the softmax's, and the rest."""
        all_of_it = {name: values for name, values in datasets(folder / f"{direction}.h5").items()
                     if not name.startswith("vocabulary/")}
        softmax = {name: values for name, values in all_of_it.items() if name.startswith("softmax/")}
        return softmax, {name: values for name, values in all_of_it.items() if name not in softmax}

    def assert_equal_models(self, first, second):
        for direction in DIRECTIONS:
            for name in (f"{direction}.h5", f"{direction}.checkpoint.h5"):
                self.assert_equal_files(self.folder / first / name, self.folder / second / name)

    def test_the_softmax_alone_moves_first_and_then_everything(self):
        for optimizer in ("adagrad", "adam"):
            name = optimizer
            last = {}
            for steps in (2, 6, 7):
                more = ("--resume",) if last else ()
                self.pretrain(name, steps, "--freeze-steps", 6, "--optimizer", optimizer, *more)
                for direction in DIRECTIONS:
                    _, official = self.weights(self.imported, direction)
                    softmax, below = self.weights(self.folder / name, direction)
                    self.assertEqual(len(softmax), 2)
                    self.assertEqual(below.keys(), official.keys())
                    if steps <= 6:
                        self.assertEqual(below, official)
                    else:
                        # Of a character that no word has, and what it alone would move, aside.
                        still = [key for key in below if below[key] == official[key]]
                        self.assertEqual(still, [])
                    for key, values in last.get(direction, {}).items():
                        self.assertNotEqual(values, softmax[key])
                    last[direction] = softmax

    def test_a_folder_and_its_import_give_the_same_bits(self):
        self.pretrain("raw", 8, "--freeze-steps", 4)
        done = self.pretrain("own", 8, "--freeze-steps", 4, init=self.imported)
        for direction in DIRECTIONS:
            self.assertIn(f"{direction}: the new softmax over 200 words is trained alone up to step "
                          "4", done.stderr)
            self.assertIn(f"{direction} step 4: all weights are trained from now on", done.stderr)
            self.assert_equal_files(*(self.folder / name / f"{direction}.h5"
                                      for name in ("raw", "own")))
        done = self.elmo("perplexity", "--model", self.folder / "own", "--input", self.corpus,
                         "--json")
        self.assertLess(json.loads(done.stdout)["forward"]["perplexity_unit"], 200)
        self.elmo("dump", "--model", self.folder / "own", "--input", self.corpus, "--output",
                  self.folder / "vectors.h5")

    def test_resumed_across_the_boundary_equals_uninterrupted(self):
        for name, more in (("plain", ()), ("adam", ("--optimizer", "adam", "--samples", 50)),
                           ("shared", ("--share-encoder",))):
            with self.subTest(name):
                more = ("--freeze-steps", 7, *more)
                self.pretrain(f"{name}-whole", 12, *more)
                part = f"{name}-part"
                for steps in (4, 7, 9, 12):
                    self.pretrain(part, steps, *more, *(("--resume",) if steps > 4 else ()))
                self.assert_equal_models(f"{name}-whole", part)

    def test_a_shared_encoder_stays_one_and_can_be_exported(self):
        self.pretrain("model", 6, "--freeze-steps", 3, "--share-encoder")
        self.elmo("export", "--model", self.folder / "model", "--output", self.folder / "back")
        again = self.folder / "again"
        self.pretrain("again", 4, "--freeze-steps", 2, init=self.folder / "back")
        self.assertTrue((again / "forward.h5").exists())

    def test_a_vector_a_word_predicts_its_own_words(self):
        words = self.words.read_text(encoding="utf-8").split("\n")[:-1]
        official = self.folder / "words"
        write_model(official, words=len(words), gain=0.5, clips=(3, 3))
        done = self.elmo(*self.settings("none", 4, init=official), status=1)
        self.assertIn("pass their word list by --vocab", done.stderr)
        self.pretrain("model", 4, "--freeze-steps", 2, init=official)
        with h5py.File(self.folder / "model" / "forward.h5") as file:
            self.assertEqual(file["softmax/weights"].shape[0], len(words))

    def test_what_makes_no_sense_is_refused(self):
        own = self.shared / "own"
        if not own.exists():
            self.pretrain("own", 2, "--freeze-steps", 1)
            shutil.copytree(self.folder / "own", own)
        done = self.elmo(*self.settings("a", 2), status=2)
        self.assertIn("official weights have no softmax; pass the list of the words", done.stderr)
        done = self.elmo(*self.settings("a", 2, "--freeze-steps", 5, init=own), status=2)
        self.assertIn("has a softmax of its own; leave --freeze-steps out", done.stderr)
        done = self.elmo("pretrain", "--direction", "both", "--input", self.corpus, "--output",
                         self.folder / "a", "--vocab", self.words, "--freeze-steps", 3, status=2)
        self.assertIn("--freeze-steps", done.stderr)
        self.pretrain("b", 3, "--freeze-steps", 2)
        done = self.pretrain("b", 5, "--freeze-steps", 4, "--resume", status=2)
        self.assertIn("--freeze-steps: 2, not 4", done.stderr)
        other = self.folder / "other"
        write_model(other, seed=2, gain=0.5)
        done = self.pretrain("b", 5, "--resume", init=other, status=2)
        self.assertIn("another --init", done.stderr)

    def test_models_of_elmo_for_many_langs_are_refused_in_one_sentence(self):
        raw, imported = self.folder / "efml", self.folder / "imported"
        efml.write_model(raw, efml.random_model())
        self.elmo("import", "--efml", raw, "--output", imported)
        for folder in (raw, imported):
            done = self.pretrain("model", 2, init=folder, status=1)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
            self.assertIn("is a model of ELMoForManyLangs, which pretrain can't continue",
                          done.stderr)
            self.assertFalse((self.folder / "model" / "forward.h5").exists())


if __name__ == "__main__":
    unittest.main()
