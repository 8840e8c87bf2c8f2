"""Rules for duplicates: GitHub's mark, the words that name the original, words that do not."""

from indexer import phrases
from indexer.case import Case, find
from indexer.threads import Comment, Ending, Quote, Resolution
from indexer.wording import is_denied


def marked_duplicate(case: Case) -> Resolution | None:
    """GitHub's own mark, unless it was taken back."""
    marks: dict[int | None, bool] = {}
    taken_back = False
    for event in sorted(case.thread.events, key=lambda e: e.created_at):
        if event.kind == "marked_as_duplicate":
            marks.pop(event.canonical, None)
            marks[event.canonical] = True
            taken_back = False
        elif event.kind == "unmarked_as_duplicate":
            if event.canonical is None:
                marks.clear()
            marks.pop(event.canonical, None)
            taken_back = True
        elif event.kind == "closed":
            taken_back = False
    standing = [number for number in marks if number != case.thread.number]
    # GitHub keeps the reason of the closing though the mark was taken back after it.
    by_reason = (case.thread.state_reason or "").lower() == "duplicate" and not taken_back
    if not standing and not by_reason:
        return None
    said = _said_duplicate(case)
    number = next((n for n in reversed(standing) if n), said[0] if said else None)
    quote = said[1] if said and said[0] == number else None
    return Resolution(
        ending=Ending.DUPLICATE, rule="marked_duplicate", duplicate_of=number, quote=quote
    )


def said_duplicate(case: Case) -> Resolution | None:
    """Somebody to believe named the original, without doubt."""
    found = _said_duplicate(case)
    if found is None:
        return None
    number, quote = found
    return Resolution(
        ending=Ending.DUPLICATE, rule="said_duplicate", duplicate_of=number, quote=quote
    )


def called_duplicate(case: Case) -> Resolution | None:
    """The closing calls it a duplicate; the original stands elsewhere in the thread, or nowhere."""
    for comment in case.reasons:
        if found := find(case, comment, phrases.A_DUPLICATE):
            return Resolution(
                ending=Ending.DUPLICATE,
                rule="called_duplicate",
                duplicate_of=_only_number(case, comment),
                quote=case.quote(comment, found[0]),
            )
    return None


def _said_duplicate(case: Case) -> tuple[int, Quote | None] | None:
    for comment in case.last_words:
        closes = case.closes(comment)
        found = find(case, comment, phrases.DUPLICATE, sure=not case.confirmed(comment))
        # "Implemented; the rest is filed as #5" is no duplicate.
        if not found and closes and not find(case, comment, phrases.FIXED):
            found = find(case, comment, phrases.DUPLICATE_WHEN_CLOSING)
        if not found:
            continue
        number = phrases.number_of(found[1], case.repo)
        if number and number != case.thread.number:
            return number, case.believed_quote(comment, found[0])
    return None


def _only_number(case: Case, closing: Comment) -> int | None:
    """The one issue that the closing names, else that others called the original."""
    others = [comment for comment in case.comments if comment is not closing]
    for comments, phrase in (([closing], phrases.REFERENCE), (others, phrases.DUPLICATE)):
        matches = [
            match
            for comment in comments
            for sentence in case.sentences(comment)
            for match in phrase.found_in(sentence)
            if not is_denied(sentence.text, match)
        ]
        numbers = {phrases.number_of(match, case.repo) for match in matches}
        numbers -= {None, case.thread.number}
        if numbers:
            return numbers.pop() if len(numbers) == 1 else None
    return None
