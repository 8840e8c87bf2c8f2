"""A long step tells how far it is, durably, so that any process can show it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import sqlalchemy as sa
import structlog
from dbos import DBOS
from dbos import error as dbos_errors

from app.job_queue import PROGRESS
from indexer.errors import InternError
from indexer.progress import OnProgress, Progress, progress_json

log = structlog.get_logger()

TELL_SECONDS = 0.5


async def tell_trouble(error: InternError, seconds: float) -> None:
    """That a step waits before it is tried again, and why.

    Where this cannot be told, the step waits all the same.
    """
    now = Progress("waiting", wait=seconds, trouble=str(error))
    try:
        await DBOS.set_event_async(PROGRESS, progress_json(now))
    except (sa.exc.SQLAlchemyError, dbos_errors.DBOSException) as failure:
        log.warning("trouble not told", reason=type(failure).__name__)


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
