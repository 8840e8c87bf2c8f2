"""Duplicates that a repository's own history knows of, and issues that are none (pure).

Believed are GitHub's marks and the words of those who closed, of members, and of contributors who
are active in many other threads; hedged, denied and bots' words are not (resolution.py).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from indexer.bots import is_bot
from indexer.case import INSIDERS
from indexer.resolution import resolve
from indexer.threads import Ending, Thread

ACTIVE_THREADS = 10
"""In so many of other people's threads somebody has to have written to know the project."""

# Somebody's word that it is none.
_DENIED = re.compile(r"\bnot-duplicate\b", re.IGNORECASE)
_SIGN = re.compile(r"\bdup(?:e|es|ed|s|licate\w{0,3})?\b|중복|重复|重複", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Known:
    """What a history knows about its duplicates.

    Attributes:
        threads: how many there are.
        originals: of each thread that was told to be a duplicate, the older members of its
            cluster; any of them is right. One that was closed for a newer issue may have none
            and is left out.
        others: closed threads without any sign of being a duplicate, or of having one.
    """

    threads: int
    originals: Mapping[int, frozenset[int]]
    others: frozenset[int]

    @property
    def rate(self) -> float:
        """How many of all threads are duplicates."""
        return len(self.originals) / max(1, self.threads)


def find_known(
    history: Callable[[], Iterable[Thread]],
    repo: str | None = None,
    apart: Collection[tuple[int, int]] = (),
) -> Known:
    """The known duplicates of a history.

    Args:
        history: gives every thread; it is read twice.
        repo: `owner/name`, so that an address of another repository is not taken for ours.
        apart: pairs, the lower number first, of which a maintainer said that they are none; their
            word goes before what stands in the threads.
    """
    trusted = active_contributors(history())
    named: dict[int, int] = {}
    quiet: set[int] = set()
    numbers: set[int] = set()
    for thread in history():
        numbers.add(thread.number)
        ending = resolve(thread, trusted=trusted, repo=repo)
        of = ending.duplicate_of
        if ending.ending is Ending.DUPLICATE:
            if of is not None and _pair(thread.number, of) not in apart:
                named[thread.number] = of
        elif not thread.is_open and not _has_sign(thread):
            quiet.add(thread.number)
    named = {number: of for number, of in named.items() if of in numbers}
    older = older_members(named.items())
    right = {
        number: frozenset(of for of in older.get(number, ()) if _pair(number, of) not in apart)
        for number in named
    }
    originals = {number: members for number, members in right.items() if members}
    return Known(len(numbers), originals, frozenset(quiet - named.keys() - {*named.values()}))


def active_contributors(history: Iterable[Thread]) -> frozenset[str]:
    """Who wrote in many threads of others and is known to GitHub as a contributor."""
    threads: Counter[str] = Counter()
    known: set[str] = set()
    for thread in history:
        people = set()
        for comment in thread.comments:
            if comment.author and comment.author != thread.author and not is_bot(comment):
                people.add(comment.author)
                if comment.author_association in INSIDERS | {"CONTRIBUTOR"}:
                    known.add(comment.author)
        threads.update(people)
    return frozenset(name for name in known if threads[name] >= ACTIVE_THREADS)


def older_members(pairs: Iterable[tuple[int, int]]) -> dict[int, frozenset[int]]:
    """The members of its cluster with a lower number, for every member but the oldest."""
    leader: dict[int, int] = {}

    def lead(number: int) -> int:
        while (above := leader.setdefault(number, number)) != number:
            leader[number] = leader[above]
            number = above
        return number

    for one, other in pairs:
        low, high = sorted((lead(one), lead(other)))
        leader[high] = low
    clusters: dict[int, list[int]] = defaultdict(list)
    for number in leader:
        clusters[lead(number)].append(number)
    return {
        number: frozenset(members[:place])
        for members in map(sorted, clusters.values())
        for place, number in enumerate(members)
        if place
    }


def _pair(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)


def _has_sign(thread: Thread) -> bool:
    texts = (*thread.labels, *(_DENIED.sub("", comment.body) for comment in thread.comments))
    return any(_SIGN.search(text) for text in texts)
