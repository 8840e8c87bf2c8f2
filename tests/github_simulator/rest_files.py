"""REST about a repository, its files, releases, people and checks."""

import base64
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from tests.github_simulator.auth import Refused
from tests.github_simulator.payloads import Json, stamp
from tests.github_simulator.rest import AtRepo, Here, Payload, invalid
from tests.github_simulator.world import SimCommit, blob_sha

routes = APIRouter(prefix="/repos/{owner}/{name}")

LARGEST_INLINE = 1_000_000
HEAD_NAMES = {"main", "refs/heads/main", "heads/main", "HEAD"}


@routes.get("")
async def show_repository(at: AtRepo, owner: str, name: str) -> Any:
    if at.repo.full_name.lower() != f"{owner}/{name}".lower():
        return RedirectResponse(f"{at.sim.url}/repos/{at.repo.full_name}", 301)
    return at.sim.render.repository(at.repo)


@routes.get("/collaborators/{login}/permission")
async def show_permission(at: AtRepo, login: str) -> Json:
    role = at.sim.permission(at.repo, login)
    legacy = {"maintain": "write", "triage": "read"}.get(role, role)
    return {"permission": legacy, "role_name": role, "user": at.sim.render.user(login)}


@routes.get("/commits/{ref:path}")
async def show_commit(at: AtRepo, ref: str) -> Json:
    at.need("contents")
    found = _commit(at, ref)
    by = {"name": "dev", "email": "dev@example.test", "date": stamp(found.date)}
    return {
        "sha": found.sha,
        "html_url": f"{at.sim.url}/{at.repo.full_name}/commit/{found.sha}",
        "commit": {
            "message": found.message,
            "author": by,
            "committer": by,
            "tree": {"sha": _folder_sha(found, "")},
        },
        "parents": [],
    }


@routes.get("/git/trees/{ref:path}")
async def show_tree(at: AtRepo, ref: str, recursive: str = "") -> Json:
    """A folder's entries; with `recursive` everything below it, as far as the limit goes."""
    at.need("contents")
    commit, folder = _tree(at, ref)
    entries: dict[str, Json] = {}
    for path, data in sorted(commit.files.items()):
        if not path.startswith(folder):
            continue
        inner = path.removeprefix(folder)
        parts = inner.split("/")
        for depth in range(1, len(parts) if recursive else min(2, len(parts))):
            above = "/".join(parts[:depth])
            sha = _folder_sha(commit, f"{folder}{above}/")
            entries[above] = {"path": above, "mode": "040000", "type": "tree", "sha": sha}
        if recursive or len(parts) == 1:
            symlink = path in commit.symlinks
            entries[inner] = at.sim.render.blob_entry(at.repo, inner, data, symlink=symlink)
    limit = at.sim.tree_limit if recursive else len(entries)
    return {
        "sha": _folder_sha(commit, folder),
        "tree": list(entries.values())[:limit],
        "truncated": len(entries) > limit,
    }


@routes.get("/git/blobs/{sha}")
async def show_blob(at: AtRepo, sha: str) -> Json:
    at.need("contents")
    for commit in at.repo.commits:
        for data in commit.files.values():
            if blob_sha(data) == sha:
                text = base64.encodebytes(data).decode()
                return {"sha": sha, "size": len(data), "encoding": "base64", "content": text}
    raise Refused(404, "Not Found")


@routes.get("/contents")
@routes.get("/contents/{path:path}")
async def show_contents(at: AtRepo, path: str = "", ref: str = "main") -> Any:
    at.need("contents")
    if at.repo.head is None:
        raise Refused(404, "This repository is empty.")
    files = _commit(at, ref).files
    path = path.strip("/")
    if path in files:
        return _file(at, path, files[path])
    folder = f"{path}/" if path else ""
    inside: dict[str, tuple[str, int]] = {}
    for name in sorted(files):
        if name.startswith(folder):
            head, deeper, _ = name.removeprefix(folder).partition("/")
            inside[head] = ("dir", 0) if deeper else ("file", len(files[name]))
    if not inside:
        raise Refused(404, "Not Found")
    return [
        {"name": head, "path": f"{folder}{head}", "type": kind, "size": size}
        for head, (kind, size) in inside.items()
    ]


@routes.get("/releases")
async def list_releases(at: AtRepo) -> Response:
    at.need("contents")
    newest = sorted(at.repo.releases, key=lambda release: release.published_at, reverse=True)
    return at.listed([at.sim.render.release(at.repo, release) for release in newest])


@routes.post("/check-runs", status_code=201)
async def create_check_run(at: AtRepo, body: Payload) -> Json:
    at.need("checks", "write")
    if at.who.installation is None:
        raise Refused(403, "You must authenticate via a GitHub App.")
    for field in ("name", "head_sha"):
        if not body.get(field):
            raise invalid("CheckRun", field, "missing_field")
    made = {"id": at.sim.world.next_id(), "status": "queued", "conclusion": None, **body}
    at.repo.check_runs.append(made)
    return made


def _commit(at: Here, ref: str) -> SimCommit:
    if at.repo.head is None:
        raise Refused(409, "Git Repository is empty.")
    if ref in HEAD_NAMES:
        return at.repo.head
    known = (*at.repo.commits, *(pull.head for pull in at.repo.pull_heads.values()))
    found = next((commit for commit in known if commit.sha == ref), None)
    if found is None:
        raise Refused(422, f"No commit found for SHA: {ref}")
    return found


def _tree(at: Here, ref: str) -> tuple[SimCommit, str]:
    """A commit, and the folder in it whose tree was asked for by its own id."""
    for commit in at.repo.commits:
        folders = {""} | {
            path[: place + 1]
            for path in commit.files
            for place, letter in enumerate(path)
            if letter == "/"
        }
        for folder in folders:
            if _folder_sha(commit, folder) == ref:
                return commit, folder
    return _commit(at, ref), ""


def _folder_sha(commit: SimCommit, folder: str) -> str:
    return blob_sha(f"tree {commit.sha}:{folder}".encode())


def _file(at: Here, path: str, data: bytes) -> Json:
    small = len(data) <= LARGEST_INLINE
    return {
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": blob_sha(data),
        "size": len(data),
        "type": "file",
        "encoding": "base64" if small else "none",
        "content": base64.encodebytes(data).decode() if small else "",
        "html_url": f"{at.sim.url}/{at.repo.full_name}/blob/main/{path}",
    }
