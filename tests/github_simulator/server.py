"""The simulated GitHub as a server under uvicorn, in a thread or a process of its own."""

import asyncio
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Self

import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.github_simulator.auth import Authority
from tests.github_simulator.control import Control
from tests.github_simulator.deliveries import Deliverer
from tests.github_simulator.edge import create_app
from tests.github_simulator.graph import Graph
from tests.github_simulator.limits import Limits
from tests.github_simulator.payloads import Renderer
from tests.github_simulator.seed import Seed
from tests.github_simulator.trouble import Troubles
from tests.github_simulator.world import World

APP_ID = 424_242
SLUG = "oncall-intern"
WEBHOOK_SECRET = "simulated-secret"
PERSONAL_TOKEN = "ghp_simulated"


class Simulator(Control):
    """A GitHub on loopback. A context manager; every method of Control acts on it.

    Attributes:
        url: the server's root, for GITHUB_URL and GITHUB_API_URL alike.
        world: repositories, issues, installations.
        trouble: errors and limits on demand.
        limits: `limits.sizes["core"]`, `limits.sizes["graphql"]`.
        graph: `graph.asked`, `graph.slow_above`, `graph.knows_duplicates`.
        authority: `authority.revoke()`, `authority.token_life`.
        requests: what was asked, as `GET /repos/…`.
        manifests: Apps to be made, by the code that is good once.
    """

    def __init__(  # noqa: PLR0913 - keywords
        self,
        seed: Seed | None = None,
        *,
        port: int = 0,
        app_id: int = APP_ID,
        slug: str = SLUG,
        webhook_url: str | None = None,
        webhook_secret: str = WEBHOOK_SECRET,
        public_key: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.app_id = app_id
        self.webhook_secret = webhook_secret
        self.token = PERSONAL_TOKEN
        self.requests: list[str] = []
        self.manifests: dict[str, tuple[str, dict[str, Any]]] = {}
        self.private_key: str | None = None
        if public_key is None:
            public_key, self.private_key = _new_key()
        self._socket = socket.create_server(("127.0.0.1", port))
        # Inherited by every connection; without it each answer waits 40 ms for an ACK.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        world = World(seed or Seed(), clock)
        render = Renderer(self.url, app_id, slug)
        super().__init__(world, render, Deliverer(webhook_url, webhook_secret, app_id), Troubles())
        self.limits = Limits(clock)
        self.graph = Graph(world, render, self.limits)
        self.authority = Authority(
            world, app_id, public_key, render.bot, {PERSONAL_TOKEN: "developer"}
        )
        self.app = create_app(self)
        self._server = _Server(
            uvicorn.Config(self.app, log_level="warning", access_log=False, lifespan="off")
        )
        self._thread: threading.Thread | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The settings by which the App finds this GitHub and is known to it."""
        found = {
            "GITHUB_URL": self.url,
            "GITHUB_API_URL": self.url,
            "GITHUB_APP_ID": str(self.app_id),
            "GITHUB_WEBHOOK_SECRET": self.webhook_secret,
        }
        if self.private_key:
            found["GITHUB_PRIVATE_KEY"] = self.private_key
        return found

    def start(self) -> Self:
        self._thread = threading.Thread(target=self.run, name="github-simulator", daemon=True)
        self._thread.start()
        if not self._server.ready.wait(20):
            raise TimeoutError("the simulated GitHub did not start")
        return self

    def run(self) -> None:
        """Serve until stopped, in this thread."""
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def stop(self) -> None:
        self.deliverer.close()
        self._server.should_exit = True
        if self._thread:
            self._thread.join(20)
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()


class _Server(uvicorn.Server):
    """Tells when it listens, and leaves signals to whoever runs it in a thread."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        # uvicorn looks ten times a second; a suite that stops hundreds of servers would wait.
        await self.on_tick(0)
        while not self.should_exit:  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.01)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """uvicorn's, without its pause: nobody needs a grace here."""
        for server in self.servers:
            server.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        for _ in range(400):
            if not state.connections and not state.tasks:
                return
            await asyncio.sleep(0.005)


@lru_cache
def _new_key() -> tuple[str, str]:
    """A key pair; one for the whole process, because making it takes a while."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return public.decode(), private.decode()
