"""Rate limits, counted as GitHub counts them: requests for REST, points for GraphQL."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

WINDOW = 3_600


@dataclass(slots=True)
class Bucket:
    limit: int
    used: int
    reset: int

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class Limits:
    """A bucket an hour for each caller and resource; `core` and `graphql` may be changed."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.sizes = {"core": 5_000, "graphql": 5_000}
        self.window: float = WINDOW
        self._now = now
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def bucket(self, key: str, resource: str) -> Bucket:
        """The caller's present bucket."""
        now = self._now().timestamp()
        with self._lock:
            found = self._buckets.get((key, resource))
            if found is None or found.reset <= now:
                found = Bucket(self.sizes[resource], 0, int(now + self.window))
                self._buckets[key, resource] = found
            found.limit = self.sizes[resource]
            return found

    def spend(self, key: str, resource: str, points: int = 1) -> tuple[Bucket, bool]:
        """Take points out; False where there are none left."""
        bucket = self.bucket(key, resource)
        with self._lock:
            if bucket.used >= bucket.limit:
                return bucket, False
            bucket.used += points
            return bucket, True

    def spent(self, resource: str) -> int:
        """Points that all callers together have used in their present windows."""
        with self._lock:
            return sum(b.used for (_, name), b in self._buckets.items() if name == resource)


def headers(bucket: Bucket, resource: str) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(bucket.limit),
        "x-ratelimit-remaining": str(bucket.remaining),
        "x-ratelimit-used": str(min(bucket.used, bucket.limit)),
        "x-ratelimit-reset": str(bucket.reset),
        "x-ratelimit-resource": resource,
    }
