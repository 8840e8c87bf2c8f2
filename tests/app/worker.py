"""The server as a process of its own that can be killed: `python -m tests.app.worker`.

Settings come from the environment. Instead of the model it has the toy one; SHARED_STORE names the
socket of a knowledge base that several workers share, in place of a Qdrant server.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import httpx

from app import main
from app.logs import configure_logging
from app.serving import serve
from app.settings import Settings
from indexer.remote_store import RemoteStore
from indexer.settings import load
from tests.app.running_server import QUICK
from tests.fakes_embedding import TOY_FINGERPRINT, ToyEmbedder


class Worker:
    """One such process. Its log goes to a file, which grows over restarts."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self._environment = {
            **{k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "PYTHONPATH"}},
            **environment,
            "DATA_DIR": str(folder),
            "PORT": str(self.port),
            "ALLOWED_ACCOUNTS": "*",
            "LOG_FORMAT": "json",
            "SHUTDOWN_SECONDS": "5",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.app.worker"],
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        return self

    def wait_until_ready(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                if httpx.get(f"{self.url}/healthz").status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                pass
            if time.monotonic() > deadline or (self._process and self._process.poll() is not None):
                raise TimeoutError(self.log.read_text(encoding="utf-8")[-3000:])
            time.sleep(0.1)

    def kill(self) -> None:
        """As the kernel kills: nothing is finished."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As a service manager stops."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def run() -> None:
    shared = os.environ.get("SHARED_STORE")
    if shared:

        def opened(*_: object, **__: object) -> RemoteStore:
            return RemoteStore.open(Path(shared), TOY_FINGERPRINT)

        main.open_knowledge_base = opened  # type: ignore[attr-defined]
    settings = load(Settings).require_serving()
    configure_logging(settings)
    app = main.create_app(settings, embedder=ToyEmbedder(), patience=QUICK)
    asyncio.run(serve(app, settings))


if __name__ == "__main__":
    run()
