import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from qdrant_client import QdrantClient, models

from indexer.errors import SettingError, StoreError, StoreMismatch, StoreUnavailable
from indexer.server_store import ServerStore
from indexer.settings import IndexSettings, load
from tests.fakes_store import fingerprint, point


@contextmanager
def qdrant_answering(*answers):
    """A loopback server: one (status, body) a request, the last for ever; None hangs up."""
    script, seen = list(answers), []

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            seen.append((self.command, self.path, dict(self.headers)))
            answer = script.pop(0) if len(script) > 1 else script[0]
            if answer is None:
                self.close_connection = True
                self.connection.close()
                return
            status, body = answer
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names http.server calls

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def settings(url, **more):
    return IndexSettings(qdrant_url=url, **more)


EXISTS = (200, b'{"result":{"exists":true},"status":"ok","time":0}')


def test_a_key_over_http_is_sent_without_a_warning(recwarn):
    with qdrant_answering((403, b"{}")) as (url, seen), pytest.raises(StoreUnavailable):
        ServerStore.open(settings(url, qdrant_api_key="word"), fingerprint())
    assert [str(warning.message) for warning in recwarn] == []
    assert seen[0][2]["api-key"] == "word"


def test_a_server_that_is_not_there_is_noticed_soon():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match=f"QDRANT_URL.*{url}"):
        ServerStore.open(settings(url), fingerprint())
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("port", ["9", "99999"])
def test_a_password_in_the_address_is_not_shown(port):
    url = f"http://intern:hunter2@127.0.0.1:{port}"
    with pytest.raises((StoreUnavailable, SettingError), match="QDRANT_URL") as caught:
        ServerStore.open(load(IndexSettings, qdrant_url=url), fingerprint())
    assert "hunter2" not in str(caught.value)


def test_without_a_url_the_setting_is_named():
    with pytest.raises(SettingError, match="QDRANT_URL"):
        ServerStore.open(IndexSettings(qdrant_url=None), fingerprint())


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_names_its_setting(status):
    with (
        qdrant_answering((status, b'{"status":{"error":"forbidden"}}')) as (url, seen),
        pytest.raises(StoreUnavailable, match="QDRANT_API_KEY") as caught,
    ):
        ServerStore.open(settings(url, qdrant_api_key="hush"), fingerprint())
    assert seen[0][2]["api-key"] == "hush"
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("trouble", [None, (503, b"{}"), (500, b"oops")])
def test_a_read_is_tried_once_more_and_no_more(trouble):
    with qdrant_answering(trouble) as (url, seen), pytest.raises(StoreUnavailable):
        ServerStore.open(settings(url), fingerprint())
    assert len(seen) == 2


def test_a_read_that_succeeds_the_second_time_succeeds():
    count = (200, b'{"result":{"count":3},"status":"ok","time":0}')
    with qdrant_answering(None, count) as (url, seen):
        client = QdrantClient(url=url, check_compatibility=False)
        store = ServerStore(client, "c", fingerprint(), place=url)
        assert store.count() == 3
        store.close()
    assert len(seen) == 2


def test_a_write_is_not_repeated():
    with qdrant_answering((503, b"{}")) as (url, seen):
        client = QdrantClient(url=url, check_compatibility=False)
        store = ServerStore(client, "c", fingerprint(), place=url)
        with pytest.raises(StoreUnavailable, match="503"):
            store.upsert([point("a")])
        store.close()
    assert len(seen) == 1


def test_a_refused_call_is_a_store_error():
    with qdrant_answering((400, b'{"status":{"error":"bad"}}')) as (url, _):
        client = QdrantClient(url=url, check_compatibility=False)
        store = ServerStore(client, "c", fingerprint(), place=url)
        with pytest.raises(StoreError, match="refused"):
            store.count()
        store.close()


@pytest.mark.parametrize("answer", [(200, b"<html>"), (404, b""), (404, b"<html>")])
def test_an_answer_of_something_else_is_no_qdrant(answer):
    with (
        qdrant_answering(answer) as (url, _),
        pytest.raises(StoreUnavailable, match="is no Qdrant server"),
    ):
        ServerStore.open(settings(url), fingerprint())


def test_the_collection_of_another_program_is_left_alone():
    client = QdrantClient(":memory:")
    client.create_collection("c", models.VectorParams(size=3, distance=models.Distance.DOT))
    client.upsert("c", [models.PointStruct(id=1, vector=[1, 2, 3])])
    with pytest.raises(StoreMismatch, match="QDRANT_COLLECTION"):
        ServerStore.over(client, "c", fingerprint())
    assert client.count("c").count == 1
    client.close()


def test_a_collection_whose_making_was_interrupted_is_completed():
    client = QdrantClient(":memory:")
    ServerStore.over(client, "c", fingerprint())
    client.delete("c", models.FilterSelector(filter=models.Filter()))
    store = ServerStore.over(client, "c", fingerprint())
    store.upsert([point("a")])
    assert store.count() == 1
    assert client.count("c").count == 2
    client.close()
