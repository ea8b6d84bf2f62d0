"""ELMoForManyLangs by numpy alone: writes small random models and says what vectors they give.

    python3 tests/reference/efml.py FOLDER [--published]

writes a random model, of the published models' size with --published (450 MB), to measure speed.
Its torch files are made here byte by byte, in both layouts of torch.save. Independent of the C++:
float64, every position of a word convolved, a loop over words and steps.
"""
import argparse
import json
import pathlib
import struct

import numpy

PUBLISHED = "cnn_50_100_512_4096_sample.json"
TYPES = {"f4": "FloatStorage", "f8": "DoubleStorage", "f2": "HalfStorage", "i8": "LongStorage"}


# Torch's files

class Pickle:
    """Writes the opcodes that torch.save uses. `memo` and `protocol` vary what it may vary."""

    def __init__(self, protocol=2):
        self.protocol = protocol
        self.bytes = bytes([0x80, protocol])
        if protocol >= 4:
            self.bytes += b"\x95" + struct.pack("<Q", 0)  # a frame, whose length readers may ignore
        self.memo = 0

    def remember(self):
        if self.protocol >= 4:
            self.bytes += b"\x94"
        else:
            self.bytes += b"q" + bytes([self.memo]) if self.memo < 256 else \
                b"r" + struct.pack("<I", self.memo)
        self.memo += 1
        return self

    def text(self, value):
        raw = value.encode()
        self.bytes += (b"\x8c" + bytes([len(raw)]) if self.protocol >= 4
                       else b"X" + struct.pack("<I", len(raw))) + raw
        return self.remember()

    def name(self, module, name):
        if self.protocol >= 4:
            self.text(module).text(name)
            self.bytes += b"\x93"
        else:
            self.bytes += b"c" + module.encode() + b"\n" + name.encode() + b"\n"
        return self.remember()

    def integer(self, value):
        if 0 <= value < 256:
            self.bytes += b"K" + bytes([value])
        elif 0 <= value < 65536:
            self.bytes += b"M" + struct.pack("<H", value)
        elif -2**31 <= value < 2**31:
            self.bytes += b"J" + struct.pack("<i", value)
        else:
            raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
            self.bytes += b"\x8a" + bytes([len(raw)]) + raw
        return self

    def raw(self, value):
        self.bytes += value
        return self

    def integers(self, values):
        self.raw(b"(")
        for value in values:
            self.integer(value)
        return self.raw(b"t").remember()

    def empty_dictionary(self):
        return self.name("collections", "OrderedDict").raw(b")R").remember()

    def end(self):
        return self.bytes + b"."


class Tensor:
    """An array and how a file holds it. `key`: its storage, one of its own by default."""

    def __init__(self, array, storage=None, offset=0, stride=None, key=None, shape=None):
        self.array = array
        self.storage = numpy.ascontiguousarray(array).ravel() if storage is None else storage
        self.offset, self.key = offset, key
        self.shape = array.shape if shape is None else shape
        if stride is None:
            stride = [int(numpy.prod(array.shape[i + 1:], dtype=int)) for i in range(array.ndim)]
        self.stride = stride


def pickle_tensors(tensors, view, protocol=2, location="cpu", version=2, parameters=False,
                   metadata=True):
    """The pickle of a state dictionary, and its storages by key."""
    out, storages = Pickle(protocol), {}
    out.empty_dictionary().raw(b"(")
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            tensor = Tensor(tensor)
        key = str(1000 + len(storages)) if tensor.key is None else tensor.key
        storages[key] = tensor.storage
        out.text(name)
        if parameters:
            out.name("torch._utils", "_rebuild_parameter").raw(b"(")
        out.name("torch._utils", "_rebuild_tensor" + ("_v2" if version == 2 else "")).raw(b"(")
        out.raw(b"(").text("storage").name("torch", TYPES[tensor.storage.dtype.str[1:]])
        out.text(key).text(location).integer(len(tensor.storage))
        out.raw((b"N" if view else b"") + b"tQ")
        out.integer(tensor.offset).integers(tensor.shape).integers(tensor.stride)
        if version == 2:
            out.raw(b"\x89").empty_dictionary()
        out.raw(b"tR").remember()
        if parameters:
            out.raw(b"\x88").empty_dictionary().raw(b"tR").remember()
    out.raw(b"u")
    if metadata:
        out.raw(b"}").text("_metadata").empty_dictionary().raw(b"sb")
    return out.end(), storages


def legacy_file(tensors, little_endian=True, protocol=2, **options):
    state, storages = pickle_tensors(tensors, view=True, protocol=protocol, **options)
    data = Pickle(protocol).integer(0x1950a86a20f9469cfc6c).end()
    data += Pickle(protocol).integer(1001).end()
    system = Pickle(protocol).raw(b"}(").text("protocol_version").integer(1001).text("little_endian")
    system.raw(b"\x88" if little_endian else b"\x89").text("type_sizes").raw(b"}(")
    for name, size in (("short", 2), ("int", 4), ("long", 4)):
        system.text(name).integer(size)
    data += system.raw(b"uu").end() + state
    keys = Pickle(protocol).raw(b"](")
    for key in sorted(storages):
        keys.text(key)
    data += keys.raw(b"e").end()
    for key in sorted(storages):
        data += struct.pack("<q", len(storages[key])) + storages[key].tobytes()
    return data


def zip_file(tensors, root="archive", byteorder="little", zip64=False, method=0, drop=None,
             **options):
    """As torch writes it: sizes of 0 in the local headers, data at multiples of 64 bytes."""
    state, storages = pickle_tensors(tensors, view=False, **options)
    entries = [("data.pkl", state)]
    if byteorder:
        entries.append(("byteorder", byteorder.encode()))
    entries += [("data/" + key, storage.tobytes()) for key, storage in storages.items()
                if key != drop]
    entries.append(("version", b"3\n"))
    data, directory = b"", b""
    for name, content in entries:
        name = f"{root}/{name}".encode()
        at = len(data)
        padding = -(at + 30 + len(name) + 4) % 64
        extra = b"FB" + struct.pack("<H", padding) + b"Z" * padding
        data += b"PK\3\4" + struct.pack("<HHHHHIIIHH", 0, 0x808, method, 0, 0, 0, 0, 0, len(name),
                                        len(extra)) + name + extra + content
        large, size, place = b"", len(content), at
        if zip64:
            large = struct.pack("<HHQQQ", 1, 24, size, size, at)
            size = place = 0xffffffff
        directory += b"PK\1\2" + struct.pack("<HHHHHHIIIHHHHHII", 0, 0, 0x808, method, 0, 0, 0,
                                             size, size, len(name), len(large), 0, 0, 0, 0,
                                             place) + name + large
    begin, count = len(data), len(entries)
    data += directory
    if zip64:
        record = len(data)
        data += b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 0, 0, 0, 0, count, count, len(directory),
                                        begin)
        data += b"PK\6\7" + struct.pack("<IQI", 0, record, 1)
        count, begin = 0xffff, 0xffffffff
    size = 0xffffffff if zip64 else len(directory)
    return data + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, size, begin, 0)


# Models

WORDS = ["<oov>", "<bos>", "<eos>", "<pad>", "the", "cat", "배를", "a", "New York", "<pad>x",
         "y" * 48]
CHARACTERS = [*"<bos>", *"thecatNwYorkyx배를ᄏ,.!", "<bos>", "<eos>", "<oov>", "<pad>", "<bow>",
              "<eow>"]


def unique(keys):
    return list(dict.fromkeys(keys))


def random_model(seed=1, layers=2, cells=20, projection=12,
                 filters=((1, 4), (2, 4), (3, 6), (5, 8)), highways=2, word_dimension=9,
                 character_dimension=7, activation="relu", clips=(1.1, 0.9), positions=50, gain=1.7,
                 words=None, characters=None):
    """{architecture, words, characters, tokens, encoder}: dictionaries and tensors. The default
    clips act."""
    random = numpy.random.default_rng(seed)
    words = words or WORDS
    characters = unique(characters or CHARACTERS)
    p, f = projection, sum(n for _, n in filters) if character_dimension else 0

    def normal(*shape):
        return random.normal(size=shape).astype("f4")

    def matrix(rows, columns):
        return normal(rows, columns) * numpy.float32(columns ** -0.5)

    tokens, encoder = {}, {}
    if word_dimension:
        tokens["word_emb_layer.embedding.weight"] = normal(len(words), word_dimension)
    if character_dimension:
        tokens["char_emb_layer.embedding.weight"] = normal(len(characters), character_dimension)
        for i, (width, count) in enumerate(filters):
            tokens[f"convolutions.{i}.weight"] = normal(count, character_dimension, width)
            tokens[f"convolutions.{i}.bias"] = normal(count)
        for k in range(highways):
            tokens[f"highways._layers.{k}.weight"] = matrix(2 * f, f)
            tokens[f"highways._layers.{k}.bias"] = normal(2 * f)
    tokens["projection.weight"] = matrix(p, word_dimension + f)
    tokens["projection.bias"] = normal(p)
    for direction in ("forward", "backward"):
        for j in range(layers):
            name = f"{direction}_layer_{j}."
            encoder[name + "input_linearity.weight"] = matrix(4 * cells, p) * numpy.float32(gain)
            encoder[name + "state_linearity.weight"] = matrix(4 * cells, p) * numpy.float32(gain)
            encoder[name + "state_linearity.bias"] = normal(4 * cells)
            encoder[name + "state_projection.weight"] = matrix(p, cells) * numpy.float32(gain)
    architecture = {
        "encoder": {"name": "elmo", "projection_dim": p, "cell_clip": clips[0],
                    "proj_clip": clips[1], "dim": cells, "n_layers": layers},
        "token_embedder": {"name": "cnn", "activation": activation,
                           "filters": [list(one) for one in filters], "n_highway": highways,
                           "word_dim": word_dimension, "char_dim": character_dimension,
                           "max_characters_per_token": positions},
        "classifier": {"name": "sampled_softmax", "n_samples": 8192}, "dropout": 0.1}
    return {"architecture": architecture, "words": words, "characters": characters,
            "tokens": tokens, "encoder": encoder}


def write_model(folder, model, write=legacy_file, name=PUBLISHED, with_architecture=True):
    folder.mkdir(exist_ok=True)
    (folder / "token_embedder.pkl").write_bytes(write(model["tokens"]))
    (folder / "encoder.pkl").write_bytes(write(model["encoder"]))
    for file, keys in (("word.dic", model["words"]), ("char.dic", model["characters"])):
        (folder / file).write_text("".join(f"{key}\t{i}\n" for i, key in enumerate(keys)),
                                   encoding="utf-8")
    config = {"seed": 1, "config_path": f"/Users/somebody/configs/{name}", "max_sent_len": 20}
    (folder / "config.json").write_text(json.dumps(config))
    if with_architecture:
        (folder / name).write_text(json.dumps(model["architecture"], indent="\t") + " \n")
    return folder


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def clip(x, bound):
    return numpy.clip(x, -bound, bound) if bound else x


class Efml:
    def __init__(self, model):
        self.settings = model["architecture"]
        self.words = {key: i for i, key in enumerate(model["words"])}
        self.characters = {key: i for i, key in enumerate(model["characters"])}
        self.tensors = {name: value.astype(numpy.float64) for part in ("tokens", "encoder")
                        for name, value in model[part].items()}

    def row(self, word):
        """A word's ids: its ends are exchanged, and padding is a character like others."""
        ids = self.characters
        inside = [word] if word in ("<bos>", "<eos>") else list(word)
        row = [ids["<eow>"], *(ids.get(c, ids["<oov>"]) for c in inside), ids["<bow>"]]
        positions = self.settings["token_embedder"]["max_characters_per_token"]
        return row + [ids["<pad>"]] * (positions - len(row))

    def token(self, word):
        s, w = self.settings["token_embedder"], self.tensors
        word = word[:s["max_characters_per_token"] - 2]
        parts = []
        if s["word_dim"]:
            row = self.words.get(word, self.words["<oov>"])
            parts.append(w["word_emb_layer.embedding.weight"][row])
        if s["char_dim"]:
            vectors = w["char_emb_layer.embedding.weight"][self.row(word)]
            best = []
            for i, (width, _) in enumerate(s["filters"]):
                windows = [vectors[p:p + width] for p in range(len(vectors) - width + 1)]
                sums = numpy.einsum("ptc,nct->pn", windows, w[f"convolutions.{i}.weight"])
                best.append(sums.max(axis=0) + w[f"convolutions.{i}.bias"])
            x = numpy.concatenate(best)
            x = numpy.maximum(x, 0) if s["activation"] == "relu" else numpy.tanh(x)
            for k in range(s["n_highway"]):
                z = w[f"highways._layers.{k}.weight"] @ x + w[f"highways._layers.{k}.bias"]
                change, gate = numpy.split(z, 2)
                x = sigmoid(gate) * x + sigmoid(-gate) * numpy.maximum(change, 0)
            parts.append(x)
        return w["projection.weight"] @ numpy.concatenate(parts) + w["projection.bias"]

    def direction(self, name, sequence, state):
        """The layers' outputs over a sequence; state is changed."""
        s, w, layers = self.settings["encoder"], self.tensors, []
        for j in range(s["n_layers"]):
            part = {key: w[f"{name}_layer_{j}.{key}"] for key in
                    ("input_linearity.weight", "state_linearity.weight", "state_linearity.bias",
                     "state_projection.weight")}
            h, c = state.setdefault((name, j), (numpy.zeros(s["projection_dim"]),
                                                numpy.zeros(s["dim"])))
            out = []
            for x in sequence:
                z = (part["input_linearity.weight"] @ x + part["state_linearity.weight"] @ h
                     + part["state_linearity.bias"])
                i, f, g, o = numpy.split(z, 4)
                c = clip(sigmoid(i) * numpy.tanh(g) + sigmoid(f) * c, s["cell_clip"])
                h = clip(part["state_projection.weight"] @ (sigmoid(o) * numpy.tanh(c)),
                         s["proj_clip"])
                out.append(h + x if j else h)
            state[name, j] = (h, c)
            layers.append(out)
            sequence = out
        return layers

    def embed(self, words, state=None):
        """(layers + 1, words, 2P)."""
        state = {} if state is None else state
        tokens = [self.token(word) for word in ["<bos>", *words, "<eos>"]]
        forward = self.direction("forward", tokens, state)
        backward = self.direction("backward", tokens[::-1], state)
        layers = [[tokens, tokens]] + [[f, b[::-1]] for f, b in zip(forward, backward)]
        return numpy.array([numpy.concatenate([numpy.array(f), numpy.array(b)], axis=1)
                            for f, b in layers])[:, 1:-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--published", action="store_true")
    arguments = parser.parse_args()
    if not arguments.published:
        write_model(arguments.folder, random_model())
        return
    letters = [chr(c) for c in range(0x21, 0x7f)] + [chr(0xac00 + i) for i in range(3405)]
    words = WORDS[:4] + [f"word{i}" for i in range(40_000)]
    model = random_model(
        cells=4096, projection=512, word_dimension=100, character_dimension=50, clips=(3, 3),
        filters=((1, 32), (2, 32), (3, 64), (4, 128), (5, 256), (6, 512), (7, 1024)), gain=0.7,
        words=words, characters=letters + CHARACTERS[-6:])
    write_model(arguments.folder, model)


if __name__ == "__main__":
    main()
