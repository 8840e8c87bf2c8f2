"""REST about the pull requests that were opened here."""

from fastapi import APIRouter, Response

from tests.github_simulator.auth import Refused
from tests.github_simulator.payloads import Json
from tests.github_simulator.rest import AtRepo, Here
from tests.github_simulator.world import SimPull, blob_sha

routes = APIRouter(prefix="/repos/{owner}/{name}/pulls")


@routes.get("/{number}")
async def show_pull(at: AtRepo, number: int) -> Json:
    _pull(at, number)
    return at.sim.render.pull(at.repo, number)


@routes.get("/{number}/files")
async def list_files(at: AtRepo, number: int) -> Response:
    pull = _pull(at, number)
    return at.listed(
        [
            {
                "filename": path,
                "status": "renamed" if path in pull.renames else status,
                "sha": blob_sha(pull.head.files.get(path, b"")),
                **({"previous_filename": pull.renames[path]} if path in pull.renames else {}),
            }
            for path, status in pull.changes.items()
            if path not in pull.renames.values()
        ]
    )


def _pull(at: Here, number: int) -> SimPull:
    at.need("pull_requests")
    if number not in at.repo.pull_heads:
        raise Refused(404, "Not Found")
    return at.repo.pull_heads[number]
