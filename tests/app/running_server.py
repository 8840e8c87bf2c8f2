"""The whole server on a loopback port, beside a simulated GitHub that sends it webhooks."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from dbos import DBOS
from fastapi import FastAPI

from app.job_queue import JobQueue
from app.main import create_app
from app.services import Services
from app.settings import Settings
from app.stepping import Patience
from indexer.embedding import TextEmbedder
from tests.fakes_embedding import ToyEmbedder
from tests.github_simulator import Seed, Simulator

QUICK = Patience(
    first=0.05, longest=0.2, attempts=5, poll_first=0.05, poll_longest=0.2, improve=(0.05, 0.05)
)

# A sync interval in hours: a third of a second.
SHORT = 0.0001


class RunningServer:
    """The server, its GitHub, and how to wait until both are at rest."""

    def __init__(self, app: FastAPI, github: Simulator, port: int) -> None:
        self.app = app
        self.github = github
        self.url = f"http://127.0.0.1:{port}"

    @property
    def services(self) -> Services:
        found: Services = self.app.state.services
        return found

    @property
    def queue(self) -> JobQueue:
        found: JobQueue = self.app.state.queue
        return found

    async def settled(self, seconds: float = 30) -> None:
        """Wait until every webhook is answered and every job is done."""
        deadline = time.monotonic() + seconds
        while True:
            await asyncio.to_thread(self.github.deliverer.drain, seconds)
            if not await asyncio.to_thread(self.queue.depth):
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"jobs are still there: {self.queue.depth()}")
            await asyncio.sleep(0.02)

    async def sync(self) -> None:
        """What the schedule does at its time, and all that follows; with SHORT as the interval."""
        rows = self.services.state.repositories().values()
        latest = max(row.started_at for row in rows if row.started_at)
        # Repositories differ by a part of it (app/schedule.py).
        while datetime.now(UTC) < latest + 2 * timedelta(hours=SHORT):  # noqa: ASYNC110  a clock
            await asyncio.sleep(0.05)
        triggered = await asyncio.to_thread(DBOS.trigger_schedule, "sync")
        handle: Any = await DBOS.retrieve_workflow_async(triggered.workflow_id)
        await handle.get_result(polling_interval_sec=0.05)
        await self.settled()


@asynccontextmanager
async def running_server(
    folder: Path,
    seed: Seed,
    *,
    embedder: TextEmbedder | None = None,
    backfilled: bool = True,
    **settings: Any,
) -> AsyncIterator[RunningServer]:
    """A server over a simulated GitHub; its repositories are backfilled first, unless told not."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    with Simulator(seed, webhook_url=f"http://127.0.0.1:{port}/webhooks") as github:
        configured = Settings(
            **{name.lower(): value for name, value in github.environment.items()},
            data_dir=folder,
            allowed_accounts=("*",),
            shutdown_seconds=1,
            **settings,
        )
        app = create_app(configured, embedder=embedder or ToyEmbedder(), patience=QUICK)
        async with app.router.lifespan_context(app):
            config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False)
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            running = RunningServer(app, github, port)
            try:
                if backfilled:
                    for installation in list(github.world.installations):
                        github.announce_installation(installation)
                    await running.settled()
                yield running
            finally:
                server.should_exit = True
                await serving
