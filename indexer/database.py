"""Where tables are kept: SQLite files in DATA_DIR, or Postgres by DATABASE_URL."""

from collections.abc import Mapping, Sequence
from sqlite3 import Connection as SqliteConnection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from indexer.errors import DatabaseUnavailable, SettingError
from indexer.settings import IndexSettings

# DBOS works with these itself, and tries again after the errors of the database's own.
DBOS_TABLES = "jobs"
BUSY_TIMEOUT_MS = 30_000
CONNECT_SECONDS = "5"
# Any number that no other use of the database's advisory locks has.
TABLES_LOCK = 4_201_000_117


def open_engine(settings: IndexSettings, name: str) -> sa.Engine:
    """The engine of the tables called `name`: Postgres where DATABASE_URL says so, else a file.

    Raises:
        SettingError: DATABASE_URL is no Postgres address or nobody answers there, or the file in
            DATA_DIR cannot be used.

    An engine raises DatabaseUnavailable where its database fails later.
    """
    if settings.database_url:
        engine = sa.create_engine(_postgres_url(settings.database_url), pool_pre_ping=True)
        place = "DATABASE_URL: the database"
    else:
        file = settings.made_data_dir() / f"{name}.sqlite"
        engine = sa.create_engine(f"sqlite:///{file}")
        sa.event.listen(engine, "connect", _prepare_sqlite)
        place = f"DATA_DIR: {file}"
    try:
        engine.connect().close()
    except sa.exc.DBAPIError as error:
        engine.dispose()
        why = " ".join(str(error.orig).split())
        raise SettingError(f"{place} cannot be opened ({why}).") from error
    if name != DBOS_TABLES:

        def explain(context: sa.ExceptionContext) -> None:
            if isinstance(context.sqlalchemy_exception, sa.exc.OperationalError):
                # Without what was asked, which may hold an issue's text.
                why = " ".join(str(context.original_exception).split())
                raise DatabaseUnavailable(f"{place} cannot be used ({why}).")

        sa.event.listen(engine, "handle_error", explain)
    return engine


def create_tables(engine: sa.Engine, metadata: sa.MetaData) -> None:
    """Create the tables that are missing, and the columns that an older version did not have.

    Such columns must be nullable, and stay empty in the rows that are there.
    """
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # Servers that start at the same time would each find the tables missing.
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(TABLES_LOCK)))
        metadata.create_all(connection)
        inspector = sa.inspect(connection)
        for table in metadata.sorted_tables:
            there = {column["name"] for column in inspector.get_columns(table.name)}
            for column in table.columns:
                if column.name not in there:
                    kind = column.type.compile(engine.dialect)
                    added = f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}"
                    connection.execute(sa.text(added))


def repositories_in(engine: sa.Engine, tables: Sequence[sa.Table]) -> set[str]:
    """Every repository that has a row in one of these tables, by their column `repo`."""
    query = sa.union(*(sa.select(table.c.repo) for table in tables))
    with engine.connect() as connection:
        return set(connection.execute(query).scalars())


def forget_rows(engine: sa.Engine, tables: Sequence[sa.Table], repos: Sequence[str]) -> None:
    """Delete the rows of some repositories, named in lower case."""
    with engine.begin() as connection:
        for table in tables:
            connection.execute(sa.delete(table).where(table.c.repo.in_(repos)))


def rename_rows(engine: sa.Engine, tables: Sequence[sa.Table], before: str, after: str) -> None:
    """Give a repository's rows its new name, all or none; both names in lower case.

    Where the new name has a row of the same key already, that one is newer and stays.
    """
    if before == after:
        return
    with engine.begin() as connection:
        for table in tables:
            old = table.c.repo == before
            if "repo" in table.primary_key.columns:
                there = table.alias()
                rest = [column.name for column in table.primary_key if column.name != "repo"]
                same = (there.c[name] == table.c[name] for name in rest)
                taken = sa.exists().where(there.c.repo == after, *same)
                connection.execute(sa.delete(table).where(old, taken))
            connection.execute(sa.update(table).where(old).values(repo=after))


def upsert(
    engine: sa.Engine, table: sa.Table, values: Mapping[str, object], **kept: object
) -> postgresql.Insert | sqlite.Insert:
    """A statement that inserts a row, or changes the one with the same key.

    `kept` are expressions for the columns that do not simply take the new value.
    """
    made = sqlite.insert(table) if engine.dialect.name == "sqlite" else postgresql.insert(table)
    keys = [column.name for column in table.primary_key]
    rest = {name: made.excluded[name] for name in values if name not in keys} | kept
    return made.values(**values).on_conflict_do_update(index_elements=keys, set_=rest)


def scrub(engine: sa.Engine) -> None:
    """Leave nothing of what was deleted in the files of a SQLite; Postgres vacuums by itself."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            # What was deleted is overwritten in the tables, but the log before them still has it.
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _postgres_url(text: str) -> sa.URL:
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise SettingError("DATABASE_URL is not a database address.") from error
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise SettingError("DATABASE_URL must begin with postgresql://.")
    if "connect_timeout" not in url.query:  # where nobody answers, the system waits two minutes
        url = url.update_query_dict({"connect_timeout": CONNECT_SECONDS})
    return url.set(drivername="postgresql+psycopg")


def _prepare_sqlite(connection: SqliteConnection, _record: Any) -> None:  # noqa: ANN401  sqlalchemy passes its own pool record
    """WAL so that readers never wait, and writers that queue up instead of failing."""
    # IMMEDIATE takes the write lock at once: a transaction that reads first and writes later
    # would otherwise fail with "database is locked" instead of waiting.
    connection.isolation_level = "IMMEDIATE"
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")
