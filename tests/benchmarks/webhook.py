"""How soon a delivery is acknowledged, and how soon its comment stands there.

A simulated GitHub, seeded with a real history as of a moment, sends the issues that were opened
after it to `intern serve`, a process of its own; once idle, and once while the server reads
another repository's history. Without the LLM.

    python -m tests.benchmarks.webhook [--history FILE --repo OWNER/NAME --as-of T] [--issues N]
"""

import argparse
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from indexer.embedding import open_embedder
from indexer.importing import import_file
from indexer.knowledge_base import open_knowledge_base
from indexer.settings import IndexSettings
from indexer.state import State
from indexer.threads import Thread
from tests.github_simulator import Seed, Simulator

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data" / "rust" / "issues.jsonl.gz"
OWN = ROOT / "tests" / "demo" / "history.jsonl"
OTHER = "octo-org/another"
ACKNOWLEDGED = 200
LONGEST = 120.0
POLL = 0.4


def main(argv: Sequence[str] | None = None) -> int:
    options = _options(argv)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "data"
        seed = Seed.from_export(options.history, options.repo, options.as_of)
        waiting = _later(options.history, options.as_of, _known(options.duplicates))
        print(
            f"{options.repo} as of {options.as_of:%Y-%m-%d}: "
            f"{len(seed.repositories[0].threads)} threads, {len(waiting)} issues after it"
        )
        _import(seed, options.repo, folder, Path(scratch))
        other = seed.repositories[0].model_copy(update={"full_name": OTHER})
        seed.repositories.append(other)
        with Simulator(seed) as github, serving(github, folder, Path(scratch)) as (url, _):
            bench = Bench(github, url, options.repo)
            bench.acknowledge()
            answered = bench.comment("idle", waiting, options.issues)
            installation = github.world.installation_of(OTHER)
            assert installation is not None
            github.announce_installation(installation.id)
            bench.wait_for(f'intern_backfill_status{{repo="{OTHER}",status="running"}}', 1)
            # The same ones once more, which get a comment again: all within the backfill.
            bench.comment("during a backfill", answered, options.issues)
            still = bench.metric(f'intern_backfill_status{{repo="{OTHER}",status="running"}}')
            done = bench.metric(f'intern_backfill_threads{{repo="{OTHER}"}}')
            print(f"the backfill {'still ran' if still else 'had ended'}: {done:.0f} threads read")
    return 0


class Bench:
    """Sends issues and watches what becomes of them."""

    def __init__(self, github: Simulator, url: str, repo: str) -> None:
        self.github = github
        self.repo = repo
        self._client = httpx.Client(base_url=url, trust_env=False)

    def acknowledge(self) -> None:
        """The time to 202 of deliveries that each queue one job."""
        home = self.github.world.repository(self.repo)
        assert home is not None
        numbers = list(home.issues)[-ACKNOWLEDGED:]
        first = len(self.github.deliverer.log)
        for n in range(ACKNOWLEDGED):
            title = f"{home.issues[numbers[n % len(numbers)]].title} "
            self.github.edit(self.repo, numbers[n % len(numbers)], title=title)
            self.github.drain()
        log = self.github.deliverer.log[first:]
        assert all(delivery.status == 202 for delivery in log), log[0].response
        show("202 (milliseconds)", [d.milliseconds or 0.0 for d in log])
        self.wait_for('intern_jobs_unfinished{queue="refresh"', 0)

    def comment(self, name: str, issues: Sequence[Thread], wanted: int) -> list[Thread]:
        """The time from the delivery to the comment, until so many comments are there.

        Returns:
            The issues that got one.
        """
        answered: list[Thread] = []
        seconds: list[float] = []
        silent: list[float] = []
        acknowledged: list[float] = []
        for thread in issues:
            before = self._answered()
            begun = datetime.now(UTC)
            opened = self.github.open_issue(self.repo, thread.title, thread.body, thread.author)
            delivery = self.github.deliverer.log[-1]
            commented = self._outcome(int(opened["number"]), before)
            if commented is None:
                silent.append((datetime.now(UTC) - begun).total_seconds())
            else:
                seconds.append((commented - begun).total_seconds())
                answered.append(thread)
            acknowledged.append(delivery.milliseconds or 0.0)
            if len(seconds) >= wanted:
                break
        print(f"{name}: {len(seconds)} comments, {len(silent)} times nothing to say")
        show("  delivery to comment (seconds)", seconds)
        show("  delivery to the decision to say nothing (seconds, to 0.4)", silent)
        show("  202 (milliseconds)", acknowledged)
        return answered

    def _outcome(self, number: int, before: float) -> datetime | None:
        """When our comment was posted; None if the server has decided to post none."""
        home = self.github.world.repository(self.repo)
        assert home is not None

        def ours() -> list[datetime]:
            comments = home.issues[number].comments
            return [c.created_at for c in comments if c.app_id == self.github.app_id]

        deadline = time.monotonic() + LONGEST
        while time.monotonic() < deadline:
            # Asking for the metrics more often would be a load of its own.
            self.github.wait_for(lambda: bool(ours()), timeout=POLL)
            # The server counts an answer after it has posted it: one that is not counted yet
            # would be taken for the next issue's.
            if self._answered() > before:
                return next(iter(ours()), None)
        raise TimeoutError(f"no answer to #{number}")

    def metric(self, start: str) -> float:
        """The sum of the metrics that begin so."""
        lines = self._client.get("/metrics", timeout=30).text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(start))

    def wait_for(self, start: str, value: float) -> None:
        while self.metric(start) != value:
            time.sleep(0.1)

    def _answered(self) -> float:
        return self.metric("intern_answers_total")


def show(name: str, values: list[float]) -> None:
    """Print the middle, the 95th percentile and the largest of some figures."""
    if not values:
        print(f"{name}: none")
        return
    values = sorted(values)
    p50, p95 = (values[min(len(values) - 1, int(len(values) * q))] for q in (0.5, 0.95))
    print(f"{name}: n {len(values)}  p50 {p50:.2f}  p95 {p95:.2f}  max {values[-1]:.2f}")


def _import(seed: Seed, repo: str, folder: Path, scratch: Path) -> None:
    """The history as of the moment into the knowledge base."""
    settings = IndexSettings(data_dir=folder)
    embedder = open_embedder(settings)
    kb = open_knowledge_base(settings, embedder.fingerprint, own=True)
    state = State.open(settings)
    try:
        export = scratch / "history.jsonl"
        with export.open("w", encoding="utf-8") as lines:
            for thread in seed.repositories[0].threads:
                lines.write(thread.model_dump_json() + "\n")
        begun = time.perf_counter()
        report = import_file(export, kb, embedder, state, repo)
        took = time.perf_counter() - begun
        print(f"imported: {report.threads} threads in {took:.0f} s")
    finally:
        state.close()
        kb.close()


def _known(duplicates: Path | None) -> set[int]:
    """Issues that are known to be duplicates; more of them get a comment."""
    if duplicates is None:
        return set()
    with duplicates.open(encoding="utf-8") as lines:
        return {int(json.loads(line)["issue"]) for line in lines}


def _later(path: Path, moment: datetime, first: set[int]) -> list[Thread]:
    """The issues that were opened after the moment: those in `first`, then the others."""
    found = []
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            raw: dict[str, Any] = json.loads(line)
            if datetime.fromisoformat(raw["created_at"]) >= moment:
                found.append(Thread.model_validate({**raw, "comments": (), "events": ()}))
    return sorted(found, key=lambda thread: (thread.number not in first, thread.created_at))


@contextmanager
def serving(github: Simulator, folder: Path, scratch: Path) -> Iterator[tuple[str, int]]:
    """`intern serve` as a process of its own, ready and known to GitHub: its address and pid."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **{k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "EMBEDDING_MODEL_PATH"}},
        **github.environment,
        "DATA_DIR": str(folder.resolve()),
        "ALLOWED_ACCOUNTS": "*",
        "PORT": str(port),
        "LOG_FORMAT": "json",
    }
    log = scratch / "server.log"
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(
            [sys.executable, "-c", "from app.cli import main; main()", "serve"],
            cwd=ROOT,
            env=environment,
            stderr=output,
            stdout=output,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        while not _is_ready(url):
            if server.poll() is not None:
                raise RuntimeError(log.read_text(encoding="utf-8"))
            time.sleep(0.1)
        github.set_webhook(f"{url}/webhooks")
        yield url, server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        code = server.wait(60)
        if code:
            print(f"the server ended with {code}:\n{log.read_text(encoding='utf-8')[-2000:]}")


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", trust_env=False, timeout=10).status_code == 200
    except httpx.HTTPError:
        return False


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    real = REAL.exists()
    parser.add_argument("--history", type=Path, default=REAL if real else OWN)
    parser.add_argument("--repo", default="rust-lang/rust" if real else "harborline/skiff")
    parser.add_argument(
        "--as-of",
        type=lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
        default=datetime(2012, 6, 1, tzinfo=UTC) if real else datetime(2025, 1, 1, tzinfo=UTC),
    )
    parser.add_argument(
        "--duplicates",
        type=Path,
        default=REAL.parent / "duplicates.jsonl" if real else None,
        help="JSON lines whose `issue` numbers are sent first",
    )
    parser.add_argument("--issues", type=int, default=100, help="comments to wait for, twice")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
