"""An embedder without a model: texts that share words get near vectors. Deterministic, instant."""

import hashlib
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

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
