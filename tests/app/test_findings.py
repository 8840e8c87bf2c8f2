from app.findings import Finding, Fix, fix_of, originals_first
from app.versions import parse
from indexer.threads import Ending
from tests.builders import candidate


def finding(number, kind="related", probability=0.5, **fields):
    made = candidate(number, probability=probability, **fields)
    return Finding(made, kind, probability, "test")


def order(*findings):
    return [f.candidate.number for f in originals_first(list(findings))]


def test_best_first():
    assert order(finding(1, probability=0.2), finding(2, "duplicate", 0.9)) == [2, 1]


def test_an_original_inherits_from_its_duplicate():
    duplicate = finding(5, "duplicate", 0.9, ending=Ending.DUPLICATE, duplicate_of=3)
    placed = originals_first([duplicate, finding(3, probability=0.3)])
    assert [f.candidate.number for f in placed] == [3, 5]
    assert placed[0].kind == "duplicate"
    assert placed[0].probability == 0.9


def test_chains_are_followed_to_their_end_and_circles_broken():
    chain = [
        finding(5, "duplicate", 0.9, ending=Ending.DUPLICATE, duplicate_of=4),
        finding(4, probability=0.4, ending=Ending.DUPLICATE, duplicate_of=3),
        finding(3, probability=0.3),
    ]
    assert order(*chain)[0] == 3
    circle = [
        finding(1, probability=0.5, ending=Ending.DUPLICATE, duplicate_of=2),
        finding(2, probability=0.4, ending=Ending.DUPLICATE, duplicate_of=1),
    ]
    assert sorted(order(*circle)) == [1, 2]


def test_an_original_that_was_not_found_changes_nothing():
    assert order(finding(5, "duplicate", 0.9, ending=Ending.DUPLICATE, duplicate_of=77)) == [5]


def test_the_fix_seen_from_the_reporter():
    past = candidate(1, ending=Ending.FIXED, release="v2.4.1")
    assert fix_of(past, parse("2.3.0")) == Fix("v2.4.1", "upgrade", "2.3.0")
    assert fix_of(past, parse("2.4.1")) == Fix("v2.4.1", "regression", "2.4.1")
    assert fix_of(past, None) == Fix("v2.4.1", "unsure")
    assert fix_of(candidate(1, ending=Ending.FIXED, release="nightly"), parse("1.0")) == Fix(
        "nightly", "unsure"
    )
    assert fix_of(candidate(1, ending=Ending.ANSWERED), parse("1.0")) is None
