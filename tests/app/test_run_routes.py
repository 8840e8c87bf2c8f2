"""What commands have the server do, over a real socket, with a queue that follows a script."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from app.job_kinds import Backfill, Import, Respond
from app.job_queue import JobFailed, QueueUnavailable
from app.local_socket import serve_local_socket
from app.run_routes import run_routes
from indexer.errors import InternError, NotFound, StoreUnavailable
from indexer.progress import Progress, progress_json
from indexer.runs import run_there, running_server
from indexer.settings import IndexSettings
from tests.fakes_app import FakeQueue

ANY_STORE: Any = SimpleNamespace()


class Following(FakeQueue):
    """Jobs whose looks were lined up: a progress, an outcome or an error each."""

    def __init__(self, *looks: Any) -> None:
        super().__init__()
        self.looks = list(looks)

    async def outcome(self, _job: str) -> dict[str, Any] | None:
        look = self.looks[0] if self.looks else None
        if isinstance(look, Exception):
            raise look
        return look if isinstance(look, dict) else None

    async def progress(self, _job: str) -> dict[str, Any] | None:
        look = self.looks[0] if self.looks else None
        if isinstance(look, Progress):
            self.looks.pop(0)
            return progress_json(look)
        return None


@asynccontextmanager
async def served(tmp_path, *looks):
    queue, stopping = Following(*looks), asyncio.Event()
    settings = IndexSettings(data_dir=tmp_path)
    async with serve_local_socket(ANY_STORE, settings, run_routes(queue, stopping)) as path:
        assert running_server(settings) == path
        yield queue, stopping, path
        stopping.set()
    assert running_server(settings) is None


@pytest.mark.parametrize(
    ("kind", "wanted", "job"),
    [
        ("backfill", {"repo": "octo/tools"}, Backfill("octo/tools")),
        (
            "backfill",
            {"repo": "o/t", "full": True, "docs": False, "since": "2026-01-01T00:00:00+00:00"},
            Backfill("o/t", None, True, False, "2026-01-01T00:00:00+00:00"),
        ),
        ("import", {"repo": "o/t", "file": "/x/y.jsonl"}, Import("o/t", "/x/y.jsonl")),
        ("respond", {"repo": "o/t", "number": 7}, Respond("o/t", 7, None, "manual")),
    ],
)
async def test_each_kind_becomes_its_job(tmp_path, kind, wanted, job):
    seen: list[Progress] = []
    half, whole = Progress("threads", 1, 2), Progress("threads", 2, 2)
    done = {"outcome": "complete", "count": 2}
    async with served(tmp_path, half, whole, done) as (queue, _, path):
        came = await asyncio.to_thread(run_there, path, kind, wanted, seen.append)
    assert (came, seen) == (done, [half, whole])
    assert [stored for _, stored in queue.jobs] == [job]


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (JobFailed("It was tried 14 times."), InternError),
        ({"outcome": "gone", "error": "octo/tools is not there."}, NotFound),
        ({"outcome": "forgotten"}, NotFound),
    ],
)
async def test_a_run_that_fails_fails_here(tmp_path, end, error):
    async with served(tmp_path, end) as (_, _, path):
        with pytest.raises(error, match=r"tried 14 times\.|is not there\.|was forgotten meanwhile"):
            await asyncio.to_thread(run_there, path, "backfill", {"repo": "octo/tools"})


async def test_a_queue_that_does_not_answer_is_one_sentence(tmp_path):
    async with served(tmp_path) as (queue, _, path):
        queue.error = QueueUnavailable("The job queue's database does not answer.")
        with pytest.raises(InternError, match="database does not answer"):
            await asyncio.to_thread(run_there, path, "backfill", {"repo": "octo/tools"})


@pytest.mark.parametrize(
    ("error", "wanted"), [(None, {"repo": "octo/.."}), (RuntimeError(), {"repo": "octo/tools"})]
)
async def test_a_server_that_cannot_take_a_run_is_one_sentence(tmp_path, error, wanted):
    async with served(tmp_path) as (queue, _, path):
        queue.error = error
        with pytest.raises(StoreUnavailable, match=r"did not take the work \(HTTP [45]00\)"):
            await asyncio.to_thread(run_there, path, "backfill", wanted)


async def test_a_command_that_is_killed_while_it_asks_becomes_no_job():
    queue = FakeQueue()
    (route,) = run_routes(queue, asyncio.Event())  # type: ignore[arg-type]
    sent: list[Any] = []

    async def hangs_up() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send_on(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/runs/backfill", "headers": []}
    await Starlette(routes=[route])(scope, hangs_up, send_on)
    assert (sent[0]["status"], queue.jobs) == (400, [])


async def test_a_server_that_stops_says_what_becomes_of_the_run(tmp_path):
    async with served(tmp_path) as (queue, stopping, path):
        watching = asyncio.create_task(
            asyncio.to_thread(run_there, path, "backfill", {"repo": "octo/tools"})
        )
        while not queue.jobs:  # noqa: ASYNC110  the fake tells nobody
            await asyncio.sleep(0.01)
        stopping.set()
        with pytest.raises(StoreUnavailable, match="goes on with it as soon as it is started"):
            await watching


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("dance", {"repo": "octo/tools"}, 404),
        ("backfill", {"repo": "octo/.."}, 400),
        ("backfill", {"repo": "octo/tools", "fast": True}, 400),
        ("respond", {"repo": "octo/tools", "number": 0}, 400),
    ],
)
async def test_what_makes_no_sense_becomes_no_job(tmp_path, kind, body, status):
    async with served(tmp_path) as (queue, _, path):
        transport = httpx.AsyncHTTPTransport(uds=str(path))
        async with httpx.AsyncClient(transport=transport) as client:
            answer = await client.post(f"http://intern/runs/{kind}", json=body)
        assert (answer.status_code, queue.jobs) == (status, [])
