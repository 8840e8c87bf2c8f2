"""Threads under a new name: the same as if they had been read under it, and nothing embedded."""

import pytest

from indexer.doc_indexing import index_releases
from indexer.edge_store import EdgeStore
from indexer.indexing import index_threads, stored_threads
from indexer.renaming import rename_threads
from indexer.settings import IndexSettings
from indexer.state import State
from indexer.store import Where
from indexer.thresholds import Thresholds
from tests.fakes_embedding import TOY_FINGERPRINT, ToyEmbedder
from tests.fakes_threads import comment, event, release, thread

OLD, NEW = "o/old", "p/new"
SITE = "https://github.example"


@pytest.fixture
def kb(tmp_path, monkeypatch):
    monkeypatch.setattr("indexer.renaming.PAGE", 7)
    store = EdgeStore.open(tmp_path / "collection", TOY_FINGERPRINT)
    yield store
    store.close()


def history(repo):
    page = f"{SITE}/{repo}"
    return [
        thread(
            n,
            comment("Raise the limit of parts.", url=f"{page}/issues/{n}#issuecomment-1"),
            comment("And the limit of wholes.", url=f"{page}/issues/{n}#issuecomment-2"),
            comment("Mail me at ann@corp.example about the limits.", author="Ben", at=2),
            url=f"{page}/issues/{n}",
            events=(
                event("closed", closer_url=f"{page}/pull/9"),
                event("closed", closer_url=f"{SITE}/o/older/pull/9"),
            ),
        )
        for n in range(1, 12)
    ]


def contents(kb):
    """All but the hashes, which are of a thread as it was read."""
    points, _ = kb.scroll(None, limit=10_000, vectors=True)
    return {
        p.id: (
            {k: v for k, v in p.payload.items() if k != "hash"},
            {k: repr(v) for k, v in sorted(p.vectors.items())},
        )
        for p in points
    }


def test_it_is_as_if_it_had_been_read_under_the_new_name(kb, tmp_path):
    index_threads(kb, ToyEmbedder(), OLD, history("O/Old"))
    assert rename_threads(kb, "O/Old", NEW) == 44
    assert kb.repos() == {NEW: 44}
    with_new = EdgeStore.open(tmp_path / "other", TOY_FINGERPRINT)
    index_threads(with_new, ToyEmbedder(), NEW, history(NEW))
    assert contents(kb) == contents(with_new)
    with_new.close()


def test_other_letter_case_is_no_other_name(kb, tmp_path):
    index_threads(kb, ToyEmbedder(), OLD, history(OLD))
    assert rename_threads(kb, OLD.upper(), OLD) == 0
    assert kb.repos() == {OLD: 44}
    state = State.open(IndexSettings(data_dir=tmp_path))
    state.save_thresholds(OLD, Thresholds(duplicate=0.9, related=0.5, document=0.5))
    state.rename(OLD.upper(), OLD)
    assert state.thresholds(OLD).duplicate == 0.9
    state.close()


def test_reading_it_again_embeds_no_issue(kb):
    index_threads(kb, ToyEmbedder(), OLD, history(OLD))
    rename_threads(kb, OLD, NEW)
    embedder = ToyEmbedder()
    index_threads(kb, embedder, NEW, history(NEW))
    assert embedder.calls == []


def test_what_was_read_under_the_new_name_stays_whole(kb):
    index_threads(kb, ToyEmbedder(), OLD, history(OLD))
    index_threads(kb, ToyEmbedder(), NEW, [thread(3, title="Another title")])
    assert rename_threads(kb, OLD, NEW) == 40
    assert rename_threads(kb, OLD, NEW) == 0
    assert {t.number: len(t.comments) for t in stored_threads(kb, NEW)}[3] == 0
    assert kb.count(Where((NEW,), numbers=(3,))) == 1


def test_a_crash_in_between_loses_nothing(kb, monkeypatch):
    index_threads(kb, ToyEmbedder(), OLD, history(OLD))
    calls = []

    def upsert(points):
        calls.append(points)
        if len(calls) == 6:
            raise KeyboardInterrupt
        written(points)

    written = kb.upsert
    with monkeypatch.context() as broken:
        broken.setattr(kb, "upsert", upsert)
        with pytest.raises(KeyboardInterrupt):
            rename_threads(kb, OLD, NEW)
    rename_threads(kb, OLD, NEW)
    assert kb.repos() == {NEW: 44}


def test_documents_are_left_to_be_read_again(kb):
    index_releases(kb, ToyEmbedder(), OLD, [release("v1", "Parts may be larger.")])
    assert kb.count()
    rename_threads(kb, OLD, NEW)
    assert kb.repos() == {}
