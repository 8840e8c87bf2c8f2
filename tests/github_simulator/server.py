"""The simulated GitHub as a server: FastAPI under uvicorn, in a thread or a process of its own."""

import asyncio
import hashlib
import json
import socket
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from fastapi import Body, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from tests.github_simulator.auth import Authority, Caller, Refused
from tests.github_simulator.control import REMOTE, Control, Unknown
from tests.github_simulator.deliveries import Deliverer
from tests.github_simulator.graph import Graph
from tests.github_simulator.limits import Limits, headers
from tests.github_simulator.payloads import Renderer
from tests.github_simulator.rest import Rest, router
from tests.github_simulator.seed import Seed
from tests.github_simulator.trouble import Troubles
from tests.github_simulator.world import World

APP_ID = 424_242
SLUG = "oncall-intern"
WEBHOOK_SECRET = "simulated-secret"
PERSONAL_TOKEN = "ghp_simulated"
DOCS = "https://docs.github.com/rest"

Next = Callable[[Request], Awaitable[Response]]


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
        self.private_key: str | None = None
        if public_key is None:
            public_key, self.private_key = _new_key()
        self._socket = socket.create_server(("127.0.0.1", port))
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

    def start(self) -> "Simulator":
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

    def __enter__(self) -> "Simulator":
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request as GitHub sees it, whichever root it came in by."""

    method: str
    path: str
    body: bytes


def create_app(sim: Simulator) -> FastAPI:
    """The ASGI app over a simulator's parts."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(router(Rest(sim, sim.authority)))

    @app.get("/rate_limit")
    async def rate_limit(request: Request) -> Any:
        resources = {}
        for name in ("core", "graphql"):
            bucket = sim.limits.bucket(request.state.caller.key, name)
            resources[name] = {
                "limit": bucket.limit,
                "used": bucket.used,
                "remaining": bucket.remaining,
                "reset": bucket.reset,
            }
        return {"resources": resources, "rate": resources["core"]}

    @app.post("/graphql")
    async def graphql(request: Request) -> Response:
        try:
            body = json.loads(await request.body())
        except ValueError:
            return _message(400, "Problems parsing JSON")
        caller = request.state.caller
        status, answer = sim.graph.answer(caller, body)
        shown = headers(sim.limits.bucket(caller.key, "graphql"), "graphql")
        if status == 502:
            return Response("<html>Unicorn!</html>", 502, media_type="text/html")
        return JSONResponse(answer, status, shown)

    # Plain functions run in threads: some of these wait.
    @app.post("/_sim/{action}")
    def act(action: str, arguments: Annotated[dict[str, Any] | None, Body()] = None) -> Any:
        if action not in REMOTE:
            raise HTTPException(404, f"no action {action}")
        try:
            return getattr(sim, action)(**(arguments or {}))
        except (Unknown, StopIteration) as error:
            raise HTTPException(404, str(error)) from error
        except (TypeError, ValueError) as error:
            raise HTTPException(400, str(error)) from error

    @app.get("/_sim/repositories")
    def repositories() -> Any:
        with sim.world.lock:
            return [sim.render.repository(repo) for repo in sim.world.repositories.values()]

    @app.middleware("http")
    async def as_github(request: Request, call_next: Next) -> Response:
        for prefix, root in (("/api/v3", ""), ("/api/graphql", "/graphql")):
            if request.scope["path"].startswith(prefix):
                request.scope["path"] = root + request.scope["path"].removeprefix(prefix)
                request.scope["raw_path"] = request.scope["path"].encode()
        path = request.scope["path"]
        if path.startswith("/_sim/"):
            return await call_next(request)
        asked = _Asked(request.method, path, await request.body())
        sim.requests.append(f"{asked.method} {asked.path}")
        return await _answer(sim, request, asked, call_next)

    @app.exception_handler(Refused)
    async def refused(_request: Request, error: Refused) -> Response:
        return _message(error.status, error.message, error.errors)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        return _message(422, "Invalid request.", [str(e["msg"]) for e in error.errors()])

    @app.exception_handler(404)
    async def not_found(_request: Request, error: Exception) -> Response:
        return _message(404, str(getattr(error, "detail", "Not Found")))

    return app


async def _answer(sim: Simulator, request: Request, asked: _Asked, call_next: Next) -> Response:
    """Trouble first, then who asks, then the limit, then the answer and its ETag."""
    trouble = sim.trouble.take(asked.method, asked.path, asked.body)
    if trouble and trouble.delay:
        await asyncio.sleep(trouble.delay)
    app_route = asked.path == "/app" or asked.path.startswith("/app/")
    app_route = app_route or asked.path.endswith("/installation")
    try:
        caller: Caller = sim.authority.caller(
            request.headers.get("authorization"), app_route=app_route
        )
    except Refused as error:
        return _message(error.status, error.message)
    request.state.caller = caller
    resource = "graphql" if asked.path == "/graphql" else "core"
    reset = sim.limits.bucket(caller.key, resource).reset
    lost = trouble.response(reset) if trouble else None
    if lost is not None and trouble and not trouble.after:
        return lost
    counted = resource == "core" and asked.path != "/rate_limit"
    bucket = sim.limits.bucket(caller.key, resource)
    if counted and bucket.remaining == 0:
        answer = _message(403, f"API rate limit exceeded for {caller.key.replace(':', ' ID ')}.")
        answer.headers.update(headers(bucket, resource))
        return answer
    # The loop's thread holds the lock for the whole request; a test's thread waits for it.
    with sim.world.lock:
        answer = await call_next(request)
        body = b"".join([chunk async for chunk in answer.body_iterator])  # type: ignore[attr-defined]
    if lost is not None:
        return lost
    plain = Response(body, answer.status_code, media_type=answer.media_type)
    plain.raw_headers = [h for h in answer.raw_headers if h[0] != b"content-length"]
    plain.headers["content-length"] = str(len(body))
    if asked.method == "GET" and answer.status_code == 200:
        tag = f'W/"{hashlib.sha256(body).hexdigest()}"'
        plain.headers["etag"] = tag
        if request.headers.get("if-none-match") == tag:
            plain = Response(status_code=304, headers={"etag": tag})
            counted = False
    if counted:
        bucket, _ = sim.limits.spend(caller.key, resource)
    plain.headers.update(headers(bucket, resource))
    plain.headers["x-github-media-type"] = "github.v3; format=json"
    return plain


def _message(status: int, message: str, errors: list[Any] | None = None) -> JSONResponse:
    body: dict[str, Any] = {"message": message, "documentation_url": DOCS, "status": str(status)}
    return JSONResponse(body | ({"errors": errors} if errors else {}), status)


def _new_key() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return public.decode(), private.decode()
