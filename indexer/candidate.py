"""A past thread, doc section, release or answered discussion that may answer a new issue."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from indexer.reasons import Reason
from indexer.threads import Discussion, DocSection, Release, Resolution, Thread


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the search returns.

    Attributes:
        repo: `owner/name`, in lower case.
        score: orders the candidates of one kind; comparable within one query.
        probability: of a thread, that one change would settle both issues; of a document
            (doc section, release, discussion), that it helps.
        why: `reasons` as an English sentence.
        features: what the probability was made of.
        thread: as of the query's moment, like `state` and `resolution`.
        linked: the query's own text links it, so it is no discovery.
    """

    repo: str
    kind: Literal["issue", "doc", "release", "discussion"]
    number: int | None
    title: str
    url: str | None
    state: str | None
    score: float
    probability: float
    why: str
    features: Mapping[str, float]
    thread: Thread | None = None
    resolution: Resolution | None = None
    section: DocSection | None = None
    release: Release | None = None
    discussion: Discussion | None = None
    reasons: tuple[Reason, ...] = ()
    linked: bool = False
