"""What pretraining by several machines costs on paper: the tables of docs/cluster.md.

python3 tests/reference/cluster_costs.py

Bytes are those that src/parallel and src/nn/slices send with Adam, from the sizes of the presets; the
counters of network cards say the same to 1 % (`small`, 16,000 pieces, 2 and 4 machines; lm_shared_training_test
counts a small model's). Times are estimates: a step's computing is units / speed, its network bytes / (70 % of
the line, as measured over TCP at 1 Gb/s) and 30 microseconds a message. The gradients of all but the first
layer go out beside the backward pass, which hides as much of them as goes out in a quarter of the step's
computing. Speeds in units a second of one machine and one direction: "two cores" was measured (docs/speed.md,
AMD Zen 3, f32); the others are multiples of it, to be replaced by `elmo bench` on the machine in question."""
import math

PRESETS = {"small": (1024, 128), "medium": (2048, 256), "original": (4096, 512)}  # H, P
FILTERS = {1: 32, 2: 32, 3: 64, 4: 128, 5: 256, 6: 512, 7: 1024}
HIGHWAYS = {"small": 1, "medium": 1, "original": 2}
MACHINES = {"two cores": {"small": 4476, "medium": 1739, "original": 532},
            "16 cores": {"small": 30e3, "medium": 12e3, "original": 3.6e3},
            "64 cores with AMX": {"small": 200e3, "medium": 100e3, "original": 40e3}}
ROWS = {"two cores": 2560, "16 cores": 2560, "64 cores with AMX": 20480}  # units a machine and step
NETWORKS = (1, 10, 25, 100)  # Gb/s
COUNTS = (2, 4, 8, 16, 32, 64)


def distinct(draws, outcomes):
    """Of so many draws by Zipf's law, in stretches of equal ratio."""
    total = math.log(outcomes) + 0.5772
    result, k = 0.0, 1
    while k <= outcomes:
        step = min(max(1, k // 50), outcomes - k + 1)
        result += step * -math.expm1(draws * math.log1p(-min(0.5, 1 / ((k + step / 2) * total))))
        k += step
    return result


def lstm(hidden, projection, layers=2):
    return layers * (4 * hidden * 2 * projection + 4 * hidden + projection * hidden)


def character_encoder(preset):
    filters = sum(FILTERS.values())
    projection = PRESETS[preset][1]
    return (262 * 16 + sum(16 * width * count + count for width, count in FILTERS.items()) +
            HIGHWAYS[preset] * 2 * (filters + 1) * filters + (filters + 1) * projection)


def sent(preset, outcomes, samples, processes, rows):
    """Bytes that a process sends in a step; its part of what goes to itself stays."""
    hidden, projection = PRESETS[preset]
    all_rows = processes * rows
    if samples:
        dense = lstm(hidden, projection) + character_encoder(preset)
        tables = samples * (projection + 1) * 4                      # sums over the samples' rows
        tables += rows * (projection * 4 + 4)                        # the targets' shares
        words = distinct(all_rows, outcomes)
        tables += rows * projection * 4 + words * projection * 4     # words' gradients and vectors
        back = (samples + words) * (projection + 1) * 4
    else:
        dense = lstm(hidden, projection) + outcomes * (projection + 1)
        tables = rows * projection * 4                               # the embedding's gradients
        back = outcomes * projection * 4                             # Adam moves every row
    # Gradients to their owners; each owner's values to all others.
    return (processes - 1) / processes * (4 * dense + tables + 4 * dense + back)


def sent_beside_computing(preset, outcomes, samples, processes):
    """Those of them that the backward pass can hide."""
    hidden, projection = PRESETS[preset]
    above = lstm(hidden, projection, 1) + (0 if samples else outcomes * (projection + 1))
    return (processes - 1) / processes * 4 * above


def seconds(compute, preset, outcomes, samples, processes, rows, network):
    """Of a step whose computing takes `compute` seconds."""
    line = 0.70 * network * 1e9 / 8
    wait = sent(preset, outcomes, samples, processes, rows) / line + 6 * (processes - 1) * 30e-6
    hidden = sent_beside_computing(preset, outcomes, samples, processes) / line
    return compute + wait - min(hidden, compute / 4)


def share(machine, preset, outcomes, samples, processes, network):
    """Of the time that is computing."""
    compute = ROWS[machine] / MACHINES[machine][preset]
    return compute / seconds(compute, preset, outcomes, samples, processes, ROWS[machine], network)


def main():
    kinds = {"16,000 pieces": (16000, 0), "800,000 words, 8,192 samples": (800000, 8192)}
    print("MB that each of 4 machines sends in a step of 2,560 units a machine\n")
    print("| model | " + " | ".join(PRESETS) + " |\n|---|" + "---|" * len(PRESETS))
    for name, (outcomes, samples) in kinds.items():
        cells = [f"{sent(preset, outcomes, samples, 4, 2560) / 1e6:.0f}" for preset in PRESETS]
        print(f"| {name} | " + " | ".join(cells) + " |")
    for machine in MACHINES:
        print(f"\n{machine}, {ROWS[machine]:,} units a machine and step: % of the time that is "
              "computing\n")
        print("| network, model | " + " | ".join(f"{count} machines" for count in COUNTS) + " |")
        print("|---|" + "---|" * len(COUNTS))
        for network in NETWORKS:
            for preset in PRESETS:
                cells = [f"{100 * share(machine, preset, 16000, 0, count, network):.0f}"
                         for count in COUNTS]
                print(f"| {network} Gb/s, {preset} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
