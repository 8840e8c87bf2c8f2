"""Runs the server: one listening socket, uvicorn, and an end that SIGTERM leaves time for."""

import asyncio
import errno
import gc
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from app.settings import Settings
from indexer.errors import SettingError

BACKLOG = 512
SWITCH_SECONDS = 0.0005


async def serve(app: FastAPI, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; a second one does not wait for open connections.

    Raises:
        SettingError: the address cannot be listened on.
        InternError: something that the server needs cannot be opened.
    """
    # A webhook is handed from thread to thread a few times; at Python's default of 5 ms each turn,
    # it would wait that long each time while a history is read beside it.
    sys.setswitchinterval(SWITCH_SECONDS)
    with _listening(settings) as listener:
        # The lifespan is entered here and not by uvicorn, which would print a traceback where
        # one sentence is wanted, and leave with an exit code of its own.
        async with app.router.lifespan_context(app):
            # All that was loaded by now stays: looking through it for garbage each time would
            # hold up everything for half a second.
            gc.collect()
            gc.freeze()
            config = uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                access_log=False,
                ws="none",
                server_header=False,
                timeout_graceful_shutdown=settings.shutdown_seconds,
            )
            await _Server(config).serve(sockets=[listener])


class _Server(uvicorn.Server):
    """Takes signals and keeps them.

    uvicorn sends them to itself again at its end, which would kill the process before running
    jobs had their time.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield
        # The handlers stay: a second signal while jobs finish must not kill them either.


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server(
            (settings.host, settings.port), family=family, backlog=BACKLOG
        )
    except (OSError, UnicodeError) as error:
        number = error.errno if isinstance(error, OSError) else None
        wrong = "PORT" if number in {errno.EADDRINUSE, errno.EACCES} else "HOST"
        why = str(getattr(error, "strerror", error)).partition(" (while")[0]
        raise SettingError(
            f"{wrong}: {settings.host} port {settings.port} cannot be listened on: {why}."
        ) from error
    with listener:
        # asyncio sets it only on sockets that were made with the protocol's number, which
        # create_server does not give; without it an answer may wait 40 ms for the peer's ACK.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener
