"""Which of an installation's repositories are read ahead, and in which order. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CAPPED = "capped"
SENTENCE = (
    "BACKFILL_MAX_REPOSITORIES: its installation has more repositories than are read ahead. It is "
    "read when an issue is opened there, or by `intern backfill`."
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The repositories to read, in order, and those that are beyond the limit."""

    repos: list[str]
    capped: list[str]


def choose(
    found: Mapping[str, Mapping[str, Any]], wanted: Sequence[str], begun: Collection[str], most: int
) -> Chosen:
    """Choose among an installation's repositories.

    Args:
        found: GitHub's JSON of all of them, by their full names.
        wanted: the names of those that are asked for; all where there are none.
        begun: the names, in lower case, of those that were read before, be it in part: they count
            against the limit, and are read on.
        most: how many may be read ahead.
    """
    names = {name.lower() for name in wanted}
    usable = [name for name, repository in found.items() if _has_issues(repository)]
    usable.sort(key=lambda name: str(found[name].get("pushed_at") or ""), reverse=True)
    repos = [name for name in usable if not names or name.lower() in names]
    # GitHub's list may lag behind its webhook.
    listed = {name.lower() for name in found}
    repos += [name for name in wanted if name.lower() not in listed]
    left = most - sum(name.lower() in begun for name in usable)
    fresh = [name for name in repos if name.lower() not in begun]
    capped = fresh[max(0, left) :]
    left_out = set(capped)
    return Chosen([name for name in repos if name not in left_out], capped)


def _has_issues(repository: Mapping[str, Any]) -> bool:
    return bool(repository.get("has_issues", True)) and not repository.get("disabled")
