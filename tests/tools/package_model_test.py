"""A trained model as a pip package with a card: python3 package_model_test.py ELMO TOOLS_PACKAGE."""
import base64
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trained import datasets

ELMO = sys.argv.pop(1)
PACKAGE = sys.argv.pop(1)
CORPUS = pathlib.Path(PACKAGE).resolve().parent.parent / "corpora" / "ko.txt"


def elmo(*arguments):
    return subprocess.run([ELMO, *map(str, arguments)], check=True, capture_output=True, text=True)


class PackageModel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.folder = pathlib.Path(holder.name)
        text = cls.folder / "text.txt"
        text.write_text("".join(CORPUS.read_text(encoding="utf-8").splitlines(True)[:400]),
                        encoding="utf-8")
        elmo("vocab", "--size", 1200, "--split", "punctuation", "--input", text, "--output",
             cls.folder / "v.model")
        elmo("pretrain", "--direction", "both", "--preset", "tiny", "--split", "punctuation",
             "--vocab", cls.folder / "v.model", "--input", text, "--steps", 3, "--batch-size", 8,
             "--output", cls.folder / "model")
        cls.results = cls.folder / "results.json"
        cls.results.write_text(json.dumps({"KLUE entities, F1": 74.0}), encoding="utf-8")

    def package(self, output, *more, folder="model", name="ko-tiny"):
        return subprocess.run(
            [PACKAGE, "model", self.folder / folder, "--name", name, "--language", "ko",
             "--license", "Apache-2.0", "--text", "400 made-up sentences.", "--output",
             self.folder / output, *map(str, more)],
            env=dict(os.environ, ELMO=ELMO), capture_output=True, text=True)

    def test_folder_card_and_wheel(self):
        done = self.package("one", "--dev", self.folder / "text.txt", "--results", self.results)
        self.assertEqual(done.returncode, 0, done.stderr)
        folder, wheel = map(pathlib.Path, done.stdout.split())
        for name in ("forward.h5", "backward.h5"):
            self.assertEqual((folder / name).read_bytes(),
                             (self.folder / "model" / name).read_bytes())
        self.assertEqual({one.name for one in folder.iterdir()},
                         {"forward.h5", "backward.h5", "README.md"})

        card = (folder / "README.md").read_text(encoding="utf-8")
        self.assertTrue(card.startswith("---\nlanguage: ko\nlicense: apache-2.0\n"))
        info = json.loads(elmo("info", "--json", self.folder / "model").stdout)
        for one in info["files"]:
            if "checkpoint" not in one["path"]:
                self.assertIn(f"`{one['hash']}`", card)
        dev = json.loads(elmo("perplexity", "--json", "--model", self.folder / "model", "--input",
                              self.folder / "text.txt").stdout)
        self.assertIn(f"{dev['forward']['perplexity_unit']:.4g}", card)
        log = (self.folder / "model" / "log.jsonl").read_text().splitlines()
        self.assertIn(f"{json.loads(log[-1])['units']:,}", card)
        for words in ("400 made-up sentences.", "each run of punctuation", "| KLUE entities, F1 | 74.0 |"):
            self.assertIn(words, card)

        with zipfile.ZipFile(wheel) as archive:
            self.assertIsNone(archive.testzip())
            info = "elmo_model_ko_tiny-1.0.dist-info/"
            self.assertEqual(archive.read(info + "entry_points.txt").decode(),
                             "[elmo.models]\nko-tiny = elmo_model_ko_tiny:path\n")
            record = archive.read(info + "RECORD").decode().splitlines()
            self.assertEqual({line.split(",")[0] for line in record}, set(archive.namelist()))
            for line in record[:-1]:
                name, digest, size = line.split(",")
                data = archive.read(name)
                self.assertEqual(len(data), int(size))
                expected = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()
                self.assertEqual(digest, "sha256=" + expected.rstrip("="))
            self.assertEqual(archive.read("elmo_model_ko_tiny/README.md").decode(), card)

        again = self.package("two", "--dev", self.folder / "text.txt", "--results", self.results)
        self.assertEqual(pathlib.Path(again.stdout.split()[1]).read_bytes(), wheel.read_bytes())

    def test_found_by_name(self):
        """By $ELMO_MODEL_PATH, and by the link that the package makes; the vectors' bits are the folder's."""
        done = self.package("named")
        folder, wheel = map(pathlib.Path, done.stdout.split())
        site, data = self.folder / "site", self.folder / "data"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)
        subprocess.run([sys.executable, "-m", "elmo_model_ko_tiny"], check=True, capture_output=True,
                       env=dict(os.environ, PYTHONPATH=str(site), XDG_DATA_HOME=str(data)))
        dumps = []
        for model, variables in ((self.folder / "model", {}),
                                 ("ko-tiny", {"ELMO_MODEL_PATH": str(folder.parent)}),
                                 ("ko-tiny", {"XDG_DATA_HOME": str(data)})):
            output = self.folder / f"{len(dumps)}.h5"
            subprocess.run([ELMO, "dump", "--model", model, "--input", self.folder / "text.txt",
                            "--output", output], check=True, capture_output=True,
                           env=dict(os.environ, **variables))
            dumps.append(datasets(output))
        self.assertEqual(dumps[0], dumps[1])
        self.assertEqual(dumps[0], dumps[2])
        shown = subprocess.run([ELMO, "info", "--card", "ko-tiny"], capture_output=True, text=True,
                               env=dict(os.environ, ELMO_MODEL_PATH=str(folder.parent)))
        self.assertEqual(shown.stdout, (folder / "README.md").read_text(encoding="utf-8"))
        missing = subprocess.run([ELMO, "info", "--card", self.folder / "model"], capture_output=True,
                                 text=True)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("tools/package model", missing.stderr)

    def test_trained_from_public_text(self):
        """tools/train-models: vocabulary, both directions, card and wheel; what is done is not done again."""
        data, output = self.folder / "data", self.folder / "trained"
        lines = CORPUS.read_text(encoding="utf-8").splitlines(True)
        for name, part in (("train/a.txt", lines[:300]), ("train/b.txt", lines[300:400]),
                           ("dev/a.txt", lines[400:440])):
            (data / "ko" / name).parent.mkdir(parents=True, exist_ok=True)
            (data / "ko" / name).write_text("".join(part), encoding="utf-8")
        command = [pathlib.Path(PACKAGE).with_name("train-models"), data, output, "ko"]

        def run(units):
            return subprocess.run(
                command, capture_output=True, text=True,
                env=dict(os.environ, ELMO=ELMO, UNITS=str(units), PRESET="tiny", PIECES="1200"))
        done = run(3 * 1280)
        self.assertEqual(done.returncode, 1)
        self.assertIn("ko/sources.md: write the licence", done.stderr)
        (data / "ko" / "sources.md").write_text("Apache-2.0\n400 made-up sentences.\n", encoding="utf-8")
        done = run(3 * 1280)
        self.assertEqual(done.returncode, 0, done.stderr)
        folder, wheel = map(pathlib.Path, done.stdout.split())
        self.assertEqual(folder, output / "packages" / "ko-tiny")
        card = (folder / "README.md").read_text(encoding="utf-8")
        for words in ("license: apache-2.0", "400 made-up sentences.", "| 3,840 | 3,840 |", "perplexity a word",
                      "tools/train-models DATA OUTPUT ko", "--input DATA/ko/train/*.txt"):
            self.assertIn(words, card)
        self.assertNotIn(str(self.folder), card)
        made = wheel.read_bytes()
        trained = (output / "ko-tiny" / "forward.h5").stat().st_mtime_ns
        self.assertEqual(run(3 * 1280).returncode, 0)
        self.assertEqual(wheel.read_bytes(), made)
        self.assertEqual((output / "ko-tiny" / "forward.h5").stat().st_mtime_ns, trained)

    def test_refusals(self):
        done = self.package("bad", name="Ko Small")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--name Ko Small", done.stderr)
        (self.folder / "half").mkdir()
        (self.folder / "half" / "forward.h5").write_bytes(
            (self.folder / "model" / "forward.h5").read_bytes())
        done = self.package("bad", folder="half")
        self.assertEqual(done.returncode, 1)
        self.assertIn("half: holds no backward.h5", done.stderr)
        self.assertFalse((self.folder / "bad").exists())


if __name__ == "__main__":
    unittest.main()
