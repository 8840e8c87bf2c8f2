"""One process at a time, where several share a Qdrant server: a lock by name."""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

import sqlalchemy as sa

from indexer.database import open_engine
from indexer.errors import StoreBusy
from indexer.settings import IndexSettings


@contextmanager
def exclusive(settings: IndexSettings, name: str, doing: str) -> Iterator[None]:
    """Do something that no other process may be doing.

    The embedded store has one owner anyway: there this costs nothing and keeps nobody out.
    Otherwise it is a lock of the Postgres database that all processes share, or of a file in
    DATA_DIR; either ends with its process, however that ends.

    Args:
        settings: what is shared.
        name: what is locked, such as a repository.
        doing: what the other process would be doing, for the sentence: "reading octo/tools".

    Raises:
        StoreBusy: another process is at it.
    """
    if settings.qdrant_url is None:
        yield
        return
    held = _in_postgres if settings.database_url else _in_a_file
    with held(settings, name) as free:
        if not free:
            raise StoreBusy(f"Another process is {doing}: wait for it to end.")
        yield


@asynccontextmanager
async def exclusively(settings: IndexSettings, name: str, doing: str) -> AsyncIterator[None]:
    """The same for a coroutine: asking the database keeps nothing else waiting.

    Raises:
        StoreBusy: another process is at it.
        SettingError: the database does not answer.
    """
    held = ExitStack()
    taking = asyncio.ensure_future(
        asyncio.to_thread(held.enter_context, exclusive(settings, name, doing))
    )
    try:
        await asyncio.shield(taking)
        yield
    finally:
        # A cancelled coroutine leaves its threads at work: what one of them takes is let go of too.
        await asyncio.shield(_let_go(taking, held))


async def _let_go(taking: asyncio.Future[None], held: ExitStack) -> None:
    await asyncio.wait([taking])
    await asyncio.to_thread(held.close)


@contextmanager
def _in_postgres(settings: IndexSettings, name: str) -> Iterator[bool]:
    engine = open_engine(settings, "locks")
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    try:
        # The lock is the connection's; it ends with it.
        with engine.connect() as connection:
            locking = sa.select(sa.func.pg_try_advisory_lock(key))
            free = connection.execute(locking).scalar_one()
            connection.commit()
            yield bool(free)
            connection.invalidate()
    finally:
        engine.dispose()


@contextmanager
def _in_a_file(settings: IndexSettings, name: str) -> Iterator[bool]:
    folder = settings.made_data_dir() / "locks"
    folder.mkdir(exist_ok=True)
    file = folder / hashlib.sha256(name.encode()).hexdigest()[:32]
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            free = False
        else:
            free = True
        yield free
    finally:
        os.close(descriptor)
