from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from indexer.evaluation import (
    Asked,
    Outcome,
    advise,
    chosen,
    evaluate,
    names,
    replay,
)
from indexer.figures import NEVER, effective_count, wilson
from indexer.known_duplicates import Known
from indexer.plot import draw
from indexer.search import Ranked
from indexer.thresholds import DEFAULT
from indexer.thresholds import NEVER as NO_LEVEL
from tests.fakes_threads import day, thread

RATE = 0.1


def duplicates(count, probability, *, right=True):
    rank = 1 if right else NEVER
    return [Outcome(n, True, rank, probability, right) for n in range(count)]


def others(count, probability):
    return [Outcome(1000 + n, False, NEVER, probability, False) for n in range(count)]


SURE = [*duplicates(30, 0.9), *duplicates(30, 0.05, right=False), *others(60, 0.01)]


@dataclass
class Searcher:
    """Finds the same two threads for everything; remembers what it was asked."""

    asked: list = field(default_factory=list)

    def rank(self, query):
        self.asked.append(query)
        return Ranked(
            keys=(("o/r", 1), ("o/r", 2)),
            scores=np.array([1.0, 2.0]),
            probability=np.array([0.2, 0.6]),
        )


def test_each_query_is_asked_as_of_its_own_day_and_without_itself():
    searcher = Searcher()
    one = thread(9, created_at=day(3))
    (outcome,) = replay(searcher, "o/r", [Asked(one, frozenset({1}))])
    (query,) = searcher.asked
    assert (query.before, query.exclude_numbers) == (day(3), (9,))
    assert outcome == Outcome(9, True, 2, 0.6, right=False)


def test_the_newest_duplicates_are_chosen_and_others_of_the_same_years():
    threads = [thread(n) for n in range(1, 101)]
    known = Known(100, {n: frozenset({1}) for n in (40, 50, 60)}, frozenset(range(2, 40)) | {70})
    asked, named = chosen(known, threads, 2)
    assert [a.thread.number for a in asked if a.right] == [50, 60]
    assert [a.thread.number for a in asked if not a.right] == [70]
    assert named == 0


def test_what_names_its_original_is_left_out():
    known = Known(3, {2: frozenset({1})}, frozenset())
    assert chosen(known, [thread(2, body="Like #1.")], 9) == ([], 1)
    assert names("see https://github.com/o/r/issues/12", [12])
    assert not names("#123 and 12", [12])


def test_precision_is_at_the_natural_rate():
    evaluation = evaluate([*duplicates(50, 0.9), *others(50, 0.9)], RATE)
    level = next(x for x in evaluation.levels if x.threshold == 0.5)
    assert level.precision == pytest.approx(RATE)
    assert (level.coverage, level.others, level.flags) == (1, 1, 100)
    assert level.low < RATE < level.high
    assert evaluation.calibration_error == pytest.approx(0.8)


def test_recall_counts_duplicates_only():
    evaluation = evaluate([*duplicates(3, 0.5), *duplicates(1, 0.1, right=False)], RATE)
    assert evaluation.recall[1][0] == 0.75
    assert evaluation.reciprocal_rank == 0.75
    assert evaluation.levels == []


def test_nothing_known_has_no_figures():
    evaluation = evaluate([], 0.0)
    assert (evaluation.recall, evaluation.levels, evaluation.bins) == ({}, [], [])


def test_the_lowest_level_with_the_wanted_precision_is_recommended():
    advice = advise(SURE, RATE, precision=0.9, noise=0.1)
    assert advice.is_measured
    assert advice.thresholds.duplicate == 0.9
    assert advice.thresholds.related == 0.02
    assert "on 30 flags" in advice.reasons[0]


def test_without_enough_flags_duplicate_is_never_said():
    few = [*duplicates(19, 0.9), *duplicates(30, 0.05, right=False), *others(60, 0.01)]
    advice = advise(few, RATE, precision=0.9, noise=0.1)
    assert advice.thresholds.duplicate == NO_LEVEL > 1
    assert "never" in advice.reasons[0]


def test_noise_raises_the_level_of_related():
    loud = [*duplicates(40, 0.9), *others(50, 0.3), *others(50, 0.01)]
    assert advise(loud, RATE, precision=0.9, noise=0.4).thresholds.related == 0.31
    assert advise(loud, RATE, precision=0.9, noise=0.5).thresholds.related == 0.02


def test_with_few_pairs_the_shipped_thresholds_stand():
    advice = advise([*duplicates(29, 0.9), *others(60, 0.01)], RATE, precision=0.9, noise=0.1)
    assert (advice.thresholds, advice.is_measured) == (DEFAULT, False)
    assert "29 known duplicates" in advice.reasons[0]


def test_weighted_flags_count_as_so_many_equal_ones():
    assert effective_count(np.ones(20)) == 20
    assert effective_count(np.array([1.0] * 10 + [90.0])) < 2
    assert effective_count(np.zeros(0)) == 0
    assert wilson(0, 0) == (0, 1)


@pytest.mark.parametrize("outcomes", [SURE, [], duplicates(2, 0.5)])
def test_the_picture_is_well_formed(outcomes):
    advice = advise(outcomes, RATE, precision=0.9, noise=0.1)
    text = draw("o/r<&", evaluate(outcomes, RATE), advice)
    root = ET.fromstring(text)  # noqa: S314 - our own
    assert root.tag.endswith("svg")
    assert "o/r<&" in root[0].text


def test_the_picture_marks_the_levels_and_has_a_dot_for_each_bin():
    evaluation = evaluate(SURE, RATE)
    text = draw("o/r", evaluation, advise(SURE, RATE, precision=0.9, noise=0.1))
    assert text.count("<circle") == len(evaluation.bins) == 3
    assert ">duplicate</text>" in text
    assert "the original came first for " in text
    assert "among the first 10 for " in text
    assert "nan" not in text
