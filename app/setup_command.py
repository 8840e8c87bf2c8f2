"""`intern setup`: has GitHub make the App from app.yml, and keeps what GitHub gives back.

GitHub takes a manifest only from a form in its owner's browser, and sends the browser back with a
code that is good once. So a page on loopback posts the form, and here the code becomes the App's
id, key and webhook secret.
"""

import json
import os
import re
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import jinja2
import uvicorn
import yaml
from pydantic import BaseModel, Field, ValidationError
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from app.settings import Settings
from indexer.errors import GitHubUnavailable, InputError, InternError, Rejected, SettingError
from indexer.github_errors import unreachable
from indexer.settings import checked_address

LOOPBACK: Final = "127.0.0.1"
ENV: Final = Path(".env")
MANIFEST: Final = "app.yml"
ORGANIZATION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}")
CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
# What needs no quotes in a file of settings.
PLAIN: Final = re.compile(r"[\w./:@+-]+", re.ASCII)
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
# Whoever hands over a code waits for GitHub's answer in a browser.
TIMEOUT = 30.0

Say = Callable[[str], None]


class _Owner(BaseModel):
    login: str = Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")


class _Made(BaseModel):
    """The App, as GitHub tells of it once."""

    id: int = Field(gt=0)
    html_url: str
    owner: _Owner
    pem: str = Field(pattern=r"^-----BEGIN ")
    webhook_secret: str = Field(pattern=r"^\S+$")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command was told.

    Attributes:
        url: where GitHub reaches the server.
        organization: whose App it is; None for one's own account.
        key: the file for the App's key.
        port: the page's; 0 for any that is free.
        manifest: the file that says what the App asks for; None for the one of the checkout.
    """

    url: str
    organization: str | None
    key: Path
    port: int = 0
    manifest: Path | None = None


async def run(settings: Settings, wanted: Wanted, say: Say) -> None:
    """Serve the page until the App is made and its settings are written.

    Raises:
        SettingError: there is an App in the settings already.
        InputError: an option is wrong, or a file is there that would be overwritten.
    """
    _require_none(settings)
    manifest = _manifest(wanted)
    if wanted.key.exists():
        raise InputError(f"--key: {wanted.key} is there already; name another file.")
    try:
        listener = socket.create_server((LOOPBACK, wanted.port))
    except OSError as error:
        why = f"port {wanted.port} cannot be listened on: {error.strerror}"
        raise InputError(f"--port: {why}.") from error
    with listener:
        port = listener.getsockname()[1]
        page = Page(settings, wanted, manifest | {"redirect_url": _here(port, "created")}, say)
        config = uvicorn.Config(
            page.app(), lifespan="off", log_config=None, access_log=False, server_header=False
        )
        server = uvicorn.Server(config)
        page.end = lambda: setattr(server, "should_exit", True)
        say(f"Open {_here(port)} in a browser, and create the App there. Ctrl-C ends this.")
        say(f"From another machine first: ssh -L {port}:{LOOPBACK}:{port} THIS-MACHINE")
        await server.serve(sockets=[listener])


class Page:
    """The page: a form for GitHub, and what becomes of the code that comes back."""

    def __init__(
        self, settings: Settings, wanted: Wanted, manifest: dict[str, Any], say: Say
    ) -> None:
        self._settings = settings
        self._wanted = wanted
        self._manifest = manifest
        self._say = say
        self._state = secrets.token_urlsafe(32)
        self._done = False
        self.end: Callable[[], None] = lambda: None

    def app(self) -> Starlette:
        """The ASGI application; it answers to loopback's own names alone."""
        guard = Middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"])
        routes = [Route("/", self._form), Route("/created", self._created)]
        return Starlette(routes=routes, middleware=[guard])

    async def _form(self, _request: Request) -> HTMLResponse:
        owner = self._wanted.organization
        place = f"organizations/{owner}/settings" if owner else "settings"
        action = f"{self._settings.web_url}/{place}/apps/new?state={self._state}"
        host = urlsplit(self._settings.web_url).netloc
        return self._shown(200, action=action, manifest=self._manifest, owner=owner, host=host)

    async def _created(self, request: Request) -> HTMLResponse:
        state = request.query_params.get("state", "")
        code = request.query_params.get("code", "")
        if not secrets.compare_digest(state.encode(), self._state.encode()):
            return self._shown(403, trouble="This address was not made by this page.")
        if self._done or not CODE.fullmatch(code):
            return self._shown(400, trouble="There is no code here that is still to be used.")
        try:
            made = await self._exchange(code)
            self._keep(made)
        except InternError as error:
            self._say(f"Not done: {error}")
            # The code is good once: only where GitHub never saw it is there a second try.
            again = "Reload this page to try once more."
            more = again if isinstance(error, GitHubUnavailable) else ""
            return self._shown(502, trouble=f"{error} {more}".strip())
        self._done = True
        install = f"{made.html_url}/installations/new"
        self._say(f"The App {made.html_url} is made: its key is in {self._wanted.key}, the rest in")
        self._say(f"{ENV}. Next: `intern doctor`, `intern serve`, and install it: {install}")
        answer = self._shown(200, made=made, key=self._wanted.key, env=ENV, install=install)
        answer.background = BackgroundTask(self.end)
        return answer

    async def _exchange(self, code: str) -> _Made:
        url = f"{self._settings.api_url}/app-manifests/{code}/conversions"
        headers = {"X-GitHub-Api-Version": self._settings.github_api_version}
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT) as client:
                answer = await client.post(url, headers=headers)
        except httpx.HTTPError as error:
            raise unreachable(self._settings.api_url, error) from error
        if not answer.is_success:
            status = answer.status_code
            raise Rejected(f"GitHub did not take the code (HTTP {status}).", status=status)
        try:
            return _Made.model_validate_json(answer.content)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise Rejected(f"GitHub's answer lacks {where}.", status=answer.status_code) from error

    def _keep(self, made: _Made) -> None:
        """Write the key, then the settings; neither is for anybody else to read."""
        key = self._wanted.key.absolute()
        lines = {
            "GITHUB_APP_ID": str(made.id),
            "GITHUB_PRIVATE_KEY_PATH": str(key),
            "GITHUB_WEBHOOK_SECRET": made.webhook_secret,
        }
        for name in ("github_url", "github_api_url"):
            if name in self._settings.model_fields_set:  # an exported one is gone tomorrow
                lines[name.upper()] = str(getattr(self._settings, name))
        if not self._settings.allowed_accounts:
            lines["ALLOWED_ACCOUNTS"] = made.owner.login
        text = "".join(f"{name}={_quoted(value)}\n" for name, value in lines.items())
        written = (
            (key, made.pem, os.O_EXCL, "key"),
            (ENV, f"\n# The App {made.html_url}\n{text}", os.O_APPEND, "webhook secret"),
        )
        for path, content, how, lost in written:
            try:
                _write(path, content, how)
            except OSError as error:
                raise InputError(
                    f"{path} cannot be written ({error.strerror}). The App {made.html_url} is "
                    f"made, its {lost} is not kept: make another on its page."
                ) from error

    def _shown(self, status: int, **values: Any) -> HTMLResponse:  # noqa: ANN401  the template's
        environment = jinja2.Environment(autoescape=True)
        environment.filters["json"] = json.dumps
        source = files("app").joinpath("templates/setup.html.j2").read_text(encoding="utf-8")
        return HTMLResponse(environment.from_string(source).render(values), status, HEADERS)


def _require_none(settings: Settings) -> None:
    there = {
        "GITHUB_APP_ID": settings.github_app_id,
        "GITHUB_PRIVATE_KEY": settings.github_private_key,
        "GITHUB_PRIVATE_KEY_PATH": settings.github_private_key_path,
        "GITHUB_WEBHOOK_SECRET": settings.github_webhook_secret,
    }
    for name, value in there.items():
        if value:
            raise SettingError(f"{name} is set already: there is an App; take its settings out.")


def _manifest(wanted: Wanted) -> dict[str, Any]:
    """The manifest, with the server's address in it."""
    try:
        url = checked_address(wanted.url.rstrip("/")).removesuffix("/webhooks")
    except ValueError as error:
        raise InputError(f"--url: {wanted.url!r} is {error}.") from error
    if wanted.organization is not None and not ORGANIZATION.fullmatch(wanted.organization):
        raise InputError(f"--organization: {wanted.organization!r} is no organisation's name.")
    file = wanted.manifest or _own_manifest()
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"--manifest: {file} cannot be read.") from error
    if not isinstance(found, dict) or not isinstance(found.get("default_permissions"), dict):
        raise InputError(f"--manifest: {file} is no manifest of an App.")
    return found | {"url": url, "hook_attributes": {"url": f"{url}/webhooks", "active": True}}


def _own_manifest() -> Path:
    """The manifest in the folder we are in, as in the image; else the one of the checkout we run.

    Raises:
        InputError: there is none: installed as a package, we are without it.
    """
    for file in (Path(MANIFEST), Path(__file__).parents[1] / MANIFEST):
        if file.is_file():
            return file
    raise InputError(
        f"--manifest is missing: there is no {MANIFEST} here; name the one of a checkout."
    )


def _here(port: int, path: str = "") -> str:
    return f"http://{LOOPBACK}:{port}/{path}"


def _write(path: Path, text: str, how: int) -> None:
    """Write a file that this user alone may read, over nothing that is there."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        os.fchmod(handle, 0o600)
        file.write(text)


def _quoted(value: str) -> str:
    if PLAIN.fullmatch(value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
