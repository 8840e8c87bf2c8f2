"""A long step tells how far it is, durably, so that any process can show it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from dbos import DBOS

from app.job_queue import PROGRESS
from indexer.errors import InternError
from indexer.progress import OnProgress, Progress, progress_json

TELL_SECONDS = 0.5


async def tell_trouble(error: InternError, seconds: float) -> None:
    """That a step waits before it is tried again, and why."""
    now = Progress("waiting", wait=seconds, trouble=str(error))
    await DBOS.set_event_async(PROGRESS, progress_json(now))


@asynccontextmanager
async def telling() -> AsyncIterator[OnProgress]:
    """A callback, for any thread; what it was last told is kept with the job, twice a second."""
    latest: Progress | None = None

    def tell(now: Progress) -> None:
        nonlocal latest
        latest = now

    async def pass_on() -> None:
        nonlocal latest
        if latest is not None:
            now, latest = latest, None
            await DBOS.set_event_async(PROGRESS, progress_json(now))

    async def keep_passing_on() -> None:
        while True:
            await asyncio.sleep(TELL_SECONDS)
            await pass_on()

    passing = asyncio.create_task(keep_passing_on())
    try:
        yield tell
    finally:
        passing.cancel()
        with suppress(asyncio.CancelledError):
            await passing
    await pass_on()
