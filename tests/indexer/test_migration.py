import json

import pytest
from qdrant_client import QdrantClient

from indexer.edge_store import EdgeStore
from indexer.errors import InputError, StoreMismatch, StoreUnavailable
from indexer.indexing import index_threads
from indexer.migration import migrate
from indexer.server_store import ServerStore
from indexer.store import SparseVector, Where
from tests.fakes_embedding import TOY_FINGERPRINT, ToyEmbedder
from tests.fakes_qdrant import qdrant_server
from tests.fakes_store import dense, fingerprint, point, sparse
from tests.fakes_threads import comment, thread
from tests.indexer.test_cli import call, run

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect")


@pytest.fixture
def source(tmp_path):
    kb = EdgeStore.open(tmp_path / "collection", fingerprint())
    kb.upsert(
        [
            point(
                f"{repo} {n}",
                repo=repo,
                number=n,
                said=f"part {n} 한글",
                text=dense(n, 1),
                title=dense(1, n),
                bm25=sparse(a=0.1 * n, b=1),
            )
            for repo in ("o/r", "o/other")
            for n in range(1, 301)
        ]
    )
    yield kb
    kb.close()


@pytest.fixture
def target():
    kb = ServerStore.over(QdrantClient(":memory:"), "c", fingerprint())
    yield kb
    kb.close()


def contents(kb):
    points, _ = kb.scroll(None, limit=10_000, vectors=True)
    return {p.id: (p.payload, {k: plain(v) for k, v in p.vectors.items()}) for p in points}


def plain(vector):
    """As plain numbers, rounded: a server normalises once more."""
    if isinstance(vector, SparseVector):
        pairs = zip(vector.indices, vector.values, strict=True)
        return sorted((token, round(value, 3)) for token, value in pairs)
    return [round(float(value), 3) for value in vector]


class BreaksAfter:
    """A target that fails at its nth write."""

    def __init__(self, kb, writes):
        self._kb = kb
        self._left = writes

    def __getattr__(self, name):
        return getattr(self._kb, name)

    def upsert(self, points):
        if self._left == 0:
            raise StoreUnavailable("QDRANT_URL: the Qdrant server does not answer.")
        self._left -= 1
        self._kb.upsert(points)


class Loses(BreaksAfter):
    """A target that says it has written and has not, from its nth write on."""

    def upsert(self, points):
        if self._left:
            super().upsert(points)


class Shuffles(BreaksAfter):
    """A target whose searches find the wrong points."""

    def query(self, queries, fields=()):
        return [hits[:1] for hits in self._kb.query(queries, fields)]


def test_every_point_arrives_as_it_was(source, target):
    told = []
    report = migrate(source, target, told.append)
    assert report.ok
    assert (report.points, report.written, report.removed, report.missing) == (
        600,
        600,
        0,
        {},
    )
    assert report.asked == 24 * 3
    assert report.agreement == 1
    assert contents(target) == contents(source)
    assert [p.done for p in told] == [200, 400, 600]
    assert {p.total for p in told} == {600}


def test_a_second_run_writes_nothing(source, target):
    migrate(source, target)
    report = migrate(source, BreaksAfter(target, 3))
    assert (report.ok, report.written) == (True, 0)


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_an_interrupted_run_goes_on_where_it_was(source, target, writes):
    with pytest.raises(StoreUnavailable):
        migrate(source, BreaksAfter(target, writes))
    report = migrate(source, target)
    assert (report.ok, report.written) == (True, 600 - 200 * writes)
    assert contents(target) == contents(source)


def test_what_changed_between_two_runs_is_made_equal(source, target):
    migrate(source, target)
    target.upsert([point("elsewhere", repo="o/elsewhere", text=dense(1))])
    others = [
        point("o/r 1", number=1, said="other words", text=dense(1, 1)),
        point("o/r 2", number=2, said="part 2 한글", text=dense(9), title=dense(1, 2)),
    ]
    source.upsert(others)
    source.delete_where(Where(("o/r",), numbers=(3, 4)))
    report = migrate(source, target)
    assert (report.ok, report.written, report.removed) == (True, 2, 2)
    kept = contents(target)
    assert len(kept) == 599
    assert {key: kept[key] for key in contents(source)} == contents(source)


def test_points_that_did_not_arrive_are_told_of(source, target):
    report = migrate(source, Loses(target, 2))
    assert not report.ok
    assert sum(report.missing.values()) == 200


def test_searches_that_find_less_are_told_of(source, target):
    report = migrate(source, Shuffles(target, 9))
    assert not report.ok
    assert not report.missing
    assert report.agreement < 0.2


def test_an_empty_collection_is_copied_at_once(tmp_path, target):
    kb = EdgeStore.open(tmp_path / "empty", fingerprint())
    report = migrate(kb, target)
    assert (report.ok, report.points, report.asked) == (True, 0, 0)
    kb.close()


@pytest.fixture
def data(monkeypatch, tmp_path):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr("indexer.embedding.open_embedder", lambda _: ToyEmbedder())
    monkeypatch.setattr("indexer.embedding.fingerprint", lambda _: TOY_FINGERPRINT)
    kb = EdgeStore.open(tmp_path / "collection", TOY_FINGERPRINT)
    history = [thread(n, comment(f"Set part_size to {n}.")) for n in range(1, 9)]
    index_threads(kb, ToyEmbedder(), "o/r", history)
    kb.close()
    return tmp_path


def test_the_command_copies_and_then_the_server_answers(data, monkeypatch):
    with qdrant_server() as (url, fake):
        lines = call("migrate", "--to-qdrant", url, "--json").stdout.splitlines()
        done = json.loads(lines[-1])
        assert (done["event"], done["ok"], done["points"], done["written"]) == (
            "done",
            True,
            16,
            16,
        )
        assert json.loads(lines[0])["stage"] == "points"
        here = call("search", "--repo", "o/r", "Packing fails 3", "--json").stdout
        monkeypatch.setenv("QDRANT_URL", url)
        before = len(fake.calls)
        there = call("search", "--repo", "o/r", "Packing fails 3", "--json").stdout
        assert len(fake.calls) > before
        assert [numbered(line) for line in there.splitlines()] == [
            numbered(line) for line in here.splitlines()
        ]
        assert "16 points (0 written, 0 removed)" in call("migrate", "--to-qdrant", url).stdout


def numbered(line):
    found = json.loads(line)
    return found.get("number"), round(found.get("score", 0), 3)


def test_a_copy_that_is_not_complete_ends_with_one(data, monkeypatch, capsys):
    with qdrant_server() as (url, fake):
        monkeypatch.setattr(fake, "_upsert", forgetful(fake._upsert))
        assert run(monkeypatch, "migrate", "--to-qdrant", url) == 1
    said = capsys.readouterr().err
    assert "o/r: 16 points too few." in said
    assert "not complete" in said


def forgetful(upsert):
    """Takes the fingerprint alone."""

    def fewer(collection, body):
        kept = [p for p in body["points"] if p["payload"]["kind"] == "meta"]
        return upsert(collection, {"points": kept}) if kept else {"status": "completed"}

    return fewer


def test_another_model_s_collection_is_left_alone(data, monkeypatch):
    with qdrant_server() as (url, fake):
        call("migrate", "--to-qdrant", url)
        monkeypatch.setattr(
            "indexer.embedding.fingerprint", lambda _: fingerprint(dimension=32, model="other")
        )
        with pytest.raises(StoreMismatch):
            call("migrate", "--to-qdrant", url)
        assert fake.client.count("oncall-intern").count == 17


@pytest.mark.parametrize("url", ["nonsense", "ftp://qdrant", ""])
def test_a_wrong_address_is_named(data, monkeypatch, capsys, url):
    assert run(monkeypatch, "migrate", "--to-qdrant", url) == 2
    assert capsys.readouterr().err.startswith(f"intern: --to-qdrant: {url!r} is not")


def test_without_a_collection_there_is_nothing_to_copy(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    with pytest.raises(InputError, match="no collection"):
        call("migrate", "--to-qdrant", "http://127.0.0.1:9")
    assert not list(tmp_path.iterdir())
