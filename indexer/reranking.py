"""Reads a new issue together with each of the best threads, by a cross-encoder; off by default.

A cross-encoder sees both texts at once, which vectors computed apart cannot, and takes as long for
one pair as a whole search does. So it reads the best threads alone, and only reorders them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from indexer import model_catalog
from indexer.errors import ModelError, SettingError
from indexer.settings import IndexSettings

Floats = npt.NDArray[np.float64]

READ = 20
"""How many of the best threads are read."""

MAX_CHARACTERS = 2000
"""Of each text; most cross-encoders see 512 tokens of both together."""

_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")
_LEAST_SPREAD = 1e-6


class Reranker(Protocol):
    """Anything that tells how well texts answer a query."""

    def read(self, query: str, texts: Sequence[str]) -> Floats:
        """A number for each text, the higher the better; only their order and distances count."""


class CrossEncoder:
    """A fastembed cross-encoder, safe to call from several threads at once."""

    def __init__(self, key: str, folder: Path, *, threads: int = 0) -> None:
        from fastembed.rerank.cross_encoder import TextCrossEncoder

        self._key = key
        try:
            self._model = TextCrossEncoder(
                key,
                cache_dir=str(folder),
                threads=threads or None,
                providers=["CPUExecutionProvider"],
                specific_model_path=str(folder),
            )
        except Exception as error:  # onnxruntime's errors have no common class
            why = " ".join(str(error).split()).rstrip(".")
            raise ModelError(f"RERANK_MODEL: {key} in {folder} cannot be loaded: {why}.") from error

    def read(self, query: str, texts: Sequence[str]) -> Floats:
        """What the model gives each text.

        Raises:
            ModelError: it computes no usable numbers.
        """
        # One at a time: 8-bit models scale their numbers by the whole batch.
        wanted, given = _cut(query), [_cut(text) for text in texts]
        scores = np.array(list(self._model.rerank(wanted, given, batch_size=1)), np.float64)
        if not np.isfinite(scores).all():
            raise ModelError(f"RERANK_MODEL: {self._key} computes no usable numbers.")
        return scores


def open_reranker(settings: IndexSettings) -> CrossEncoder | None:
    """The model that RERANK_MODEL names, loaded; None where it names none.

    Raises:
        SettingError: RERANK_MODEL or RERANK_MODEL_PATH is wrong.
        ModelError: the model cannot be had.
    """
    name, folder = settings.rerank_model, settings.rerank_model_path
    if name is None:
        if folder is not None:
            raise SettingError(f"RERANK_MODEL: name the model that is in {folder}.")
        return None
    description = model_catalog.cross_encoder(name)
    if folder is None:
        cache = settings.made_data_dir() / "models" / "hub"
        folder = model_catalog.fetched(description, cache, "RERANK_MODEL_PATH")
    else:
        needed = (description.model_file, *description.additional_files, *_TOKENIZER_FILES)
        for file in needed:
            if not (folder / file).is_file():
                raise SettingError(
                    f"RERANK_MODEL_PATH: {folder} has no {file}, which {description.model} needs."
                )
    return CrossEncoder(description.model, folder, threads=settings.embedding_threads)


def reordered(scores: Floats, read: Floats) -> list[int]:
    """The places of threads in their new order: both opinions, evened out, count the same."""
    both = _evened(scores) + _evened(read)
    return sorted(range(len(both)), key=lambda place: (-both[place], place))


def _evened(values: Floats) -> Floats:
    spread = float(values.std())
    return np.asarray((values - values.mean()) / max(spread, _LEAST_SPREAD))


def _cut(text: str) -> str:
    clean = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    return " ".join(clean.split())[:MAX_CHARACTERS]
