"""A repository's whole history from GitHub into the knowledge base, and what is new since."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from indexer.docs_sync import DocsReport, sync_docs
from indexer.embedding import TextEmbedder
from indexer.indexing import IndexReport, ThreadWriter
from indexer.progress import BackfillReport, OnProgress, Progress, silent
from indexer.refresh import refresh_threads
from indexer.repo_config import DEFAULT_DOCS
from indexer.state import RepositoryState, State, Status
from indexer.store import KnowledgeBase, Where
from indexer.templates import is_outgrown, next_snapshot
from indexer.vanished import OnGone, remove_vanished

if TYPE_CHECKING:
    from indexer.github import GitHubClient
    from indexer.sources.github import Page

OVERLAP = timedelta(minutes=5)
"""Read again before the watermark: our clock and GitHub's differ."""


async def backfill(  # noqa: PLR0913, PLR0917 - what is keyword-only has defaults
    client: "GitHubClient",
    kb: KnowledgeBase,
    embedder: TextEmbedder,
    state: State,
    repo: str,
    on_progress: OnProgress = silent,
    *,
    full: bool = False,
    docs: bool = True,
    patterns: Sequence[str] | None = DEFAULT_DOCS,
    discussions: bool | None = None,
    since: datetime | None = None,
    on_gone: OnGone = lambda _repo, _number: None,
) -> BackfillReport:
    """Read a repository from GitHub into the knowledge base.

    The first run reads everything. After it, a run reads what was updated since the last; `full`
    reads everything again, with template lines taken anew, and so does a run that finds the
    repository doubled. A run after one that was interrupted goes on where that was (one page at
    most is read twice), with its `since` and its `full`. Every run removes threads that are no
    longer on GitHub. Documents of any kind that GitHub refuses are a warning in the repository's
    row, no failure.

    Args:
        client: who reads.
        kb: where to.
        embedder: what makes the vectors.
        state: what is remembered between runs.
        repo: `owner/name`.
        on_progress: told after each batch.
        full: read everything, though it was read before.
        docs: read the repository's files and releases too.
        patterns: which files, as its config names them; None leaves those that are known alone.
        discussions: with them its answered discussions; False removes those that are known, None
            leaves them alone.
        since: read only what was updated since then, and call that complete; of a repository that
            was read before, nothing is left out that happened after that reading, and where
            everything is read again, nothing at all.
        on_gone: told of each thread that is no longer there, before it is removed.

    Raises:
        Exception: whatever it is; the repository's row in `state` says why, and from where on the
            next run has to read.
    """
    run = _Run(client, kb, embedder, state, on_progress, on_gone)
    try:
        return await run.whole(
            repo,
            full=full,
            docs=docs,
            patterns=patterns,
            discussions=discussions,
            since=since,
        )
    except Exception as error:  # noted for `intern status`, and raised again
        await asyncio.to_thread(state.fail, repo, error)
        raise


@dataclass(frozen=True, slots=True)
class _Run:
    client: "GitHubClient"
    kb: KnowledgeBase
    embedder: TextEmbedder
    state: State
    tell: OnProgress
    on_gone: OnGone

    async def whole(  # noqa: PLR0913 - as of backfill
        self,
        repo: str,
        *,
        full: bool,
        docs: bool,
        patterns: Sequence[str] | None,
        discussions: bool | None,
        since: datetime | None,
    ) -> BackfillReport:
        row = await asyncio.to_thread(self.state.repository, repo)
        if row.started_at and row.is_interrupted:
            # What the interrupted run wrote last was perhaps not looked at any more.
            await self._settle(repo, row.started_at)
        row = _plan(row, full=full, docs=docs, since=since)
        await asyncio.to_thread(self.state.save, row)
        if row.templates.number == 0 or (row.cursor is None and row.anew):
            row = await self._take_templates(row)
            await asyncio.to_thread(self.state.save, row)
        row, done, report = await self._threads(row)
        self.tell(Progress("vanished", done, row.total, report))
        gone = await remove_vanished(self.client, self.kb, repo, self.on_gone)
        report += IndexReport(removed=gone)
        read = DocsReport(IndexReport(), row.warning, row.warning_reason)
        if docs:
            self.tell(Progress("docs", done, row.total, report))
            read = await sync_docs(
                self.client,
                self.kb,
                self.embedder,
                self.state.left_out,
                repo,
                patterns=patterns,
                discussions=discussions,
                anew=row.anew,
            )
        await asyncio.to_thread(self.kb.flush)
        there = await asyncio.to_thread(self.kb.count, Where((row.repo,), kinds=("issue",)))
        ended = replace(
            row,
            status=Status.COMPLETE,
            cursor=None,
            # What changed while we read is read again next time.
            watermark=row.started_at,
            threads=there,
            total=there,
            completed_at=datetime.now(UTC),
            since=None,
            anew=False,
            warning=read.warning,
            warning_reason=read.reason,
        )
        await asyncio.to_thread(self.state.save, ended)
        await asyncio.to_thread(self.state.heard.drop, repo, row.started_at)
        return BackfillReport(done, report, read.index, gone=gone, warning=read.warning)

    async def _take_templates(self, row: RepositoryState) -> RepositoryState:
        from indexer.sources.bodies import fetch_bodies
        from indexer.sources.issue_forms import fetch_form_lines

        self.tell(Progress("templates"))
        bodies, issues = await fetch_bodies(self.client, row.repo)
        forms = await fetch_form_lines(self.client, row.repo)
        # Thousands of bodies are cleaned of secrets, which takes a while.
        snapshot = await asyncio.to_thread(next_snapshot, row.templates, bodies, forms)
        return replace(row, templates=replace(snapshot, bodies=max(issues, len(bodies))))

    async def _threads(self, row: RepositoryState) -> tuple[RepositoryState, int, IndexReport]:
        """Read page after page: one is fetched, one embedded and one written at a time."""
        from indexer.sources.github import iter_threads  # githubkit takes a while to import

        done = row.threads if row.cursor else 0
        pages = iter_threads(
            self.client,
            row.repo,
            cursor=row.cursor,
            since=row.since,
            on_wait=lambda seconds: self.tell(Progress("waiting", wait=seconds)),
        )
        writer = ThreadWriter(self.kb, self.embedder, row.repo, row.templates.lines)
        try:
            async for page in _written(_ahead(pages), writer):
                await self._settle(row.repo, page.asked_at, {t.number for t in page.threads})
                done += len(page.threads)
                # What the row says is read must be safe before the row is.
                await asyncio.to_thread(self.kb.flush)
                row = await asyncio.to_thread(self.state.save, _after(page, row, done))
                self.tell(Progress("threads", done, page.total, writer.report, page.rate))
        finally:
            await asyncio.to_thread(writer.close)
        return row, done, writer.report

    async def _settle(self, repo: str, since: datetime, among: set[int] | None = None) -> None:
        """Read once more what changed or vanished after the page was asked for.

        A webhook's reading of it may have been overwritten with the page's older one.
        """
        told = await asyncio.to_thread(self.state.heard.since, repo, since)
        numbers = told if among is None else told & among
        await refresh_threads(
            self.client, self.kb, self.embedder, self.state, repo, numbers, patient=True
        )


def _plan(
    row: RepositoryState, *, full: bool, docs: bool, since: datetime | None
) -> RepositoryState:
    """The row as the run begins."""
    from_github = row.source == "github"
    goes_on = from_github and row.is_interrupted
    full = full or (goes_on and row.anew)
    # With other template lines every thread is another one to search.
    full = full or (row.is_complete and is_outgrown(row.templates, row.threads))
    if full and row.is_complete:
        # Part of it alone would leave the rest as it was under the template lines before.
        since = None
    row = replace(row, docs=docs, anew=full, error=None, error_reason=None, source="github")
    row = replace(row, status=Status.COMPLETE if row.is_complete else Status.RUNNING)
    if since is None and row.cursor is not None:
        # An interrupted run goes on; it began when it began.
        return replace(row, since=None)
    if goes_on and row.since and not full:
        return replace(row, since=min(since or row.since, row.since), cursor=None)
    if row.is_complete and row.watermark and from_github and not full:
        # Never from later on: what happened in between would be called read and never be.
        since = min(since or row.watermark, row.watermark - OVERLAP)
    return replace(row, cursor=None, started_at=datetime.now(UTC), since=since)


def _after(page: "Page", row: RepositoryState, done: int) -> RepositoryState:
    """The row when a page is written: from where on a run that is interrupted now goes on."""
    if row.since is None:
        return replace(row, cursor=page.cursor, threads=done, total=page.total)
    # The oldest update comes first, so that nothing is left that was updated before the last one.
    updated = page.threads[-1].updated_at if page.threads else None
    return replace(row, since=max(row.since, updated or row.since))


async def _ahead(pages: "AsyncIterator[Page]") -> "AsyncIterator[Page]":
    """The same pages, the next one always on its way."""
    coming: asyncio.Task[Page | None] | None = asyncio.create_task(_next(pages))
    try:
        while coming and (page := await coming) is not None:
            coming = None if page.last else asyncio.create_task(_next(pages))
            yield page
    finally:
        if coming and not coming.done():
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)


async def _next(pages: "AsyncIterator[Page]") -> "Page | None":
    return await anext(pages, None)


async def _written(pages: "AsyncIterator[Page]", writer: ThreadWriter) -> "AsyncIterator[Page]":
    """The same pages, each when its threads are written; those of the next are being embedded."""
    held: Page | None = None
    async for page in pages:
        await asyncio.to_thread(writer.add, page.threads)
        if held:
            yield held
        held = page
    if held:
        await asyncio.to_thread(writer.finish)
        yield held
