"""Small files of each kind that torch.save writes: python3 torch_file_seeds.py FOLDER."""
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "reference"), str(TESTS / "io")]
from efml import legacy_file, zip_file
from torch_file_test import tensors

FOLDER = pathlib.Path(sys.argv[1])
FOLDER.mkdir(parents=True, exist_ok=True)
for write in (legacy_file, zip_file):
    for i, options in enumerate(({}, {"version": 1}, {"protocol": 4}, {"parameters": True})):
        (FOLDER / f"{write.__name__}_{i}").write_bytes(write(tensors(), **options))
(FOLDER / "zip64").write_bytes(zip_file(tensors(), zip64=True))
