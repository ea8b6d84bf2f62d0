"""README.md and the pages of docs/ do what they say: python3 pages_test.py ELMO.

Each page's `sh` blocks are run, from top to bottom, in a folder with the files that the pages name. A
`console` block stands beside the numbers that it gave, or needs root, a network or several machines;
its commands and options must exist. Sizes are cut down (SMALLER) so that a page takes seconds.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ELMO = pathlib.Path(sys.argv.pop(1)).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "reference"))
import efml  # noqa: E402
from official_elmo import write_model  # noqa: E402

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COURSE = ROOT / "docs" / "course.ko.md"
ENVIRONMENT = dict(os.environ, PATH=f"{ELMO.parent}:{os.environ['PATH']}")
SMALLER = {"--size 16000": "--size 1000", "--size 50000": "--size 300", "--preset small": "--preset tiny",
           "--init official": "--init official --steps 2 --freeze-steps 1"}
# The others have tests of their own: tests/python, tests/package.
KINDS = {"", "sh", "console", "python", "cpp", "cmake"}


def blocks(page, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)


def commands(text):
    """The command lines of a block, lines that end in a backslash joined."""
    text = re.sub(r"\\\n", " ", text)
    return re.findall(r"^ *(?:\$ )?(?:(?:mpirun|srun|sbatch) .*?[ \"])?elmo ([a-z].*?)(?:\s#\s.*|\")?$", text, re.M)


def run(words, folder):
    done = subprocess.run(words, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{words}: status {done.returncode}\n{done.stderr[-2000:]}")
    return done


def make_world(folder):
    """The files that the pages name: texts, labelled data, a model, weights of other programs."""
    shutil.copytree(ROOT / "corpora", folder / "corpora")
    lines = (ROOT / "corpora/en.txt").read_text("utf-8").splitlines(True)
    bank = [line for line in lines if " bank " in line]
    korean = (ROOT / "corpora/ko.txt").read_text("utf-8").splitlines(True)
    (folder / "text.txt").write_text("".join(lines[:400] + bank[:20] + korean[:100]), "utf-8")
    for name in ("dev.txt", "near.txt"):
        (folder / name).write_text("".join(lines[400:420]), "utf-8")
    (folder / "new.txt").write_text("".join(bank[:10] + ["the bank of the river\n"]), "utf-8")
    for name in ("train", "dev"):
        shutil.copy(ROOT / f"corpora/sentiment.en.{name}.tsv", folder / f"{name}.tsv")
        shutil.copy(ROOT / f"corpora/ner.en.{name}.conll", folder / f"{name}.conll")
    shutil.copy(folder / "dev.tsv", folder / "test.tsv")
    write_model(folder / "official", gain=0.5)
    shutil.copy(folder / "official/options.json", folder / "options.json")
    shutil.copy(next((folder / "official").glob("*.hdf5")), folder / "weights.hdf5")
    efml.write_model(folder / "korean", efml.random_model())
    run(["elmo", "vocab", "--input", "text.txt", "--size", "1000", "--output", "text.model"], folder)
    run(["elmo", "pretrain", "--direction", "both", "--preset", "tiny", "--input", "text.txt", "--vocab",
         "text.model", "--output", "model", "--steps", "4"], folder)


class PagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.world = pathlib.Path(folder.name) / "world"
        cls.world.mkdir()
        make_world(cls.world)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_page(self, page, folder):
        for block in blocks(page, "sh"):
            for words, fewer in SMALLER.items():
                block = block.replace(words, fewer)
            with self.subTest(page=page.name, block=block):
                done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=folder,
                                      env=ENVIRONMENT, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr[-2000:])
                yield block, done

    def test_sh_blocks_run(self):
        count = 0
        for page in PAGES:
            if page == COURSE or not blocks(page, "sh"):
                continue
            folder = self.folder / page.name
            shutil.copytree(self.world, folder)
            if page.name == "README.md":
                shutil.rmtree(folder / "model")  # it makes its own
                shutil.rmtree(folder / "official")
            count += len(list(self.run_page(page, folder)))
        self.assertGreater(count, 12)

    def test_examples_of_the_help_run(self):
        """As they are typed, at the root of a checkout after tools/quickstart, whose files are smaller
        here; join's parts, import's weights and export's characters come from elsewhere."""
        made = self.folder / "build" / "quickstart"
        made.parent.mkdir()
        shutil.copytree(self.world, made)
        shutil.copytree(ROOT / "corpora", self.folder / "corpora")
        for old, new in (("model", "en"), ("text.model", "en.model"), ("text.txt", "en.train.txt"),
                         ("dev.txt", "en.dev.txt")):
            (made / old).rename(made / new)
        names = [line.split("\t") for line in
                 (ROOT / "corpora/unseen.en.dev.tsv").read_text("utf-8").splitlines()]
        (made / "en.names.dev.tsv").write_text("".join(f"{row[0]}\t{row[1]}\n" for row in names), "utf-8")
        (made / "en.names.dev.list").write_text("".join(f"{row[1]}\n" for row in names), "utf-8")
        for name in ("options.json", "weights.hdf5"):
            shutil.copy(made / name, self.folder)
        for line in (
                "dump --model build/quickstart/en --input build/quickstart/new.txt --output "
                "build/quickstart/en.vectors.h5",
                "train --task classify --train build/quickstart/en.names.dev.tsv --dev "
                "build/quickstart/en.names.dev.tsv --epochs 1 --output "
                "build/quickstart/en.embedding.task.h5",
                "vocab --type word --size 300 --input build/quickstart/en.train.txt --output words.txt",
                "pretrain --direction both --preset tiny --encoder characters --share-encoder --vocab "
                "words.txt --input build/quickstart/en.train.txt --steps 1 --output characters"):
            run(["elmo", *line.split()], self.folder)
        quickstart = (ROOT / "tools" / "quickstart").read_text("utf-8")
        self.assertIn("$out/$language.vectors.h5", quickstart)
        self.assertIn("$out/$1.names.$part.list", quickstart)
        commands_shown = re.findall(r"^  ([a-z]+) ", run(["elmo", "--help"], self.folder).stdout, re.M)
        self.assertGreater(len(commands_shown), 10)
        for command in commands_shown:
            text = run(["elmo", command, "--help"], self.folder).stdout
            example, = re.findall(r"^Example:\n  (elmo .*)$", text, re.M)
            with self.subTest(command=command):
                if command == "join":
                    (self.folder / "vectors.h5").unlink()
                    for part in ("0/2", "1/2"):
                        run(["elmo", "dump", "--model", "build/quickstart/en", "--input",
                             "build/quickstart/en.dev.txt", "--output", "vectors.h5", "--shard", part],
                            self.folder)
                if command in ("import", "pretrain"):
                    shutil.rmtree(self.folder / "model", ignore_errors=True)
                run(["bash", "-euc", example], self.folder)

    def test_course_page(self):
        shutil.copytree(ROOT / "corpora", self.folder / "corpora")
        done = list(self.run_page(COURSE, self.folder))
        self.assertGreater(len(done), 5)
        for _, result in done:
            for word in ("warning", "Warning"):
                self.assertNotIn(word, result.stderr)
        # What the page promises of its results.
        self.assertTrue((self.folder / "work" / "bae.html").exists())
        scores = (self.folder / "work" / "scores.tsv").read_text(encoding="utf-8")
        self.assertIn("</s>", scores)

    def test_other_commands_exist(self):
        """Of every block, and of commands in the running text."""
        helps = {}
        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            kinds = set(re.findall(r"^```(.*)\n(?:.*\n)*?```$", text, re.M))
            self.assertLessEqual(kinds, KINDS, page)
            # Those of lines that begin with four blanks are blocks too.
            found = commands("".join([*blocks(page, "console"), *re.findall(r"^    .*\n", text, re.M)]))
            found += re.findall(r"`elmo ([a-z][^`]*)`", text)
            for one in found:
                words = one.split()
                with self.subTest(page=page.name, command=one):
                    if words[0] not in helps:
                        helps[words[0]] = run(["elmo", words[0], "--help"], self.folder).stdout
                    for option in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", one):
                        self.assertRegex(helps[words[0]] + "--help ", re.escape(option) + r"[ \n=]")

    def test_links_lead_somewhere(self):
        for page in PAGES:
            for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
                if not target.startswith("http"):
                    with self.subTest(page=page.name, target=target):
                        self.assertTrue((page.parent / target).exists())

    def test_the_readme_is_read_in_ten_minutes(self):
        self.assertLessEqual(len((ROOT / "README.md").read_text("utf-8").splitlines()), 200)

    def test_morphemes(self):
        """The course page's function cuts by offsets: a token twice, one that overlaps the next."""
        code = re.search(r"^```python\n(def morphemes.*?)^```$", COURSE.read_text(encoding="utf-8"),
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
