"""The Korean course page does what it says: each of its `sh` blocks is run, from top to bottom, in a
copy of the folders that it uses: python3 course_page_test.py ELMO PAGE."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ELMO = pathlib.Path(sys.argv.pop(1)).resolve()
PAGE = pathlib.Path(sys.argv.pop(1)).resolve()
ROOT = PAGE.parent.parent


class CoursePage(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        shutil.copytree(ROOT / "corpora", self.folder / "corpora")

    def test_blocks(self):
        blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
        self.assertGreater(len(blocks), 5)
        environment = dict(os.environ, PATH=f"{ELMO.parent}:{os.environ['PATH']}")
        for block in blocks:
            with self.subTest(block=block):
                done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=self.folder,
                                      env=environment, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr[-2000:])
                for word in ("warning", "Warning"):
                    self.assertNotIn(word, done.stderr)
        # What the page promises of its results.
        self.assertTrue((self.folder / "work" / "bae.html").exists())
        scores = (self.folder / "work" / "scores.tsv").read_text(encoding="utf-8")
        self.assertIn("</s>", scores)

    def test_morphemes(self):
        """The page's function cuts by offsets: a token twice, one that overlaps the next."""
        code = re.search(r"^```python\n(def morphemes.*?)^```$", PAGE.read_text(encoding="utf-8"),
                         re.M | re.S).group(1)
        scope = {}
        exec(code, scope)

        class Token:
            def __init__(self, start, length):
                self.start, self.len = start, length

        class Kiwi:
            def tokenize(self, text):
                assert text == "배가 갔다 배가"
                return [Token(0, 1), Token(1, 1), Token(3, 1), Token(3, 1), Token(4, 1), Token(6, 1),
                        Token(7, 1)]

        text = "배가 갔다 배가"
        spans = scope["morphemes"](Kiwi(), text)
        self.assertEqual([text[b:e] for b, e in spans], ["배", "가", "갔", "다", "배", "가"])
        self.assertEqual(spans[-1], (7, 8))


if __name__ == "__main__":
    unittest.main()
