from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import StoreMismatch
from indexer.store import ChannelQuery, Hit, Point, Where
from indexer.store_rules import (
    check_fingerprint,
    checked_points,
    clean_json,
    conditions,
    fingerprint_json,
    fingerprint_of,
    page_of,
    settled,
)
from tests.fakes_store import DIMENSION, dense, fingerprint, point_id


class Engine:
    """Answers with given scores, equal ones in an order of its own, and counts the questions."""

    def __init__(self, scores):
        self.scores = scores
        self.asked = []

    def __call__(self, queries):
        self.asked.append([query.limit for query in queries])
        found = sorted(self.scores.items(), key=lambda one: (-one[1], one[0][::-1]))
        hits = [Hit(identity, score, {}) for identity, score in found]
        return [hits[: query.limit] for query in queries]


def query(limit):
    return ChannelQuery("text", dense(1), Where(("o/r",)), limit)


def test_equal_scores_are_settled_by_id_however_many_there_are():
    engine = Engine({f"{i:04}": 1.0 for i in range(300)} | {"best": 2.0})
    (hits,) = settled([query(10)], engine)
    assert [hit.id for hit in hits] == ["best", *(f"{i:04}" for i in range(9))]
    assert engine.asked == [[26], [266], [4106]]


def test_one_question_is_enough_where_scores_differ():
    engine = Engine({f"{i:04}": float(i) for i in range(300)})
    answers = settled([query(10), query(3)], engine)
    assert [len(hits) for hits in answers] == [10, 3]
    assert engine.asked == [[26, 19]]


def test_only_the_undecided_query_is_asked_again():
    engine = Engine(
        {f"a{i:04}": 10.0 - i for i in range(10)} | {f"b{i:04}": 0.0 for i in range(90)}
    )
    settled([query(2), query(20), query(0)], engine)
    assert engine.asked == [[18, 36], [276]]


def test_a_page_and_what_comes_after():
    points = [Point(name) for name in "abcde"]
    assert page_of(points[:4], None, 2) == (points[:2], "b")
    assert page_of(points[1:5], "b", 2) == (points[2:4], "d")
    assert page_of(points[3:], "d", 2) == (points[4:], None)
    assert page_of([], None, 2) == ([], None)


def test_conditions_hold_every_field_of_where():
    where = Where(("o/r",), ("issue",), (1, 2), (3,), 99, "README.md")
    assert conditions(where) == (
        {"repo": ["o/r"], "kind": ["issue"], "number": [1, 2], "path": ["README.md"]},
        {"number": [3]},
        99,
    )


def test_where_without_a_repository_cannot_be():
    with pytest.raises(ValueError, match="repos"):
        Where(())


@settings(deadline=None, max_examples=50)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters()),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    )
)
def test_any_json_becomes_encodable(value):
    assert repr(clean_json(value)).encode("utf-8").decode("utf-8") == repr(clean_json(value))


@pytest.mark.parametrize("value", [float("inf"), b"bytes", {1, 2}, object()])
def test_what_json_has_no_word_for_is_refused(value):
    with pytest.raises(ValueError, match="JSON"):
        clean_json({"deep": [value]})


def test_vectors_are_made_contiguous_single_precision():
    wide = dense(1, 2).astype("float64")
    (point,) = checked_points([Point(point_id("a"), {"text": wide})], DIMENSION)
    assert point.vectors["text"].dtype == "float32"


def test_a_fingerprint_survives_json():
    assert fingerprint_of(fingerprint_json(fingerprint())) == fingerprint()
    for broken in ({}, {"model": "m", "dimension": None, "files": {}, "pipeline": 1}, {"files": 1}):
        with pytest.raises(ValueError, match="no fingerprint"):
            fingerprint_of({**fingerprint_json(fingerprint()), **broken} if broken else {})


def test_a_mismatch_tells_everything_that_differs():
    wanted = replace(fingerprint(pipeline=3), files={"model.onnx": "aa", "vocab.txt": "cc"})
    with pytest.raises(StoreMismatch) as caught:
        check_fingerprint(fingerprint(), wanted, place="here", rebuild="delete it")
    text = str(caught.value)
    assert "tokenizer.json, vocab.txt" in text
    assert "pipeline version 1, now 3" in text
    assert "set EMBEDDING_MODEL or EMBEDDING_MODEL_PATH back, or delete it" in text
    assert "delete it and run `intern backfill`" in text
    with pytest.raises(StoreMismatch) as caught:
        check_fingerprint(fingerprint(), fingerprint(pipeline=3), place="here", rebuild="delete it")
    assert "EMBEDDING_MODEL" not in str(caught.value)
    check_fingerprint(fingerprint(), fingerprint(), place="here", rebuild="delete it")
