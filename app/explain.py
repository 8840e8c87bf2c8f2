"""How an answer came about, as plain JSON: for `--explain`, `--json` and the records."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.drafter import Draft
from app.findings import Finding
from app.llm import Usage
from app.policy import Decision, Shown
from app.prompt import Prompt
from indexer.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Consulted:
    """The findings after the model was asked, or as they were if it was not or in vain."""

    findings: list[Finding]
    draft: Draft | None = None
    prompt: Prompt | None = None
    usage: Usage | None = None
    failure: str | None = None
    dropped: tuple[tuple[str, str], ...] = ()


def tell(  # noqa: PLR0913, PLR0917 - it tells of everything
    decision: Decision,
    spoken: str,
    thresholds: Thresholds,
    findings: Sequence[Finding],
    shown: Shown,
    more: Sequence[Finding],
    draft: Draft,
    opinion: Consulted,
) -> dict[str, Any]:
    """How the answer came about, for `--explain` and `--json`."""
    cited = {id(step.passage.candidate) for step in draft.steps}

    def place(finding: Finding) -> str:
        for name, those in (("shown", shown.rows), ("folded", more)):
            if any(other.candidate is finding.candidate for other in those):
                return name
        return "cited" if id(finding.candidate) in cited else "left out"

    def why_no_row(finding: Finding) -> str | None:
        if place(finding) in {"shown", "cited"} or finding.kind == "unrelated":
            return None
        passed = shown.passed.get(id(finding.candidate))
        return passed or ("only issues are rows" if not finding.is_thread else None)

    usage = opinion.usage
    return {
        "decision": {"ok": decision.ok, "reason": decision.reason},
        "language": spoken,
        "thresholds": asdict(thresholds),
        "candidates": [
            {
                "repo": f.candidate.repo,
                "kind": f.candidate.kind,
                "number": f.candidate.number,
                "title": f.candidate.title,
                "state": f.candidate.state,
                "score": f.candidate.score,
                "ranker_probability": f.candidate.probability,
                "why": f.candidate.why,
                "features": dict(f.candidate.features),
                "linked": f.candidate.linked,
                "verdict": f.kind,
                "probability": f.probability,
                "reason": f.reason,
                "by": f.by,
                "evidence": {"kind": f.evidence.kind, "terms": list(f.evidence.terms)},
                "place": place(f),
                "passed_over": why_no_row(f),
            }
            for f in findings
        ],
        "steps": [
            {
                "text": s.text,
                "quote": s.quote,
                "kind": s.kind,
                "source": s.passage.candidate.number or s.passage.url,
            }
            for s in draft.steps
        ],
        "dropped": [
            *({"what": "step", "text": d.text, "reason": d.reason} for d in draft.dropped),
            *({"what": "sentence", "text": t, "reason": r} for t, r in opinion.dropped),
        ],
        "llm": {
            "asked": opinion.prompt is not None,
            "failure": opinion.failure,
            "estimated_input_tokens": opinion.prompt.tokens if opinion.prompt else None,
            "model": usage.model if usage else None,
            "input_tokens": usage.input_tokens if usage else None,
            "output_tokens": usage.output_tokens if usage else None,
            "cost_dollars": usage.cost if usage else None,
        },
    }
