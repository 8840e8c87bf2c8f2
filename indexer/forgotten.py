"""Which repositories were forgotten lately, so that work begun before does not bring them back."""

import hashlib
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from indexer.database import create_tables

KEPT = timedelta(days=30)
"""Longer than any work lasts: what began before is given up or done."""

_metadata = sa.MetaData()
# Not even the names are kept, only by what they are known again.
_forgotten = sa.Table(
    "forgotten_repositories",
    _metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
)


class ForgottenRepositories:
    """The table of forgotten repositories, by when that was asked for.

    Whoever forgets one notes it here before deleting; whoever writes looks here after writing,
    and takes back what it wrote when it began before that. In whatever order the two come,
    nothing is left.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        create_tables(engine, _metadata)

    def note(self, repo: str, at: datetime) -> None:
        """What began up to this moment must not bring the repository back."""
        old = _forgotten.c.at < (datetime.now(UTC) - KEPT).timestamp()
        same = _forgotten.c.digest == _digest(repo)
        latest = at if (known := self._at(repo)) is None else max(at, known)
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_forgotten).where(old | same))
            values = {"digest": _digest(repo), "at": latest.timestamp()}
            connection.execute(sa.insert(_forgotten).values(values))

    def since(self, repo: str, began: datetime) -> bool:
        """Whether the repository was forgotten after something began."""
        at = self._at(repo)
        return at is not None and began <= at

    def _at(self, repo: str) -> datetime | None:
        query = sa.select(_forgotten.c.at).where(_forgotten.c.digest == _digest(repo))
        with self._engine.connect() as connection:
            at = connection.execute(query).scalar_one_or_none()
        return None if at is None else datetime.fromtimestamp(at, UTC)


def _digest(repo: str) -> str:
    return hashlib.sha256(repo.lower().encode()).hexdigest()
