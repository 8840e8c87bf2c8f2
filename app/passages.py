"""The passages of a candidate that a step may cite.

What settled a thread, docs, release notes, the answer that was chosen in a discussion. What
somebody asked is evidence of a problem, never of a cure, so no issue's own text is here and no
discussion's question.
"""

from dataclasses import dataclass
from typing import Literal

from indexer.candidate import Candidate
from indexer.threads import Ending

_SETTLED = frozenset({Ending.FIXED, Ending.ANSWERED, Ending.DECLINED})


@dataclass(frozen=True, slots=True)
class Passage:
    """A citable text and where it stands.

    `declined` marks the reason for which a request was turned down: no cure.
    """

    kind: Literal["comment", "doc", "release", "discussion"]
    candidate: Candidate
    text: str
    url: str | None
    author: str = ""
    declined: bool = False


def of_candidate(candidate: Candidate) -> Passage | None:
    """The candidate's citable passage, if it has one."""
    if candidate.section is not None:
        return Passage("doc", candidate, candidate.section.text, candidate.section.url)
    if candidate.release is not None:
        return Passage("release", candidate, candidate.release.body, candidate.release.url)
    if candidate.discussion is not None:
        said = candidate.discussion
        return Passage("discussion", candidate, said.answer, said.url, said.author)
    resolution = candidate.resolution
    if resolution is None or resolution.quote is None or resolution.ending not in _SETTLED:
        return None
    quote = resolution.quote
    declined = resolution.ending is Ending.DECLINED
    return Passage("comment", candidate, quote.text, quote.url, quote.author, declined)
