"""What the commands show: progress, tables, JSON lines, and errors as one sentence."""

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from indexer.errors import InternError

if TYPE_CHECKING:
    from indexer.progress import OnProgress, Progress

JSON_SECONDS = 1.0
"""How often a JSON line tells of progress."""

STAGES = {
    "templates": "Looking for template lines",
    "threads": "Threads",
    "points": "Points",
    "vanished": "Looking for issues that are gone",
    "docs": "Docs and releases",
    "waiting": "Waiting for GitHub",
}
TROUBLED = "Waiting before the next attempt"
COUNTED = frozenset({"threads", "points"})
"""Stages of which a bar shows how much is done."""


def run(app: typer.Typer) -> None:
    """Run a command line; what we expected to fail ends in one sentence and its exit code."""
    if sys.stdout is None:  # the shell closed it: `>&-`
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - to the very end
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except InternError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        # Whatever we can do something about was caught before: what is left is output that
        # cannot be written, as on a full disk.
        complain(f"{error.filename or 'Output'} cannot be used: {error.strerror or error}.")
        _give_up_output()
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _give_up_output() -> None:
    """Lines that are still to be written go nowhere, so that Python does not try again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def complain(sentence: str) -> None:
    """One sentence on standard error."""
    print(f"intern: {printable(sentence)}", file=sys.stderr)  # noqa: T201 - this is the way out


def say(line: str) -> None:
    """One line on standard output, at once."""
    print(line, flush=True)  # noqa: T201 - this is the way out


def say_json(value: Mapping[str, Any]) -> None:
    """One JSON object on a line of its own, at once."""
    say(json.dumps(value, ensure_ascii=False))


def printable(text: str) -> str:
    """Strangers' text on one line, without characters that steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


@contextmanager
def watched(*, as_json: bool) -> Iterator["OnProgress"]:
    """A callback that draws a bar on standard error, or writes JSON lines on standard output."""
    if as_json:
        yield _JsonLines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TextColumn("{task.fields[budget]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None, speed="", budget="")
        started = time.perf_counter()

        def show(now: "Progress") -> None:
            nonlocal started
            if now.stage not in COUNTED:
                note = f" ({now.wait:.0f} s)" if now.wait else ""
                if now.trouble:
                    # On a line of its own: beside the bar there is no room for a sentence.
                    bar.console.print(printable(now.trouble), markup=False, highlight=False)
                    bar.update(task, description=TROUBLED + note)
                else:
                    bar.update(task, description=STAGES[now.stage] + note)
                if now.stage == "templates":
                    started = time.perf_counter()
                return
            speed = now.index.seen / max(time.perf_counter() - started, 0.001)
            bar.update(
                task,
                description=STAGES[now.stage],
                completed=now.done,
                total=now.total,
                speed=f"{speed:,.0f}/s",
                budget=f"API {now.rate.remaining:,}/{now.rate.limit:,}" if now.rate else "",
            )

        yield show


class _JsonLines:
    """Progress as JSON lines, at most one a second for each stage."""

    def __init__(self) -> None:
        self._next = 0.0
        self._stage = ""
        self._started = time.perf_counter()

    def __call__(self, now: "Progress") -> None:
        clock = time.perf_counter()
        if now.stage == self._stage and clock < self._next and not now.trouble:
            return
        self._stage, self._next = now.stage, clock + JSON_SECONDS
        per_second = now.index.seen / max(clock - self._started, 0.001)
        left = (now.total - now.done) / per_second if now.total and per_second else None
        say_json(
            {
                "event": "progress",
                "stage": now.stage,
                "done": now.done,
                "total": now.total,
                "indexed": now.index.indexed,
                "unchanged": now.index.unchanged,
                "points": now.index.points,
                "per_second": round(per_second, 1),
                "seconds_left": None if left is None else round(left),
                "api_remaining": now.rate.remaining if now.rate else None,
                "wait_seconds": round(now.wait, 1),
                "trouble": now.trouble,
            }
        )
