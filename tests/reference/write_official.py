"""Writes random ELMo weights in the official format, of the published models' shapes.

    python3 tests/reference/write_official.py FOLDER [--preset small|medium|original]

FOLDER/options.json and FOLDER/weights.hdf5 (375 MB of the original size) serve to measure speed;
their vectors mean nothing.
"""
import argparse
import pathlib

from official_elmo import write_model

# Cells, projection, highway layers.
PRESETS = {"small": (1024, 128, 1), "medium": (2048, 256, 1), "original": (4096, 512, 2)}
FILTERS = ((1, 32), (2, 32), (3, 64), (4, 128), (5, 256), (6, 512), (7, 1024))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--preset", choices=PRESETS, default="original")
    arguments = parser.parse_args()
    cells, projection, highways = PRESETS[arguments.preset]
    write_model(arguments.folder, cells=cells, projection=projection, filters=FILTERS,
                highways=highways, dimension=16, clips=(3, 3), gain=0.7)


if __name__ == "__main__":
    main()
