"""Many threads: memory of a backfill and of an idle server, and how long its loop stands still.

    make bench ARGS="size"                                   40,000 threads, 5 comments each
    make bench ARGS="size --threads 200000 --comments 0 --synthetic"

A made-up history of short issues is imported by the command in a process of its own, through the
real model, or written as it is with random vectors (`--synthetic`, which takes a twentieth of the
time); then `intern serve` runs on it. While webhooks arrive `/healthz` is asked all the time:
the longest it takes is the longest that nothing else was served.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np

from indexer.embedding import fingerprint
from indexer.knowledge_base import open_knowledge_base
from indexer.settings import IndexSettings
from indexer.state import RepositoryState, State, Status
from tests.benchmarks import store
from tests.benchmarks.store import memory
from tests.benchmarks.webhook import Bench, serving, show
from tests.github_simulator import Seed, SeedRepository, Simulator

REPO = "octo-org/big"
BEGUN = datetime(2020, 1, 1, tzinfo=UTC)
PROBE_SECONDS = 0.005
_SYLLABLES = (
    "ba",
    "de",
    "fi",
    "go",
    "ku",
    "la",
    "me",
    "ni",
    "po",
    "ru",
    "sa",
    "te",
    "vi",
    "wo",
    "xa",
)


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="size", description=__doc__)
    parser.add_argument("--threads", type=int, default=40_000)
    parser.add_argument("--comments", type=int, default=5)
    parser.add_argument("--synthetic", action="store_true")
    parser.add_argument("--webhooks", type=int, default=100)
    parser.add_argument("--data-dir", type=Path, help="where to import to; kept afterwards")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.data_dir or Path(scratch) / "data"
        if options.synthetic:
            _write(folder, options.threads, options.comments)
        else:
            _import(folder, Path(scratch), options.threads, options.comments)
        seed = Seed(repositories=[SeedRepository(full_name=REPO)])
        with Simulator(seed) as github, serving(github, folder, Path(scratch)) as (url, pid):
            print(f"idle server: {memory('', pid)}")
            _pauses(github, url, options.webhooks)
            print(f"after {options.webhooks} issues: {memory('', pid)}")


def _import(folder: Path, scratch: Path, threads: int, comments: int) -> None:
    """The made-up history through `intern import`, its peak memory told."""
    export = scratch / "history.jsonl"
    with export.open("w", encoding="utf-8") as lines:
        lines.writelines(f"{line}\n" for line in _history(threads, comments))
    command = [sys.executable, "-m", "indexer", "import", str(export), "--repo", REPO, "--json"]
    begun = time.perf_counter()
    environment = {**os.environ, "DATA_DIR": str(folder)}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment) as child:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"the import ended with {child.returncode}")
    peak = usage.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
    print(
        f"import of {threads:,} threads with {comments} comments each: "
        f"{time.perf_counter() - begun:.0f} s, peak {peak:,.0f} MB"
    )


def _write(folder: Path, threads: int, comments: int) -> None:
    """A made-up history as the embedded store holds it, with random vectors."""
    settings = IndexSettings(data_dir=folder)
    with (
        closing(open_knowledge_base(settings, fingerprint(settings), own=True)) as kb,
        closing(State.open(settings)) as state,
    ):
        for batch in store.batches(np.random.default_rng(7), threads, comments, repo=REPO):
            kb.upsert(batch)
        row = RepositoryState(REPO, Status.COMPLETE, source="import", threads=threads)
        state.save(replace(row, completed_at=datetime.now(UTC), watermark=datetime.now(UTC)))


def _history(threads: int, comments: int) -> Iterator[str]:
    chance = random.Random(7)  # noqa: S311 - no secret, and the same each time
    known = ["".join(chance.choices(_SYLLABLES, k=3)) for _ in range(20_000)]

    def words(count: int) -> str:
        return " ".join(chance.choices(known, k=count))

    for number in range(1, threads + 1):
        opened = BEGUN + timedelta(minutes=10 * number)
        said = [
            {"author": f"user{chance.randrange(500)}", "body": words(60), "created_at": later}
            for later in (str(opened + timedelta(minutes=n + 1)) for n in range(comments))
        ]
        yield json.dumps(
            {
                "number": number,
                "title": words(5),
                "body": words(8),
                "created_at": str(opened),
                "state": "open",
                "comments": said,
            }
        )


def _pauses(github: Simulator, url: str, count: int) -> None:
    bench = Bench(github, url, REPO)
    chance = random.Random(11)  # noqa: S311 - as above
    idle = _probed(url, lambda: time.sleep(3))
    show("healthz of an idle server (milliseconds)", idle)

    def deliver() -> None:
        lines = list(_history(count, 0))
        for line in lines:
            issue = json.loads(line)
            github.open_issue(REPO, issue["title"], issue["body"], "reporter")
            time.sleep(chance.uniform(0, 0.3))
        bench.wait_for('intern_jobs_unfinished{queue="respond"', 0)

    show(f"healthz while {count} issues arrive (milliseconds)", _probed(url, deliver))


def _probed(url: str, work: Callable[[], None]) -> list[float]:
    """How long each question to /healthz took while the work went on, in milliseconds."""
    took: list[float] = []
    ended = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
            while not ended.is_set():
                begun = time.perf_counter()
                client.get("/healthz").raise_for_status()
                took.append((time.perf_counter() - begun) * 1000)
                time.sleep(PROBE_SECONDS)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        work()
    finally:
        ended.set()
        asking.join()
    return took
