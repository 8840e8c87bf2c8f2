"""That a thread ended with a fix: the words that say so best, and the release that carries it."""

import re
from collections.abc import Iterator

from indexer import advice, phrases
from indexer.case import Case, find
from indexer.release_notes import version_of
from indexer.sentences import Sentence
from indexer.threads import Comment, Ending, Quote, Resolution


def fixed(
    case: Case,
    rule: str,
    quote: Quote | None,
    closer_url: str | None = None,
    closer_number: int | None = None,
) -> Resolution:
    """A fix, and the release that carries it where one is known."""
    return Resolution(
        ending=Ending.FIXED,
        rule=rule,
        quote=quote,
        release=_release(case, closer_number),
        closer_url=closer_url,
    )


def best_fix(case: Case, comment: Comment, sentence: Sentence) -> Quote | None:
    """The words that say most: those that name a release, else those that say it is fixed."""
    for other in (comment, *case.last_words):
        if found := _named_release(case, other):
            return case.believed_quote(other, found[0])
    return case.believed_quote(comment, sentence)


def _release(case: Case, closer: int | None) -> str | None:
    """The release that carries the fix: as someone to believe says, else as its notes say."""
    for comment in case.last_words:
        found = _named_release(case, comment)
        if found and (version := advice.version_in(found[1])):
            if release := case.notes.of_version(version):
                return release.tag
            if not len(case.notes) and version_of(version):
                return version
    numbers = [case.thread.number, *([closer] if closer else []), *_changes_named(case)]
    release = case.notes.carrying(numbers, case.thread.created_at)
    return release.tag if release else None


def _named_release(case: Case, comment: Comment) -> tuple[Sentence, re.Match[str]] | None:
    """Where a comment names the release of the fix; "broken since 2.0" names another one."""
    found = find(case, comment, advice.RELEASED_IN)
    if found is None or find(case, comment, phrases.FIXED_OUTRIGHT):
        return found
    if advice.BROKE.search(found[0].text):
        return None
    by_project = not case.is_reporter(comment) and case.confirmed(comment)
    return found if by_project or case.follows_closing(comment) else None


def _changes_named(case: Case) -> Iterator[int]:
    """Numbers that a sentence about the fix names: `fixed by #12`."""
    for comment in case.last_words:
        if found := find(case, comment, phrases.FIXED):
            for number in re.findall(r"(?<![\w/])#(\d{1,9})\b", found[0].text):
                if int(number) != case.thread.number:
                    yield int(number)
            return
