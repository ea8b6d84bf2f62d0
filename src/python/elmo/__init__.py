"""Word vectors that depend on their sentence: ELMo on CPUs.

    import elmo
    model = elmo.load("model")
    vectors = model.embed([["the", "bank"], ["a", "river"]])
    vectors[0].shape    # (layers, words, dimensions)
"""
from ._elmo import (Model, Perplexity, ScalarMix, Scores, Vectors, __version__, load, open)

__all__ = ["Model", "Perplexity", "ScalarMix", "Scores", "Vectors", "__version__", "load", "open"]
