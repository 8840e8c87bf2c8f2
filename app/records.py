"""What the App remembers: its replies, and the configs that are in force (SQLAlchemy)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Self

import sqlalchemy as sa
import structlog
from pydantic import ValidationError

from app.feedback import FEEDBACK, Feedback
from app.prepared import PREPARED, PreparedComments
from app.settings import Settings
from app.spending import CALLS, Spending
from app.wishes import WISHES, Wishes
from indexer.config_file import ConfigFile
from indexer.database import (
    create_tables,
    forget_rows,
    open_engine,
    rename_rows,
    repositories_in,
    scrub,
    upsert,
)
from indexer.repo_config import RepoConfig

log = structlog.get_logger()

_TABLES = sa.MetaData()

_REPLIES = sa.Table(
    "replies",
    _TABLES,
    sa.Column("repo", sa.String(256), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("reason", sa.String(64), nullable=False),
    sa.Column("trigger", sa.String(32), nullable=False),
    sa.Column("language", sa.String(16), nullable=False),
    sa.Column("comment_id", sa.BigInteger),
    sa.Column("url", sa.Text),
    sa.Column("shown", sa.JSON, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("label", sa.String(64)),
)

_CONFIGS = sa.Table(
    "repo_configs",
    _TABLES,
    sa.Column("repo", sa.String(256), primary_key=True),
    sa.Column("good", sa.JSON, nullable=False),
    sa.Column("problem", sa.Text),
    sa.Column("line", sa.Integer),
)

_EVERY_TABLE = (_REPLIES, _CONFIGS, PREPARED, WISHES, CALLS, FEEDBACK)


@dataclass(frozen=True, slots=True)
class Reply:
    """What was last done about an issue, and the comment that is there since.

    Attributes:
        repo: `owner/name`.
        number: the issue's number.
        action: what the publisher did, or why it had nothing to do.
        reason: the decision's reason code.
        trigger: what caused the run.
        language: the comment's language, empty where there is none.
        comment_id: our comment, if there is one.
        url: where it stands.
        shown: the numbers of the issues that the comment shows.
        at: when it was done.
        label: the label that we put on the issue, where we did and did not take it off.
    """

    repo: str
    number: int
    action: str
    reason: str
    trigger: str
    language: str = ""
    comment_id: int | None = None
    url: str | None = None
    shown: tuple[int, ...] = ()
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    label: str | None = None


class Records:
    """The App's tables: records.sqlite in DATA_DIR, or Postgres. Calls block for a moment.

    Attributes:
        prepared: comments on their way to GitHub.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        create_tables(engine, _TABLES)
        self.prepared = PreparedComments(engine)
        self.wishes = Wishes(engine)
        self.spending = Spending(engine)
        self.feedback = Feedback(engine)

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """The records that the settings name, made where they are missing."""
        return cls(open_engine(settings, "records"))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def reply_of(self, repo: str, number: int) -> Reply | None:
        """What was last done about an issue."""
        query = sa.select(_REPLIES).where(_REPLIES.c.repo == repo.lower())
        with self._engine.connect() as connection:
            row = connection.execute(query.where(_REPLIES.c.number == number)).one_or_none()
        if row is None:
            return None
        values = {name: row._mapping[name] for name in (f.name for f in fields(Reply))}  # noqa: SLF001  SQLAlchemy's public name for it
        at = values["at"]
        return Reply(
            **{
                **values,
                "shown": tuple(values["shown"]),
                # SQLite keeps no time zone; what was stored is UTC.
                "at": at if at.tzinfo else at.replace(tzinfo=UTC),
            }
        )

    def remember(self, reply: Reply) -> None:
        """Keep what was done about an issue in place of what was done before."""
        self._put(_REPLIES, {**asdict(reply), "repo": reply.repo.lower()})

    def forget_thread(self, repo: str, number: int) -> None:
        """Forget one issue, because it is gone."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.delete(_REPLIES)
                .where(_REPLIES.c.repo == repo.lower())
                .where(_REPLIES.c.number == number)
            )
        self.prepared.forget_thread(repo, number)
        self.wishes.forget_thread(repo, number)
        self.feedback.forget_thread(repo, number)
        scrub(self._engine)

    def forget_repositories(self, repos: Sequence[str]) -> None:
        """Forget all about some repositories."""
        forget_rows(self._engine, _EVERY_TABLE, [repo.lower() for repo in repos])
        scrub(self._engine)

    def rename_repository(self, before: str, after: str) -> None:
        """Remember under its new name all that is remembered of a repository."""
        rename_rows(self._engine, _EVERY_TABLE, before.lower(), after.lower())

    def repositories(self) -> set[str]:
        """Every repository that something is remembered of."""
        return repositories_in(self._engine, _EVERY_TABLE)

    def config_of(self, repo: str) -> RepoConfig:
        """The config in force: the last good one that was read, else the defaults."""
        query = sa.select(_CONFIGS.c.good).where(_CONFIGS.c.repo == repo.lower())
        with self._engine.connect() as connection:
            good = connection.execute(query).scalar_one_or_none()
        return _config_from(good or {}, repo)

    def settle_config(self, repo: str, file: ConfigFile) -> RepoConfig:
        """The config in force now that `file` was read; a broken file changes nothing."""
        if file.state == "absent":
            # No row without a file: nothing may be left of a repository that is gone.
            with self._engine.begin() as connection:
                connection.execute(sa.delete(_CONFIGS).where(_CONFIGS.c.repo == repo.lower()))
            return RepoConfig()
        config = file.config or self.config_of(repo)
        self._put(
            _CONFIGS,
            {
                "repo": repo.lower(),
                # What the file says and no more: a later version may know other keys.
                "good": config.model_dump(mode="json", exclude_unset=True),
                "problem": file.problem,
                "line": file.line,
            },
        )
        return config

    def _put(self, table: sa.Table, values: dict[str, object]) -> None:
        """Insert a row, or replace the one with the same key."""
        with self._engine.begin() as connection:
            connection.execute(upsert(self._engine, table, values))


def _config_from(stored: dict[str, Any], repo: str) -> RepoConfig:
    """A config as it was stored; what another version of the App wrote may not all be known here.

    The other keys hold all the same: a repository that is switched off must stay so.
    """
    try:
        return RepoConfig.model_validate(stored)
    except ValidationError as error:
        places = [detail["loc"] for detail in error.errors()]
    log.warning(
        "config of another version", repo=repo, keys=[".".join(map(str, p)) for p in places]
    )
    for place in places:
        section: Any = stored
        for key in place:
            inner = section.get(key)
            if not isinstance(inner, dict) or key == place[-1]:
                section.pop(key, None)
                break
            section = inner
    return RepoConfig.model_validate(stored)
