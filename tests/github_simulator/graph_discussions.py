"""Discussions as GraphQL answers them: our part of that schema."""

from collections.abc import Callable
from typing import Any

from tests.github_simulator.graph_pages import connection, sortable
from tests.github_simulator.payloads import Json, stamp
from tests.github_simulator.seed import SeedDiscussion
from tests.github_simulator.world import SimRepository, stable_number

Actor = Callable[[str], Json | None]


def discussions(repo: SimRepository, page: str, actor: Actor, **args: Any) -> Json:
    """A page of a repository's discussions; none where they are switched off.

    Args:
        repo: the repository.
        page: its address on the web.
        actor: an account by its login.
        args: the field's arguments.
    """
    wanted = args.get("answered")
    found = [
        entry
        for entry in (repo.discussions.values() if repo.discussions_enabled else ())
        if wanted is None or wanted == (entry.answer is not None)
    ]
    order = args["orderBy"]
    reverse = order["direction"] == "DESC"

    def key(entry: SeedDiscussion) -> str:
        latest = order["field"] == "UPDATED_AT" and entry.answered_at
        return sortable(latest or entry.created_at, entry.number)

    found.sort(key=key, reverse=reverse)
    return connection(found, args, lambda e: _shown(e, page, actor), key, reverse=reverse)


def _shown(entry: SeedDiscussion, page: str, actor: Actor) -> Json:
    url = f"{page}/discussions/{entry.number}"
    answer = None
    if entry.answer is not None:
        identity = stable_number(url, "answer")
        answer = {
            "id": f"DC_{identity:x}",
            "author": actor(entry.answered_by),
            "body": entry.answer,
            "createdAt": stamp(entry.answered_at or entry.created_at),
            "isMinimized": entry.answer_minimized,
            "url": f"{url}#discussioncomment-{identity}",
        }
    return {
        "id": f"D_{entry.number:x}",
        "number": entry.number,
        "title": entry.title,
        "body": entry.body,
        "author": actor(entry.author),
        "createdAt": stamp(entry.created_at),
        "isAnswered": answer is not None,
        "answer": answer,
        "answerChosenAt": stamp(entry.answered_at or entry.created_at) if answer else None,
        "url": url,
    }
