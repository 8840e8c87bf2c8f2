from datetime import UTC, datetime, timedelta

import pytest

from indexer.doc_indexing import StoredFiles, index_releases
from indexer.documents import MAX_DOCUMENTS, Releases
from indexer.edge_store import EdgeStore
from indexer.indexing import index_threads
from indexer.search import Query, Searcher
from indexer.threads import DocSection, Release
from tests.fakes_embedding import ToyEmbedder
from tests.fakes_search import thread

REPO = "tidepool/harbor"
NOW = datetime(2025, 6, 1, tzinfo=UTC)


def release(number, days):
    return Release(
        tag=f"v1.{number}.0",
        name=f"Harbor 1.{number}",
        body=f"Fixes #{number}.",
        published_at=NOW - timedelta(days=days),
        url=f"https://github.com/{REPO}/releases/tag/v1.{number}.0",
    )


def section(name, text):
    return DocSection(
        path="docs/guide.md",
        headings=("Guide", name),
        text=text,
        url=f"https://github.com/{REPO}/blob/abc/docs/guide.md#{name.lower()}",
        updated_at=NOW - timedelta(days=50),
    )


@pytest.fixture(name="kb")
def make_kb(tmp_path):
    toy = ToyEmbedder()
    kb = EdgeStore.open(tmp_path, toy.fingerprint)
    index_threads(kb, toy, REPO, [thread(i, f"Chart {i} is blank") for i in range(1, 20)])
    yield kb
    kb.close()


def test_releases_are_those_published_before(kb):
    index_releases(kb, ToyEmbedder(), REPO, [release(2, 10), release(1, 30)])
    releases = Releases(kb)
    assert [r.tag for r in releases.before(REPO, NOW)] == ["v1.1.0", "v1.2.0"]
    assert [r.tag for r in releases.before(REPO, NOW - timedelta(days=20))] == ["v1.1.0"]
    assert list(releases.before("tidepool/other", NOW)) == []


def test_a_new_release_is_seen_soon_and_a_changed_one_after_a_while(kb):
    now = [0.0]
    releases = Releases(kb, clock=lambda: now[0])
    assert list(releases.before(REPO, NOW)) == []
    index_releases(kb, ToyEmbedder(), REPO, [release(1, 30)])
    now[0] = 2.0
    assert [r.body for r in releases.before(REPO, NOW)] == [release(1, 30).body]
    changed = release(1, 30).model_copy(update={"body": "Fixes #20"})
    index_releases(kb, ToyEmbedder(), REPO, [changed])
    now[0] = 4.0
    assert [r.body for r in releases.before(REPO, NOW)] == [release(1, 30).body]
    now[0] = 63.0
    assert [r.body for r in releases.before(REPO, NOW)] == ["Fixes #20"]


def test_the_section_that_covers_the_question_comes_first(kb):
    sections = [section(f"Part {i}", f"All about anchors, part {i}.") for i in range(12)]
    sections.append(section("Satellites", "Sync over a satellite link needs the slow mode."))
    StoredFiles(kb, ToyEmbedder(), REPO).write({"guide.md": sections})
    found = Searcher(kb, ToyEmbedder()).search(Query(REPO, "Sync over satellite link"), limit=10)
    documents = [c for c in found if c.kind == "doc"]
    assert documents[0].title == "Guide › Satellites"
    assert documents[0].probability > 2 * documents[1].probability
    assert documents[0].why
    assert len(documents) <= MAX_DOCUMENTS
