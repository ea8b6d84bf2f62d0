"""elmo plot --output X.html: what can be said of a page without a browser."""
import base64
import hashlib
import html.parser
import re
import sys
import unicodedata
import unittest

import h5py
import numpy

from page_support import ODD, bank_sentences, data_of, write_distances, write_dump, write_log
from trained import ProgramTest


class Reader(html.parser.HTMLParser):
    """Elements with their attributes, and the texts of scripts and styles."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.open, self.texts = [], [], {}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, text):
        if self.open and self.open[-1] in ("script", "style"):
            self.texts.setdefault(self.open[-1], []).append(text)


def policy_hash(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


class PageTest(ProgramTest):
    def page(self, *words, output="a.html"):
        self.elmo("plot", *words, "--output", self.folder / output)
        page = (self.folder / output).read_text(encoding="utf-8")
        self.check(page)
        return data_of(page)

    def check(self, page):
        """The page is whole and asks for nothing."""
        read = Reader(page)
        self.assertEqual(read.open, [])
        for tag, attributes in read.elements:
            self.assertNotIn(tag, ("link", "img", "iframe", "object", "base", "a", "b"))
            for name in attributes:
                self.assertNotRegex(name, "^(src|srcset|href|action|data|style|on.*)$")
        outside = page.replace(re.search(r'<script type="application/json".*?</script>', page, re.S)[0], "")
        self.assertNotRegex(outside, r"https?://|url\(|@import")
        policy = next(attributes["content"] for _, attributes in read.elements
                      if attributes.get("http-equiv") == "Content-Security-Policy")
        data, script = read.texts["script"]
        self.assertEqual(policy, f"default-src 'none'; style-src {policy_hash(read.texts['style'][0])}; "
                                 f"script-src {policy_hash(script)}; base-uri 'none'; form-action 'none'")
        self.assertNotRegex(data, "[<>&\u2028\u2029]")

    def test_words(self):
        dump = write_dump(self.folder / "v.h5", bank_sentences(40))
        data = self.page("words", dump, "--word", "bank")
        self.assertEqual((data["title"], data["source"], data["total"]), ("bank", "v.h5", 40))
        self.assertEqual([layer["name"] for layer in data["layers"]], ["layer 0", "layer 1", "layer 2"])
        self.assertEqual(data["points"][1], [2, "w1 river", "bank", ODD[1]])
        self.assertEqual(data["points"][7], [8, "w7 river", "bank", "배를"])
        # Two senses, and of each point the nearest are of its own.
        colouring = data["colourings"][0]
        self.assertEqual((colouring["name"], colouring["groups"]), ("cluster", ["cluster 1", "cluster 2"]))
        self.assertEqual(colouring["of"], [0 if i % 3 else 1 for i in range(40)])
        for i, near in enumerate(data["layers"][2]["nearest"]):
            self.assertEqual(len(near), 10)
            self.assertNotIn(i, near)
            self.assertEqual({colouring["of"][other] for other in near}, {colouring["of"][i]})
        # Words are compared in NFC.
        jamo = self.page("words", dump, "--word", unicodedata.normalize("NFD", "배를"))
        self.assertEqual([line for line, *_ in jamo["points"]], [8, 18, 28, 38])
        # Layer 0 knows no context.
        self.assertEqual(data["layers"][0]["share"], 0)
        self.assertEqual(set(data["layers"][0]["x"] + data["layers"][0]["y"]), {0})

    def test_each_layer_is_turned_onto_the_last(self):
        # Layer 1 is layer 2 mirrored: on the page they are the same.
        dump = write_dump(self.folder / "v.h5", bank_sentences(30))
        with h5py.File(dump, "r+") as file:
            vectors = file["vectors"][()]
            vectors[:, 1] = vectors[:, 2] * numpy.array([-1, 1, 1, 1, 1, 1])
            file["vectors"][()] = vectors
        layers = self.page("words", dump, "--word", "bank")["layers"]
        for axis in "xy":
            for one, other in zip(layers[1][axis], layers[2][axis]):
                self.assertAlmostEqual(one, other, delta=2)

    def test_one_point_one_layer_and_labels(self):
        dump = write_dump(self.folder / "v.h5", [["a", "bank"], ["b"]], layers=1)
        (self.folder / "labels.tsv").write_text("</b>\ta bank\nother\n")
        data = self.page("words", dump, "--word", "bank", "--labels", self.folder / "labels.tsv")
        self.assertEqual(data["layers"], [{"name": "layer 0", "share": 0.0, "x": [0], "y": [0],
                                           "nearest": [[]], "cosines": [[]]}])
        self.assertEqual(data["colourings"][0], {"name": "label", "groups": ["</b>"], "of": [0]})

    def test_many_points_are_a_sample(self):
        dump = write_dump(self.folder / "v.h5", [["bank", "river"]] * 10_000, layers=1, dimension=2)
        data = self.page("words", dump)
        self.assertEqual((data["total"], len(data["points"])), (20_000, 5_000))
        few = self.page("words", dump, "--count", 7)
        self.assertEqual(len(few["points"]), 7)
        self.assertEqual(few, self.page("words", dump, "--count", 7, output="b.html"))
        self.assertNotEqual(few["points"], self.page("words", dump, "--count", 7, "--seed", 2)["points"])

    def test_curves(self):
        data = self.page("log", write_log(self.folder))
        self.assertEqual([one["name"] for one in data["series"]],
                         [f"{direction}, {kind}" for direction in ("forward", "backward")
                          for kind in ("training", "development")])
        self.assertEqual(data["series"][2]["points"][0], [100, 12.345])
        data = self.page("distance", write_distances(self.folder / "d.tsv"))
        self.assertEqual(data["series"][1], {"name": "</script><b>", "right": False,
                                             "points": [[5, 1], [20, 0.75], [500, 0.5]]})

    def test_what_is_wrong_is_said_and_leaves_no_page(self):
        dump = write_dump(self.folder / "v.h5", bank_sentences(3))
        for status, words, message in (
                (1, ("words", dump, "--word", "river,"), "'river,' does not occur in the dump"),
                (1, ("words", dump, "--layer", 3), "there is no layer 3; choose 0 to"),
                (1, ("words", dump, "--labels", self.folder / "none"), "none"),
                (2, ("words", dump, "--count", 20_001), "--count"),
                (2, ("log", self.folder, "--seed", 2), "--seed belongs to plot words"),
                (2, ("distance", self.folder, "--labels", dump), "--labels belongs to plot words")):
            done = self.elmo("plot", *words, "--output", self.folder / "b.html", status=status)
            self.assertIn(message, done.stderr)
        self.assertIn("neither in .svg", self.elmo("plot", "words", dump, "--output", self.folder / "b.png",
                                                   status=2).stderr)
        self.assertEqual([path.name for path in self.folder.glob("b.*")], [])


if __name__ == "__main__":
    PageTest.ELMO = sys.argv.pop(1)
    unittest.main()
