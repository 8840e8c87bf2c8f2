import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import StoreBusy, StoreError, StoreMismatch, StoreUnavailable
from indexer.store import ChannelQuery, Hit, Point, SparseVector, Where
from indexer.store_wire import (
    Incoming,
    Outgoing,
    error_message,
    error_of,
    hits_json,
    hits_of,
    where_json,
    where_of,
)
from tests.fakes_store import dense, point, sparse


def through(points):
    call = Outgoing()
    reply = Incoming(call.message(call.points(points)))
    return reply.points(reply.document)


def test_points_arrive_as_they_were_sent_with_raw_vectors():
    sent = [
        point("a", text=dense(1, 3), title=dense(2), bm25=sparse(a=0.1, b=1e-9), body="한글 \x00"),
        point("b"),
        point("c", title=dense(0, 1)),
    ]
    received = through(sent)
    for one, other in zip(sent, received, strict=True):
        assert (one.id, one.payload) == (other.id, other.payload)
        assert list(one.vectors) == list(other.vectors)
        for channel, vector in one.vectors.items():
            if isinstance(vector, SparseVector):
                assert other.vectors[channel] == vector
            else:
                assert other.vectors[channel].dtype == np.float32
                assert other.vectors[channel].tobytes() == vector.tobytes()


def test_received_vectors_can_be_written_to():
    (received,) = through([point("a", text=dense(1))])
    received.vectors["text"][0] = 0.25
    assert received.vectors["text"][0] == 0.25


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.text(st.characters()), st.text(st.characters()) | st.integers()))
def test_any_payload_arrives(payload):
    assert through([Point("x", {}, payload)])[0].payload == payload


def test_queries_and_wheres_arrive():
    where = Where(("o/r", "z/z"), ("issue",), (1,), (2, 3), 77, "docs/a.md", ("code:e0308",))
    queries = [
        ChannelQuery("bm25", sparse(a=1), where, 5),
        ChannelQuery("bm25", SparseVector((), ()), where, 1),
    ]
    call = Outgoing()
    reply = Incoming(call.message(call.queries(queries)))
    assert reply.queries(reply.document) == queries
    assert where_of(where_json(None)) is None


def test_hits_arrive():
    hits = [[Hit("a", 0.1 + 0.2, {"number": 3})], []]
    assert hits_of(hits_json(hits)) == hits


@pytest.mark.parametrize(
    "error",
    [
        StoreError("a"),
        StoreBusy("process 7 has it"),
        StoreMismatch("b"),
        StoreUnavailable("full"),
        ValueError("not a number"),
    ],
)
def test_errors_come_back_as_the_same_class(error):
    received = error_of(error_message(error))
    assert type(received) is type(error)
    assert str(received) == str(error)


@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 7, b"\xff" * 8, Outgoing().message({})[:-1], b"\x00" * 8 + b"abc"]
)
def test_a_cut_message_is_refused(data):
    with pytest.raises(ValueError):
        Incoming(data)


def test_a_message_without_its_vectors_is_refused():
    call = Outgoing()
    message = call.message(call.points([point("a", text=dense(1))]))
    reply = Incoming(message[:-8])
    with pytest.raises(ValueError, match="fewer vectors"):
        reply.points(reply.document)
