import pytest

from indexer.candidate import Candidate
from indexer.verdict import Thresholds, decide

LEVELS = Thresholds(duplicate=0.9, related=0.2, document=0.5)


def candidate(probability, kind="issue", why="Titles share “tide”"):
    return Candidate(
        repo="tidepool/harbor",
        kind=kind,
        number=7 if kind == "issue" else None,
        title="Tides",
        url=None,
        state=None,
        score=0.0,
        probability=probability,
        why=why,
        features={},
    )


@pytest.mark.parametrize(
    ("probability", "kind"),
    [
        (0.95, "duplicate"),
        (0.9, "duplicate"),
        (0.89, "related"),
        (0.2, "related"),
        (0.19, "unrelated"),
        (0.0, "unrelated"),
    ],
)
def test_a_thread_is_judged_by_its_probability(probability, kind):
    verdict = decide(candidate(probability), LEVELS)
    assert (verdict.kind, verdict.probability) == (kind, probability)


def test_a_document_has_its_own_threshold_and_is_never_a_duplicate():
    assert decide(candidate(0.4, "doc"), LEVELS).kind == "unrelated"
    assert decide(candidate(0.6, "doc"), LEVELS).kind == "related"
    assert decide(candidate(0.99, "release"), LEVELS).kind == "related"


def test_the_reason_is_what_is_shared_or_what_was_missing():
    assert decide(candidate(0.3), LEVELS).reason == "Titles share “tide”"
    assert decide(candidate(0.3, why=""), LEVELS).reason == "similar meaning"
    assert decide(candidate(0.1), LEVELS).reason == "the probability 0.10 is below 0.20"


def test_duplicate_can_be_switched_off():
    never = Thresholds(duplicate=1.01)
    assert decide(candidate(1.0), never).kind == "related"
