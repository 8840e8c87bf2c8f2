"""Stores for tests: points with few words, and a local socket in a thread of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from app.local_socket import serve_local_socket
from indexer.settings import IndexSettings
from indexer.store import DenseVector, Fingerprint, KnowledgeBase, Point, SparseVector

DIMENSION = 8


def fingerprint(**changes) -> Fingerprint:
    """What the tests' collections are built with."""
    values = {
        "model": "toy",
        "dimension": DIMENSION,
        "files": {"model.onnx": "aa", "tokenizer.json": "bb"},
        "pipeline": 1,
    }
    return Fingerprint(**{**values, **changes})


def point_id(name: object) -> str:
    """A stable id from any name."""
    return str(uuid5(NAMESPACE_URL, f"test:{name}"))


def dense(*values: float) -> DenseVector:
    """A unit vector whose first coordinates are in proportion to `values`."""
    vector = np.zeros(DIMENSION, np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


def sparse(**weights: float) -> SparseVector:
    """A sparse vector from one-letter words: `sparse(a=1, b=.5)`."""
    return SparseVector(tuple(ord(word) for word in weights), tuple(weights.values()))


def point(name: object, *, repo: str = "o/r", kind: str = "issue", **fields) -> Point:
    """A point; `text`, `title` and `bm25` are its vectors, the rest its payload."""
    channels = ("text", "title", "bm25")
    vectors = {channel: fields.pop(channel) for channel in channels if channel in fields}
    return Point(point_id(name), vectors, {"repo": repo, "kind": kind, **fields})


@contextmanager
def local_socket(kb: KnowledgeBase, folder: Path) -> Iterator[Path]:
    """`kb` served on a socket in the folder, from an event loop in another thread."""
    loop = asyncio.new_event_loop()
    started: list[Path | BaseException] = []
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with serve_local_socket(kb, IndexSettings(data_dir=folder)) as path:
            started.append(path)
            ready.set()
            await stop.wait()

    def run() -> None:
        try:
            loop.run_until_complete(serve())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            started.append(error)
        finally:
            ready.set()
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait(20)
    try:
        if not started:
            raise TimeoutError("the local socket did not start")
        if isinstance(started[0], BaseException):
            raise started[0]
        yield started[0]
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(stop.set)
        thread.join(20)
