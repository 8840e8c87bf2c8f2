from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from indexer.left_out import LeftOut
from indexer.settings import IndexSettings
from indexer.state import RepositoryState, State, Status, TemplateSnapshot
from indexer.thresholds import DEFAULT, NEVER, Thresholds
from tests.fakes_threads import day


@pytest.fixture
def state(tmp_path):
    opened = State.open(IndexSettings(data_dir=tmp_path))
    yield opened
    opened.close()


def test_a_repository_never_begun_has_a_row_that_says_so(state):
    assert state.repository("O/R") == RepositoryState("o/r", Status.NEVER)
    assert state.repositories() == {}
    assert state.templates("o/r") == frozenset()


def test_a_row_comes_back_as_it_was_saved(state, tmp_path):
    row = RepositoryState(
        "o/r",
        Status.RUNNING,
        source="github",
        cursor="abc",
        watermark=day(1),
        templates=TemplateSnapshot(2, 90, frozenset({"a line", "한 줄"})),
        threads=12,
        total=40,
        started_at=day(2),
        completed_at=day(3),
        since=day(0),
        anew=True,
        docs=False,
        error="GitHub is down.",
        error_reason="github_unavailable",
    )
    state.save(row)
    again = State.open(IndexSettings(data_dir=tmp_path))
    assert again.repository("o/r") == row
    assert again.templates("O/R") == row.templates.lines
    again.close()


def test_update_changes_some_fields_and_forget_removes_the_row(state):
    state.save(RepositoryState("o/r", threads=3))
    state.save(RepositoryState("o/a"))
    assert state.update("O/R", status=Status.COMPLETE).threads == 3
    assert state.repository("o/r").is_complete
    assert list(state.repositories()) == ["o/a", "o/r"]
    state.forget("o/R")
    assert list(state.repositories()) == ["o/a"]


def test_threads_may_share_it(state):
    row = RepositoryState("o/r")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: state.save(replace(row, repo=f"o/r{n}")), range(20)))
    assert len(state.repositories()) == 20


def test_what_was_heard_of_threads_is_kept_until_it_is_dropped(state):
    begun = datetime.now(UTC)
    state.heard.note("O/R", 7)
    state.heard.note("o/r", 7)
    state.heard.note("o/r", 8)
    state.heard.note("o/other", 9)
    assert state.heard.since("o/r", begun) == {7, 8}
    assert state.heard.since("o/r", begun + timedelta(hours=1)) == set()
    state.heard.drop("o/r", begun)
    assert state.heard.since("o/R", begun) == {7, 8}
    state.heard.drop("o/r", begun + timedelta(hours=1))
    assert state.heard.since("o/r", begun) == set()
    state.forget("o/other")
    assert state.heard.since("o/other", begun) == set()


def test_thresholds_are_the_shipped_ones_until_others_are_stored(state):
    own = Thresholds(duplicate=NEVER, related=0.2)
    assert state.thresholds("o/r") == DEFAULT
    state.save_thresholds("O/R", own)
    state.save_thresholds("o/r", own)
    assert state.thresholds("o/R") == own
    assert state.thresholds("o/other") == DEFAULT
    state.save_thresholds("o/r", None)
    assert state.thresholds("o/r") == DEFAULT


def test_a_forgotten_repository_has_no_thresholds(state):
    state.save_thresholds("o/r", Thresholds(related=0.2))
    state.forget("o/r")
    assert state.thresholds("o/r") == DEFAULT


KNOWN = {
    "a row": lambda state, repo: state.save(RepositoryState(repo.lower())),
    "thresholds": lambda state, repo: state.save_thresholds(repo, Thresholds(related=0.2)),
    "a pair": lambda state, repo: state.pairs.add(repo, 3, 2),
    "news": lambda state, repo: state.heard.note(repo, 3),
    "a file": lambda state, repo: state.left_out.settle(
        repo, ["a.md"], {"a.md": LeftOut("blob", "generated")}
    ),
}


@pytest.mark.parametrize("learn", KNOWN.values(), ids=KNOWN)
def test_by_whatever_a_repository_is_known_it_is_renamed_and_forgotten(state, learn):
    learn(state, "O/R")
    assert state.names() == {"o/r"}
    state.rename("O/R", "O/New")
    assert state.names() == {"o/new"}
    state.forget("O/New")
    assert state.names() == set()


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        (Status.COMPLETE, Status.RUNNING, "old"),
        (Status.COMPLETE, Status.COMPLETE, "new"),
        (Status.RUNNING, Status.RUNNING, "new"),
        (Status.RUNNING, Status.COMPLETE, "new"),
    ],
)
def test_of_two_rows_the_complete_one_stays_when_a_name_changes(state, old, new, kept):
    state.save(RepositoryState("o/r", old, cursor="old"))
    state.save(RepositoryState("o/new", new, cursor="new"))
    state.rename("o/r", "o/new")
    assert [(name, row.cursor) for name, row in state.repositories().items()] == [("o/new", kept)]
