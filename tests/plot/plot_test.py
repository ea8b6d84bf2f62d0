"""elmo plot: pictures are whole SVG files that show every text as it is."""
import json
import pathlib
import sys
import unittest
import xml.etree.ElementTree

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from page_support import write_dump  # noqa: E402
from trained import ProgramTest  # noqa: E402

# What gnuplot, the shell or SVG would make something else of.
ODD = """it's <a> & "b" `touch x` $(touch x) @c \\n x_2^3 {d} 배를"""


def texts(path):
    """All texts of a picture."""
    root = xml.etree.ElementTree.parse(path).getroot()
    return ["".join(item.itertext()).strip() for item in root.iter("{http://www.w3.org/2000/svg}text")]


class PlotTest(ProgramTest):
    def plot(self, *words):
        self.elmo("plot", *words, "--output", self.folder / "a.svg", cwd=self.folder)
        self.assertFalse((self.folder / "x").exists(), "a label was run as a command")
        return texts(self.folder / "a.svg")

    def test_learning_curves_of_language_models(self):
        lines = [{"direction": direction, "step": step, key: 100.0 / step}
                 for direction in ("forward", "backward") for step in (100, 200)
                 for key in ("perplexity_unit", "dev_perplexity_unit")]
        (self.folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        shown = self.plot("log", self.folder)
        for name in ("forward, training", "forward, development", "backward, development", "step",
                     f"Learning curves of {self.folder.name}"):
            self.assertIn(name, shown)

    def test_learning_curves_of_a_task(self):
        lines = [{"epoch": epoch, "loss": 1 / epoch, "dev_accuracy": 0.5 + epoch / 10} for epoch in (1, 2)]
        log = self.folder / "log.jsonl"
        log.write_text("".join(json.dumps(line) + "\n" for line in lines))
        shown = self.plot("log", log)
        for name in ("loss", "dev_accuracy", "epoch", "development"):
            self.assertIn(name, shown)

    def test_accuracy_by_distance(self):
        table = self.folder / "table.tsv"
        table.write_text("".join(f"{name}\t{distance}\t{0.9}\n" for name in ("lstm", ODD)
                                 for distance in (5, 20, 500)), encoding="utf-8")
        shown = self.plot("distance", table)
        for text in ("lstm", ODD, "5", "20", "500"):
            self.assertIn(text, shown)

    def test_words_of_either_layout(self):
        generator = numpy.random.default_rng(1)
        lines = [["w%d" % i, "배", "'", "`x`", "<&>"] for i in range(4)]
        with h5py.File(self.folder / "matrix.h5", "w") as file:
            file["vectors"] = generator.standard_normal((20, 6)).astype("f4")
            file["offsets"] = numpy.arange(0, 21, 5)
            file["words"] = numpy.array(sum(lines, []), dtype=h5py.string_dtype())
        with h5py.File(self.folder / "sentences.h5", "w") as file:
            for i in range(4):
                file[str(i)] = generator.standard_normal((3, 5, 6)).astype("f4")
            places = {" ".join(line): str(i) for i, line in enumerate(lines)}
            file["sentence_to_index"] = numpy.array([json.dumps(places)], dtype=h5py.string_dtype())
        for layout in ("matrix", "sentences"):
            shown = self.plot("words", self.folder / f"{layout}.h5", "--word", "배")
            for i in range(4):
                self.assertIn(f"w{i} [배] ' `x` <&>", shown)

    def test_every_option_of_a_page_has_its_picture(self):
        sentences = [["w%d" % i, "bank", "river" if i % 2 else "money"] for i in range(30)]
        dump = write_dump(self.folder / "v.h5", sentences)
        (self.folder / "labels").write_text("".join(f"{ODD if i % 2 else 'money'}\tx\n" for i in range(30)), encoding="utf-8")
        (self.folder / "tags").write_text("".join("".join(f"{word}\tTAG{len(word)}\n" for word in sentence) + "\n"
                                                  for sentence in sentences))
        pictures = []
        for options, title, shown in (
                ((), "bank in 30 places", ("cluster 1", "cluster 2")),
                (("--word", "bank", "w1", "w22"), "bank, w1, w22 in 32 places", ()),
                (("--layer", 0), "bank in 30 places", ()),
                (("--count", 4), "bank in a sample of 4 of 30 places", ()),
                (("--count", 4, "--seed", 2), "bank in a sample of 4 of 30 places", ()),
                (("--labels", self.folder / "labels"), "bank in 30 places", (" ".join(ODD.split()), "money")),
                (("--word", "bank", "w3", "--tags", self.folder / "tags"), "bank, w3 in 31 places", ("TAG4", "TAG2")),
                (("--clusters", 5), "bank in 30 places", ("cluster 1", "cluster 5"))):
            word = () if "--word" in options else ("--word", "bank")
            picture = [" ".join(text.split()) for text in self.plot("words", dump, *word, *options)]
            for text in (title, *shown):
                self.assertIn(text, picture)
            pictures.append((self.folder / "a.svg").read_bytes())
            self.elmo("plot", "words", dump, *word, *options, "--output", self.folder / "a.html")
        self.assertEqual(len(set(pictures)), len(pictures))

    def test_repeated_sentences_are_shown_once(self):
        lines = ["a bank", "the bank", "a bank", "a bank"]
        with h5py.File(self.folder / "v.h5", "w") as file:
            for i in range(4):
                file[str(i)] = numpy.full((2, 2, 3), i, "f4")
            places = {line: str(i) for i, line in enumerate(lines)}
            file["sentence_to_index"] = numpy.array([json.dumps(places)], dtype=h5py.string_dtype())
        done = self.elmo("plot", "words", self.folder / "v.h5", "--word", "bank", "--output", self.folder / "a.svg")
        self.assertIn("2 sentences occur repeatedly in the dump", done.stderr)
        shown = texts(self.folder / "a.svg")
        self.assertEqual((shown.count("a [bank]"), shown.count("the [bank]")), (1, 1))
        with h5py.File(self.folder / "v.h5", "r+") as file:
            del file["sentence_to_index"]
        done = self.elmo("plot", "words", self.folder / "v.h5", "--word", "bank", "--output", self.folder / "b.svg",
                         status=1)
        self.assertIn("does not contain the words of its sentences; make the dump without --no-map", done.stderr)

    def test_a_picture_of_one_point(self):
        dump = write_dump(self.folder / "v.h5", [["a", "bank"]])
        self.assertIn("a [bank]", self.plot("words", dump, "--word", "bank"))
        self.assertEqual(self.elmo("plot", "words", dump, "--word", "bank", "--output",
                                   self.folder / "a.svg").stderr, "")

    def test_what_is_wrong_is_said_and_leaves_no_picture(self):
        (self.folder / "log.jsonl").write_text('{"step": 1}\n')
        (self.folder / "table.tsv").write_text("lstm\t5\t0.9\nlstm\t5\t90\n")
        for status, words, message in (
                (1, ("log", self.folder), "contains no learning curve"),
                (1, ("log", self.folder / "table.tsv"), "table.tsv:1: is not a JSON object"),
                (1, ("distance", self.folder / "table.tsv"), "table.tsv:2: expected series"),
                (1, ("words", self.folder / "table.tsv", "--word", "a"), "is not an HDF5 file"),
                (2, ("words", self.folder / "table.tsv"), "--word"),
                (2, ("words", self.folder / "table.tsv", "--word", "a", "--count", 1001), "a page (.html) for 20000"),
                (2, ("log", self.folder, "--word", "a"), "--word")):
            done = self.elmo("plot", *words, "--output", self.folder / "b.svg", status=status)
            self.assertIn(message, done.stderr)
        self.assertEqual([path.name for path in self.folder.glob("b.svg*")], [])

    def test_a_missing_gnuplot_is_named_with_its_package(self):
        (self.folder / "table.tsv").write_text("lstm\t5\t0.9\n")
        done = self.elmo("plot", "distance", self.folder / "table.tsv", "--output",
                         self.folder / "b.svg", status=1, env={"PATH": str(self.folder)})
        self.assertIn("apt-get install gnuplot-nox", done.stderr)


if __name__ == "__main__":
    PlotTest.ELMO = sys.argv.pop(1)
    unittest.main()
