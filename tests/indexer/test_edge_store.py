import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from indexer.edge_files import MIN_FREE_BYTES
from indexer.edge_store import EdgeStore
from indexer.errors import StoreBusy, StoreError, StoreMismatch, StoreUnavailable
from indexer.store import Where
from tests.fakes_store import dense, fingerprint, point, point_id, sparse

ROOT = Path(__file__).parents[2]
HERE = Where(repos=("o/r",))

WRITER = """
import sys, time
from pathlib import Path
from indexer.edge_files import MIN_FREE_BYTES
from indexer.edge_store import EdgeStore
from tests.fakes_store import dense, fingerprint, point, sparse
kb = EdgeStore.open(Path(sys.argv[1]), fingerprint())
for start in range(0, 300, 50):
    numbers = range(start, start + 50)
    kb.upsert([point(i, text=dense(1, i), bm25=sparse(a=1), number=i) for i in numbers])
print("written", flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "collection"


def damage(folder, pattern, content):
    (found,) = folder.glob(pattern)
    found.write_bytes(content)


def test_a_second_opener_learns_the_owner_and_does_no_harm(folder):
    kb = EdgeStore.open(folder, fingerprint())
    with pytest.raises(StoreBusy, match=f"process {os.getpid()}"):
        EdgeStore.open(folder, fingerprint())
    kb.upsert([point("a")])
    kb.flush()
    kb.close()
    again = EdgeStore.open(folder, fingerprint())
    assert again.count() == 1
    again.close()


def test_an_owner_that_is_killed_loses_nothing_and_leaves_no_lock(folder):
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, cwd=ROOT
    ) as writer:
        assert writer.stdout.readline() == b"written\n"
        with pytest.raises(StoreBusy, match=f"process {writer.pid}"):
            EdgeStore.open(folder, fingerprint())
        writer.send_signal(signal.SIGKILL)
    kb = EdgeStore.open(folder, fingerprint())
    assert kb.count(HERE) == 300
    kb.close()


def test_a_refused_opener_leaves_the_folder_free(folder):
    EdgeStore.open(folder, fingerprint()).close()
    with pytest.raises(StoreMismatch):
        EdgeStore.open(folder, fingerprint(pipeline=2))
    EdgeStore.open(folder, fingerprint()).close()


def test_a_creation_that_was_interrupted_is_begun_again(folder):
    (folder / "shard.new" / "segments").mkdir(parents=True)
    (folder / "shard.new" / "edge_config.json").write_text("{")
    kb = EdgeStore.open(folder, fingerprint())
    assert kb.count() == 0
    assert not (folder / "shard.new").exists()
    kb.close()


def test_a_full_disk_is_noticed_before_it_kills_the_process(folder):
    room = [MIN_FREE_BYTES]
    kb = EdgeStore.open(folder, fingerprint(), free=lambda _: room[0])
    kb.upsert([point("a", text=dense(1))])
    room[0] -= 1
    for write in (lambda: kb.upsert([point("b")]), lambda: kb.delete([point_id("a")])):
        with pytest.raises(StoreUnavailable, match=r"DATA_DIR.*full, 255 MB are left"):
            write()
    assert kb.count() == 1
    kb.close()
    with pytest.raises(StoreUnavailable, match="DATA_DIR"):
        EdgeStore.open(folder / "new", fingerprint(), free=lambda _: 0)


def test_a_folder_that_cannot_be_made_names_the_setting(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="DATA_DIR"):
        EdgeStore.open(tmp_path / "file" / "collection", fingerprint())


@pytest.mark.parametrize(
    ("pattern", "content"),
    [
        ("shard/edge_config.json", b"{"),
        ("shard/wal/open-1", b"\x00" * 4096),
        ("shard/segments/*/segment.json", b"\xff\xfe"),
        ("shard/segments/*/version.info", b""),
        ("shard/segments/*/vector_storage-text/deleted/status.dat", b""),  # the engine panics
        ("shard/segments/*/payload_storage/config.json", b"[]"),
    ],
)
def test_damaged_files_are_one_sentence_with_the_way_out(folder, pattern, content, capfd):
    kb = EdgeStore.open(folder, fingerprint())
    kb.upsert([point("a", text=dense(1), bm25=sparse(a=1))])
    kb.close()
    damage(folder, pattern, content)
    with pytest.raises(StoreError, match="is damaged") as caught:
        EdgeStore.open(folder, fingerprint())
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)
    assert "intern backfill" in str(caught.value)


def test_damage_that_shows_only_when_read_is_a_store_error(folder):
    kb = EdgeStore.open(folder, fingerprint())
    kb.upsert([point(i, thread="x" * 500) for i in range(50)])
    kb.close()
    (page,) = folder.glob("shard/segments/*/payload_storage/page_0.dat")
    with page.open("r+b") as file:
        file.seek(1024)
        file.write(b"\xff" * 8192)
    kb = EdgeStore.open(folder, fingerprint())
    with pytest.raises(StoreError, match="failed"):
        kb.scroll(None, limit=100)
    kb.close()


def test_a_large_repository_is_deleted_in_short_calls(folder, monkeypatch):
    kb = EdgeStore.open(folder, fingerprint())
    kb.upsert([point(i, bm25=sparse(a=1)) for i in range(1234)] + [point("x", repo="z/z")])
    sizes = []
    delete = kb._update
    monkeypatch.setattr(kb, "_update", lambda op: (sizes.append(op), delete(op)))
    kb.delete_where(HERE)
    assert kb.repos() == {"z/z": 1}
    assert len(sizes) == 13
    kb.close()


def test_a_collection_of_the_first_layout_is_brought_up_to_date(folder, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr("indexer.edge_files.LAYOUT", 1)
        before.setattr("indexer.edge_store.payload_in", dict)
        kb = EdgeStore.open(folder, fingerprint())
        kb.upsert([point("a"), point("b", kind="comment"), point("c", repo="z/z")])
        issues = Where(("o/r", "z/z"), kinds=("issue",))
        assert kb.count(issues) == 0
        kb.close()
    for _ in range(2):
        kb = EdgeStore.open(folder, fingerprint())
        assert kb.count(issues) == 2
        assert kb.count(Where(("o/r",), kinds=("comment",))) == 1
        assert set(kb.fetch([point_id("a")])[0].payload) == {"repo", "kind"}
        kb.close()
