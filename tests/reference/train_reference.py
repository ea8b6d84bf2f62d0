"""Trains the PyTorch language model from our initial weights on our batches, so that the
development perplexities can be compared.

    python3 tests/reference/train_reference.py --weights INITIAL/forward.h5 \\
        --train TRAIN.h5 --dev DEV.h5 --steps 300 --learning-rate 0.2 --clip 10

--weights is a model file (datasets /token_encoder/embedding (V, P), /lstm_k/weights (4H, 2P),
/lstm_k/bias (4H), /lstm_k/projection (P, H), /softmax/weights (V, P), /softmax/bias (V)).
--train and --dev hold windows of T steps of B streams in the order of time:

    inputs, targets (windows, T, B) int32, target -1: no prediction
    resets (windows, T, B) uint8, 1: the stream's state is zero before this step
    words, sentences (1) int64, --dev only: what the perplexity per word divides by; without
        `sentences` each reset begins one

A step is a window; after the last one the training windows begin again. float32 unless
--precision bf16 (torch.autocast). The state is carried from window to window without gradient.
Prints the loss (nats a prediction) and perplexities as it goes; --json prints one JSON object a
report instead, with seconds of training (development not counted), for perplexity against time.
"""
import argparse
import contextlib
import json
import math
import time

import h5py
import numpy
import torch

from language_model import LanguageModel, Optimizer, window_tensors


class Windows:
    """A file of windows, read one at a time."""

    def __init__(self, path):
        self.file = h5py.File(path, "r")
        self.arrays = [self.file[name] for name in ("inputs", "targets", "resets")]
        self.count, self.steps, self.streams = self.arrays[0].shape
        if self.count == 0 or any(a.shape != self.arrays[0].shape for a in self.arrays):
            raise SystemExit(f"{path}: inputs, targets and resets must have one shape "
                             "(windows, T, B) and hold a window")

    def window(self, k):
        return window_tensors(*(array[k] for array in self.arrays))

    def size(self):
        """(words, sentences)."""
        def number(name):
            return int(numpy.ravel(self.file[name][()])[0])
        if "words" not in self.file:
            raise SystemExit(f"{self.file.filename}: no dataset 'words', which the perplexity per "
                             "word needs")
        if "sentences" in self.file:
            return number("words"), number("sentences")
        return number("words"), int(sum(int(self.arrays[2][k].sum()) for k in range(self.count)))


def precision_context(precision):
    if precision == "bf16":
        return torch.autocast("cpu", dtype=torch.bfloat16)
    return contextlib.nullcontext()


@torch.no_grad()
def evaluate(model, windows, precision):
    """-> (perplexity per unit, perplexity per word)."""
    model.training = False
    state, total, units = model.zero_state(windows.streams), 0.0, 0
    with precision_context(precision):
        for k in range(windows.count):
            _, loss, predictions, _, state = model.window(*windows.window(k), state)
            total, units = total + float(loss), units + predictions
    model.training = True
    words, sentences = windows.size()
    return math.exp(total / units), math.exp(total / (words + sentences))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", required=True, help="model file with the initial weights")
    parser.add_argument("--train", required=True, help="HDF5 file of training windows")
    parser.add_argument("--dev", help="HDF5 file of development windows")
    parser.add_argument("--steps", type=int, help="updates (default: the training windows)")
    parser.add_argument("--optimizer", choices=("adagrad", "adam"), default="adagrad")
    parser.add_argument("--learning-rate", type=float, default=0.2)
    parser.add_argument("--clip", type=float, default=10.0, help="global norm; 0: none")
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--precision", choices=("f32", "bf16"), default="f32")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seed", type=int, default=1, help="of the dropout")
    parser.add_argument("--report-every", type=int, default=50, help="steps")
    parser.add_argument("--dev-every", type=int, default=0, help="steps; 0: at the end only")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    train = Windows(arguments.train)
    dev = Windows(arguments.dev) if arguments.dev else None
    steps = arguments.steps or train.count
    model = LanguageModel.load(arguments.weights, dropout=arguments.dropout)
    optimizer = Optimizer(arguments.optimizer, model.parameters.values(), arguments.learning_rate,
                          arguments.clip)
    state = model.zero_state(train.streams)
    seconds, units, all_units, loss, norm = 0.0, 0, 0, 0.0, 0.0
    for step in range(1, steps + 1):
        begin = time.perf_counter()
        model.zero_gradients()
        with precision_context(arguments.precision):
            objective, total, predictions, _, state = model.window(
                *train.window((step - 1) % train.count), state)
        if predictions:
            objective.backward()
            norm = optimizer.step()
        seconds += time.perf_counter() - begin
        loss, units, all_units = loss + total.item(), units + predictions, all_units + predictions
        wants_dev = dev and (step == steps or
                             (arguments.dev_every and step % arguments.dev_every == 0))
        if not (wants_dev or step == steps or step % arguments.report_every == 0):
            continue
        report = {"step": step, "loss": loss / max(units, 1), "gradient_norm": norm,
                  "seconds": seconds, "units_per_second": all_units / seconds}
        if wants_dev:
            report["dev_perplexity_unit"], report["dev_perplexity_word"] = evaluate(
                model, dev, arguments.precision)
        units, loss = 0, 0.0
        if arguments.json:
            print(json.dumps(report), flush=True)
        else:
            print("  ".join(f"{key.replace('_', ' ')} {value:.6g}"
                            for key, value in report.items()), flush=True)


if __name__ == "__main__":
    main()
