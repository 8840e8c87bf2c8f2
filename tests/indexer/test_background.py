from datetime import timedelta

import numpy as np
import pytest

from indexer.background import FRESH_SECONDS, KEPT, SMALL_FRESH_SECONDS, Backgrounds, Sample
from indexer.edge_store import EdgeStore
from indexer.indexing import index_threads
from tests.fakes_embedding import ToyEmbedder
from tests.fakes_search import BM25, NOW, background, thread

REPO = "tidepool/harbor"
THREADS = [
    thread(1, "tide table", days=40),
    thread(2, "tide gauge", days=30),
    thread(3, "compass rose", days=20),
]


def tokens(text):
    return np.array(BM25.query(text, "").indices, np.int64)


def idf(found, word):
    return float(found.idf(tokens(word))[0])


def test_rare_words_tell_more_and_unknown_ones_most():
    found = background(THREADS)
    assert idf(found, "tide") < idf(found, "compass") < idf(found, "radar")


def test_the_weights_are_those_of_the_store():
    assert idf(background(THREADS), "tide") == pytest.approx(np.log((3 - 2 + 0.5) / 2.5 + 1))


def test_what_was_opened_later_does_not_count():
    then = background(THREADS, NOW - timedelta(days=25))
    assert then.size == 2
    assert idf(then, "compass") == idf(then, "radar")
    assert background(THREADS, NOW - timedelta(days=400)).size == 0


def test_the_spread_of_then_is_that_of_then():
    many = [thread(i, f"word{i} tide", days=500 - i) for i in range(1, 200)]
    moment = NOW - timedelta(days=400)
    before = [t for t in many if t.created_at < moment]
    then, alone = background(many, moment), background(before)
    assert then.size == alone.size == 99
    later = [*before, *(thread(1000 + i, "zebra " * 5, days=1) for i in range(300))]
    assert np.array_equal(
        background(later, moment).spreads["text"].centre, then.spreads["text"].centre
    )


def test_without_issues_every_word_tells_the_same():
    assert idf(background([]), "tide") == pytest.approx(np.log(2))


@pytest.fixture(name="kb")
def make_kb(tmp_path):
    toy = ToyEmbedder()
    kb = EdgeStore.open(tmp_path, toy.fingerprint)
    index_threads(kb, toy, REPO, THREADS)
    index_threads(kb, toy, "tidepool/charts", [thread(9, "compass compass")])
    yield kb
    kb.close()


def test_a_sample_is_kept_for_a_while_and_then_taken_anew(kb):
    now = [0.0]
    backgrounds = Backgrounds(kb, 32, clock=lambda: now[0])
    assert backgrounds.of((REPO,), None).size == 3
    index_threads(kb, ToyEmbedder(), REPO, [thread(4, "radar")])
    assert backgrounds.of((REPO,), None).size == 3
    now[0] = SMALL_FRESH_SECONDS + 1
    assert backgrounds.of((REPO,), None).size == 4
    assert SMALL_FRESH_SECONDS < FRESH_SECONDS


def test_each_set_of_repositories_has_its_own(kb):
    backgrounds = Backgrounds(kb, 32)
    assert backgrounds.of((REPO,), None).size == 3
    assert backgrounds.of((REPO, "tidepool/charts"), None).size == 4
    assert backgrounds.of(("tidepool/nothing",), None).size == 0


def test_of_many_repositories_the_latest_samples_are_kept(kb):
    now = [0.0]
    backgrounds = Backgrounds(kb, 32, clock=lambda: now[0])
    for number in range(KEPT + 3):
        now[0] = number
        backgrounds.of((f"o/r{number}",), None)
    assert list(backgrounds._samples) == [(f"o/r{n}",) for n in range(3, KEPT + 3)]


def test_it_counts_who_has_an_error_as_of_a_moment():
    sample = Sample(
        [30, 10, 20], [(), (), ()], {}, errors=[["code:epipe"], ["code:epipe"], ["code:enospc"]]
    )
    assert sample.as_of(None).with_error("code:epipe") == 2
    assert sample.as_of(25).with_error("code:epipe") == 1
    assert sample.as_of(None).with_error("code:other") == 0
