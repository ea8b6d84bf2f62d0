"""PyTorch's side of the speed comparison: training a language model and embedding text.

    python3 tests/reference/bench_torch.py train --preset small medium --threads 2
    python3 tests/reference/bench_torch.py embed --input TEXT --preset small --threads 2

train, units/s of one direction, everything of a step included (forward, full softmax, backward,
Adagrad), on random units (speed does not depend on them):
    lstm    nn.LSTM(proj_size): no clips, no skip connection; what PyTorch does best
    cells   a loop over cells with the clips and the skip connection, what ELMo needs
embed, words/s of both directions, all layers, on real text (one sentence a line, words separated
by spaces), batches of sentences sorted by length in the manner of AllenNLP's ELMo module, whose
layers are written out here: characters -> CNN of the official filters -> highway -> projection ->
two stacks of LSTM cells stepping over the batch, which shrinks as short sentences end:
    characters   every word through the CNN
    cached       every word's token vector looked up (AllenNLP's vocab_to_cache)
each in float32 and in torch.autocast("cpu", dtype=torch.bfloat16). Median of --repeat runs, which
are interleaved over the arms. Weights are random. --json prints one JSON object.
"""
import argparse
import contextlib
import json
import platform
import statistics
import sys
import time

import torch
import torch.nn.functional as F

from language_model import PRESETS, LanguageModel, Settings

BOS, EOS = 1, 2
FILTERS = [[1, 32], [2, 32], [3, 64], [4, 128], [5, 256], [6, 512], [7, 1024]]
CHARACTERS_A_WORD, CHARACTER_ROWS, CHARACTER_DIMENSION = 50, 262, 16
# Highway layers of the official models.
HIGHWAYS = {"small": 1, "medium": 1, "original": 2}


def precision_context(precision):
    if precision == "bf16":
        return torch.autocast("cpu", dtype=torch.bfloat16)
    return contextlib.nullcontext()


# Training


class LibraryLstm:
    """Embedding, nn.LSTM with projections, full softmax."""

    def __init__(self, layers, hidden, projection, rows):
        self.embedding = torch.nn.Embedding(rows, projection)
        self.lstm = torch.nn.LSTM(projection, hidden, layers, proj_size=projection)
        self.softmax = torch.nn.Linear(projection, rows)
        self.state = None

    def parameters(self):
        return [p for module in (self.embedding, self.lstm, self.softmax)
                for p in module.parameters()]

    def loss(self, inputs, targets):
        output, state = self.lstm(self.embedding(inputs), self.state)
        self.state = tuple(s.detach() for s in state)
        return F.cross_entropy(self.softmax(output).flatten(0, 1), targets.flatten())


class CellLoop:
    """LanguageModel on windows without resets; the clips act as ever."""

    def __init__(self, layers, hidden, projection, rows):
        self.model = LanguageModel.random(Settings(layers, hidden, projection, rows), seed=1)
        self.state = None

    def parameters(self):
        return list(self.model.parameters.values())

    def loss(self, inputs, targets):
        state = self.state or self.model.zero_state(inputs.shape[1])
        objective, _, _, _, self.state = self.model.window(inputs, targets,
                                                           torch.zeros_like(inputs), state)
        return objective


class TrainingArm:
    def __init__(self, kind, preset, precision, arguments):
        self.precision = precision
        self.model = kind(*PRESETS[preset], arguments.vocabulary)
        self.optimizer = torch.optim.Adagrad(self.model.parameters(), lr=0.1,
                                             initial_accumulator_value=1.0, fused=True)
        units = torch.randint(0, arguments.vocabulary, (arguments.unroll + 1, arguments.batch_size),
                              generator=torch.Generator().manual_seed(1))
        self.inputs, self.targets = units[:-1], units[1:]

    def run(self):
        """Items (units) of one run."""
        self.optimizer.zero_grad(set_to_none=True)
        with precision_context(self.precision):
            loss = self.model.loss(self.inputs, self.targets)
        loss.backward()
        self.optimizer.step()
        return self.inputs.numel()


# Embedding


class CharacterEncoder(torch.nn.Module):
    """(words, 50) character ids -> (words, P), as AllenNLP's _ElmoCharacterEncoder."""

    def __init__(self, projection, highways):
        super().__init__()
        total = sum(count for _, count in FILTERS)
        self.characters = torch.nn.Embedding(CHARACTER_ROWS, CHARACTER_DIMENSION)
        self.convolutions = torch.nn.ModuleList(
            torch.nn.Conv1d(CHARACTER_DIMENSION, count, width) for width, count in FILTERS)
        self.highways = torch.nn.ModuleList(torch.nn.Linear(total, 2 * total)
                                            for _ in range(highways))
        self.projection = torch.nn.Linear(total, projection)

    def forward(self, ids):
        x = self.characters(ids).transpose(1, 2)
        x = torch.cat([F.relu(conv(x).max(dim=-1).values) for conv in self.convolutions], dim=-1)
        for highway in self.highways:
            transform, gate = highway(x).chunk(2, dim=-1)
            gate = torch.sigmoid(gate)
            x = gate * x + (1 - gate) * F.relu(transform)
        return self.projection(x)


class CellStack(torch.nn.Module):
    """One direction and layer, as AllenNLP's LstmCellWithProjection, for a batch sorted by falling
    length: at each step only the sentences that still go on are computed."""

    def __init__(self, hidden, projection, clip=3.0):
        super().__init__()
        self.input_linearity = torch.nn.Linear(projection, 4 * hidden, bias=False)
        self.state_linearity = torch.nn.Linear(projection, 4 * hidden)
        self.state_projection = torch.nn.Linear(hidden, projection, bias=False)
        self.hidden, self.clip = hidden, clip

    def forward(self, x, lengths, backward):
        """x (B, T, P), lengths falling -> (B, T, P), zero behind the end of a sentence."""
        streams, steps, width = x.shape
        output = x.new_zeros(streams, steps, width)
        h, c = x.new_zeros(streams, width), x.new_zeros(streams, self.hidden)
        counts = [sum(length > t for length in lengths) for t in range(steps)]
        for t in reversed(range(steps)) if backward else range(steps):
            n = counts[t]
            z = self.input_linearity(x[:n, t]) + self.state_linearity(h[:n])
            i, f, j, o = z.chunk(4, dim=1)
            new_c = torch.sigmoid(i) * torch.tanh(j) + torch.sigmoid(f) * c[:n]
            new_c = new_c.clamp(-self.clip, self.clip)
            new_h = self.state_projection(torch.sigmoid(o) * torch.tanh(new_c))
            new_h = new_h.clamp(-self.clip, self.clip)
            c[:n], h[:n] = new_c, new_h
            output[:n, t] = new_h
        return output


class Elmo(torch.nn.Module):
    def __init__(self, preset):
        super().__init__()
        layers, hidden, projection = PRESETS[preset]
        self.encoder = CharacterEncoder(projection, HIGHWAYS[preset])
        self.forward_layers = torch.nn.ModuleList(CellStack(hidden, projection)
                                                  for _ in range(layers))
        self.backward_layers = torch.nn.ModuleList(CellStack(hidden, projection)
                                                   for _ in range(layers))

    def forward(self, tokens, lengths):
        """tokens (B, T, P) -> layers of (B, T, 2P)."""
        ahead = behind = tokens
        outputs = [torch.cat([tokens, tokens], dim=-1)]
        for k, (forward, backward) in enumerate(zip(self.forward_layers, self.backward_layers)):
            new_ahead = forward(ahead, lengths, backward=False)
            new_behind = backward(behind, lengths, backward=True)
            ahead = new_ahead + ahead if k else new_ahead
            behind = new_behind + behind if k else new_behind
            outputs.append(torch.cat([ahead, behind], dim=-1))
        return outputs


def character_ids(word):
    """UTF-8 bytes between the marks of a word's begin and end, padded to 50; all + 1."""
    codes = word if isinstance(word, list) else list(word.encode("utf-8"))[:CHARACTERS_A_WORD - 2]
    codes = [258, *codes, 259]
    return [code + 1 for code in codes + [260] * (CHARACTERS_A_WORD - len(codes))]


class Text:
    """The first sentences of a file that together hold `words` words, sorted by length, with
    sentence ends, in batches of ids into a table of the unique words (row 0: padding)."""

    def __init__(self, path, words, batch_size):
        sentences, self.words = [], 0
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                sentence = line.split()
                if sentence:
                    sentences.append(sentence)
                    self.words += len(sentence)
                if self.words >= words:
                    break
        if not sentences:
            raise SystemExit(f"{path}: holds no words")
        sentences.sort(key=len, reverse=True)
        table = {}
        rows = [[0] * CHARACTERS_A_WORD, character_ids([256]), character_ids([257])]
        for sentence in sentences:
            for word in sentence:
                if word not in table:
                    table[word] = len(rows)
                    rows.append(character_ids(word))
        self.characters = torch.tensor(rows)
        self.batches = []
        for at in range(0, len(sentences), batch_size):
            batch = [[BOS, *(table[word] for word in sentence), EOS]
                     for sentence in sentences[at:at + batch_size]]
            lengths = [len(sentence) for sentence in batch]
            ids = torch.tensor([s + [0] * (lengths[0] - len(s)) for s in batch])
            self.batches.append((ids, lengths))


class EmbeddingArm:
    def __init__(self, model, text, cached, precision):
        self.model, self.text, self.precision = model, text, precision
        self.table = None
        if cached:
            with torch.inference_mode(), precision_context(precision):
                self.table = torch.cat([model.encoder(part)
                                        for part in text.characters.split(512)]).float()

    def run(self):
        """Items (words) of one run over the text."""
        with torch.inference_mode(), precision_context(self.precision):
            for ids, lengths in self.text.batches:
                if self.table is not None:
                    tokens = F.embedding(ids, self.table)
                else:
                    tokens = self.model.encoder(self.text.characters[ids.flatten()])
                    tokens = tokens.view(*ids.shape, -1).float()
                self.model(tokens, lengths)
        return self.text.words


def measure(arms, repeat):
    """arms: name -> arm; -> name -> items a second, the median."""
    speeds = {name: [] for name in arms}
    for arm in arms.values():  # warm
        arm.run()
    for _ in range(repeat):
        for name, arm in arms.items():
            begin = time.perf_counter()
            items = arm.run()
            speeds[name].append(items / (time.perf_counter() - begin))
    return {name: statistics.median(values) for name, values in speeds.items()}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="units/s of training one direction")
    train.add_argument("--arms", nargs="+", choices=("lstm", "cells"), default=["lstm", "cells"])
    train.add_argument("--batch-size", type=int, default=128)
    train.add_argument("--unroll", type=int, default=20)
    train.add_argument("--vocabulary", type=int, default=16000)
    embed = commands.add_parser("embed", help="words/s of embedding, both directions")
    embed.add_argument("--input", required=True, help="text, one sentence a line")
    embed.add_argument("--words", type=int, default=4000, help="how much of it")
    embed.add_argument("--arms", nargs="+", choices=("characters", "cached"),
                       default=["characters", "cached"])
    embed.add_argument("--batch-size", type=int, default=64, help="sentences")
    for command in (train, embed):
        command.add_argument("--preset", nargs="+", choices=("small", "medium", "original"),
                             default=["small"])
        command.add_argument("--precision", nargs="+", choices=("f32", "bf16"),
                             default=["f32", "bf16"])
        command.add_argument("--threads", type=int, default=torch.get_num_threads())
        command.add_argument("--repeat", type=int, default=5)
        command.add_argument("--json", action="store_true")
    return parser.parse_args()


def make_arms(arguments, preset):
    if arguments.command == "train":
        kinds = {"lstm": LibraryLstm, "cells": CellLoop}
        return {f"{arm} {precision}": TrainingArm(kinds[arm], preset, precision, arguments)
                for arm in arguments.arms for precision in arguments.precision}
    model = Elmo(preset).eval()
    text = Text(arguments.input, arguments.words, arguments.batch_size)
    return {f"{arm} {precision}": EmbeddingArm(model, text, arm == "cached", precision)
            for arm in arguments.arms for precision in arguments.precision}


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    unit = "units" if arguments.command == "train" else "words"
    result = {"command": arguments.command, "torch": torch.__version__,
              "machine": platform.machine(), "threads": arguments.threads,
              "repeat": arguments.repeat, "batch_size": arguments.batch_size,
              "quantity": f"{unit}_per_second", "presets": {}}
    for preset in arguments.preset:
        print(f"{arguments.command} {preset} ...", file=sys.stderr)
        result["presets"][preset] = measure(make_arms(arguments, preset), arguments.repeat)
    if arguments.json:
        print(json.dumps(result))
        return
    print(f"torch {torch.__version__}, {arguments.threads} threads, {unit}/s, "
          f"median of {arguments.repeat}")
    for preset, speeds in result["presets"].items():
        for name, speed in speeds.items():
            print(f"{preset:<10}{name:<18}{speed:>10.0f}")


if __name__ == "__main__":
    main()
