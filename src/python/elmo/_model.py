"""Models and embedders."""
import importlib.metadata
import operator
import os
import pathlib
import threading
import weakref
from typing import NamedTuple

from . import _elmo
from ._arrays import flat


class Word(NamedTuple):
    """A word of a text: text[begin:end], or bytes begin_byte to end_byte of the text in UTF-8."""
    text: str
    begin: int
    end: int
    begin_byte: int
    end_byte: int


def _layers(layers, by_default):
    """`layers` as the library expects it: a name, or numbers separated by commas."""
    if layers is None:
        return by_default
    if isinstance(layers, str):
        return layers
    if hasattr(layers, "__index__"):
        return str(operator.index(layers))
    return ",".join(str(operator.index(layer)) for layer in layers)


def _official(folder, weights=None, options=None):
    """The options, weights and word list (or None) of official weights in a folder."""
    def only(what, found):
        if len(found) != 1:
            raise ValueError(f"{folder}: holds {len(found)} files that may be the {what} of official "
                             "weights; pass options and weights")
        return found[0]
    if weights is None:
        weights = only("weights (*.hdf5)", sorted(folder.glob("*.hdf5")))
    if options is None:
        named = sorted(folder.glob("*options*.json"))
        twin = weights.with_name(weights.stem.replace("weights", "options") + ".json")
        options = twin if twin in named else only("options (*.json)",
                                                  named or sorted(folder.glob("*.json")))
    vocab = sorted(folder.glob("*vocab*.txt"))
    return options, weights, vocab[0] if len(vocab) == 1 else None


def installed(name):
    """The folder of an installed model: from a pip package that names it in its entry points of the
    group elmo.models, or from the folders that the program searches. An existing path is returned
    unchanged.
    """
    if os.sep in name or os.path.exists(name):
        return name
    try:
        found = importlib.metadata.entry_points(group="elmo.models")
    except TypeError:  # Python 3.9
        found = importlib.metadata.entry_points().get("elmo.models", ())
    for entry in found:
        if entry.name == name:
            return entry.load()()
    return _elmo.find_model(name)


def _find(path):
    """Resolves a path to (folder, None) or (None, (options, weights, vocab))."""
    path = pathlib.Path(installed(os.fspath(path)))
    if path.is_dir():
        ours = ("forward.h5", "backward.h5", "encoder.pkl")
        if any((path / name).exists() for name in ours) or not any(path.glob("*.hdf5")):
            return path, None
        return None, _official(path)
    if path.is_file() and path.suffix == ".json":
        twin = path.with_name(path.stem.replace("options", "weights") + ".hdf5")
        return None, _official(path.parent, options=path, weights=twin if twin.exists() else None)
    if path.is_file():
        if path.suffix != ".hdf5":
            raise ValueError(f"{path}: a model is a folder, or official weights (*.hdf5) with their "
                             "options beside them")
        return None, _official(path.parent, weights=path)
    return path, None


class Model:
    """A forward and a backward language model. Thread-safe, and usable in children of fork().

    Its pickle stores the paths of its files and its hash. A process loads it only once, however
    many pickles of it arrive.
    """

    def __init__(self, path=None, *, options=None, weights=None, vocab=None, normalize=None,
                 precision="f32"):
        if (options is None) != (weights is None):
            raise ValueError("official weights are two files: pass both options and weights")
        if normalize is not None and path is None:
            raise ValueError("normalize goes with a folder of ELMoForManyLangs")
        if (path is None) == (options is None):
            raise ValueError("a model is needed: a path, or options and weights, not both")
        # A word list that was found but not given is used only if the model needs one.
        spare = None
        if path is not None:
            path, official = _find(path)
            if official:
                options, weights, spare = official
        whole = lambda path: None if path is None else os.path.abspath(os.fspath(path))  # noqa: E731
        self._folder = whole(path)
        self._source = {"options": whole(options), "weights": whole(weights),
                        "vocab": whole(vocab), "normalize": normalize, "precision": precision}
        self._scorer = None
        if normalize is not None:
            # elmo's own models store their normalisation.
            if self._folder is None or not os.path.exists(os.path.join(self._folder, "encoder.pkl")):
                raise ValueError("normalize is for a folder of ELMoForManyLangs itself; an imported "
                                 "model holds its own")
            self._model = _elmo.Model.load_efml(self._folder, normalize, precision)
        elif self._folder is not None:
            self._model = _elmo.Model.load(self._folder, precision)
        else:
            files = self._source["options"], self._source["weights"]
            try:
                self._model = _elmo.Model.load_official(*files, self._source["vocab"] or "",
                                                        precision)
            except OSError:
                if vocab is not None or spare is None:
                    raise
                self._source["vocab"] = whole(spare)
                self._model = _elmo.Model.load_official(*files, self._source["vocab"], precision)

        _alive[self._key()] = self

    def _key(self):
        return self._folder, tuple(sorted(self._source.items())), self.hash

    layers = property(lambda self: self._model.layers,
                      doc="Number of layers: the token encoder and the LSTM layers.")
    dimension = property(lambda self: self._model.dimension,
                         doc="Dimension of a vector: the forward half, then the backward half.")
    hash = property(lambda self: self._model.hash,
                    doc="32 hexadecimal digits that change with any weight or setting.")
    precision = property(lambda self: self._source["precision"])

    def split(self):
        """How the training text was cut into words: spaces, characters, punctuation or tabs."""
        return self._model.split()

    def words(self, text):
        """Cuts a text into words as the model does. Returns a list of Word: the text of each word,
        and its begin and end in characters and in bytes of UTF-8. Line breaks separate words too.
        """
        return [Word(*word) for word in self._model.words(text)]

    def embed(self, sentences, layers=None, mix=None, pooling="", carry_state=0, batch_size=8192,
              threads=0, pool=None):
        """Returns the vectors of sentences: a list with one float32 array for each sentence, of shape
        (layers, words, dimension), or (words, dimension) if layers is "top", "average" or a number,
        or if a mix is given. A sentence is a text (str), which the model cuts into words, or a list
        of words. For a single text the result is its array. The bits are those of `elmo dump`.

        layers: "all", "top", "average", a number, or several ([0, 2] or "0,2"); layer 0 is the token
        encoder. None: "all", or "average" with pool.
        mix: a ScalarMix instead of layers.
        pooling: "boundary", "first", "last" or "mean": how the states of a word's pieces become its
        vector. "": the pooling of the mix, or "boundary" without one.
        carry_state: N > 0: sentence i starts from the final state of sentence i - N.
        batch_size: largest number of words that go through the layers together; the vectors do not
        depend on it.
        threads: number of threads; 0: usable_cores().
        pool: "mean", "max", "first" or "last": pool the vectors of the words into one vector for each
        sentence. The result is one array of shape (sentences, dimension), or (sentences, layers,
        dimension) for several layers; a sentence without words gets zeros.

        Each call starts with empty caches; for many calls use an Embedder.
        """
        if isinstance(sentences, str):
            return self.embed([sentences], layers, mix, pooling, carry_state, batch_size, threads,
                              pool)[0]
        return self._model.embed(sentences, _layers(layers, "average" if pool else "all"), mix,
                                 pooling, pool or "", carry_state, batch_size, threads)

    def embed_flat(self, sentences, layers="average", **settings):
        """Returns (matrix, offsets) for the words of all sentences, the layout of Arrow's lists: rows
        offsets[i] to offsets[i + 1] of the matrix are the words of sentence i. The matrix has shape
        (words, dimension), or (words, layers, dimension) for several layers. Arguments as for
        embed(), except pool.
        """
        if "pool" in settings:
            raise TypeError("embed_flat has a row a word; pool goes with embed")
        vectors = self.embed([sentences] if isinstance(sentences, str) else sentences, layers,
                             **settings)
        if vectors:
            return flat(vectors)
        matrix, offsets = flat(self.embed([[]], layers, **settings))
        return matrix, offsets[:1]

    def _scoring(self):
        if self._folder is None:
            raise ValueError("this model came from official weights, which have no softmax: it has "
                             "vectors for words, but no probabilities")
        if self._scorer is None:
            self._scorer = _elmo.Scorer(self._folder, self.precision)
        return self._scorer

    def perplexity(self, input, threads=0, invalid="refuse"):
        """Returns {"forward": Perplexity, "backward": Perplexity} for a file with one sentence a
        line. The first call reads the model's folder again, to load the softmax. invalid: what to
        do with lines that are not UTF-8, "refuse", "skip" or "replace".
        """
        return self._scoring().perplexity(input, threads, invalid)

    def score(self, input, threads=0, invalid="refuse"):
        """Returns the Scores of each line of a file. Arguments as for perplexity()."""
        return self._scoring().score(input, threads, invalid)

    def __reduce__(self):
        return _restore, self._key()

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __repr__(self):
        return (f"<elmo.Model of {self._folder or self._source['weights']!r}: {self.layers} layers, "
                f"dimension {self.dimension}>")


def load(path=None, *, options=None, weights=None, vocab=None, normalize=None, precision="f32"):
    """Loads a model.

    path: the folder of a model, also of ELMoForManyLangs; a folder with weights in the official
    ELMo format (*.hdf5) and their options (*.json), or one of these two files; or the name of a
    model that was installed by pip ("ko-small") or is in a folder that the program searches.
    options, weights, vocab: instead of path, the two files of official weights and their word list.
    normalize: for a folder of ELMoForManyLangs: how words are normalised before they are looked up,
    "none" (the default), "nfkc" or "width".
    precision: format of the operands of matrix products, "f32", "bf16" or "auto".
    """
    return Model(path, options=options, weights=weights, vocab=vocab, normalize=normalize,
                 precision=precision)


# Models by their source: all that exist in this process, and those that came from pickles or belong
# to a Vectorizer, which are kept alive.
_alive = weakref.WeakValueDictionary()
_shared = {}
_lock = threading.Lock()


def _after_fork():
    global _lock
    _lock = threading.Lock()  # a thread of the parent may have held it


os.register_at_fork(after_in_child=_after_fork)


def _stamp(path):
    """A value that changes when the files of a model are rewritten."""
    path = pathlib.Path(path)
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return [(file.name, (status := file.stat()).st_mtime_ns, status.st_size, status.st_ino)
            for file in files if file.is_file() and "checkpoint" not in file.name]


def shared_model(path, precision):
    """The model at a path, loaded once in this process and again if its files have changed."""
    stamp = _stamp(path) if os.path.exists(path) else None
    with _lock:
        known, model = _shared.get((path, precision), (None, None))
        if model is None or known != stamp:
            model = Model(path, precision=precision)
            _shared[path, precision] = stamp, model
        return model


def _restore(folder, source, expected_hash):
    """The model of a pickle, loaded once in this process."""
    key = folder, source, expected_hash
    with _lock:
        model = _alive.get(key)
        if model is None:
            model = Model(folder, **dict(source))
            if model.hash != expected_hash:
                raise OSError(f"{folder or dict(source)['weights']}: holds another model than the one "
                              f"that was pickled (hash {model.hash}, not {expected_hash})")
        _shared[key] = None, model
        return model


class Embedder:
    """Embeds over many calls and keeps between them what Model.embed() discards: its threads, a
    cache of the most recent words and, with carry_state, the states of the language models. The bits
    are those of a single call with all sentences. Thread-safe: concurrent calls wait for one another.
    Several embedders may share one model.

    Settings as for Model.embed(). cached_words: capacity of the cache; the least recently used words
    are dropped. Its pickle stores the model and the settings, but no cache.
    """

    def __init__(self, model, layers=None, mix=None, pooling="", carry_state=0, batch_size=8192,
                 threads=0, pool=None, cached_words=100_000):
        self.model = model
        self._settings = (layers, mix, pooling, carry_state, batch_size, threads, pool, cached_words)
        self._batch_size = batch_size
        self._embedder = _elmo.Embedder(
            model._model, _layers(layers, "average" if pool else "all"), mix, pooling, pool or "",
            carry_state, batch_size, threads, cached_words)

    words = property(lambda self: self._embedder.words, doc="Words embedded so far.")
    encoded = property(lambda self: self._embedder.encoded,
                       doc="How many of them were not in a cache and had to be encoded.")

    def embed(self, sentences):
        """As Model.embed(). With carry_state = N, sentence i, counted since the embedder was created
        or reset, starts from the final state of sentence i - N.
        """
        if isinstance(sentences, str):
            return self._embedder.embed([sentences])[0]
        return self._embedder.embed(sentences)

    def embed_iter(self, sentences):
        """Yields the array of each sentence of an iterable of any length, in order. Sentences are
        read and embedded a few batches at a time.
        """
        portion, size = [], 0
        for sentence in sentences:
            if not isinstance(sentence, str):
                sentence = list(sentence)
            portion.append(sentence)
            # The length of a text is at least its number of words.
            size += len(sentence) + 1
            if size >= 8 * self._batch_size:
                yield from self.embed(portion)
                portion, size = [], 0
        yield from self.embed(portion)

    def reset(self):
        """Resets the carried states and the count of sentences; keeps the cache."""
        self._embedder.reset()

    def __reduce__(self):
        if self._settings[3]:
            raise TypeError("an Embedder with carry_state does not pickle: its states are its own")
        return Embedder, (self.model, *self._settings)
