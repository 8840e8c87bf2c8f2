"""What we think of one candidate, with everything that the comment says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from app import versions
from app.evidence import NO_EVIDENCE, Evidence
from app.versions import Version
from indexer.candidate import Candidate
from indexer.threads import Ending

Kind = Literal["duplicate", "related", "unrelated"]


@dataclass(frozen=True, slots=True)
class Fix:
    """The release that fixed a past issue, seen from what the reporter runs.

    `upgrade`: the reporter's version is older. `regression`: it should have the fix already.
    `unsure`: the reporter's version, or the release's, is not clear.
    """

    tag: str
    relation: Literal["upgrade", "regression", "unsure"]
    reported: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A candidate and the final verdict on it.

    Attributes:
        candidate: what the search returned.
        kind: the verdict.
        probability: that one change would fix both.
        reason: why, for `--explain` and the log; never printed in a comment.
        by: who decided: the rules, or the model.
        evidence: what both share, found by us.
        sentence: the model's words for it, if they passed; else None.
        fix: the release that fixed it, if one did.
    """

    candidate: Candidate
    kind: Kind
    probability: float
    reason: str
    by: Literal["rules", "model"] = "rules"
    evidence: Evidence = NO_EVIDENCE
    sentence: str | None = None
    fix: Fix | None = None

    @property
    def is_thread(self) -> bool:
        """Whether it is a past issue, and no document."""
        return self.candidate.thread is not None

    @property
    def is_regression(self) -> bool:
        """Whether the reporter should already have the fix."""
        return self.fix is not None and self.fix.relation == "regression"


def fix_of(candidate: Candidate, reported: Version | None) -> Fix | None:
    """The fix that the candidate's ending names, if it names a release."""
    resolution = candidate.resolution
    if resolution is None or resolution.ending is not Ending.FIXED or not resolution.release:
        return None
    fixed_in = versions.parse(resolution.release)
    if fixed_in is None or reported is None:
        return Fix(resolution.release, "unsure")
    relation: Literal["upgrade", "regression"] = (
        "regression" if reported.at_least(fixed_in) else "upgrade"
    )
    return Fix(resolution.release, relation, reported.text)


def originals_first(findings: list[Finding]) -> list[Finding]:
    """Best first; an original stands before the issues that were closed as its duplicates.

    A duplicate whose original was found as well says nothing of its own: the original takes
    its place and the better of the two verdicts.
    """
    by_key = {(f.candidate.repo, f.candidate.number): f for f in findings if f.is_thread}
    raised: dict[tuple[str, int | None], Finding] = {}
    for finding in findings:
        end = _end_of_chain(finding, by_key)
        key = (end.candidate.repo, end.candidate.number)
        if end is not finding and _rank(finding) < _rank(raised.get(key, end)):
            told = f"original of #{finding.candidate.number}: {finding.reason}"
            raised[key] = replace(
                end, kind=finding.kind, probability=finding.probability, reason=told, by=finding.by
            )
    best = [
        raised.get((f.candidate.repo, f.candidate.number), f) if f.is_thread else f
        for f in findings
    ]
    return sorted(best, key=lambda f: (*_rank(f), _original_of(f, by_key) is not None))


def _end_of_chain(finding: Finding, by_key: Mapping[tuple[str, int | None], Finding]) -> Finding:
    """The last original that can be reached; a circle ends where it began."""
    seen = {finding.candidate.number}
    while (original := _original_of(finding, by_key)) and original.candidate.number not in seen:
        seen.add(original.candidate.number)
        finding = original
    return finding


def _rank(finding: Finding) -> tuple[int, float]:
    return (("duplicate", "related", "unrelated").index(finding.kind), -finding.probability)


def _original_of(
    finding: Finding, by_key: Mapping[tuple[str, int | None], Finding]
) -> Finding | None:
    resolution = finding.candidate.resolution
    if resolution is None or resolution.ending is not Ending.DUPLICATE:
        return None
    return by_key.get((finding.candidate.repo, resolution.duplicate_of))
