"""A Qdrant server on loopback: the REST calls that ServerStore makes, over the client's memory."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pydantic import TypeAdapter
from qdrant_client import QdrantClient, models

_CONDITIONS: TypeAdapter[models.Filter | None] = TypeAdapter(models.Filter | None)


class FakeQdrant:
    """The server's state: `client` is what a test looks into, `calls` what was asked."""

    def __init__(self) -> None:
        self.client = QdrantClient(":memory:")
        self.calls: list[str] = []
        self.lock = threading.Lock()

    def answer(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """The `result` of one call.

        Raises:
            KeyError: the store is not known to make such a call.
        """
        _, collection, *rest = path.strip("/").split("/")
        action = f"{method} {'/'.join(rest)}"
        self.calls.append(action)
        if action == "GET exists":
            return {"exists": self.client.collection_exists(collection)}
        if action == "PUT ":
            made = models.CreateCollection.model_validate(body)
            return self.client.create_collection(
                collection,
                vectors_config=made.vectors,
                sparse_vectors_config=made.sparse_vectors,
            )
        if action == "PUT index":  # a memory needs none
            return {"operation_id": 0, "status": "completed"}
        return getattr(self, _ACTIONS[action])(collection, body)

    def _retrieve(self, collection: str, body: dict[str, Any]) -> Any:
        return self.client.retrieve(
            collection, body["ids"], body.get("with_payload", True), body.get("with_vector", False)
        )

    def _upsert(self, collection: str, body: dict[str, Any]) -> Any:
        points = models.PointsList.model_validate(body).points
        return self.client.upsert(collection, points)

    def _delete(self, collection: str, body: dict[str, Any]) -> Any:
        kind = models.PointIdsList if "points" in body else models.FilterSelector
        return self.client.delete(collection, kind.model_validate(body))

    def _scroll(self, collection: str, body: dict[str, Any]) -> Any:
        points, after = self.client.scroll(
            collection,
            scroll_filter=_CONDITIONS.validate_python(body.get("filter")),
            limit=body["limit"],
            offset=body.get("offset"),
            with_payload=body.get("with_payload", True),
            with_vectors=body.get("with_vector", False),
        )
        return {"points": points, "next_page_offset": after}

    def _count(self, collection: str, body: dict[str, Any]) -> Any:
        return self.client.count(collection, _CONDITIONS.validate_python(body.get("filter")))

    def _facet(self, collection: str, body: dict[str, Any]) -> Any:
        return self.client.facet(collection, body["key"], limit=body["limit"])

    def _query(self, collection: str, body: dict[str, Any]) -> Any:
        batch = models.QueryRequestBatch.model_validate(body)
        return self.client.query_batch_points(collection, batch.searches)


_ACTIONS = {
    "POST points": "_retrieve",
    "PUT points": "_upsert",
    "POST points/delete": "_delete",
    "POST points/scroll": "_scroll",
    "POST points/count": "_count",
    "POST facet": "_facet",
    "POST points/query/batch": "_query",
}


@contextmanager
def qdrant_server() -> Iterator[tuple[str, FakeQdrant]]:
    """A server that begins empty: its address, and what it holds."""
    fake = FakeQdrant()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            with fake.lock:
                result = fake.answer(
                    self.command, self.path.split("?")[0], json.loads(body or b"{}")
                )
            told = TypeAdapter(Any).dump_json({"result": result, "status": "ok", "time": 0})
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names http.server calls

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        fake.client.close()
