"""Stand-ins for the App's parts: steps that follow a script, a queue that only remembers."""

import asyncio
import hashlib
import hmac
import json
import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

from app.events import Job

SECRET = "a-secret-for-tests"


def signed(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def delivery_headers(body: bytes, event: str, *, guid: str | None = None) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "x-github-event": event,
        "x-github-delivery": guid or str(uuid.uuid4()),
        "x-hub-signature-256": signed(body),
    }


def issue_payload(
    action: str = "opened", *, repo: str = "octo/tools", number: int = 7, **more: Any
) -> dict[str, Any]:
    return {
        "action": action,
        "issue": {"number": number, "title": "Text that no job may hold", "body": "secret words"},
        "repository": {"full_name": repo, "default_branch": "main"},
        "installation": {"id": 11},
        "sender": {"login": "ada", "type": "User"},
        **more,
    }


def as_body(payload: Any) -> bytes:
    return json.dumps(payload).encode()


class FakeQueue:
    """Remembers what was enqueued; `error` is raised instead where it is set."""

    def __init__(self) -> None:
        self.jobs: list[tuple[str, Job]] = []
        self.error: Exception | None = None

    async def enqueue(self, job: Job, delivery: str, *, at: Any = None) -> str:
        if self.error:
            raise self.error
        self.jobs.append((delivery, job))
        return delivery


class ScriptedSteps:
    """Steps that return or raise what the test lined up, then a plain success for ever.

    `calls` lists (step, arguments); `reached(name, times)` waits until a step was called so often.
    """

    DEFAULTS: ClassVar[dict[str, dict[str, Any]]] = {
        "look_at_history": {"outcome": "complete", "reason": "complete"},
        "list_repositories": {"outcome": "listed", "repos": []},
        "list_forgotten": {"outcome": "listed", "repos": []},
    }

    def __init__(self, **script: Sequence[Any]) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self._script = {name: list(results) for name, results in script.items()}
        self._changed = asyncio.Condition()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        async def step(*arguments: Any) -> dict[str, Any]:
            self.calls.append((name, arguments))
            async with self._changed:
                self._changed.notify_all()
            lined_up = self._script.get(name)
            result = lined_up.pop(0) if lined_up else None
            if isinstance(result, BaseException):
                raise result
            if isinstance(result, asyncio.Event):
                await result.wait()
                result = None
            return result or self.DEFAULTS.get(name) or {"outcome": "done", "reason": "scripted"}

        step.__name__ = name
        return step

    def count(self, name: str) -> int:
        return sum(called == name for called, _ in self.calls)

    async def reached(self, name: str, times: int = 1) -> None:
        async with self._changed:
            await asyncio.wait_for(
                self._changed.wait_for(lambda: self.count(name) >= times), timeout=20
            )
