"""How an App is made from a manifest: the form's target, and the code that is good once."""

import json
import secrets
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from tests.github_simulator.auth import Refused
from tests.github_simulator.payloads import Json
from tests.github_simulator.rest import simulator

routes = APIRouter()


def needs_no_credential(path: str) -> bool:
    """A page for the browser, or a code that is itself the credential."""
    return path.endswith("/settings/apps/new") or path.startswith("/app-manifests/")


# GitHub shows a page on which the owner confirms the name; here that is done at once.
@routes.post("/settings/apps/new")
async def create_own(request: Request) -> Response:
    return await _create(request, "developer")


@routes.post("/organizations/{owner}/settings/apps/new")
async def create_in_organization(request: Request, owner: str) -> Response:
    return await _create(request, owner)


@routes.post("/app-manifests/{code}/conversions", status_code=201)
async def convert(request: Request, code: str) -> Json:
    sim = simulator(request)
    owner, manifest = sim.manifests.pop(code, (None, None))
    if owner is None or manifest is None:
        raise Refused(404, "Not Found")
    return {
        **sim.render.app(),
        "owner": sim.render.account(owner),
        "name": manifest["name"],
        "external_url": manifest["url"],
        "permissions": manifest["default_permissions"],
        "events": manifest["default_events"],
        "client_id": "Iv1.simulated",
        "client_secret": secrets.token_hex(20),
        "webhook_secret": sim.webhook_secret,
        "pem": sim.private_key,
    }


async def _create(request: Request, owner: str) -> Response:
    form = parse_qs((await request.body()).decode())
    manifest = json.loads(form["manifest"][0])
    code = secrets.token_hex(20)
    simulator(request).manifests[code] = (owner, manifest)
    query = {"code": code}
    if state := request.query_params.get("state"):
        query["state"] = state
    return RedirectResponse(f"{manifest['redirect_url']}?{urlencode(query)}", 302)
