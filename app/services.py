"""What the App's parts work with, built once by app/main.py and handed to whoever needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # whoever only hands services on need not load the engines
    from app.identity import Identity
    from app.llm import Asker
    from app.metrics import Metrics
    from app.permissions import Permissions
    from app.records import Records
    from app.settings import Settings
    from indexer.embedding import TextEmbedder
    from indexer.github import GitHubClient
    from indexer.github_clients import GitHubClients
    from indexer.search import Searcher
    from indexer.state import State
    from indexer.store import KnowledgeBase


@dataclass(frozen=True)
class Services:
    """Everything a job needs. `llm` is None without ANTHROPIC_API_KEY."""

    settings: Settings
    knowledge_base: KnowledgeBase
    embedder: TextEmbedder
    searcher: Searcher
    clients: GitHubClients
    identity: Identity
    llm: Asker | None
    records: Records
    permissions: Permissions
    state: State
    metrics: Metrics

    async def client_for(self, repo: str, installation: int | None) -> GitHubClient:
        """Who reads a repository: the installation that a job names, else whoever can.

        Raises:
            NotFound: the job names none, and the App is not installed there.
        """
        if installation is not None:
            return self.clients.for_installation(installation)
        return await self.clients.for_repo(repo)
