"""A backfill killed with SIGKILL at random moments ends as one that nobody disturbed."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from indexer.edge_store import EdgeStore
from indexer.settings import IndexSettings
from indexer.state import State
from tests.fakes_embedding import TOY_FINGERPRINT
from tests.github_simulator import Seed, Simulator

REPO = "octo/mill"
START = datetime(2024, 1, 1, tzinfo=UTC)
DOCS = 5
SIZES = [
    pytest.param(150, 4, id="small"),
    pytest.param(2_000, 20, id="whole", marks=pytest.mark.long),
]


def mill(issues: int) -> Seed:
    """Issues on a template, some with so many comments that a page does not hold them."""
    threads = []
    for number in range(1, issues + 1):
        opened = START + timedelta(minutes=number)
        comments = [
            {
                "author": f"user{place % 7}",
                "body": f"Grind {number} again with stone {place}, that helped.",
                "created_at": opened + timedelta(seconds=place),
            }
            for place in range(45 if number % 97 == 0 else number % 4)
        ]
        threads.append(
            {
                "number": number,
                "title": f"Stone {number} grinds too coarse",
                "body": f"What happened?\nBatch {number} came out of mill {number % 13} coarse.\n",
                "author": f"user{number % 11}",
                "created_at": opened,
                "comments": comments,
            }
        )
    docs = {
        f"docs/part{n}.md": f"# Part {n}\n\nOil part {n} each week, and never while it turns.\n"
        for n in range(DOCS)
    }
    entry = {"full_name": REPO, "threads": threads, "docs": docs}
    return Seed.model_validate({"repositories": [entry]})


def started(simulator, folder, *options):
    """A backfill that has begun."""
    environment = {
        **os.environ,
        "DATA_DIR": str(folder),
        "GITHUB_URL": simulator.url,
        "GITHUB_API_URL": simulator.url,
        "GITHUB_TOKEN": simulator.token,
    }
    command = [sys.executable, "-m", "tests.chaos.backfill_process", REPO, *options]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    return process


def contents(folder):
    """Every point: its payload and its vectors."""
    kb = EdgeStore.open(folder / "collection", TOY_FINGERPRINT)
    points, _ = kb.scroll(None, limit=100_000, vectors=True)
    kb.close()
    return {
        p.id: (dict(p.payload), {name: repr(vector) for name, vector in p.vectors.items()})
        for p in points
    }


@pytest.mark.parametrize(("issues", "kills"), SIZES)
def test_a_killed_backfill_ends_as_a_clean_one(tmp_path, issues, kills):
    chance = random.Random(issues)  # noqa: S311 - which moments, no secret
    clean, broken = tmp_path / "clean", tmp_path / "broken"
    with Simulator(mill(issues)) as simulator:
        begun = time.monotonic()
        with started(simulator, clean) as process:
            assert process.wait(300) == 0
        whole = time.monotonic() - begun
        killed = 0
        options: tuple[str, ...] = ()
        while True:
            with started(simulator, broken, *options) as process:
                if killed == kills:
                    assert process.wait(300) == 0
                    break
                try:
                    # On average as long as brings it to its end with the last of the kills.
                    process.wait(chance.uniform(0, 2 * whole / kills))
                except subprocess.TimeoutExpired:
                    process.kill()
                    killed += 1
                else:
                    assert process.returncode == 0
                    options = ("--full",)
    expected = contents(clean)
    kinds = Counter(payload["kind"] for payload, _ in expected.values())
    assert (kinds["issue"], kinds["doc"]) == (issues, DOCS)
    assert contents(broken) == expected
    state = State.open(IndexSettings(data_dir=broken))
    assert state.repository(REPO).is_complete
    state.close()
