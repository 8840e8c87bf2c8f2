"""Pairs of issues of which a maintainer said that they are no duplicates (SQLAlchemy)."""

import sqlalchemy as sa

from indexer.database import create_tables

_metadata = sa.MetaData()
PAIRS = sa.Table(
    "excluded_pairs",
    _metadata,
    sa.Column("repo", sa.Text, primary_key=True),
    sa.Column("lower", sa.Integer, primary_key=True),
    sa.Column("higher", sa.Integer, primary_key=True),
)


class ExcludedPairs:
    """The table of pairs; in which order a pair was named does not matter.

    The answers leave them out, and an evaluation can count them as wrong.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        create_tables(engine, _metadata)

    def add(self, repo: str, one: int, other: int) -> None:
        """Remember that two issues are no duplicates of each other."""
        lower, higher = sorted((one, other))
        row = {"repo": repo.lower(), "lower": lower, "higher": higher}
        same = sa.and_(*(PAIRS.c[name] == value for name, value in row.items()))
        with self._engine.begin() as connection:
            connection.execute(sa.delete(PAIRS).where(same))
            connection.execute(sa.insert(PAIRS).values(row))

    def of(self, repo: str, number: int) -> frozenset[int]:
        """The issues that are no duplicate of this one."""
        return frozenset(
            higher if lower == number else lower
            for lower, higher in self.all(repo)
            if number in {lower, higher}
        )

    def all(self, repo: str) -> frozenset[tuple[int, int]]:
        """Every pair of a repository, the lower number first."""
        query = sa.select(PAIRS.c.lower, PAIRS.c.higher).where(PAIRS.c.repo == repo.lower())
        with self._engine.connect() as connection:
            return frozenset((lower, higher) for lower, higher in connection.execute(query))
