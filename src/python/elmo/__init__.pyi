import os
from typing import Dict, Iterator, List, Optional, Sequence, Tuple, Union

import numpy
from numpy.typing import NDArray

__version__: str

class ScalarMix:
    def __init__(self, weights: Sequence[float], gamma: float = 1.0,
                 layer_norm: bool = False) -> None: ...
    @staticmethod
    def load(task: Union[str, os.PathLike[str]]) -> "ScalarMix": ...
    weights: List[float]
    gamma: float
    layer_norm: bool
    pooling: str

class Perplexity:
    unit: float
    word: float
    bits_per_character: float
    units: int
    words: int
    unknown_rate: float

class Scores:
    line: int
    words: List[str]
    forward: List[float]
    backward: List[float]

class Model:
    @property
    def layers(self) -> int: ...
    @property
    def dimension(self) -> int: ...
    @property
    def hash(self) -> str: ...
    def embed(self, sentences: Sequence[Sequence[str]], layers: str = "all",
              mix: Optional[ScalarMix] = None, pooling: str = "", carry_state: int = 0,
              batch_size: int = 4096, threads: int = 0) -> List[NDArray[numpy.float32]]: ...
    def perplexity(self, input: Union[str, os.PathLike[str]],
                   threads: int = 0) -> Dict[str, Perplexity]: ...
    def score(self, input: Union[str, os.PathLike[str]], threads: int = 0) -> List[Scores]: ...

class Vectors:
    @property
    def layers(self) -> int: ...
    @property
    def dimension(self) -> int: ...
    def __len__(self) -> int: ...
    def __getitem__(self, sentence: int) -> Tuple[Optional[List[str]], NDArray[numpy.float32]]: ...
    def __iter__(self) -> Iterator[Tuple[Optional[List[str]], NDArray[numpy.float32]]]: ...

def load(folder: Optional[Union[str, os.PathLike[str]]] = None, *,
         options: Optional[Union[str, os.PathLike[str]]] = None,
         weights: Optional[Union[str, os.PathLike[str]]] = None,
         vocab: Optional[Union[str, os.PathLike[str]]] = None,
         normalize: Optional[str] = None, precision: str = "f32") -> Model: ...
def open(path: Union[str, os.PathLike[str]]) -> Vectors: ...
