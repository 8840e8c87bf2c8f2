from datetime import UTC, datetime

import pytest

from indexer.backfill import backfill
from indexer.edge_store import EdgeStore
from indexer.errors import InternError, NotFound
from indexer.indexing import stored_threads
from indexer.settings import IndexSettings
from indexer.state import State, Status
from indexer.store import Where
from tests.fakes_embedding import TOY_FINGERPRINT, ToyEmbedder
from tests.fakes_github import FakeClock, clients_for, comments
from tests.fakes_github import thread as seeded
from tests.github_simulator import Seed, Simulator

REPO = "octo/widgets"
COUNT = 90


@pytest.fixture(scope="module")
def simulator():
    entry = {
        "full_name": REPO,
        "threads": [
            seeded(n, body="Please describe it\nCase\n", comments=comments(n % 3))
            for n in range(1, COUNT + 1)
        ],
        "docs": {"README.md": "# Widgets\n\nInstall them with care, then run them."},
        "releases": [
            {"tag": "v1.0", "name": "One", "body": "Fix", "published_at": "2024-02-01T00:00:00Z"}
        ],
    }
    started = Simulator(Seed.model_validate({"repositories": [entry]})).start()
    yield started
    started.stop()


class Bench:
    """What a backfill works with, in one folder."""

    def __init__(self, folder, client):
        self.client = client
        self.embedder = ToyEmbedder()
        self.kb = EdgeStore.open(folder / "collection", TOY_FINGERPRINT)
        self.state = State.open(IndexSettings(data_dir=folder))
        self.told = []

    async def run(self, repo=REPO, **options):
        return await backfill(
            self.client, self.kb, self.embedder, self.state, repo, self.told.append, **options
        )

    def row(self):
        return self.state.repository(REPO)

    def contents(self):
        points, _ = self.kb.scroll(None, limit=10_000)
        return {p.id: dict(p.payload) for p in points}

    def close(self):
        self.kb.close()
        self.state.close()


@pytest.fixture
async def bench(simulator, tmp_path):
    clients = clients_for(simulator, FakeClock())
    benches = []

    async def opened(name="one"):
        folder = tmp_path / name
        folder.mkdir()
        benches.append(Bench(folder, await clients.for_repo(REPO)))
        return benches[-1]

    yield opened
    for one in benches:
        one.close()
    await clients.aclose()


class StopsAfter:
    """A knowledge base that is killed at its nth flush: what a page's end is marked by."""

    def __init__(self, kb, flushes):
        self._kb = kb
        self._left = flushes

    def __getattr__(self, name):
        return getattr(self._kb, name)

    def flush(self):
        if self._left == 0:
            raise KeyboardInterrupt
        self._left -= 1
        self._kb.flush()


async def test_a_whole_history_with_docs_and_releases(bench):
    one = await bench()
    report = await one.run()
    assert (report.threads, report.index.indexed) == (COUNT, COUNT)
    assert report.docs.indexed == 2
    assert [t.number for t in stored_threads(one.kb, REPO)] == list(range(1, COUNT + 1))
    row = one.row()
    assert (row.status, row.threads, row.total) == (Status.COMPLETE, COUNT, COUNT)
    assert row.watermark == row.started_at
    assert row.cursor is None
    assert "please describe it" in row.templates.lines
    stages = [p.stage for p in one.told]
    assert stages[0] == "templates"
    assert stages[-1] == "docs"
    last = [p for p in one.told if p.stage == "threads"][-1]
    assert (last.done, last.total) == (COUNT, COUNT)
    assert last.rate is not None


async def test_a_second_run_reads_only_what_is_new(bench, simulator):
    one = await bench()
    await one.run(docs=False)
    one.state.update(REPO, watermark=simulator.world.now())
    one.embedder.calls.clear()
    report = await one.run(docs=False)
    assert report.index.indexed == 0
    assert one.embedder.calls == []
    assert one.row().threads == COUNT
    full = await one.run(docs=False, full=True)
    assert (full.threads, full.index.unchanged) == (COUNT, COUNT)


async def test_reading_from_a_later_moment_leaves_no_gap(bench, simulator):
    one = await bench()
    await one.run(docs=False)
    one.state.update(REPO, watermark=datetime(2020, 1, 1, tzinfo=UTC))
    report = await one.run(docs=False, since=simulator.world.now())
    assert report.threads == COUNT


async def test_a_first_run_may_begin_late(bench, simulator):
    one = await bench()
    assert (await one.run(docs=False, since=simulator.world.now())).threads == 0
    assert one.row().status is Status.COMPLETE


@pytest.mark.parametrize("flushes", [0, 1, 2])
async def test_an_interrupted_run_goes_on_and_ends_the_same(bench, flushes):
    clean, broken = await bench("clean"), await bench("broken")
    await clean.run(docs=False)
    kb = broken.kb
    broken.kb = StopsAfter(kb, flushes)
    with pytest.raises(KeyboardInterrupt):
        await broken.run(docs=False)
    broken.kb = kb
    row = broken.row()
    assert row.status is Status.RUNNING
    report = await broken.run(docs=False)
    assert broken.contents() == clean.contents()
    assert broken.row().started_at == row.started_at or flushes == 0
    # At most the page in hand is read twice.
    assert report.threads == COUNT
    assert report.index.unchanged <= 37


async def test_a_failure_is_remembered_and_the_cursor_kept(bench, monkeypatch):
    one = await bench()

    async def fails(*_):
        raise InternError("GitHub is down.")

    monkeypatch.setattr("indexer.sources.docs.fetch_docs", fails)
    with pytest.raises(InternError):
        await one.run()
    row = one.row()
    assert (row.status, row.error) == (Status.FAILED, "GitHub is down.")
    assert row.cursor is not None
    monkeypatch.undo()
    report = await one.run()
    assert report.index.seen == 0
    assert one.row().is_complete
    assert one.row().error is None


async def test_a_repository_that_is_not_there(bench):
    one = await bench()
    with pytest.raises(NotFound):
        await one.run("octo/none")
    assert one.state.repository("octo/none").status is Status.FAILED
    assert one.kb.count(Where(("octo/none",))) == 0
