"""Makes tasks.h5, what whole classifiers and taggers must compute, in float64.

    python3 tests/golden/make_tasks.py        (needs torch, h5py, numpy)

Everything is float64, weights and inputs float32 numbers exactly, names of weights those of our
layers. Unlike our network, PyTorch's takes the texts as a padded batch with their lengths. A word is
the mix of 2 layers of 2 numbers, 2 of its embedding (3 rows) and 1 of its end's (2 rows).

    /lengths, /layers (rows, 2, 2), /words, /ends (rows)      one batch for all
    /NAME/weights/..., /NAME/targets, /NAME/loss, /NAME/gradients/...
    /NAME/labels, /NAME/probabilities       what is predicted, and how probable that is

NAME is classifier (bidirectional LSTM of two layers, last states, softmax of 3 classes that weigh
/classifier/class_weights), tagger (bidirectional GRU of two layers, softmax of 3 tags) or crf (rnn
of two layers, tags O, B-X, I-X, by a plain sum over all sequences that BIO allows). The loss is the
sum over texts (crf, classifier) or words.
"""
import itertools

import numpy
import torch
from torch.nn.utils import rnn

from golden_file import golden_file
from make_encoders import (HIDDEN, add, add_weights, make_module, module_weights,
                           recurrent_weights, tensor)

LENGTHS = [3, 1, 5, 2, 4]
LABELS = 3
INSIDE, BEFORE_INSIDE = 2, (1, 2)


def network_weights(kind, directions, generator):
    return {"mix/weights": tensor(generator, (2,)), "mix/gamma": tensor(generator, (1,)),
            "words": tensor(generator, (3, 2)), "ends": tensor(generator, (2, 1)),
            **recurrent_weights(kind, directions, generator),
            "head/weights": tensor(generator, (LABELS, directions * HIDDEN), 0.5),
            "head/bias": tensor(generator, (LABELS,), 0.5)}


def encode(kind, directions, weights, batch):
    """The padded sequence of the last layer (texts, longest, width), and its last states."""
    shares = torch.softmax(weights["mix/weights"], 0)
    mixed = weights["mix/gamma"] * torch.einsum("j,rjd->rd", shares, batch["layers"])
    x = torch.cat([mixed, weights["words"][batch["words"]], weights["ends"][batch["ends"]]], 1)
    padded = rnn.pad_sequence(x.split(LENGTHS), batch_first=True, padding_value=7.0)
    packed = rnn.pack_padded_sequence(padded, torch.tensor(LENGTHS), batch_first=True,
                                      enforce_sorted=False)
    output, state = torch.func.functional_call(make_module(kind, directions),
                                               module_weights(kind, directions, weights), (packed,))
    h = state[0] if kind == "lstm" else state
    return (rnn.pad_packed_sequence(output, batch_first=True)[0],
            torch.cat(list(h[-directions:]), 1))


def head(weights, values):
    return values @ weights["head/weights"].T + weights["head/bias"]


def best_of(logits):
    probabilities, labels = torch.softmax(logits, -1).max(-1)
    return labels, probabilities


def classifier(weights, batch, targets, class_weights):
    logits = head(weights, encode("lstm", 2, weights, batch)[1])
    loss = torch.nn.functional.cross_entropy(logits, targets, class_weights, reduction="sum")
    return loss, *best_of(logits)


def tagger(weights, batch, targets):
    padded = rnn.pad_sequence(targets.split(LENGTHS), batch_first=True, padding_value=-1)
    logits = head(weights, encode("gru", 2, weights, batch)[0])
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), padded.flatten(),
                                             ignore_index=-1, reduction="sum")
    return loss, *best_of(logits[padded >= 0])


def allowed(sequence):
    return all(tag != INSIDE or before in BEFORE_INSIDE
               for before, tag in zip((0, *sequence), sequence))


def crf(weights, batch, targets):
    transitions, start, end = (weights[f"crf/{name}"] for name in ("transitions", "start", "end"))
    sequences = encode("rnn_tanh", 1, weights, batch)[0]
    loss, labels, probabilities = 0, [], []
    for padded, length, gold in zip(sequences, LENGTHS, targets.split(LENGTHS)):
        rows = head(weights, padded[:length])
        every = [s for s in itertools.product(range(LABELS), repeat=length) if allowed(s)]
        scores = torch.stack([
            start[s[0]] + end[s[-1]] + sum(row[tag] for row, tag in zip(rows, s)) +
            sum(transitions[a, b] for a, b in zip(s, s[1:])) for s in every])
        p = torch.softmax(scores, 0)
        loss = loss - torch.log(p[every.index(tuple(gold.tolist()))])
        best = every[int(p.argmax())]
        labels += best
        probabilities += [sum(q for q, s in zip(p, every) if s[t] == best[t]) for t in range(length)]
    return loss, torch.tensor(labels), torch.stack(probabilities)


def add_task(file, name, weights, targets, results):
    loss, labels, probabilities = results
    loss.backward()
    for key, values in (("targets", targets), ("loss", loss[None]), ("labels", labels),
                        ("probabilities", probabilities)):
        add(file, f"{name}/{key}", values)
    add_weights(file, name, weights)


def main():
    generator = numpy.random.default_rng(12)
    rows = sum(LENGTHS)
    batch = {"layers": tensor(generator, (rows, 2, 2)).detach(),
             "words": torch.tensor(generator.integers(0, 3, rows)),
             "ends": torch.tensor(generator.integers(0, 2, rows))}
    with golden_file("tasks.h5") as file:
        add(file, "lengths", LENGTHS)
        for name, values in batch.items():
            add(file, name, values)
        weights = network_weights("lstm", 2, generator)
        targets = torch.tensor([0, 2, 1, 1, 0])
        class_weights = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
        add(file, "classifier/class_weights", class_weights)
        add_task(file, "classifier", weights, targets,
                 classifier(weights, batch, targets, class_weights))
        weights = network_weights("gru", 2, generator)
        targets = torch.tensor(generator.integers(0, LABELS, rows))
        add_task(file, "tagger", weights, targets, tagger(weights, batch, targets))
        weights = network_weights("rnn_tanh", 1, generator)
        weights |= {"crf/transitions": tensor(generator, (LABELS, LABELS)),
                    "crf/start": tensor(generator, (LABELS,)), "crf/end": tensor(generator, (LABELS,))}
        targets = torch.tensor([1, 2, 0, 1, 0, 1, 2, 2, 0, 1, 1, 0, 0, 1, 2])
        add_task(file, "crf", weights, targets, crf(weights, batch, targets))


if __name__ == "__main__":
    main()
