"""What the App remembers survives a restart, and is gone when it must be."""

from datetime import UTC, datetime

import pytest

from app.prepared import Prepared
from app.records import Records, Reply
from app.settings import Settings
from indexer.config_file import ConfigFile, parse
from indexer.repo_config import RepoConfig


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def records(settings):
    opened = Records.open(settings)
    yield opened
    opened.close()


REPLY = Reply(
    "Octo/Tools",
    7,
    "created",
    "duplicate",
    "opened",
    language="ko",
    comment_id=2**40,
    url="https://github.example/c",
    shown=(1, 2),
    at=datetime(2026, 5, 1, tzinfo=UTC),
)


def test_a_reply_is_remembered_across_a_restart(records, settings):
    records.remember(REPLY)
    records.close()
    reopened = Records.open(settings)
    found = reopened.reply_of("octo/tools", 7)
    reopened.close()
    assert found is not None
    assert found.comment_id == 2**40
    assert found.shown == (1, 2)
    assert found.at == REPLY.at
    assert found.repo == "octo/tools"


def test_the_last_reply_replaces_the_one_before(records):
    records.remember(REPLY)
    records.remember(Reply("octo/tools", 7, "none", "thin_evidence", "label"))
    assert records.reply_of("octo/tools", 7).reason == "thin_evidence"
    assert records.reply_of("octo/tools", 8) is None


def test_forgetting(records):
    for repo, number in [("octo/tools", 7), ("octo/tools", 8), ("octo/kit", 7)]:
        records.remember(Reply(repo, number, "none", "x", "opened"))
    records.forget_thread("Octo/Tools", 7)
    assert records.reply_of("octo/tools", 7) is None
    assert records.reply_of("octo/tools", 8) is not None
    records.settle_config("octo/tools", parse("enabled: false"))
    records.forget_repositories(["Octo/Tools"])
    assert records.repositories() == {"octo/kit"}
    assert records.config_of("octo/tools") == RepoConfig()


def test_prepared_comments_go_with_their_issue(records):
    for repo, number in [("Octo/Tools", 7), ("octo/tools", 8), ("octo/kit", 7)]:
        records.prepared.keep(Prepared(repo, number, "digest", "words", "related", "opened"))
    records.prepared.keep(Prepared("octo/tools", 8, "digest", "other", "x", "label", shown=(1,)))
    assert records.prepared.of("Octo/Tools", 8).body == "other"
    assert records.prepared.of("octo/tools", 8).shown == (1,)
    records.forget_thread("octo/tools", 7)
    assert records.prepared.of("octo/tools", 7) is None
    assert records.prepared.of("octo/tools", 8) is not None
    records.forget_repositories(["Octo/Tools"])
    assert records.prepared.of("octo/tools", 8) is None
    assert records.prepared.of("octo/kit", 7) is not None


def test_a_broken_config_leaves_the_last_good_one_in_force(records):
    assert records.config_of("octo/tools").enabled
    assert not records.settle_config("Octo/Tools", parse("enabled: false")).enabled
    assert not records.settle_config("octo/tools", parse("enabled: maybe")).enabled
    assert not records.config_of("octo/tools").enabled
    assert records.settle_config("octo/tools", ConfigFile("absent")).enabled
    assert records.repositories() == set()
