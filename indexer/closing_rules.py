"""Rules for what nobody said outright: a reason given in closing, a fix announced before it."""

import re
from datetime import timedelta

from indexer import closing_phrases as phrases
from indexer.case import Case, find
from indexer.fixes import fixed
from indexer.sentences import Sentence
from indexer.threads import Comment, Ending, Resolution
from indexer.wording import Phrase, is_question

ANNOUNCED_BEFORE = timedelta(days=14)
"""A fix that was announced is believed when the issue was closed in silence this soon."""

ANNOUNCEMENTS = 3
"""Among so many last comments: later words may have come to nothing else."""

# What an issue asks for that wants something to go away: done when it is gone.
_REMOVAL = re.compile(
    r"\b(?:remov\w+|deprecat\w+|drop|delet\w+|rid of|kill|retire|replace|rewrite|rename)\b",
    re.IGNORECASE,
)


def moved_elsewhere(case: Case) -> Resolution | None:
    """It was closed with a link to another project's tracker."""
    for comment in _closing(case):
        for sentence in case.sentences(comment):
            for match in phrases.ELSEWHERE.found_in(sentence):
                if _names_repo(match) is None or _is_elsewhere(case, match):
                    quote = case.quote(comment, sentence)
                    return Resolution(ending=Ending.DECLINED, rule="moved_elsewhere", quote=quote)
    return None


def closed_as_gone(case: Case) -> Resolution | None:
    """It was closed because what it is about is no more; a fix if that was asked for."""
    if found := _in_closing(case, phrases.GONE):
        quote = case.quote(*found)
        if _REMOVAL.search(case.thread.title) or phrases.CHANGE.pattern.search(found[1].text):
            return fixed(case, "closed_as_done", quote)
        return Resolution(ending=Ending.STALE, rule="closed_as_gone", quote=quote)
    return None


def closed_as_done(case: Case) -> Resolution | None:
    """It was closed with the change, or with words that something is there now."""
    if found := _in_closing(case, phrases.DONE):
        return fixed(case, "closed_as_done", case.quote(*found))
    return None


def closed_as_unwanted(case: Case) -> Resolution | None:
    """It was closed with a reason against it."""
    if found := _in_closing(case, phrases.UNWANTED, deny=False):
        quote = case.quote(*found)
        return Resolution(ending=Ending.DECLINED, rule="closed_as_unwanted", quote=quote)
    return None


def fix_announced(case: Case) -> Resolution | None:
    """Somebody announced a fix, and soon afterwards the issue was closed without a word."""
    closed = case.thread.closed_at
    if closed is None or _closing(case):
        return None
    before = [c for c in case.comments if c.created_at <= closed][-ANNOUNCEMENTS:]
    for comment in reversed(before):
        if closed - comment.created_at > ANNOUNCED_BEFORE or not case.may_announce(comment):
            continue
        if sentence := _announcement(case, comment):
            return fixed(case, "fix_announced", case.quote(comment, sentence))
    return None


def _announcement(case: Case, comment: Comment) -> Sentence | None:
    """The sentence that announces a fix, neither asks for one nor says that there is none."""
    for sentence in case.sentences(comment):
        if is_question(sentence.text) or _links_elsewhere(case, sentence):
            continue
        for match in phrases.ANNOUNCED.found_in(sentence):
            if not phrases.NO_ANNOUNCEMENT.search(sentence.text[: match.end()]):
                return sentence
    return None


def _closing(case: Case) -> list[Comment]:
    return [comment for comment in case.comments if case.closes(comment)]


def _in_closing(
    case: Case, phrase: Phrase, *, deny: bool = True
) -> tuple[Comment, Sentence] | None:
    for comment in case.reasons:
        found = find(case, comment, phrase, deny=deny)
        if found and not _links_elsewhere(case, found[0]):
            return comment, found[0]
    return None


def _links_elsewhere(case: Case, sentence: Sentence) -> bool:
    """Whether a sentence names a change of another project."""
    return any(_is_elsewhere(case, match) for match in phrases.CHANGE.found_in(sentence))


def _is_elsewhere(case: Case, match: re.Match[str]) -> bool:
    """Whether a reference is another project's; projects change their owner and keep their name."""
    name = _names_repo(match)
    return (
        name is not None
        and case.repo is not None
        and name.lower() != case.repo.lower().rpartition("/")[2]
    )


def _names_repo(match: re.Match[str]) -> str | None:
    return next((v for k, v in match.groupdict().items() if v and k.startswith("repo")), None)
