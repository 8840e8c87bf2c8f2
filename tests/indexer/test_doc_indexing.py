"""Files, releases and discussions made equal to what a repository has."""

import pytest

from indexer.doc_indexing import StoredFiles, index_discussions, index_releases
from indexer.edge_store import EdgeStore
from indexer.errors import StoreUnavailable
from indexer.store import Where
from indexer.threads import Discussion, DocSection
from tests.fakes_embedding import TOY_FINGERPRINT, ToyEmbedder
from tests.fakes_threads import START, release

REPO = "o/r"


@pytest.fixture
def kb(tmp_path):
    store = EdgeStore.open(tmp_path / "collection", TOY_FINGERPRINT)
    yield store
    store.close()


@pytest.fixture
def embedder():
    return ToyEmbedder()


@pytest.fixture
def look(kb, embedder):
    return lambda: StoredFiles(kb, embedder, REPO)


def sections(path, *texts, blob="b1"):
    url = f"https://github.com/o/r/blob/c/{path}"
    return {
        path: [
            DocSection(
                path=path,
                headings=(f"Part {number}",),
                text=text,
                url=url,
                updated_at=START,
                blob=blob,
            )
            for number, text in enumerate(texts)
        ]
    }


def texts(kb):
    points, _ = kb.scroll(Where((REPO,), kinds=("doc",)), limit=1_000)
    return sorted(point.payload["text"] for point in points)


def test_files_are_written_and_those_that_are_gone_removed(kb, embedder, look):
    both = sections("a.md", "Install it.", "Start it.") | sections("b.md", "Run it.")
    assert (look().write(both).indexed, look().whole) == (3, {"a.md": "b1", "b.md": "b1"})
    embedder.calls.clear()
    assert look().write(both).unchanged == 3
    assert embedder.calls == []
    stored = look()
    report = stored.write(sections("b.md", "Run it twice.", blob="b2"))
    assert (report.indexed, report.removed) == (1, 0)
    assert texts(kb) == ["Install it.", "Run it twice.", "Start it."]
    assert stored.keep_only({"b.md"}).removed == 2
    assert look().whole == {"b.md": "b2"}


def test_a_file_loses_the_sections_that_it_has_no_more(kb, look):
    look().write(sections("a.md", "Install it.", "Start it."))
    assert look().write(sections("a.md", "Install it.", blob="b2")).removed == 1
    assert texts(kb) == ["Install it."]
    assert look().write({"a.md": []}).removed == 1
    assert texts(kb) == []


def test_a_file_that_is_there_in_part_is_not_known(kb, look):
    look().write(sections("a.md", "Install it.", "Start it."))
    points, _ = kb.scroll(Where((REPO,), kinds=("doc",)), limit=1)
    kb.delete([points[0].id])
    assert look().whole == {}


class CannotDelete:
    """A knowledge base that is gone before it can delete."""

    def __init__(self, kb):
        self._kb = kb

    def __getattr__(self, name):
        return getattr(self._kb, name)

    def delete(self, _ids):
        raise StoreUnavailable("It is gone.")


def test_a_file_beside_what_an_older_version_left_is_not_known(kb, embedder, look):
    look().write(sections("a.md", "Install it.", "Start it."))
    newer = sections("a.md", "Install it.", blob="b2")
    with pytest.raises(StoreUnavailable):
        StoredFiles(CannotDelete(kb), embedder, REPO).write(newer)
    assert look().whole == {}
    assert look().write(newer).removed == 1
    assert look().whole == {"a.md": "b2"}


def test_releases_and_discussions_are_made_equal_each_for_itself(kb, embedder, look):
    look().write(sections("a.md", "Install it."))
    asked = Discussion(
        number=4, title="How?", answer="So.", url="https://x.test/4", answered_at=START
    )
    releases = [release("v1", "First"), release("v2", "Second", 3)]
    assert index_releases(kb, embedder, REPO, releases).indexed == 2
    assert index_discussions(kb, embedder, REPO, [asked]).indexed == 1
    embedder.calls.clear()
    assert index_releases(kb, embedder, REPO, releases).unchanged == 2
    assert index_discussions(kb, embedder, REPO, [asked]).unchanged == 1
    assert embedder.calls == []
    assert index_releases(kb, embedder, REPO, releases[:1]).removed == 1
    assert index_discussions(kb, embedder, REPO, []).removed == 1
    assert kb.count(Where((REPO,), kinds=("release",))) == 1
    assert texts(kb) == ["Install it."]
