import threading
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest

from indexer.docs_sync import DocsReport
from indexer.errors import Forbidden, InternError, NotFound
from indexer.indexing import IndexReport
from indexer.sources.queries import ISSUES
from indexer.state import Status
from indexer.store import Where
from indexer.templates import next_snapshot
from tests.fakes_embedding import ToyEmbedder
from tests.indexer.backfill_bench import COUNT, REPO, StopsAfter, opened_bench, widgets


@pytest.fixture(scope="module")
def simulator():
    with widgets() as started:
        yield started


@pytest.fixture
async def bench(simulator, tmp_path):
    async with AsyncExitStack() as stack:

        async def opened(name="one"):
            return await stack.enter_async_context(opened_bench(tmp_path / name, simulator))

        yield opened


async def test_a_whole_history_with_docs_and_releases(bench):
    one = await bench()
    report = await one.run()
    assert (report.threads, report.index.indexed) == (COUNT, COUNT)
    assert report.docs.indexed == 2
    assert list(one.stored()) == list(range(1, COUNT + 1))
    row = one.row()
    assert (row.status, row.threads, row.total) == (Status.COMPLETE, COUNT, COUNT)
    assert row.watermark == row.started_at
    assert row.cursor is None
    assert {"please describe it", "## which widget"} <= row.templates.lines
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


async def test_where_everything_is_read_again_a_later_moment_leaves_nothing_out(bench, simulator):
    one = await bench()
    await one.run(docs=False)
    report = await one.run(docs=False, full=True, since=simulator.world.now())
    assert report.threads == COUNT
    # As if the repository had doubled since its template lines were taken.
    one.state.update(REPO, threads=COUNT * 2)
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
    assert report.index.unchanged <= ISSUES


async def test_thousands_of_bodies_are_not_cleaned_on_the_loop(bench, monkeypatch):
    one = await bench()
    threads = []

    def taken(*arguments):
        threads.append(threading.current_thread())
        return next_snapshot(*arguments)

    monkeypatch.setattr("indexer.backfill.next_snapshot", taken)
    await one.run(docs=False)
    assert len(threads) == 1
    assert threads != [threading.current_thread()]


class TellsWhenItEmbeds(ToyEmbedder):
    """An embedder that tells when it is given a text with certain words."""

    def __init__(self, words):
        super().__init__()
        self._words = words
        self.begun = threading.Event()

    def embed(self, texts):
        if any(self._words in text for text in texts):
            self.begun.set()
        return super().embed(texts)


class WaitsBeforeWriting:
    """A knowledge base that writes nothing until something happened, and tells whether it did."""

    def __init__(self, kb, happened):
        self._kb = kb
        self._happened = happened
        self.seen = []

    def __getattr__(self, name):
        return getattr(self._kb, name)

    def upsert(self, points):
        self.seen.append(self._happened.wait(60))
        self._kb.upsert(points)


async def test_a_page_is_written_while_the_next_is_embedded(bench):
    one = await bench()
    # It is of the second page.
    one.embedder = TellsWhenItEmbeds("Issue 50")
    one.kb = WaitsBeforeWriting(one.kb, one.embedder.begun)
    await one.run(docs=False)
    assert set(one.kb.seen) == {True}
    assert one.row().is_complete
    assert list(one.stored()) == list(range(1, COUNT + 1))


async def killed(bench, flushes, **options):
    """A run that is killed at its nth flush."""
    kb = bench.kb
    bench.kb = StopsAfter(kb, flushes)
    with pytest.raises(KeyboardInterrupt):
        await bench.run(docs=False, **options)
    bench.kb = kb
    return bench.row()


async def test_an_interrupted_run_from_a_moment_on_goes_on_where_it_was(bench):
    one = await bench()
    early = datetime(2024, 1, 1, tzinfo=UTC)
    row = await killed(one, 2, since=early)
    assert row.status is Status.RUNNING
    report = await one.run(docs=False)
    # A third of the issues share the moment of the last one that was written.
    assert report.threads == COUNT * 2 // 3
    assert list(one.stored()) == list(range(1, COUNT + 1))
    ended = one.row()
    assert (ended.started_at, ended.since) == (row.started_at, None)
    assert ended.watermark == row.started_at


async def test_an_interrupted_sync_goes_on_where_it_was(bench, simulator):
    one = await bench()
    await one.run(docs=False)
    one.state.update(REPO, watermark=datetime(2020, 1, 1, tzinfo=UTC))
    row = await killed(one, 1)
    assert row.is_complete
    assert row.watermark == datetime(2020, 1, 1, tzinfo=UTC)
    # What was asked for now reaches less far back than what was still to be read.
    report = await one.run(docs=False, since=simulator.world.now())
    # The last one that was written is read again: others may be of its second.
    assert report.threads == COUNT - ISSUES + 1


async def test_a_run_that_was_to_read_everything_again_still_does_when_it_goes_on(
    bench, monkeypatch
):
    one = await bench()
    await one.run()
    await killed(one, 1, full=True)
    asked = []

    async def sync(*_, anew, **__):
        asked.append(anew)
        return DocsReport(IndexReport())

    monkeypatch.setattr("indexer.backfill.sync_docs", sync)
    report = await one.run(since=datetime.now(UTC))
    assert (report.threads, asked) == (COUNT, [True])
    await one.run()
    assert asked == [True, False]


async def test_a_crash_is_remembered_without_its_words(bench, monkeypatch):
    one = await bench()

    async def crashes(*_, **__):
        raise ValueError("words of an issue")

    monkeypatch.setattr("indexer.backfill.remove_vanished", crashes)
    with pytest.raises(ValueError, match="words"):
        await one.run()
    row = one.row()
    assert (row.status, row.error_reason) == (Status.FAILED, "crashed")
    assert row.error == "It met ValueError, which nobody expected."


async def test_what_fails_before_the_first_page_is_due_again(bench, simulator):
    one = await bench()
    simulator.add_trouble("POST /graphql", status=403, contains="query Bodies")
    with pytest.raises(Forbidden):
        await one.run()
    row = one.row()
    assert (row.status, row.source, row.error_reason) == (
        Status.FAILED,
        "github",
        "github_forbidden",
    )
    assert row.started_at is not None


async def test_a_failure_is_remembered_and_the_cursor_kept(bench, monkeypatch):
    one = await bench()

    async def fails(*_, **__):
        raise InternError("GitHub is down.")

    monkeypatch.setattr("indexer.backfill.sync_docs", fails)
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


async def test_docs_that_github_refuses_are_a_warning(bench, simulator):
    one = await bench()
    simulator.add_trouble("GET /repos/*/commits/HEAD", kind="status", status=403)
    simulator.add_trouble("GET /repos/*/releases", kind="status", status=404)
    report = await one.run()
    row = one.row()
    assert (row.status, row.threads, row.error) == (Status.COMPLETE, COUNT, None)
    assert row.warning_reason == "github_forbidden"
    assert row.warning == report.warning
    assert "documents could not be read" in row.warning
    assert "releases could not be read" in row.warning
    await one.run(docs=False)
    assert one.row().warning == row.warning
    assert (await one.run()).docs.indexed == 2
    assert (one.row().warning, one.row().warning_reason) == (None, None)
