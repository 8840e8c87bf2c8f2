"""A backfill in a process of its own, which a test can kill.

`python -m tests.chaos.backfill_process OWNER/REPO [--full]`, with DATA_DIR, GITHUB_URL,
GITHUB_API_URL and GITHUB_TOKEN set. It writes a line when it begins. The store, the state and the
client are the real ones; only the vectors are toys.
"""

import asyncio
import sys

from indexer.backfill import backfill
from indexer.edge_store import EdgeStore
from indexer.github_clients import GitHubClients
from indexer.settings import IndexSettings, load
from indexer.sources import bodies, docs, github  # noqa: F401 - imported before it begins
from indexer.state import State
from tests.fakes_embedding import TOY_FINGERPRINT, ToyEmbedder


async def main(repo: str, *, full: bool) -> None:
    settings = load(IndexSettings)
    clients = GitHubClients(settings)
    kb = EdgeStore.open(settings.data_dir / "collection", TOY_FINGERPRINT)
    state = State.open(settings)
    client = await clients.for_repo(repo)
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    await backfill(client, kb, ToyEmbedder(), state, repo, full=full)
    kb.close()
    state.close()
    await clients.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], full="--full" in sys.argv))
