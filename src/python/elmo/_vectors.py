"""Reading dumps of vectors."""
import operator
import os

from . import _elmo


class Vectors:
    """A file written by `elmo dump` in either layout, or by AllenNLP's elmo command.

    vectors[i] is (words, array) for sentence i. words is None if the file does not know them; array
    is float32 of shape (layers, words, dimension) or (words, dimension). Slices are lists of such
    pairs. Use it in a `with` statement, or close() it. Its pickle stores only the path.
    """

    def __init__(self, path):
        self._path = os.path.abspath(os.fspath(path))
        self._file = _elmo.VectorFile(self._path)

    @property
    def _open_file(self):
        if self._file is None:
            raise ValueError(f"{self._path}: the file is closed")
        return self._file

    path = property(lambda self: self._path, doc="The file's absolute path.")
    layers = property(lambda self: self._open_file.layers,
                      doc="Number of layers; 1 if there is no layer axis.")
    dimension = property(lambda self: self._open_file.dimension)
    attributes = property(lambda self: self._open_file.attributes,
                          doc="What made the vectors: model (its hash), layers, pooling, precision, "
                              "split, version and more; empty for AllenNLP's files.")
    closed = property(lambda self: self._file is None)

    def __len__(self):
        return len(self._open_file)

    def __getitem__(self, sentence):
        count = len(self)
        if isinstance(sentence, slice):
            return [self._open_file.sentence(i) for i in range(*sentence.indices(count))]
        index = operator.index(sentence)
        if not -count <= index < count:
            raise IndexError(f"there are {count} sentences, none of number {index}")
        return self._open_file.sentence(index % count)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def close(self):
        self._file = None

    def __enter__(self):
        len(self)  # raises if closed
        return self

    def __exit__(self, *_):
        self.close()

    def __reduce__(self):
        return open, (self._path,)

    def __repr__(self):
        if self.closed:
            return f"<elmo.Vectors of {self._path!r}, closed>"
        return f"<elmo.Vectors of {self._path!r}: {len(self)} sentences>"


def open(path):
    """Opens a file written by `elmo dump` or by AllenNLP's elmo command."""
    return Vectors(path)
