"""GraphQL as GitHub answers it: our part of the schema, its limits, its cost, its errors."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from indexer.threads import Event
from tests.github_simulator.auth import Caller
from tests.github_simulator.graph_cost import Complaint, Cost, cost_of
from tests.github_simulator.graph_discussions import discussions
from tests.github_simulator.graph_pages import connection, sortable
from tests.github_simulator.limits import Limits
from tests.github_simulator.payloads import Json, Renderer, stamp
from tests.github_simulator.world import SimComment, SimIssue, SimRepository, World, stable_number

SCHEMA_FILE = Path(__file__).with_name("schema.graphql")
ITEM_TYPES = {
    "closed": ("CLOSED_EVENT", "ClosedEvent"),
    "labeled": ("LABELED_EVENT", "LabeledEvent"),
    "marked_as_duplicate": ("MARKED_AS_DUPLICATE_EVENT", "MarkedAsDuplicateEvent"),
    "reopened": ("REOPENED_EVENT", "ReopenedEvent"),
    "unmarked_as_duplicate": ("UNMARKED_AS_DUPLICATE_EVENT", "UnmarkedAsDuplicateEvent"),
}
REACTION_CONTENT = {
    "+1": "THUMBS_UP",
    "-1": "THUMBS_DOWN",
    "laugh": "LAUGH",
    "hooray": "HOORAY",
    "confused": "CONFUSED",
    "heart": "HEART",
    "rocket": "ROCKET",
    "eyes": "EYES",
}
ORDERS: dict[str, Callable[[SimIssue], Any]] = {
    "CREATED_AT": lambda issue: issue.created_at,
    "UPDATED_AT": lambda issue: issue.updated_at,
    "COMMENTS": lambda issue: len(issue.comments),
}


@lru_cache
def schema_of(*, knows_duplicates: bool = True) -> GraphQLSchema:
    """Our schema; as an older host has it with `knows_duplicates=False`."""
    text = SCHEMA_FILE.read_text("utf-8")
    if not knows_duplicates:
        text = text.replace("stateReason(enableDuplicate: Boolean = false)", "stateReason")
    schema = build_schema(text)
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            kind.resolve_type = lambda value, _info, _type: value["__typename"]
    return schema


@lru_cache(maxsize=64)
def checked(query: str, *, knows_duplicates: bool) -> tuple[DocumentNode | None, list[Json]]:
    """The parsed query, or what the schema has against it."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, [_plain(error)]
    wrong = validate(schema_of(knows_duplicates=knows_duplicates), document)
    return (None, [_plain(error) for error in wrong]) if wrong else (document, [])


class Graph:
    """Executes queries over the world.

    Attributes:
        knows_duplicates: False makes this an older host.
        slow_above: GitHub's time-out, simulated: queries for more nodes end in a 502.
        asked: the queries answered, latest last, with what they cost.
    """

    def __init__(self, world: World, render: Renderer, limits: Limits) -> None:
        self.world = world
        self.render = render
        self.limits = limits
        self.knows_duplicates = True
        self.slow_above: int | None = None
        self.asked: list[tuple[str, Cost]] = []
        self._caller = Caller("nobody", "nobody")

    def answer(self, caller: Caller, body: Json) -> tuple[int, Json]:
        """Status and JSON for one request."""
        query, variables = body.get("query"), body.get("variables") or {}
        if not isinstance(query, str):
            return 400, {"message": "A query attribute must be specified and must be a string."}
        document, wrong = checked(query, knows_duplicates=self.knows_duplicates)
        if document is None:
            return 200, {"errors": wrong}
        return self._execute(caller, query, document, variables)

    def _execute(
        self, caller: Caller, query: str, document: DocumentNode, variables: Json
    ) -> tuple[int, Json]:
        schema = schema_of(knows_duplicates=self.knows_duplicates)
        try:
            cost = cost_of(schema, document, variables)
        except Complaint as error:
            return 200, {"data": None, "errors": [_shaped(error)]}
        if self.slow_above is not None and cost.nodes > self.slow_above:
            return 502, {}
        bucket, allowed = self.limits.spend(caller.key, "graphql", cost.points)
        if not allowed:
            message = f"API rate limit exceeded for {caller.key.replace(':', ' ID ')}."
            return 200, {"errors": [{"type": "RATE_LIMITED", "message": message}]}
        rate = {
            "cost": cost.points,
            "limit": bucket.limit,
            "nodeCount": cost.nodes,
            "remaining": bucket.remaining,
            "used": bucket.used,
            "resetAt": stamp(datetime.fromtimestamp(bucket.reset, UTC)),
        }
        root = {
            "rateLimit": lambda _info, **_: rate,
            "repository": lambda _info, owner, name, **_: self._repository(caller, owner, name),
            "nodes": lambda _info, ids: [self._node(caller, one) for one in ids],
            "viewer": lambda _info: self._actor(caller.login, is_bot=False),
        }
        self._caller = caller
        result = execute_sync(schema, document, root, variable_values=variables)
        assert isinstance(result, ExecutionResult)
        self.asked.append((query, cost))
        answer: Json = {"data": result.data}
        if result.errors:
            answer["errors"] = [_shaped(error) for error in result.errors]
        return 200, answer

    def _repository(self, caller: Caller, owner: str, name: str) -> Json:
        repo = self.world.repository(f"{owner}/{name}")
        if repo is None or not caller.sees(repo):
            raise Complaint(
                "NOT_FOUND",
                f"Could not resolve to a Repository with the name '{owner}/{name}'.",
            )
        caller.need("issues")
        return self._shown_repository(repo)

    def _node(self, caller: Caller, node_id: str) -> Json | Complaint:
        """A comment by its node id, or what GitHub says in the place of that one."""
        for repo in self.world.repositories.values():
            for number, comment in repo.comment_index.values():
                if f"IC_{comment.id:x}" == node_id and caller.sees(repo):
                    return self._comment(repo, repo.issues[number], comment)
        return Complaint(
            "NOT_FOUND", f"Could not resolve to a node with the global id of '{node_id}'"
        )

    def _shown_repository(self, repo: SimRepository) -> Json:
        return {
            "id": f"R_{repo.id:x}",
            "name": repo.name,
            "nameWithOwner": repo.full_name,
            "isPrivate": repo.private,
            "url": f"{self.render.url}/{repo.full_name}",
            "hasDiscussionsEnabled": repo.discussions_enabled,
            "discussions": lambda _info, **args: self._discussions(repo, **args),
            "issue": lambda _info, number: self._one_issue(repo, number),
            "issues": lambda _info, **args: self._issues(repo, **args),
        }

    def _discussions(self, repo: SimRepository, **args: Any) -> Json:
        self._caller.need("discussions")
        page = f"{self.render.url}/{repo.full_name}"
        return discussions(repo, page, self._actor, **args)

    def _one_issue(self, repo: SimRepository, number: int) -> Json:
        if number in repo.moved:
            # GitHub follows an issue to where it went.
            home, _, new = repo.moved[number].partition("#")
            target = self.world.repository(home)
            if target is not None and int(new) in target.issues:
                return self._issue(target, target.issues[int(new)])
        if number not in repo.issues:
            raise Complaint(
                "NOT_FOUND", f"Could not resolve to an Issue with the number of {number}."
            )
        return self._issue(repo, repo.issues[number])

    def _issues(self, repo: SimRepository, **args: Any) -> Json:
        wanted = args.get("filterBy") or {}
        states = {state.lower() for state in args.get("states") or wanted.get("states") or ()}
        since = wanted.get("since")
        floor = datetime.fromisoformat(since) if since else None
        found = [
            issue
            for issue in repo.issues.values()
            if (not states or issue.state in states)
            and (floor is None or issue.updated_at >= floor)
        ]
        order = args.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
        value = ORDERS[order["field"]]
        reverse = order["direction"] == "DESC"
        # GitHub keeps whole seconds, so within one the number decides.
        found.sort(key=lambda issue: sortable(value(issue), issue.number), reverse=reverse)
        # As on GitHub a cursor names a place in the order, not an offset: what is edited or
        # opened meanwhile makes no page skip or repeat anything else.
        return connection(
            found,
            args,
            lambda issue: self._issue(repo, issue),
            lambda issue: sortable(value(issue), issue.number),
            reverse=reverse,
        )

    def _issue(self, repo: SimRepository, issue: SimIssue) -> Json:
        def state_reason(_info: Any, *, enableDuplicate: bool = False) -> str | None:  # noqa: N803
            reason = (issue.state_reason or "").upper() or None
            return "NOT_PLANNED" if reason == "DUPLICATE" and not enableDuplicate else reason

        labels = [
            {"id": f"LA_{name}", "name": name, "color": "ededed", "description": None}
            for name in issue.labels
        ]
        return {
            "__typename": "Issue",
            "id": f"I_{issue.id:x}",
            "number": issue.number,
            "title": issue.title,
            "body": issue.body,
            "url": f"{self.render.url}/{repo.full_name}/issues/{issue.number}",
            "state": issue.state.upper(),
            "stateReason": state_reason,
            "closed": issue.state == "closed",
            "locked": issue.locked,
            "createdAt": stamp(issue.created_at),
            "updatedAt": stamp(issue.updated_at),
            "closedAt": stamp(issue.closed_at),
            "author": self._actor(issue.author, is_bot=issue.is_bot),
            "authorAssociation": issue.author_association,
            "repository": lambda _info: self._shown_repository(repo),
            "labels": lambda _info, **args: connection(labels, args, lambda label: label),
            "reactions": {"totalCount": len(issue.reactions)},
            "comments": lambda _info, **args: connection(
                issue.comments,
                args,
                lambda comment: self._comment(repo, issue, comment),
            ),
            "timelineItems": lambda _info, **args: self._timeline(repo, issue, **args),
        }

    def _comment(self, repo: SimRepository, issue: SimIssue, comment: SimComment) -> Json:
        return {
            "__typename": "IssueComment",
            "id": f"IC_{comment.id:x}",
            "body": comment.body,
            "author": self._actor(comment.author, is_bot=comment.is_bot),
            "authorAssociation": comment.author_association,
            "createdAt": stamp(comment.created_at),
            "updatedAt": stamp(comment.updated_at),
            "url": self.render.comment_page(repo, issue.number, comment.id),
            "isMinimized": comment.minimized,
            "minimizedReason": "off-topic" if comment.minimized else None,
            "reactionGroups": [
                {
                    "content": content,
                    "reactors": {
                        "totalCount": sum(r["content"] == name for r in comment.reactions)
                    },
                }
                for name, content in REACTION_CONTENT.items()
            ],
        }

    def _timeline(self, repo: SimRepository, issue: SimIssue, **args: Any) -> Json:
        wanted = set(args.get("itemTypes") or ())
        found = [
            event
            for event in sorted(issue.events, key=lambda event: event.created_at)
            if event.kind in ITEM_TYPES and (not wanted or ITEM_TYPES[event.kind][0] in wanted)
        ]
        return connection(found, args, lambda event: self._event(repo, issue, event))

    def _event(self, repo: SimRepository, issue: SimIssue, event: Event) -> Json:
        reason = (event.state_reason or "").upper() or None
        return {
            "__typename": ITEM_TYPES[event.kind][1],
            "id": f"EV_{stable_number(issue.id, event.kind, event.created_at):x}",
            "createdAt": stamp(event.created_at),
            "actor": self._actor(event.actor) if event.actor else None,
            # Events know the reason `duplicate` without being asked.
            "stateReason": reason,
            "closer": lambda _info: self._closer(repo, event),
            "canonical": self._target(repo, event.canonical),
            "duplicate": lambda _info: self._issue(repo, issue),
            "isCrossRepository": False,
            "label": {"id": f"LA_{event.label}", "name": event.label, "color": "ededed"},
        }

    def _closer(self, repo: SimRepository, event: Event) -> Json | None:
        if event.closer == "pull_request" and event.closer_number:
            self._caller.need("pull_requests")
            return self._pull(repo, event.closer_number, event.closer_url)
        if event.closer == "commit":
            sha = f"{stable_number(repo.full_name, event.created_at, size=20):040x}"
            url = event.closer_url or f"{self.render.url}/{repo.full_name}/commit/{sha}"
            return {"__typename": "Commit", "id": f"C_{sha[:12]}", "url": url}
        return None

    def _pull(self, repo: SimRepository, number: int, url: str | None = None) -> Json:
        known = repo.pulls.get(number)
        return {
            "__typename": "PullRequest",
            "id": f"PR_{number}",
            "number": number,
            "title": known.title if known else f"Pull request {number}",
            "url": url or f"{self.render.url}/{repo.full_name}/pull/{number}",
            "merged": known is None or known.merged_at is not None,
            "mergedAt": stamp(known.merged_at) if known else None,
            "repository": lambda _info: self._shown_repository(repo),
        }

    def _target(self, repo: SimRepository, number: int | None) -> Json | None:
        if number is None:
            return None
        if number in repo.issues:
            return self._issue(repo, repo.issues[number])
        return self._pull(repo, number) if number in repo.pulls else None

    def _actor(self, login: str, *, is_bot: bool | None = None) -> Json | None:
        """A deleted account is nobody; a bot's login has no `[bot]` here, unlike in REST."""
        if login in {"", "ghost"}:
            return None
        bot = login.endswith("[bot]") if is_bot is None else is_bot
        name = login.removesuffix("[bot]") if bot else login
        return {
            "__typename": "Bot" if bot else "User",
            "id": f"U_{stable_number('user', login.lower()):x}",
            "login": name,
            "url": f"{self.render.url}/{name}",
        }


def _plain(error: GraphQLError) -> Json:
    """A query that does not fit the schema."""
    code = "undefinedField" if "Cannot query field" in error.message else "invalid"
    if "Unknown argument" in error.message:
        code = "argumentNotAccepted"
    return {**error.formatted, "extensions": {"code": code}}


def _shaped(error: GraphQLError) -> Json:
    """An error while executing, with GitHub's `type`."""
    original = error.original_error or error
    shown: Json = dict(error.formatted)
    if isinstance(original, Complaint):
        shown["type"] = original.kind
    elif getattr(original, "status", None) == 403:
        shown["type"] = "FORBIDDEN"
    else:
        raise original
    return shown
