"""A repository's whole history from a file into the knowledge base."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from indexer.embedding import TextEmbedder
from indexer.errors import InputError
from indexer.indexing import index_threads
from indexer.progress import BackfillReport, OnProgress, Progress, silent
from indexer.sources.export import LineError, look_over, read_export
from indexer.state import State, Status
from indexer.store import KnowledgeBase
from indexer.templates import is_outgrown, next_snapshot
from indexer.threads import Thread

SHOWN_ERRORS = 20
"""Of more unreadable lines only the number is told."""


class Complaints:
    """Takes the lines that cannot be read, and keeps the first few to show.

    Attributes:
        shown: each as a sentence with its line's number.
    """

    def __init__(self) -> None:
        self.shown: list[str] = []

    def __call__(self, error: LineError) -> None:
        """Take one."""
        if len(self.shown) < SHOWN_ERRORS:
            self.shown.append(str(error))


def import_file(  # noqa: PLR0913, PLR0917 - what is keyword-only has defaults
    path: Path,
    kb: KnowledgeBase,
    embedder: TextEmbedder,
    state: State,
    repo: str,
    on_progress: OnProgress = silent,
    *,
    full: bool = False,
    on_error: Callable[[LineError], None] = lambda _: None,
) -> BackfillReport:
    """Read a history from a file, as good as a backfill: the repository is complete after it.

    Of several lines with one number the last counts. Lines that cannot be read are told to
    `on_error`, the others are imported.

    Raises:
        InputError: the file cannot be read at all, or is damaged: what stands before the damage
            was imported, and the repository is not complete for it.
        StoreError, ModelError: what was written by then stays.
    """
    row = state.repository(repo)
    on_progress(Progress("templates"))
    wants_templates = full or row.templates.number == 0
    bodies: list[str] = []
    last_lines = look_over(path, bodies if wants_templates else None)
    total = len(last_lines)
    if not wants_templates and is_outgrown(row.templates, total):
        look_over(path, bodies)
        wants_templates = True
    if wants_templates:
        row = replace(row, templates=next_snapshot(row.templates, bodies))
    bodies.clear()
    status = Status.COMPLETE if row.is_complete else Status.RUNNING
    begun = replace(row, source="import", status=status, started_at=datetime.now(UTC))
    row = state.save(replace(begun, since=None, anew=False, error=None, error_reason=None))
    errors = 0
    damage: LineError | None = None
    newest = row.watermark

    def threads() -> Iterator[Thread]:
        nonlocal errors, newest, damage
        for line, item in read_export(path):
            if isinstance(item, LineError):
                if item.is_the_end:
                    damage = item
                    return
                errors += 1
                on_error(item)
            elif last_lines.get(item.number, line) == line:
                moment = item.updated_at or item.closed_at or item.created_at
                newest = max(newest, moment) if newest else moment
                yield item

    try:
        report = index_threads(
            kb,
            embedder,
            repo,
            threads(),
            row.templates.lines,
            lambda now: on_progress(Progress("threads", now.seen, total, now)),
        )
        # What could not be read was counted before: else the bar would stop short of its end.
        on_progress(Progress("threads", report.seen, report.seen, report))
        kb.flush()
    except Exception as error:  # noted for `intern status`, and raised again
        state.fail(repo, error)
        raise
    if damage:
        cut = InputError(f"{path.name}, {damage}; what stands before it was imported.")
        state.fail(repo, cut)
        raise cut
    state.save(
        replace(
            row,
            status=Status.COMPLETE,
            watermark=newest,
            threads=report.seen,
            total=report.seen,
            completed_at=datetime.now(UTC),
        )
    )
    return BackfillReport(report.seen, report, errors=errors)
