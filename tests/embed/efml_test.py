"""Models of ELMoForManyLangs of our own making: python3 efml_test.py ELMO [unittest options]."""
import json
import pathlib
import shutil
import sys
import unittest

import h5py
import numpy

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "support"), str(TESTS / "reference")]
from efml import CHARACTERS, PUBLISHED, WORDS, Efml, legacy_file, random_model, write_model, \
    zip_file  # noqa: E402
from trained import ProgramTest  # noqa: E402

LINES = ["the cat the", "배를 a <bos> <eos> <oov> <pad> <pad>x", "", "😀 naïve e\u0301 ㅋㅋ",
         "y" * 47 + " " + "y" * 48 + " " + "y" * 60 + " " + "배" * 60, "a"]


class EfmlTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.text = self.folder / "text.txt"
        self.write(LINES)
        self.source, self.model = self.folder / "efml", self.folder / "model"

    def write(self, lines):
        self.text.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def dump(self, *words, model=None):
        output = self.folder / "out.h5"
        done = self.elmo("dump", "--model", model or self.source, "--input", self.text, "--output",
                         output, *words)
        with h5py.File(output) as file:
            return [file[str(i)][()] for i in range(len(file) - 1)], done.stderr

    def assert_vectors(self, got, expected, tolerance=1e-5):
        self.assertEqual(len(got), len(expected))
        for vectors, wanted in zip(got, expected):
            self.assertEqual(vectors.shape, wanted.shape)
            if wanted.size:
                self.assertLess(abs(vectors - wanted).max(), tolerance)

    def check(self, write=legacy_file, **shape):
        model = random_model(**shape)
        write_model(self.source, model, write)
        reference = Efml(model)
        expected = [reference.embed(line.split()) for line in LINES]
        got, _ = self.dump()
        self.assert_vectors(got, expected)
        self.elmo("import", "--efml", self.source, "--output", self.model)
        raw, own = self.folder / "raw.h5", self.folder / "own.h5"
        for source, output in ((self.source, raw), (self.model, own)):
            self.elmo("dump", "--model", source, "--input", self.text, "--output", output)
        self.assert_equal_files(raw, own)

    def test_shapes(self):
        for shape in ({}, {"write": zip_file, "seed": 2}, {"character_dimension": 0},
                      {"word_dimension": 0, "activation": "tanh"},
                      {"layers": 1, "highways": 0, "clips": (0, None)},
                      {"layers": 3, "positions": 11, "filters": ((11, 3), (2, 5))}):
            with self.subTest(**shape):
                self.check(**shape)
                for folder in (self.source, self.model):
                    shutil.rmtree(folder)

    def test_carried_state(self):
        model = random_model()
        reference, state, expected = Efml(model), {}, []
        write_model(self.source, model)
        for line in LINES:  # an empty sentence has its two ends
            expected.append(reference.embed(line.split(), state))
        self.assert_vectors(self.dump("--carry-state", 1)[0], expected)

    def test_cache_batches_and_threads_change_no_bits(self):
        write_model(self.source, random_model())
        words = self.folder / "words.txt"
        words.write_text("the\n배를\n")
        outputs = []
        for more in ([], ["--cache-size", 0, "--batch-size", 1], ["--cache-words", words],
                     ["--threads", 1, "--cache-size", 2]):
            outputs.append(self.folder / f"{len(outputs)}.h5")
            self.elmo("dump", "--model", self.source, "--input", self.text, "--output",
                      outputs[-1], *more)
        for other in outputs[1:]:
            self.assert_equal_files(outputs[0], other)

    def test_two_layouts_have_equal_bits(self):
        model = random_model()
        hashes = []
        for name, write in (("legacy", legacy_file), ("zip", zip_file)):
            write_model(self.folder / name, model, write)
            self.elmo("import", "--efml", self.folder / name, "--output", self.folder / ("own" + name))
            info = json.loads(self.elmo("info", self.folder / ("own" + name), "--json").stdout)
            hashes.append([file["hash"] for file in info["files"]])
        self.assertEqual(hashes[0], hashes[1])

    def test_double_and_half_precision(self):
        model = random_model()
        for kind in ("f8", "f2"):
            write_model(self.source, {
                **model, "encoder": {k: v.astype(kind) for k, v in model["encoder"].items()}})
            rounded = {**model, "encoder": {k: v.astype(kind).astype("f4")
                                            for k, v in model["encoder"].items()}}
            expected = [Efml(rounded).embed(line.split()) for line in LINES]
            self.assert_vectors(self.dump()[0], expected)

    def test_the_architecture(self):
        model = random_model()
        write_model(self.source, model, with_architecture=False)
        done = self.elmo("info", self.source, status=1)
        self.assertIn("the architecture of the published models wants", done.stderr)
        self.assertIn(PUBLISHED, done.stderr)
        # A relative path that is there goes before the name alone.
        (self.source / "configs").mkdir()
        (self.source / "configs" / "own.json").write_text(json.dumps(model["architecture"]))
        (self.source / "config.json").write_text('{"config_path": "configs/own.json"}')
        info = json.loads(self.elmo("info", self.source, "--json").stdout)
        self.assertTrue(info["architecture"].endswith("configs/own.json"))
        self.assertEqual(info["dictionaries"],
                         {"words": len(WORDS), "characters": len(set(CHARACTERS))})
        self.assertEqual(info["settings"]["layers"], 2)
        self.assertEqual(info["readers"], ["elmo", "elmoformanylangs"])
        self.assertEqual(info["parameters"], sum(
            v.size for part in ("tokens", "encoder") for v in model[part].values()))

    def test_splits_are_stored(self):
        model = random_model()
        write_model(self.source, model)
        self.write(["New York\tthe", "\t", " \t", "the\tNew York\t"])
        expected = [Efml(model).embed(words) for words in
                    (["New York", "the"], [], [], ["the", "New York"])]
        self.assert_vectors(self.dump("--split", "tabs")[0], expected)
        self.elmo("import", "--efml", self.source, "--output", self.model, "--split", "tabs")
        self.assert_vectors(self.dump(model=self.model)[0], expected)
        listed = self.folder / "list.txt"
        listed.write_text("New York\n")
        output = self.folder / "listed.h5"
        self.elmo("dump", "--model", self.model, "--input", self.text, "--output", output,
                  "--words", listed, "--layers", "top", "--layout", "matrix")
        with h5py.File(output) as file:
            self.assertEqual(file["vectors"].shape[0], 2)
        with h5py.File(self.model / "forward.h5") as file:
            self.assertEqual(file.attrs["format_version"], 2)

    def test_normalisation(self):
        model = random_model()
        write_model(self.source, model)
        reference = Efml(model)
        self.write(["ㅋㅋ ｔｈｅ … ，"])
        for how, words in (("none", ["ㅋㅋ", "ｔｈｅ", "…", "，"]),
                           ("width", ["ㅋㅋ", "the", "…", ","]),
                           ("nfkc", ["ᄏᄏ", "the", "...", ","])):
            expected = [reference.embed(words)]
            self.assert_vectors(self.dump("--normalize", how)[0], expected)
            self.elmo("import", "--efml", self.source, "--output", self.model, "--normalize", how,
                      "--overwrite")
            got, log = self.dump(model=self.model)
            self.assert_vectors(got, expected)
            self.assertEqual("--normalize nfkc would find" in log, how == "none")
        output = self.folder / "keys.h5"
        self.elmo("dump", "--model", self.model, "--input", self.text, "--output", output,
                  "--keys", "sentence")
        with h5py.File(output) as file:
            self.assertIn("ㅋㅋ ｔｈｅ … ，", file)

    def test_what_the_dictionaries_lack_is_said(self):
        write_model(self.source, random_model())
        self.write(["the cat", "the ，，", "xq"])
        log = self.dump()[1]
        # q and two commas of 3 + 3 + 3 + 2 + 2 characters; xq and the commas of 5 words.
        self.assertIn("lack 23.08 % of the characters and 40.00 % of the words", log)
        self.assertIn("--normalize width would find 2 of the 3 characters", log)
        log = self.dump("--normalize", "width")[1]
        self.assertIn("lack 7.69 % of the characters and 40.00 % of the words", log)
        self.assertNotIn("would find", log)
        done = self.elmo("neighbors", "--model", self.source, "--input", self.text, "--query",
                         "the [cat]")
        self.assertIn("of the characters", done.stderr)

    def test_what_can_not_be_done_is_said(self):
        model = random_model()
        write_model(self.source, model)
        self.elmo("import", "--efml", self.source, "--output", self.model)
        for folder in (self.source, self.model):
            for command in ("perplexity", "score"):
                done = self.elmo(command, "--model", folder, "--input", self.text, status=1)
                self.assertIn("softmax", done.stderr)
                self.assertIn("ELMoForManyLangs", done.stderr)
        done = self.elmo("export", "--model", self.model, "--output", self.folder / "x", status=1)
        self.assertIn("dictionaries", done.stderr)
        for words, part in ((["--efml", self.source, "--weights", "w", "--options", "o"], "not both"),
                            (["--efml", self.source, "--vocab", "v"], "word.dic"),
                            (["--options", "o", "--weights", "w", "--split", "tabs"], "--efml"),
                            (["--options", "o"], "both --options and --weights"),
                            ([], "--efml"),
                            (["--efml", self.source, "--normalize", "nfc"], "none, nfkc or width")):
            done = self.elmo("import", *words, "--output", self.folder / "x", status=2)
            self.assertIn(part, done.stderr)
        done = self.elmo("dump", "--model", self.model, "--input", self.text, "--output", "x.h5",
                         "--normalize", "nfkc", status=2)
        self.assertIn("of ELMoForManyLangs itself", done.stderr)
        done = self.elmo("import", "--efml", self.source, "--output", self.model, status=1)
        self.assertIn("--overwrite", done.stderr)

    def assert_refused(self, part):
        for command in (["info", self.source],
                        ["import", "--efml", self.source, "--output", self.folder / "bad"]):
            done = self.elmo(*command, status=1)
            self.assertIn(part, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertFalse((self.folder / "bad").exists())

    def test_bad_files(self):
        model = random_model()
        names = ("word.dic", "char.dic", "token_embedder.pkl", "encoder.pkl", "config.json",
                 PUBLISHED)

        def put(name, content):
            (self.source / name).write_bytes(content)

        def without(part, name):
            return legacy_file({k: v for k, v in model[part].items() if k != name})

        def with_(part, name, value):
            return legacy_file({**model[part], name: value})

        def architecture(group, **values):
            changed = {**model["architecture"]}
            changed[group] = {**changed[group], **values}
            return json.dumps(changed).encode()

        dictionary = "".join(f"{w}\t{i}\n" for i, w in enumerate(WORDS)).encode()
        nan = numpy.full(12, numpy.nan, "f4")
        for name, content, part in (
                ("encoder.pkl", b"<html>", "a web page"),
                ("encoder.pkl", b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
                ("encoder.pkl", legacy_file(model["encoder"])[:5000], "cut short"),
                ("encoder.pkl", legacy_file(model["tokens"]), "is missing"),
                ("encoder.pkl", without("encoder", "backward_layer_1.state_linearity.bias"),
                 "backward_layer_1.state_linearity.bias is missing"),
                ("encoder.pkl", with_("encoder", "more", nan), "has the tensor more"),
                ("token_embedder.pkl", with_("tokens", "projection.bias", nan), "nan"),
                ("token_embedder.pkl", with_("tokens", "projection.bias", nan[:11]), "wants (12,)"),
                ("token_embedder.pkl", with_("tokens", "projection.bias",
                                             numpy.zeros(12, "i8")), "int64"),
                ("word.dic", dictionary + b"more\t11\n", "has 12 entries"),
                ("word.dic", dictionary + b"more\t12\n", "has the id 12"),
                ("word.dic", dictionary.replace(b"<pad>\t", b"<dap>\t"), "holds no <pad>"),
                ("word.dic", dictionary + b"a\tb\tc\n", "word.dic:12: has more than one tab"),
                ("word.dic", dictionary + b"a\tx\n", "word.dic:12: has no id"),
                ("word.dic", dictionary + b"\xff\t1\n", "word.dic:12: not UTF-8"),
                ("char.dic", b"", "is empty"),
                ("char.dic", dictionary, "holds no <bow>"),
                ("config.json", b"{", "not a JSON object"), ("config.json", b"{}", "no config_path"),
                (PUBLISHED, b"[]", "not a JSON object"), (PUBLISHED, b"{}", "is missing"),
                (PUBLISHED, architecture("encoder", name="lstm"), "its encoder is 'lstm'"),
                (PUBLISHED, architecture("token_embedder", name="LSTM"),
                 "its token_embedder is 'lstm'"),
                (PUBLISHED, architecture("token_embedder", activation="gelu"), "neither relu"),
                (PUBLISHED, architecture("token_embedder", filters=[[60, 4]]), "a filter's width"),
                (PUBLISHED, architecture("token_embedder", filters=[4]), "[width, count]"),
                (PUBLISHED, architecture("token_embedder", word_dim=0, char_dim=0), "both 0"),
                (PUBLISHED, architecture("token_embedder", n_highway=1), "does not speak of"),
                (PUBLISHED, architecture("encoder", dim=60_000), "wants (240000"),
                (PUBLISHED, architecture("encoder", n_layers=-1), "n_layers is -1"),
                (PUBLISHED, architecture("encoder", cell_clip=-1), "cell_clip is -1, which is not a bound")):
            write_model(self.source, model)
            put(name, content)
            with self.subTest(name=name, part=part):
                self.assert_refused(part)
        for name in names[:4]:
            write_model(self.source, model)
            (self.source / name).unlink()
            with self.subTest(missing=name):
                self.assert_refused(name)

    def test_directions_of_two_models(self):
        first, second = random_model(), random_model(seed=2, words=[*WORDS[:4], *WORDS[:3:-1]])
        for name, model in (("a", first), ("b", second)):
            write_model(self.folder / (name + "raw"), model)
            self.elmo("import", "--efml", self.folder / (name + "raw"), "--output",
                      self.folder / name)
        shutil.copy(self.folder / "b" / "backward.h5", self.folder / "a" / "backward.h5")
        got, _ = self.dump(model=self.folder / "a")
        for i, line in enumerate(LINES):
            pair = [Efml(one).embed(line.split()) for one in (first, second)]
            expected = numpy.concatenate([pair[0][:, :, :12], pair[1][:, :, 12:]], axis=2)
            self.assert_vectors(got[i:i + 1], [expected])

    def test_a_damaged_model_of_ours(self):
        write_model(self.source, random_model())
        self.elmo("import", "--efml", self.source, "--output", self.model)
        path = self.model / "forward.h5"
        with h5py.File(path, "r+") as file:
            file["dictionary/words"][3] ^= 1
        done = self.elmo("dump", "--model", self.model, "--input", self.text, "--output",
                         self.folder / "x.h5", status=1)
        self.assertIn("damaged", done.stderr)


if __name__ == "__main__":
    ProgramTest.ELMO = sys.argv.pop(1)
    unittest.main()
