"""Why a candidate was found, as small values that any language can be made of (pure)."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Literal

import numpy as np

from indexer.background import Background
from indexer.bm25 import Bm25Encoder
from indexer.query import Wording
from indexer.text import error_signatures

ReasonKind = Literal["same_error", "title_words", "same_words"]
"""What the values are: an error as its signature has it; rare words that both titles have; rare
words that both texts have."""

MAX_VALUES = 4
RARE = 2.0
"""The least inverse document frequency of a word worth naming: in an eighth of the issues."""

_LONGEST_ERROR = 80
_SAMPLE = 20_000
_MAX_WORDS = 400
_ERROR_KINDS = ("panic", "error", "code", "type")
# A name out of the code stays whole.
_WORD = re.compile(r"[^\W_](?:[\w.:'+#/-]{0,78}[\w+#])?")

_SENTENCES: dict[ReasonKind, str] = {
    "same_error": "same error {}",
    "title_words": "titles share {}",
    "same_words": "both mention {}",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that a new issue and a candidate have in common."""

    kind: ReasonKind
    values: tuple[str, ...] = ()


def sentence(reasons: Sequence[Reason]) -> str:
    """The reasons as one English sentence without a full stop; empty if there is none."""
    parts = []
    for reason in reasons:
        values = ", ".join(f"“{value}”" for value in reason.values)
        parts.append(_SENTENCES[reason.kind].format(values))
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]


class Telling:
    """What of a query is worth naming where it is found again: rare words, errors."""

    def __init__(
        self,
        wording: Wording,
        signatures: frozenset[str],
        background: Background,
        bm25: Bm25Encoder,
    ) -> None:
        self._spelled: dict[str, str] = {}
        for match in islice(_WORD.finditer(wording.text), _MAX_WORDS):
            self._spelled.setdefault(match[0].lower(), match[0])
        self._in_title = _words(wording.title)
        self._signatures = signatures
        # Looked up for shared words only: that is a few, and each costs a tokenization.
        self._rarity = cache(lambda word: _rarity(word, background, bm25))

    def shared_with(self, title: str, body: str) -> tuple[Reason, ...]:
        """What a candidate has of it, the most telling first."""
        body = body[:_SAMPLE]
        found = []
        if errors := self._signatures & frozenset(error_signatures(body)):
            ranked = sorted(errors, key=_error_rank)
            if _error_rank(ranked[0])[0] < len(_ERROR_KINDS):
                message = ranked[0].partition(":")[2]
                found.append(Reason("same_error", (message[:_LONGEST_ERROR],)))
        theirs = _words(title)
        if words := self._named(theirs & self._in_title):
            found.append(Reason("title_words", words))
        elif words := self._named(theirs | _words(body)):
            found.append(Reason("same_words", words))
        return tuple(found)

    def _named(self, words: AbstractSet[str]) -> tuple[str, ...]:
        rare = [(-self._rarity(word), word) for word in self._spelled.keys() & words]
        ranked = sorted(pair for pair in rare if -pair[0] >= RARE)
        return tuple(self._spelled[word] for _, word in ranked[:MAX_VALUES])


def _rarity(word: str, background: Background, bm25: Bm25Encoder) -> float:
    """How rare the rarest part of a word is."""
    tokens = np.array(bm25.query(word, "").indices, np.int64)
    return float(background.idf(tokens).max()) if len(tokens) else 0.0


def _words(text: str) -> frozenset[str]:
    return frozenset(match[0].lower() for match in _WORD.finditer(text))


def _error_rank(signature: str) -> tuple[int, int, str]:
    """The most telling kind first, then the longest."""
    kind = signature.partition(":")[0]
    place = _ERROR_KINDS.index(kind) if kind in _ERROR_KINDS else len(_ERROR_KINDS)
    return place, -len(signature), signature
