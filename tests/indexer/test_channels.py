import numpy as np
import pytest

from indexer.channels import CHANNELS, POOL, TITLE_BOOST, boosted, pool_of
from indexer.store import Hit, SparseVector

DAY = 86400
NOW = 1000 * DAY


def hit(number, score, *, repo="o/r", created=NOW - DAY):
    return Hit(f"id{number}", score, {"repo": repo, "number": number, "created": created})


def answers(**channels):
    return [channels.get(name, []) for name in CHANNELS]


def test_title_words_are_boosted():
    both = boosted(SparseVector((3,), (1.0,)), SparseVector((1, 3), (1.0, 1.0)))
    assert both == SparseVector((1, 3), (1.0, 1.0 + TITLE_BOOST))


def test_what_several_channels_find_comes_before_what_one_finds():
    found = pool_of(
        answers(
            bm25=[hit(1, 9.0), hit(2, 8.9), hit(3, 1.0)],
            text=[hit(2, 0.9), hit(4, 0.5)],
            title=[hit(2, 0.9), hit(5, 0.5)],
        ),
        NOW,
    )
    assert found[0].key == ("o/r", 2)
    assert {f.key[1] for f in found} == {1, 2, 3, 4, 5}
    assert found[0].scores == {"bm25": 8.9, "text": 0.9, "title": 0.9}


def test_comments_of_a_thread_count_as_their_best_one():
    found = pool_of(answers(comments=[hit(1, 2.0), hit(1, 7.0), hit(2, 5.0)]), NOW)
    assert [(f.key[1], f.scores["comments"]) for f in found] == [(1, 7.0), (2, 5.0)]


def test_of_equals_the_younger_comes_first():
    found = pool_of(answers(bm25=[hit(1, 5.0, created=NOW - 900 * DAY), hit(2, 5.0)]), NOW)
    assert [f.key[1] for f in found] == [2, 1]


def test_equal_numbers_of_two_repositories_are_two_threads():
    found = pool_of(answers(bm25=[hit(1, 5.0), hit(1, 4.0, repo="o/two")]), NOW)
    assert [f.key for f in found] == [("o/r", 1), ("o/two", 1)]


def test_what_is_excluded_and_channels_without_weight_are_left_out():
    found = pool_of(
        answers(bm25=[hit(1, 5.0), hit(2, 4.0)], text=[hit(3, 0.9)]),
        NOW,
        frozenset({("o/r", 1)}),
        {"bm25": 1.0},
    )
    assert [f.key[1] for f in found] == [2]


def test_the_pool_is_bounded_and_its_order_does_not_depend_on_that_of_the_hits():
    hits = [hit(number, 1.0) for number in range(1, 300)]
    found = pool_of(answers(bm25=hits), NOW)
    assert len(found) == POOL
    assert [f.key for f in found] == [f.key for f in pool_of(answers(bm25=hits[::-1]), NOW)]


def test_nothing_found_is_an_empty_pool():
    assert pool_of(answers(), NOW) == []


@pytest.mark.parametrize("score", [0.0, 1e-12, 1e9])
def test_a_single_hit_has_a_finite_score(score):
    assert np.isfinite(pool_of(answers(text=[hit(1, score)]), NOW)[0].fused)
