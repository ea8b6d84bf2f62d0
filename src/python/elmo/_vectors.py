"""Dumps of vectors, opened."""
import operator
import os

from . import _elmo


class Vectors:
    """A file that `elmo dump` wrote in either layout, or AllenNLP's elmo command.

    vectors[i] is (words, array) of sentence i: words is None where the file doesn't know them, array
    is float32 of (layers, words, dimension) or (words, dimension). Slices are lists of these. Use
    it in a `with` statement, or close() it. It pickles as its path.
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
    layers = property(lambda self: self._open_file.layers, doc="1 where there is no layer axis.")
    dimension = property(lambda self: self._open_file.dimension)
    attributes = property(lambda self: self._open_file.attributes,
                          doc="What made the vectors: model (its hash), layers, pooling, precision, "
                              "split, version and more; empty of AllenNLP's files.")
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
    """Opens a file that `elmo dump` or AllenNLP's elmo command wrote."""
    return Vectors(path)
