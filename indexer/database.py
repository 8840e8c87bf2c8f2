"""Where tables are kept: SQLite files in DATA_DIR, or Postgres by DATABASE_URL."""

from sqlite3 import Connection as SqliteConnection
from typing import Any

import sqlalchemy as sa

from indexer.errors import SettingError
from indexer.settings import IndexSettings

BUSY_TIMEOUT_MS = 30_000
CONNECT_SECONDS = "5"


def open_engine(settings: IndexSettings, name: str) -> sa.Engine:
    """The engine of the tables called `name`: Postgres where DATABASE_URL says so, else a file.

    Raises:
        SettingError: DATABASE_URL is no Postgres address or nobody answers there, or the file in
            DATA_DIR cannot be used.
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
    return engine


def create_tables(engine: sa.Engine, metadata: sa.MetaData) -> None:
    """Create the tables that are missing, and the columns that an older version did not have.

    Such columns must be nullable, and stay empty in the rows that are there.
    """
    metadata.create_all(engine)
    inspector = sa.inspect(engine)
    for table in metadata.sorted_tables:
        there = {column["name"] for column in inspector.get_columns(table.name)}
        for column in table.columns:
            if column.name not in there:
                _add_column(engine, table, column)


def _add_column(engine: sa.Engine, table: sa.Table, column: sa.Column[Any]) -> None:
    # Of two servers that start at the same time both may find it missing; SQLite, which does not
    # know the words for that, has one.
    unless = "IF NOT EXISTS " if engine.dialect.name == "postgresql" else ""
    kind = column.type.compile(engine.dialect)
    with engine.begin() as connection:
        connection.execute(
            sa.text(f"ALTER TABLE {table.name} ADD COLUMN {unless}{column.name} {kind}")
        )


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
