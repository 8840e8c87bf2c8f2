"""The status command: what is indexed, how fresh it is, and what failed."""

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from indexer.console import say, say_json
from indexer.errors import StoreBusy
from indexer.knowledge_base import collection_folder
from indexer.opening import opened_store
from indexer.settings import IndexSettings
from indexer.state import RepositoryState, State


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A repository; `points` is None where another process has the store open.

    `left_out` are the files that were read and are no documents, and why each is none.
    """

    state: RepositoryState
    points: int | None
    left_out: Mapping[str, str]


def report_status(settings: IndexSettings, *, as_json: bool) -> None:
    """Print every repository that was ever begun.

    Raises:
        InternError: the store or the state cannot be opened.
    """
    empty = not (settings.qdrant_url or settings.database_url or settings.data_dir.is_dir())
    rows, busy = ([], None) if empty else collect(settings)
    if as_json:
        said = {"repositories": [as_plain(row) for row in rows], "busy": busy}
        say_json({**said, "place": settings.place})
        return
    if not rows:
        say(
            f"Nothing is indexed yet in {settings.place}: run `backfill OWNER/NAME` or "
            "`import FILE --repo OWNER/NAME`."
        )
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("repository", "status", "threads", "points", "fresh to", "source", box=None)
    for row in rows:
        state = row.state
        table.add_row(
            state.repo,
            state.status.value,
            f"{state.threads:,}" + (f" of {state.total:,}" if _is_partial(state) else ""),
            "?" if row.points is None else f"{row.points:,}",
            _moment(state.watermark),
            state.source or "",
        )
        if state.error:
            table.add_row("", Text(state.error, style="red"))
        if state.warning:
            table.add_row("", Text(state.warning, style="yellow"))
        if row.left_out:
            table.add_row("", Text(_left_out(row.left_out), style="dim"))
    Console().print(table)
    say(f"In {settings.place}.")
    if busy:
        say(busy)


def collect(settings: IndexSettings) -> tuple[list[StatusRow], str | None]:
    """Each repository, and why points could not be counted, where that is so."""
    with closing(State.open(settings)) as state:
        known = state.repositories()
        left_out = {name: state.left_out.of(name) for name in known}
    busy = None
    points: dict[str, int] | None = {}
    if settings.qdrant_url or collection_folder(settings).exists():
        try:
            with opened_store(settings) as kb:
                points = kb.repos()
        except StoreBusy as error:
            points, busy = None, str(error)
    names = sorted({*known, *(points or ())})
    rows = [
        StatusRow(
            known.get(name) or RepositoryState(name),
            None if points is None else points.get(name, 0),
            {path: one.reason for path, one in left_out.get(name, {}).items()},
        )
        for name in names
    ]
    return rows, busy


def as_plain(row: StatusRow) -> dict[str, object]:
    """A row as programs read it."""
    state = row.state
    return {
        "repo": state.repo,
        "status": state.status.value,
        "source": state.source,
        "threads": state.threads,
        "total": state.total,
        "points": row.points,
        "template_lines": len(state.templates.lines),
        "template_snapshot": state.templates.number,
        "watermark": _iso(state.watermark),
        "started_at": _iso(state.started_at),
        "completed_at": _iso(state.completed_at),
        "resumes": state.cursor is not None or state.since is not None,
        "error": state.error,
        "error_reason": state.error_reason,
        "warning": state.warning,
        "warning_reason": state.warning_reason,
        "left_out": dict(row.left_out),
    }


def _left_out(files: Mapping[str, str]) -> str:
    """How many files are no documents, and why."""
    counts = Counter(files.values()).most_common()
    return f"{len(files):,} files left out: {', '.join(f'{n:,} {why}' for why, n in counts)}"


def _is_partial(state: RepositoryState) -> bool:
    return state.total is not None and state.total > state.threads


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
