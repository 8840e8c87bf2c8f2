"""Which threads webhooks told of lately, so that a page read before that is not believed."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from indexer.database import create_tables

SKEW = timedelta(seconds=10)
"""How far the clocks of two servers may differ."""

_metadata = sa.MetaData()
# Seconds since 1970: moments are compared in the database.
HEARD = sa.Table(
    "heard_threads",
    _metadata,
    sa.Column("repo", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("at", sa.Double, nullable=False),
)


class HeardThreads:
    """The table of threads that changed or vanished, by when we heard of it.

    Whoever brings one thread up to date notes it here before asking GitHub; whoever writes many
    that were read together looks here after writing them. In whatever order the two write, the
    second thus finds what it may have overwritten, a thread deleted meanwhile included.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        create_tables(engine, _metadata)

    def note(self, repo: str, number: int) -> None:
        """Something happened to this thread just now."""
        now = datetime.now(UTC).timestamp()
        same = (HEARD.c.repo == repo.lower()) & (HEARD.c.number == number)
        with self._engine.begin() as connection:
            connection.execute(sa.delete(HEARD).where(same))
            connection.execute(sa.insert(HEARD).values(repo=repo.lower(), number=number, at=now))

    def since(self, repo: str, moment: datetime) -> set[int]:
        """The threads of a repository that something happened to since a moment."""
        floor = (moment - SKEW).timestamp()
        query = sa.select(HEARD.c.number).where(HEARD.c.repo == repo.lower())
        with self._engine.connect() as connection:
            return set(connection.execute(query.where(HEARD.c.at >= floor)).scalars())

    def drop_thread(self, repo: str, number: int) -> None:
        """Forget one thread."""
        same = (HEARD.c.repo == repo.lower()) & (HEARD.c.number == number)
        with self._engine.begin() as connection:
            connection.execute(sa.delete(HEARD).where(same))

    def drop(self, repo: str, before: datetime | None = None) -> None:
        """Forget a repository's threads; with `before` only what was heard before that moment."""
        gone = sa.delete(HEARD).where(HEARD.c.repo == repo.lower())
        if before is not None:
            gone = gone.where(HEARD.c.at < (before - SKEW).timestamp())
        with self._engine.begin() as connection:
            connection.execute(gone)
