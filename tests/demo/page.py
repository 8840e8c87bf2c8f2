"""The page that shows the issues as GitHub would; it asks nothing of the network."""

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import jinja2
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from tests.demo.views import Row, Views, avatar

HERE = Path(__file__).parent
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

Show = Callable[..., Response]
T = TypeVar("T")


@dataclass
class Board:
    """What the runner tells the page: which issues are new and how each went.

    `version` changes whenever there is something new to see.
    """

    version: int = 0
    done: bool = False
    notes: dict[int, tuple[str, str]] = field(default_factory=dict)

    def note(self, number: int, text: str, tone: str = "") -> None:
        """Say how an issue went; the first word puts it on the list."""
        self.notes[number] = (text, tone)
        self.version += 1

    def finish(self) -> None:
        """Nothing more will change."""
        self.done = True
        self.version += 1


def create_page(views: Views, board: Board) -> FastAPI:
    """The page's routes."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    show = _renderer(views, board)
    _add_own_routes(app, show, views, board)
    _add_github_routes(app, show, views)

    @app.middleware("http")
    async def secured(request: Request, call_next: Callable[..., Any]) -> Any:
        answer = await call_next(request)
        answer.headers["Content-Security-Policy"] = POLICY
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    @app.exception_handler(404)
    def missing(_request: Request, _error: Exception) -> Response:
        return show("missing.html", status=404, title="Not found")

    return app


def _add_own_routes(app: FastAPI, show: Show, views: Views, board: Board) -> None:
    """What GitHub has not: the start, the state that the script asks for, the avatars."""

    @app.get("/")
    def start() -> Response:
        if not board.notes:
            return show("waiting.html", title="Starting")
        return RedirectResponse(f"/{views.repo}/issues/{min(board.notes)}")

    @app.get("/state")
    def state() -> JSONResponse:
        return JSONResponse({"version": board.version, "done": board.done})

    @app.get("/avatar/{login}")
    def picture(login: str) -> Response:
        return Response(avatar(login), media_type="image/svg+xml")


def _add_github_routes(app: FastAPI, show: Show, views: Views) -> None:
    """The addresses that the comments link to."""
    root = f"/{views.repo}"

    @app.get(f"{root}/issues")
    def issues() -> Response:
        return show("issues.html", title="Issues", rows=views.rows())

    @app.get(f"{root}/issues/{{number}}")
    def issue(number: int, *, picture: bool = False) -> Response:
        if views.pull(number):
            return RedirectResponse(f"{root}/pull/{number}")
        found = _known(views.issue(number))
        title = f"{found.title} · #{number}"
        return show("issue.html", title=title, issue=found, number=number, picture=picture)

    @app.get(f"{root}/pull/{{number}}")
    def pull(number: int) -> Response:
        title, author, when = _known(views.pull(number))
        text = f"{title} · merged by {author}"
        return show("text.html", title=f"Pull request #{number}", heading=text, html="", when=when)

    @app.get(f"{root}/releases/tag/{{tag:path}}")
    def release(tag: str) -> Response:
        name, html, when = _known(views.release(tag))
        return show("text.html", title=tag, heading=name, html=html, when=when)

    @app.get(f"{root}/blob/{{ref}}/{{path:path}}")
    def document(ref: str, path: str) -> Response:
        html = _known(views.document(path))
        return show("text.html", title=path, heading=path, html=html, when=None)


def _known(found: T | None) -> T:
    """What was found; a page that says so where there is nothing.

    Raises:
        HTTPException: 404.
    """
    if found is None:
        raise HTTPException(404)
    return found


def _renderer(views: Views, board: Board) -> Show:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["day"] = lambda moment: f"{moment:%b} {moment.day}, {moment.year}"

    def show(template: str, *, status: int = 200, **values: Any) -> Response:
        rows = _with_notes(views.rows(sorted(board.notes)), board)
        shared = {"repo": views.repo, "new": rows, "board": board, "number": None, "picture": False}
        html = environment.get_template(template).render(**{**shared, **values})
        return HTMLResponse(html, status)

    return show


def _with_notes(rows: list[Row], board: Board) -> list[Row]:
    return [
        replace(row, note=board.notes[row.number][0], tone=board.notes[row.number][1])
        for row in rows
    ]


class PageServer:
    """Serves the page from a thread, on the wanted port or the next free one."""

    def __init__(self, app: FastAPI, port: int) -> None:
        self._socket = free_socket(port)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """End, without waiting for browsers that keep their connections."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(5)
        self._socket.close()


def free_socket(port: int, tries: int = 50) -> socket.socket:
    """A listening socket on `port` or the next free one after it; 0 takes any.

    Raises:
        OSError: none of them is free.
    """
    for candidate in range(port, port + tries) if port else (0,):
        try:
            return socket.create_server(("127.0.0.1", candidate))
        except OSError:
            if candidate == port + tries - 1:
                raise
    raise OSError(f"no free port from {port} on")
