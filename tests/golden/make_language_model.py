"""Makes language_model.h5, what the language model must compute, in float64.

    python3 tests/golden/make_language_model.py        (needs torch, h5py, numpy)

Layout, for each case X of A, B, C, D (T steps, B streams, L layers, H cells, P projection, V rows;
everything float64 unless it says otherwise, scalars of shape (1)):

    /X/weights/NAME             names and shapes of a model file; float32
    /X/window_K/                three consecutive windows, the first from zero states, the state
                                carried on, all with the weights above:
        inputs, targets (T, B)  int32; target -1 where a stream is idle (it reads input 0, with
                                characters a vector of zeros)
        resets (T, B)           uint8; 1: the stream's state is zero before this step
        loss                    total negative log-likelihood, nats
        predictions             targets that are not -1, int32
        outputs/token_encoder, outputs/lstm_k (T, B, P), with the residual
        state/lstm_k/h (B, P), state/lstm_k/c (B, H): at the window's end
    /X/gradients/NAME           window_1's, of (mean loss x T), without a gradient into window_0
    /X/gradient_norm            their global norm
    /X/adagrad/, /X/adam/       not of C: training on window_0, window_1, window_2, the state
                                carried on
        learning_rate, clip     given
        norms (3), losses (3)   of each step: gradient norm before clipping; total loss
        weights/NAME            after the third step

Case A: two layers, skip connection, clips at 3 that act on cells and projections, sentences that
begin inside windows, idle streams. Case B: one layer; no clip, no reset after the start, nothing
idle: PyTorch's own nn.LSTM(proj_size) must agree with it, which is checked here. Case C: as
A, but the token encoder reads characters; besides:

    /C/words                    uint8: UTF-8 words, one a line. The inputs are places in this list;
                                its first V words are the softmax's outcomes, `<UNK>` the first
    /C/positions                characters that a word is padded to, int32

Case D: as A, with tied weights.
"""
import dataclasses
import pathlib
import sys

import numpy
import torch
import torch.nn.functional as F

from golden_file import golden_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "reference"))
from language_model import LanguageModel, Optimizer, Settings, window_tensors  # noqa: E402
from official_elmo import character_ids  # noqa: E402

UNK, BOS, EOS = 0, 1, 2
WINDOWS = 3
# A value this near to a clip's bound could fall on its other side in float32.
MARGIN = 1e-4


class WatchedModel(LanguageModel):
    """Counts what the clips cut, and how near to its bound any value comes."""

    def __init__(self, settings, parameters):
        super().__init__(settings, parameters)
        hidden, projection = self.settings.hidden, self.settings.projection
        self.cut, self.seen = {hidden: 0, projection: 0}, {hidden: 0, projection: 0}
        self.nearest = float("inf")

    def clip(self, values, bound):
        width, size = values.shape[1], values.detach().abs()
        self.cut[width] += int((size > bound).sum())
        self.seen[width] += values.numel()
        self.nearest = min(self.nearest, float((size - bound).abs().min()))
        return super().clip(values, bound)


@dataclasses.dataclass
class CharacterSettings(Settings):
    words: tuple = ()      # that inputs are places in
    positions: int = 0     # of a word's characters
    dimension: int = 0     # of a character's vector
    filters: tuple = ()    # (width, count)
    highways: int = 0


class CharacterModel(WatchedModel):
    """The token encoder of the ELMo paper: characters, convolutions, highways, a projection."""

    @staticmethod
    def encoder_shapes(settings):
        s, count = settings, sum(n for _, n in settings.filters)
        shapes = {"characters": (261, s.dimension)}
        for i, (width, n) in enumerate(s.filters):
            shapes[f"filter_{i}"] = (width, s.dimension, n)
            shapes[f"filter_bias_{i}"] = (n,)
        for k in range(s.highways):
            shapes[f"highway_{k}/carry"] = shapes[f"highway_{k}/transform"] = (count, count)
            shapes[f"highway_{k}/carry_bias"] = shapes[f"highway_{k}/transform_bias"] = (count,)
        shapes["projection"] = (count, s.projection)
        shapes["projection_bias"] = (s.projection,)
        return {f"token_encoder/{name}": shape for name, shape in shapes.items()}

    def tokens(self, inputs):
        s = self.settings
        p = {name.removeprefix("token_encoder/"): value for name, value in self.parameters.items()}
        ids = torch.tensor([character_ids(word, s.positions) for word in s.words]) - 1
        x = F.embedding(ids, p["characters"]).transpose(1, 2)
        x = torch.cat([F.conv1d(x, p[f"filter_{i}"].permute(2, 1, 0), p[f"filter_bias_{i}"])
                       .max(dim=2).values for i in range(len(s.filters))], dim=1).relu()
        for k in range(s.highways):
            h = {name: p[f"highway_{k}/{name}"]
                 for name in ("carry", "transform", "carry_bias", "transform_bias")}
            gate = torch.sigmoid(x @ h["carry"] + h["carry_bias"])
            x = gate * (x @ h["transform"] + h["transform_bias"]).relu() + (1 - gate) * x
        x = x @ p["projection"] + p["projection_bias"]
        idle = torch.zeros(1, s.projection, dtype=x.dtype)
        return torch.cat([x, idle])[inputs]


def model_class(settings):
    return CharacterModel if isinstance(settings, CharacterSettings) else WatchedModel


def make_weights(settings, generator, gains):
    """Normals by `gains` (of the LSTM by the last part of the name), rounded to float32."""
    weights = {}
    for name, shape in model_class(settings).names_and_shapes(settings).items():
        gain = gains[name.split("/")[1]] if name.startswith("lstm") else gains[name]
        weights[name] = (gain * generator.standard_normal(shape)).astype("f4").astype("f8")
    return weights


def make_model(settings, weights, dtype):
    return model_class(settings)(settings,
                                 {name: torch.tensor(value, dtype=dtype, requires_grad=True)
                                  for name, value in weights.items()})


def make_windows(settings, generator, steps, streams, lengths, ends):
    """Streams of sentences (BOS u1..un EOS) of lengths[0] to lengths[1] units, cut every `steps`;
    stream b goes idle at the end of the sentence that holds position ends[b]."""
    characters = isinstance(settings, CharacterSettings)
    units_to = len(settings.words) if characters else settings.rows
    total = WINDOWS * steps
    inputs = numpy.zeros((total, streams), numpy.int32)
    targets = numpy.full((total, streams), -1, numpy.int32)
    resets = numpy.zeros((total, streams), numpy.uint8)
    for b in range(streams):
        at = 0
        while at < min(total, ends.get(b, total)):
            units = generator.integers(3, units_to, generator.integers(*lengths, endpoint=True))
            sentence = numpy.array([BOS, *units, EOS])
            kept = min(len(units) + 1, total - at)
            inputs[at:at + kept, b] = sentence[:kept]
            targets[at:at + kept, b] = sentence[1:kept + 1]
            resets[at, b] = 1
            at += kept
    if characters:
        inputs[targets < 0] = len(settings.words)
        targets[targets >= settings.rows] = UNK
    return [(inputs[t:t + steps], targets[t:t + steps], resets[t:t + steps])
            for t in range(0, total, steps)]


def run(model, windows):
    """All windows with one set of weights -> per window results; gradients of window 1."""
    state = model.zero_state(windows[0][0].shape[1])
    results = []
    for k, window in enumerate(windows):
        objective, total, predictions, outputs, state = model.window(*window_tensors(*window), state)
        results.append((total.item(), predictions, [o.detach() for o in outputs], state))
        if k == 1:
            objective.backward()
    gradients = {name: p.grad.clone() for name, p in model.parameters.items()}
    model.zero_gradients()
    return results, gradients


def train(model, windows, kind, rate, clip):
    """One update a window -> (norms, losses); the model's parameters change."""
    optimizer = Optimizer(kind, model.parameters.values(), rate, clip)
    state = model.zero_state(windows[0][0].shape[1])
    norms, losses = [], []
    for window in windows:
        model.zero_gradients()
        objective, total, _, _, state = model.window(*window_tensors(*window), state)
        objective.backward()
        losses.append(total.item())
        norms.append(optimizer.step())
    return norms, losses


def relative(got, expected):
    """Largest difference over the largest magnitude."""
    return float((got.double() - expected).abs().max() / expected.abs().max())


def check_against_torch_lstm(settings, weights, window, expected):
    """nn.LSTM(proj_size) has gates i, f, j, o and no forget bias of its own."""
    def swapped(rows):
        i, j, f, o = torch.tensor(rows).chunk(4)
        return torch.cat([i, f, j, o])
    P, H = settings.projection, settings.hidden
    lstm = torch.nn.LSTM(P, H, proj_size=P).double()
    bias = weights["lstm_0/bias"].copy()
    bias[2 * H:3 * H] += 1
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(swapped(weights["lstm_0/weights"][:, :P]))
        lstm.weight_hh_l0.copy_(swapped(weights["lstm_0/weights"][:, P:]))
        lstm.bias_ih_l0.copy_(swapped(bias))
        lstm.bias_hh_l0.zero_()
        lstm.weight_hr_l0.copy_(torch.tensor(weights["lstm_0/projection"]))
        inputs = torch.tensor(window[0], dtype=torch.int64)
        output, _ = lstm(torch.tensor(weights["token_encoder/embedding"])[inputs])
    assert relative(output, expected) < 1e-12, "nn.LSTM disagrees"


def add(file, name, values, kind="f8"):
    file.create_dataset(name, data=numpy.atleast_1d(numpy.asarray(values, dtype=kind)))


def add_case(file, case, settings, gains, seed, steps, streams, lengths, ends, clips_act, recipes):
    generator = numpy.random.default_rng(seed)
    weights = make_weights(settings, generator, gains)
    windows = make_windows(settings, generator, steps, streams, lengths, ends)
    model = make_model(settings, weights, torch.float64)
    results, gradients = run(model, windows)
    report_clips(case, model, clips_act)
    if not clips_act:
        check_against_torch_lstm(settings, weights, windows[0], results[0][2][1])

    # Can float32 meet these numbers at all? A case where it can't would test luck.
    single, single_gradients = run(make_model(settings, weights, torch.float32), windows)
    for got, expected in zip(single, results):
        assert abs(got[0] - expected[0]) < 2e-6 * expected[0], "loss in float32"
    worst = max(relative(single_gradients[name], g) for name, g in gradients.items())
    assert worst < 2e-5, f"gradients in float32: {worst}"

    names = ["token_encoder"] + [f"lstm_{k}" for k in range(settings.layers)]
    for name, value in weights.items():
        add(file, f"{case}/weights/{name}", value, "f4")
    for k, (window, (loss, predictions, outputs, state)) in enumerate(zip(windows, results)):
        group = f"{case}/window_{k}"
        for name, values, kind in zip(("inputs", "targets", "resets"), window, ("i4", "i4", "u1")):
            add(file, f"{group}/{name}", values, kind)
        add(file, f"{group}/loss", loss)
        add(file, f"{group}/predictions", predictions, "i4")
        for name, output in zip(names, outputs):
            add(file, f"{group}/outputs/{name}", output)
        for name, (h, c) in zip(names[1:], state):
            add(file, f"{group}/state/{name}/h", h)
            add(file, f"{group}/state/{name}/c", c)
    for name, gradient in gradients.items():
        add(file, f"{case}/gradients/{name}", gradient)
    norm = sum(float(g.square().sum()) for g in gradients.values()) ** 0.5
    add(file, f"{case}/gradient_norm", norm)
    for kind, (rate, clip) in recipes.items():
        add_training(file, f"{case}/{kind}", settings, weights, windows, kind, rate, clip)


def report_clips(case, model, expected):
    for what, width in (("cell", model.settings.hidden), ("projection", model.settings.projection)):
        share = model.cut[width] / model.seen[width]
        print(f"case {case}: {share:.1%} of the {what} values are cut")
        assert (0.02 < share < 0.5) if expected else share == 0, what
    check_margin(model)


def check_margin(model):
    assert model.nearest > MARGIN, f"a value lies {model.nearest} from a clip's bound"


def add_training(file, group, settings, weights, windows, kind, rate, clip):
    model = make_model(settings, weights, torch.float64)
    norms, losses = train(model, windows, kind, rate, clip)
    check_margin(model)
    single = make_model(settings, weights, torch.float32)
    train(single, windows, kind, rate, clip)
    print(f"{group}: norms {', '.join(f'{n:.3f}' for n in norms)}, clip {clip}")
    assert min(norms) < clip < max(norms), "some steps are to be clipped, some not"
    for name, value in model.parameters.items():
        error = float((single.parameters[name].double() - value).detach().abs().max())
        assert error < 1e-5, f"{group}: {name} in float32 is off by {error}"
        add(file, f"{group}/weights/{name}", value.detach())
    add(file, f"{group}/learning_rate", rate)
    add(file, f"{group}/clip", clip)
    add(file, f"{group}/norms", norms)
    add(file, f"{group}/losses", losses)


def main():
    with golden_file("language_model.h5") as file:
        add_case(file, "A", Settings(layers=2, hidden=24, projection=8, rows=37),
                 {"weights": 0.5, "bias": 0.5, "projection": 0.9, "token_encoder/embedding": 1.0,
                  "softmax/weights": 0.4, "softmax/bias": 0.3},
                 seed=2, steps=7, streams=5, lengths=(1, 8), ends={3: 11, 4: 4}, clips_act=True,
                 recipes={"adagrad": (0.05, 30.0), "adam": (0.005, 30.0)})
        add_case(file, "B", Settings(layers=1, hidden=12, projection=5, rows=11),
                 {"weights": 0.3, "bias": 0.2, "projection": 0.3, "token_encoder/embedding": 0.7,
                  "softmax/weights": 0.4, "softmax/bias": 0.3},
                 seed=6, steps=4, streams=3, lengths=(12, 12), ends={}, clips_act=False,
                 recipes={"adagrad": (0.2, 1.5), "adam": (0.01, 1.5)})
        add_case(file, "D", Settings(layers=2, hidden=10, projection=5, rows=13, tied=True),
                 {"weights": 0.5, "bias": 0.5, "projection": 0.9, "token_encoder/embedding": 0.7,
                  "softmax/bias": 0.3},
                 seed=13, steps=5, streams=3, lengths=(1, 8), ends={2: 9}, clips_act=True,
                 recipes={"adam": (0.005, 15.0)})
        words = ("<UNK>", "<S>", "</S>", "a", "cat", "배를", "on", "the", "mat", "tea",
                 # Not of the softmax: misspelt, longer than what is read, Korean, an emoji.
                 "thee", "unreadable", "unreadably", "강을", "🙂", "aaaa")
        settings = CharacterSettings(layers=2, hidden=10, projection=6, rows=10, words=words,
                                     positions=10, dimension=2, filters=((1, 3), (2, 4), (4, 3)),
                                     highways=2)
        gains = {name: 0.5 for name in CharacterModel.names_and_shapes(settings)}
        gains |= {"weights": 0.9, "bias": 0.6, "projection": 1.6, "token_encoder/characters": 1.0}
        add_case(file, "C", settings, gains, seed=1, steps=7, streams=4, lengths=(1, 8),
                 ends={3: 9}, clips_act=True, recipes={})
        add(file, "C/words", numpy.frombuffer("\n".join(words).encode(), numpy.uint8), "u1")
        add(file, "C/positions", settings.positions, "i4")


if __name__ == "__main__":
    main()
