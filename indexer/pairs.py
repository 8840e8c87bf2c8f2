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
# An issue here and one of another repository: said here, so it holds here only.
ELSEWHERE = sa.Table(
    "excluded_elsewhere",
    _metadata,
    sa.Column("repo", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("other_repo", sa.Text, primary_key=True),
    sa.Column("other", sa.Integer, primary_key=True),
)


class ExcludedPairs:
    """The tables of pairs; in which order a repository's own pair was named does not matter.

    The answers leave them out, and to an evaluation they are no duplicates, whatever else was said.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        create_tables(engine, _metadata)

    def add(self, repo: str, one: int, other: int) -> None:
        """Remember that two issues are no duplicates of each other."""
        lower, higher = sorted((one, other))
        self._put(PAIRS, {"repo": repo.lower(), "lower": lower, "higher": higher})

    def add_elsewhere(self, repo: str, number: int, other_repo: str, other: int) -> None:
        """Remember that an issue is no duplicate of another repository's."""
        here: dict[str, str | int] = {"repo": repo.lower(), "number": number}
        self._put(ELSEWHERE, here | {"other_repo": other_repo.lower(), "other": other})

    def of(self, repo: str, number: int) -> frozenset[int]:
        """The issues that are no duplicate of this one."""
        return frozenset(
            higher if lower == number else lower
            for lower, higher in self.all(repo)
            if number in {lower, higher}
        )

    def elsewhere(self, repo: str, number: int) -> frozenset[tuple[str, int]]:
        """The issues of other repositories that are no duplicate of this one."""
        query = sa.select(ELSEWHERE.c.other_repo, ELSEWHERE.c.other).where(
            ELSEWHERE.c.repo == repo.lower(), ELSEWHERE.c.number == number
        )
        with self._engine.connect() as connection:
            return frozenset((name, other) for name, other in connection.execute(query))

    def all(self, repo: str) -> frozenset[tuple[int, int]]:
        """Every pair of a repository, the lower number first."""
        query = sa.select(PAIRS.c.lower, PAIRS.c.higher).where(PAIRS.c.repo == repo.lower())
        with self._engine.connect() as connection:
            return frozenset((lower, higher) for lower, higher in connection.execute(query))

    def forget_thread(self, repo: str, number: int) -> None:
        """Forget every pair that one issue of a repository is in."""
        one_of = (PAIRS.c.lower == number) | (PAIRS.c.higher == number)
        here = (ELSEWHERE.c.repo == repo.lower()) & (ELSEWHERE.c.number == number)
        with self._engine.begin() as connection:
            connection.execute(sa.delete(PAIRS).where(PAIRS.c.repo == repo.lower(), one_of))
            connection.execute(sa.delete(ELSEWHERE).where(here))

    def rename_other(self, before: str, after: str) -> None:
        """Another repository of such pairs has a new name; both names in lower case."""
        taken = ELSEWHERE.alias()
        same = (taken.c[name] == ELSEWHERE.c[name] for name in ("repo", "number", "other"))
        there = sa.exists().where(taken.c.other_repo == after, *same)
        old = ELSEWHERE.c.other_repo == before
        with self._engine.begin() as connection:
            connection.execute(sa.delete(ELSEWHERE).where(old, there))
            connection.execute(sa.update(ELSEWHERE).where(old).values(other_repo=after))

    def forget_other(self, repo: str) -> None:
        """Forget such pairs with another repository, named in lower case."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(ELSEWHERE).where(ELSEWHERE.c.other_repo == repo))

    def _put(self, table: sa.Table, row: dict[str, str | int]) -> None:
        same = sa.and_(*(table.c[name] == value for name, value in row.items()))
        with self._engine.begin() as connection:
            connection.execute(sa.delete(table).where(same))
            connection.execute(sa.insert(table).values(row))
