"""Runs the demo: `python -m tests.demo [--exit] [--port 8080] [--history FILE --issues FILE]`."""

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from indexer.errors import InputError
from tests.demo.checks import GENERIC, OURS, judge
from tests.demo.content import NewIssue, foreign_seed, our_issues, our_seed, read_issues
from tests.demo.outcome import Outcome
from tests.demo.page import Board, PageServer, create_page
from tests.demo.scenario import Scenario
from tests.demo.stage import ROOT, Stage, StageError
from tests.demo.terminal import Terminal
from tests.demo.views import Views
from tests.github_simulator import Seed

MODELS = ROOT / "data" / "models"


def main(arguments: Sequence[str] | None = None) -> int:
    """The whole demo; 0 if every check holds."""
    given = _arguments(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    terminal = Terminal()
    begun = time.monotonic()
    ours = given.history is None
    try:
        seed, issues = _content(given)
    except InputError as error:
        terminal.say(str(error), style="red")
        return error.exit_code
    with (
        tempfile.TemporaryDirectory(prefix="oncall-intern-demo-") as folder,
        Stage(seed, Path(folder), MODELS) as stage,
    ):
        board = Board()
        page = PageServer(create_page(Views(stage.simulator, stage.repo), board), given.port)
        page.start()
        try:
            outcome = _perform(stage, board, page, issues, terminal, ours=ours)
            verdicts = judge(OURS if ours else GENERIC, outcome)
            terminal.step("Checks")
            terminal.verdicts(verdicts)
            terminal.say("")
            terminal.times(outcome)
            terminal.say(f"The whole run took {time.monotonic() - begun:.0f} s.")
            _keep_page(page, terminal, ends=given.exit or bool(os.environ.get("CI")))
        except StageError as error:
            terminal.say(f"{error}\n{stage.log_tail()}", style="red")
            return 1
        except KeyboardInterrupt:
            terminal.say("Stopped.")
            return 130
        finally:
            page.stop()
    return 0 if all(verdict.holds for verdict in verdicts) else 1


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--exit", action="store_true", help="end when the checks are done")
    parser.add_argument("--port", type=int, default=8080, help="the page's; else the next free one")
    parser.add_argument("--history", type=Path, help="an export (JSONL, also .gz) instead of ours")
    parser.add_argument("--issues", type=Path, help="the new issues: id, title, body a line")
    parser.add_argument("--repo", default="someone/something", help="the name for --history")
    given = parser.parse_args(arguments)
    if (given.history is None) != (given.issues is None):
        parser.error("--history and --issues go together")
    for path in (given.history, given.issues):
        if path is not None and not path.is_file():
            parser.error(f"{path} is not a file")
    return given


def _content(given: argparse.Namespace) -> tuple[Seed, list[NewIssue]]:
    if given.history is None:
        return our_seed(datetime.now(UTC)), our_issues()
    issues = read_issues(given.issues)
    return foreign_seed(given.history, issues, given.repo), issues


def _perform(  # noqa: PLR0913 - called once
    stage: Stage,
    board: Board,
    page: PageServer,
    issues: list[NewIssue],
    terminal: Terminal,
    *,
    ours: bool,
) -> Outcome:
    threads = stage.simulator.world.repository(stage.repo)
    count = len(threads.issues) if threads else 0
    terminal.say(f"A simulated GitHub at {stage.simulator.url} with {stage.repo}: {count} issues.")
    terminal.say(f"The page: {page.url}", style="bold")
    terminal.step(f"intern backfill {stage.repo}")
    backfill = stage.run("backfill", stage.repo)
    if backfill:
        raise StageError(f"intern backfill ended with {backfill}")
    terminal.step("intern serve")
    stage.start_server()
    terminal.say(f"Ready at {stage.url}; webhooks are signed and sent to {stage.url}/webhooks.")
    terminal.step(f"{len(issues)} new issues")
    name = "oncall-intern[bot]"
    outcome = Scenario(stage, board).play(
        issues,
        lambda answered: terminal.issue(answered, name),
        lambda change: (
            terminal.step(f"Label “intern: again” on #{change.number}"),
            terminal.change(change, name),
        )[0],
        ours=ours,
    )
    board.finish()
    return outcome


def _keep_page(page: PageServer, terminal: Terminal, *, ends: bool) -> None:
    """Leave the page up until Ctrl-C, where somebody is there to press it."""
    if ends or not (terminal.is_interactive and sys.stdin.isatty()):
        return
    terminal.say(f"\nSee it at {page.url} — Ctrl-C ends.", style="bold")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        terminal.say("")


if __name__ == "__main__":
    sys.exit(main())
