"""Which repositories are due to be read again, and under which key each time counts once. Pure."""

import hashlib
from datetime import datetime, timedelta

from indexer.state import RepositoryState, Status

SPREAD = 0.2
"""By how much of the interval repositories differ, so that they do not come all at once."""


def due(row: RepositoryState, interval: timedelta, now: datetime) -> str | None:
    """The key of the reading that a repository is due for; None if it is not due.

    A reading that fails before it begins is due again one interval later, under another key. One
    that seems to be under way may have been killed: whoever starts it looks whether it is.
    """
    known = row.source == "github" and row.status is not Status.NEVER
    if not known or row.started_at is None:
        return None
    own = interval * (1 + SPREAD * (_fraction(f"{row.repo} {row.started_at}") - 0.5))
    passed = (now - row.started_at) // own
    return f"sync:{row.started_at.isoformat()}:{passed}" if passed >= 1 else None


def _fraction(text: str) -> float:
    """A number from 0 to 1 that the same text always gives."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) / 2**32
