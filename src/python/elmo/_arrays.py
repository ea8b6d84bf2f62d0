"""Combines the arrays of sentences of different lengths."""
import numpy


def pad(vectors, length=None):
    """Pads the vectors of sentences, as model.embed() returns them, to one batch with a mask.

    vectors: arrays of shape (words, dimension) or (layers, words, dimension).
    length: number of words of each sentence in the batch; longer sentences are cut. None: the
    length of the longest sentence.

    Returns (batch, mask): float32 of shape (sentences, [layers,] length, dimension), zero after
    the end of a sentence, and bool of shape (sentences, length), true where there is a word.
    """
    vectors = list(vectors)
    if not vectors:
        raise ValueError("there is nothing to pad: vectors is empty")
    counts = [one.shape[-2] for one in vectors]
    length = max(counts) if length is None else length
    first = vectors[0].shape
    batch = numpy.zeros((len(vectors), *first[:-2], length, first[-1]), numpy.float32)
    mask = numpy.zeros((len(vectors), length), bool)
    for i, (one, count) in enumerate(zip(vectors, counts)):
        count = min(count, length)
        batch[i, ..., :count, :] = one[..., :count, :]
        mask[i, :count] = True
    return batch, mask


def flat(vectors):
    """Returns (matrix, offsets) for the vectors of at least one sentence. The matrix has shape
    (words, dimension) or (words, layers, dimension). Row offsets[i] is the first word of sentence
    i; offsets[-1] is the number of all words.
    """
    offsets = numpy.zeros(len(vectors) + 1, numpy.int64)
    numpy.cumsum([one.shape[-2] for one in vectors], out=offsets[1:])
    matrix = numpy.concatenate(vectors, axis=-2)
    return numpy.ascontiguousarray(numpy.moveaxis(matrix, -2, 0)), offsets
