"""Why a candidate was found, as small values that any language can be made of (pure).

What everybody writes tells nothing: an error, a phrase, a name or a word counts only where it is
rare in the repository; numbers, versions and names of machines never do.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from indexer.background import Background
from indexer.bm25 import Bm25Encoder
from indexer.names import names_in
from indexer.query import Wording
from indexer.shared_phrase import Phrase, Phrases
from indexer.signatures import is_frame, named_codes
from indexer.text import clean, error_signatures

ReasonKind = Literal["same_error", "same_phrase", "same_names", "title_words", "same_words"]
"""What the values are, each as the query spells it: an error; words in a row; names out of the
code; rare words that both titles have; rare words of one title that the other text has."""

MAX_VALUES = 3
RARE = 3.2
"""The least inverse document frequency of something worth naming: in 4 % of the issues. In a
repository too small for that, what two of its issues say is rare."""

RARE_IN_TITLE = 2.0
"""The same for a word that both titles have, which says more: in an eighth of the issues."""

TELLING = 4.2
"""The same for a name out of the code, and for the rarest word of an error: in 1.5 % of the issues.
What any program says when it fails has common words only, in whatever language it is written. All
words of an error together tell twice that, or one of them stands in two issues at most: two words
of which one is rare may be what a tool says day by day."""

COMMON_ERROR = 0.005
FEW = 3
"""An error that more issues have than this share of them, and than a few, tells nothing."""

_PHRASE_WEIGHT = 3.5
"""So many times RARE must the words of a phrase tell together."""

_LONGEST_ERROR = 120
_SAMPLE = 20_000
_NAMED = frozenset({"code", "type"})
_ERROR_KINDS = frozenset({"panic", "error"}) | _NAMED
_WORD = re.compile(r"[^\W_](?:[\w.:'+#/-]{0,78}[\w+#])?")
_LETTERS = re.compile(r"[^\W\d_]{2}|[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_VERSION = re.compile(r"v?\d[\w.+-]*", re.IGNORECASE)
_MACHINE = re.compile(
    r"\b(?:x86_64|x86-64|i[3-6]86|amd64|aarch64|arm64|armv\d\w{0,3})[\w.-]{0,60}|\b[0-9a-f]{7,40}\b"
)
# What a tool says whatever went wrong: how it ended, how many errors there were.
_NO_CAUSE = re.compile(
    r"\baborting\b|\bprevious errors?\b|\bn (?:errors?|warnings?)\b"
    r"|\berrors? (?:occurred|generated)"
    r"|\bexit(?:ed|ing)?\b.{0,20}\b(?:code|status|n)\b|\bstatus code n\b|\bnon-?zero\b"
    r"|\b(?:not|n['’]t) exit (?:successfully|cleanly|normally)\b|\bexited abnormally\b"
    r"|\b(?:build|compilation|command|task|job|process|tests?|script|target) (?:\S+ )?"
    r"(?:failed|exited|returned|aborted)\b|\bfailed to (?:build|compile|execute|run)\b"
    r"|\bcould not compile\b|\brecipe for target\b|\bsee (?:above|below|log)\b"
)
_NUMBER = re.compile(r"0x[0-9a-fA-F]+|\d+")
_PATH = re.compile(r"(?:[A-Za-z]:)?(?:[\\/][\w.@+~-]{1,100}){2,20}")
_NUMBER_AT_END = re.compile(r"^(?:\d+\W+)+|(?:\W+\d+)+$")
_LEAST_LETTERS = 10
# Where a message ends and the place it came from begins.
_MESSAGE_END = re.compile(r"['`]?, (?=[/~.\w-]{0,200}[/\\])|', | at line |\s{2,}|; | \(see ")

_SENTENCES: dict[ReasonKind, str] = {
    "same_error": "same error {}",
    "same_phrase": "both say {}",
    "same_names": "both name {}",
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
    """What of a query is worth naming where it is found again.

    Args:
        wording: the query's words.
        body: its body as it came, for errors that stand in code or tags.
        background: what is usual in the repository.
        bm25: who cuts words into tokens.
    """

    def __init__(
        self, wording: Wording, body: str, background: Background, bm25: Bm25Encoder
    ) -> None:
        self._text = wording.text
        self._background = background
        plain = _telling(wording.text)
        self._phrases = Phrases(plain)
        self._names = {name.lower(): name for name in reversed(list(names_in(plain)))}
        self._title = _words(_telling(wording.title))
        self._words = _words(plain)
        self._errors = _errors(f"{wording.title}\n{body[:_SAMPLE]}")
        size = background.size
        self._most = float(np.log((size - 1.5) / 2.5 + 1)) if size > 1 else 0.0
        self._rare = min(RARE, self._most)
        # Looked up for shared words only: that is a few, and each costs a tokenization.
        self._rarity = cache(lambda word: _rarity(word, background, bm25))

    def shared_with(self, title: str, body: str) -> tuple[Reason, ...]:
        """What a candidate has of it, the most telling first."""
        body = body[:_SAMPLE]
        theirs = _telling(f"{title}\n{clean(body)}")
        in_title = _spellings(_telling(title))
        found: list[tuple[ReasonKind, Sequence[str]]] = [
            ("same_error", self._error(f"{title}\n{body}")),
            ("same_phrase", self._phrase(theirs)),
            ("same_names", self._rarest(self._names, self._names_in(theirs), TELLING)),
            ("title_words", self._rarest(self._title, in_title, RARE_IN_TITLE)),
        ]
        if not found[-1][1]:
            both = (self._title.keys() & _spellings(theirs)) | (self._words.keys() & in_title)
            found.append(("same_words", self._rarest(self._words, both)))
        return tuple(Reason(kind, tuple(values)) for kind, values in found if values)

    def _error(self, theirs: str) -> Sequence[str]:
        """The error of both that fewest others have, as the query spells it."""
        shared = self._errors & _errors(theirs) if self._errors else frozenset()
        rated = [(self._background.with_error(s), -len(s), s) for s in shared if self._tells(s)]
        count, _, signature = min(rated, default=(0, 0, ""))
        if not signature or count > max(FEW, COMMON_ERROR * self._background.size):
            return []
        kind, _, message = signature.partition(":")
        spelled = (_spelled(kind, message, self._text) or message)[:_LONGEST_ERROR]
        # What differs from run to run is not shared, so it is not shown.
        return [spelled if spelled.lower() in theirs.lower() else _without_runs(spelled)]

    def _tells(self, signature: str) -> bool:
        """Whether an error says what went wrong, in words that not every other issue has."""
        kind, _, message = signature.partition(":")
        if not _is_cause(signature):
            return False
        if kind in _NAMED:
            return True
        told = [self._rarity(word) for word in _words(message)]
        rarest, least = max(told, default=0.0), min(TELLING, self._most)
        return rarest >= least and (sum(told) >= 2 * least or rarest >= self._most)

    def _phrase(self, theirs: str) -> Sequence[str]:
        found = self._phrases.shared_with(theirs, self._weight)
        return [_shown(found)] if found else []

    def _names_in(self, theirs: str) -> set[str]:
        """Their names in lower case; they are looked for only where one of ours could be."""
        low = theirs.lower()
        if not any(name in low for name in self._names):
            return set()
        return {name.lower() for name in names_in(theirs)}

    def _weight(self, phrase: Phrase) -> float:
        """How much the words of a phrase tell; nothing if they are common ones, or a tool's end."""
        ours = _NO_CAUSE.sub(" ", _NUMBER.sub("n", _shown(phrase).lower()))
        words = set(phrase.words).intersection(_WORD.findall(ours))
        told = [self._rarity(word) for word in words if word.isalpha()]
        rare = sum(rarity >= self._rare for rarity in told)
        weight = sum(told)
        return weight if rare > 1 and weight >= _PHRASE_WEIGHT * self._rare else 0.0

    def _rarest(self, ours: dict[str, str], theirs: set[str], least: float = RARE) -> Sequence[str]:
        """Ours that they have as well, the rarest first, as we spell them."""
        least = min(least, self._most)
        rated = [(-self._rarity(word), word) for word in ours.keys() & theirs]
        return [ours[word] for rarity, word in sorted(rated) if -rarity >= least][:MAX_VALUES]


def _errors(text: str) -> frozenset[str]:
    return frozenset((*error_signatures(text), *named_codes(text)))


def _is_cause(signature: str) -> bool:
    """Whether an error says what went wrong; `Box<Any>` and `failed` do not."""
    kind, _, message = signature.partition(":")
    if kind not in _ERROR_KINDS or _NO_CAUSE.search(message):
        return False
    return kind in _NAMED or sum(map(str.isalpha, message)) >= _LEAST_LETTERS


def _without_runs(message: str) -> str:
    """An error without its numbers and paths."""
    return _NUMBER.sub("…", _PATH.sub("…", message))


def _shown(phrase: Phrase) -> str:
    """A phrase without the numbers that it begins or ends with."""
    return _NUMBER_AT_END.sub("", phrase.text.replace("`", ""))


def _telling(text: str) -> str:
    """A text without stack frames, names of machines and hashes."""
    lines = (line for line in text.splitlines() if not is_frame(line))
    return _MACHINE.sub(" ", "\n".join(lines))


def _rarity(word: str, background: Background, bm25: Bm25Encoder) -> float:
    """How rare the rarest part of a word is."""
    tokens = np.array(bm25.query(word, "").indices, np.int64)
    return float(background.idf(tokens).max()) if len(tokens) else 0.0


def _words(text: str) -> dict[str, str]:
    """The words that could tell something, by their lower case."""
    found: dict[str, str] = {}
    for word in dict.fromkeys(_WORD.findall(text)):
        if _LETTERS.search(word) and not _VERSION.fullmatch(word):
            found.setdefault(word.lower(), word)
    return found


def _spellings(text: str) -> set[str]:
    """All words in lower case, telling or not: to look up those of `_words` among them."""
    return set(map(str.lower, _WORD.findall(text)))


def _spelled(kind: str, message: str, text: str) -> str | None:
    """The error as the text has it: signatures are folded to lower case."""
    if kind in {"type", "code"}:
        found = re.search(rf"(?<!\w){re.escape(message)}(?!\w)", text, re.IGNORECASE)
        return found[0] if found else None
    for line in text.splitlines():
        if f"{kind}:{message}" in error_signatures(line):
            head = re.search(re.escape(message.split(" ", maxsplit=1)[0]), line, re.IGNORECASE)
            told = _MESSAGE_END.split(line[head.start() if head else 0 :], maxsplit=1)[0]
            return told.strip("`'\"‘’“” .,:;*") or None
    return None
