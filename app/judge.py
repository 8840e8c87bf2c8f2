"""The ranker's probability and the model's verdict → the final verdict, with a reason (pure)."""

import math
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from app import grounding
from app.findings import Finding, Kind
from app.opinion import Judgement, Opinion
from app.prompt import Prompt

# How far the model's word moves the log-odds that the ranker gave, at full confidence. A duplicate
# so needs both: a ranker that thinks it nearly impossible is not overruled.
_PULL: Final = {"duplicate": 4.0, "related": 0.0, "unrelated": -3.0}
DUPLICATE: Final = 0.8
_RELATED_AT_MOST: Final = 0.75
_LEAST_CONFIDENCE: Final = 0.4


@dataclass(frozen=True, slots=True)
class Judged:
    """The findings after the model's word, and which of its sentences were not used."""

    findings: tuple[Finding, ...]
    dropped: tuple[tuple[str, str], ...]


def judge(opinion: Opinion, prompt: Prompt, opened: datetime) -> Judged:
    """Apply the model's judgements to the findings it was shown, best first."""
    by_id: dict[str, Judgement] = {}
    for judgement in opinion.judgements:
        by_id.setdefault(judgement.source_id, judgement)
    findings: list[Finding] = []
    dropped: list[tuple[str, str]] = []
    for source in prompt.sources:
        judgement_ = by_id.get(source.id)
        finding = decide(source.finding, judgement_, opened)
        if judgement_ is not None and finding.kind != "unrelated":
            problem = grounding.sentence_holds(judgement_.shared, finding, prompt.issue_text)
            if problem is None:
                finding = replace(finding, sentence=judgement_.shared)
            else:
                dropped.append((judgement_.shared, problem))
        findings.append(finding)
    findings.sort(
        key=lambda f: (("duplicate", "related", "unrelated").index(f.kind), -f.probability)
    )
    return Judged(tuple(findings), tuple(dropped))


def decide(finding: Finding, judgement: Judgement | None, opened: datetime) -> Finding:
    """The final verdict on one finding."""
    if judgement is None:
        return replace(finding, kind="unrelated", reason="the model said nothing of it", by="model")
    confidence = judgement.confidence if 0 <= judgement.confidence <= 1 else 0.0
    prior = min(max(finding.probability, 0.001), 0.999)
    odds = math.log(prior / (1 - prior)) + _PULL[judgement.verdict] * confidence
    probability = 1 / (1 + math.exp(-odds))
    kind: Kind = judgement.verdict
    told = f"the model says {judgement.verdict} ({confidence:.2f}), the ranker {prior:.2f}"
    if kind == "duplicate":
        if obstacle := _obstacle(finding, judgement, opened, probability):
            kind, told = "related", f"{told}; {obstacle}"
    elif kind == "related" and confidence < _LEAST_CONFIDENCE:
        kind, told = "unrelated", f"{told}; hardly sure"
    if kind == "related":
        probability = min(probability, _RELATED_AT_MOST)
    return replace(finding, kind=kind, probability=probability, reason=told, by="model")


def _obstacle(
    finding: Finding, judgement: Judgement, opened: datetime, probability: float
) -> str | None:
    """Why a duplicate is only called related; None if nothing speaks against it."""
    thread = finding.candidate.thread
    if thread is None:
        return "only an issue can be an original"
    if thread.created_at >= opened:
        return "the original must be the older one"
    if not judgement.one_change.strip():
        return "no one change was named"
    return None if probability >= DUPLICATE else "both together are not sure enough"
