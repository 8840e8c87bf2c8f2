"""The store of a running server, reached through its Unix socket."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import httpx

from indexer.errors import StoreError, StoreUnavailable
from indexer.socket_path import short_address
from indexer.store import ChannelQuery, Fingerprint, Hit, Point, Where
from indexer.store_rules import UPSERT_SIZE, check_fingerprint, checked_points, fingerprint_of
from indexer.store_wire import Incoming, Outgoing, error_of, hits_of, where_json

IDS_A_CALL = 1000
# Deleting a large repository is the longest call; everything else is done in milliseconds.
TIMEOUT = httpx.Timeout(120, connect=5)
FAILED = 400


class RemoteStore:
    """A knowledge base that another process of this machine owns."""

    def __init__(self, socket: Path, client: httpx.Client, fingerprint: Fingerprint) -> None:
        self._socket = socket
        self._client = client
        self._fingerprint = fingerprint
        self._cleanup = ExitStack()

    @classmethod
    def open(cls, socket: Path, fingerprint: Fingerprint) -> Self:
        """Reach the server behind the socket.

        Raises:
            StoreUnavailable: nobody answers there.
            StoreMismatch: its collection was built with another model or pipeline.
        """
        with ExitStack() as cleanup:
            address = cleanup.enter_context(short_address(socket))
            transport = httpx.HTTPTransport(uds=address)
            client = httpx.Client(
                transport=transport, base_url="http://intern", timeout=TIMEOUT, trust_env=False
            )
            store = cls(socket, cleanup.enter_context(client), fingerprint)
            described = store._call("describe", Outgoing().message(None)).document
            check_fingerprint(
                fingerprint_of(described["fingerprint"]),
                fingerprint,
                place=str(socket.parent),
                rebuild=f"stop the server, delete the folder {socket.parent / 'collection'}",
            )
            store._cleanup = cleanup.pop_all()
        return store

    @property
    def fingerprint(self) -> Fingerprint:
        """What the collection was built with."""
        return self._fingerprint

    def upsert(self, points: Sequence[Point]) -> None:
        """Write points, replacing those with the same ids whole."""
        checked = checked_points(points, self._fingerprint.dimension)
        for start in range(0, len(checked), UPSERT_SIZE):
            call = Outgoing()
            part = call.points(checked[start : start + UPSERT_SIZE])
            self._call("upsert", call.message({"points": part}))

    def delete(self, ids: Sequence[str]) -> None:
        """Delete points by id; unknown ids are no error."""
        for start in range(0, len(ids), IDS_A_CALL):
            part = list(ids[start : start + IDS_A_CALL])
            self._call("delete", Outgoing().message({"ids": part}))

    def delete_where(self, where: Where) -> None:
        """Delete every point that matches."""
        self._call("delete_where", Outgoing().message({"where": where_json(where)}))

    def query(self, queries: Sequence[ChannelQuery], fields: Sequence[str] = ()) -> list[list[Hit]]:
        """Answer several channel queries in one go, best first, each with those payload fields."""
        call = Outgoing()
        message = call.message({"queries": call.queries(queries), "fields": list(fields)})
        return hits_of(self._call("query", message).document)

    def fetch(
        self,
        ids: Sequence[str],
        *,
        fields: Sequence[str] | None = None,
        vectors: bool = False,
    ) -> list[Point]:
        """Points by id, in the order of `ids`, unknown ones left out; `fields=None` means all."""
        found: list[Point] = []
        for start in range(0, len(ids), IDS_A_CALL):
            document = {
                "ids": list(ids[start : start + IDS_A_CALL]),
                "fields": _fields(fields),
                "vectors": vectors,
            }
            reply = self._call("fetch", Outgoing().message(document))
            found += reply.points(reply.document)
        return found

    def scroll(
        self,
        where: Where | None,
        *,
        limit: int,
        after: str | None = None,
        fields: Sequence[str] | None = None,
        vectors: bool = False,
    ) -> tuple[list[Point], str | None]:
        """A page of points in the order of their ids, and the `after` of the next page."""
        document = {
            "where": where_json(where),
            "limit": limit,
            "after": after,
            "fields": _fields(fields),
            "vectors": vectors,
        }
        reply = self._call("scroll", Outgoing().message(document))
        points, following = reply.document
        return reply.points(points), following

    def count(self, where: Where | None = None) -> int:
        """How many points match, exactly."""
        reply = self._call("count", Outgoing().message({"where": where_json(where)}))
        return int(reply.document)

    def repos(self) -> dict[str, int]:
        """Each repository in the collection and how many points it has."""
        repos: dict[str, int] = self._call("repos", Outgoing().message(None)).document
        return repos

    def flush(self) -> None:
        """Make everything written so far durable."""
        self._call("flush", Outgoing().message(None))

    def compact(self) -> None:
        """See that nothing that was deleted is left in the owner's files."""
        self._call("compact", Outgoing().message(None))

    def close(self) -> None:
        """Hang up; the server keeps its store."""
        self._cleanup.close()

    def _call(self, method: str, message: bytes) -> Incoming:
        response = self._post(method, message)
        if response.status_code >= FAILED:
            try:
                error = error_of(response.content)
            except (ValueError, KeyError, TypeError) as cause:
                raise StoreUnavailable(
                    f"DATA_DIR: the server behind {self._socket} answered {method} with "
                    f"HTTP {response.status_code}; is it of another version?"
                ) from cause
            raise error
        return Incoming(response.content)

    def _post(self, method: str, message: bytes) -> httpx.Response:
        try:
            try:
                return self._client.post(f"/kb/{method}", content=message)
            except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
                # The server closed an idle connection just then; every call may be repeated.
                return self._client.post(f"/kb/{method}", content=message)
        except httpx.HTTPError as error:
            raise StoreUnavailable(
                f"DATA_DIR: the server behind {self._socket} does not answer "
                f"({type(error).__name__}); start it again, or try later."
            ) from error
        except RuntimeError as error:
            raise StoreError(f"The knowledge base behind {self._socket} was closed.") from error


def _fields(fields: Sequence[str] | None) -> Any:  # noqa: ANN401 - JSON
    return None if fields is None else list(fields)
