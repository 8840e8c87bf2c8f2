import asyncio
import stat
from functools import partial

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.local_socket import serve_local_socket
from indexer.edge_store import EdgeStore
from indexer.errors import StoreBusy, StoreUnavailable
from indexer.remote_store import RemoteStore
from indexer.settings import IndexSettings
from tests.fakes_store import fingerprint, point


@pytest.fixture
def settings(tmp_path):
    return IndexSettings(data_dir=tmp_path)


@pytest.fixture
def kb(tmp_path):
    store = EdgeStore.open(tmp_path / "collection", fingerprint())
    yield store
    store.close()


async def test_the_socket_is_for_this_user_and_goes_away(kb, settings):
    async with serve_local_socket(kb, settings) as path:
        assert path == settings.data_dir / "intern.sock"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        remote = await asyncio.to_thread(RemoteStore.open, path, fingerprint())
        await asyncio.to_thread(remote.upsert, [point("a")])
        remote.close()
    assert not path.exists()
    assert kb.count() == 1


async def test_calls_are_answered_while_the_loop_is_free_for_others(settings):
    class Slow:
        fingerprint = fingerprint()

        def __init__(self, loop):
            self.loop, self.reached = loop, asyncio.Event()

        def count(self, where=None):
            # Ends only if the loop runs on while this call blocks its thread.
            reached = asyncio.run_coroutine_threadsafe(self.go_on(), self.loop)
            return reached.result(10)

        async def go_on(self):
            return 42

    async with serve_local_socket(Slow(asyncio.get_running_loop()), settings) as path:
        remote = await asyncio.to_thread(RemoteStore.open, path, fingerprint())
        assert await asyncio.to_thread(remote.count) == 42
        remote.close()


async def test_a_second_server_is_refused(kb, settings):
    async with serve_local_socket(kb, settings) as path:
        with pytest.raises(StoreBusy, match="another server"):
            async with serve_local_socket(kb, settings):
                pass
        remote = await asyncio.to_thread(RemoteStore.open, path, fingerprint())
        remote.close()


async def test_a_deep_data_folder_is_served(kb, tmp_path):
    settings = IndexSettings(data_dir=tmp_path / ("d" * 120))
    async with serve_local_socket(kb, settings) as path:
        remote = await asyncio.to_thread(RemoteStore.open, path, fingerprint())
        assert await asyncio.to_thread(remote.count) == 0
        remote.close()
    assert list(settings.data_dir.iterdir()) == []


async def test_a_folder_that_cannot_be_written_names_the_setting(kb, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="DATA_DIR"):
        async with serve_local_socket(kb, IndexSettings(data_dir=tmp_path / "file" / "data")):
            pass


async def test_other_routes_can_be_added_and_unknown_calls_are_refused(kb, settings):
    jobs = Route("/jobs", lambda _: PlainTextResponse("none"))
    async with serve_local_socket(kb, settings, [jobs]) as path:
        transport = httpx.AsyncHTTPTransport(uds=str(path))
        async with httpx.AsyncClient(transport=transport, base_url="http://intern") as client:
            assert (await client.get("/jobs")).text == "none"
            assert (await client.post("/kb/close", content=b"")).status_code == 404
            assert (await client.get("/kb/count")).status_code == 405
            assert (await client.post("/kb/count", content=b"junk")).status_code == 400


async def test_many_commands_at_once(kb, settings):
    async with serve_local_socket(kb, settings) as path:
        remote = await asyncio.to_thread(RemoteStore.open, path, fingerprint())
        writes = [partial(remote.upsert, [point((n, i)) for i in range(20)]) for n in range(10)]
        await asyncio.gather(*map(asyncio.to_thread, writes))
        assert await asyncio.to_thread(remote.count) == 200
        remote.close()


async def test_that_it_starts_and_stops_is_left_to_the_server_that_it_belongs_to(
    kb, settings, caplog
):
    with caplog.at_level("INFO"):
        async with serve_local_socket(kb, settings):
            pass
    assert [record.message for record in caplog.records if "uvicorn" in record.name] == []


async def test_a_command_that_is_killed_while_it_writes_leaves_no_traceback(kb, settings, caplog):
    async with serve_local_socket(kb, settings) as path:
        _, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b"POST /kb/upsert HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
        await writer.drain()
        await asyncio.sleep(0.2)
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.2)
    assert caplog.text == ""
