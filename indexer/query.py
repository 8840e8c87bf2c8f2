"""What is asked of the search, and what it looks for once the text is prepared."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from indexer.text import clean

_ISSUE_URL = re.compile(
    r"https?://[^\s/]{1,200}/[^\s/]{1,100}/[^\s/]{1,100}/(?:issues|pull)/\d+\S*"
)
_ISSUE_NUMBER = re.compile(r"(?<![\w&])(?:[\w.-]{1,100}/[\w.-]{1,100})?#\d+\b|\bGH-\d+\b")

_WORD = re.compile(r"[^\W_]")

MAX_TITLE = 2000
MAX_BODY = 12_000
"""Characters of a cleaned body that are looked at; what follows in a longer one is logs."""


@dataclass(frozen=True, slots=True)
class Query:
    """A new issue, or any text.

    Attributes:
        repo: `owner/name`, whose history is searched.
        title: the issue's title, or the whole question.
        body: Markdown as its author wrote it.
        before: only what existed then, as it was then; None is now.
        exclude_numbers: issues of `repo` to leave out, such as the new one itself.
        repos: other repositories whose history may be shown as well.
        without_labels: threads with one of these labels are left out; case does not matter.
    """

    repo: str
    title: str
    body: str = ""
    before: datetime | None = None
    exclude_numbers: tuple[int, ...] = ()
    repos: tuple[str, ...] = ()
    without_labels: tuple[str, ...] = ()

    @property
    def all_repos(self) -> tuple[str, ...]:
        """Every repository to search, in lower case, each once."""
        return tuple(dict.fromkeys(name.lower() for name in (self.repo, *self.repos)))

    def wants(self, labels: Sequence[str]) -> bool:
        """Whether none of a thread's labels is one to leave out."""
        unwanted = {label.casefold() for label in self.without_labels}
        return unwanted.isdisjoint(label.casefold() for label in labels)


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a query: title on one line, body cleaned, neither with issue numbers."""

    title: str
    body: str

    @property
    def text(self) -> str:
        """Title and body as the dense channel sees them."""
        return f"{self.title}\n{self.body}".strip()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for."""
        return _WORD.search(self.title) is None and _WORD.search(self.body) is None


def word(query: Query, templates: frozenset[str] = frozenset()) -> Wording:
    """The query's words. A number that the author mentions is a link, not a description."""
    title = " ".join(without_references(query.title[:MAX_TITLE]).split())
    body = clean(without_references(query.body), templates)[:MAX_BODY]
    return Wording(title, body)


def without_references(text: str) -> str:
    """The text without issue numbers and addresses of issues."""
    return _ISSUE_NUMBER.sub(" ", _ISSUE_URL.sub(" ", text))
