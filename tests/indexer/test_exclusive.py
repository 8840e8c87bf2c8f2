"""One process at a time: by a file, and by a Postgres where one can be started."""

import asyncio
import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from indexer.errors import StoreBusy
from indexer.exclusive import exclusive, exclusively
from indexer.settings import IndexSettings
from tests.postgres import a_database

SHARED = "http://127.0.0.1:1"


def taken(settings: IndexSettings, name: str) -> bool:
    try:
        with exclusive(settings, name, f"reading {name}"):
            return False
    except StoreBusy:
        return True


def hold_and_die(settings, held, die):
    with exclusive(settings, "octo/tools", "reading octo/tools"):
        held.set()
        die.wait(20)


@pytest.fixture(params=["file", "postgres"])
def settings(request, tmp_path):
    if request.param == "file":
        yield IndexSettings(data_dir=tmp_path, qdrant_url=SHARED)
    else:
        with a_database() as url:
            yield IndexSettings(data_dir=tmp_path, qdrant_url=SHARED, database_url=url)


def test_of_one_name_there_is_one_holder(settings):
    with exclusive(settings, "octo/tools", "reading octo/tools"):
        wanted = "Another process is reading octo/tools: wait for it to end"
        with (
            pytest.raises(StoreBusy, match=wanted),
            exclusive(settings, "octo/tools", "reading octo/tools"),
        ):
            pass
        assert not taken(settings, "octo/kit")
    assert not taken(settings, "octo/tools")


def test_a_holder_that_is_killed_lets_go(settings):
    context = multiprocessing.get_context("spawn")
    held, die = context.Event(), context.Event()
    holder = context.Process(target=hold_and_die, args=(settings, held, die))
    holder.start()
    assert held.wait(30)
    assert taken(settings, "octo/tools")
    holder.kill()
    holder.join()
    assert not taken(settings, "octo/tools")


def test_the_embedded_store_needs_no_second_lock(tmp_path):
    alone = IndexSettings(data_dir=tmp_path)
    with exclusive(alone, "octo/tools", "reading octo/tools"):
        assert not taken(alone, "octo/tools")
    assert list(tmp_path.iterdir()) == []


async def test_the_loop_goes_on_while_the_lock_is_asked_for(tmp_path, monkeypatch):
    loop_went_on = threading.Event()
    seen = []

    @contextmanager
    def slow(*_):
        seen.append(loop_went_on.wait(30))
        yield

    monkeypatch.setattr("indexer.exclusive.exclusive", slow)

    async def hold():
        async with exclusively(IndexSettings(data_dir=tmp_path), "octo/tools", "reading"):
            seen.append("held")

    holding = asyncio.create_task(hold())
    await asyncio.sleep(0)
    loop_went_on.set()
    await holding
    assert seen == [True, "held"]


async def test_a_lock_that_is_got_when_nobody_waits_for_it_any_more_is_let_go(
    tmp_path, monkeypatch
):
    asked, got, let_go = threading.Event(), threading.Event(), threading.Event()

    @contextmanager
    def slow(*_):
        asked.set()
        got.wait(30)
        yield
        let_go.set()

    monkeypatch.setattr("indexer.exclusive.exclusive", slow)

    async def hold():
        async with exclusively(IndexSettings(data_dir=tmp_path), "octo/tools", "reading"):
            raise AssertionError("nobody wants it any more")

    holding = asyncio.create_task(hold())
    assert await asyncio.to_thread(asked.wait, 30)
    holding.cancel()
    await asyncio.wait([holding], timeout=0)
    got.set()
    await asyncio.wait([holding])
    assert holding.cancelled()
    assert let_go.is_set()


async def test_a_lock_is_let_go_though_its_holder_is_cancelled_again_meanwhile(
    tmp_path, monkeypatch
):
    """The only thread is busy, so that letting go has not begun when the second one comes."""
    busy, free, let_go = threading.Event(), threading.Event(), threading.Event()

    @contextmanager
    def lock(*_):
        try:
            yield
        finally:
            let_go.set()

    monkeypatch.setattr("indexer.exclusive.exclusive", lock)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    held = asyncio.Event()

    async def hold():
        async with exclusively(IndexSettings(data_dir=tmp_path), "octo/tools", "reading"):
            held.set()
            await asyncio.Event().wait()

    holding = asyncio.create_task(hold())
    await held.wait()
    working = asyncio.create_task(asyncio.to_thread(lambda: (busy.set(), free.wait(30))))
    while not busy.is_set():  # noqa: ASYNC110  a thread tells nobody
        await asyncio.sleep(0.01)
    holding.cancel()
    await asyncio.wait([holding], timeout=0.05)
    holding.cancel()
    await asyncio.wait([holding])
    free.set()
    await working
    assert await asyncio.to_thread(let_go.wait, 30)


async def test_a_coroutine_holds_the_same_lock_and_lets_go(settings):
    async def hold():
        async with exclusively(settings, "octo/tools", "reading octo/tools"):
            assert taken(settings, "octo/tools")
            raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        await hold()
    async with exclusively(settings, "octo/tools", "reading octo/tools"):
        with pytest.raises(StoreBusy, match="reading octo/tools"):
            await hold()
    assert not taken(settings, "octo/tools")
