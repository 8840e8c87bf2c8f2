"""Texts to dense vectors, by an embedding model that runs in this process."""

import math
import os
import re
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from indexer import model_catalog, weights
from indexer.bm25 import Bm25Encoder
from indexer.chunking import PIPELINE_VERSION
from indexer.errors import ModelError
from indexer.pieces import Pieces
from indexer.settings import IndexSettings
from indexer.store import Fingerprint
from indexer.weights import Weights

__all__ = ["Bm25Encoder", "Embedder", "TextEmbedder", "fingerprint", "open_embedder"]

Vectors = npt.NDArray[np.float32]

MAX_TOKENS = 256
"""Twice as many gave no better search, and cost twice the time."""

MAX_CHARACTERS = 4096
"""More than 256 tokens of any language; the rest of a huge text is not even tokenised."""

FEW = 4
"""A call with at most so many texts is a query, which someone waits for."""

PATIENCE_SECONDS = 1.0
"""How long a long call stands aside before each of its texts; it goes on however many ask."""

CORES_A_TEXT = 4
"""The most that compute one text together; more only wait for each other."""

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


class _Turns:
    """Lets long calls stand aside, between two texts, while a short one is being served."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._urgent = 0

    @contextmanager
    def urgent(self) -> Iterator[None]:
        with self._changed:
            self._urgent += 1
        try:
            yield
        finally:
            with self._changed:
                self._urgent -= 1
                self._changed.notify_all()

    def stand_aside(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._urgent, timeout=PATIENCE_SECONDS)


class Embedder:
    """A fastembed model, safe to call from several threads at once.

    Each text is computed by itself, and several cores take several texts. That is faster than
    batches (no padding), and it makes a vector depend on its own text alone: 8-bit models scale
    their numbers by the whole batch. Cores that have no text of their own help with another's, so
    that a query takes half the time on two; the vectors are the same, bit for bit.
    A call never waits for another's texts: a query goes in between those of a backfill, which
    stands aside for it.
    """

    def __init__(self, found: Weights, fingerprint: Fingerprint, *, threads: int = 0) -> None:
        from fastembed import TextEmbedding

        self.fingerprint = fingerprint
        self.dimension = fingerprint.dimension
        self._prefix = PREFIX if _E5.search(found.name) else ""
        self._threads = threads or _cores()
        self._turns = _Turns()
        self._helpers = ThreadPoolExecutor(self._threads, thread_name_prefix="embed")
        model_catalog.make_known(found.model)
        try:
            self._model = TextEmbedding(
                found.model.key,
                threads=1,
                providers=["CPUExecutionProvider"],
                specific_model_path=str(found.folder),
                cache_dir=str(found.folder),
                lazy_load=True,
            )
            inside: Any = self._model.model
            if found.pieces:
                # Set before it is loaded, it is what fastembed uses in place of tokenizer.json.
                inside.tokenizer = Pieces(found.pieces, MAX_TOKENS)
            inside.load_onnx_model()
            _share_cores(inside, min(self._threads, CORES_A_TEXT))
        except Exception as error:  # onnxruntime's errors have no common class
            why = " ".join(str(error).split()).rstrip(".")
            raise ModelError(f"The model in {found.folder} cannot be loaded: {why}.") from error
        if not found.pieces:  # which are cut as they are read
            _limit_tokens(inside.tokenizer)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One L2-normalised row for each text, in their order.

        Raises:
            ModelError: the model computes no usable numbers.
        """
        rows: dict[str, list[int]] = {}
        for row, text in enumerate(texts):
            rows.setdefault(self._prepared(text), []).append(row)
        with self._turns.urgent() if len(rows) <= FEW else nullcontext():
            return self._embed(rows, len(texts))

    def _embed(self, rows: dict[str, list[int]], count: int) -> Vectors:
        vectors = np.zeros((count, self.dimension), dtype=np.float32)
        few = len(rows) <= FEW
        # The longest are taken first, so that no core ends up alone with one of them.
        waiting = deque(sorted(rows, key=len, reverse=True))

        def work() -> None:
            while waiting:
                if not few:
                    self._turns.stand_aside()
                try:
                    text = waiting.popleft()
                except IndexError:  # another core took the last one meanwhile
                    return
                vectors[rows[text]] = self._vector(text)

        helpers = [self._helpers.submit(work) for _ in range(min(self._threads, len(rows)) - 1)]
        try:
            work()
        finally:
            waiting.clear()
            started = [helper for helper in helpers if not helper.cancel()]
        for helper in started:
            helper.result()
        return vectors

    def _prepared(self, text: str) -> str:
        clean = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
        return self._prefix + " ".join(clean.split())[:MAX_CHARACTERS]

    def _vector(self, text: str) -> Vectors:
        vector = self._raw(text)
        if vector is None:
            # NaNs would be stored and never found: let the text count as an empty one.
            vector = self._raw(self._prefix)
        if vector is None:
            raise ModelError(f"The model {self.fingerprint.model} computes no usable numbers.")
        return vector

    def _raw(self, text: str) -> Vectors | None:
        vector = np.asarray(next(iter(self._model.embed([text]))), dtype=np.float32)
        norm = float(np.linalg.norm(vector))
        return vector / np.float32(norm) if 0 < norm < math.inf else None


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # fewer than the machine has, in a container
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _share_cores(model: Any, cores: int) -> None:  # noqa: ANN401 - fastembed is untyped
    """Let several cores compute one text, and sleep while there is nothing for them to do.

    fastembed passes a number of threads on, but not that they must not spin: spinning ones take
    the cores from other texts, a quarter of all texts a second.
    """
    if cores > 1:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = cores
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = model.model._model_path  # noqa: SLF001
        model.model = ort.InferenceSession(path, options, ["CPUExecutionProvider"])


def _limit_tokens(tokenizer: Any) -> None:  # noqa: ANN401 - as above
    """Cut texts after MAX_TOKENS, where the model itself takes more."""
    limit = tokenizer.truncation
    if limit is None or limit["max_length"] > MAX_TOKENS:
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
    return Fingerprint(
        model=found.name,
        dimension=found.model.dimension,
        files=weights.file_hashes(found, settings),
        pipeline=PIPELINE_VERSION,
    )
