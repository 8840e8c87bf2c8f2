"""Queries that GitHub cannot finish become smaller; an outage is waited out."""

import pytest

from indexer.errors import GitHubUnavailable
from indexer.sources.bodies import fetch_bodies
from indexer.sources.github import fetch_thread, iter_threads
from indexer.sources.numbers import fetch_numbers
from indexer.sources.queries import ISSUES
from indexer.sources.shrinking import OUTAGE, PageSize
from tests.fakes_github import FakeClock, clients_for, comments, thread
from tests.github_simulator import Seed, Simulator

REPO = "octo/widgets"
COUNT = 40


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def sim(clock):
    threads = [
        thread(1, comments=comments(150)),
        *(thread(n, body=f"Body {n}") for n in range(2, COUNT + 1)),
    ]
    seed = Seed.model_validate({"repositories": [{"full_name": REPO, "threads": threads}]})
    with Simulator(seed, clock=clock.moment) as started:
        yield started


@pytest.fixture
async def client(sim, clock):
    clients = clients_for(sim, clock)
    yield await clients.for_repo(REPO)
    await clients.aclose()


def test_the_first_part_is_halved_first_and_all_grow_again():
    size = PageSize({"issues": 3, "comments": 30}, {"issues": 1, "comments": 20})
    assert [size.shrink(), size.now] == [True, {"issues": 1, "comments": 30}]
    assert [size.shrink(), size.now] == [True, {"issues": 1, "comments": 20}]
    assert [size.shrink(), size.now] == [False, {"issues": 1, "comments": 20}]
    for _ in range(5):
        size.succeeded()
    assert size.now == {"issues": 2, "comments": 30}
    size.restore()
    assert size.now == {"issues": 3, "comments": 30}


async def test_an_outage_of_minutes_is_waited_out_and_makes_no_page_smaller(sim, clock, client):
    sim.add_trouble("POST /graphql", status=503, times=50)
    told = []
    found = [page async for page in iter_threads(client, REPO, on_wait=told.append)]
    assert [len(page.threads) for page in found] == [ISSUES, COUNT - ISSUES]
    assert 120 < sum(told) <= sum(clock.waits) < OUTAGE


async def test_after_an_outage_that_looks_like_a_time_out_pages_are_whole_again(sim, clock, client):
    sim.add_trouble("POST /graphql", status=502, times=60)
    found = [page async for page in iter_threads(client, REPO)]
    assert [len(page.threads) for page in found] == [1, ISSUES, COUNT - ISSUES - 1]
    assert len(found[0].threads[0].comments) == 150


async def test_an_outage_without_end_is_given_up(sim, clock, client):
    sim.add_trouble("POST /graphql", status=503, times=None)
    with pytest.raises(GitHubUnavailable):
        assert [page async for page in iter_threads(client, REPO)] == []
    assert OUTAGE / 2 < sum(clock.waits) < OUTAGE * 1.5
    waited = sum(clock.waits)
    with pytest.raises(GitHubUnavailable):
        await fetch_thread(client, REPO, 1)
    assert sum(clock.waits) - waited < 120
    waited = sum(clock.waits)
    with pytest.raises(GitHubUnavailable):
        await fetch_thread(client, REPO, 1, patient=True)
    assert sum(clock.waits) - waited > OUTAGE / 2


async def test_a_thread_that_github_cannot_give_whole_comes_in_parts(sim, client):
    # Labels, events and thirty comments are as many nodes as it finishes.
    sim.graph.slow_above = 250
    assert len((await fetch_thread(client, REPO, 1)).comments) == 150


async def test_bodies_and_numbers_come_in_smaller_pages(sim, client):
    sim.graph.slow_above = 10
    bodies, total = await fetch_bodies(client, REPO)
    assert (len(bodies), total) == (COUNT, COUNT)
    assert await fetch_numbers(client, REPO) == set(range(1, COUNT + 1))


async def test_the_bodies_wait_for_the_reset_of_a_used_up_limit(sim, clock, client):
    sim.limits.sizes["graphql"] = 10
    sim.limits.spend("installation:1001", "graphql", 10)
    assert (await fetch_bodies(client, REPO))[1] == COUNT
    assert 3_500 < sum(clock.waits) <= 3_700
