"""Template lines: what recurs in many bodies of a repository says nothing about any of them.

A repository's template lines are a numbered snapshot: taken once, kept in `state`, used for
every thread until it is taken anew. So an interrupted, a repeated and a clean backfill cut the
same lines out.
"""

import math
from collections.abc import Iterable

from indexer.redact import redact
from indexer.state import TemplateSnapshot
from indexer.text import template_key

MIN_BODIES = 8
"""A line in fewer bodies than this is a coincidence."""

MIN_SHARE = 0.002
"""In a large repository, a line has to recur in this share of its bodies."""

_LONGEST = 400
"""Nobody repeats longer lines by template; they are pasted logs."""


def find_template_lines(
    bodies: Iterable[str],
    *,
    min_bodies: int = MIN_BODIES,
    min_share: float = MIN_SHARE,
) -> tuple[frozenset[str], int]:
    """The lines that recur in many bodies, whatever the order, and how many bodies were read.

    Each body counts a line once, and as it is stored: without secrets. Only hashes are held for
    lines below the threshold, so that a hundred thousand bodies fit in memory.
    """
    counts: dict[int, int] = {}
    texts: dict[int, str] = {}
    total = 0
    for body in bodies:
        total += 1
        lines = redact(body).splitlines()
        keys = {template_key(line) for line in lines if len(line) <= _LONGEST}
        for key in keys:
            mark = hash(key)
            counts[mark] = count = counts.get(mark, 0) + 1
            if count == min_bodies:
                texts[mark] = key
    threshold = max(min_bodies, math.ceil(total * min_share))
    found = (key for mark, key in texts.items() if counts[mark] >= threshold)
    return frozenset(key for key in found if any(char.isalnum() for char in key)), total


def next_snapshot(
    previous: TemplateSnapshot, bodies: Iterable[str], known: frozenset[str] = frozenset()
) -> TemplateSnapshot:
    """A snapshot of these bodies, one number higher; the same number where nothing changed.

    `known` are lines that are templates however often they recur: the repository's own.
    """
    lines, total = find_template_lines(bodies)
    lines |= known
    number = previous.number if previous.number and lines == previous.lines else previous.number + 1
    return TemplateSnapshot(number, total, lines)


def is_outgrown(snapshot: TemplateSnapshot, threads: int) -> bool:
    """Whether the repository has doubled since the snapshot was taken."""
    return snapshot.number > 0 and threads >= 2 * max(snapshot.bodies, MIN_BODIES)
