import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import qdrant_edge as edge

from indexer.edge_files import MIN_FREE_BYTES
from indexer.edge_shards import Shards
from indexer.edge_store import EdgeStore
from indexer.errors import StoreBusy, StoreError, StoreMismatch, StoreUnavailable
from indexer.store import ChannelQuery, Where
from tests.fakes_store import dense, fingerprint, point, point_id, sparse

ROOT = Path(__file__).parents[2]
HERE = Where(repos=("o/r",))

WRITER = """
import sys, time
from pathlib import Path
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
    EdgeStore.open(folder, fingerprint()).close()
    (folder / "points").rename(folder / "points.new")  # killed before its last step
    (folder / "dense.new").mkdir()
    (folder / "dense.new" / "edge_config.json").write_text("{")
    kb = EdgeStore.open(folder, fingerprint())
    assert kb.count() == 0
    left = {found.name for found in folder.iterdir()}
    assert left == {"comments", "dense", "points", "owner.lock"}
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
        ("points/edge_config.json", b"{"),
        ("dense/wal/open-1", b"\x00" * 4096),
        ("points/segments/*/segment.json", b"\xff\xfe"),
        ("points/segments/*/version.info", b""),
        ("dense/segments/*/vector_storage-text/deleted/status.dat", b""),  # the engine panics
        ("points/segments/*/payload_storage/config.json", b"[]"),
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
    (page,) = folder.glob("points/segments/*/payload_storage/page_0.dat")
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
    remove = Shards.remove
    monkeypatch.setattr(Shards, "remove", lambda s, ids: (sizes.append(len(ids)), remove(s, ids)))
    kb.delete_where(HERE)
    assert kb.repos() == {"z/z": 1}
    assert sizes == [100] * 12 + [34]
    kb.close()


def test_only_points_with_dense_vectors_take_room_for_them(folder):
    kb = EdgeStore.open(folder, fingerprint())
    kb.upsert([point("a", text=dense(1), bm25=sparse(a=1)), point("b", bm25=sparse(a=1))])
    assert dense_points(kb) == 1
    kb.upsert([point("a", bm25=sparse(a=1)), point("b", title=dense(1))])
    assert dense_points(kb) == 1
    kb.delete([point_id("b")])
    assert dense_points(kb) == 0
    kb.close()


def dense_points(kb):
    return kb._shards.dense.count(edge.CountRequest(exact=True))


def test_hits_have_any_field_whichever_shard_found_them(folder):
    kb = EdgeStore.open(folder, fingerprint())
    kb.upsert([point("a", text=dense(1), bm25=sparse(a=1), number=1, hash="h", path="p")])
    queries = [ChannelQuery("text", dense(1), HERE, 5), ChannelQuery("bm25", sparse(a=1), HERE, 5)]
    for fields, expected in [
        (("hash", "number"), {"hash": "h", "number": 1}),
        (("number", "path", "kind"), {"number": 1, "path": "p", "kind": "issue"}),
        (("_scope",), {}),
        ((), {}),
    ]:
        assert [hits[0].payload for hits in kb.query(queries, fields)] == [expected] * 2
    kb.close()


def test_a_write_cut_between_the_shards_is_put_right_by_its_repetition(folder, monkeypatch):
    kb = EdgeStore.open(folder, fingerprint())
    whole = point("a", text=dense(1), bm25=sparse(a=1), hash="new")
    batch = [edge.Point(whole.id, {"text": dense(1)}, {"repo": "o/r", "_scope": "o/r issue"})]
    kb._shards.dense.update(edge.UpdateOperation.upsert_points(batch))
    assert kb.count() == 0
    assert kb.fetch([whole.id]) == []
    query = ChannelQuery("text", dense(1), HERE, 5)
    assert kb.query([query], ("hash",)) == [[]]
    kb.upsert([whole])
    assert kb.query([query], ("hash",))[0][0].payload == {"hash": "new"}
    kb.close()
