"""Small HDF5 files of each kind that is read, by h5py: python3 hdf5_seeds.py FOLDER."""
import pathlib
import sys

import h5py
import numpy

TEXT = h5py.string_dtype()


def sentences(file):
    for line in range(2):
        file[str(line)] = numpy.ones((2, 3, 2), "f4")
    file.create_dataset("sentence_to_index", data=['{"a b c": "0", "d e f": "1"}'], dtype=TEXT)


def matrix(file):
    file.create_dataset("vectors", data=numpy.ones((3, 2, 2), "f4"), chunks=(2, 2, 2),
                        maxshape=(None, 2, 2), compression="gzip")
    file["offsets"] = numpy.array([0, 1, 3])
    file.create_dataset("words", data=["a", "b", "c"], dtype=TEXT, chunks=(2,), maxshape=(None,))
    file.attrs["format"] = numpy.bytes_("elmo dump")
    file.attrs["layers"] = 2


def weights(file):
    """For the options in fuzz_hdf5.cc."""
    shapes = {"char_embed": (261, 2), "CNN/W_cnn_0": (1, 1, 2, 2), "CNN/b_cnn_0": (2,),
              "CNN_proj/W_proj": (2, 2), "CNN_proj/b_proj": (2,)}
    for name in ("W_carry", "W_transform"):
        shapes[f"CNN_high_0/{name}"] = (2, 2)
    for name in ("b_carry", "b_transform"):
        shapes[f"CNN_high_0/{name}"] = (2,)
    for direction in range(2):
        cell = f"RNN_{direction}/RNN/MultiRNNCell/Cell0/LSTMCell"
        shapes |= {f"{cell}/W_0": (4, 8), f"{cell}/B": (8,), f"{cell}/W_P_0": (2, 2)}
    for name, shape in shapes.items():
        file[name] = numpy.ones(shape, "f4")


FOLDER = pathlib.Path(sys.argv[1])
FOLDER.mkdir(parents=True, exist_ok=True)
for write in (sentences, matrix, weights):
    for version in ("earliest", "latest"):
        path = FOLDER / f"{write.__name__}_{version}"
        with h5py.File(path, "w", libver=version) as file:
            write(file)
