"""What people asked of us about single issues, remembered until it is taken back (SQLAlchemy)."""

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from indexer.database import create_tables

Wish = Literal["off", "no_ai", "hidden"]

_TABLES = sa.MetaData()
WISHES = sa.Table(
    "issue_wishes",
    _TABLES,
    sa.Column("repo", sa.String(256), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("wish", sa.String(16), primary_key=True),
)


@dataclass(frozen=True, slots=True)
class Wished:
    """What was asked for about one issue.

    Attributes:
        off: never answer it again.
        no_ai: the same, asked for in the issue itself or by a label.
        hidden: keep our comment folded away, until someone asks for another answer.
    """

    off: bool = False
    no_ai: bool = False
    hidden: bool = False


NOTHING = Wished()


class Wishes:
    """The table of wishes. Calls block for a moment."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        create_tables(engine, _TABLES)

    def of(self, repo: str, number: int) -> Wished:
        """What was asked for about an issue."""
        query = sa.select(WISHES.c.wish).where(_is(repo, number))
        with self._engine.connect() as connection:
            return Wished(**dict.fromkeys(connection.execute(query).scalars(), True))

    def add(self, repo: str, number: int, wish: Wish) -> None:
        """Remember a wish."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(WISHES).where(_is(repo, number), WISHES.c.wish == wish))
            row = {"repo": repo.lower(), "number": number, "wish": wish}
            connection.execute(sa.insert(WISHES).values(row))

    def show_again(self, repo: str, number: int) -> None:
        """Our comment need not stay folded."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.delete(WISHES).where(_is(repo, number), WISHES.c.wish == "hidden")
            )

    def forget_thread(self, repo: str, number: int) -> None:
        """Forget one issue, because it is gone."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(WISHES).where(_is(repo, number)))


def _is(repo: str, number: int) -> sa.ColumnElement[bool]:
    return sa.and_(WISHES.c.repo == repo.lower(), WISHES.c.number == number)
