"""What the REST routes share: who asks, for which repository, pages, refusals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, cast
from urllib.parse import urlencode

from fastapi import Body, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from tests.github_simulator.auth import Caller, Refused
from tests.github_simulator.world import SimComment, SimIssue, SimRepository

if TYPE_CHECKING:
    from tests.github_simulator.server import Simulator

LONGEST_BODY = 65_536
MOST_A_PAGE = 100

Payload = Annotated[dict[str, Any], Body()]


@dataclass(frozen=True, slots=True)
class Here:
    """A request about one repository that the caller may see."""

    request: Request
    sim: "Simulator"
    who: Caller
    repo: SimRepository
    per_page: int
    page: int

    def need(self, permission: str, level: str = "read") -> None:
        """Refuse unless the token has that permission; nobody writes to an archive."""
        self.who.need(permission, level)
        if level == "write" and self.repo.archived:
            raise Refused(403, "Repository was archived so is read-only.")

    def issue(self, number: int) -> SimIssue:
        if number in self.repo.deleted and number not in self.repo.moved:
            raise Refused(410, "This issue was deleted")
        if number not in self.repo.issues:
            raise Refused(404, "Not Found")
        return self.repo.issues[number]

    def comment(self, comment_id: int) -> tuple[int, SimComment]:
        if comment_id not in self.repo.comment_index:
            raise Refused(404, "Not Found")
        return self.repo.comment_index[comment_id]

    def listed(self, items: Sequence[Any]) -> Response:
        return paged(self.request, items, self.per_page, self.page)


def simulator(request: Request) -> "Simulator":
    return cast("Simulator", request.app.state.simulator)


async def here(
    request: Request,
    owner: str,
    name: str,
    per_page: Annotated[int, Query(ge=1)] = 30,
    page: Annotated[int, Query(ge=1)] = 1,
) -> Here:
    sim = simulator(request)
    repo = sim.world.repository(f"{owner}/{name}")
    who: Caller = request.state.caller
    if repo is None or not who.sees(repo):
        raise Refused(404, "Not Found")
    return Here(request, sim, who, repo, per_page, page)


AtRepo = Annotated[Here, Depends(here)]


def paged(
    request: Request, items: Sequence[Any], per_page: int, page: int, key: str | None = None
) -> Response:
    """A slice of a list, with a Link header to the other pages."""
    size = min(per_page, MOST_A_PAGE)
    last = max(1, -(-len(items) // size))
    shown = items[(page - 1) * size : page * size]
    answer = JSONResponse({"total_count": len(items), key: shown} if key else shown)
    targets: dict[str, int] = {}
    if page > 1:
        targets |= {"prev": min(page - 1, last), "first": 1}
    if page < last:
        targets |= {"next": page + 1, "last": last}
    if targets:
        base = str(request.url.replace(query=""))
        query = {k: v for k, v in request.query_params.items() if k != "page"}
        answer.headers["link"] = ", ".join(
            f'<{base}?{urlencode({**query, "page": number})}>; rel="{name}"'
            for name, number in targets.items()
        )
    return answer


def invalid(resource: str, field: str, code: str) -> Refused:
    error = {"resource": resource, "field": field, "code": code}
    return Refused(422, "Validation Failed", [error])


def check_length(text: str) -> str:
    if len(text) > LONGEST_BODY:
        message = f"body is too long (maximum is {LONGEST_BODY} characters)"
        raise Refused(422, "Validation Failed", [{"message": message}])
    return text
