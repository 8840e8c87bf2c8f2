"""A stopping server: SIGTERM ends it with code 0, after its lifespan ended."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app import serving
from app.settings import Settings

SCRIPT = """
import asyncio
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.serving import serve
from app.settings import Settings


@asynccontextmanager
async def lifespan(app):
    print("open", flush=True)
    yield
    await asyncio.sleep(0.2)
    print("closed", flush=True)


app = FastAPI(lifespan=lifespan)


async def main():
    serving = asyncio.create_task(serve(app, Settings(port=0)))
    await asyncio.sleep(0.3)
    print("serving", flush=True)
    await serving


asyncio.run(main())
print("end", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_in_order(number):
    server = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert server.stdout is not None
    assert [server.stdout.readline() for _ in range(2)] == ["open\n", "serving\n"]
    server.send_signal(number)
    server.send_signal(number)
    rest, _ = server.communicate(timeout=30)
    assert rest == "closed\nend\n"
    assert server.returncode == 0


def test_answers_do_not_wait_for_acknowledgements():
    with serving._listening(Settings(port=0)) as listener:
        with socket.create_connection(listener.getsockname()):
            accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
