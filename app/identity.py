"""Who we are on GitHub: how our own comments and actions are told from others'."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.settings import Settings
from indexer.github_clients import GitHubClients


@dataclass(frozen=True, slots=True)
class Author:
    """The App's id and the login under which it writes, as far as they are known."""

    app_id: int | None
    login: str | None = None

    def wrote(self, comment: Mapping[str, Any]) -> bool:
        """Whether a comment, as the REST API gives it, is by us."""
        app = comment.get("performed_via_github_app") or {}
        if self.app_id is not None and app.get("id") == self.app_id:
            return True
        user = comment.get("user") or {}
        return self.login is not None and user.get("login") == self.login


class Identity:
    """Asks GitHub once who we are: the App, or whoever GITHUB_TOKEN belongs to."""

    def __init__(self, settings: Settings, clients: GitHubClients) -> None:
        self._settings = settings
        self._clients = clients
        self._lock = asyncio.Lock()
        self._author: Author | None = None

    @property
    def login(self) -> str | None:
        """Our login, if it has been asked for already."""
        return self._author.login if self._author else None

    async def author(self) -> Author:
        """Who writes our comments.

        Raises:
            GitHubError: GitHub did not tell.
            SettingError: neither an App's key nor a token is set.
        """
        async with self._lock:
            if self._author is None:
                self._author = await self._ask()
        return self._author

    async def _ask(self) -> Author:
        app_id = self._settings.github_app_id
        if app_id is None:
            user = await self._clients.for_token().get("user")
            return Author(None, str(user["login"]))
        app = await self._clients.app().get("app")
        return Author(app_id, f"{app['slug']}[bot]")
