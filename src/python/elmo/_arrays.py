"""Arrays of sentences of different lengths as one."""
import numpy


def pad(vectors, length=None):
    """A batch and its mask of the vectors of sentences, as model.embed() gives them.

    vectors: arrays of (words, dimension) or (layers, words, dimension).
    length: words of each sentence in the batch, longer ones are cut; None: those of the longest.

    Returns (batch, mask): float32 of (sentences, [layers,] length, dimension) with zeros behind a
    sentence's end, and bool of (sentences, length), true where there is a word.
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
    """(matrix, offsets) of the vectors of at least one sentence: row offsets[i] is the first word of
    sentence i, offsets[-1] the number of all. The matrix is (words, dimension), or (words, layers,
    dimension).
    """
    offsets = numpy.zeros(len(vectors) + 1, numpy.int64)
    numpy.cumsum([one.shape[-2] for one in vectors], out=offsets[1:])
    matrix = numpy.concatenate(vectors, axis=-2)
    return numpy.ascontiguousarray(numpy.moveaxis(matrix, -2, 0)), offsets
