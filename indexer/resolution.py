"""How a thread ended, from its events, labels and words. Pure; the thread is as of some moment.

`RULES` are asked in their order, the first that knows decides. Whom they believe: whoever closed
or labelled the issue, members of the project, those `trusted` from elsewhere (contributors who
are active in many threads), and the author about the own issue. `author_association` alone does
not tell who maintains a project.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from indexer import phrases
from indexer.case import BOT, MIN_ADVICE, Case, find, is_bot
from indexer.phrases import Phrase
from indexer.release_notes import ReleaseNotes, version_of
from indexer.sentences import Sentence
from indexer.threads import Comment, Ending, Quote, Release, Resolution, Thread

__all__ = ["RULES", "ReleaseNotes", "is_bot", "resolve"]

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
        if case.helps(comment) and (found := find(case, comment, phrases.WORKAROUND)):
            return Resolution(rule="open_workaround", quote=case.quote(comment, found[0]))
    return Resolution(rule="open")


def marked_duplicate(case: Case) -> Resolution | None:
    """GitHub's own mark, unless it was taken back."""
    marks: dict[int | None, bool] = {}
    for event in sorted(case.thread.events, key=lambda e: e.created_at):
        if event.kind == "marked_as_duplicate":
            marks.pop(event.canonical, None)
            marks[event.canonical] = True
        elif event.kind == "unmarked_as_duplicate":
            if event.canonical is None:
                marks.clear()
            marks.pop(event.canonical, None)
    standing = [number for number in marks if number != case.thread.number]
    by_reason = (case.thread.state_reason or "").lower() == "duplicate"
    if not standing and not by_reason:
        return None
    said = _said_duplicate(case)
    number = next((n for n in reversed(standing) if n), said[0] if said else None)
    quote = said[1] if said and said[0] == number else None
    return Resolution(
        ending=Ending.DUPLICATE, rule="marked_duplicate", duplicate_of=number, quote=quote
    )


def closed_by_change(case: Case) -> Resolution | None:
    """A pull request or a commit closed it."""
    closing = [e for e in case.thread.events if e.kind == "closed"]
    last = max(closing, key=lambda e: e.created_at, default=None)
    if last is None or last.closer is None:
        return None
    found = _first(case, phrases.FIXED, modest_words_count=True)
    quote = case.quote(*found) if found else _workaround(case)
    return _fixed(case, "closed_by_change", quote, last.closer_url, last.closer_number)


def said_duplicate(case: Case) -> Resolution | None:
    """Somebody to believe named the original, without doubt."""
    found = _said_duplicate(case)
    if found is None:
        return None
    number, quote = found
    return Resolution(
        ending=Ending.DUPLICATE, rule="said_duplicate", duplicate_of=number, quote=quote
    )


def said_in_closing(case: Case) -> Resolution | None:
    """The words that came with the closing, or the last before it."""
    for comment in case.last_words:
        for ending, phrase in _WORDS:
            found = find(case, comment, phrase, sure=not case.closes(comment))
            if not found:
                continue
            rule = f"said_{ending.value}"
            if ending is Ending.FIXED and case.is_reporter(comment) and (answer := _answer(case)):
                # "That fixed it" of a reporter who was told what to do.
                return Resolution(ending=Ending.ANSWERED, rule="thanked", quote=answer)
            if ending is Ending.FIXED:
                return _fixed(case, rule, _best_fix(case, comment, found[0]))
            return Resolution(ending=ending, rule=rule, quote=case.quote(comment, found[0]))
    return None


def labelled(case: Case) -> Resolution | None:
    """A label says how it ended."""
    for ending, pattern in _LABELS:
        if not any(pattern.search(label) for label in case.thread.labels):
            continue
        rule = f"labelled_{ending.value}"
        if ending is Ending.FIXED:
            return _fixed(case, rule, _workaround(case))
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
        if comment.author != case.thread.author:
            continue
        if found := find(case, comment, phrases.ANSWERED_BY_AUTHOR):
            asked_alone = all(c.author == comment.author for c in case.comments[:at])
            own = case.quote(comment, found[0]) if asked_alone else None
            quote = _answer(case, case.comments[:at]) or own
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
    by_program = bool(closing) and BOT.search(closing[-1].actor) is not None
    ending = Ending.STALE if by_program else Ending.DECLINED
    return Resolution(ending=ending, rule="not_planned", quote=_workaround(case))


def closed_by_program(case: Case) -> Resolution | None:
    """A program closed it and said nothing about a change: it went stale."""
    closing = [e for e in case.thread.events if e.kind == "closed"]
    if not closing or not BOT.search(closing[-1].actor):
        return None
    return Resolution(ending=Ending.STALE, rule="closed_by_program", quote=_workaround(case))


def named_by_release(case: Case) -> Resolution | None:
    """Release notes name the issue."""
    release = case.notes.carrying([case.thread.number], case.thread.created_at)
    if release is None:
        return None
    return _fixed(case, "named_by_release", _workaround(case))


def answered_by_insider(case: Case) -> Resolution | None:
    """An insider's advice was the last word before the closing."""
    closed = case.thread.closed_at
    before = [c for c in case.comments if closed is None or c.created_at <= closed]
    if not before or not case.helps(before[-1]):
        return None
    found = find(case, before[-1], phrases.ADDRESSED, deny=False)
    if not found or len(before[-1].body) < MIN_ADVICE:
        return None
    quote = case.quote(before[-1], found[0])
    return Resolution(ending=Ending.ANSWERED, rule="answered_by_insider", quote=quote)


RULES: tuple[Rule, ...] = (
    marked_duplicate,
    closed_by_change,
    said_duplicate,
    said_in_closing,
    labelled,
    not_planned,
    closed_by_program,
    named_by_release,
    thanked,
    closed_by_reporter,
    answered_by_insider,
)

_WORDS = (
    (Ending.FIXED, phrases.FIXED),
    (Ending.DECLINED, phrases.DECLINED),
    (Ending.STALE, phrases.STALE),
)


def _first(
    case: Case, phrase: Phrase, *, modest_words_count: bool = False
) -> tuple[Comment, Sentence] | None:
    for comment in case.last_words:
        if found := find(case, comment, phrase, sure=not modest_words_count):
            return comment, found[0]
    return None


def _said_duplicate(case: Case) -> tuple[int, Quote] | None:
    for comment in case.last_words:
        closes = case.closes(comment)
        found = find(case, comment, phrases.DUPLICATE, sure=not closes)
        if not found and closes:
            found = find(case, comment, phrases.DUPLICATE_WHEN_CLOSING)
        if not found:
            continue
        number = phrases.number_of(found[1], case.repo)
        if number and number != case.thread.number:
            return number, case.quote(comment, found[0])
    return None


def _fixed(
    case: Case,
    rule: str,
    quote: Quote | None,
    closer_url: str | None = None,
    closer_number: int | None = None,
) -> Resolution:
    return Resolution(
        ending=Ending.FIXED,
        rule=rule,
        quote=quote,
        release=_release(case, closer_number),
        closer_url=closer_url,
    )


def _best_fix(case: Case, comment: Comment, sentence: Sentence) -> Quote:
    """The words that say most: those that name a release, else those that say it is fixed."""
    for other in (comment, *case.last_words):
        if found := find(case, other, phrases.RELEASED_IN):
            return case.quote(other, found[0])
    return case.quote(comment, sentence)


def _release(case: Case, closer: int | None) -> str | None:
    """The release that carries the fix: as someone to believe says, else as its notes say."""
    for comment in case.last_words:
        found = find(case, comment, phrases.RELEASED_IN)
        if found and (version := phrases.version_in(found[1])):
            if release := case.notes.of_version(version):
                return release.tag
            if not len(case.notes) and version_of(version):
                return version
    numbers = [case.thread.number, *([closer] if closer else []), *_changes_named(case)]
    release = case.notes.carrying(numbers, case.thread.created_at)
    return release.tag if release else None


def _changes_named(case: Case) -> Iterator[int]:
    """Numbers that a sentence about the fix names: `fixed by #12`."""
    for comment in case.last_words:
        if found := find(case, comment, phrases.FIXED):
            for number in re.findall(r"(?<![\w/])#(\d{1,9})\b", found[0].text):
                if int(number) != case.thread.number:
                    yield int(number)
            return


def _workaround(case: Case) -> Quote | None:
    """The last workaround that someone who knows the project gave."""
    return _last_of(case, phrases.WORKAROUND)


def _answer(case: Case, comments: Sequence[Comment] | None = None) -> Quote | None:
    """The advice that an issue ended with: the last with something in code, else the last.

    Of people who know the project only: anybody may write "run this" below an issue.
    """
    if comments is None:
        comments = [c for c in case.comments if not case.is_after_closing(c)]
    advice = [
        (comment, sentence)
        for comment in comments
        if case.helps(comment)
        and len(comment.body) >= MIN_ADVICE
        and (sentence := _advice_in(case, comment))
    ]
    named = [(comment, sentence) for comment, sentence in advice if "`" in comment.body]
    best = (named or advice)[-1:]
    return case.quote(*best[0]) if best else None


def _advice_in(case: Case, comment: Comment) -> Sentence | None:
    """The first sentence that tells what to do, or that stands beside code."""
    for sentence in case.sentences(comment):
        if "`" in sentence.paragraph or any(phrases.ADVICE.found_in(sentence)):
            return sentence
    return case.sentences(comment)[0] if "```" in comment.body and case.sentences(comment) else None


def _last_of(case: Case, phrase: Phrase) -> Quote | None:
    for comment in reversed(case.comments):
        if not case.helps(comment) or len(comment.body) < MIN_ADVICE:
            continue
        if found := find(case, comment, phrase, deny=False):
            return case.quote(comment, found[0])
    return None
