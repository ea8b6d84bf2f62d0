"""ELMo in the official format by numpy: makes small random models and says what vectors they give.

    python3 tests/reference/official_elmo.py OPTIONS WEIGHTS TEXT [--carry N] > vectors.npz
    python3 tests/reference/official_elmo.py OPTIONS WEIGHTS TEXT [--carry N] --compare DUMP.h5

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
        self.tokens = {}

    def token(self, word):
        if word not in self.tokens:
            self.tokens[word] = self.make_token(word)
        return self.tokens[word]

    def make_token(self, word):
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

    def cell(self, d, j):
        """The group of a layer's weights; bilm-tf's training names a single one otherwise."""
        group = f"RNN_{d}/RNN/MultiRNNCell/Cell{j}/LSTMCell/"
        return group if group + "W_0" in self.weights else f"RNN_{d}/RNN/LSTMCell/"

    def direction(self, d, words, state):
        """Layers 1.. of BOS words EOS as direction d reads them; state is changed."""
        lstm = self.options["lstm"]
        tokens = [self.token(word) for word in ["<S>", *words, "</S>"]]
        sequence = tokens if d == 0 else tokens[::-1]
        layers = []
        for j in range(lstm["n_layers"]):
            group = self.cell(d, j)
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
                characters=262, rows=261, bare_cell=False, clips=(0.7, 0.5), gain=1.7):
    """Random weights; options.json and weights.hdf5 in folder. The default clips act with the
    default gain, which is the LSTM's: a product has about this many times its operand's size."""
    random = numpy.random.default_rng(seed)
    folder.mkdir(exist_ok=True)
    options = {"lstm": {"cell_clip": clips[0], "proj_clip": clips[1], "dim": cells,
                        "projection_dim": projection, "n_layers": layers,
                        "use_skip_connections": skip},
               "n_train_tokens": 1, "bidirectional": True}
    count = sum(n for _, n in filters)
    arrays = {}

    def normals(rows, columns):
        return random.normal(size=(rows, columns)) / rows ** 0.5

    if words is None:
        options["char_cnn"] = {"activation": activation, "embedding": {"dim": dimension},
                               "filters": [list(one) for one in filters],
                               "max_characters_per_token": POSITIONS,
                               "n_characters": characters, "n_highway": highways}
        arrays["char_embed"] = random.normal(size=(rows, dimension))
        for i, (width, n) in enumerate(filters):
            arrays[f"CNN/W_cnn_{i}"] = random.normal(size=(1, width, dimension, n))
            arrays[f"CNN/b_cnn_{i}"] = random.normal(size=n)
        for k in range(highways):
            for name in ("carry", "transform"):
                arrays[f"CNN_high_{k}/W_{name}"] = normals(count, count)
                arrays[f"CNN_high_{k}/b_{name}"] = random.normal(size=count)
        if project:
            arrays["CNN_proj/W_proj"] = normals(count, projection)
            arrays["CNN_proj/b_proj"] = random.normal(size=projection)
    else:
        arrays["embedding"] = random.normal(size=(words, projection))
    for d in range(2):
        for j in range(layers):
            group = (f"RNN_{d}/RNN/LSTMCell/" if bare_cell
                     else f"RNN_{d}/RNN/MultiRNNCell/Cell{j}/LSTMCell/")
            arrays[group + "W_0"] = normals(2 * projection, 4 * cells) * gain
            arrays[group + "B"] = random.normal(size=4 * cells)
            arrays[group + "W_P_0"] = normals(cells, projection) * gain
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
    parser.add_argument("--carry", type=int, default=0, help="as elmo dump --carry-state")
    parser.add_argument("--compare", metavar="DUMP.h5",
                        help="print the largest difference from what elmo dump made of the text")
    arguments = parser.parse_args()
    with open(arguments.text, encoding="utf-8") as file:
        sentences = [line.split() for line in file]
    vectors = OfficialElmo(arguments.options, arguments.weights).embed_all(sentences,
                                                                           arguments.carry)
    vectors = {str(i): v for i, v in enumerate(vectors) if v is not None}
    if not arguments.compare:
        numpy.savez(sys.stdout.buffer, **vectors)
        return
    with h5py.File(arguments.compare) as file:
        worst = max(abs(file[name][()] - v).max() for name, v in vectors.items())
        words = sum(v.shape[1] for v in vectors.values())
    print(f"{words} words, largest difference {worst:.2g}")


if __name__ == "__main__":
    main()
