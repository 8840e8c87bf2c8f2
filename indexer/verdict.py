"""Probability and evidence → duplicate, related or unrelated, without an LLM (pure).

What is merely similar is called related. Called a duplicate is only what is nearly certain.
"""

from dataclasses import dataclass
from typing import Final, Literal

from indexer.candidate import Candidate

Kind = Literal["duplicate", "related", "unrelated"]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least probability for each verdict; `docs/evaluation.md` says what each one costs.

    Attributes:
        duplicate: of a duplicate; above 1 it is never said without an LLM.
        related: of a related thread.
        document: of a doc section or a release.
    """

    duplicate: float = 0.95
    related: float = 0.08
    document: float = 0.4


DEFAULT: Final = Thresholds()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a candidate is to the new issue, how sure that is, and why."""

    kind: Kind
    probability: float
    reason: str


def decide(candidate: Candidate, thresholds: Thresholds = DEFAULT) -> Verdict:
    """The verdict on a candidate."""
    probability = candidate.probability
    is_thread = candidate.kind == "issue"
    needed = thresholds.related if is_thread else thresholds.document
    why = candidate.why or "similar meaning"
    if is_thread and probability >= thresholds.duplicate:
        return Verdict("duplicate", probability, why)
    if probability >= needed:
        return Verdict("related", probability, why)
    return Verdict(
        "unrelated", probability, f"the probability {probability:.2f} is below {needed:.2f}"
    )
