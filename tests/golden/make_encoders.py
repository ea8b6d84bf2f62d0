"""Makes encoders.h5, what the layers of classifiers and taggers must compute, in float64.

    python3 tests/golden/make_encoders.py        (needs torch, h5py, numpy)

Everything is float64, weights and inputs float32 numbers exactly, names of weights those of our
layers. Texts stand one after another; /lengths (texts) cuts the rows.

    /lengths, /x (rows, 5)          what every encoder reads
    /KIND/weights/NAME              KIND: rnn_tanh, rnn_relu, lstm, gru (two layers, both ways, 6
                                    cells) and their one-way twins KIND_one; cnn (kernels 2 and 4,
                                    7 filters)
    /KIND/y                         rows x width, of cnn texts x width
    /KIND/d_y, /KIND/d_x, /KIND/gradients/NAME   of sum(d_y * y)
    /lstm/last_h, /lstm/last_c      texts x 6: of the second layer, forward
    /crf/weights/NAME, /crf/scores, /crf/tags, /crf/losses, /crf/d_scores, /crf/gradients/NAME
                                    four tags; the losses by a plain sum over all sequences

PyTorch's own modules compute the encoders, each text by itself, so without any padding; its LSTM
has the gates i, f, g, o where ours has i, g, f, o.
"""
import itertools

import numpy
import torch

from golden_file import golden_file

LENGTHS = [4, 1, 7, 3, 1, 9]
INPUT, HIDDEN, LAYERS, TAGS = 5, 6, 2, 4
KERNELS, FILTERS = (2, 4), 7


def tensor(generator, shape, gain=1.0):
    """Normals, rounded to float32."""
    values = (gain * generator.standard_normal(shape)).astype("f4").astype("f8")
    return torch.tensor(values, requires_grad=True)


def add(file, name, values):
    file.create_dataset(name, data=numpy.asarray(values.detach() if torch.is_tensor(values) else values,
                                                 dtype="f8"))


def swapped(rows):
    """Our blocks i, g, f, o as PyTorch's i, f, g, o."""
    i, g, f, o = rows.chunk(4)
    return torch.cat([i, f, g, o])


def recurrent_weights(kind, directions, generator):
    gates = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}[kind]
    weights = {}
    for layer in range(LAYERS):
        width = INPUT if layer == 0 else HIDDEN * directions
        for direction in ("forward", "backward")[:directions]:
            name = f"encoder/layer_{layer}/{direction}"
            weights[f"{name}/weights"] = tensor(generator, (gates * HIDDEN, width), 0.5)
            weights[f"{name}/recurrent_weights"] = tensor(generator, (gates * HIDDEN, HIDDEN), 0.4)
            weights[f"{name}/bias"] = tensor(generator, ((4 if kind == "gru" else gates) * HIDDEN,), 0.5)
    return weights


def make_module(kind, directions):
    settings = dict(input_size=INPUT, hidden_size=HIDDEN, num_layers=LAYERS, batch_first=True,
                    bidirectional=directions == 2)
    if kind == "lstm":
        return torch.nn.LSTM(**settings).double()
    if kind == "gru":
        return torch.nn.GRU(**settings).double()
    return torch.nn.RNN(nonlinearity=kind.split("_")[1], **settings).double()


def module_weights(kind, directions, weights):
    """Ours by PyTorch's names, differentiable."""
    result = {}
    for layer in range(LAYERS):
        for direction, suffix in list(zip(("forward", "backward"), ("", "_reverse")))[:directions]:
            name = f"encoder/layer_{layer}/{direction}"
            w, u, b = (weights[f"{name}/{part}"] for part in ("weights", "recurrent_weights", "bias"))
            recurrent_b = torch.zeros(u.shape[0], dtype=torch.float64)
            if kind == "lstm":
                w, u, b = swapped(w), swapped(u), swapped(b)
            if kind == "gru":
                recurrent_b = torch.cat([recurrent_b[:2 * HIDDEN], b[3 * HIDDEN:]])
                b = b[:3 * HIDDEN]
            for part, value in (("weight_ih", w), ("weight_hh", u), ("bias_ih", b),
                                ("bias_hh", recurrent_b)):
                result[f"{part}_l{layer}{suffix}"] = value
    return result


def add_weights(file, group, weights):
    """With their gradients."""
    for name, weight in weights.items():
        add(file, f"{group}/weights/{name}", weight)
        add(file, f"{group}/gradients/{name}", weight.grad)


def add_gradients(file, group, weights, x, y, generator):
    d_y = tensor(generator, tuple(y.shape))
    x.grad = None
    (y * d_y.detach()).sum().backward()
    add(file, f"{group}/y", y)
    add(file, f"{group}/d_y", d_y)
    add(file, f"{group}/d_x", x.grad)
    add_weights(file, group, weights)


def add_recurrent(file, kind, directions, x, generator):
    weights = recurrent_weights(kind, directions, generator)
    module = make_module(kind, directions)
    by_name = module_weights(kind, directions, weights)
    outputs, states = [], []
    for text in x.split(LENGTHS):
        output, state = torch.func.functional_call(module, by_name, (text[None],))
        outputs.append(output[0])
        states.append(state)
    group = kind if directions == 2 else f"{kind}_one"
    add_gradients(file, group, weights, x, torch.cat(outputs), generator)
    if group == "lstm":
        top = directions * (LAYERS - 1)
        add(file, "lstm/last_h", torch.stack([h[top, 0] for h, c in states]))
        add(file, "lstm/last_c", torch.stack([c[top, 0] for h, c in states]))


def add_convolution(file, x, generator):
    weights, columns = {}, []
    for kernel in KERNELS:
        w = tensor(generator, (FILTERS, kernel * INPUT), 0.4)
        b = tensor(generator, (FILTERS,), 0.4)
        weights[f"encoder/kernel_{kernel}/weights"] = w
        weights[f"encoder/kernel_{kernel}/bias"] = b
        of_kernel = []
        for text in x.split(LENGTHS):
            text = torch.nn.functional.pad(text, (0, 0, 0, max(0, kernel - len(text))))
            maps = torch.nn.functional.conv1d(text.T[None], w.view(FILTERS, kernel, INPUT).transpose(1, 2), b)
            of_kernel.append(torch.relu(maps[0]).max(dim=1).values)
        columns.append(torch.stack(of_kernel))
    add_gradients(file, "cnn", weights, x, torch.cat(columns, dim=1), generator)


def add_crf(file, generator):
    weights = {"crf/transitions": tensor(generator, (TAGS, TAGS)), "crf/start": tensor(generator, (TAGS,)),
               "crf/end": tensor(generator, (TAGS,))}
    transitions, start, end = weights.values()
    lengths = [min(length, 5) for length in LENGTHS]
    scores = tensor(generator, (sum(lengths), TAGS))
    tags = torch.tensor(generator.integers(0, TAGS, sum(lengths)))

    def score(rows, sequence):
        total = start[sequence[0]] + end[sequence[-1]] + sum(row[tag] for row, tag in zip(rows, sequence))
        return total + sum(transitions[a, b] for a, b in zip(sequence, sequence[1:]))

    losses = []
    for rows, gold in zip(scores.split(lengths), tags.split(lengths)):
        every = itertools.product(range(TAGS), repeat=len(rows))
        total = torch.logsumexp(torch.stack([score(rows, sequence) for sequence in every]), 0)
        losses.append(total - score(rows, gold.tolist()))
    losses = torch.stack(losses)
    losses.sum().backward()
    for name, values in (("lengths", lengths), ("scores", scores), ("tags", tags), ("losses", losses),
                         ("d_scores", scores.grad)):
        add(file, f"crf/{name}", values)
    add_weights(file, "crf", weights)


def main():
    generator = numpy.random.default_rng(11)
    with golden_file("encoders.h5") as file:
        x = tensor(generator, (sum(LENGTHS), INPUT))
        add(file, "lengths", LENGTHS)
        add(file, "x", x)
        for kind in ("rnn_tanh", "rnn_relu", "lstm", "gru"):
            for directions in (1, 2):
                add_recurrent(file, kind, directions, x, generator)
        add_convolution(file, x, generator)
        add_crf(file, generator)


if __name__ == "__main__":
    main()
