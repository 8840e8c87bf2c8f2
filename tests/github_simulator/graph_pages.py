"""Connections: pages of a list, with cursors as GitHub's."""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.github_simulator.graph_cost import Complaint
from tests.github_simulator.payloads import Json, stamp


def sortable(value: Any, number: int) -> str:
    text = stamp(value) if isinstance(value, datetime) else f"{value:09d}"
    return f"{text}|{number:012d}"


def connection(
    items: Sequence[Any],
    args: Mapping[str, Any],
    show: Callable[[Any], Any],
    key: Callable[[Any], str] | None = None,
    *,
    reverse: bool = False,
) -> Json:
    """A page of a list. Cursors hold the item's key, or its place where there is no key."""

    def place(mark: str, *, behind: bool) -> int:
        if key is None:
            return int(mark) + behind
        for index, item in enumerate(items):
            name = key(item)
            passed = name < mark if reverse else name > mark
            if passed or (name == mark and not behind):
                return index
        return len(items)

    begin = place(_uncursor(args["after"]), behind=True) if args.get("after") else 0
    end = place(_uncursor(args["before"]), behind=False) if args.get("before") else len(items)
    most = end
    if args.get("first") is not None:
        end = min(end, begin + args["first"])
    elif args.get("last") is not None:
        begin = max(begin, end - args["last"])
    shown = items[begin:end]
    cursors = [
        _cursor(key(item) if key else f"{begin + offset:09d}") for offset, item in enumerate(shown)
    ]
    nodes = [show(item) for item in shown]
    return {
        "totalCount": len(items),
        "nodes": nodes,
        "edges": lambda _info: [
            {"cursor": c, "node": n} for c, n in zip(cursors, nodes, strict=True)
        ],
        "pageInfo": {
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
            "hasNextPage": end < most,
            "hasPreviousPage": begin > 0,
        },
    }


def _cursor(name: str) -> str:
    return base64.b64encode(f"cursor:v2:{name}".encode()).decode()


def _uncursor(cursor: str) -> str:
    try:
        kind, version, name = base64.b64decode(cursor, validate=True).decode().split(":", 2)
    except ValueError:
        raise Complaint("INVALID_CURSOR_ARGUMENTS", f"`{cursor}` is no valid cursor.") from None
    if (kind, version) != ("cursor", "v2"):
        raise Complaint("INVALID_CURSOR_ARGUMENTS", f"`{cursor}` is no valid cursor.")
    return name
