"""What Claude was asked and what it cost, kept so that limits hold over restarts (SQLAlchemy).

A call is entered with the most it can cost before it is made, and corrected when its usage is
known: a crash in between leaves it dear rather than free.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from indexer.database import create_tables

_TABLES = sa.MetaData()
CALLS = sa.Table(
    "llm_calls",
    _TABLES,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("repo", sa.String(256), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    # Seconds since 1970: moments are compared in the database.
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("cost", sa.Double, nullable=False),
    sa.Column("model", sa.String(128)),
    sa.Column("input_tokens", sa.BigInteger, nullable=False),
    sa.Column("output_tokens", sa.BigInteger, nullable=False),
    sa.Column("failure", sa.String(64)),
    sa.Index("llm_calls_of_day", "repo", "at"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that may be spent, in US dollars."""

    issue: float
    day: float


@dataclass(frozen=True, slots=True)
class Spent:
    """What the calls of a repository came to; `cost` is in US dollars, by the price table."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0


class Spending:
    """The table of calls. A day is one in UTC. Calls block for a moment."""

    def __init__(
        self, engine: sa.Engine, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._engine = engine
        self._now = now
        create_tables(engine, _TABLES)

    def reserve(self, repo: str, number: int, most: float, limits: Limits) -> int | None:
        """Enter a call that can cost at most `most`; None where a limit would be passed.

        Returns:
            The call's id, for `settle`.
        """
        now = self._now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        here = CALLS.c.repo == repo.lower()
        total = sa.select(sa.func.coalesce(sa.func.sum(CALLS.c.cost), 0.0)).where(here)
        row = {
            "repo": repo.lower(),
            "number": number,
            "at": now.timestamp(),
            "cost": most,
            "input_tokens": 0,
            "output_tokens": 0,
        }
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                key = sa.func.hashtext(repo.lower())
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
            # Entered first and taken back: on SQLite only a write makes others wait.
            made = connection.execute(sa.insert(CALLS).values(row).returning(CALLS.c.id))
            call = int(made.scalar_one())
            day = connection.execute(total.where(CALLS.c.at >= midnight)).scalar_one()
            issue = connection.execute(total.where(CALLS.c.number == number)).scalar_one()
            if day > limits.day or issue > limits.issue:
                connection.rollback()
                return None
        return call

    def settle(  # noqa: PLR0913 - a row's columns
        self,
        call: int,
        *,
        cost: float,
        model: str,
        input_tokens: int = 0,
        output_tokens: int = 0,
        failure: str | None = None,
    ) -> None:
        """Enter what a call really came to."""
        values = {
            "cost": cost,
            "model": model,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "failure": failure,
        }
        with self._engine.begin() as connection:
            connection.execute(sa.update(CALLS).where(CALLS.c.id == call).values(values))

    def spent(self, repo: str | None = None, since: datetime | None = None) -> Spent:
        """What was spent on a repository, or on all, since a moment."""
        query = sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(CALLS.c.input_tokens), 0),
            sa.func.coalesce(sa.func.sum(CALLS.c.output_tokens), 0),
            sa.func.coalesce(sa.func.sum(CALLS.c.cost), 0.0),
        )
        if repo is not None:
            query = query.where(CALLS.c.repo == repo.lower())
        if since is not None:
            query = query.where(CALLS.c.at >= since.timestamp())
        with self._engine.connect() as connection:
            calls, read, written, cost = connection.execute(query).one()
        return Spent(calls, int(read), int(written), float(cost))

    def spent_on(self, repo: str, number: int) -> float:
        """Dollars spent, or set aside, on an issue."""
        query = sa.select(sa.func.coalesce(sa.func.sum(CALLS.c.cost), 0.0)).where(
            CALLS.c.repo == repo.lower(), CALLS.c.number == number
        )
        with self._engine.connect() as connection:
            return float(connection.execute(query).scalar_one())

    def forget_thread(self, repo: str, number: int) -> None:
        """Forget what was spent on one issue."""
        here = (CALLS.c.repo == repo.lower()) & (CALLS.c.number == number)
        with self._engine.begin() as connection:
            connection.execute(sa.delete(CALLS).where(here))
