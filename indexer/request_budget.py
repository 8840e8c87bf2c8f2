"""How many REST requests GitHub leaves us until its hour is over, as its answers tell (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass

from indexer.github_errors import until

# GraphQL counts points of its own, and searches have a small budget of theirs.
_RESOURCE = "core"


@dataclass(frozen=True, slots=True)
class RequestBudget:
    """The budget after an answer; `reset` is when it is whole again, in seconds since 1970."""

    limit: int
    remaining: int
    reset: float

    def wait(self, reserve: float, now: float) -> float | None:
        """Seconds to wait before a request that leaves a share of the limit to others.

        None where there is more than that left, or the hour is over.
        """
        if self.reset <= now or self.remaining > self.limit * reserve:
            return None
        return until(str(self.reset), now)

    def after(self, earlier: "RequestBudget | None", now: float) -> "RequestBudget":
        """The budget after one more answer: within the hour the least counts.

        Answers that are under way together do not arrive in the order of their numbers.
        """
        if earlier is None or earlier.reset <= now or self.remaining < earlier.remaining:
            return self
        return earlier


def budget_of(headers: Mapping[str, str]) -> RequestBudget | None:
    """What an answer says of the budget; None where it says nothing, as hosts without limits do."""
    if headers.get("x-ratelimit-resource") != _RESOURCE:
        return None
    try:
        return RequestBudget(
            int(headers["x-ratelimit-limit"]),
            int(headers["x-ratelimit-remaining"]),
            float(headers["x-ratelimit-reset"]),
        )
    except (KeyError, ValueError):
        return None
