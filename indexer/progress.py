"""What a long run tells while it goes on, and at its end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from indexer.indexing import IndexReport

if TYPE_CHECKING:
    from indexer.sources.github import RateInfo


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backfill, an import or a migration has come.

    `stage` is `templates`, `threads`, `points`, `docs` or `waiting` (for GitHub's limit, `wait`
    seconds).
    """

    stage: str
    done: int = 0
    total: int | None = None
    index: IndexReport = field(default_factory=IndexReport)
    rate: "RateInfo | None" = None
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class BackfillReport:
    """What a whole run did.

    `threads` is how many were read; `errors` are the lines of a file that could not be.
    """

    threads: int
    index: IndexReport
    docs: IndexReport = field(default_factory=IndexReport)
    errors: int = 0


OnProgress = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Nobody watches."""
