"""What the App's tests share: a job database that is ready to use."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from app import job_queue
from app.job_queue import JobQueue
from app.settings import Settings


@pytest.fixture(autouse=True)
def _quick_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs start at once: tests wait for many, and for no idle server's sake."""
    quick = tuple(replace(lane, polling_seconds=0.05) for lane in job_queue.LANES)
    monkeypatch.setattr(job_queue, "LANES", quick)


@pytest.fixture(scope="session")
def fresh_jobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job database with its tables and queues: to make one takes DBOS two seconds."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("jobs"), shutdown_seconds=1)

    async def make() -> None:
        queue = JobQueue(settings)
        await queue.launch({})
        await queue.close()

    asyncio.run(make())
    return settings.data_dir / "jobs.sqlite"
