"""A repository's files, from GitHub into the knowledge base and kept true there."""

from collections import Counter
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta

import pytest

from indexer.docs_sync import sync_docs
from indexer.edge_store import EdgeStore
from indexer.errors import GitHubUnavailable
from indexer.left_out import LeftOut
from indexer.opening import opened
from indexer.reading import read_history
from indexer.settings import IndexSettings
from indexer.sources import docs
from indexer.state import State
from indexer.store import Where
from tests.fakes_embedding import TOY_FINGERPRINT, ToyEmbedder
from tests.fakes_github import FakeClock, clients_for, settings_for
from tests.github_simulator import Seed, Simulator
from tests.github_simulator.world import CONFIG_PATH, blob_sha

REPO = "octo/widgets"
WORDS = "Words enough to make a section of its own."


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr(docs, "BATCH", 8)


@pytest.fixture
async def start(tmp_path):
    async with AsyncExitStack() as stack:

        async def run(files):
            clock = FakeClock()
            entry = {"full_name": REPO, "docs": files}
            simulator = Simulator(
                Seed.model_validate({"repositories": [entry]}), clock=clock.moment
            )
            stack.enter_context(simulator)
            clients = clients_for(simulator, clock)
            stack.push_async_callback(clients.aclose)
            kb = EdgeStore.open(tmp_path / "collection", TOY_FINGERPRINT)
            stack.callback(kb.close)
            state = State.open(IndexSettings(data_dir=tmp_path))
            stack.callback(state.close)
            return Bench(simulator, await clients.for_repo(REPO), kb, state, clock)

        yield run


class Bench:
    def __init__(self, simulator, client, kb, state, clock):
        self.simulator = simulator
        self.client = client
        self.kb = kb
        self.state = state
        self.clock = clock

    async def sync(self, **options):
        """The report, and how many files were asked for."""
        self.simulator.requests.clear()
        report = await sync_docs(
            self.client, self.kb, ToyEmbedder(), self.state.left_out, REPO, **options
        )
        return report.index, self.blobs()

    def blobs(self):
        return sum("/git/blobs/" in request for request in self.simulator.requests)

    def paths(self):
        return set(_stored(self.kb))


def _stored(kb):
    points, _ = kb.scroll(Where((REPO,), kinds=("doc",)), limit=1_000)
    return Counter(point.payload["path"] for point in points)


def many(count):
    return {f"docs/{n:03}.md": f"# Page {n}\n{WORDS} {n}" for n in range(count)}


async def test_more_documents_than_the_hours_requests_are_read_and_a_reserve_is_left(start):
    bench = await start(many(60))
    # Each that waits moves the clock on, and a token that is over is refused once.
    bench.simulator.authority.token_life = timedelta(days=9)
    bench.simulator.limits.sizes["core"] = 200
    bench.simulator.limits.spend("installation:1001", "core", 160)
    report, blobs = await bench.sync()
    # Not one was asked for in vain: the limit itself was never met.
    assert (report.indexed, blobs) == (60, 60)
    assert len(bench.paths()) == 60
    assert 3_500 < bench.clock.waits[0] <= 3_602


async def test_releases_leave_the_reserve_too(start):
    bench = await start({})
    bench.simulator.limits.sizes["core"] = 100
    bench.simulator.limits.spend("installation:1001", "core", 95)
    await bench.client.get(f"repos/{REPO}")
    await bench.sync(patterns=None)
    assert 3_500 < bench.clock.waits[0] <= 3_602
    assert bench.simulator.requests[-1] == f"GET /repos/{REPO}/releases"


async def test_a_reading_that_is_cut_off_goes_on_where_it_was(start):
    bench = await start(many(20))
    # The first two batches come through.
    wanted = blob_sha(f"# Page 18\n{WORDS} 18".encode())
    bench.simulator.trouble.add(f"GET */git/blobs/{wanted}", status=500, times=None)
    with pytest.raises(GitHubUnavailable):
        await bench.sync()
    assert bench.paths() == {f"docs/{n:03}.md" for n in range(16)}
    bench.simulator.clear_troubles()
    report, blobs = await bench.sync()
    assert (report.indexed, report.unchanged, blobs) == (4, 16, 4)


async def test_what_is_gone_goes_at_the_end(start):
    bench = await start(many(10))
    await bench.sync()
    bench.simulator.set_files(REPO, {"docs/003.md": None, "docs/004.md": f"# Four\n{WORDS} new"})
    report, blobs = await bench.sync()
    assert (report.removed, blobs) == (2, 1)
    assert "docs/003.md" not in bench.paths()


async def test_a_file_that_is_no_document_is_read_once(start):
    generated = f"<!-- @generated -->\n# Api\n{WORDS}"
    bench = await start({"a.md": WORDS, "api.md": generated, "short.md": "# Hi\n"})
    assert (await bench.sync())[1] == 3
    assert bench.state.left_out.of(REPO) == {
        "api.md": LeftOut(blob_sha(generated.encode()), "generated"),
        "short.md": LeftOut(blob_sha(b"# Hi\n"), "without text"),
    }
    report, blobs = await bench.sync()
    assert (report.unchanged, blobs) == (1, 0)
    bench.simulator.set_files(REPO, {"api.md": f"# Api\n{WORDS}", "short.md": None})
    assert (await bench.sync())[1] == 1
    assert bench.state.left_out.of(REPO) == {}
    assert bench.paths() == {"a.md", "api.md"}


async def test_a_document_that_becomes_none_is_removed(start):
    bench = await start({"a.md": WORDS})
    await bench.sync()
    bench.simulator.set_files(REPO, {"a.md": f"<!-- @generated -->\n{WORDS}"})
    await bench.sync()
    assert bench.paths() == set()
    assert bench.state.left_out.of(REPO).keys() == {"a.md"}
    bench.state.forget(REPO)
    assert bench.state.left_out.of(REPO) == {}


async def test_a_full_reading_judges_anew(start):
    bench = await start({"a.md": WORDS, "b.md": "# Hi\n"})
    await bench.sync()
    assert (await bench.sync(anew=True))[1] == 2


async def test_the_configs_files_are_read_and_others_removed(start):
    bench = await start({"README.md": WORDS, "website/de/a.txt": WORDS + "!"})
    await bench.sync()
    assert bench.paths() == {"README.md"}
    await bench.sync(patterns=("website/**/*.txt",))
    assert bench.paths() == {"website/de/a.txt"}
    await bench.sync(patterns=None)
    assert bench.paths() == {"website/de/a.txt"}
    await bench.sync(patterns=())
    assert bench.paths() == set()


@contextmanager
def _unwatched():
    yield lambda _progress: None


def test_the_command_line_reads_what_the_config_names(tmp_path, monkeypatch):
    monkeypatch.setattr("indexer.embedding.open_embedder", lambda _settings: ToyEmbedder())
    monkeypatch.setattr("indexer.embedding.fingerprint", lambda _settings: TOY_FINGERPRINT)
    files = {"README.md": WORDS, "website/a.txt": WORDS + "!"}
    seed = {"repositories": [{"full_name": REPO, "docs": files}]}
    with Simulator(Seed.model_validate(seed)) as github:
        settings = settings_for(github, data_dir=tmp_path)

        def read():
            return read_history(settings, REPO, _unwatched, full=False, docs=True, since=None)

        github.set_files(REPO, {CONFIG_PATH: "sources: {docs: ['website/**/*.txt']}"})
        assert read().warning is None
        with opened(settings) as parts:
            assert set(_stored(parts.kb)) == {"website/a.txt"}
        github.set_files(REPO, {CONFIG_PATH: "\nsources: {docs: 7}"})
        assert "line 2: sources.docs" in read().warning
        with opened(settings) as parts:
            assert set(_stored(parts.kb)) == {"website/a.txt"}
