"""Replays a repository's known duplicates as of the day they were opened, and recommends levels.

Each query is searched in what existed then; numbers and addresses of issues are taken out of its
text (query.py), and duplicates whose text names their original are left out.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from indexer import figures
from indexer.figures import Flags, Floats
from indexer.known_duplicates import Known
from indexer.query import Query
from indexer.search import Ranked
from indexer.threads import Thread
from indexer.thresholds import DEFAULT, NEVER, Thresholds

LEAST_PAIRS = 30
"""With fewer known duplicates the shipped thresholds stand."""

LEAST_FLAGS = 20
"""A precision shown by fewer flags than this is no ground for calling anything a duplicate."""

DEPTHS = (1, 5, 10)
LEVELS = (0.02, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
EDGES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
LOWEST_RELATED = 0.02


class Ranking(Protocol):
    """What is asked of indexer.search.Searcher."""

    def rank(self, query: Query) -> Ranked:
        """The whole pool of a query."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A thread to ask about again; nothing is right for one that is no duplicate."""

    thread: Thread
    right: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one query.

    Attributes:
        number: the issue's.
        is_duplicate: whether anything is right.
        rank: the place of the first right thread, from 1.
        probability: the best candidate's; 0 where there was none.
        right: whether the best candidate is right.
    """

    number: int
    is_duplicate: bool
    rank: int
    probability: float
    right: bool


@dataclass(frozen=True, slots=True)
class Level:
    """What showing the best candidate from a probability on gives and costs.

    Attributes:
        threshold: the probability.
        coverage: the share of duplicates for which something would be shown, and it is right.
        others: the share of issues without a known duplicate for which something is shown.
        precision: how often what is shown is a known duplicate, at the natural rate.
        low, high: its Wilson 95 % interval.
        flags: how many queries showed something.
    """

    threshold: float
    coverage: float
    others: float
    precision: float
    low: float
    high: float
    flags: int


@dataclass(frozen=True, slots=True)
class Bin:
    """Queries whose best candidate was about as probable: what was said, and what was true."""

    low: float
    high: float
    said: float
    true: float
    count: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of a replay.

    `recall` maps a depth to the share and its bootstrap 95 % interval. Without negatives there
    are neither levels nor bins.
    """

    duplicates: int
    others: int
    rate: float
    recall: Mapping[int, tuple[float, float, float]]
    reciprocal_rank: float
    levels: Sequence[Level]
    bins: Sequence[Bin]
    calibration_error: float | None


@dataclass(frozen=True, slots=True)
class Advice:
    """The thresholds to use, and why these, in sentences."""

    thresholds: Thresholds
    reasons: Sequence[str]
    is_measured: bool


def chosen(known: Known, threads: Iterable[Thread], limit: int) -> tuple[list[Asked], int]:
    """The queries: the newest `limit` duplicates, and about as many others of the same years.

    Returns:
        The queries, and how many duplicates were left out because their text names an original.
    """
    wanted = frozenset(sorted(known.originals)[-limit:])
    since = min(wanted, default=0)
    others = sorted(number for number in known.others if number >= since)
    step = max(1, len(others) // max(LEAST_PAIRS, len(wanted)))
    spread = frozenset(others[step // 2 :: step])
    asked, named = [], 0
    for thread in threads:
        if thread.number in wanted:
            right = known.originals[thread.number]
            if names(f"{thread.title}\n{thread.body}", right):
                named += 1
            else:
                asked.append(Asked(thread, right))
        elif thread.number in spread:
            asked.append(Asked(thread))
    return asked, named


def names(text: str, numbers: Iterable[int]) -> bool:
    """Whether a text names one of the issues by number or address."""
    found = re.findall(r"(?:#|GH-|/issues/|/pull/)(\d{1,9})(?!\d)", text)
    return not frozenset(map(int, found)).isdisjoint(numbers)


def replay(searcher: Ranking, repo: str, asked: Iterable[Asked]) -> list[Outcome]:
    """Ask every query as of the moment its issue was opened.

    Raises:
        StoreError, ModelError: it could not be looked.
    """
    found = []
    for one in asked:
        thread = one.thread
        ranked = searcher.rank(
            Query(
                repo,
                thread.title,
                thread.body,
                before=thread.created_at,
                exclude_numbers=(thread.number,),
            )
        )
        right = np.array([number in one.right for _, number in ranked.keys], np.bool_)
        best = ranked.order[0] if ranked.keys else None
        found.append(
            Outcome(
                thread.number,
                bool(one.right),
                figures.rank_of_first(ranked.scores, right),
                0.0 if best is None else float(ranked.probability[best]),
                best is not None and bool(right[best]),
            )
        )
    return found


def evaluate(outcomes: Sequence[Outcome], rate: float) -> Evaluation:
    """The figures; duplicates are weighted to be `rate` of all issues."""
    ranks = [outcome.rank for outcome in outcomes if outcome.is_duplicate]
    others = len(outcomes) - len(ranks)
    told = _Told.of(outcomes, rate)
    can_tell = bool(ranks and others)
    return Evaluation(
        duplicates=len(ranks),
        others=others,
        rate=rate,
        recall={depth: _recall(ranks, depth) for depth in DEPTHS} if ranks else {},
        reciprocal_rank=figures.reciprocal(ranks) if ranks else 0.0,
        levels=[told.level(threshold) for threshold in LEVELS] if can_tell else [],
        bins=told.bins() if can_tell else [],
        calibration_error=(
            figures.calibration_error(told.probability, told.right, told.weight)
            if can_tell
            else None
        ),
    )


def advise(outcomes: Sequence[Outcome], rate: float, *, precision: float, noise: float) -> Advice:
    """Thresholds for a wanted precision of `duplicate` and a bearable noise of `related`.

    Args:
        outcomes: of the replay.
        rate: how many of all issues are duplicates.
        precision: how often a likely duplicate has to be a known one.
        noise: the share of issues without a known duplicate that may be shown something.
    """
    duplicates = sum(outcome.is_duplicate for outcome in outcomes)
    if duplicates < LEAST_PAIRS or duplicates == len(outcomes):
        few = (
            f"{duplicates} known duplicates and {len(outcomes) - duplicates} other issues are too "
            f"few to tell (at least {LEAST_PAIRS} duplicates): the shipped thresholds stand."
        )
        return Advice(
            DEFAULT,
            [few],
            is_measured=False,
        )
    told = _Told.of(outcomes, rate)
    reasons = []
    good = [
        level
        for level in map(told.level, sorted({round(p, 3) for p in told.probability.tolist()}))
        if level.precision >= precision and level.flags >= LEAST_FLAGS
    ]
    if good:
        duplicate = good[0].threshold
        reasons.append(
            f"duplicate from {duplicate:.2f} on: right {good[0].precision:.2f} of the time "
            f"[{good[0].low:.2f}–{good[0].high:.2f}] on {good[0].flags} flags, for "
            f"{good[0].coverage:.1%} of the duplicates."
        )
    else:
        duplicate = NEVER
        reasons.append(
            f"duplicate is never said without an LLM: no level was right {precision:.2f} of the "
            f"time on {LEAST_FLAGS} flags."
        )
    quiet = [
        round(p / 100, 2)
        for p in range(round(LOWEST_RELATED * 100), 100)
        if told.level(p / 100).others <= noise
    ]
    related = min([*quiet[:1], duplicate]) if quiet else DEFAULT.related
    level = told.level(related)
    reasons.append(
        f"related from {related:.2f} on: shown for {level.others:.1%} of the issues without a "
        f"known duplicate, and right for {level.coverage:.1%} of the duplicates."
    )
    return Advice(Thresholds(duplicate=duplicate, related=related), reasons, is_measured=True)


@dataclass(frozen=True, slots=True)
class _Told:
    """Each query's best probability, whether it was right, and how much the query weighs."""

    probability: Floats
    right: Flags
    duplicate: Flags
    weight: Floats

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], rate: float) -> "_Told":
        duplicate = np.array([outcome.is_duplicate for outcome in outcomes], np.bool_)
        others = max(1, int((~duplicate).sum()))
        heavy = (1 - rate) / rate * duplicate.sum() / others if rate else 1.0
        return cls(
            np.array([outcome.probability for outcome in outcomes], np.float64),
            np.array([outcome.right for outcome in outcomes], np.bool_),
            duplicate,
            np.where(duplicate, 1.0, heavy),
        )

    def level(self, threshold: float) -> Level:
        """What showing from this probability on gives and costs."""
        shown = self.probability >= threshold
        total = float(self.weight[shown].sum())
        share = float((self.weight * self.right)[shown].sum()) / total if total else 0.0
        count = figures.effective_count(self.weight[shown])
        low, high = figures.wilson(share * count, count)
        return Level(
            threshold,
            float((shown & self.right)[self.duplicate].mean()),
            float(shown[~self.duplicate].mean()),
            share,
            low,
            high,
            int(shown.sum()),
        )

    def bins(self) -> list[Bin]:
        """What was said and what was true, by how much was said; empty bins are left out."""
        found = []
        for low, high in pairwise(EDGES):
            last = high == EDGES[-1]
            inside = (self.probability >= low) & ((self.probability < high) | last)
            total = float(self.weight[inside].sum())
            if total:
                said = float((self.weight * self.probability)[inside].sum()) / total
                true = float((self.weight * self.right)[inside].sum()) / total
                found.append(Bin(low, high, said, true, int(inside.sum())))
        return found


def _recall(ranks: Sequence[int], depth: int) -> tuple[float, float, float]:
    low, high = figures.interval([float(rank <= depth) for rank in ranks])
    return figures.recall(ranks, depth), low, high
