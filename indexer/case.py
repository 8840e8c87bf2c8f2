"""A closed thread as the rules of `resolution` see it: what was said, and who is to be believed."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from indexer import phrases
from indexer.phrases import Phrase
from indexer.release_notes import ReleaseNotes
from indexer.sentences import Sentence, sentences
from indexer.threads import Comment, Quote, Thread

INSIDERS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})

CLOSING_SECONDS = 10
"""GitHub writes the comment of "Close with comment" within a second or two of the closing."""

NEAR_CLOSING = timedelta(days=3)
LAST_WORDS = 6
"""So many comments before the closing may say why it comes."""

MAX_QUOTE = 500
MIN_ADVICE = 25
"""Characters; shorter advice ("use git") helps nobody."""

BOT = re.compile(r"\[bot\]$|[-_](?:ro)?bot$|^(?:bors|homu|stale)$", re.IGNORECASE)


def is_bot(comment: Comment) -> bool:
    """Whether a program wrote the comment, by what GitHub says or by its name."""
    return comment.author_is_bot or BOT.search(comment.author) is not None


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

    def closes(self, comment: Comment) -> bool:
        """Whether the comment was written in the act of closing."""
        closed = self.thread.closed_at
        if closed is None:
            return False
        return abs((comment.created_at - closed).total_seconds()) <= CLOSING_SECONDS

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

    def _is_near_closing(self, comment: Comment) -> bool:
        closed = self.thread.closed_at
        return closed is not None and abs(closed - comment.created_at) <= NEAR_CLOSING

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
        rest = [c for c in self.comments if c not in act and self.believes(c)]
        before = [c for c in rest if c.created_at <= edge][-LAST_WORDS:]
        after = [c for c in rest if c.created_at > edge]
        return (*act, *reversed(before), *after[:LAST_WORDS])

    def sentences(self, comment: Comment) -> list[Sentence]:
        """The sentences of one of the comments, split once."""
        key = id(comment)
        if key not in self._sentences:
            self._sentences[key] = sentences(comment.body)
        return self._sentences[key]

    def quote(self, comment: Comment, sentence: Sentence | None = None) -> Quote:
        """A comment's words as they stand there, from the sentence that matters on."""
        text = excerpt(comment.body, sentence)
        url = comment.url or self.thread.url
        return Quote(text=text, url=url, author=comment.author, created_at=comment.created_at)


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
                phrases.is_denied(sentence.text, match)
                or phrases.is_doubted(sentence.text)
                or (sure and phrases.is_modest(sentence.text))
            ):
                continue
            return sentence, match
    return None


def excerpt(body: str, sentence: Sentence | None) -> str:
    """Words of a comment, verbatim: the paragraph of a sentence, or from that sentence on."""
    paragraph = sentence.paragraph if sentence else next((s.paragraph for s in sentences(body)), "")
    text = paragraph
    if sentence and len(paragraph) > MAX_QUOTE:
        start = paragraph.find(sentence.text)
        text = paragraph[max(start, 0) :]
    if len(text) <= MAX_QUOTE:
        return text
    head = text[:MAX_QUOTE]
    end = max(head.rfind(mark) + 1 for mark in (". ", "! ", "? ", "。"))
    if end < MAX_QUOTE // 3:
        end = head.rfind(" ")
    return head[: end if end > 0 else MAX_QUOTE].rstrip()
