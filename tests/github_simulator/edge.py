"""The front of the simulated GitHub: both roots, trouble, authentication, limits, ETags."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from tests.github_simulator import manifests, rest_app, rest_files, rest_issues, rest_pulls
from tests.github_simulator.actions import Unknown
from tests.github_simulator.auth import Caller, Refused
from tests.github_simulator.control import REMOTE
from tests.github_simulator.limits import headers
from tests.github_simulator.rest import simulator

if TYPE_CHECKING:
    from tests.github_simulator.server import Simulator

DOCS = "https://docs.github.com/rest"
ROOTS = (("/api/v3", ""), ("/api/graphql", "/graphql"))

Next = Callable[[Request], Awaitable[Response]]

own = APIRouter()


def create_app(sim: "Simulator") -> FastAPI:
    """The ASGI app over a simulator's parts."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.simulator = sim
    modules = (manifests, rest_app, rest_files, rest_issues, rest_pulls)
    for routes in (own, *(module.routes for module in modules)):
        app.include_router(routes)
    app.middleware("http")(_as_github)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    return app


@own.get("/rate_limit")
async def rate_limit(request: Request) -> Any:
    resources = {}
    for name in ("core", "graphql"):
        bucket = simulator(request).limits.bucket(request.state.caller.key, name)
        resources[name] = {
            "limit": bucket.limit,
            "used": bucket.used,
            "remaining": bucket.remaining,
            "reset": bucket.reset,
        }
    return {"resources": resources, "rate": resources["core"]}


@own.post("/graphql")
async def graphql(request: Request) -> Response:
    try:
        body = json.loads(await request.body())
    except ValueError:
        return _message(400, "Problems parsing JSON")
    status, answer = simulator(request).graph.answer(request.state.caller, body)
    if status == 502:
        return Response("<html><h1>Unicorn!</h1></html>", 502, media_type="text/html")
    return JSONResponse(answer, status)


# A plain function runs in a thread: some of the actions wait.
@own.post("/_sim/{action}")
def act(
    request: Request, action: str, arguments: Annotated[dict[str, Any] | None, Body()] = None
) -> Any:
    """What people do on GitHub, asked for by another process."""
    if action not in REMOTE:
        raise HTTPException(404, f"no action {action}")
    try:
        return getattr(simulator(request), action)(**(arguments or {}))
    except (Unknown, StopIteration) as error:
        raise HTTPException(404, str(error)) from error
    except (TypeError, ValueError) as error:
        raise HTTPException(400, str(error)) from error


@own.get("/_sim/repositories")
def repositories(request: Request) -> Any:
    sim = simulator(request)
    with sim.world.lock:
        return [sim.render.repository(repo) for repo in sim.world.repositories.values()]


async def _as_github(request: Request, call_next: Next) -> Response:
    """Trouble first, then who asks, then the limit, then the answer and its ETag."""
    sim = simulator(request)
    for prefix, root in ROOTS:
        if request.scope["path"].startswith(prefix):
            request.scope["path"] = root + request.scope["path"].removeprefix(prefix)
    method, path = request.method, request.scope["path"]
    if path.startswith("/_sim/"):
        return await call_next(request)
    sim.requests.append(f"{method} {path}")
    trouble = sim.trouble.take(method, path, await request.body())
    if trouble and trouble.delay:
        await asyncio.sleep(trouble.delay)
    if manifests.needs_no_credential(path):
        return (trouble and trouble.response(0)) or await call_next(request)
    try:
        caller = sim.authority.caller(
            request.headers.get("authorization"), app_route=_is_app_route(path)
        )
    except Refused as error:
        return _message(error.status, error.message)
    request.state.caller = caller
    resource = "graphql" if path == "/graphql" else "core"
    instead = trouble.response(sim.limits.bucket(caller.key, resource).reset) if trouble else None
    if trouble and instead is not None and not trouble.after:
        return instead
    if resource == "core" and sim.limits.bucket(caller.key, resource).remaining == 0:
        return _limited(sim, caller)
    # The loop's thread holds the lock for the whole request; a test's thread waits for it.
    with sim.world.lock:
        answer = await call_next(request)
        body = b"".join([chunk async for chunk in answer.body_iterator])  # type: ignore[attr-defined]
    return instead or _finished(request, answer, body, caller, resource)


def _is_app_route(path: str) -> bool:
    """Where a JWT is asked for; everything else takes a token."""
    return path == "/app" or path.startswith("/app/") or path.endswith("/installation")


def _finished(
    request: Request, answer: Response, body: bytes, caller: Caller, resource: str
) -> Response:
    """The answer with ETag and rate-limit headers; what has not changed costs nothing."""
    sim = simulator(request)
    done = Response(body, answer.status_code)
    done.raw_headers = [h for h in answer.raw_headers if h[0] != b"content-length"]
    if body:
        done.headers["content-length"] = str(len(body))
    unchanged = False
    if request.method == "GET" and answer.status_code == 200:
        tag = f'W/"{hashlib.sha256(body).hexdigest()}"'
        unchanged = request.headers.get("if-none-match") == tag
        if unchanged:
            done = Response(status_code=304)
        done.headers["etag"] = tag
    if resource == "core" and not unchanged and request.scope["path"] != "/rate_limit":
        sim.limits.spend(caller.key, resource)
    done.headers.update(headers(sim.limits.bucket(caller.key, resource), resource))
    return done


def _limited(sim: "Simulator", caller: Caller) -> Response:
    answer = _message(403, f"API rate limit exceeded for {caller.key.replace(':', ' ID ')}.")
    answer.headers.update(headers(sim.limits.bucket(caller.key, "core"), "core"))
    return answer


async def _refused(_request: Request, error: Any) -> Response:
    return _message(error.status, error.message, error.errors)


async def _invalid(_request: Request, error: Any) -> Response:
    return _message(422, "Invalid request.", [str(e["msg"]) for e in error.errors()])


async def _http_error(_request: Request, error: Any) -> Response:
    return _message(error.status_code, str(error.detail))


def _message(status: int, message: str, errors: list[Any] | None = None) -> JSONResponse:
    body: dict[str, Any] = {"message": message, "documentation_url": DOCS, "status": str(status)}
    return JSONResponse(body | ({"errors": errors} if errors else {}), status)
