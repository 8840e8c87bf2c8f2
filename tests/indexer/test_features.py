from datetime import timedelta

import numpy as np
import pytest

from indexer import features
from indexer.features import FEATURES, features_of
from indexer.threads import Comment
from tests.fakes_search import NOW, asked, pool, thread

PANIC = "thread 'main' panicked at 'tide table is empty', src/tables.rs:40:9"
OTHERS = [
    thread(10 + i, f"{word} does not open on startup", f"The {word} window stays blank.")
    for i, word in enumerate(("chart", "compass", "radar", "log", "route", "weather", "alarm"))
]
SAME = thread(1, "Crash when tide table is empty", f"Opening a station ends with\n{PANIC}")
ODD = thread(2, "Printing cuts off the legend", "The right edge is missing on paper.")
QUERY = asked("Crash when tide table is empty", f"Opening a station ends with\n{PANIC}")
POOL = pool(QUERY, [SAME, ODD, *OTHERS])


def test_every_feature_has_a_finite_value_for_each_thread_and_a_sentence_that_explains_it():
    found = features_of(POOL)
    assert set(found) == set(FEATURES)
    for name, values in found.items():
        assert values.shape == (len(POOL.threads),), name
        assert np.isfinite(values).all(), name
        assert FEATURES[name].__doc__


@pytest.mark.parametrize(
    "function",
    [
        features.bm25_ratio,
        features.title_overlap,
        features.title_covered,
        features.title_covers,
        features.word_cosine,
        features.text_nearness,
        features.title_nearness,
    ],
)
def test_a_thread_that_says_the_same_has_one(function):
    values = function(POOL)
    assert values[0] == pytest.approx(1, abs=1e-5)
    assert (values[1:] < 0.7).all()


def test_a_shared_rare_word_counts_more_than_a_shared_common_one():
    usual = [thread(i, f"window {i} stays blank") for i in range(1, 30)]
    rare, common = thread(50, "radar upside"), thread(51, "window upside")
    both = pool(asked("radar window"), [rare, common], usual)
    for function in (features.title_overlap, features.title_covered, features.rarest_shared):
        values = function(both)
        assert values[0] > values[1] > 0, function.__name__


def test_a_title_can_be_covered_by_a_body():
    found = features.title_covered(
        pool(asked("tide table"), [thread(1, "Crash", "The tide table of a station"), ODD], OTHERS)
    )
    assert found[0] == pytest.approx(1)
    assert found[1] == 0


def test_a_threads_title_can_stand_in_the_querys_body():
    query = asked("Crash", "It happens with the tide table only")
    found = features.title_covers(pool(query, [thread(1, "Tide table"), ODD], OTHERS))
    assert found[0] == pytest.approx(1)
    assert found[1] == 0


def test_the_best_comment_is_set_against_a_perfect_match():
    query = asked("tide table")
    found = features.comment_ratio(pool(query, [SAME, ODD], OTHERS, [4.0, 0.0]))
    assert found[0] > 0
    assert found[1] == 0


def test_shared_errors_count_and_frames_count_less():
    other = thread(3, "Also", f"Mine:\n{PANIC}")
    found = features.shared_signatures(pool(QUERY, [other, ODD]))
    assert found[0] >= np.log(2)
    assert found[1] == 0
    frame = "  4: harbor::tables::first_row"
    framed = features.shared_signatures(pool(asked("x", frame), [thread(4, "y", frame)]))
    assert 0 < framed[0] < np.log(2)


def test_age_and_quiet_are_told_apart_by_the_last_comment():
    lively = thread(
        1,
        "Tide",
        days=700,
        comments=(Comment(author="mira", body="Still so.", created_at=NOW - timedelta(days=7)),),
    )
    both = pool(asked("Tide"), [lively, thread(2, "Tide", days=700)])
    assert features.age(both)[0] == features.age(both)[1] == pytest.approx(np.log1p(100))
    assert features.quiet(both)[0] == pytest.approx(np.log1p(1))
    assert features.quiet(both)[1] == pytest.approx(np.log1p(100))
    assert features.comments(both).tolist() == [np.log1p(1), 0]


def test_open_and_closed_are_told_apart():
    both = pool(asked("Tide"), [thread(1, "Tide"), thread(2, "Tide", closed_at=NOW - timedelta(1))])
    assert features.is_open(both).tolist() == [1.0, 0.0]


def test_a_query_of_stopwords_and_an_empty_thread_have_features():
    for query in (asked("the of and"), asked("조수")):
        found = features_of(pool(query, [thread(1, ""), thread(2, "the")], []))
        assert all(np.isfinite(values).all() for values in found.values())


def test_small_and_large_repositories_see_alike():
    small = features_of(pool(QUERY, [SAME, ODD], OTHERS))
    large = features_of(pool(QUERY, [SAME, ODD], OTHERS * 40))
    for name in ("bm25_ratio", "title_covered", "title_overlap"):
        assert small[name][0] == pytest.approx(large[name][0], abs=0.2), name
