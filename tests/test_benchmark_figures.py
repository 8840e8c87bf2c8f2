from collections import Counter

import pytest

from indexer.resolution import resolve
from indexer.searching import BatchQuery
from indexer.threads import Ending
from tests.benchmarks.batch import query, told
from tests.benchmarks.endings import Judged, macro_f1, same_passage, scores
from tests.benchmarks.replay import Case
from tests.fakes_threads import comment, thread

FIXED, STALE = Ending.FIXED, Ending.STALE


def test_precision_recall_and_macro_f1():
    pairs = Counter({(FIXED, FIXED): 3, (FIXED, STALE): 1, (STALE, FIXED): 2, (STALE, STALE): 1})
    assert scores(pairs, FIXED) == pytest.approx((3 / 5, 3 / 4, 6 / 9))
    assert scores(pairs, Ending.DECLINED) == (0, 0, 0)
    assert macro_f1(pairs) == pytest.approx((6 / 9 + 2 / 5) / 2)


def test_a_passage_is_the_comment_that_was_quoted():
    said = thread(7, comment("Same here.", at=2), comment("Fixed by #12.", at=10), closed=10)
    assert same_passage(Judged(said, {"passage": 1}, resolve(said)))
    assert not same_passage(Judged(said, {"passage": 0}, resolve(said)))
    assert not same_passage(Judged(said, {"passage": None}, resolve(said)))


def test_a_batch_is_judged_by_its_threads_alone():
    cases = [
        Case(thread(n), frozenset({n - 1}), split)
        for n, split in ((5, "dev"), (6, "test"), (7, "test"))
    ]
    doc = {"kind": "doc", "number": None}
    issues = [{"kind": "issue", "number": n} for n in (4, 9, 5)]
    answers = [
        {"id": 5, "candidates": [doc, *issues], "took_ms": 10.0},
        {"id": 6, "candidates": issues, "took_ms": 30.0},
    ]
    assert told(cases, answers) == [
        "dev (1 queries): recall @1 1.000  @5 1.000  @10 1.000",
        "test (2 queries): recall @1 0.000  @5 0.500  @10 0.500",
        "2 answers: p50 20 ms, p95 29 ms",
    ]
    line = BatchQuery.model_validate(query(cases[0]))
    assert (line.id, line.number, line.before) == (5, 5, cases[0].thread.created_at)
