"""Queries that ask for less where GitHub cannot finish them, and that wait while it is down.

What takes GitHub too long and what it is too ill to answer looks alike for a moment, so a query is
asked twice before it is made smaller. An outage makes no query smaller: it is waited out.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from indexer.errors import GitHubTimedOut, GitHubUnavailable
from indexer.github import PATIENCE, GitHubClient
from indexer.github_errors import backoff

OUTAGE = 600.0
"""Seconds that a run over a whole history waits for a GitHub that is down, for each query."""

TRIES = 2
"""How often the same is asked before less is."""

_GOOD_ANSWERS = 5
"""After so many in a row, more is asked for again."""

T = TypeVar("T")
OnWait = Callable[[float], None]


class PageSize:
    """How much to ask for at once: halved when GitHub cannot finish, slowly grown again.

    Args:
        most: what of the query says how many, and what to begin with; the first is halved first.
        least: where halving ends, for each of them.

    Attributes:
        now: how many of each to ask for.
    """

    def __init__(self, most: Mapping[str, int], least: Mapping[str, int]) -> None:
        self._most = most
        self._least = least
        self._good = 0
        self.now = dict(most)

    def shrink(self) -> bool:
        """Ask for half; False where it cannot be less."""
        self._good = 0
        for name, least in self._least.items():
            if self.now[name] > least:
                self.now[name] = max(least, self.now[name] // 2)
                return True
        return False

    def succeeded(self) -> None:
        """After some good answers in a row, ask for more again."""
        self._good += 1
        if self._good >= _GOOD_ANSWERS:
            self._good = 0
            self.now = {name: min(most, 2 * self.now[name]) for name, most in self._most.items()}

    def restore(self) -> None:
        """Ask for as much as in the beginning: what failed did not for its size."""
        self._good = 0
        self.now = dict(self._most)


async def ask_shrinking(
    client: GitHubClient,
    ask: Callable[[dict[str, int]], Awaitable[T]],
    size: PageSize,
    *,
    outage: float = PATIENCE,
    on_wait: OnWait | None = None,
) -> T:
    """Ask until GitHub answers, for as much as it can finish.

    Args:
        client: who waits.
        ask: asks for so many, at most TRIES times.
        size: how many; it stays as small as it had to become.
        outage: seconds to wait for a GitHub that is down, all waits together.
        on_wait: told how many seconds each wait takes.

    Raises:
        GitHubUnavailable: it is down for longer, or cannot finish the smallest query.
        GitHubError: whatever else `ask` raises.
    """
    left = outage
    waits = 0
    while True:
        try:
            answer = await ask(size.now)
        except GitHubUnavailable as error:
            if isinstance(error, GitHubTimedOut) and size.shrink():
                continue
            wait = backoff(TRIES + waits)
            waits += 1
            if wait > left:
                raise
            left -= wait
            if on_wait:
                on_wait(wait)
            await client.sleep(wait)
        else:
            if waits:
                size.restore()
            else:
                size.succeeded()
            return answer
