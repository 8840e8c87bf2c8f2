"""How an answer, or our silence, turned out: what people did with it → one word (pure).

The first of these that holds:

- `success`: the issue was closed as a duplicate of an issue that the comment showed.
- `noise`: 👎 outnumber 👍, someone folded the comment away or said that a pair is no duplicate, or
  the issue was closed as a duplicate of an issue that the comment did not show.
- `assist`: 👍 outnumber 👎, or the issue's author closed it after the comment.
- `missed`: nothing was said, and the issue was closed as a duplicate.

A comment in shadow mode was never seen: of it only the duplicates tell something.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Kind = Literal["posted", "shadow", "silent"]
Outcome = Literal["success", "assist", "noise", "missed"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What happened to an issue and our comment.

    Attributes:
        up, down: 👍 and 👎 on the comment.
        told_wrong: someone entitled to it said so by a command.
        duplicate_of: the issue that it was marked a duplicate of, on GitHub.
        closed_by_author: whether it is closed, and its own author did that.
    """

    up: int = 0
    down: int = 0
    told_wrong: bool = False
    duplicate_of: int | None = None
    closed_by_author: bool = False


def outcome_of(kind: Kind, shown: Collection[int], seen: Seen) -> Outcome | None:
    """How it turned out; None as long as nothing tells."""
    if kind == "silent":
        return "missed" if seen.duplicate_of is not None else None
    if seen.duplicate_of is not None:
        return "success" if seen.duplicate_of in shown else "noise"
    if kind == "shadow":
        return None
    if seen.told_wrong or seen.down > seen.up:
        return "noise"
    return "assist" if seen.up > seen.down or seen.closed_by_author else None
