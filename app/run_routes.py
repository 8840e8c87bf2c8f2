"""What the server does for this machine's commands: their backfills, imports and answers as jobs.

`POST /runs/{kind}` on the local socket stores a job and tells how it goes, a line of JSON at a
time (indexer/runs.py reads them), until the job ends or the reader leaves. The job goes on then.
"""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from app.job_kinds import Backfill, Import, Job, Respond
from app.job_queue import JobQueue, QueueUnavailable
from app.payload import IssueNumber, RepositoryName
from indexer.errors import InternError
from indexer.runs import ALIVE_SECONDS, failure_json

LOOK_SECONDS = 0.1
LINES = "application/jsonl"


class _Wanted(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: RepositoryName


class _Backfill(_Wanted):
    full: bool = False
    docs: bool = True
    since: datetime | None = None

    def job(self) -> Job:
        since = self.since.isoformat() if self.since else None
        return Backfill(self.repo, None, self.full, self.docs, since)


class _Import(_Wanted):
    file: Path
    full: bool = False

    def job(self) -> Job:
        return Import(self.repo, str(self.file), self.full)


class _Respond(_Wanted):
    number: IssueNumber

    def job(self) -> Job:
        return Respond(self.repo, self.number, None, "manual")


_KINDS: Mapping[str, type[_Backfill | _Import | _Respond]] = {
    "backfill": _Backfill,
    "import": _Import,
    "respond": _Respond,
}


def run_routes(queue: JobQueue, stopping: asyncio.Event) -> list[BaseRoute]:
    """The routes, over a queue; `stopping` ends every answer."""

    async def run(request: Request) -> Response:
        kind = _KINDS.get(request.path_params["kind"])
        if kind is None:
            return Response(status_code=404)
        try:
            wanted = kind.model_validate_json(await request.body())
        except ClientDisconnect:  # a command that was killed: nobody hears the answer
            return Response(status_code=400)
        except ValidationError as error:
            return Response(str(error), status_code=400)
        try:
            (job,) = await queue.enqueue(f"command {uuid.uuid4()}", [wanted.job()])
        except QueueUnavailable as error:
            return Response(_line({"failed": failure_json(error)}), media_type=LINES)
        return StreamingResponse(_told(queue, job, stopping), media_type=LINES)

    return [Route("/runs/{kind}", run, methods=["POST"])]


async def _told(queue: JobQueue, job: str, stopping: asyncio.Event) -> AsyncIterator[str]:
    """A job's progress as it changes, then its end; blank lines while there is no news."""
    last: dict[str, Any] | None = None
    silent = 0.0
    while not stopping.is_set():
        ended = await _end(queue, job)
        progress = await queue.progress(job)
        if progress is not None and progress != last:
            last, silent = progress, 0.0
            yield _line({"progress": progress})
        elif silent >= ALIVE_SECONDS:
            silent = 0.0
            yield "\n"
        if ended is not None:
            yield _line(ended)
            return
        await asyncio.sleep(LOOK_SECONDS)
        silent += LOOK_SECONDS


async def _end(queue: JobQueue, job: str) -> dict[str, Any] | None:
    """What a job came to; None while it is not done."""
    try:
        outcome = await queue.outcome(job)
    except InternError as error:
        return {"failed": failure_json(error)}
    return None if outcome is None else {"done": outcome}


def _line(told: Mapping[str, Any]) -> str:
    return json.dumps(told) + "\n"
