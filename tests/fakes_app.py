"""Stand-ins for the App's parts: steps that follow a script, a queue that only remembers."""

import asyncio
import hashlib
import hmac
import json
import uuid
from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import unquote

from app.job_kinds import Job
from indexer.errors import NotFound
from indexer.thresholds import DEFAULT, Thresholds

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


class Levels:
    """The same thresholds for every repository, and template lines."""

    lines: frozenset[str] = frozenset()

    def __init__(self, thresholds: Thresholds = DEFAULT) -> None:
        self._thresholds = thresholds

    def thresholds(self, repo: str) -> Thresholds:
        return self._thresholds

    def templates(self, repo: str) -> frozenset[str]:
        return self.lines


class FakeQueue:
    """Remembers what was enqueued; `error` is raised instead where it is set."""

    def __init__(self) -> None:
        self.jobs: list[tuple[str, Job]] = []
        self.error: Exception | None = None

    async def enqueue(self, delivery: str, jobs: Sequence[Job], *, at: Any = None) -> list[str]:
        if self.error:
            raise self.error
        self.jobs += [(delivery, job) for job in jobs]
        return [delivery for _ in jobs]


class ScriptedSteps:
    """Steps that return or raise what the test lined up, then a plain success for ever.

    `calls` lists (step, arguments); `reached(name, times)` waits until a step was called so often.
    `forgotten` says of which repositories all jobs are void, `taken_back` what was undone of them.
    """

    DEFAULTS: ClassVar[dict[str, dict[str, Any]]] = {
        "look_at_history": {"outcome": "complete", "started_at": None},
        "list_repositories": {"outcome": "listed", "repos": []},
        "list_forgotten": {"outcome": "listed", "repos": []},
        "locate": {"outcome": "here"},
        "move": {"outcome": "moved", "begun": False},
    }

    def __init__(self, **script: Sequence[Any]) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self._script = {name: list(results) for name, results in script.items()}
        self._changed = asyncio.Condition()
        self.forgotten: set[str] = set()
        self.taken_back: list[Job] = []

    @property
    def repositories(self) -> "ScriptedSteps":
        """The steps about whole repositories follow the same script."""
        return self

    async def is_void(self, repo: str, _at: str) -> bool:
        return repo in self.forgotten

    async def take_back(self, job: Job) -> None:
        self.taken_back.append(job)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        async def step(*arguments: Any) -> dict[str, Any]:
            self.calls.append((name, arguments))
            async with self._changed:
                self._changed.notify_all()
            lined_up = self._script.get(name)
            result = lined_up.pop(0) if lined_up else None
            if callable(result):
                result = await result()
            if isinstance(result, BaseException):
                raise result
            if isinstance(result, asyncio.Event):
                await result.wait()
                result = None
            return result or self.DEFAULTS.get(name) or {"outcome": "done", "reason": "scripted"}

        step.__name__ = name
        return step

    def line_up(self, **script: Sequence[Any]) -> None:
        """What happens next, in place of what was lined up before."""
        self._script |= {name: list(results) for name, results in script.items()}

    def count(self, name: str) -> int:
        return sum(called == name for called, _ in self.calls)

    async def reached(self, name: str, times: int = 1) -> None:
        async with self._changed:
            await asyncio.wait_for(
                self._changed.wait_for(lambda: self.count(name) >= times), timeout=20
            )


class FakeIssueClient:
    """GitHub's REST calls about one issue's comments and labels, kept in memory.

    `lose` lines up errors: each `(error, happens)` is raised by the next write, which takes
    effect all the same where `happens` is true. `hidden` comments are posted but not listed yet,
    for as many listings.
    """

    def __init__(self, *, app_id: int | None = 5, login: str = "oncall-intern[bot]") -> None:
        self.comments: dict[int, dict[str, Any]] = {}
        self.labels: set[str] = set()
        self.repository_labels: set[str] = set()
        self.lose: list[tuple[Exception, bool]] = []
        self.hidden = 0
        self.writes: list[tuple[str, str]] = []
        self.slept: list[float] = []
        self._by = {"user": {"login": login, "type": "Bot"}}
        if app_id is not None:
            self._by["performed_via_github_app"] = {"id": app_id}

    def add(self, body: str, **by: Any) -> int:
        number = 100 + len(self.comments)
        self.comments[number] = {
            "id": number,
            "body": body,
            "html_url": f"https://github.example/octo/tools/issues/7#issuecomment-{number}",
            **(by or self._by),
        }
        return number

    async def get(self, path: str, **_: Any) -> Any:
        if "/labels/" in path:
            if unquote(path.rsplit("/", 1)[1]) not in self.repository_labels:
                raise NotFound(path)
            return {}
        comment = self.comments.get(int(path.rsplit("/", 1)[1]))
        if comment is None:
            raise NotFound(path)
        return dict(comment)

    async def paginate(self, path: str, **_: Any) -> Any:
        hide, self.hidden = self.hidden, max(0, self.hidden - 1)
        for comment in list(self.comments.values()):
            if not (hide and comment is list(self.comments.values())[-1]):
                yield dict(comment)

    async def post(self, path: str, body: Any = None) -> Any:
        if path.endswith("/labels"):
            return self._write("POST", path, lambda: self.repository_labels.add(body["name"]))
        return self._write("POST", path, lambda: self.comments[self.add(body["body"])])

    async def patch(self, path: str, body: Any = None) -> Any:
        comment = self.comments[int(path.rsplit("/", 1)[1])]
        return self._write("PATCH", path, lambda: comment.update(body) or comment)

    async def delete(self, path: str) -> Any:
        label = unquote(path.rsplit("/", 1)[1])
        if label not in self.labels:
            raise NotFound(path)
        return self._write("DELETE", path, lambda: self.labels.discard(label))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def _write(self, method: str, path: str, effect: Any) -> Any:
        self.writes.append((method, path))
        if self.lose:
            error, happens = self.lose.pop(0)
            if happens:
                effect()
            raise error
        return effect()
