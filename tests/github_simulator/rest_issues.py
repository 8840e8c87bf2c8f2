"""REST about issues, comments, labels and reactions."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from tests.github_simulator.actions import Unknown
from tests.github_simulator.auth import Refused
from tests.github_simulator.payloads import REACTIONS, Json
from tests.github_simulator.rest import AtRepo, Here, Payload, check_length, invalid

routes = APIRouter(prefix="/repos/{owner}/{name}")

LONGEST_DESCRIPTION = 100
SORT_KEYS = {"updated": "updated_at", "comments": "comments"}


@routes.get("/issues")
async def list_issues(  # noqa: PLR0913 - GitHub's parameters
    at: AtRepo,
    *,
    state: str = "open",
    labels: str = "",
    since: datetime | None = None,
    sort: str = "created",
    direction: str = "desc",
) -> Response:
    """Pull requests are issues here, unlike in GraphQL."""
    at.need("issues")
    render, repo = at.sim.render, at.repo
    wanted = {label.lower() for label in labels.split(",") if label}
    shown = [
        render.issue(repo, issue)
        for issue in repo.issues.values()
        if state in {"all", issue.state}
        and (since is None or issue.updated_at >= since)
        and wanted <= {label.lower() for label in issue.labels}
    ]
    if not wanted and since is None:
        pulls = (render.pull_as_issue(repo, number) for number in repo.pulls)
        shown += [pull for pull in pulls if state in {"all", pull["state"]}]
    key = SORT_KEYS.get(sort, "created_at")
    shown.sort(key=lambda item: (item[key], item["number"]), reverse=direction != "asc")
    return at.listed(shown)


@routes.post("/issues", status_code=201)
async def create_issue(at: AtRepo, body: Payload) -> Json:
    at.need("issues", "write")
    if not body.get("title"):
        raise invalid("Issue", "title", "missing_field")
    text = check_length(body.get("body") or "")
    labels = tuple(body.get("labels") or ())
    return at.sim.open_issue(at.repo.full_name, body["title"], text, at.who.login, labels=labels)


@routes.get("/issues/comments/{comment_id}")
async def show_comment(at: AtRepo, comment_id: int) -> Json:
    number, comment = at.comment(comment_id)
    return at.sim.render.comment(at.repo, number, comment)


@routes.patch("/issues/comments/{comment_id}")
async def edit_comment(at: AtRepo, comment_id: int, body: Payload) -> Json:
    at.need("issues", "write")
    at.comment(comment_id)
    text = _comment_body(body)
    return at.sim.edit_comment(at.repo.full_name, comment_id, text, by=at.who.login)


@routes.delete("/issues/comments/{comment_id}", status_code=204)
async def delete_comment(at: AtRepo, comment_id: int) -> None:
    at.need("issues", "write")
    at.comment(comment_id)
    at.sim.delete_comment(at.repo.full_name, comment_id, by=at.who.login)


@routes.get("/issues/comments/{comment_id}/reactions")
async def list_comment_reactions(at: AtRepo, comment_id: int) -> Response:
    return at.listed(at.comment(comment_id)[1].reactions)


@routes.post("/issues/comments/{comment_id}/reactions")
async def react_to_comment(at: AtRepo, response: Response, comment_id: int, body: Payload) -> Json:
    return _react(at, at.comment(comment_id)[1].reactions, body, response)


@routes.get("/issues/{number}")
async def show_issue(at: AtRepo, number: int) -> Any:
    at.need("issues")
    if number in at.repo.moved:
        home, _, new = at.repo.moved[number].partition("#")
        return RedirectResponse(f"{at.sim.url}/repos/{home}/issues/{new}", 301)
    if number in at.repo.pulls:
        return at.sim.render.pull_as_issue(at.repo, number)
    return at.sim.render.issue(at.repo, at.issue(number))


@routes.patch("/issues/{number}")
async def edit_issue(at: AtRepo, number: int, body: Payload) -> Json:
    at.need("issues", "write")
    issue, sim, repo = at.issue(number), at.sim, at.repo.full_name
    fields = {name: body[name] or "" for name in ("title", "body") if name in body}
    check_length(fields.get("body", ""))
    sim.edit(repo, number, at.who.login, **fields)
    if "labels" in body:
        wanted = {label.lower() for label in body["labels"]}
        for label in [name for name in issue.labels if name.lower() not in wanted]:
            sim.remove_label(repo, number, label, by=at.who.login)
        for label in body["labels"]:
            sim.add_label(repo, number, label, by=at.who.login)
    if body.get("state") == "closed" and issue.state == "open":
        sim.close(repo, number, at.who.login, body.get("state_reason") or "completed")
    elif body.get("state") == "open" and issue.state == "closed":
        sim.reopen(repo, number, at.who.login)
    return sim.render.issue(at.repo, issue)


@routes.get("/issues/{number}/comments")
async def list_comments(at: AtRepo, number: int, since: datetime | None = None) -> Response:
    at.need("issues")
    comments = [c for c in at.issue(number).comments if since is None or c.updated_at >= since]
    return at.listed([at.sim.render.comment(at.repo, number, c) for c in comments])


@routes.post("/issues/{number}/comments", status_code=201)
async def create_comment(at: AtRepo, number: int, body: Payload) -> Json:
    at.need("issues", "write")
    if at.issue(number).locked:
        raise Refused(403, "Unable to create comment because issue is locked.")
    app_id = at.sim.app_id if at.who.installation else None
    text = _comment_body(body)
    return at.sim.comment(at.repo.full_name, number, text, at.who.login, app_id=app_id)


@routes.get("/issues/{number}/labels")
async def list_issue_labels(at: AtRepo, number: int) -> Response:
    return at.listed([at.sim.render.label(at.repo, name) for name in at.issue(number).labels])


@routes.post("/issues/{number}/labels")
async def add_labels(at: AtRepo, number: int, body: Payload) -> list[Json]:
    at.need("issues", "write")
    issue = at.issue(number)
    for label in body.get("labels") or ():
        at.sim.add_label(at.repo.full_name, number, label, by=at.who.login)
    return [at.sim.render.label(at.repo, name) for name in issue.labels]


@routes.delete("/issues/{number}/labels/{label:path}")
async def remove_label(at: AtRepo, number: int, label: str) -> list[Json]:
    at.need("issues", "write")
    issue = at.issue(number)
    try:
        at.sim.remove_label(at.repo.full_name, number, label, by=at.who.login)
    except Unknown as error:
        raise Refused(404, "Label does not exist") from error
    return [at.sim.render.label(at.repo, name) for name in issue.labels]


@routes.get("/issues/{number}/reactions")
async def list_issue_reactions(at: AtRepo, number: int) -> Response:
    return at.listed(at.issue(number).reactions)


@routes.post("/issues/{number}/reactions")
async def react_to_issue(at: AtRepo, response: Response, number: int, body: Payload) -> Json:
    return _react(at, at.issue(number).reactions, body, response)


@routes.get("/labels")
async def list_labels(at: AtRepo) -> Response:
    return at.listed([at.sim.render.label(at.repo, name) for name in at.repo.labels])


@routes.post("/labels", status_code=201)
async def create_label(at: AtRepo, body: Payload) -> Json:
    at.need("issues", "write")
    name = body.get("name")
    if not name:
        raise invalid("Label", "name", "missing_field")
    if at.repo.label_name(name):
        raise invalid("Label", "name", "already_exists")
    if len(body.get("description") or "") > LONGEST_DESCRIPTION:
        raise invalid("Label", "description", "invalid")
    at.repo.labels[name] = {
        "color": body.get("color", "ededed"),
        "description": body.get("description"),
    }
    return at.sim.render.label(at.repo, name)


@routes.get("/labels/{label:path}")
async def show_label(at: AtRepo, label: str) -> Json:
    found = at.repo.label_name(label)
    if found is None:
        raise Refused(404, "Not Found")
    return at.sim.render.label(at.repo, found)


def _react(at: Here, reactions: list[Json], body: Json, response: Response) -> Json:
    at.need("issues", "write")
    if body.get("content") not in REACTIONS:
        raise invalid("Reaction", "content", "invalid")
    made, new = at.sim.add_reaction(reactions, body["content"], at.who.login)
    response.status_code = 201 if new else 200
    return made


def _comment_body(body: Json) -> str:
    text = body.get("body")
    if not isinstance(text, str) or not text.strip():
        raise invalid("IssueComment", "body", "missing_field")
    return check_length(text)
