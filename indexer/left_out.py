"""The files that were read and are no documents by what they hold, so that none is read again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from indexer.database import create_tables

_metadata = sa.MetaData()
LEFT_OUT = sa.Table(
    "left_out_files",
    _metadata,
    sa.Column("repo", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("blob", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a file holds, by git's name for it, and why that is no document."""

    blob: str
    reason: str


class LeftOutFiles:
    """The table of the files that were left out after they were read."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        create_tables(engine, _metadata)

    def of(self, repo: str) -> dict[str, LeftOut]:
        """A repository's, by their paths and in the order of these."""
        query = sa.select(LEFT_OUT.c.path, LEFT_OUT.c.blob, LEFT_OUT.c.reason)
        query = query.where(LEFT_OUT.c.repo == repo.lower())
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return {path: LeftOut(blob, reason) for path, blob, reason in sorted(rows)}

    def settle(self, repo: str, read: Collection[str], refused: Mapping[str, LeftOut]) -> None:
        """Of the files that were `read` just now, those that are `refused` are left out."""
        rows = [
            {"repo": repo.lower(), "path": path, "blob": one.blob, "reason": one.reason}
            for path, one in refused.items()
        ]
        with self._engine.begin() as connection:
            connection.execute(_gone(repo).where(LEFT_OUT.c.path.in_(list(read))))
            if rows:
                connection.execute(sa.insert(LEFT_OUT), rows)

    def keep_only(self, repo: str, paths: Collection[str]) -> None:
        """Forget every file but these."""
        self.settle(repo, self.of(repo).keys() - set(paths), {})


def _gone(repo: str) -> sa.Delete:
    return sa.delete(LEFT_OUT).where(LEFT_OUT.c.repo == repo.lower())
