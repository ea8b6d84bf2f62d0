"""One direction of an ELMo language model in PyTorch, the cell written out: an independent
reference for values, gradients, optimisers and speed.

T steps of B streams; V rows of vocabulary, H cells, P projection. Parameters by name, as in a
model file:

    token_encoder/embedding (V, P)
    lstm_k/weights (4H, 2P), rows in blocks i, j, f, o and columns [x; h]; lstm_k/bias (4H), stored
    without the forget gate's 1; lstm_k/projection (P, H)
    softmax/weights (V, P), softmax/bias (V); tied: the embedding stands for the weights

Works in any float type, and under torch.autocast. It is a library: make_language_model.py (in
tests/golden), train_reference.py and bench_torch.py use it.
"""
import dataclasses
import re

import h5py
import numpy
import torch
import torch.nn.functional as F


@dataclasses.dataclass
class Settings:
    layers: int
    hidden: int       # H
    projection: int   # P
    rows: int         # V
    cell_clip: float = 3.0        # 0 or less: none
    projection_clip: float = 3.0  # 0 or less: none
    skip_connections: bool = True
    dropout: float = 0.0
    tied: bool = False


# (layers, H, P), as `elmo pretrain --preset` has them.
PRESETS = {"tiny": (1, 128, 64), "small": (2, 1024, 128), "medium": (2, 2048, 256),
           "original": (2, 4096, 512)}


class LanguageModel:
    def __init__(self, settings, parameters):
        """parameters: name -> tensor, leaves that require gradients."""
        self.settings = settings
        self.parameters = parameters
        self.training = True

    @staticmethod
    def encoder_shapes(settings):
        return {"token_encoder/embedding": (settings.rows, settings.projection)}

    @classmethod
    def names_and_shapes(cls, settings):
        s = settings
        shapes = cls.encoder_shapes(settings)
        for k in range(s.layers):
            shapes[f"lstm_{k}/weights"] = (4 * s.hidden, 2 * s.projection)
            shapes[f"lstm_{k}/bias"] = (4 * s.hidden,)
            shapes[f"lstm_{k}/projection"] = (s.projection, s.hidden)
        if not s.tied:
            shapes["softmax/weights"] = (s.rows, s.projection)
        shapes["softmax/bias"] = (s.rows,)
        return shapes

    @classmethod
    def random(cls, settings, seed, dtype=torch.float32):
        """Glorot uniform for the LSTM's matrices, small normals elsewhere, biases 0."""
        generator = torch.Generator().manual_seed(seed)
        parameters = {}
        for name, shape in cls.names_and_shapes(settings).items():
            value = torch.zeros(shape, dtype=dtype)
            if name.startswith("lstm") and len(shape) == 2:
                bound = (6 / sum(shape)) ** 0.5
                value.uniform_(-bound, bound, generator=generator)
            elif len(shape) == 2:
                value.normal_(0, 0.1 * shape[1] ** -0.5, generator=generator)
            parameters[name] = value.requires_grad_()
        return cls(settings, parameters)

    @classmethod
    def load(cls, path, dtype=torch.float32, **settings):
        """Reads a model file (forward.h5, backward.h5); `settings` that the shapes don't tell."""
        with h5py.File(path, "r") as file:
            layers = sum(bool(re.fullmatch(r"lstm_\d+", name)) for name in file)
            projection, hidden = file["lstm_0/projection"].shape
            rows = file["softmax/bias"].shape[0]
            shape = Settings(layers, hidden, projection, rows,
                             tied="softmax/weights" not in file, **settings)
            parameters = {name: torch.tensor(file[name][()], dtype=dtype, requires_grad=True)
                          for name in cls.names_and_shapes(shape)}
        for name, expected in cls.names_and_shapes(shape).items():
            if tuple(parameters[name].shape) != expected:
                raise SystemExit(f"{path}: {name} has the shape {tuple(parameters[name].shape)}; "
                                 f"expected {expected}")
        return cls(shape, parameters)

    def zero_state(self, streams):
        """A list over layers of (h (B, P), c (B, H))."""
        s, dtype = self.settings, self.parameters["softmax/bias"].dtype
        return [(torch.zeros(streams, s.projection, dtype=dtype),
                 torch.zeros(streams, s.hidden, dtype=dtype)) for _ in range(s.layers)]

    def clip(self, values, bound):
        """values cut to +-bound; the gradient is 0 where they were cut."""
        return values.clamp(-bound, bound) if bound > 0 else values

    def lstm_layer(self, k, x, keeps, state):
        """x (T, B, P) after its dropout -> (h (T, B, P) without the residual, state at the end).

        keeps[t]: None, or (B, 1) with 0 for streams whose state is zero before step t.
        """
        s = self.settings
        weights = self.parameters[f"lstm_{k}/weights"]
        projection = self.parameters[f"lstm_{k}/projection"]
        bias = self.parameters[f"lstm_{k}/bias"]
        forget = torch.zeros_like(bias)
        forget[2 * s.hidden:3 * s.hidden] = 1
        if torch.is_autocast_enabled("cpu"):  # once a window, where autocast would do it each step
            weights = weights.to(torch.get_autocast_dtype("cpu"))
        recurrent = weights[:, x.shape[2]:].t()
        # z = W [x; h] + b: the part of x for all steps in one product.
        z_of_x = F.linear(x, weights[:, :x.shape[2]]) + (bias + forget).to(weights.dtype)
        h, c = state
        outputs = []
        for z, keep in zip(z_of_x.unbind(0), keeps):
            if keep is not None:
                h, c = h * keep, c * keep
            i, j, f, o = torch.addmm(z, h.to(z.dtype), recurrent).chunk(4, dim=1)
            c = self.clip(torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(j), s.cell_clip)
            m = torch.sigmoid(o) * torch.tanh(c)
            h = self.clip(F.linear(m, projection), s.projection_clip)
            outputs.append(h)
        return torch.stack(outputs), (h, c)

    def tokens(self, inputs):
        """(T, B) integers -> (T, B, P): the token encoder."""
        return F.embedding(inputs, self.parameters["token_encoder/embedding"])

    def dropout(self, x):
        return F.dropout(x, self.settings.dropout, self.training and self.settings.dropout > 0)

    def forward(self, inputs, resets, state):
        """inputs (T, B) integers, resets (T, B) 0 or 1 -> (outputs, state).

        outputs: (T, B, P) each: the token encoder, then every layer with its residual. The state
        returned has no gradient: it is what the next window begins with.
        """
        x = self.tokens(inputs)
        kept = (1 - resets).to(x.dtype)
        keeps = [kept[t][:, None] if bool(resets[t].any()) else None for t in range(len(resets))]
        outputs, last = [x], []
        for k in range(self.settings.layers):
            x = self.dropout(outputs[-1])
            h, (last_h, last_c) = self.lstm_layer(k, x, keeps, state[k])
            outputs.append(h + x if k > 0 and self.settings.skip_connections else h)
            last.append((last_h.detach(), last_c.detach()))
        return outputs, last

    def total_loss(self, output, targets):
        """Sum of the negative log-likelihoods (nats) of the targets that are not -1."""
        name = "token_encoder/embedding" if self.settings.tied else "softmax/weights"
        logits = F.linear(self.dropout(output).flatten(0, 1), self.parameters[name],
                          self.parameters["softmax/bias"].to(output.dtype))
        return F.cross_entropy(logits, targets.flatten(), ignore_index=-1, reduction="sum")

    def window(self, inputs, targets, resets, state):
        """-> (objective, total loss, predictions, outputs, state).

        The objective is the mean loss over the targets times T, bilm-tf's; 0 without a target.
        """
        outputs, state = self.forward(inputs, resets, state)
        total = self.total_loss(outputs[-1], targets)
        predictions = int((targets != -1).sum())
        objective = total * (len(inputs) / max(predictions, 1))
        return objective, total, predictions, outputs, state

    def zero_gradients(self):
        for parameter in self.parameters.values():
            parameter.grad = None


class Optimizer:
    """Adagrad (accumulators from 1, epsilon 1e-10) or Adam (0.9, 0.999, 1e-8), written out, after
    clipping by the global norm."""

    def __init__(self, kind, parameters, rate, clip_norm=0.0, initial_accumulator=1.0):
        if kind not in ("adagrad", "adam"):
            raise ValueError(f"optimizer '{kind}' is none of adagrad, adam")
        self.kind, self.rate, self.clip_norm = kind, rate, clip_norm
        self.parameters = list(parameters)
        start = initial_accumulator if kind == "adagrad" else 0.0
        self.first = [torch.full_like(p, start, requires_grad=False) for p in self.parameters]
        self.second = [torch.zeros_like(p, requires_grad=False) for p in self.parameters
                       if kind == "adam"]
        self.updates = 0

    @torch.no_grad()
    def step(self):
        """One update; returns the gradients' global norm before clipping."""
        gradients = [p.grad for p in self.parameters]
        norm = float(torch.stack([g.square().sum() for g in gradients]).sum().sqrt())
        if self.clip_norm > 0:
            for g in gradients:
                g.mul_(self.clip_norm / max(norm, self.clip_norm))
        self.updates += 1
        if self.kind == "adagrad":
            for p, g, accumulator in zip(self.parameters, gradients, self.first):
                accumulator.addcmul_(g, g)
                p.addcdiv_(g, accumulator.sqrt().add_(1e-10), value=-self.rate)
        else:
            correction1, correction2 = 1 - 0.9 ** self.updates, 1 - 0.999 ** self.updates
            for p, g, mean, variance in zip(self.parameters, gradients, self.first, self.second):
                mean.mul_(0.9).add_(g, alpha=0.1)
                variance.mul_(0.999).addcmul_(g, g, value=0.001)
                denominator = (variance / correction2).sqrt_().add_(1e-8)
                p.addcdiv_(mean, denominator, value=-self.rate / correction1)
        return norm


def window_tensors(inputs, targets, resets):
    """numpy arrays (T, B) -> tensors as LanguageModel takes them."""
    return (torch.from_numpy(numpy.asarray(inputs, dtype=numpy.int64)),
            torch.from_numpy(numpy.asarray(targets, dtype=numpy.int64)),
            torch.from_numpy(numpy.asarray(resets, dtype=numpy.int64)))
