"""Weights in the official format: python3 official_test.py ELMO [unittest options]."""
import json
import pathlib
import shutil
import sys
import unittest

import h5py
import numpy

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "support"), str(TESTS / "reference")]
from official_elmo import OfficialElmo, character_ids, write_model  # noqa: E402
from trained import ProgramTest, datasets  # noqa: E402

LINES = ["the cat sat on the mat", "그 배를 타고 강을 건넜다", "", "😀 <S> </S> naïve",
         "x" * 60 + " " + "가" * 17 + " a", "the", "배 배 배 the"]


class OfficialTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.text = self.folder / "text.txt"
        self.text.write_text("\n".join(LINES) + "\n", encoding="utf-8")

    def pair(self, **shape):
        return write_model(self.folder / "official", **shape)

    def assert_vectors(self, path, expected, tolerance=2e-6):
        with h5py.File(path) as file:
            for i, vectors in enumerate(expected):
                if vectors is None:
                    self.assertEqual(file[str(i)].shape[1], 0)
                    continue
                self.assertEqual(file[str(i)].shape, vectors.shape)
                worst = abs(file[str(i)][()] - vectors).max()
                self.assertLess(worst, tolerance, LINES[i])

    def check(self, vocabulary=None, carry=0, **shape):
        options, weights = self.pair(**shape)
        more = []
        if vocabulary:
            path = self.folder / "vocab.txt"
            path.write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
            more = ["--vocab", path]
        expected = OfficialElmo(options, weights, vocabulary).embed_all(
            [line.split() for line in LINES], carry)
        common = ["--input", self.text, "--carry-state", carry]
        direct, own = self.folder / "direct.h5", self.folder / "own.h5"
        self.elmo("dump", "--options", options, "--weights", weights, *more, *common,
                  "--output", direct)
        self.assert_vectors(direct, expected)
        model = self.folder / "model"
        self.elmo("import", "--options", options, "--weights", weights, *more, "--output", model)
        self.elmo("dump", "--model", model, *common, "--output", own)
        self.assert_equal_files(direct, own)
        back = self.folder / "back"
        self.elmo("export", "--model", model, "--output", back)
        renamed = {name.replace("/RNN/LSTMCell", "/RNN/MultiRNNCell/Cell0/LSTMCell"): values
                   for name, values in datasets(weights).items()}
        self.assertEqual(datasets(back / "model.hdf5"), renamed)
        written = json.loads((back / "options.json").read_text())
        read = json.loads(options.read_text())
        for key, value in read["lstm"].items():
            self.assertAlmostEqual(written["lstm"][key], value, places=6)
        if "char_cnn" in read:
            self.assertEqual(written["char_cnn"], {**read["char_cnn"], "n_characters": 262})
        self.assertEqual((back / "vocab.txt").exists(), bool(vocabulary))

    def test_ids_of_the_reference(self):
        self.assertEqual(character_ids("한"), [259, 238, 150, 157, 260] + [261] * 45)

    def test_the_official_shape(self):
        self.check()

    def test_other_shapes(self):
        for shape in ({"skip": False, "activation": "tanh", "characters": 261},
                      {"layers": 1, "highways": 1}, {"layers": 3, "highways": 0, "seed": 3},
                      {"projection": 15, "project": False, "seed": 4},
                      {"layers": 1, "bare_cell": True}, {"rows": 262, "seed": 5},
                      {"clips": (3, 3), "gain": 1.0, "seed": 6}):
            with self.subTest(**shape):
                self.check(**shape)
                for folder in ("model", "back"):
                    shutil.rmtree(self.folder / folder)

    def test_compressed_weights(self):
        options, weights = self.pair()
        packed = self.folder / "packed.hdf5"
        with h5py.File(weights) as file, h5py.File(packed, "w") as target:
            for name in datasets(weights):
                target.create_dataset(name, data=file[name][()], compression="gzip")
        for path in (weights, packed):
            self.elmo("import", "--options", options, "--weights", path, "--output",
                      self.folder / path.stem)
        for name in ("forward.h5", "backward.h5"):
            self.assert_equal_files(self.folder / "weights" / name, self.folder / "packed" / name)

    def test_a_vector_a_word(self):
        self.check(vocabulary=["<S>", "</S>", "<UNK>", "the", "cat", "배를", "a"], words=7)

    def test_carried_state(self):
        for carry in (1, 3):
            with self.subTest(carry=carry):
                self.check(carry=carry)
                for folder in ("model", "back"):
                    shutil.rmtree(self.folder / folder)

    def test_cache_changes_no_bits(self):
        options, weights = self.pair()
        words = self.folder / "words.txt"
        words.write_text("the\n배를\n")
        outputs = []
        for more in ([], ["--cache-size", 0, "--batch-size", 1], ["--cache-words", words],
                     ["--threads", 1, "--cache-size", 2]):
            outputs.append(self.folder / f"{len(outputs)}.h5")
            done = self.elmo("dump", "--options", options, "--weights", weights, "--input",
                             self.text, "--output", outputs[-1], *more)
            self.assertRegex(done.stderr, r"% of the words were in the cache, \d+ were encoded")
        for other in outputs[1:]:
            self.assert_equal_files(outputs[0], other)

    def test_neighbors_info_and_what_needs_a_softmax(self):
        options, weights = self.pair()
        official = ["--options", options, "--weights", weights]
        shown = self.elmo("neighbors", *official, "--input", self.text, "--query",
                          "그 [배]를 타고", "--count", 2).stdout
        self.assertEqual(len(shown.splitlines()), 2)
        info = json.loads(self.elmo("info", *official, "--json").stdout)
        self.assertEqual(info["settings"]["layers"], 2)
        self.assertEqual(info["readers"], ["elmo", "AllenNLP", "bilm-tf", "simple_elmo"])
        model = self.folder / "model"
        self.elmo("import", *official, "--output", model)
        for command in ("perplexity", "score"):
            done = self.elmo(command, "--model", model, "--input", self.text, status=1)
            self.assertIn("no softmax", done.stderr)

    def test_what_peers_do_not_load(self):
        every = {"AllenNLP", "bilm-tf", "simple_elmo"}
        for shape, part, able in (
                ({"layers": 1, "bare_cell": True}, "MultiRNNCell", set()),
                ({"rows": 262}, "262 characters", {"AllenNLP"}),
                ({"skip": False}, "skip", every - {"AllenNLP"}),
                ({"highways": 0}, "highway", every - {"AllenNLP"}),
                ({"cells": 6}, "cells", {"AllenNLP"}),
                ({"projection": 15, "cells": 16}, "filters", {"AllenNLP"}),
                ({"projection": 15, "cells": 16, "project": False}, "projection",
                 every - {"AllenNLP"})):
            options, weights = self.pair(**shape)
            info = json.loads(self.elmo("info", "--options", options, "--weights", weights,
                                        "--json").stdout)
            self.assertEqual(set(info["readers"]), {"elmo", *able})
            self.assertEqual(set(info["no_readers"]), every - able)
            for reason in info["no_readers"].values():
                self.assertIn(part, reason)
        model, official = self.folder / "model", self.folder / "exported"
        self.elmo("import", "--options", options, "--weights", weights, "--output", model)
        done = self.elmo("export", "--model", model, "--output", official)
        self.assertRegex(done.stderr, "AllenNLP can't load it, for it has no projection")
        self.assertRegex(done.stderr, "bilm-tf and simple_elmo can load it")

    def test_bad_files(self):
        options, weights = self.pair()
        content = weights.read_bytes()
        plain = json.loads(options.read_text())

        def change(edit):
            weights.write_bytes(content)
            with h5py.File(weights, "r+") as file:
                edit(file)

        def replace(name, value):
            def edit(file):
                del file[name]
                if value is not None:
                    file[name] = value
            return edit

        cell = "RNN_0/RNN/MultiRNNCell/Cell0/LSTMCell/"
        nan = numpy.full(24 * 2, numpy.nan, "f4")
        padded = numpy.vstack([numpy.zeros((1, 3)), numpy.ones((261, 3))]).astype("f4")

        def claim(file):
            del file["CNN_proj/b_proj"]
            file.create_dataset("CNN_proj/b_proj", shape=(25_000_000_000,), dtype="f4",
                                chunks=(1 << 20,))

        for edit, part in (
                (lambda: change(replace(cell + "B", None)), cell + "B is missing"),
                (lambda: change(replace("CNN_proj/W_proj", None)), "CNN_proj/W_proj is missing"),
                (lambda: change(replace("CNN/b_cnn_0", numpy.zeros(5, "f4"))), "has shape (5,)"),
                (lambda: change(replace("CNN/b_cnn_0", numpy.zeros(4, "f8"))), "float64"),
                (lambda: change(replace(cell + "B", nan)), "nan"),
                (lambda: change(replace("char_embed", None)), "no ELMo weights"),
                (lambda: change(replace("char_embed", padded)), "padding row"),
                (lambda: change(replace("char_embed", padded[:260])), "wants (261, 3)"),
                (lambda: change(replace("char_embed", padded[0, 0])), "wants (261, 3)"),
                (lambda: change(claim), "CNN_proj/b_proj"),
                (lambda: weights.write_bytes(content[:len(content) // 2]), str(weights)),
                (lambda: weights.write_bytes(b""), str(weights)),
                (lambda: weights.write_text("no HDF5"), str(weights))):
            edit()
            done = self.elmo("import", "--options", options, "--weights", weights, "--output",
                             self.folder / "bad", status=1)
            self.assertIn(part, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertFalse((self.folder / "bad").exists())
        weights.write_bytes(content)

        def options_with(*keys, value):
            changed = json.loads(json.dumps(plain))
            at = changed
            for key in keys[:-1]:
                at = at[key]
            at[keys[-1]] = value
            return json.dumps(changed)

        for text, part in (
                ("{", "not a JSON object"), ("[]", "not a JSON object"), ("{}", "is missing"),
                (options_with("lstm", "dim", value=13), "has shape"),
                (options_with("lstm", "dim", value=60_000), "speaks of"),
                (options_with("lstm", "dim", value="12"), "lstm.dim"),
                (options_with("lstm", "n_layers", value=3), "is missing"),
                (options_with("lstm", "n_layers", value=1), "does not speak of"),
                (options_with("char_cnn", "n_highway", value=1), "does not speak of"),
                (options_with("lstm", "dim", value="DEEP").replace(
                    '"DEEP"', "[" * 100_000 + "]" * 100_000), "not a JSON object"),
                (options_with("token_embedder", value={}), "ELMoForManyLangs"),
                (options_with("char_cnn", "n_characters", value=300), "not 261 or 262"),
                (options_with("char_cnn", "activation", value="gelu"), "neither relu nor tanh"),
                (options_with("char_cnn", "filters", value=[[60, 4]]), "a filter's width"),
                (options_with("char_cnn", "filters", value=[4]), "[width, count]"),
                (options_with("char_cnn", "n_highway", value=-1), "n_highway")):
            options.write_text(text)
            done = self.elmo("import", "--options", options, "--weights", weights, "--output",
                             self.folder / "bad", status=1)
            self.assertIn(part, done.stderr, text)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_what_is_refused(self):
        options, weights = self.pair()
        pickle = self.folder / "encoder.pkl"
        pickle.write_bytes(b"PK")
        done = self.elmo("import", "--options", options, "--weights", pickle, "--output",
                         self.folder / "bad", status=1)
        self.assertIn("ELMoForManyLangs", done.stderr)
        done = self.elmo("dump", "--options", options, "--input", self.text, "--output", "x.h5",
                         status=2)
        self.assertIn("both --options and --weights", done.stderr)
        words_options, words_weights = write_model(self.folder / "words", words=7)
        done = self.elmo("import", "--options", words_options, "--weights", words_weights,
                         "--output", self.folder / "bad", status=1)
        self.assertIn("--vocab", done.stderr)
        # Two imports put together: two encoders, which the format has no place for.
        first, second = self.folder / "first", self.folder / "second"
        self.elmo("import", "--options", options, "--weights", weights, "--output", first)
        options, weights = self.pair(seed=2)
        self.elmo("import", "--options", options, "--weights", weights, "--output", second)
        shutil.copy(second / "backward.h5", first / "backward.h5")
        done = self.elmo("export", "--model", first, "--output", self.folder / "bad", status=1)
        self.assertIn("two different ones", done.stderr)
        # They embed all the same, each by its own.
        self.elmo("dump", "--model", first, "--input", self.text, "--output",
                  self.folder / "two.h5")
        reference = OfficialElmo(options, weights)
        with h5py.File(self.folder / "two.h5") as file:
            expected = reference.embed(LINES[0].split())[:, :, 6:]
            self.assertLess(abs(file["0"][()][:, :, 6:] - expected).max(), 2e-6)


if __name__ == "__main__":
    ProgramTest.ELMO = sys.argv.pop(1)
    unittest.main()
