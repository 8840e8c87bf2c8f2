"""Findings → the suggested resolution, each line with the passage it comes from.

Two ways: the maintainers' own words (always possible), or the model's words, of which only what
app/grounding.py lets through is left.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from app import passages, unsafe_advice
from app.findings import Finding
from app.opinion import StepKind
from app.passages import Passage
from indexer import advice
from indexer.sentences import sentences

MAX_STEPS: Final = 5
REGRESSION: Final = "the reporter already runs the fix"
_LEAST_LETTERS: Final = 14
_CODE = re.compile(r"`[^`\n]{3,200}`")
# A comment that only points elsewhere is no help to somebody who reads it here.
_POINTERS = re.compile(
    r"https?://\S+|(?:[\w.-]+/[\w.-]+)?#\d+|\b[0-9a-f]{7,40}\b"
    r"|\b(?:fix(?:ed|es)?|clos(?:ed?|es|ing)|resolv(?:ed?|es)|merged|landed|duplicate of|dup of|in"
    r"|by|via|as|see|this|is|was|now|thanks|thank you)\b",
    re.IGNORECASE,
)

# Words of somebody who is still looking.
_AT_A_LOSS = re.compile(
    r"\b(?:i|we)(?: (?:still|really|just|also))? (?:do ?n[o'’]t|do not|have no)"
    r"(?: (?:yet|really|exactly|even)){0,2} (?:know|understand|idea|clue)\b"
    r"|\b(?:not (?:yet )?(?:sure|clear)|no (?:idea|clue)|unclear) (?:what|why|how|where|whether)\b"
    r"|(?:원인|이유|방법)[을은는이가도]? (?:아직 )?(?:잘 )?(?:모르|알 수 없|파악(?:하지|되지) 못)"
    r"|(?:不知道|不清楚|不确定)(?:是|为|怎)|(?:原因|理由)[はが](?:まだ)?(?:わか|分か)(?:ら|り)",
    re.IGNORECASE,
)

_ADVISING: Final = (advice.ADDRESSED, advice.WORKAROUND, advice.RELEASED_IN)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the draft. `text` is the model's; without it the quote itself is shown.

    `kind`: whether it cured the problem there, got around it, or tells what was missing.
    """

    passage: Passage
    quote: str
    text: str | None = None
    kind: StepKind = "fix"


@dataclass(frozen=True, slots=True)
class Dropped:
    """A step that was not used, and why: for `--explain`."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Draft:
    """The suggested resolution. `upgrade` is a finding whose release the reporter should try."""

    steps: tuple[Step, ...] = ()
    upgrade: Finding | None = None
    dropped: tuple[Dropped, ...] = field(default=())

    def of(self, kind: StepKind) -> tuple[Step, ...]:
        """The steps of a kind; what was turned down is none of them."""
        return tuple(s for s in self.steps if s.kind == kind and not s.passage.declined)

    @property
    def declined(self) -> tuple[Step, ...]:
        """Why it was turned down, where it was."""
        return tuple(step for step in self.steps if step.passage.declined)


NO_DRAFT: Final = Draft()


def upgrade_of(rows: Sequence[Finding]) -> Finding | None:
    """The row whose fix the reporter can get by upgrading.

    Beside a duplicate only a duplicate's fix is theirs. Of an issue that is merely related the
    comment says "if it is that one", and only where the reporter's version is surely older.
    """
    duplicates = [row for row in rows if row.kind == "duplicate"]
    for row in duplicates or rows:
        if row.fix is None or row.is_regression:
            continue
        if row.kind == "duplicate" or row.fix.relation == "upgrade":
            return row
    return None


def from_quotes(rows: Sequence[Finding], docs: Sequence[Finding] = ()) -> Draft:
    """What the maintainers said then, in their own words."""
    steps: list[Step] = []
    dropped: list[Dropped] = []
    for finding in (*rows, *docs):
        passage = passages.of_candidate(finding.candidate)
        if passage is None:
            continue
        problem = no_help(passage, passage.text)
        if problem is None and finding.is_regression:
            problem = REGRESSION
        if problem is None and any(step.quote == passage.text for step in steps):
            problem = "said before"
        if problem is None:
            steps.append(Step(passage, passage.text, kind=_kind_of(passage)))
        else:
            dropped.append(Dropped(passage.text, problem))
    return Draft(tuple(steps[:MAX_STEPS]), upgrade_of(rows), tuple(dropped))


def no_help(passage: Passage, text: str) -> str | None:
    """Why a passage, or the part `text` of one, is not worth quoting; None if it is."""
    if risk := unsafe_advice.found(text):
        return f"unsafe advice: {risk}"
    if passage.kind == "comment":
        if _AT_A_LOSS.search(text[:2000]):
            return "its author did not know"
        if text.endswith((":", "：")):
            return "announces what is not quoted"
    return "points elsewhere and says nothing itself" if says_nothing(text) else None


def _kind_of(passage: Passage) -> StepKind:
    around = passage.kind == "comment" and advice.STOPGAP.pattern.search(passage.text)
    return "workaround" if around else "fix"


def says_nothing(text: str) -> bool:
    """Whether a passage only points elsewhere, says thanks, or tells how things stand now."""
    if _is_status(text[:2000]):
        return True
    if _CODE.search(text[:2000]):
        return False
    if _points_only(text[:2000]):
        return True
    glad = advice.ANSWERED_BY_AUTHOR.pattern.search(text)
    return bool(glad) and not any(p.pattern.search(text) for p in _ADVISING)


def _is_status(text: str) -> bool:
    """Whether each sentence says that it is over, or nothing, and none what to do."""
    told = [found.text for found in sentences(text) if not _points_only(found.text)]
    if not told or "```" in text:
        return False
    return all(
        advice.STATUS.pattern.search(sentence)
        and not advice.CONDITION.search(sentence)
        and not any(p.pattern.search(sentence) for p in (*_ADVISING, advice.ADVICE))
        for sentence in told
    )


def _points_only(text: str) -> bool:
    return sum(map(str.isalpha, _POINTERS.sub("", text))) < _LEAST_LETTERS
