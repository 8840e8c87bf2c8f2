"""Limits on what Claude costs hold over restarts, between workers, and until midnight in UTC."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from app.settings import Settings
from app.spending import Limits, Spending, Spent
from indexer.database import open_engine
from tests.fakes_github import FakeClock

LIMITS = Limits(issue=0.25, day=1.0)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def clock():
    return FakeClock(NOON.timestamp())


@pytest.fixture
def spending(tmp_path, clock):
    engine = open_engine(Settings(data_dir=tmp_path), "records")
    yield Spending(engine, clock.moment)
    engine.dispose()


def test_an_issue_has_its_limit(spending):
    assert spending.reserve("o/r", 1, 0.2, LIMITS)
    assert spending.reserve("O/R", 1, 0.2, LIMITS) is None
    assert spending.reserve("o/r", 2, 0.2, LIMITS)


def test_a_day_has_its_limit_and_ends(spending, clock):
    for number in range(1, 6):
        assert spending.reserve("o/r", number, 0.2, LIMITS)
    assert spending.reserve("o/r", 6, 0.2, LIMITS) is None
    assert spending.reserve("o/other", 6, 0.2, LIMITS)
    clock.now += timedelta(hours=12).total_seconds()
    assert spending.reserve("o/r", 6, 0.2, LIMITS)


def test_what_a_call_really_cost_takes_the_place_of_the_most(spending):
    call = spending.reserve("o/r", 1, 0.2, LIMITS)
    assert spending.spent("o/r").cost == 0.2
    spending.settle(call, cost=0.01, model="m", input_tokens=70, output_tokens=7)
    assert spending.spent("o/r") == Spent(1, 70, 7, 0.01)
    assert spending.reserve("o/r", 1, 0.2, LIMITS)


def test_workers_do_not_pass_a_limit_together(spending):
    with ThreadPoolExecutor(8) as pool:
        calls = list(
            pool.map(lambda n: spending.reserve("o/r", n, 0.1, Limits(9, 1.05)), range(40))
        )
    assert sum(call is not None for call in calls) == 10


def test_what_was_spent_since(spending, clock):
    spending.reserve("o/r", 1, 0.1, LIMITS)
    clock.now += 60
    spending.reserve("o/r", 2, 0.1, LIMITS)
    assert spending.spent().calls == 2
    assert spending.spent(since=NOON + timedelta(seconds=30)).calls == 1
