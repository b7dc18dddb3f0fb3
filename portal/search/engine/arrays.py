"""Several numpy arrays in one file that can be mapped into memory: a JSON head, then the arrays, each aligned."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_MAGIC = b"ZYARRAY1"
_ALIGN = 64

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class ArrayFile:
    """What one file holds: its arrays by name, and a small JSON value."""

    arrays: Mapping[str, Array]
    meta: Any


def dump(arrays: Mapping[str, Array], meta: Any) -> bytes:
    """The bytes of a file with these arrays."""
    entries: dict[str, tuple[str, tuple[int, ...], int]] = {}
    offset, parts = 0, []
    for name, array in arrays.items():
        data = np.ascontiguousarray(array).tobytes()
        entries[name] = (array.dtype.str, array.shape, offset)
        padding = -len(data) % _ALIGN
        parts += [data, bytes(padding)]
        offset += len(data) + padding
    head = json.dumps({"arrays": entries, "meta": meta}, ensure_ascii=False).encode()
    head += b" " * (-(len(head) + 16) % _ALIGN)
    return b"".join([_MAGIC, len(head).to_bytes(8, "little"), head, *parts])


def load(buffer: memoryview) -> ArrayFile:
    """The arrays of a file, as views into the buffer.

    Raises:
        ValueError: the buffer holds no such file.
    """
    if bytes(buffer[:8]) != _MAGIC:
        raise ValueError("not an array file")
    start = 16 + int.from_bytes(buffer[8:16], "little")
    head = json.loads(bytes(buffer[16:start]))
    arrays: dict[str, Array] = {}
    for name, (dtype, shape, offset) in head["arrays"].items():
        count = int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(buffer, dtype=np.dtype(dtype), count=count, offset=start + offset).reshape(shape)
    return ArrayFile(arrays, head["meta"])
