"""How a thread ended, from its events, labels and words. Pure; the thread is as of some moment.

`RULES` are asked in their order, the first that knows decides. Whom they believe: whoever closed
or labelled the issue, members of the project, those `trusted` from elsewhere (contributors who
are active in many threads), and the author about the own issue. `author_association` alone does
not tell who maintains a project.
"""

import re
from collections.abc import Callable, Sequence

from indexer import advice, phrases
from indexer.bots import is_bot_name
from indexer.case import MIN_ADVICE, SOON, Case, find
from indexer.closing_phrases import CHANGE
from indexer.closing_rules import (
    closed_as_done,
    closed_as_gone,
    closed_as_unwanted,
    fix_announced,
    moved_elsewhere,
)
from indexer.duplicate_rules import called_duplicate, marked_duplicate, said_duplicate
from indexer.fixes import best_fix, fixed
from indexer.release_notes import ReleaseNotes
from indexer.sentences import Sentence
from indexer.threads import Comment, Ending, Quote, Release, Resolution, Thread
from indexer.wording import Phrase

__all__ = ["RULES", "ReleaseNotes", "resolve"]

_LABELS: tuple[tuple[Ending, re.Pattern[str]], ...] = (
    (Ending.DUPLICATE, re.compile(r"\bduplicate\b|중복|重复|重複", re.IGNORECASE)),
    (
        Ending.DECLINED,
        re.compile(
            r"won'?t[ -]?fix|\binvalid\b|by[ -]design|as[ -](?:designed|intended)|\bdeclined\b"
            r"|\brejected\b|not[ -]a[ -]bug|out[ -]of[ -]scope|not[ -]planned|no[ -]action",
            re.IGNORECASE,
        ),
    ),
    (
        Ending.STALE,
        re.compile(
            r"\bstale\b|\brotten\b|inactiv|no[ -]response|cannot[ -]reproduce|can'?t[ -]reproduce"
            r"|\bobsolete\b|needs?[ -]more[ -]info|insufficient[ -]info",
            re.IGNORECASE,
        ),
    ),
    (
        Ending.FIXED,
        re.compile(r"\b(?:fixed|resolved|released|implemented)\b|fix[ -]released", re.IGNORECASE),
    ),
    (
        Ending.ANSWERED,
        re.compile(r"\b(?:question|support|answered|usage|help)\b|질문", re.IGNORECASE),
    ),
)


Rule = Callable[[Case], Resolution | None]


def resolve(
    thread: Thread,
    releases: Sequence[Release] = (),
    *,
    trusted: frozenset[str] = frozenset(),
    repo: str | None = None,
) -> Resolution:
    """How the thread ended, and what shows it.

    Args:
        thread: as of the moment of asking (`threads.as_of`).
        releases: those published by then; a `ReleaseNotes` is fastest for many threads.
        trusted: logins whose word counts though they are no members.
        repo: `owner/name`, so that an address of another repository is not taken for ours.
    """
    notes = releases if isinstance(releases, ReleaseNotes) else ReleaseNotes(releases)
    case = Case(thread, notes, trusted, repo)
    if thread.is_open:
        return still_open(case)
    for rule in RULES:
        if found := rule(case):
            return found
    return Resolution(rule="silent", quote=_workaround(case))


def still_open(case: Case) -> Resolution:
    """An open issue has no end, but may have a workaround."""
    for comment in reversed(case.comments):
        if case.helps(comment) and (found := find(case, comment, advice.WORKAROUND)):
            return Resolution(rule="open_workaround", quote=case.quote(comment, found[0]))
    return Resolution(rule="open")


def closed_by_change(case: Case) -> Resolution | None:
    """A pull request or a commit closed it."""
    closing = [e for e in case.thread.events if e.kind == "closed"]
    last = max(closing, key=lambda e: e.created_at, default=None)
    if last is None or last.closer is None:
        return None
    found = _first(case, phrases.FIXED, modest_words_count=True)
    quote = (case.believed_quote(*found) if found else None) or _workaround(case)
    return fixed(case, "closed_by_change", quote, last.closer_url, last.closer_number)


def retracted(case: Case) -> Resolution | None:
    """The author took it back in closing, and names no change that mended it."""
    for comment in case.comments:
        if comment.author != case.thread.author or not case.closes(comment):
            continue
        if (found := find(case, comment, advice.RETRACTED, deny=False)) and not _names_change(
            case, comment
        ):
            return Resolution(
                ending=Ending.ANSWERED, rule="retracted", quote=case.quote(comment, found[0])
            )
    return None


def said_in_closing(case: Case) -> Resolution | None:
    """The words that came with the closing, or the last before it."""
    for comment in case.last_words:
        confirmed = case.confirmed(comment)
        for ending, phrase in _WORDS if confirmed else _OUTRIGHT:
            found = find(case, comment, phrase, sure=not confirmed)
            if not found:
                continue
            rule = f"said_{ending.value}"
            if ending is Ending.FIXED and (answer := _cure(case, comment)):
                return Resolution(ending=Ending.ANSWERED, rule="thanked", quote=answer)
            if ending is Ending.FIXED:
                return fixed(case, rule, best_fix(case, comment, found[0]))
            quote = case.believed_quote(comment, found[0])
            return Resolution(ending=ending, rule=rule, quote=quote)
    return None


def labelled(case: Case) -> Resolution | None:
    """A label says how it ended."""
    for ending, pattern in _LABELS:
        if not any(pattern.search(label) for label in case.thread.labels):
            continue
        rule = f"labelled_{ending.value}"
        if ending is Ending.FIXED:
            return fixed(case, rule, _workaround(case))
        if ending is Ending.ANSWERED:
            thanks = thanked(case)
            quote = (thanks.quote if thanks else None) or _answer(case)
        else:
            quote = _workaround(case)
        if ending is Ending.ANSWERED and quote is None:
            continue
        return Resolution(ending=ending, rule=rule, quote=quote)
    return None


def thanked(case: Case) -> Resolution | None:
    """The author thanks for the answer, or found it alone."""
    for at in range(len(case.comments) - 1, -1, -1):
        comment = case.comments[at]
        if comment.author != case.thread.author or not case.is_at_the_end(comment):
            continue
        if found := find(case, comment, advice.ANSWERED_BY_AUTHOR):
            asked_alone = all(c.author == comment.author for c in case.comments[:at])
            alone = asked_alone or case.closes(comment)
            own = case.quote(comment, found[0]) if alone else None
            quote = _answer(case, case.comments[:at]) or own
            if quote is None:
                continue
            return Resolution(ending=Ending.ANSWERED, rule="thanked", quote=quote)
    return None


def closed_by_reporter(case: Case) -> Resolution | None:
    """The author closed it after an answer, without a word."""
    closing = [e for e in case.thread.events if e.kind == "closed"]
    if not closing or closing[-1].actor != case.thread.author:
        return None
    before = [c for c in case.comments if c.created_at <= closing[-1].created_at]
    answer = _answer(case, before)
    if answer is None:
        return None
    return Resolution(ending=Ending.ANSWERED, rule="closed_by_reporter", quote=answer)


def not_planned(case: Case) -> Resolution | None:
    """Closed as not planned: by a program for want of life, else because it is not wanted."""
    if (case.thread.state_reason or "").lower() != "not_planned":
        return None
    closing = [e for e in case.thread.events if e.kind == "closed"]
    by_program = bool(closing) and is_bot_name(closing[-1].actor)
    ending = Ending.STALE if by_program else Ending.DECLINED
    return Resolution(ending=ending, rule="not_planned", quote=_workaround(case))


def closed_by_program(case: Case) -> Resolution | None:
    """A program closed it and said nothing about a change: it went stale."""
    closing = [e for e in case.thread.events if e.kind == "closed"]
    if not closing or not is_bot_name(closing[-1].actor):
        return None
    return Resolution(ending=Ending.STALE, rule="closed_by_program", quote=_workaround(case))


def named_by_release(case: Case) -> Resolution | None:
    """Release notes name the issue."""
    release = case.notes.carrying([case.thread.number], case.thread.created_at)
    if release is None:
        return None
    return fixed(case, "named_by_release", _workaround(case))


def answered_by_insider(case: Case) -> Resolution | None:
    """An insider's advice was the last word before the closing."""
    closed = case.thread.closed_at
    before = [c for c in case.comments if closed is None or c.created_at <= closed]
    if not before or not case.helps(before[-1]):
        return None
    if closed and closed - before[-1].created_at > SOON:
        return None
    found = find(case, before[-1], advice.ADDRESSED, deny=False)
    if not found or len(before[-1].body) < MIN_ADVICE:
        return None
    quote = case.quote(before[-1], found[0])
    return Resolution(ending=Ending.ANSWERED, rule="answered_by_insider", quote=quote)


RULES: tuple[Rule, ...] = (
    marked_duplicate,
    closed_by_change,
    said_duplicate,
    called_duplicate,
    retracted,
    said_in_closing,
    labelled,
    not_planned,
    closed_by_program,
    named_by_release,
    thanked,
    moved_elsewhere,
    closed_as_gone,
    closed_as_done,
    closed_as_unwanted,
    fix_announced,
    closed_by_reporter,
    answered_by_insider,
)

# Of comments that the closing confirms …
_WORDS = (
    (Ending.FIXED, phrases.FIXED),
    (Ending.FIXED, phrases.WORKS_NOW),
    (Ending.DECLINED, phrases.DECLINED),
    (Ending.STALE, phrases.STALE),
)
# … and of others near the end.
_OUTRIGHT = ((Ending.FIXED, phrases.FIXED_OUTRIGHT),)


def _first(
    case: Case, phrase: Phrase, *, modest_words_count: bool = False
) -> tuple[Comment, Sentence] | None:
    for comment in case.last_words:
        if found := find(case, comment, phrase, sure=not modest_words_count):
            return comment, found[0]
    return None


def _workaround(case: Case) -> Quote | None:
    """The last workaround that someone who knows the project gave."""
    return _last_of(case, advice.WORKAROUND)


def _names_change(case: Case, comment: Comment) -> bool:
    return bool(find(case, comment, advice.RELEASED_IN) or find(case, comment, CHANGE))


def _cure(case: Case, comment: Comment) -> Quote | None:
    """The answer that a reporter means by "that fixed it"."""
    if not case.is_reporter(comment) or not find(case, comment, advice.ANSWERED_BY_AUTHOR):
        return None
    return _answer(case, [c for c in case.comments if c.created_at < comment.created_at])


def _answer(case: Case, comments: Sequence[Comment] | None = None) -> Quote | None:
    """The advice that an issue ended with: the last with something in code, else the last.

    Of people who know the project only: anybody may write "run this" below an issue.
    """
    if comments is None:
        comments = [c for c in case.comments if not case.is_after_closing(c)]
    given = [
        (comment, sentence)
        for comment in comments
        if case.helps(comment)
        and len(comment.body) >= MIN_ADVICE
        and (sentence := _advice_in(case, comment))
    ]
    named = [(comment, sentence) for comment, sentence in given if "`" in comment.body]
    best = (named or given)[-1:]
    return case.quote(*best[0]) if best else None


def _advice_in(case: Case, comment: Comment) -> Sentence | None:
    """The first sentence that tells what to do, or that stands beside code."""
    for sentence in case.sentences(comment):
        if "`" in sentence.paragraph or any(advice.ADVICE.found_in(sentence)):
            return sentence
    return case.sentences(comment)[0] if "```" in comment.body and case.sentences(comment) else None


def _last_of(case: Case, phrase: Phrase) -> Quote | None:
    for comment in reversed(case.comments):
        if not case.helps(comment) or len(comment.body) < MIN_ADVICE:
            continue
        if found := find(case, comment, phrase, deny=False):
            return case.quote(comment, found[0])
    return None
