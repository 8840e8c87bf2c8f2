"""After compaction nothing that was deleted is left, and nothing else is missing."""

import shutil
import threading

import pytest

from indexer.edge_files import NAMES
from indexer.edge_store import EdgeStore
from indexer.errors import StoreError
from indexer.store import Where
from tests.fakes_store import dense, fingerprint, point, point_id, sparse

SECRET = "zqxmarkedtextqxz"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "collection"


def stored(folder):
    return EdgeStore.open(folder, fingerprint())


def points(count, repo, text="plain"):
    return [
        point(
            f"{repo} {n}",
            repo=repo,
            body=f"{text} {n}",
            bm25=sparse(a=1, b=n + 1),
            **({"text": dense(n, 1)} if n % 2 else {}),
        )
        for n in range(count)
    ]


def contents(store):
    found, _ = store.scroll(None, limit=10_000, vectors=True)
    return {p.id: (dict(p.payload), repr(sorted(p.vectors.items(), key=str))) for p in found}


def traces(folder):
    return [f.name for f in folder.rglob("*") if f.is_file() and SECRET.encode() in f.read_bytes()]


def test_deleted_and_replaced_text_is_gone_and_the_rest_is_as_it_was(folder):
    store = stored(folder)
    store.upsert(points(250, "o/keeps"))
    store.upsert(points(130, "o/goes", SECRET))
    store.upsert([point("edited", repo="o/keeps", body=SECRET)])
    store.upsert([point("edited", repo="o/keeps", body="harmless")])
    store.delete_where(Where(("o/goes",)))
    store.flush()
    assert traces(folder)  # else this would prove nothing
    before = contents(store)
    store.compact()
    assert traces(folder) == []
    assert contents(store) == before
    store.upsert([point("keeps on", repo="o/keeps")])
    store.delete([point_id("edited")])
    after = contents(store)
    store.close()
    again = stored(folder)
    assert contents(again) == after
    assert again.count(Where(("o/keeps",))) == 251
    again.close()
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == sorted(NAMES)


def test_what_is_written_meanwhile_is_not_lost(folder):
    store = stored(folder)
    store.upsert(points(300, "o/r"))
    done = threading.Event()
    errors = []

    def write():
        number = 0
        while not done.is_set():
            number += 1
            try:
                store.upsert([point(f"new {number}", repo="o/new")])
                store.upsert([point(f"o/r {number}", repo="o/r", body="changed")])
                store.delete([point_id(f"o/r {299 - number}")])
            except Exception as error:  # noqa: BLE001  looked at below
                errors.append(error)
                return

    writing = threading.Thread(target=write)
    writing.start()
    store.compact()
    done.set()
    writing.join()
    assert errors == []
    before = contents(store)
    assert store.count(Where(("o/new",))) > 0
    store.close()
    again = stored(folder)
    assert contents(again) == before
    again.close()


@pytest.mark.parametrize("moves", range(5))
def test_a_kill_between_any_two_moves_loses_nothing(folder, tmp_path, moves):
    store = stored(folder)
    store.upsert(points(20, "o/r"))
    before = contents(store)
    store.close()
    # What a whole copy beside the collection looks like, as far as the moves have come.
    for name in NAMES:
        shutil.copytree(folder / name, folder / f"{name}.new")
    steps = [(name, end) for name in NAMES for end in ("old", "new")]
    for name, end in steps[:moves]:
        if end == "old":
            (folder / name).rename(folder / f"{name}.old")
        else:
            (folder / f"{name}.new").rename(folder / name)
    again = stored(folder)
    assert contents(again) == before
    again.close()
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == sorted(NAMES)


def test_a_copy_that_fails_leaves_everything_as_it_was(folder, monkeypatch):
    store = stored(folder)
    store.upsert(points(20, "o/r"))
    before = contents(store)
    monkeypatch.setattr(EdgeStore, "_replaced", lambda *_: 1 / 0)
    with pytest.raises(StoreError, match="division by zero"):
        store.compact()
    monkeypatch.undo()
    assert contents(store) == before
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == sorted(NAMES)
    store.compact()
    assert contents(store) == before
    store.close()
