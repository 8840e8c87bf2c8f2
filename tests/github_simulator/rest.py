"""The REST calls that the App makes, answered as GitHub answers them."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from tests.github_simulator.auth import Authority, Caller, Refused
from tests.github_simulator.control import Control, Unknown
from tests.github_simulator.payloads import REACTIONS, Json, stamp
from tests.github_simulator.world import SimComment, SimIssue, SimRepository, blob_sha

LONGEST_BODY = 65_536
LARGEST_INLINE = 1_000_000
T = TypeVar("T")
Payload = Annotated[dict[str, Any], Body()]
PerPage = Annotated[int, Query(ge=1)]
PageNumber = Annotated[int, Query(ge=1)]


@dataclass(slots=True)
class Rest:
    """What the routes work on."""

    control: Control
    authority: Authority


def router(rest: Rest) -> APIRouter:  # noqa: C901, PLR0915 - a table of routes
    routes = APIRouter()
    control, world, render = rest.control, rest.control.world, rest.control.render

    async def caller_of(request: Request) -> Caller:
        return request.state.caller

    Who = Annotated[Caller, Depends(caller_of)]  # noqa: N806 - a type

    def repository(who: Caller, owner: str, name: str) -> SimRepository:
        repo = world.repository(f"{owner}/{name}")
        if repo is None or not who.sees(repo):
            raise Refused(404, "Not Found")
        return repo

    def issue_of(repo: SimRepository, number: int) -> SimIssue:
        if number in repo.deleted and number not in repo.moved:
            raise Refused(410, "This issue was deleted")
        if number not in repo.issues:
            raise Refused(404, "Not Found")
        return repo.issues[number]

    def comment_of(repo: SimRepository, comment_id: int) -> tuple[int, SimComment]:
        if comment_id not in repo.comment_index:
            raise Refused(404, "Not Found")
        return repo.comment_index[comment_id]

    def writable(repo: SimRepository) -> None:
        if repo.archived:
            raise Refused(403, "Repository was archived so is read-only.")

    # the App

    @routes.get("/app")
    async def app() -> Json:
        return render.app()

    @routes.get("/app/installations")
    async def installations(
        request: Request, per_page: PerPage = 30, page: PageNumber = 1
    ) -> Response:
        found = [render.installation(i) for i in world.installations.values()]
        return _page(request, found, per_page, page)

    @routes.get("/app/installations/{number}")
    async def installation(number: int) -> Json:
        if number not in world.installations:
            raise Refused(404, "Not Found")
        return render.installation(world.installations[number])

    @routes.post("/app/installations/{number}/access_tokens", status_code=201)
    async def access_token(request: Request, number: int) -> Json:
        if number not in world.installations:
            raise Refused(404, "Not Found")
        wanted = await request.json() if await request.body() else {}
        return rest.authority.issue(world.installations[number], wanted)

    @routes.get("/repos/{owner}/{name}/installation")
    async def repository_installation(owner: str, name: str) -> Json:
        found = world.installation_of(f"{owner}/{name}")
        if found is None:
            raise Refused(404, "Not Found")
        return render.installation(found)

    @routes.get("/app/hook/deliveries")
    async def hook_deliveries(
        request: Request, per_page: PerPage = 30, cursor: str = ""
    ) -> Response:
        newest = list(reversed(control.deliverer.log))
        begin = int(cursor or 0)
        shown = [delivery.summary() for delivery in newest[begin : begin + min(per_page, 100)]]
        answer = JSONResponse(shown)
        if begin + len(shown) < len(newest):
            following = {"per_page": per_page, "cursor": begin + len(shown)}
            url = f"{render.url}{request.url.path}?{urlencode(following)}"
            answer.headers["link"] = f'<{url}>; rel="next"'
        return answer

    @routes.post("/app/hook/deliveries/{number}/attempts", status_code=202)
    async def hook_attempt(number: int) -> Json:
        found = [d for d in control.deliverer.log if d.id == number]
        if not found:
            raise Refused(404, "Not Found")
        control.redeliver(found[0].guid)
        return {}

    # repositories

    @routes.get("/installation/repositories")
    async def installation_repositories(
        request: Request, who: Who, per_page: PerPage = 30, page: PageNumber = 1
    ) -> Response:
        if who.installation is None:
            raise Refused(403, "You must authenticate with an installation access token")
        found = [r for r in world.repositories.values() if who.sees(r)]
        found.sort(key=lambda repo: repo.id)
        shown = [render.repository(repo) for repo in found]
        return _page(request, shown, per_page, page, key="repositories")

    @routes.get("/repos/{owner}/{name}")
    async def show_repository(request: Request, who: Who, owner: str, name: str) -> Any:
        repo = repository(who, owner, name)
        if repo.full_name.lower() != f"{owner}/{name}".lower():
            return RedirectResponse(f"{render.url}/repos/{repo.full_name}", 301)
        return render.repository(repo)

    @routes.get("/repos/{owner}/{name}/collaborators/{login}/permission")
    async def permission(who: Who, owner: str, name: str, login: str) -> Json:
        repo = repository(who, owner, name)
        role = control.permission(repo, login)
        legacy = {"maintain": "write", "triage": "read"}.get(role, role)
        return {"permission": legacy, "role_name": role, "user": render.user(login)}

    @routes.get("/repos/{owner}/{name}/labels")
    async def labels(
        request: Request,
        who: Who,
        owner: str,
        name: str,
        per_page: PerPage = 30,
        page: PageNumber = 1,
    ) -> Response:
        repo = repository(who, owner, name)
        return _page(request, [render.label(repo, n) for n in repo.labels], per_page, page)

    @routes.post("/repos/{owner}/{name}/labels", status_code=201)
    async def create_label(who: Who, owner: str, name: str, body: Payload) -> Json:
        repo = repository(who, owner, name)
        who.need("issues", "write")
        if not body.get("name"):
            raise _invalid("Label", "name", "missing_field")
        if repo.label_name(body["name"]):
            raise _invalid("Label", "name", "already_exists")
        if len(body.get("description") or "") > 100:
            raise _invalid("Label", "description", "invalid")
        repo.labels[body["name"]] = {
            "color": body.get("color", "ededed"),
            "description": body.get("description"),
        }
        return render.label(repo, body["name"])

    @routes.get("/repos/{owner}/{name}/labels/{label:path}")
    async def show_label(who: Who, owner: str, name: str, label: str) -> Json:
        repo = repository(who, owner, name)
        found = repo.label_name(label)
        if found is None:
            raise Refused(404, "Not Found")
        return render.label(repo, found)

    # issues

    @routes.get("/repos/{owner}/{name}/issues")
    async def list_issues(  # noqa: PLR0913 - GitHub's parameters
        request: Request,
        who: Who,
        owner: str,
        name: str,
        state: str = "open",
        labels: str = "",
        since: datetime | None = None,
        sort: str = "created",
        direction: str = "desc",
        per_page: PerPage = 30,
        page: PageNumber = 1,
    ) -> Response:
        repo = repository(who, owner, name)
        who.need("issues")
        wanted = {label.lower() for label in labels.split(",") if label}
        found = [
            issue
            for issue in repo.issues.values()
            if state in {"all", issue.state}
            and (since is None or issue.updated_at >= since)
            and wanted <= {label.lower() for label in issue.labels}
        ]
        shown = [render.issue(repo, issue) for issue in found]
        if not wanted and since is None:
            pulls = (render.pull_as_issue(repo, number) for number in repo.pulls)
            shown += [pull for pull in pulls if state in {"all", pull["state"]}]
        key = {"updated": "updated_at", "comments": "comments"}.get(sort, "created_at")
        shown.sort(key=lambda i: (i[key], i["number"]), reverse=direction != "asc")
        return _page(request, shown, per_page, page)

    @routes.post("/repos/{owner}/{name}/issues", status_code=201)
    async def create_issue(who: Who, owner: str, name: str, body: Payload) -> Json:
        repo = repository(who, owner, name)
        who.need("issues", "write")
        writable(repo)
        if not body.get("title"):
            raise _invalid("Issue", "title", "missing_field")
        _check_length(body.get("body") or "")
        return control.open_issue(
            repo.full_name,
            body["title"],
            body.get("body") or "",
            who.login,
            labels=tuple(body.get("labels") or ()),
        )

    @routes.get("/repos/{owner}/{name}/issues/comments/{comment_id}")
    async def show_comment(who: Who, owner: str, name: str, comment_id: int) -> Json:
        repo = repository(who, owner, name)
        number, comment = comment_of(repo, comment_id)
        return render.comment(repo, number, comment)

    @routes.patch("/repos/{owner}/{name}/issues/comments/{comment_id}")
    async def edit_comment(who: Who, owner: str, name: str, comment_id: int, body: Payload) -> Json:
        repo = repository(who, owner, name)
        who.need("issues", "write")
        writable(repo)
        comment_of(repo, comment_id)
        return control.edit_comment(repo.full_name, comment_id, _comment_body(body), by=who.login)

    @routes.delete("/repos/{owner}/{name}/issues/comments/{comment_id}", status_code=204)
    async def delete_comment(who: Who, owner: str, name: str, comment_id: int) -> None:
        repo = repository(who, owner, name)
        who.need("issues", "write")
        comment_of(repo, comment_id)
        control.delete_comment(repo.full_name, comment_id, by=who.login)

    @routes.get("/repos/{owner}/{name}/issues/comments/{comment_id}/reactions")
    async def comment_reactions(  # noqa: PLR0913
        request: Request,
        who: Who,
        owner: str,
        name: str,
        comment_id: int,
        per_page: PerPage = 30,
        page: PageNumber = 1,
    ) -> Response:
        _, comment = comment_of(repository(who, owner, name), comment_id)
        return _page(request, comment.reactions, per_page, page)

    @routes.post("/repos/{owner}/{name}/issues/comments/{comment_id}/reactions")
    async def react_to_comment(  # noqa: PLR0913
        who: Who, response: Response, owner: str, name: str, comment_id: int, body: Payload
    ) -> Json:
        _, comment = comment_of(repository(who, owner, name), comment_id)
        who.need("issues", "write")
        return _react(control, comment.reactions, who, body, response)

    @routes.get("/repos/{owner}/{name}/issues/{number}")
    async def show_issue(who: Who, owner: str, name: str, number: int) -> Any:
        repo = repository(who, owner, name)
        who.need("issues")
        if number in repo.moved:
            home, _, new = repo.moved[number].partition("#")
            return RedirectResponse(f"{render.url}/repos/{home}/issues/{new}", 301)
        if number in repo.pulls:
            return render.pull_as_issue(repo, number)
        return render.issue(repo, issue_of(repo, number))

    @routes.patch("/repos/{owner}/{name}/issues/{number}")
    async def edit_issue(who: Who, owner: str, name: str, number: int, body: Payload) -> Json:
        repo = repository(who, owner, name)
        who.need("issues", "write")
        writable(repo)
        issue = issue_of(repo, number)
        fields = {k: body[k] or "" for k in ("title", "body") if k in body}
        _check_length(fields.get("body", ""))
        control.edit(repo.full_name, number, who.login, **fields)
        if "labels" in body:
            wanted = {label.lower() for label in body["labels"]}
            for label in [n for n in issue.labels if n.lower() not in wanted]:
                control.remove_label(repo.full_name, number, label, by=who.login)
            for label in body["labels"]:
                control.add_label(repo.full_name, number, label, by=who.login)
        if body.get("state") == "closed" and issue.state == "open":
            reason = body.get("state_reason") or "completed"
            control.close(repo.full_name, number, who.login, reason)
        elif body.get("state") == "open" and issue.state == "closed":
            control.reopen(repo.full_name, number, who.login)
        return render.issue(repo, issue)

    @routes.get("/repos/{owner}/{name}/issues/{number}/comments")
    async def list_comments(  # noqa: PLR0913
        request: Request,
        who: Who,
        owner: str,
        name: str,
        number: int,
        since: datetime | None = None,
        per_page: PerPage = 30,
        page: PageNumber = 1,
    ) -> Response:
        repo = repository(who, owner, name)
        who.need("issues")
        found = [
            render.comment(repo, number, comment)
            for comment in issue_of(repo, number).comments
            if since is None or comment.updated_at >= since
        ]
        return _page(request, found, per_page, page)

    @routes.post("/repos/{owner}/{name}/issues/{number}/comments", status_code=201)
    async def create_comment(who: Who, owner: str, name: str, number: int, body: Payload) -> Json:
        repo = repository(who, owner, name)
        who.need("issues", "write")
        writable(repo)
        if issue_of(repo, number).locked:
            raise Refused(403, "Unable to create comment because issue is locked.")
        return control.comment(
            repo.full_name,
            number,
            _comment_body(body),
            who.login,
            app_id=render.app_id if who.installation else None,
        )

    @routes.get("/repos/{owner}/{name}/issues/{number}/labels")
    async def issue_labels(  # noqa: PLR0913
        request: Request,
        who: Who,
        owner: str,
        name: str,
        number: int,
        per_page: PerPage = 30,
        page: PageNumber = 1,
    ) -> Response:
        repo = repository(who, owner, name)
        shown = [render.label(repo, label) for label in issue_of(repo, number).labels]
        return _page(request, shown, per_page, page)

    @routes.post("/repos/{owner}/{name}/issues/{number}/labels")
    async def add_labels(who: Who, owner: str, name: str, number: int, body: Payload) -> list[Json]:
        repo = repository(who, owner, name)
        who.need("issues", "write")
        issue = issue_of(repo, number)
        for label in body.get("labels") or ():
            control.add_label(repo.full_name, number, label, by=who.login)
        return [render.label(repo, label) for label in issue.labels]

    @routes.delete("/repos/{owner}/{name}/issues/{number}/labels/{label:path}")
    async def remove_label(who: Who, owner: str, name: str, number: int, label: str) -> list[Json]:
        repo = repository(who, owner, name)
        who.need("issues", "write")
        issue = issue_of(repo, number)
        try:
            control.remove_label(repo.full_name, number, label, by=who.login)
        except Unknown as error:
            raise Refused(404, "Label does not exist") from error
        return [render.label(repo, n) for n in issue.labels]

    @routes.get("/repos/{owner}/{name}/issues/{number}/reactions")
    async def issue_reactions(  # noqa: PLR0913
        request: Request,
        who: Who,
        owner: str,
        name: str,
        number: int,
        per_page: PerPage = 30,
        page: PageNumber = 1,
    ) -> Response:
        issue = issue_of(repository(who, owner, name), number)
        return _page(request, issue.reactions, per_page, page)

    @routes.post("/repos/{owner}/{name}/issues/{number}/reactions")
    async def react_to_issue(  # noqa: PLR0913
        who: Who, response: Response, owner: str, name: str, number: int, body: Payload
    ) -> Json:
        issue = issue_of(repository(who, owner, name), number)
        who.need("issues", "write")
        return _react(control, issue.reactions, who, body, response)

    # files and releases

    def commit_of(repo: SimRepository, ref: str) -> Any:
        if repo.head is None:
            raise Refused(409, "Git Repository is empty.")
        names = {"main", "refs/heads/main", "heads/main", "HEAD"}
        found = [c for c in repo.commits if ref in {c.sha, _tree_sha(c)}]
        if ref in names or found:
            return found[0] if found else repo.head
        raise Refused(404, "Not Found")

    @routes.get("/repos/{owner}/{name}/commits/{ref:path}")
    async def show_commit(who: Who, owner: str, name: str, ref: str) -> Json:
        repo = repository(who, owner, name)
        who.need("contents")
        found = commit_of(repo, ref)
        by = {"name": "dev", "email": "dev@example.test", "date": stamp(found.date)}
        return {
            "sha": found.sha,
            "html_url": f"{render.url}/{repo.full_name}/commit/{found.sha}",
            "commit": {
                "message": found.message,
                "author": by,
                "committer": by,
                "tree": {"sha": _tree_sha(found)},
            },
            "parents": [],
        }

    @routes.get("/repos/{owner}/{name}/git/trees/{ref:path}")
    async def tree(who: Who, owner: str, name: str, ref: str, recursive: str = "") -> Json:
        repo = repository(who, owner, name)
        who.need("contents")
        found, folder = _tree_at(repo, ref, commit_of)
        entries: list[Json] = []
        folders: set[str] = set()
        for path, data in sorted(found.files.items()):
            if not path.startswith(folder):
                continue
            inner = path.removeprefix(folder)
            parts = inner.split("/")
            for depth in range(1, len(parts)):
                above = "/".join(parts[:depth])
                if above not in folders and (recursive or depth == 1):
                    folders.add(above)
                    entries.append(
                        {
                            "path": above,
                            "mode": "040000",
                            "type": "tree",
                            "sha": _folder_sha(found.sha, f"{folder}{above}/"),
                        }
                    )
            if recursive or len(parts) == 1:
                symlink = path in found.symlinks
                entries.append(render.blob_entry(repo, inner, data, symlink=symlink))
        limit = control.tree_limit if recursive else len(entries)
        return {
            "sha": _tree_sha(found),
            "url": f"{render.url}/repos/{repo.full_name}/git/trees/{_tree_sha(found)}",
            "tree": entries[:limit],
            "truncated": len(entries) > limit,
        }

    @routes.get("/repos/{owner}/{name}/git/blobs/{sha}")
    async def blob(who: Who, owner: str, name: str, sha: str) -> Json:
        repo = repository(who, owner, name)
        who.need("contents")
        for commit in repo.commits:
            for data in commit.files.values():
                if blob_sha(data) == sha:
                    text = base64.encodebytes(data).decode()
                    return {"sha": sha, "size": len(data), "encoding": "base64", "content": text}
        raise Refused(404, "Not Found")

    @routes.get("/repos/{owner}/{name}/contents")
    @routes.get("/repos/{owner}/{name}/contents/{path:path}")
    async def contents(who: Who, owner: str, name: str, path: str = "", ref: str = "main") -> Any:
        repo = repository(who, owner, name)
        who.need("contents")
        if repo.head is None:
            raise Refused(404, "This repository is empty.")
        files = commit_of(repo, ref).files
        path = path.strip("/")
        if path in files:
            return _file(render, repo, path, files[path])
        folder = f"{path}/" if path else ""
        inside = {}
        for name_ in sorted(files):
            if name_.startswith(folder):
                head, deeper, _ = name_.removeprefix(folder).partition("/")
                inside[head] = ("dir", 0) if deeper else ("file", len(files[name_]))
        if not inside:
            raise Refused(404, "Not Found")
        return [
            {"name": head, "path": f"{folder}{head}", "type": kind, "size": size}
            for head, (kind, size) in inside.items()
        ]

    @routes.get("/repos/{owner}/{name}/releases")
    async def releases(  # noqa: PLR0913
        request: Request,
        who: Who,
        owner: str,
        name: str,
        per_page: PerPage = 30,
        page: PageNumber = 1,
    ) -> Response:
        repo = repository(who, owner, name)
        who.need("contents")
        newest = sorted(repo.releases, key=lambda release: release.published_at, reverse=True)
        shown = [render.release(repo, release) for release in newest]
        return _page(request, shown, per_page, page)

    @routes.post("/repos/{owner}/{name}/check-runs", status_code=201)
    async def create_check_run(who: Who, owner: str, name: str, body: Payload) -> Json:
        repo = repository(who, owner, name)
        who.need("checks", "write")
        if who.installation is None:
            raise Refused(403, "You must authenticate via a GitHub App.")
        for field in ("name", "head_sha"):
            if not body.get(field):
                raise _invalid("CheckRun", field, "missing_field")
        made = {"id": world.next_id(), "status": "queued", "conclusion": None, **body}
        repo.check_runs.append(made)
        return made

    return routes


def _page(
    request: Request,
    items: Sequence[Any],
    per_page: int,
    page: int,
    *,
    key: str | None = None,
) -> Response:
    """A slice of a list, with a Link header to the other pages."""
    size = min(per_page, 100)
    last = max(1, -(-len(items) // size))
    shown = items[(page - 1) * size : page * size]
    answer = JSONResponse({"total_count": len(items), key: shown} if key else shown)
    targets = {}
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


def _react(
    control: Control, reactions: list[Json], who: Caller, body: Json, response: Response
) -> Json:
    if body.get("content") not in REACTIONS:
        raise _invalid("Reaction", "content", "invalid")
    made, new = control.add_reaction(reactions, body["content"], who.login)
    response.status_code = 201 if new else 200
    return made


def _comment_body(body: Json) -> str:
    text = body.get("body")
    if not isinstance(text, str) or not text.strip():
        raise _invalid("IssueComment", "body", "missing_field")
    _check_length(text)
    return text


def _check_length(text: str) -> None:
    if len(text) > LONGEST_BODY:
        raise Refused(
            422,
            "Validation Failed",
            [{"message": f"body is too long (maximum is {LONGEST_BODY} characters)"}],
        )


def _invalid(resource: str, field: str, code: str) -> Refused:
    return Refused(422, "Validation Failed", [{"resource": resource, "field": field, "code": code}])


def _tree_sha(commit: Any) -> str:
    return blob_sha(f"tree of {commit.sha}".encode())


def _folder_sha(commit_sha: str, folder: str) -> str:
    return blob_sha(f"{commit_sha}:{folder}".encode())


def _tree_at(
    repo: SimRepository, ref: str, commit_of: Callable[[SimRepository, str], Any]
) -> tuple[Any, str]:
    """A commit and the folder whose tree was asked for, by its own id."""
    for commit in repo.commits:
        for path in commit.files:
            parts = path.split("/")[:-1]
            for depth in range(1, len(parts) + 1):
                folder = "/".join(parts[:depth]) + "/"
                if _folder_sha(commit.sha, folder) == ref:
                    return commit, folder
    return commit_of(repo, ref), ""


def _file(render: Any, repo: SimRepository, path: str, data: bytes) -> Json:
    small = len(data) <= LARGEST_INLINE
    return {
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": blob_sha(data),
        "size": len(data),
        "type": "file",
        "encoding": "base64" if small else "none",
        "content": base64.encodebytes(data).decode() if small else "",
        "html_url": f"{render.url}/{repo.full_name}/blob/main/{path}",
    }
