"""What a new issue and a past one have in common, letter by letter, as a small value.

The search finds it (indexer/reasons.py); the comment's template words it in the reader's language
(app/rows.py). A percentage is no evidence.
"""

from dataclasses import dataclass
from typing import Final, Literal

from app import unsafe_advice
from indexer.candidate import Candidate
from indexer.reasons import ReasonKind

EvidenceKind = Literal["error", "phrase", "names", "titles", "words", "none"]
_KINDS: Final[dict[ReasonKind, EvidenceKind]] = {
    "same_error": "error",
    "same_phrase": "phrase",
    "same_names": "names",
    "title_words": "titles",
    "same_words": "words",
}


_MANY: Final = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is shared. `terms` are the new issue's own spellings, strangers' words.

    `error`: the same error text. `phrase`: the same words in a row. `names`: names out of the
    code. `titles`, `words`: words that are rare in this repository, in both titles, or in one
    title and the other text.
    """

    kind: EvidenceKind
    terms: tuple[str, ...] = ()

    @property
    def is_strong(self) -> bool:
        """Whether more is shared than a word or two."""
        words_of_titles = len(self.terms) if self.kind == "titles" else 0
        return self.kind in {"error", "phrase", "names"} or words_of_titles >= _MANY


NO_EVIDENCE: Final = Evidence("none")


def of_candidate(candidate: Candidate) -> Evidence:
    """The strongest thing that the new issue and the candidate share.

    Two issues may be written to share a bad advice, so that we repeat it.
    """
    for reason in candidate.reasons:
        if not any(map(unsafe_advice.found, reason.values)):
            return Evidence(_KINDS[reason.kind], reason.values)
    return NO_EVIDENCE
