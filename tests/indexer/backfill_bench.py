"""What the tests of a backfill work with: a simulated repository, a store and a state."""

from contextlib import asynccontextmanager

from indexer.backfill import backfill
from indexer.edge_store import EdgeStore
from indexer.indexing import stored_threads
from indexer.settings import IndexSettings
from indexer.state import State
from tests.fakes_embedding import TOY_FINGERPRINT, ToyEmbedder
from tests.fakes_github import FakeClock, clients_for, comments
from tests.fakes_github import thread as seeded
from tests.github_simulator import Seed, Simulator

REPO = "octo/widgets"
COUNT = 90


def widgets() -> Simulator:
    """A GitHub with one repository of COUNT issues, a document and a release."""
    entry = {
        "full_name": REPO,
        "threads": [
            seeded(n, body="Please describe it\nCase\n", comments=comments(n % 3))
            for n in range(1, COUNT + 1)
        ],
        "docs": {
            "README.md": "# Widgets\n\nInstall them with care, then run them.",
            ".github/ISSUE_TEMPLATE/bug.md": "## Which widget\n",
        },
        "releases": [
            {"tag": "v1.0", "name": "One", "body": "Fix", "published_at": "2024-02-01T00:00:00Z"}
        ],
    }
    return Simulator(Seed.model_validate({"repositories": [entry]}))


class Bench:
    """What a backfill works with, in one folder."""

    def __init__(self, folder, client):
        self.client = client
        self.embedder = ToyEmbedder()
        self.kb = EdgeStore.open(folder / "collection", TOY_FINGERPRINT)
        self.state = State.open(IndexSettings(data_dir=folder))
        self.told = []

    async def run(self, repo=REPO, **options):
        return await backfill(
            self.client, self.kb, self.embedder, self.state, repo, self.told.append, **options
        )

    def row(self):
        return self.state.repository(REPO)

    def contents(self):
        points, _ = self.kb.scroll(None, limit=10_000)
        return {p.id: dict(p.payload) for p in points}

    def stored(self):
        return {t.number: t for t in stored_threads(self.kb, REPO)}

    def close(self):
        self.kb.close()
        self.state.close()


class StopsAfter:
    """A knowledge base that is killed at its nth flush: what a page's end is marked by."""

    def __init__(self, kb, flushes):
        self._kb = kb
        self._left = flushes

    def __getattr__(self, name):
        return getattr(self._kb, name)

    def flush(self):
        if self._left == 0:
            raise KeyboardInterrupt
        self._left -= 1
        self._kb.flush()


@asynccontextmanager
async def opened_bench(folder, simulator):
    """A bench in a folder that is made for it."""
    clients = clients_for(simulator, FakeClock())
    folder.mkdir()
    bench = Bench(folder, await clients.for_repo(REPO))
    try:
        yield bench
    finally:
        bench.close()
        await clients.aclose()
