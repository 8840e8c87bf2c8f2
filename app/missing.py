"""May a step ask the reporter for something? Only for what a source shows was missing (pure).

A comment that gives the question back to somebody who answered it in the template is noise.
"""

import re
from collections.abc import Iterable
from typing import Final

_ASKED: Final = re.compile(
    r"\b(?:please|could you|can you|would you|need(?:s|ed)?|provid|add|attach|share|send|post"
    r"|includ|without|missing|ask)|주세요|알려|첨부|필요|없으면|없이|보내|请|提供|附上|需要|缺"
    r"|ください|添付|必要|教えて",
    re.IGNORECASE,
)
# What a template asks for: headings, labels in bold, names before a colon.
_LABEL = re.compile(
    r"^[ \t]{0,3}(?:#{1,6}[ \t]+([^\n]{1,200})|\*\*([^*\n]{1,200})\*\*|[-*] ([^:\n]{1,100}):"
    r"|([^:\n]{1,100}):)",
    re.MULTILINE,
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_STEM: Final = 5
_STEM_WIDE: Final = 2  # a particle follows
_LEAST: Final = 3  # letters of a word of Latin script


def labels_of(body: str) -> list[str]:
    """What the issue's own text has a place for."""
    return [next(filter(None, found)) for found in _LABEL.findall(body)]


def problem(text: str, quote: str, asked: Iterable[str]) -> str | None:
    """Why a step may not ask for something; None if it may.

    Args:
        text: the step.
        quote: the words of its source.
        asked: lines of the template, and what the issue has a place for.
    """
    if not _ASKED.search(quote):
        return "its source does not say that this was missing"
    wanted = _stems(f"{text} {quote}")
    if any(stems and stems <= wanted for stems in map(_stems, asked)):
        return "the template asks for it already"
    return None


def _stems(text: str) -> set[str]:
    words = map(str.casefold, _WORD.findall(text))
    return {
        word[: _STEM if word.isascii() else _STEM_WIDE]
        for word in words
        if len(word) > _LEAST or not word.isascii()
    }
