"""Probability and evidence → duplicate, related or unrelated, without an LLM (pure).

What is merely similar is called related. Called a duplicate is only what is nearly certain.
"""

from dataclasses import dataclass
from typing import Literal

from indexer.candidate import Candidate
from indexer.thresholds import DEFAULT, Thresholds

Kind = Literal["duplicate", "related", "unrelated"]


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
