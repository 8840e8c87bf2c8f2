"""Trouble on demand: errors, limits, lost answers, slowness."""

import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from fastapi.responses import JSONResponse
from starlette.responses import Response

SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)


@dataclass(slots=True)
class Trouble:
    """What happens to requests that match.

    Attributes:
        match: method and path with wildcards, as `POST /repos/*/comments`; `POST /graphql`.
        kind: `status` answers with `status`; `primary` and `secondary` are the two limits;
            `abuse` is a secondary limit without headers; `slow` answers late.
        times: how often; None for ever.
        after: the request takes effect and then the answer is lost.
        contains: only requests whose body has this text.
    """

    match: str
    kind: str = "status"
    status: int = 502
    times: int | None = 1
    after: bool = False
    contains: str = ""
    delay: float = 0.0
    retry_after: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    hits: int = 0

    def response(self, reset: int) -> Response | None:
        """The answer instead of the real one; None where that comes through, only late."""
        if self.kind == "slow":
            return None
        headers = dict(self.headers)
        if self.kind == "primary":
            headers |= {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}
            return _answer(403, self.body or "API rate limit exceeded for installation.", headers)
        if self.kind == "secondary":
            headers["retry-after"] = self.retry_after or "1"
            return _answer(403, self.body or SECONDARY, headers)
        if self.kind == "abuse":
            return _answer(403, self.body or SECONDARY, headers)
        if self.retry_after is not None:
            headers["retry-after"] = self.retry_after
        if self.status in {502, 503, 504} and self.body is None:
            # What stands in front of GitHub answers in HTML.
            return Response("<html><h1>Server Error</h1></html>", self.status, headers, "text/html")
        return _answer(self.status, self.body or "Simulated trouble", headers)


class Troubles:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._troubles: list[Trouble] = []

    def add(self, match: str, **fields: Any) -> Trouble:
        made = Trouble(match, **fields)
        with self._lock:
            self._troubles.append(made)
        return made

    def clear(self) -> None:
        with self._lock:
            self._troubles.clear()

    def take(self, method: str, path: str, body: bytes) -> Trouble | None:
        """The first trouble in force for a request; counts it."""
        asked = f"{method} {path}"
        with self._lock:
            for trouble in self._troubles:
                if not fnmatchcase(asked, trouble.match):
                    continue
                if trouble.contains.encode() not in body:
                    continue
                if trouble.times is not None and trouble.hits >= trouble.times:
                    continue
                trouble.hits += 1
                return trouble
        return None


def _answer(status: int, body: Any, headers: dict[str, str]) -> JSONResponse:
    content = {"message": body, "documentation_url": "https://docs.github.com/rest"}
    return JSONResponse(content if isinstance(body, str) else body, status, headers)
