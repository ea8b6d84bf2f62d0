"""What the end-to-end tests share: running the program, its models, equal bits of HDF5 files."""
import pathlib
import random
import signal
import subprocess
import tempfile
import unittest

import h5py

# With these a pretraining of fewer steps is the beginning of one of more: what they would be by
# default follows from the length.
ANY_LENGTH = ("--schedule", "constant", "--warmup", 0, "--dropout", 0.1)

CORPORA = pathlib.Path(__file__).resolve().parents[2] / "corpora"


def datasets(path):
    """{name: bytes} of all datasets of a file."""
    content = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            value = item[()]
            content[name] = repr(value) if item.dtype == object else value.tobytes()

    with h5py.File(path) as file:
        file.visititems(visit)
    return content


class ProgramTest(unittest.TestCase):
    """ELMO is the program; a fresh folder for each test."""
    ELMO = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    @classmethod
    def share(cls, lines=600, size=1000):
        """For setUpClass: a folder for all tests of the class, a corpus in it, and a vocabulary of
        `size` pieces; 0: none."""
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.shared = pathlib.Path(folder.name)
        cls.corpus = write_corpus(cls.shared / "corpus.txt", lines)
        if size != 0:
            cls.vocabulary = cls.shared / "v.model"
            cls.elmo("vocab", "--input", cls.corpus, "--size", size, "--output", cls.vocabulary)

    @classmethod
    def share_model(cls, *options):
        """Behind share(): models of both directions of that corpus."""
        cls.model = cls.shared / "model"
        cls.elmo("pretrain", "--direction", "both", "--preset", "tiny", "--input", cls.corpus,
                 "--vocab", cls.vocabulary, "--output", cls.model, *options)

    @classmethod
    def elmo(cls, *words, status=0, **options):
        done = subprocess.run([cls.ELMO, *map(str, words)], capture_output=True, timeout=300,
                              **{"stdin": subprocess.DEVNULL, "text": True, **options})
        if done.returncode != status:
            raise AssertionError(f"{words}: status {done.returncode}, not {status}\n{done.stderr}")
        return done

    @classmethod
    def killed(cls, *words, after):
        """Runs and kills -9 after so many seconds; was it killed before its end?"""
        running = subprocess.Popen([cls.ELMO, *map(str, words)], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        try:
            running.wait(timeout=after)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
            running.wait()
            return True
        return False

    def assert_equal_files(self, first, second):
        a, b = datasets(first), datasets(second)
        self.assertEqual(a.keys(), b.keys())
        self.assertEqual([name for name in a if a[name] != b[name]], [], f"{first} {second}")


def write_corpus(path, lines=600):
    """English and Korean of our corpora."""
    text = []
    for name in ("en.txt", "ko.txt"):
        with open(CORPORA / name, encoding="utf-8") as file:
            text += [next(file) for _ in range(lines)]
    random.Random(1).shuffle(text)
    path.write_text("".join(text), encoding="utf-8")
    return path
