"""What every store must do, run over each of them; a real Qdrant server when QDRANT_URL is set."""

import os
import threading
from contextlib import contextmanager
from uuid import uuid4

import numpy as np
import pytest
from qdrant_client import QdrantClient

from indexer.edge_store import EdgeStore
from indexer.errors import StoreError, StoreMismatch
from indexer.remote_store import RemoteStore
from indexer.server_store import ServerStore
from indexer.settings import IndexSettings
from indexer.store import ChannelQuery, Point, SparseVector, Where
from indexer.store_rules import META_ID
from tests.fakes_store import DIMENSION, dense, fingerprint, local_socket, point, point_id, sparse

HERE = Where(repos=("o/r",))
MARK = fingerprint()
KINDS = ("edge", "remote", "memory", *(("server",) if "QDRANT_URL" in os.environ else ()))


@contextmanager
def opening(kind, folder):
    """A function that opens the same collection, each time anew."""
    if kind == "edge":
        yield lambda mark=MARK: EdgeStore.open(folder / "collection", mark)
    elif kind == "remote":
        behind = EdgeStore.open(folder / "collection", MARK)
        with local_socket(behind, folder) as socket:
            yield lambda mark=MARK: RemoteStore.open(socket, mark)
        behind.close()
    elif kind == "memory":
        client = Unclosing(":memory:")
        yield lambda mark=MARK: ServerStore.over(client, "contract", mark)
        QdrantClient.close(client)
    else:
        settings = IndexSettings(qdrant_collection=f"contract-{uuid4()}")
        yield lambda mark=MARK: ServerStore.open(settings, mark)
        key = settings.qdrant_api_key
        client = QdrantClient(url=settings.qdrant_url, api_key=key and key.get_secret_value())
        client.delete_collection(settings.qdrant_collection)
        client.close()


class Unclosing(QdrantClient):
    """A memory that outlives the store over it, as a server does."""

    def close(self, grpc_grace=None, **kwargs):
        pass


@pytest.fixture(params=KINDS)
def opener(request, tmp_path):
    """The way into a collection of this test's own."""
    with opening(request.param, tmp_path) as found:
        yield found


@pytest.fixture(params=KINDS, scope="module")
def shared(request, tmp_path_factory):
    with opening(request.param, tmp_path_factory.mktemp(request.param)) as found:
        store = found()
        store.kind = request.param
        yield store
        store.close()


@pytest.fixture
def kb(shared):
    """A collection without points; making one takes longer than emptying one."""
    for repo in shared.repos():
        shared.delete_where(Where((repo,)))
    return shared


def test_a_real_server_keeps_the_contract_too():
    if "server" not in KINDS:
        pytest.skip("QDRANT_URL is not set: the contract was not run over a real Qdrant server")
    assert KINDS.count("server") == 1


def names(points, *known):
    """Which of the known names the points or hits have, in their order."""
    by_id = {point_id(name): name for name in known}
    return [by_id.get(one.id, one.id) for one in points]


def ask(kb, channel, vector, where=HERE, **more):
    (hits,) = kb.query([ChannelQuery(channel, vector, where, **{"limit": 10, **more})])
    return hits


def test_an_empty_collection_answers_everything_with_nothing(kb):
    assert kb.count() == 0
    assert kb.repos() == {}
    assert kb.scroll(None, limit=10) == ([], None)
    assert kb.fetch([point_id("a")]) == []
    assert ask(kb, "text", dense(1)) == []
    assert ask(kb, "bm25", sparse(a=1)) == []
    kb.delete([point_id("a")])
    kb.delete_where(HERE)
    kb.flush()
    assert kb.query([]) == []
    assert kb.fingerprint == fingerprint()


def test_a_point_comes_back_as_it_was_written(kb):
    payload = {
        "number": 7,
        "created": 1_700_000_000,
        "hash": "0f" * 32,
        "said": "한글, 😀, \x00 and \u202e",
        "nothing": None,
        "yes": True,
        "share": 0.25,
        "nested": {"list": [1, "b", {"c": []}], "": ""},
        "big": 2**53 + 1,
    }
    written = point("a", text=dense(1, 2), title=dense(3), bm25=sparse(b=0.5, a=1.5), **payload)
    kb.upsert([written])
    (read,) = kb.fetch([written.id], vectors=True)
    assert read.id == written.id
    assert read.payload == {"repo": "o/r", "kind": "issue", **payload}
    assert set(read.vectors) == {"text", "title", "bm25"}
    for channel in ("text", "title"):
        assert read.vectors[channel].dtype == np.float32
        np.testing.assert_allclose(read.vectors[channel], written.vectors[channel], atol=2e-5)
    lexical = read.vectors["bm25"]
    assert dict(zip(lexical.indices, lexical.values, strict=True)) == {97: 1.5, 98: 0.5}


def test_fetch_keeps_the_order_asked_for_and_leaves_unknown_ids_out(kb):
    kb.upsert([point(name, number=number) for number, name in enumerate("abc")])
    found = kb.fetch([point_id(name) for name in "cxa"], fields=("number",))
    assert names(found, *"abc") == ["c", "a"]
    assert [one.payload for one in found] == [{"number": 2}, {"number": 0}]
    assert kb.fetch([point_id("a")], fields=())[0].payload == {}
    assert kb.fetch([point_id("a")])[0].vectors == {}


def test_an_id_is_one_in_any_spelling(kb):
    kb.upsert([Point(point_id("a").upper(), {}, {"repo": "o/r", "kind": "issue"})])
    assert [one.id for one in kb.fetch([point_id("a")])] == [point_id("a")]
    kb.delete([point_id("a").upper()])
    assert kb.count() == 0


def test_upsert_replaces_a_point_whole(kb):
    kb.upsert([point("a", text=dense(1), bm25=sparse(a=1), number=1, old="x")])
    kb.upsert([point("a", title=dense(1), number=2)])
    (read,) = kb.fetch([point_id("a")], vectors=True)
    assert set(read.vectors) == {"title"}
    assert read.payload == {"repo": "o/r", "kind": "issue", "number": 2}
    assert ask(kb, "text", dense(1)) == []
    assert ask(kb, "bm25", sparse(a=1)) == []
    assert kb.count() == 1


def test_the_last_of_several_points_with_one_id_counts(kb):
    kb.upsert([point("a", number=1), point("b", number=2), point("a", number=3)])
    assert [one.payload["number"] for one in kb.fetch([point_id("a")])] == [3]
    assert kb.count() == 2


def test_more_points_than_one_call_takes(kb):
    kb.upsert([point(number, number=number) for number in range(257)])
    assert kb.count() == 257
    ids = [point_id(number) for number in range(257)]
    assert [one.payload["number"] for one in kb.fetch(ids)] == list(range(257))
    kb.delete(ids[:150])
    assert kb.count() == 107


def test_dense_channels_rank_by_cosine_each_by_its_own_vector(kb):
    kb.upsert(
        [
            point("near", text=dense(1, 0.1), title=dense(0, 0, 1)),
            point("far", text=dense(0.1, 1), title=dense(1)),
            point("lexical", bm25=sparse(a=1)),
        ]
    )
    hits = ask(kb, "text", dense(1))
    assert names(hits, "near", "far", "lexical") == ["near", "far"]
    assert [hit.score for hit in hits] == pytest.approx(
        [1 / np.hypot(1, 0.1), 0.1 / np.hypot(1, 0.1)], abs=1e-5
    )
    assert names(ask(kb, "title", dense(1)), "near", "far") == ["far", "near"]


def test_bm25_counts_no_frequencies_of_its_own(kb):
    kb.upsert([point(i, bm25=sparse(a=1)) for i in range(6)] + [point("b", bm25=sparse(b=1))])
    assert [hit.score for hit in ask(kb, "bm25", sparse(a=0.5, b=0.25))] == [0.5] * 6 + [0.25]


def test_bm25_multiplies_the_weights_of_document_and_query(kb):
    kb.upsert([point("a", bm25=sparse(a=1)), point("aa", bm25=sparse(a=2, z=1))])
    once, twice = ask(kb, "bm25", sparse(a=1)), ask(kb, "bm25", sparse(a=2))
    assert names(once, "a", "aa") == ["aa", "a"]
    assert once[0].score == pytest.approx(2 * once[1].score, rel=1e-5)
    assert twice[0].score == pytest.approx(2 * once[0].score, rel=1e-5)
    assert ask(kb, "bm25", sparse(q=1)) == []
    assert ask(kb, "bm25", SparseVector((), ())) == []


def test_several_channels_are_answered_in_one_call_in_their_order(kb):
    kb.upsert(
        [
            point("a", text=dense(1), title=dense(0, 1), bm25=sparse(a=1), number=1),
            point("b", text=dense(0, 1), title=dense(1), number=2),
        ]
    )
    queries = [
        ChannelQuery("bm25", sparse(a=1), HERE, 5),
        ChannelQuery("title", dense(1), HERE, 1),
        ChannelQuery("text", dense(1), HERE, 5),
    ] * 4
    answers = kb.query(queries, ("number", "absent"))
    assert [names(hits, "a", "b") for hits in answers] == [["a"], ["b"], ["a", "b"]] * 4
    assert answers[1][0].payload == {"number": 2}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (HERE, "abcd"),
        (Where(("o/other",)), "e"),
        (Where(("o/r", "o/other")), "abcde"),
        (Where(("o/nothing",)), ""),
        (Where(("o/r",), kinds=("comment",)), "b"),
        (Where(("o/r",), kinds=("comment", "doc")), "bc"),
        (Where(("o/r",), numbers=(1,)), "ab"),
        (Where(("o/r",), numbers=(1, 4, 99)), "abd"),
        (Where(("o/r",), not_numbers=(1,)), "cd"),
        (Where(("o/r",), not_numbers=(1, 4)), "c"),
        (Where(("o/r",), created_before=100), ""),
        (Where(("o/r",), created_before=101), "a"),
        (Where(("o/r",), created_before=2**40), "abcd"),
        (Where(("o/r",), path="docs/a b.md"), "c"),
        (Where(("o/r",), signatures=("code:e0308",)), "ad"),
        (Where(("o/r",), signatures=("code:e0499", "type:keyerror")), "d"),
        (Where(("o/r",), signatures=("code:e03",)), ""),
        (Where(("o/r",), kinds=("issue",), numbers=(1, 4), created_before=150), "a"),
        (Where(("\ud800",)), ""),
        (Where(("o/r",), path="\ud800\x00"), ""),
    ],
)
def test_where_means_the_same_in_every_call(kb, where, expected):
    vectors = {"text": dense(1), "bm25": sparse(a=1)}
    kb.upsert(
        [
            point("a", number=1, created=100, signatures=["code:e0308"], **vectors),
            point("b", kind="comment", number=1, created=200, **vectors),
            point("c", kind="doc", created=300, path="docs/a b.md", **vectors),
            point(
                "d", number=4, created=400, signatures=["type:keyerror", "code:e0308"], **vectors
            ),
            point("e", repo="o/other", number=1, signatures=["code:e0308"], **vectors),
        ]
    )
    assert sorted(names(ask(kb, "text", dense(1), where), *"abcde")) == list(expected)
    assert sorted(names(ask(kb, "bm25", sparse(a=1), where), *"abcde")) == list(expected)
    assert sorted(names(kb.scroll(where, limit=10)[0], *"abcde")) == list(expected)
    assert kb.count(where) == len(expected)
    kb.delete_where(where)
    left = kb.scroll(None, limit=10)[0]
    assert sorted(names(left, *"abcde")) == sorted(set("abcde") - set(expected))


def test_points_without_the_field_are_not_created_before_anything(kb):
    kb.upsert([point("a", text=dense(1))])
    assert ask(kb, "text", dense(1), Where(("o/r",), created_before=2**40)) == []


@pytest.mark.parametrize("limit", [1, 7, 60, 200])
def test_equal_scores_come_in_the_order_of_ids_also_at_the_limit(kb, limit):
    points = [point(i, text=dense(1), bm25=sparse(a=1)) for i in range(120)]
    points += [point("best", text=dense(1), bm25=sparse(a=2))]
    kb.upsert(sorted(points, key=lambda one: one.id[::-1]))
    ids = sorted(one.id for one in points)
    assert [hit.id for hit in ask(kb, "text", dense(1), limit=limit)] == ids[:limit]
    best = point_id("best")
    expected = [best, *(one for one in ids if one != best)]
    assert [hit.id for hit in ask(kb, "bm25", sparse(a=1), limit=limit)] == expected[:limit]


def test_a_limit_of_nothing_finds_nothing(kb):
    kb.upsert([point("a", text=dense(1))])
    assert ask(kb, "text", dense(1), limit=0) == []


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 100])
def test_scroll_walks_through_all_points_in_the_order_of_their_ids(kb, limit):
    kb.upsert([point(i, number=i) for i in range(5)] + [point("x", repo="o/other")])
    seen, after, pages = [], None, 0
    while True:
        page, after = kb.scroll(HERE, limit=limit, after=after, fields=("number",))
        seen += page
        pages += 1
        assert len(page) <= limit
        if after is None:
            break
    assert [one.id for one in seen] == sorted(point_id(i) for i in range(5))
    assert all(set(one.payload) == {"number"} for one in seen)
    assert pages == -(-5 // limit)


def test_scroll_goes_on_after_a_point_that_was_deleted_meanwhile(kb):
    kb.upsert([point(i) for i in range(6)])
    ids = sorted(point_id(i) for i in range(6))
    page, after = kb.scroll(None, limit=3)
    kb.delete([ids[2], ids[3]])
    rest, end = kb.scroll(None, limit=3, after=after)
    assert [one.id for one in page] == ids[:3]
    assert ([one.id for one in rest], end) == (ids[4:], None)


def test_scroll_carries_vectors_and_payload_for_a_copy(kb):
    kb.upsert([point("a", text=dense(1), bm25=sparse(a=2), number=3)])
    ((only,), after) = kb.scroll(None, limit=5, vectors=True)
    assert after is None
    np.testing.assert_allclose(only.vectors["text"], dense(1), atol=1e-6)
    assert only.vectors["bm25"] == sparse(a=2)
    assert only.payload == {"repo": "o/r", "kind": "issue", "number": 3}


def test_repos_counts_the_points_of_each(kb):
    kb.upsert([point(i) for i in range(3)] + [point("x", repo="o/other"), point("y", repo="z/z")])
    assert kb.repos() == {"o/r": 3, "o/other": 1, "z/z": 1}
    kb.delete_where(Where(("o/r",)))
    assert kb.repos() == {"o/other": 1, "z/z": 1}


def test_the_fingerprint_is_seen_by_no_call_and_survives_all_of_them(opener):
    kb = opener()
    kb.upsert([point("a")])
    assert kb.fetch([META_ID]) == []
    assert [one.id for one in kb.scroll(None, limit=10)[0]] == [point_id("a")]
    assert kb.count() == 1
    kb.delete([META_ID, point_id("a")])
    kb.delete_where(Where(("o/r",), kinds=("meta",)))
    with pytest.raises(ValueError, match="reserved"):
        kb.upsert([Point(META_ID, {}, {"repo": "o/r"})])
    kb.close()
    opener().close()


def test_what_was_written_is_there_when_opened_again(opener):
    first = opener()
    first.upsert([point("a", text=dense(1), number=1)])
    first.close()
    again = opener()
    assert again.fetch([point_id("a")])[0].payload["number"] == 1
    assert names(ask(again, "text", dense(1)), "a") == ["a"]
    again.close()


def test_another_fingerprint_is_refused_with_what_differs_and_how_to_rebuild(opener):
    kb = opener()
    kb.upsert([point("a")])
    kb.close()
    for change, said in [
        ({"model": "other"}, "model toy, now other"),
        ({"dimension": 4}, "dimension 8, now 4"),
        (
            {"files": {"model.onnx": "cc", "tokenizer.json": "bb"}},
            "version of the model's model.onnx",
        ),
        ({"pipeline": 2}, "pipeline version 1, now 2"),
    ]:
        with pytest.raises(StoreMismatch, match=said) as caught:
            opener(fingerprint(**change))
        assert "intern backfill" in str(caught.value)
        assert "delete" in str(caught.value)
    again = opener()
    assert again.count() == 1
    again.close()


@pytest.mark.parametrize(
    "bad",
    [
        Point("not a uuid"),
        Point(point_id("a"), {"text": np.ones(DIMENSION + 1, np.float32)}),
        Point(point_id("a"), {"text": np.full(DIMENSION, np.nan, np.float32)}),
        Point(point_id("a"), {"title": np.full(DIMENSION, np.inf, np.float32)}),
        Point(point_id("a"), {"bm25": dense(1)}),
        Point(point_id("a"), {"text": sparse(a=1)}),
        Point(point_id("a"), {"image": dense(1)}),
        Point(point_id("a"), {"bm25": SparseVector((1, 1), (1.0, 2.0))}),
        Point(point_id("a"), {"bm25": SparseVector((1, 2), (1.0,))}),
        Point(point_id("a"), {"bm25": SparseVector((-1,), (1.0,))}),
        Point(point_id("a"), {"bm25": SparseVector((2**32,), (1.0,))}),
        Point(point_id("a"), {"bm25": SparseVector((1,), (float("nan"),))}),
        Point(point_id("a"), {}, {"share": float("nan")}),
        Point(point_id("a"), {}, {"when": object()}),
    ],
)
def test_a_point_that_breaks_the_rules_is_refused_and_nothing_is_written(kb, bad):
    with pytest.raises(ValueError):
        kb.upsert([*(point(i) for i in range(150)), bad])
    assert kb.count() == 0


def test_a_query_that_breaks_the_rules_is_refused(kb):
    with pytest.raises(ValueError):
        ask(kb, "text", np.ones(3, np.float32))
    with pytest.raises(ValueError):
        ask(kb, "title", np.full(DIMENSION, np.nan, np.float32))
    with pytest.raises(ValueError):
        ask(kb, "bm25", dense(1))
    with pytest.raises(ValueError):
        kb.fetch(["7"])


def test_lone_surrogates_do_no_harm(kb):
    kb.upsert([point("a", text=dense(1), body="a\ud800b", nested=[{"\udfff": "\ud83d"}])])
    (read,) = kb.fetch([point_id("a")])
    assert read.payload["body"] == "a?b"
    assert read.payload["nested"] == [{"?": "?"}]


def test_very_long_texts_and_many_tokens(kb):
    body = "한글 and 😀 " * 100_000
    many = SparseVector(tuple(range(0, 2**32, 2**20)), (1.0,) * 4096)
    kb.upsert([point("a", bm25=many, thread=body)])
    assert kb.fetch([point_id("a")])[0].payload["thread"] == body
    assert names(ask(kb, "bm25", SparseVector((0, 2**32 - 2**20), (1.0, 1.0))), "a") == ["a"]


def test_a_payload_may_say_anything(kb):
    payload = {"vectors": {"text": 3}, "$f32": [0, 1], "a.b": {"c": 1}, "repo ": [[]], "7": -1}
    kb.upsert([point("a", **payload)])
    assert kb.fetch([point_id("a")])[0].payload == {"repo": "o/r", "kind": "issue", **payload}


def test_many_threads_write_and_read_at_once(kb):
    workers = 1 if kb.kind == "memory" else 6  # the client's memory is made for one thread
    failures = []

    def work(worker):
        try:
            for step in range(8):
                kb.upsert([point((worker, step, i), number=worker) for i in range(10)])
                kb.delete([point_id((worker, step, 0))])
                ask(kb, "text", dense(1))
        except Exception as error:  # noqa: BLE001 - handed to the test
            failures.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert kb.count() == workers * 8 * 9


def test_a_closed_store_says_so(opener):
    kb = opener()
    kb.close()
    kb.close()
    with pytest.raises(StoreError, match="closed"):
        kb.count()
