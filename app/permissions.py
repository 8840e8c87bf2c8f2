"""May this person tell us what to do in a repository? GitHub is asked, and remembered briefly.

Not `author_association`: it tells who took part, not who may do what.
"""

import time
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from indexer.errors import Forbidden, NotFound, Rejected
from indexer.github import GitHubClient

SECONDS: Final = 60.0
MOST: Final = 1_000
# `permission` knows no triage, and calls the roles that an organisation made by what they build on.
_PERMISSIONS: Final = frozenset({"admin", "write"})
_ROLES: Final = frozenset({"admin", "maintain", "write", "triage"})


class Permissions:
    """Who may triage where, as of at most a minute ago."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[float, bool]] = {}

    async def may_triage(self, client: GitHubClient, repo: str, login: str) -> bool:
        """Whether someone has at least the role triage; no, where GitHub does not tell.

        Raises:
            RateLimited, GitHubUnavailable: nothing was learnt; asking again later may help.
        """
        key = (repo.lower(), login.lower())
        known = self._known.get(key)
        if known is not None and known[0] > self._clock():
            return known[1]
        may = await _ask(client, repo, login)
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[key] = (self._clock() + SECONDS, may)
        return may


async def _ask(client: GitHubClient, repo: str, login: str) -> bool:
    path = f"repos/{repo}/collaborators/{quote(login, safe='')}/permission"
    try:
        found = await client.get(path)
    except (NotFound, Forbidden, Rejected):
        return False
    return found.get("permission") in _PERMISSIONS or found.get("role_name") in _ROLES
