"""How threads ended, against the labels of a reader: confusion, F1, the passage, each rule's share.

    python -m tests.benchmarks endings                 everything
    python -m tests.benchmarks endings --half dev      the odd lines, which rules may be tuned on
    python -m tests.benchmarks endings --half test     the even lines, which they may not

The labels, one JSON object a line: `number`, `ending`, `passage` (which comment tells it best,
from 0, or null) and the reader's `confidence` from 1 to 3.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.figures import wilson
from indexer.resolution import resolve
from indexer.threads import Ending, Resolution, Thread
from tests.benchmarks import data

HERE = Path(__file__).parent
HALVES = {"all": slice(None), "dev": slice(0, None, 2), "test": slice(1, None, 2)}


@dataclass(frozen=True)
class Judged:
    """A thread, what the reader says and what the rules say."""

    thread: Thread
    label: dict[str, Any]
    found: Resolution

    @property
    def pair(self) -> tuple[Ending, Ending]:
        """The ending that is true and the one that was found."""
        return Ending(self.label["ending"]), self.found.ending


def main(argv: Sequence[str]) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="endings", description=__doc__)
    parser.add_argument("--half", choices=HALVES, default="all")
    parser.add_argument("--project", default="rust")
    options = parser.parse_args(argv)
    threads = {t.number: t for t in map(Thread.model_validate, data.issues(options.project))}
    if not threads:
        return
    repo = f"bench/{options.project}"
    labels = HERE / f"endings_{options.project}.jsonl"
    if labels.is_file():
        for name in HALVES if options.half == "all" else (options.half,):
            report(name, judged(labels, threads, repo)[HALVES[name]])
    else:
        print(f"SKIPPED: nobody has labelled {options.project}; {labels.name} is missing.")
    shares(threads.values(), repo)


def judged(labels: Path, threads: dict[int, Thread], repo: str) -> list[Judged]:
    """The labelled threads, in the order of the lines."""
    rows = map(json.loads, labels.read_text(encoding="utf-8").splitlines())
    return [
        Judged(thread, row, resolve(thread, repo=repo))
        for row in rows
        if (thread := threads[row["number"]])
    ]


def report(name: str, rows: Sequence[Judged]) -> None:
    """Print the confusion matrix, each ending's precision and recall, and how passages agree."""
    pairs = Counter(row.pair for row in rows)
    print(f"\n{name}: {len(rows)} labelled threads; rows: the reader, columns: the rules")
    print(f"{'':>10}" + "".join(f"{ending:>10}" for ending in Ending) + "    recall")
    for true in Ending:
        line = "".join(f"{pairs[true, found]:>10}" for found in Ending)
        print(f"{true:>10}{line}{scores(pairs, true)[1]:>10.2f}")
    print(f"{'precision':>10}" + "".join(f"{scores(pairs, e)[0]:>10.2f}" for e in Ending))
    print(f"{'F1':>10}" + "".join(f"{scores(pairs, e)[2]:>10.2f}" for e in Ending))
    right = sum(count for (true, found), count in pairs.items() if true is found)
    told = sum(count for (_, found), count in pairs.items() if found is not Ending.UNKNOWN)
    wrong = told - sum(pairs[e, e] for e in Ending if e is not Ending.UNKNOWN)
    print(
        f"macro-F1 {macro_f1(pairs):.3f}, right {right} of {len(rows)}; told {told}, wrong {wrong}"
    )
    fixed = sum(pairs[true, Ending.FIXED] for true in Ending)
    low, high = wilson(pairs[Ending.FIXED, Ending.FIXED], fixed)
    print(f"fixed is right for {scores(pairs, Ending.FIXED)[0]:.2f} [{low:.2f}-{high:.2f}]")
    agreeing = [row for row in rows if row.pair[0] is row.pair[1] is not Ending.UNKNOWN]
    quoted = [row for row in agreeing if row.found.quote is not None]
    same = sum(same_passage(row) for row in quoted)
    print(f"of {len(agreeing)} right endings {len(quoted)} have a passage, {same} the reader's")


def scores(pairs: Counter[tuple[Ending, Ending]], ending: Ending) -> tuple[float, float, float]:
    """Precision, recall and F1 of an ending; 0 where there is nothing to divide by."""
    hits = pairs[ending, ending]
    found = sum(pairs[true, ending] for true in Ending)
    wanted = sum(pairs[ending, other] for other in Ending)
    return hits / max(found, 1), hits / max(wanted, 1), 2 * hits / max(found + wanted, 1)


def macro_f1(pairs: Counter[tuple[Ending, Ending]]) -> float:
    """The mean F1 of the endings that are true of at least one thread."""
    present = [e for e in Ending if any(pairs[e, other] for other in Ending)]
    return sum(scores(pairs, ending)[2] for ending in present) / max(len(present), 1)


def same_passage(row: Judged) -> bool:
    """Whether the quote is from the comment that the reader chose."""
    place, quote = row.label["passage"], row.found.quote
    if place is None or quote is None:
        return False
    chosen = row.thread.comments[place]
    return (chosen.author, chosen.created_at) == (quote.author, quote.created_at)


def shares(threads: Iterable[Thread], repo: str) -> None:
    """Print how many threads each rule decides, and how many of those it can quote."""
    found = [resolve(thread, repo=repo) for thread in threads]
    rules = Counter((str(one.ending), one.rule) for one in found)
    quoted = Counter((str(one.ending), one.rule) for one in found if one.quote is not None)
    print(f"\n{len(found):,} threads, by the rule that decided")
    for (ending, rule), count in rules.most_common():
        share = count / len(found)
        print(f"{ending:>10}  {rule:<22}{count:>7,}{share:>7.1%}  quoted {quoted[ending, rule]:,}")
