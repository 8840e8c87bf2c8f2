"""REST about the App itself: its installations, their tokens, its webhook deliveries."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from tests.github_simulator.auth import Refused
from tests.github_simulator.payloads import Json
from tests.github_simulator.rest import MOST_A_PAGE, paged, simulator
from tests.github_simulator.world import SimInstallation

routes = APIRouter()


@routes.get("/app")
async def show_app(request: Request) -> Json:
    return simulator(request).render.app()


@routes.get("/user")
async def show_user(request: Request) -> Json:
    sim, who = simulator(request), request.state.caller
    if who.installation is not None:
        raise Refused(403, "Resource not accessible by integration")
    return sim.render.user(who.login)


@routes.get("/app/installations")
async def list_installations(request: Request, per_page: int = 30, page: int = 1) -> Response:
    sim = simulator(request)
    shown = [sim.render.installation(i) for i in sim.world.installations.values()]
    return paged(request, shown, per_page, page)


@routes.get("/app/installations/{number}")
async def show_installation(request: Request, number: int) -> Json:
    return simulator(request).render.installation(_installation(request, number))


@routes.post("/app/installations/{number}/access_tokens", status_code=201)
async def make_token(request: Request, number: int) -> Json:
    installation = _installation(request, number)
    wanted = await request.json() if await request.body() else {}
    return simulator(request).authority.issue(installation, wanted)


@routes.get("/repos/{owner}/{name}/installation")
async def installation_of_repository(request: Request, owner: str, name: str) -> Json:
    sim = simulator(request)
    found = sim.world.installation_of(f"{owner}/{name}")
    if found is None:
        raise Refused(404, "Not Found")
    return sim.render.installation(found)


@routes.get("/installation/repositories")
async def list_repositories(request: Request, per_page: int = 30, page: int = 1) -> Response:
    sim, who = simulator(request), request.state.caller
    if who.installation is None:
        raise Refused(403, "You must authenticate with an installation access token")
    found = sorted((r for r in sim.world.repositories.values() if who.sees(r)), key=lambda r: r.id)
    shown = [sim.render.repository(repo) for repo in found]
    return paged(request, shown, per_page, page, key="repositories")


@routes.get("/app/hook/deliveries")
async def list_deliveries(request: Request, per_page: int = 30, cursor: str = "") -> Response:
    """Newest first; pages go by a cursor, not by numbers."""
    sim = simulator(request)
    newest = list(reversed(sim.deliverer.log))
    begin = int(cursor or 0)
    shown = [d.summary() for d in newest[begin : begin + min(per_page, MOST_A_PAGE)]]
    answer = JSONResponse(shown)
    end = begin + len(shown)
    if end < len(newest):
        query = urlencode({"per_page": per_page, "cursor": end})
        answer.headers["link"] = f'<{sim.url}{request.url.path}?{query}>; rel="next"'
    return answer


@routes.get("/app/hook/deliveries/{number}")
async def show_delivery(request: Request, number: int) -> Json:
    found = next((d for d in simulator(request).deliverer.log if d.id == number), None)
    if found is None:
        raise Refused(404, "Not Found")
    response: dict[str, Any] = {"headers": {}, "payload": found.response}
    return {**found.summary(), "request": {"payload": found.payload}, "response": response}


@routes.post("/app/hook/deliveries/{number}/attempts", status_code=202)
async def redeliver(request: Request, number: int) -> Json:
    sim = simulator(request)
    found = next((d for d in sim.deliverer.log if d.id == number), None)
    if found is None:
        raise Refused(404, "Not Found")
    sim.redeliver(found.guid)
    return {}


def _installation(request: Request, number: int) -> SimInstallation:
    found = simulator(request).world.installations.get(number)
    if found is None:
        raise Refused(404, "Not Found")
    return found
