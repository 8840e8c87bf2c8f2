"""What a long run tells while it goes on, and at its end."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from indexer.indexing import IndexReport

if TYPE_CHECKING:
    from indexer.sources.github import RateInfo


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backfill, an import or a migration has come.

    `stage` is `templates`, `threads`, `points`, `vanished`, `docs` or `waiting` (`wait` seconds,
    for GitHub's limit or the end of an outage, or for what `trouble` tells in a sentence).
    """

    stage: str
    done: int = 0
    total: int | None = None
    index: IndexReport = field(default_factory=IndexReport)
    rate: "RateInfo | None" = None
    wait: float = 0.0
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class BackfillReport:
    """What a whole run did.

    `threads` is how many were read, `gone` how many are no longer there; `errors` are the lines of
    a file that could not be read, `warning` tells what else could not be.
    """

    threads: int
    index: IndexReport
    docs: IndexReport = field(default_factory=IndexReport)
    errors: int = 0
    gone: int = 0
    warning: str | None = None


OnProgress = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Nobody watches."""


def progress_json(now: Progress) -> dict[str, Any]:
    """Progress as plain JSON, for another process."""
    told = asdict(now)
    if now.rate is not None:
        told["rate"]["reset_at"] = now.rate.reset_at.isoformat()
    return told


def progress_of(told: Mapping[str, Any]) -> Progress:
    """Progress from what `progress_json` made of it."""
    from indexer.sources.github import RateInfo  # githubkit takes a while to import

    given = told["rate"]
    rate = given and RateInfo(**given | {"reset_at": datetime.fromisoformat(given["reset_at"])})
    return Progress(**{**told, "index": IndexReport(**told["index"]), "rate": rate})


def report_json(report: BackfillReport) -> dict[str, Any]:
    """What a run did as plain JSON, for another process."""
    return asdict(report)


def report_of(told: Mapping[str, Any]) -> BackfillReport:
    """What a run did, from what `report_json` made of it."""
    counts = {name: IndexReport(**told[name]) for name in ("index", "docs")}
    return BackfillReport(**{**told, **counts})
