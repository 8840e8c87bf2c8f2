"""When a repository is due to be read again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.schedule import due
from indexer.state import RepositoryState, Status
from tests.fakes_threads import day

DAY = timedelta(days=1)
READ = RepositoryState("octo/tools", Status.COMPLETE, source="github", started_at=day(0))


def test_a_repository_is_due_once_for_each_interval():
    assert due(READ, DAY, day(0.85)) is None
    first = due(READ, DAY, day(1.15))
    assert first is not None
    assert due(READ, DAY, day(1.2)) == first
    assert due(READ, DAY, day(2.4)) not in {None, first}


def test_repositories_are_spread():
    moment = day(1)
    rows = [RepositoryState(f"octo/{n}", Status.COMPLETE, "github") for n in range(100)]
    keys = [due(replace(row, started_at=day(0)), DAY, moment) for row in rows]
    assert 20 < sum(key is None for key in keys) < 80


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "import"},
        {"status": Status.NEVER},
        {"started_at": None},
    ],
)
def test_what_is_never_due(changes):
    assert due(replace(READ, **changes), DAY, day(9)) is None


@pytest.mark.parametrize("status", [Status.FAILED, Status.RUNNING])
def test_what_failed_or_was_killed_is_tried_again(status):
    assert due(replace(READ, status=status), DAY, day(9)) is not None
