"""Serves the knowledge base to the other commands of this machine while `intern serve` runs."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from pathlib import Path

import anyio
import uvicorn
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from indexer.errors import StoreBusy, StoreError, StoreUnavailable
from indexer.knowledge_base import socket_path
from indexer.settings import IndexSettings
from indexer.socket_path import is_served, short_address
from indexer.store import KnowledgeBase
from indexer.store_wire import METHODS, answer, error_message

# Calls of other commands take turns on these, so that they never use up the server's own threads.
WORKERS = 4
# Longer than a client keeps an idle connection, so that it is the client that hangs up.
KEEP_ALIVE_SECONDS = 60
GRACE_SECONDS = 5
_HERE: ContextVar[bool] = ContextVar("here", default=False)


def build_app(kb: KnowledgeBase, routes: Sequence[BaseRoute] = ()) -> Starlette:
    """The socket's application: `POST /kb/{method}`, and whatever routes the caller adds."""
    workers: list[anyio.CapacityLimiter] = []

    async def call(request: Request) -> Response:
        method = request.path_params["method"]
        if method not in METHODS:
            return Response(error_message(ValueError(f"no method {method}")), status_code=404)
        if not workers:  # a limiter belongs to the running loop
            workers.append(anyio.CapacityLimiter(WORKERS))
        try:
            body = await request.body()
        except ClientDisconnect:  # a command that was killed: nobody hears the answer
            return Response(status_code=400)
        status, content = await run_sync(_answer, kb, method, body, limiter=workers[0])
        return Response(content, status_code=status, media_type="application/octet-stream")

    return Starlette(routes=[Route("/kb/{method}", call, methods=["POST"]), *routes])


@asynccontextmanager
async def serve_local_socket(
    kb: KnowledgeBase, settings: IndexSettings, routes: Sequence[BaseRoute] = ()
) -> AsyncIterator[Path]:
    """Answer on DATA_DIR/intern.sock until the block ends; yields the socket's path.

    Raises:
        StoreBusy: another server answers there already.
        StoreUnavailable: the socket cannot be made.
    """
    path = socket_path(settings)
    listener = _listen(path)
    config = uvicorn.Config(
        build_app(kb, routes),
        lifespan="off",
        log_config=None,
        access_log=False,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config)
    logger, aside = logging.getLogger("uvicorn.error"), _Aside()
    logger.addFilter(aside)
    serving = asyncio.create_task(_serve(server, listener))
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
        server.should_exit = True
        await serving
        logger.removeFilter(aside)


async def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    _HERE.set(True)
    await server.serve(sockets=[listener])


class _Aside(logging.Filter):
    """Leaves out that the socket's server starts and stops: the process's own server says so."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.INFO or not _HERE.get()


class _Server(uvicorn.Server):
    """A second server in the process: signals are the first one's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _answer(kb: KnowledgeBase, method: str, body: bytes) -> tuple[int, bytes]:
    try:
        return 200, answer(kb, method, body)
    except StoreError as error:
        return 503, error_message(error)
    except ValueError as error:
        return 400, error_message(error)


def _listen(path: Path) -> socket.socket:
    """A socket that only this user can connect to, in place of one that a dead server left."""
    if is_served(path):
        raise StoreBusy(f"DATA_DIR: another server answers on {path}; stop it first.")
    listener = socket.socket(socket.AF_UNIX)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with short_address(path) as address:
            before = os.umask(0o177)
            try:
                listener.bind(address)
            finally:
                os.umask(before)
        listener.listen()
    except OSError as error:
        listener.close()
        raise StoreUnavailable(
            f"DATA_DIR: the socket {path} cannot be made ({error.strerror})."
        ) from error
    except BaseException:  # whatever ended it, closed and raised again
        listener.close()
        raise
    return listener
