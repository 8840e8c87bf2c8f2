"""A closed thread as the rules of `resolution` see it: what was said, and who is to be believed."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from indexer import wording
from indexer.bots import is_bot
from indexer.excerpts import excerpt
from indexer.release_notes import ReleaseNotes
from indexer.sentences import Sentence, sentences
from indexer.threads import Comment, Quote, Thread
from indexer.wording import Phrase

INSIDERS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})

CLOSING_SECONDS = 10
"""GitHub writes the comment of "Close with comment" within a second or two of the closing."""

NEAR_CLOSING = timedelta(days=3)
SOON = timedelta(days=1)
LONG_AGO = timedelta(days=30)
"""Earlier words do not tell the end, unless nothing was said after them."""

LAST_WORDS = 6
"""So many comments before the closing may say why it comes."""

RECENTLY = timedelta(days=14)
FEW_WORDS = 60
"""Characters; a shorter closing comment ("closing per the above") goes by those before it …"""

GONE_BY = 2
"""… of which it may mean so many."""

MIN_ADVICE = 25
"""Characters; shorter advice ("use git") helps nobody."""


@dataclass(frozen=True)
class Case:
    """A closed thread and what is known about the people in it."""

    thread: Thread
    notes: ReleaseNotes
    trusted: frozenset[str] = frozenset()
    repo: str | None = None
    _sentences: dict[int, list[Sentence]] = field(default_factory=dict, compare=False)

    @cached_property
    def comments(self) -> tuple[Comment, ...]:
        """What people said, in order; without bots and hidden comments."""
        return tuple(c for c in self.thread.comments if not c.minimized and not is_bot(c))

    @cached_property
    def closers(self) -> frozenset[str]:
        """Who closed, labelled or marked the issue, as far as it is known or can be told."""
        kinds = {"closed", "labeled", "marked_as_duplicate"}
        acted = {e.actor for e in self.thread.events if e.kind in kinds and e.actor}
        acted.discard(self.thread.author)
        return frozenset(acted | {c.author for c in self.comments if self.closes(c)})

    @cached_property
    def _closed_by(self) -> frozenset[str]:
        """Who closed it, by its events; empty where they do not tell, as in some exports."""
        closed = self.thread.closed_at
        if closed is None:
            return frozenset()
        acts = (e for e in self.thread.events if e.kind == "closed" and e.actor)
        return frozenset(e.actor for e in acts if _is_soon(e.created_at, closed))

    def closes(self, comment: Comment) -> bool:
        """Whether the comment was written in the act of closing.

        Anybody can write in the same second; where it is known who closed, theirs alone counts.
        """
        closed = self.thread.closed_at
        if closed is None or not _is_soon(comment.created_at, closed):
            return False
        return not self._closed_by or comment.author in self._closed_by

    @cached_property
    def reasons(self) -> tuple[Comment, ...]:
        """What was written in the act of closing, and, where that is short, what it goes by."""
        act = [c for c in self.comments if self.closes(c)]
        closed = self.thread.closed_at
        if closed is None or not act or any(len(c.body) > FEW_WORDS for c in act):
            return tuple(act)
        before = [c for c in self.comments if c.created_at < act[0].created_at and self.believes(c)]
        recent = [c for c in before[-GONE_BY:] if closed - c.created_at <= RECENTLY]
        return (*act, *reversed(recent))

    def confirmed(self, comment: Comment) -> bool:
        """Whether the closing confirms the comment: it is its reason, or was the last before."""
        return comment is self.last_before or any(comment is c for c in self.reasons)

    def is_at_the_end(self, comment: Comment) -> bool:
        """Whether the comment was written around the closing, or was the last for some days."""
        closed = self.thread.closed_at
        return self._is_near_closing(comment) or (
            closed is not None
            and comment is self.last_before
            and closed - comment.created_at <= RECENTLY
        )

    @cached_property
    def last_before(self) -> Comment | None:
        """The last comment before the closing."""
        closed = self.thread.closed_at
        if closed is None:
            return None
        return next((c for c in reversed(self.comments) if c.created_at <= closed), None)

    def follows_closing(self, comment: Comment) -> bool:
        """Whether someone of the project wrote it after the closing."""
        closed = self.thread.closed_at
        return (
            closed is not None
            and comment.created_at > closed
            and not self.is_reporter(comment)
            and self.believes(comment)
        )

    def is_after_closing(self, comment: Comment) -> bool:
        """Whether the issue was closed when the comment was written."""
        closed = self.thread.closed_at
        return closed is not None and comment.created_at > closed + NEAR_CLOSING

    def is_reporter(self, comment: Comment) -> bool:
        """Whether the issue's author wrote it, and is no member of the project."""
        return comment.author == self.thread.author and comment.author_association not in INSIDERS

    def believes(self, comment: Comment) -> bool:
        """Whether the author's word about the issue's end counts."""
        return (
            comment.author_association in INSIDERS
            or comment.author in self.trusted
            or comment.author in self.closers
            or comment.author == self.thread.author
            or (comment.author_association == "CONTRIBUTOR" and self._is_near_closing(comment))
        )

    def hears(self, comment: Comment) -> bool:
        """Whether the words count: believed, or the last ones, and a closing followed soon."""
        closed = self.thread.closed_at
        return self.believes(comment) or (
            closed is not None
            and comment is self.last_before
            and closed - comment.created_at <= SOON
        )

    def _is_near_closing(self, comment: Comment) -> bool:
        closed = self.thread.closed_at
        return closed is not None and abs(closed - comment.created_at) <= NEAR_CLOSING

    def may_announce(self, comment: Comment) -> bool:
        """Whether the author may have brought the fix: whoever ever contributed."""
        return comment.author_association == "CONTRIBUTOR" or self.believes(comment)

    def helps(self, comment: Comment) -> bool:
        """Whether the author's advice is worth a quote: an insider's, not the reporter's."""
        return comment.author != self.thread.author and (
            comment.author_association in INSIDERS | {"CONTRIBUTOR"}
            or comment.author in self.trusted
            or comment.author in self.closers
        )

    @cached_property
    def last_words(self) -> tuple[Comment, ...]:
        """The comments that may say why the issue was closed, the likeliest first.

        Those in the act of closing, then those before it, newest first, then those after.
        """
        closed = self.thread.closed_at
        if closed is None:
            return ()
        act = [c for c in self.comments if self.closes(c)]
        edge = closed + timedelta(seconds=CLOSING_SECONDS)
        rest = [c for c in self.comments if c not in act and self.hears(c)]
        before = _unchallenged([c for c in rest if c.created_at <= edge][-LAST_WORDS:], closed)
        after = [c for c in rest if edge < c.created_at <= closed + LONG_AGO]
        return (*act, *reversed(before), *after[:LAST_WORDS])

    def sentences(self, comment: Comment) -> list[Sentence]:
        """The sentences of one of the comments, split once."""
        key = id(comment)
        if key not in self._sentences:
            self._sentences[key] = sentences(comment.body)
        return self._sentences[key]

    def believed_quote(self, comment: Comment, sentence: Sentence) -> Quote | None:
        """The same of those who are believed; strangers may be right, but are not quoted."""
        return self.quote(comment, sentence) if self.believes(comment) else None

    def quote(self, comment: Comment, sentence: Sentence | None = None) -> Quote:
        """A comment's words as they stand there, from the sentence that matters on."""
        text = excerpt(comment.body, sentence)
        url = comment.url or self.thread.url
        return Quote(text=text, url=url, author=comment.author, created_at=comment.created_at)


def _is_soon(moment: datetime, closed: datetime) -> bool:
    return abs((moment - closed).total_seconds()) <= CLOSING_SECONDS


def _unchallenged(comments: list[Comment], closed: datetime) -> list[Comment]:
    """Those that were not long ago and that nobody contradicted afterwards."""
    kept: list[Comment] = []
    for comment in reversed(comments):
        if kept and closed - comment.created_at > LONG_AGO:
            break
        kept.insert(0, comment)
        if any(wording.CHALLENGE.search(found.text) for found in sentences(comment.body)):
            break
    return kept


def find(
    case: Case, comment: Comment, phrase: Phrase, *, sure: bool = False, deny: bool = True
) -> tuple[Sentence, re.Match[str]] | None:
    """The first sentence with such a phrase that is neither denied nor doubted.

    Args:
        case: what the comment belongs to.
        comment: where to look.
        phrase: what for.
        sure: modest words ("I think") are doubt too.
        deny: whether words around the phrase can deny it.
    """
    for sentence in case.sentences(comment):
        for match in phrase.found_in(sentence):
            if deny and (
                wording.is_denied(sentence.text, match)
                or wording.is_doubted(sentence.text, match)
                or (sure and wording.is_modest(sentence.text, match))
            ):
                continue
            return sentence, match
    return None
