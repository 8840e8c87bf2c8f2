"""What the App remembers survives a restart, and is gone when it must be."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from app.feedback import Answered
from app.prepared import Prepared
from app.records import Records, Reply
from app.settings import Settings
from app.spending import Limits
from app.wishes import Wished
from indexer.config_file import ConfigFile, parse
from indexer.repo_config import Labels, RepoConfig


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


EVERYTHING = {
    "a reply": lambda records, repo: records.remember(replace(REPLY, repo=repo)),
    "a config": lambda records, repo: records.settle_config(repo, parse("enabled: false")),
    "a prepared comment": lambda records, repo: records.prepared.keep(
        Prepared(repo, 7, "digest", "words", "related", "opened")
    ),
    "a wish": lambda records, repo: records.wishes.add(repo, 7, "off"),
    "a call": lambda records, repo: records.spending.reserve(repo, 7, 0.1, Limits(1, 1)),
    "an outcome": lambda records, repo: records.feedback.said(
        Answered(repo, 7, "posted", "1", REPLY.at)
    ),
}


@pytest.mark.parametrize("remember", EVERYTHING.values(), ids=EVERYTHING)
def test_by_whatever_a_repository_is_known_it_is_renamed_and_forgotten(records, remember):
    remember(records, "Octo/Tools")
    assert records.repositories() == {"octo/tools"}
    records.rename_repository("Octo/tools", "Octo/Pumps")
    assert records.repositories() == {"octo/pumps"}
    records.forget_repositories(["Octo/Pumps"])
    assert records.repositories() == set()


def test_what_is_remembered_under_the_new_name_already_is_newer(records):
    for repo, wish in (("octo/tools", "off"), ("octo/tools", "hidden"), ("octo/pumps", "off")):
        records.wishes.add(repo, 7, wish)
    records.remember(replace(REPLY, reason="older"))
    records.remember(replace(REPLY, repo="octo/pumps", reason="newer"))
    records.rename_repository("octo/tools", "octo/pumps")
    assert records.repositories() == {"octo/pumps"}
    assert records.reply_of("octo/pumps", 7).reason == "newer"
    assert records.wishes.of("octo/pumps", 7) == Wished(off=True, hidden=True)


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


def test_a_config_of_another_version_holds_as_far_as_it_is_known(records, settings):
    records.settle_config("octo/tools", parse("enabled: false\nlabels:\n  ignore: wip\n"))
    later = {
        "enabled": False,
        "mode": "whisper",
        "tone": "kind",
        "labels": {"ignore": "wip", "praise": "good"},
        "sources": {"docs": [7]},
    }
    with closing(sqlite3.connect(settings.data_dir / "records.sqlite")) as other, other:
        (stored,) = other.execute("select good from repo_configs").fetchone()
        assert json.loads(stored) == {"enabled": False, "labels": {"ignore": "wip"}}
        other.execute("update repo_configs set good = ?", [json.dumps(later)])
    with capture_logs() as said:
        config = records.config_of("octo/tools")
    assert config == RepoConfig(enabled=False, labels=Labels(ignore="wip"))
    assert said[0]["keys"] == ["mode", "labels.praise", "sources.docs.0", "tone"]
