"""Threads brought up to date while older readings of them are on their way into the store."""

import asyncio

import pytest

from indexer.refresh import refresh_threads
from tests.fakes_embedding import ToyEmbedder
from tests.indexer.backfill_bench import COUNT, REPO, opened_bench, widgets

EDITED, DELETED = 3, 5


@pytest.fixture
def simulator():
    with widgets() as started:
        yield started


@pytest.fixture
async def bench(simulator, tmp_path):
    async with opened_bench(tmp_path / "one", simulator) as opened:
        yield opened


class Meddles(ToyEmbedder):
    """An embedder under which something happens when the first page is read and not yet written."""

    def __init__(self, what):
        super().__init__()
        self._what = what

    def embed(self, texts):
        what, self._what = self._what, None
        if what:
            what()
        return super().embed(texts)


@pytest.fixture
def meddles(bench, simulator):
    """An edit and a deletion while the first page is in flight, with what their webhooks bring."""

    def happens():
        simulator.edit(REPO, EDITED, title="As it is now")
        simulator.delete_issue(REPO, DELETED)
        for number in (EDITED, DELETED):
            bench.state.heard.note(REPO, number)
            refreshed = refresh_threads(
                bench.client, bench.kb, ToyEmbedder(), bench.state, REPO, {number}
            )
            asyncio.run(refreshed)

    return Meddles(happens)


async def test_threads_are_refreshed_and_those_that_are_gone_are_told(bench, simulator):
    await bench.run(docs=False)
    simulator.edit(REPO, EDITED, title="As it is now")
    simulator.delete_issue(REPO, DELETED)
    gone = await refresh_threads(
        bench.client, bench.kb, bench.embedder, bench.state, REPO, {EDITED, DELETED, 4}
    )
    assert gone == {DELETED}
    assert bench.stored()[EDITED].title == "As it is now"
    assert set(bench.stored()) == set(range(1, COUNT + 1)) - {DELETED}


async def test_a_page_in_flight_overwrites_nothing_newer(bench, meddles):
    bench.embedder = meddles
    await bench.run(docs=False)
    assert bench.stored()[EDITED].title == "As it is now"
    assert set(bench.stored()) == set(range(1, COUNT + 1)) - {DELETED}


async def test_what_an_interrupted_run_wrote_last_is_looked_at_again(bench, meddles, monkeypatch):
    async def killed(*_, **__):
        raise KeyboardInterrupt

    bench.embedder = meddles
    with monkeypatch.context() as patched:
        patched.setattr("indexer.backfill.refresh_threads", killed)
        with pytest.raises(KeyboardInterrupt):
            await bench.run(docs=False)
    assert DELETED in bench.stored()
    await bench.run(docs=False)
    assert DELETED not in bench.stored()
    assert bench.stored()[EDITED].title == "As it is now"
