"""Texts to dense vectors, by an embedding model that runs in this process."""

import os
import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from indexer import model_catalog, weights
from indexer.bm25 import Bm25Encoder
from indexer.errors import ModelError
from indexer.settings import IndexSettings
from indexer.store import Fingerprint
from indexer.weights import Weights

__all__ = ["Bm25Encoder", "Embedder", "TextEmbedder", "fingerprint", "open_embedder"]

Vectors = npt.NDArray[np.float32]

MAX_TOKENS = 256
"""Twice as many gave no better search, and cost twice the time."""

MAX_CHARACTERS = 4096
"""More than 256 tokens of any language; the rest of a huge text is not even tokenised."""

BATCH = 8
"""Enough to keep the cores busy; fastembed's own 256 takes gigabytes."""

PREFIX = "query: "
"""What an E5 model expects before a text that is compared with its like, on both sides."""

_E5 = re.compile(r"(?:^|[/_-])e5(?:[_-]|$)", re.IGNORECASE)


class TextEmbedder(Protocol):
    """Anything that turns texts into vectors of one length."""

    @property
    def dimension(self) -> int:
        """How long a vector is."""

    @property
    def fingerprint(self) -> Fingerprint:
        """What decides the vectors; two that differ cannot be searched together."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised row for each text; the empty text has one too."""


class Embedder:
    """A fastembed model. Calls from several threads run side by side.

    No lock is held: tokeniser and ONNX session are safe to share, so a query goes in between a
    backfill's small batches and does not wait for its end.
    """

    def __init__(self, found: Weights, fingerprint: Fingerprint, *, threads: int = 0) -> None:
        from fastembed import TextEmbedding

        self.fingerprint = fingerprint
        self.dimension = fingerprint.dimension
        self._prefix = PREFIX if _E5.search(found.name) else ""
        model_catalog.make_known(found.model)
        try:
            self._model = TextEmbedding(
                found.model.key,
                threads=threads or _cores(),
                providers=["CPUExecutionProvider"],
                specific_model_path=str(found.folder),
                cache_dir=str(found.folder),
            )
        except Exception as error:  # onnxruntime's errors have no common class
            raise ModelError(f"The model in {found.folder} cannot be loaded: {error}.") from error
        _limit_tokens(self._model.model)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised row for each text, in their order.

        Raises:
            ModelError: the model computes no usable numbers.
        """
        rows: dict[str, list[int]] = {}
        for row, text in enumerate(texts):
            rows.setdefault(self._prepared(text), []).append(row)
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        ordered = sorted(rows, key=len)  # texts of one length share a batch: little padding
        for start in range(0, len(ordered), BATCH):
            batch = ordered[start : start + BATCH]
            for text, vector in zip(batch, self._run(batch), strict=True):
                vectors[rows[text]] = vector
        return vectors

    def _prepared(self, text: str) -> str:
        clean = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
        return self._prefix + " ".join(clean.split())[:MAX_CHARACTERS]

    def _run(self, batch: list[str]) -> Vectors:
        vectors = np.asarray(list(self._model.embed(batch, batch_size=BATCH)), dtype=np.float32)
        usable = _usable(vectors)
        if not usable.all():
            # A vector of NaNs would be stored and never found: let the text count as empty.
            empty = np.asarray(list(self._model.embed([self._prefix])), dtype=np.float32)
            if not _usable(empty).all():
                raise ModelError(
                    f"The model {self.fingerprint.model} computes numbers that are not finite."
                )
            vectors[~usable] = empty
        norms: Vectors = np.linalg.norm(vectors, axis=1, keepdims=True)
        normalised: Vectors = vectors / norms
        return normalised


def _usable(vectors: Vectors) -> npt.NDArray[np.bool_]:
    finite = np.isfinite(vectors).all(axis=1)
    return np.asarray(finite & (np.abs(vectors).max(axis=1) > 0))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # fewer than the machine has, in a container
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _limit_tokens(model: object) -> None:
    """Cut texts after MAX_TOKENS, where the model itself takes more."""
    tokenizer = getattr(model, "tokenizer", None)
    limit = tokenizer.truncation if tokenizer is not None else None
    if tokenizer is not None and (limit is None or limit["max_length"] > MAX_TOKENS):
        direction = limit["direction"] if limit else "right"
        tokenizer.enable_truncation(max_length=MAX_TOKENS, direction=direction)


def fingerprint(settings: IndexSettings) -> Fingerprint:
    """What a collection is built with under these settings; loads no model.

    Raises:
        SettingError, ModelError: as `weights.prepare`.
    """
    return _fingerprint(weights.prepare(settings), settings)


def open_embedder(settings: IndexSettings) -> Embedder:
    """The model that the settings name, loaded.

    Raises:
        SettingError, ModelError: as `weights.prepare`.
    """
    found = weights.prepare(settings)
    return Embedder(found, _fingerprint(found, settings), threads=settings.embedding_threads)


def _fingerprint(found: Weights, settings: IndexSettings) -> Fingerprint:
    from indexer.chunking import PIPELINE_VERSION

    return Fingerprint(
        model=found.name,
        dimension=found.model.dimension,
        files=weights.file_hashes(found, settings),
        pipeline=PIPELINE_VERSION,
    )
