from collections import Counter

import pytest

from indexer.resolution import resolve
from indexer.threads import Ending
from tests.benchmarks.endings import Judged, macro_f1, same_passage, scores
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
