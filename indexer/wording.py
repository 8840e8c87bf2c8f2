"""Phrases within a sentence, and whether the words around one deny it, put it off or doubt it.

The two are asked separately, because "not a duplicate of #5" holds "duplicate of #5".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from indexer.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Phrase:
    """A pattern, and pieces of which each match has at least one: most sentences have none.

    Without pieces every sentence is searched.
    """

    pattern: re.Pattern[str]
    hints: tuple[str, ...]

    def found_in(self, sentence: Sentence) -> Iterator[re.Match[str]]:
        """Where the sentence has the phrase."""
        lower = sentence.lower
        if not self.hints or any(hint in lower for hint in self.hints):
            yield from self.pattern.finditer(sentence.text)


def any_of(*parts: str) -> re.Pattern[str]:
    """A pattern of alternatives."""
    return re.compile("|".join(parts), re.IGNORECASE)


def phrase(hints: str, *parts: str) -> Phrase:
    """A phrase of alternatives; `hints` in lower case, with blanks between them."""
    return Phrase(any_of(*parts), tuple(hints.split()))


# Before the phrase, in its sentence: it is denied, or not yet so.
NEGATION = any_of(
    r"\b(?:not|never|neither|nor|without|cannot|unlikely|hardly|no)\b(?! longer| only)|n't\b|n’t\b",
    r"\b(?:until|unless|once|when|if|whether|before|in case"
    r"|need(?:s|ed)? (?:to be|fixing|an?\b|the\b|some\b)"
    r"|(?<!seems )(?<!appears )(?<!believed )(?<!looks )to be"
    r"|will (?:\w+ )?be|would be|would have|could be|hop(?:e|ing|efully)|wish|want|waiting|wait for"
    r"|partial(?:ly)?|half|part of|unrelated|different (?:from|than))\b"
    r"|\b(?:to|will|would|must|can|could|no longer)(?: \w+ly)?\s*$",
    r"아니|않|안 |못|아직|面倒|不是|没有|未|尚未|ではな|ていな",
)
NEGATION_AFTER = any_of(
    r"(?:이|가|은|는)? ?(?:아니|아닙|않)",
    r"(?:では|じゃ)(?:ない|ありません)|なく\b",
)

# The speaker is not sure: never enough for a fact.
DOUBT = any_of(
    r"\b(?:might|may|maybe|perhaps|possibly|possible (?:dup|fix)|could(?! ?n[o'’]t)"
    r"|potential(?:ly)?|not sure|unsure|wonder|suspect|guess|i assume|related to|similar to)\b",
    r"아마|일 수|인 것 같|같습니다|일지도|가능성|可能|也许|或许|大概|かも|たぶん|おそらく",
)
QUESTION = any_of(r"[?？]\s*$")
# The speaker is modest: enough when the same words close the issue.
MODESTY = any_of(
    r"\b(?:looks? like|seems?|appears?|probably|likely|think|believe|sounds like|afaict|iirc"
    r"|presumably|basically|pretty sure|essentially)\b"
)

# What was said before is not the end of it.
CHALLENGE = any_of(
    r"\bre-?open(?:ing|ed)?\b(?! if)|\bstill (?:an? |the )?(?:happen\w*|relevant|reproduc\w*|issue"
    r"|problem|bug|fail\w*|crash\w*|ices?|broken|exists?|there|present|see\w*|get\w*|true|valid"
    r"|open|needs?|todo|affects?)\b|\bno change"
    r"|\b(?:isn'?t|not|wasn'?t) (?:actually |really |yet |fully )?fixed\b",
    r"여전히|재현됩니다|仍然|还是|まだ",
)


def is_denied(sentence: str, match: re.Match[str]) -> bool:
    """Whether the words around a phrase turn it into its contrary, or put it off."""
    before = sentence[max(0, match.start() - 80) : match.start()]
    after = sentence[match.end() : match.end() + 12]
    return bool(NEGATION.search(_CLAUSE.split(before)[-1]) or NEGATION_AFTER.match(after))


def is_doubted(sentence: str, match: re.Match[str]) -> bool:
    """Whether the sentence asks, or the clause around a phrase says that it may be so."""
    return is_question(sentence) or bool(DOUBT.search(_clause(sentence, match)))


def is_question(sentence: str) -> bool:
    """Whether the sentence asks."""
    return QUESTION.search(sentence) is not None


def is_modest(sentence: str, match: re.Match[str]) -> bool:
    """Whether the clause around a phrase says that it seems so."""
    return MODESTY.search(_clause(sentence, match)) is not None


def _clause(sentence: str, match: re.Match[str]) -> str:
    """The clause of a phrase: "fixed in #5, although #6 may be open" is sure of the fix."""
    start = max((m.end() for m in _CLAUSE.finditer(sentence, 0, match.start())), default=0)
    after = _CLAUSE.search(sentence, match.end())
    return sentence[start : after.start() if after else None]


_CLAUSE = re.compile(
    r"[,;:]\s|\s[-–—]+\s|\s\(|\b(?:but|however|although|though|because|since|so)\b", re.IGNORECASE
)
