"""Word vectors that depend on their sentence: ELMo on CPUs.

    import elmo
    model = elmo.load("model")
    vectors = model.embed(["the bank of the river", ["a", "river"]])
    vectors[0].shape                               # (layers, words, dimension)
    model.embed(["a text"], pool="mean").shape     # (1, dimension)
"""
from ._arrays import pad
from ._elmo import Perplexity, ScalarMix, Scores, __version__, usable_cores
from ._model import Embedder, Model, Word, load
from ._vectorizer import Vectorizer
from ._vectors import Vectors, open

# Without `open`, so that `from elmo import *` does not replace Python's own.
__all__ = ["Embedder", "Model", "Perplexity", "ScalarMix", "Scores", "Vectorizer", "Vectors", "Word",
           "__version__", "load", "pad", "usable_cores"]
