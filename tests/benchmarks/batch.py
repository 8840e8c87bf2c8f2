"""The search as a program uses it: `intern search --batch` over known duplicates, recall and ms."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from indexer import figures
from tests.benchmarks import replay
from tests.benchmarks.replay import Case

INTERN = Path(sys.executable).with_name("intern")
DEPTHS = (1, 5, 10)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="batch", description=__doc__)
    parser.add_argument("--project", default="rust")
    parser.add_argument("--data-dir", type=Path, default=Path("data/benchmarks"))
    parser.add_argument("--repo", help="how the index in the folder calls the project")
    options = parser.parse_args(argv)
    repo = options.repo or f"bench/{options.project}"
    asked = [case for case in replay.cases(options.project) if case.targets]
    if not asked:
        return 0
    replay.require_imported(options.project, repo, options.data_dir)
    with tempfile.TemporaryDirectory() as folder:
        batch = Path(folder, "batch.jsonl")
        batch.write_text("".join(f"{json.dumps(query(case))}\n" for case in asked), "utf-8")
        done = subprocess.run(
            [INTERN, "search", "--repo", repo, "--batch", batch, "--limit", str(DEPTHS[-1])],
            env={**os.environ, "DATA_DIR": str(options.data_dir)},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    for line in told(asked, answers):
        print(line)
    return done.returncode


def query(case: Case) -> dict[str, Any]:
    """A case as a line of a batch: as of the day it was opened, without itself."""
    thread = case.thread
    return {
        "id": thread.number,
        "number": thread.number,
        "title": thread.title,
        "body": thread.body,
        "before": thread.created_at.isoformat(),
    }


def told(asked: Sequence[Case], answers: Sequence[dict[str, Any]]) -> list[str]:
    """Recall for each split, and how long a query took; one without an answer found nothing."""
    found = {answer["id"]: answer["candidates"] for answer in answers}
    lines = []
    for split in ("dev", "test"):
        cases = [case for case in asked if case.split == split]
        if not cases:
            continue
        ranks = [rank(case, found.get(case.thread.number, [])) for case in cases]
        cells = [f"@{depth} {figures.recall(ranks, depth):.3f}" for depth in DEPTHS]
        lines.append(f"{split} ({len(cases)} queries): recall {'  '.join(cells)}")
    if answers:
        p50, p95 = np.quantile([answer["took_ms"] for answer in answers], [0.5, 0.95])
        lines.append(f"{len(answers)} answers: p50 {p50:.0f} ms, p95 {p95:.0f} ms")
    return lines


def rank(case: Case, candidates: Sequence[dict[str, Any]]) -> int:
    """The place of the first right thread among the threads, counted from 1."""
    numbers = [c["number"] for c in candidates if c["kind"] == "issue"]
    places = (place for place, number in enumerate(numbers, 1) if number in case.targets)
    return next(places, figures.NEVER)
