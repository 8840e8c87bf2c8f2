"""Where tables are kept, and what is said when they cannot be."""

import sqlite3
import stat
from contextlib import closing

import pytest
import sqlalchemy as sa

from indexer.database import _postgres_url, create_tables, open_engine
from indexer.errors import DatabaseUnavailable, SettingError
from indexer.settings import IndexSettings
from indexer.state import State


def test_what_holds_issues_is_for_its_owner_alone(tmp_path):
    settings = IndexSettings(data_dir=tmp_path / "data")
    open_engine(settings, "state").dispose()
    assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700


def test_a_folder_that_is_there_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o750)
    open_engine(IndexSettings(data_dir=tmp_path), "state").dispose()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "data").write_text("a file stands where the folder should be")
    with pytest.raises(SettingError, match=r"^DATA_DIR: .*/data cannot be made \(File exists\)\.$"):
        open_engine(IndexSettings(data_dir=tmp_path / "data"), "state")


@pytest.mark.parametrize("content", [None, b"surely no database, however long it may be"])
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path, content):
    file = tmp_path / "state.sqlite"
    file.mkdir() if content is None else file.write_bytes(content)
    with pytest.raises(SettingError, match=r"^DATA_DIR: .*state\.sqlite cannot be opened \("):
        open_engine(IndexSettings(data_dir=tmp_path), "state")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://intern:hunter2@127.0.0.1:9/intern", r"cannot be opened"),
        ("mysql://intern:hunter2@127.0.0.1/intern", "must begin with postgresql://"),
        ("surely no address", "is not a database address"),
        ("postgresql://intern:hunter2@127.0.0.1:port/intern", "is not a database address"),
    ],
)
def test_a_wrong_database_is_one_sentence_without_its_password(tmp_path, url, said):
    with pytest.raises(SettingError, match=f"DATABASE_URL.*{said}") as caught:
        open_engine(IndexSettings(data_dir=tmp_path, database_url=url), "state")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("query", "seconds"), [("", "5"), ("?connect_timeout=60", "60")])
def test_a_database_that_does_not_answer_is_not_waited_for_long(query, seconds):
    url = _postgres_url(f"postgresql://127.0.0.1/intern{query}")
    assert url.query["connect_timeout"] == seconds


def test_columns_that_an_older_version_did_not_have_are_added(tmp_path):
    engine = open_engine(IndexSettings(data_dir=tmp_path), "state")
    with engine.begin() as connection:
        connection.execute(sa.text("create table things (name text primary key)"))
        connection.execute(sa.text("insert into things values ('one')"))
    metadata = sa.MetaData()
    things = sa.Table(
        "things",
        metadata,
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("colour", sa.Text),
        sa.Column("size", sa.Integer),
    )
    create_tables(engine, metadata)
    create_tables(engine, metadata)
    with engine.connect() as connection:
        assert connection.execute(sa.select(things)).all() == [("one", None, None)]
    engine.dispose()


def test_what_fails_later_is_one_sentence_without_what_was_asked(tmp_path):
    state = State.open(IndexSettings(data_dir=tmp_path))
    with closing(sqlite3.connect(tmp_path / "state.sqlite")) as other:
        other.execute("drop table indexed_repositories")
    with pytest.raises(DatabaseUnavailable) as caught:
        state.repository("octo/tools")
    state.close()
    assert str(caught.value).startswith(f"DATA_DIR: {tmp_path / 'state.sqlite'} cannot be used (")
    assert "octo" not in str(caught.value).replace(str(tmp_path), "")
    assert "\n" not in str(caught.value)
