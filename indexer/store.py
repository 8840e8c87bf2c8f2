"""What a knowledge base can do, whoever stores it, and the values that go in and out.

Three implementations: edge_store (embedded), server_store (a Qdrant server or cluster) and
remote_store (the embedded store of a running server, through its Unix socket).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

Channel = Literal["text", "title", "bm25"]
DENSE_CHANNELS: tuple[Channel, ...] = ("text", "title")
DenseVector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Token ids and their weights; `indices` are unique and fit in 32 bits unsigned."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One passage: its id (a UUID as text), what it is found by, and what it says.

    `vectors` holds any of the channels; a channel left out is one this point is never found by.
    Dense vectors are L2-normalised float32 of the embedding model's dimension; a store gives them
    back with at least four digits.
    `payload` is plain JSON.
    """

    id: str
    vectors: Mapping[Channel, DenseVector | SparseVector] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Where:
    """Which points; every condition given must hold.

    `repos` are `owner/name` in lower case and never empty: no query crosses repositories by
    omission. `signatures` are error signatures, one of which a point must have.
    `created_before` is in seconds since 1970, exclusive.
    """

    repos: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    not_numbers: tuple[int, ...] = ()
    created_before: int | None = None
    path: str | None = None
    signatures: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.repos:
            raise ValueError("Where.repos is empty: a query names its repositories")


@dataclass(frozen=True, slots=True)
class ChannelQuery:
    """The nearest points of one channel: cosine for dense vectors, dot product for sparse ones.

    A store counts no word frequencies: a question's words weigh what its vector says.
    """

    channel: Channel
    vector: DenseVector | SparseVector
    where: Where
    limit: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A point that a channel found, its score there, and the payload fields asked for."""

    id: str
    score: float
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a collection was built with. Two that differ cannot be searched together.

    `files` maps the model's file names to their SHA-256; `pipeline` is PIPELINE_VERSION.
    """

    model: str
    dimension: int
    files: Mapping[str, str]
    pipeline: int


class KnowledgeBase(Protocol):
    """The collection of passages. Calls block; order of equal scores is by id.

    Every method may raise StoreError; nothing else that the caller should expect. Points that
    break the rules of `Point` are a ValueError.
    """

    @property
    def fingerprint(self) -> Fingerprint:
        """What the collection was built with."""

    def upsert(self, points: Sequence[Point]) -> None:
        """Write points, replacing those with the same ids whole."""

    def delete(self, ids: Sequence[str]) -> None:
        """Delete points by id; unknown ids are no error."""

    def delete_where(self, where: Where) -> None:
        """Delete every point that matches."""

    def query(self, queries: Sequence[ChannelQuery], fields: Sequence[str] = ()) -> list[list[Hit]]:
        """Answer several channel queries in one go, best first, each with those payload fields."""

    def fetch(
        self,
        ids: Sequence[str],
        *,
        fields: Sequence[str] | None = None,
        vectors: bool = False,
    ) -> list[Point]:
        """Points by id, in the order of `ids`, unknown ones left out; `fields=None` means all."""

    def scroll(
        self,
        where: Where | None,
        *,
        limit: int,
        after: str | None = None,
        fields: Sequence[str] | None = None,
        vectors: bool = False,
    ) -> tuple[list[Point], str | None]:
        """A page of points in the order of their ids, and the `after` of the next page."""

    def count(self, where: Where | None = None) -> int:
        """How many points match, exactly."""

    def repos(self) -> dict[str, int]:
        """Each repository in the collection and how many points it has."""

    def flush(self) -> None:
        """Make everything written so far durable."""

    def compact(self) -> None:
        """See that nothing that was deleted is left in files of ours."""

    def close(self) -> None:
        """Flush and let go; the object cannot be used afterwards."""
