"""The rules over threads as GitHub tells them, events and all."""

import pytest

from indexer.resolution import resolve
from indexer.sources.github import fetch_thread
from indexer.threads import Ending
from tests.fakes_github import FakeClock, clients_for, thread
from tests.github_simulator import Seed, Simulator

REPO = "octo/widgets"


@pytest.fixture
def sim():
    seed = {"repositories": [{"full_name": REPO, "threads": [thread(3), thread(4)]}]}
    simulator = Simulator(Seed.model_validate(seed)).start()
    yield simulator
    simulator.stop()


async def ended(sim):
    clients = clients_for(sim, FakeClock())
    try:
        found = await fetch_thread(await clients.for_repo(REPO), REPO, 4)
    finally:
        await clients.aclose()
    return resolve(found, repo=REPO)


async def test_a_merged_pull_request_closed_it(sim):
    sim.comment(REPO, 4, "It stops at part 3.", "ann", author_association="MEMBER")
    sim.close(REPO, 4, by="ann", closer="pull_request", closer_number=9)
    found = await ended(sim)
    assert (found.ending, found.rule) == (Ending.FIXED, "closed_by_change")
    assert found.closer_url == f"{sim.url}/{REPO}/pull/9"


async def test_a_mark_that_was_taken_back_is_none(sim):
    sim.mark_duplicate(REPO, 4, of=3, by="ann")
    sim.close(REPO, 4, by="ann")
    assert ((await ended(sim)).ending, (await ended(sim)).duplicate_of) == (Ending.DUPLICATE, 3)
    sim.unmark_duplicate(REPO, 4, of=3, by="ann")
    assert (await ended(sim)).ending is Ending.UNKNOWN


async def test_a_mark_taken_back_outlives_the_reason_of_the_closing(sim):
    sim.mark_duplicate(REPO, 4, of=3, by="ann")
    sim.close(REPO, 4, by="ann", reason="duplicate")
    sim.unmark_duplicate(REPO, 4, of=3, by="ann")
    assert (await ended(sim)).ending is Ending.UNKNOWN
    sim.reopen(REPO, 4, by="ann")
    sim.close(REPO, 4, by="ann", reason="duplicate")
    assert (await ended(sim)).ending is Ending.DUPLICATE


async def test_closed_as_not_planned(sim):
    sim.close(REPO, 4, by="ann", reason="not_planned")
    assert (await ended(sim)).ending is Ending.DECLINED


async def test_a_quote_carries_the_permalink_of_its_comment(sim):
    sim.comment(REPO, 4, "Fixed in 1.2.", "ann", author_association="MEMBER")
    said = sim.comments(REPO, 4)[0]
    sim.close(REPO, 4, by="ann")
    found = await ended(sim)
    assert found.quote is not None
    assert found.quote.url == f"{sim.url}/{REPO}/issues/4#issuecomment-{said['id']}"


async def test_a_bot_that_closes_and_its_words(sim):
    sim.comment(REPO, 4, "Fixed by #9.", "helper[bot]")
    sim.close(REPO, 4, by="stale[bot]", reason="not_planned")
    found = await ended(sim)
    assert (found.ending, found.quote) == (Ending.STALE, None)
