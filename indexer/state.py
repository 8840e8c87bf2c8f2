"""What the indexer remembers of each repository between runs: how far it came, and with what."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Self

import sqlalchemy as sa

from indexer.database import (
    create_tables,
    forget_rows,
    open_engine,
    rename_rows,
    repositories_in,
    scrub,
)
from indexer.errors import InternError
from indexer.forgotten import ForgottenRepositories
from indexer.heard import HEARD, HeardThreads
from indexer.left_out import LEFT_OUT, LeftOutFiles
from indexer.pairs import ELSEWHERE, PAIRS, ExcludedPairs
from indexer.settings import IndexSettings
from indexer.thresholds import DEFAULT, Thresholds


class Status(StrEnum):
    """How far a repository's first backfill (or import) came."""

    NEVER = "never"
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TemplateSnapshot:
    """The template lines of a repository, as `text.template_key` has them.

    `number` counts a repository's snapshots from 1; 0 means that none was taken.
    `bodies` is how many issues there were then; in a large repository a sample of them was read.
    """

    number: int = 0
    bodies: int = 0
    lines: frozenset[str] = frozenset()


NO_TEMPLATES = TemplateSnapshot()


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """One repository.

    Attributes:
        repo: `owner/name` in lower case.
        status: how far the first backfill came; a later sync leaves it complete.
        source: `github`, or `import` for a history that came as a file.
        cursor: where an interrupted backfill goes on; None when none is under way.
        watermark: everything that happened before this moment is indexed.
        templates: the template lines in force.
        threads: how many threads the last run saw.
        total: how many there are, where the source says so.
        started_at: when the run under way (or the last one) began; a resumed run keeps it.
        completed_at: when a run last came to its end; a later one that fails leaves it.
        since: of a run that reads updates, from when on they are still to be read; None where it
            reads everything, or none is under way.
        anew: the run under way reads everything though it was read before.
        docs: the last run was to read files and releases too.
        app_id: the GitHub App that was seen to be installed there last; None for none.
        error: why the last run failed, as one sentence.
        error_reason: the error's short code.
        warning: what the last run could not read though it did not fail, as one sentence.
        warning_reason: the warning's short code.
    """

    repo: str
    status: Status = Status.NEVER
    source: str | None = None
    cursor: str | None = None
    watermark: datetime | None = None
    templates: TemplateSnapshot = NO_TEMPLATES
    threads: int = 0
    total: int | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    since: datetime | None = None
    anew: bool = False
    docs: bool = True
    app_id: int | None = None
    error: str | None = None
    error_reason: str | None = None
    warning: str | None = None
    warning_reason: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the whole history is in the knowledge base."""
        return self.status is Status.COMPLETE

    @property
    def is_interrupted(self) -> bool:
        """Whether a run was begun that did not come to its end."""
        began, ended = self.started_at, self.completed_at
        return began is not None and (ended is None or ended < began)


_metadata = sa.MetaData()
# Moments are ISO 8601 in UTC: SQLite has no type for them.
_repositories = sa.Table(
    "indexed_repositories",
    _metadata,
    sa.Column("repo", sa.Text, primary_key=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("cursor", sa.Text),
    sa.Column("watermark", sa.Text),
    sa.Column("template_number", sa.Integer, nullable=False),
    sa.Column("template_bodies", sa.Integer, nullable=False),
    sa.Column("template_lines", sa.Text, nullable=False),
    sa.Column("threads", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer),
    sa.Column("started_at", sa.Text),
    sa.Column("completed_at", sa.Text),
    sa.Column("since", sa.Text),
    sa.Column("anew", sa.Boolean),
    sa.Column("docs", sa.Boolean),
    sa.Column("app_id", sa.BigInteger),
    sa.Column("error", sa.Text),
    sa.Column("error_reason", sa.Text),
    sa.Column("warning", sa.Text),
    sa.Column("warning_reason", sa.Text),
)
_thresholds = sa.Table(
    "thresholds",
    _metadata,
    sa.Column("repo", sa.Text, primary_key=True),
    sa.Column("duplicate", sa.Float, nullable=False),
    sa.Column("related", sa.Float, nullable=False),
    sa.Column("document", sa.Float, nullable=False),
)
_EVERY_TABLE = (_repositories, _thresholds, HEARD, LEFT_OUT, PAIRS, ELSEWHERE)
_MOMENTS = ("watermark", "started_at", "completed_at", "since")


class State:
    """Repositories and their thresholds, in SQLite or Postgres. Safe to share between threads.

    Attributes:
        heard: the threads that webhooks told of.
        pairs: the issues that are no duplicates of each other.
        forgotten: the repositories that were forgotten lately.
        left_out: the files that were read and are no documents.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        create_tables(engine, _metadata)
        self.heard = HeardThreads(engine)
        self.pairs = ExcludedPairs(engine)
        self.forgotten = ForgottenRepositories(engine)
        self.left_out = LeftOutFiles(engine)

    @classmethod
    def open(cls, settings: IndexSettings) -> Self:
        """DATA_DIR/state.sqlite, or the database of DATABASE_URL."""
        return cls(open_engine(settings, "state"))

    def repository(self, repo: str) -> RepositoryState:
        """A repository's row; one with status `never` where there is none."""
        query = sa.select(_repositories).where(_repositories.c.repo == repo.lower())
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return _read(dict(row)) if row else RepositoryState(repo.lower())

    def repositories(self) -> dict[str, RepositoryState]:
        """Every repository that has a row, begun or not, in the order of their names."""
        query = sa.select(_repositories).order_by(_repositories.c.repo)
        with self._engine.connect() as connection:
            rows = [_read(dict(row)) for row in connection.execute(query).mappings()]
        return {row.repo: row for row in rows}

    def templates(self, repo: str) -> frozenset[str]:
        """The template lines in force for a repository; cheap enough for every query."""
        columns = sa.select(_repositories.c.template_lines)
        with self._engine.connect() as connection:
            text = connection.execute(columns.where(_repositories.c.repo == repo.lower())).scalar()
        return _lines(text or "[]")

    def save(self, row: RepositoryState) -> RepositoryState:
        """Write a repository's row whole."""
        values = _write(row)
        same = _repositories.c.repo == row.repo
        with self._engine.begin() as connection:
            if not connection.execute(sa.update(_repositories).where(same).values(values)).rowcount:
                connection.execute(sa.insert(_repositories).values(values))
        return row

    def update(self, repo: str, **changes: Any) -> RepositoryState:  # noqa: ANN401 - fields
        """Change some fields of a repository's row."""
        return self.save(replace(self.repository(repo), **changes))

    def fail(self, repo: str, error: Exception) -> RepositoryState:
        """Remember why a run failed; a repository that is complete stays so."""
        row = self.repository(repo)
        said, reason = f"It met {type(error).__name__}, which nobody expected.", "crashed"
        if isinstance(error, InternError):
            # Only these say nothing of an issue's text.
            said, reason = str(error), error.reason
        status = row.status if row.is_complete else Status.FAILED
        return self.save(replace(row, status=status, error=said, error_reason=reason))

    def fail_to_begin(self, repo: str, error: InternError, at: datetime) -> RepositoryState:
        """Remember why a run failed before it began to read from GitHub.

        It counts as one that began when it was asked for, so that it is due again.
        """
        row = self.fail(repo, error)
        return row if row.started_at else self.save(replace(row, source="github", started_at=at))

    def thresholds(self, repo: str) -> Thresholds:
        """The thresholds in force for a repository: those stored for it, else the shipped ones."""
        columns = (_thresholds.c.duplicate, _thresholds.c.related, _thresholds.c.document)
        query = sa.select(*columns).where(_thresholds.c.repo == repo.lower())
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return Thresholds(**row) if row else DEFAULT

    def save_thresholds(self, repo: str, thresholds: Thresholds | None) -> None:
        """Store thresholds for a repository; None lets the shipped ones stand again."""
        repo = repo.lower()
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_thresholds).where(_thresholds.c.repo == repo))
            if thresholds is not None:
                row = {"repo": repo, **asdict(thresholds)}
                connection.execute(sa.insert(_thresholds).values(row))

    def names(self) -> set[str]:
        """Every repository that something is known of, though it was never begun."""
        return repositories_in(self._engine, _EVERY_TABLE)

    def rename(self, before: str, after: str) -> None:
        """Know under its new name all that is known of a repository.

        Where both names were read, the row of the one that is complete stays, the new one's if
        both are.
        """
        old, new = self.repository(before), self.repository(after)
        if old.is_complete and not new.is_complete:
            forget_rows(self._engine, (_repositories,), [new.repo])
        rename_rows(self._engine, _EVERY_TABLE, old.repo, new.repo)
        self.pairs.rename_other(old.repo, new.repo)

    def forget(self, repo: str) -> None:
        """Remove what is known of a repository, its files and its threads."""
        forget_rows(self._engine, _EVERY_TABLE, [repo.lower()])
        self.pairs.forget_other(repo.lower())
        scrub(self._engine)

    def forget_thread(self, repo: str, number: int) -> None:
        """Remove what was heard of one issue, and the pairs that it is in."""
        self.heard.drop_thread(repo, number)
        self.pairs.forget_thread(repo, number)

    def close(self) -> None:
        """Let go of the database's connections."""
        self._engine.dispose()


@lru_cache(maxsize=64)
def _lines(text: str) -> frozenset[str]:
    return frozenset(json.loads(text))


def _read(row: Mapping[str, Any]) -> RepositoryState:
    values = dict(row)
    for name in _MOMENTS:
        if values[name]:
            values[name] = datetime.fromisoformat(values[name])
    templates = TemplateSnapshot(
        number=values.pop("template_number"),
        bodies=values.pop("template_bodies"),
        lines=_lines(values.pop("template_lines")),
    )
    # Rows of older versions have neither.
    values["anew"], values["docs"] = bool(values["anew"]), values["docs"] is not False
    return RepositoryState(**values | {"status": Status(values["status"]), "templates": templates})


def _write(row: RepositoryState) -> dict[str, Any]:
    moments = {name: getattr(row, name) for name in _MOMENTS}
    return {
        "repo": row.repo,
        "status": row.status.value,
        "source": row.source,
        "cursor": row.cursor,
        "template_number": row.templates.number,
        "template_bodies": row.templates.bodies,
        "template_lines": json.dumps(sorted(row.templates.lines)),
        "threads": row.threads,
        "total": row.total,
        "anew": row.anew,
        "docs": row.docs,
        "app_id": row.app_id,
        "error": row.error,
        "error_reason": row.error_reason,
        "warning": row.warning,
        "warning_reason": row.warning_reason,
    } | {
        name: moment.astimezone(UTC).isoformat() if moment else None
        for name, moment in moments.items()
    }
