"""Where benchmarks find real issues: ONCALL_BENCH_DATA, else ../shared/data beside the checkout."""

import gzip
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[2]


def folder() -> Path | None:
    """The data folder; None after saying loudly that there is none."""
    named = os.environ.get("ONCALL_BENCH_DATA")
    path = Path(named) if named else CHECKOUT.parent / "shared" / "data"
    if path.is_dir():
        return path
    print(
        f"SKIPPED: no real issues to measure with. {path} is not a folder; set ONCALL_BENCH_DATA "
        "to one that holds PROJECT/issues.jsonl.gz in the export format.",
        file=sys.stderr,
    )
    return None


def issues(project: str) -> Iterator[dict[str, Any]]:
    """The issues of one project, oldest first; none after saying so."""
    root = folder()
    if root is None:
        return
    path = root / project / "issues.jsonl.gz"
    if not path.is_file():
        print(f"SKIPPED: {path} is missing.", file=sys.stderr)
        return
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)
