"""ELMo in the official format by numpy: makes small random models and says what vectors they give.

    python3 tests/reference/official_elmo.py OPTIONS WEIGHTS TEXT [--carry N] > vectors.npz

Independent of the C++: float64, every position of a word convolved, ids shifted by one with a row
of zeros before them as the original's readers have it, a loop over words and steps.
"""
import argparse
import json
import sys

import h5py
import numpy

POSITIONS, BOS, EOS, BOW, EOW, PAD = 50, 256, 257, 258, 259, 260


def character_ids(word, positions=POSITIONS):
    """A word's row of ids, shifted by one."""
    if word in ("<S>", "</S>"):
        inside = [BOS if word == "<S>" else EOS]
    else:
        inside = list(word.encode("utf-8"))[:positions - 2]
    row = [BOW, *inside, EOW]
    return [1 + i for i in row + [PAD] * (positions - len(row))]


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def clip(x, bound):
    return numpy.clip(x, -bound, bound) if bound else x


class OfficialElmo:
    def __init__(self, options, weights, vocabulary=None):
        with open(options, encoding="utf-8") as file:
            self.options = json.load(file)
        self.weights = {}
        with h5py.File(weights) as file:
            file.visititems(lambda name, item: self.weights.update(
                {name: item[()].astype(numpy.float64)} if isinstance(item, h5py.Dataset) else {}))
        self.vocabulary = vocabulary

    def token(self, word):
        w = self.weights
        if "embedding" in w:
            index = self.vocabulary.index(word if word in self.vocabulary else "<UNK>")
            return w["embedding"][index]
        cnn = self.options["char_cnn"]
        table = numpy.vstack([numpy.zeros((1, w["char_embed"].shape[1])), w["char_embed"]])
        positions = cnn["max_characters_per_token"]
        characters = table[character_ids(word, positions)]
        parts = []
        for i, (width, _) in enumerate(cnn["filters"]):
            windows = numpy.stack([characters[p:p + width] for p in range(positions - width + 1)])
            sums = numpy.einsum("pkc,kcn->pn", windows, w[f"CNN/W_cnn_{i}"][0])
            best = (sums + w[f"CNN/b_cnn_{i}"]).max(axis=0)
            parts.append(numpy.maximum(best, 0) if cnn["activation"] == "relu"
                         else numpy.tanh(best))
        x = numpy.concatenate(parts)
        for k in range(cnn["n_highway"]):
            group = f"CNN_high_{k}/"
            gate = sigmoid(x @ w[group + "W_carry"] + w[group + "b_carry"])
            change = numpy.maximum(x @ w[group + "W_transform"] + w[group + "b_transform"], 0)
            x = gate * change + (1 - gate) * x
        if "CNN_proj/W_proj" in w:
            x = x @ w["CNN_proj/W_proj"] + w["CNN_proj/b_proj"]
        return x

    def direction(self, d, words, state):
        """Layers 1.. of BOS words EOS as direction d reads them; state is changed."""
        lstm = self.options["lstm"]
        tokens = [self.token(word) for word in ["<S>", *words, "</S>"]]
        sequence = tokens if d == 0 else tokens[::-1]
        layers = []
        for j in range(lstm["n_layers"]):
            group = f"RNN_{d}/RNN/MultiRNNCell/Cell{j}/LSTMCell/"
            kernel, bias = self.weights[group + "W_0"], self.weights[group + "B"]
            projection = self.weights[group + "W_P_0"]
            h, c = state.setdefault(j, (numpy.zeros(lstm["projection_dim"]),
                                        numpy.zeros(lstm["dim"])))
            out = []
            for x in sequence:
                i, g, f, o = numpy.split(numpy.concatenate([x, h]) @ kernel + bias, 4)
                c = clip(sigmoid(f + 1) * c + sigmoid(i) * numpy.tanh(g), lstm["cell_clip"])
                h = clip((sigmoid(o) * numpy.tanh(c)) @ projection, lstm["proj_clip"])
                out.append(h + x if j > 0 and lstm["use_skip_connections"] else h)
            state[j] = (h, c)
            layers.append(out)
            sequence = out
        return [(layer if d == 0 else layer[::-1])[1:-1] for layer in layers]

    def embed(self, words, states=None):
        """(layers + 1, words, 2P)."""
        states = ({}, {}) if states is None else states
        token = numpy.array([self.token(word) for word in words])
        forward, backward = (self.direction(d, words, states[d]) for d in range(2))
        layers = [numpy.concatenate([token, token], axis=1)]
        for f, b in zip(forward, backward):
            layers.append(numpy.concatenate([numpy.array(f), numpy.array(b)], axis=1))
        return numpy.array(layers)

    def embed_all(self, sentences, carry=0):
        """Of sentences; with carry N line i continues stream i mod N, blank lines change nothing."""
        streams = [({}, {}) for _ in range(carry)]
        result = []
        for i, words in enumerate(sentences):
            if not words:
                result.append(None)
                continue
            result.append(self.embed(words, streams[i % carry] if carry else None))
        return result


def write_model(folder, seed=1, layers=2, cells=12, projection=6, filters=((1, 4), (2, 5), (3, 6)),
                highways=2, dimension=3, activation="relu", skip=True, project=True, words=None,
                characters=262):
    """Random weights large enough that the clips act; options.json and weights.hdf5 in folder."""
    random = numpy.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    options = {"lstm": {"cell_clip": 0.7, "proj_clip": 0.5, "dim": cells,
                        "projection_dim": projection, "n_layers": layers,
                        "use_skip_connections": skip},
               "n_train_tokens": 1, "bidirectional": True}
    count = sum(n for _, n in filters)
    arrays = {}
    if words is None:
        options["char_cnn"] = {"activation": activation, "embedding": {"dim": dimension},
                               "filters": [list(one) for one in filters],
                               "max_characters_per_token": POSITIONS,
                               "n_characters": characters, "n_highway": highways}
        arrays["char_embed"] = random.normal(size=(261, dimension))
        for i, (width, n) in enumerate(filters):
            arrays[f"CNN/W_cnn_{i}"] = random.normal(size=(1, width, dimension, n))
            arrays[f"CNN/b_cnn_{i}"] = random.normal(size=n)
        for k in range(highways):
            for name in ("carry", "transform"):
                arrays[f"CNN_high_{k}/W_{name}"] = random.normal(size=(count, count)) / 3
                arrays[f"CNN_high_{k}/b_{name}"] = random.normal(size=count)
        if project:
            arrays["CNN_proj/W_proj"] = random.normal(size=(count, projection)) / 3
            arrays["CNN_proj/b_proj"] = random.normal(size=projection)
    else:
        arrays["embedding"] = random.normal(size=(words, projection))
    for d in range(2):
        for j in range(layers):
            group = f"RNN_{d}/RNN/MultiRNNCell/Cell{j}/LSTMCell/"
            arrays[group + "W_0"] = random.normal(size=(2 * projection, 4 * cells)) / 2
            arrays[group + "B"] = random.normal(size=4 * cells)
            arrays[group + "W_P_0"] = random.normal(size=(cells, projection)) / 2
    with h5py.File(folder / "weights.hdf5", "w") as file:
        for name, value in arrays.items():
            file[name] = value.astype("<f4")
    (folder / "options.json").write_text(json.dumps(options))
    return folder / "options.json", folder / "weights.hdf5"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("options")
    parser.add_argument("weights")
    parser.add_argument("text", help="one sentence a line, words separated by spaces")
    parser.add_argument("--carry", type=int, default=0)
    arguments = parser.parse_args()
    with open(arguments.text, encoding="utf-8") as file:
        sentences = [line.split() for line in file]
    vectors = OfficialElmo(arguments.options, arguments.weights).embed_all(sentences,
                                                                           arguments.carry)
    numpy.savez(sys.stdout.buffer, **{str(i): v for i, v in enumerate(vectors) if v is not None})


if __name__ == "__main__":
    main()
