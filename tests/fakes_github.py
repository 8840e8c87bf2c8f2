"""Clients and clocks for tests against the simulated GitHub."""

import time
from datetime import UTC, datetime
from typing import Any

from indexer.github_clients import GitHubClients
from indexer.settings import IndexSettings
from tests.github_simulator import Simulator

WHEN = datetime(2024, 5, 1, tzinfo=UTC)


class FakeClock:
    """A clock that goes on only when somebody sleeps on it; `waits` tells how long each time."""

    def __init__(self, now: float | None = None) -> None:
        self.now = time.time() if now is None else now
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def settings_for(simulator: Simulator, **overrides: Any) -> IndexSettings:
    """Settings by which the App knows the simulator."""
    names = {name.lower(): value for name, value in simulator.environment.items()}
    fields = {k: v for k, v in names.items() if k in IndexSettings.model_fields}
    return IndexSettings(**{**fields, **overrides})


def clients_for(
    simulator: Simulator, clock: FakeClock | None = None, **overrides: Any
) -> GitHubClients:
    """Clients of the simulator that never really sleep."""
    clock = clock or FakeClock()
    settings = settings_for(simulator, **overrides)
    return GitHubClients(settings, sleep=clock.sleep, clock=clock)


def thread(number: int, title: str = "", **fields: Any) -> dict[str, Any]:
    """A thread as a seed holds it."""
    return {
        "number": number,
        "title": title or f"Issue {number}",
        "created_at": datetime(2024, 1, 1, number // 60 % 24, number % 60, tzinfo=UTC),
        "author": "reporter",
        **fields,
    }


def comments(count: int, author: str = "helper") -> list[dict[str, Any]]:
    return [
        {
            "author": author,
            "body": f"comment {place}",
            "created_at": datetime(2024, 2, 1, place // 60, place % 60, tzinfo=UTC),
        }
        for place in range(count)
    ]
