"""One comment each: 500 issues opened, edited and labelled at random, two workers, SIGKILLs.

Needs Postgres (initdb) for the two workers; without it one server is killed and started again.
"""

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.app.turmoil import Turmoil
from tests.postgres import a_database, programs


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="turmoil")
    parser.add_argument("--issues", type=int, default=500)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(argv)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="intern-turmoil-")))
        url = stack.enter_context(a_database()) if programs() else None
        turmoil = Turmoil(
            folder, issues=given.issues, kills=given.kills, seed=given.seed, database_url=url
        )
        figures = turmoil.run(seconds=3600)
    print(f"  workers            {figures.workers}" + ("" if url else " (no Postgres here)"))
    print(f"  issues             {figures.issues}")
    print(f"  edits              {figures.edits}")
    print(f"  labels             {figures.labels}")
    print(f"  redeliveries       {figures.redeliveries}")
    print(f"  kills              {figures.kills}")
    print(f"  comments           {figures.comments}")
    print(f"  wrong              {len(figures.wrong)} {figures.wrong[:5]}")
    print(f"  seconds            {figures.seconds:.0f}")
    return 1 if figures.wrong or figures.comments != figures.issues else 0
