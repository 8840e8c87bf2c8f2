import pytest

from indexer.chunking import thread_passages
from indexer.doc_indexing import StoredFiles, index_releases
from indexer.edge_store import EdgeStore
from indexer.errors import StoreUnavailable
from indexer.indexing import delete_thread, index_threads, stored_threads
from indexer.store import Where
from indexer.threads import DocSection
from tests.fakes_embedding import TOY_FINGERPRINT, ToyEmbedder
from tests.fakes_threads import START, comment, day, release, thread

REPO = "o/r"
ALL = Where((REPO,))


@pytest.fixture
def kb(tmp_path):
    store = EdgeStore.open(tmp_path / "collection", TOY_FINGERPRINT)
    yield store
    store.close()


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    """Few threads suffice to have several batches on their way."""
    monkeypatch.setattr("indexer.indexing.BATCH", 8)
    monkeypatch.setattr("indexer.indexing.LOOKUP", 20)


@pytest.fixture
def embedder():
    return ToyEmbedder()


def contents(kb):
    points, _ = kb.scroll(None, limit=10_000, vectors=True)
    return {
        p.id: (dict(p.payload), {k: repr(v) for k, v in sorted(p.vectors.items())}) for p in points
    }


def history(count=30):
    return [
        thread(n, comment(f"Raise the limit of parts in {n}."), comment("Thanks, it works!", at=2))
        for n in range(1, count + 1)
    ]


def test_a_reaction_is_no_reason_to_write_a_thread_again(kb, embedder):
    liked = thread(1).model_copy(update={"reactions": 2})
    assert index_threads(kb, embedder, REPO, [liked]).indexed == 1
    assert next(stored_threads(kb, REPO)).reactions == 2
    for count in (0, 3):
        again = liked.model_copy(update={"reactions": count})
        assert index_threads(kb, embedder, REPO, [again]).unchanged == 1
    edited = liked.model_copy(update={"title": "Another", "reactions": 4})
    assert index_threads(kb, embedder, REPO, [edited]).indexed == 1
    assert next(stored_threads(kb, REPO)).reactions == 4


def test_threads_are_written_once_and_found_again(kb, embedder):
    told = []
    report = index_threads(kb, embedder, REPO, history(), on_progress=told.append)
    assert (report.indexed, report.unchanged, report.points) == (30, 0, 90)
    assert kb.count(ALL) == 90
    assert [r.seen for r in told] == sorted(r.seen for r in told)
    assert told[-1].seen == 30
    expected = {p.id for t in history() for p in thread_passages(REPO, t)}
    assert set(contents(kb)) == expected


def test_unchanged_threads_cost_nothing(kb, embedder):
    index_threads(kb, embedder, REPO, history())
    before = contents(kb)
    embedder.calls.clear()
    report = index_threads(kb, embedder, REPO, history())
    assert (report.indexed, report.unchanged) == (0, 30)
    assert embedder.calls == []
    assert contents(kb) == before


def test_what_is_secret_is_neither_stored_nor_embedded(tmp_path, kb, embedder):
    told = thread(1, comment("With DB_PASSWORD=swordfish it works."), title="Key of mira@t.example")
    page = section("Ask mira@t.example, DB_PASSWORD=swordfish")
    index_threads(kb, embedder, REPO, [told])
    StoredFiles(kb, embedder, REPO).write({page.path: [page]})
    index_releases(kb, embedder, REPO, [release("v1", "Thanks to mira@t.example")])
    kb.flush()
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert any(b"[secret] it works" in data for data in files)
    for secret in ("swordfish", "mira@"):
        assert secret not in repr(embedder.calls)
        assert not any(secret.encode() in data for data in files)
    assert index_threads(kb, embedder, REPO, [told]).unchanged == 1
    assert StoredFiles(kb, embedder, REPO).write({page.path: [page]}).unchanged == 1


def test_a_changed_thread_loses_its_stale_passages(kb, embedder):
    index_threads(kb, embedder, REPO, history(3))
    shorter = thread(2, comment("Raise the limit of parts in 2."), body="It is fixed.")
    report = index_threads(kb, embedder, REPO, [shorter])
    assert (report.indexed, report.points, report.removed) == (1, 2, 1)
    assert list(stored_threads(kb, REPO)) == [history(3)[0], shorter, history(3)[2]]
    assert kb.count(Where((REPO,), kinds=("comment",), numbers=(2,))) == 1


def test_a_new_comment_embeds_nothing_again(kb, embedder):
    index_threads(kb, embedder, REPO, [thread(1)])
    vectors = [v for _, v in contents(kb).values()]
    embedder.calls.clear()
    index_threads(kb, embedder, REPO, [thread(1, comment("A new thought on this."))])
    assert embedder.calls == []
    assert kb.count(ALL) == 2
    assert vectors[0] in [v for _, v in contents(kb).values()]


def test_other_template_lines_index_anew(kb, embedder):
    index_threads(kb, embedder, REPO, [thread(1)])
    report = index_threads(kb, embedder, REPO, [thread(1)], frozenset({"it stops in part 1."}))
    assert report.indexed == 1
    assert "It stops" not in embedder.calls[-1][0]


def test_of_one_number_twice_the_last_counts(kb, embedder):
    old = [thread(1, body=f"Version {n}") for n in range(3)]
    report = index_threads(kb, embedder, REPO, [*old, *history()[1:], thread(1, body="Last")])
    assert next(stored_threads(kb, REPO)).body == "Last"
    assert report.seen == 33
    assert kb.count(ALL) == 1 + 29 * 3


def test_repositories_do_not_touch_each_other(kb, embedder):
    index_threads(kb, embedder, REPO, history(2))
    index_threads(kb, embedder, "O/Other", history(2))
    delete_thread(kb, REPO, 1)
    assert kb.repos() == {REPO: 3, "o/other": 6}
    assert [t.number for t in stored_threads(kb, "o/other")] == [1, 2]


class BreaksAfter:
    """A knowledge base that fails at its nth write."""

    def __init__(self, kb, writes):
        self._kb = kb
        self._left = writes

    def __getattr__(self, name):
        return getattr(self._kb, name)

    def upsert(self, points):
        if self._left == 0:
            raise StoreUnavailable("The disk is full.")
        self._left -= 1
        self._kb.upsert(points)


@pytest.mark.parametrize("writes", range(6))
def test_stopping_anywhere_and_starting_again_ends_the_same(tmp_path, embedder, writes):
    clean = EdgeStore.open(tmp_path / "clean", TOY_FINGERPRINT)
    broken = EdgeStore.open(tmp_path / "broken", TOY_FINGERPRINT)
    index_threads(clean, embedder, REPO, history())
    with pytest.raises(StoreUnavailable):
        index_threads(BreaksAfter(broken, writes), embedder, REPO, history())
    index_threads(broken, embedder, REPO, history())
    assert contents(broken) == contents(clean)
    for store in (clean, broken):
        store.close()


def test_hostile_threads_are_indexed(kb, embedder):
    bodies = ["", "\x00", "한" * 65_536, "<!--" * 16_000, "💥" * 20_000, "\ufffd" * 9, "a" * 65_536]
    threads = [
        thread(n, comment(body), title=body[:256], body=body) for n, body in enumerate(bodies, 1)
    ]
    assert index_threads(kb, embedder, REPO, threads).indexed == len(bodies)
    assert [t.body for t in stored_threads(kb, REPO)] == [t.body for t in threads]


def section(text, path="README.md"):
    url = "https://github.com/o/r/blob/c/README.md"
    return DocSection(path=path, headings=("Setup",), text=text, url=url, updated_at=START)


def test_an_older_version_never_replaces_a_newer_one(kb, embedder):
    newer = thread(1, title="As it is now", updated_at=day(9))
    index_threads(kb, embedder, REPO, [newer])
    embedder.calls.clear()
    report = index_threads(kb, embedder, REPO, [thread(1, updated_at=day(8))])
    assert (report.indexed, report.unchanged, embedder.calls) == (0, 1, [])
    assert list(stored_threads(kb, REPO)) == [newer]
    index_threads(kb, embedder, REPO, [thread(1, title="Later still", updated_at=day(9.5))])
    assert [t.title for t in stored_threads(kb, REPO)] == ["Later still"]


def test_a_version_without_a_time_of_update_counts_when_it_comes(kb, embedder):
    index_threads(kb, embedder, REPO, [thread(1, updated_at=day(9))])
    index_threads(kb, embedder, REPO, [thread(1, title="From a file")])
    assert [t.title for t in stored_threads(kb, REPO)] == ["From a file"]
    index_threads(kb, embedder, REPO, [thread(1, updated_at=day(1))])
    assert [t.title for t in stored_threads(kb, REPO)] == ["Packing fails 1"]


def test_what_is_overtaken_while_it_is_embedded_is_not_written(kb):
    newer = thread(2, comment("The answer is in the manual.", at=3), updated_at=day(9))

    class Slow(ToyEmbedder):
        def embed(self, texts):
            if not self.calls:
                self.calls.append([])
                index_threads(kb, ToyEmbedder(), REPO, [newer])
            return super().embed(texts)

    index_threads(kb, Slow(), REPO, [thread(n, updated_at=day(8)) for n in (1, 2)])
    assert [t.updated_at for t in stored_threads(kb, REPO)] == [day(8), day(9)]
    assert kb.count(Where((REPO,), kinds=("comment",), numbers=(2,))) == 1
