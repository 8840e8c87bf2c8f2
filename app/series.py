"""Series of sibling issues, such as "Docs: io", "Docs: fs": alike, and none answers another."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

LEAST: Final = 3
"""So many siblings make a series; two issues that read alike may be one problem."""

_LONGEST_PART: Final = 4
_WORD = re.compile(r"[^\W_](?:[\w.:-]*\w)?")

_Frame = tuple[tuple[str, ...], tuple[str, ...]]


def siblings(title: str, others: Sequence[str]) -> frozenset[int]:
    """The places in `others` of titles that differ from `title` in one part alone, as do others.

    The part that differs has a few words at most and more in it than numbers: error messages
    differ in numbers and are no series.
    """
    frames = [_frame(_words(title), _words(other)) for other in others]
    counts = Counter(frame for frame in frames if frame)
    return frozenset(
        place for place, frame in enumerate(frames) if frame and counts[frame] >= LEAST
    )


def _frame(ours: Sequence[str], theirs: Sequence[str]) -> _Frame | None:
    """The words before and after the one part in which two titles differ; None if it is not so."""
    head = 0
    while head < min(len(ours), len(theirs)) and ours[head] == theirs[head]:
        head += 1
    tail = 0
    while tail < min(len(ours), len(theirs)) - head and ours[-1 - tail] == theirs[-1 - tail]:
        tail += 1
    parts = ours[head : len(ours) - tail], theirs[head : len(theirs) - tail]
    if not head + tail or not all(0 < len(part) <= _LONGEST_PART for part in parts):
        return None
    if [word for word in parts[0] if not word.isdigit()] == [
        word for word in parts[1] if not word.isdigit()
    ]:
        return None
    return tuple(ours[:head]), tuple(ours[len(ours) - tail :])


def _words(title: str) -> list[str]:
    return _WORD.findall(title.lower())
