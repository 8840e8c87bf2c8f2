"""Which other repositories' knowledge may answer an issue here: the one place that decides it.

What it returns is what the store's query names. All of it is read from GitHub for each answer, so
a repository that was made private, or whose maintainers changed their mind, is left out at once.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from indexer.config_file import read_at
from indexer.errors import Forbidden, NotFound
from indexer.repo_config import RepoConfig

Get = Callable[..., Awaitable[Any]]

# Whoever reads a repository may read those that are more open than it, and no others.
_CLOSED = {"public": 0, "internal": 1, "private": 2}


@dataclass(frozen=True, slots=True)
class _Place:
    """A repository's name in lower case, and how closed it is."""

    name: str
    closed: int


async def sources_of(get: Get, repo: str, config: RepoConfig) -> tuple[str, ...]:
    """The repositories that `repo` names in its config and that may answer its issues.

    Each must belong to the same owner, be no more closed than `repo`, and list `repo` under
    `share_with` in the config file of its own default branch. A file that is broken, or a
    repository that is not for us to read, shares nothing.

    Args:
        get: fetches a REST path as JSON.
        repo: `owner/name`.
        config: the one in force in `repo`.

    Raises:
        GitHubError: GitHub does not answer.
    """
    here = repo.lower()
    wanted = _named(here, config.sources.repositories)
    if not wanted:
        return ()
    own = await _place(get, here)
    if own is None:
        return ()
    shared = [name for name in wanted if await _shares(get, name, own)]
    return tuple(shared)


def _named(repo: str, names: tuple[str, ...]) -> list[str]:
    """The names in full, in lower case, each once; without `repo` and those of other owners."""
    owner = repo.partition("/")[0]
    full = (name.lower() if "/" in name else f"{owner}/{name.lower()}" for name in names)
    kept = (name for name in full if name.partition("/")[0] == owner and name != repo)
    return list(dict.fromkeys(kept))


async def _shares(get: Get, name: str, reader: _Place) -> bool:
    place = await _place(get, name)
    # A repository that was moved answers under its new name: its consent was another's.
    if place is None or place.name != name or place.closed > reader.closed:
        return False
    try:
        file = await read_at(get, name)
    except Forbidden:
        return False
    return file.config is not None and reader.name in _named(name, file.config.share_with)


async def _place(get: Get, name: str) -> _Place | None:
    """What GitHub says of a repository; None where it is not for us."""
    try:
        answer = await get(f"repos/{name}")
    except (NotFound, Forbidden):
        return None
    if not isinstance(answer, Mapping):
        return None
    visibility = answer.get("visibility")
    if visibility is None:  # an older server knows two kinds only
        visibility = "public" if answer.get("private") is False else "private"
    closed = _CLOSED.get(str(visibility))
    return None if closed is None else _Place(str(answer.get("full_name")).lower(), closed)
