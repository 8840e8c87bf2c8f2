import pytest

from app import judge, prompt
from app.findings import Finding
from app.opinion import Judgement, Opinion
from tests.builders import NOW, candidate, doc, thread


def finding(probability, *, made=None):
    return Finding(made or candidate(7, probability=probability), "related", probability, "test")


def judgement(verdict="duplicate", confidence=0.9, one_change="lift the limit", **fields):
    return Judgement(
        source_id=fields.pop("source_id", "S1"),
        verdict=verdict,
        confidence=confidence,
        one_change=one_change,
        shared=fields.pop("shared", ""),
        differs="",
    )


@pytest.mark.parametrize(
    ("probability", "said", "kind"),
    [
        (0.5, judgement(), "duplicate"),
        (0.2, judgement(), "duplicate"),
        (0.05, judgement(), "related"),  # the ranker thinks it nearly impossible
        (0.5, judgement(confidence=0.3), "related"),
        (0.5, judgement(one_change=" "), "related"),
        (0.5, judgement("related"), "related"),
        (0.5, judgement("related", 0.2), "unrelated"),
        (0.9, judgement("unrelated"), "unrelated"),
        (0.9, None, "unrelated"),
        (0.5, judgement(confidence=99.0), "related"),
        (0.5, judgement(confidence=float("nan")), "related"),
    ],
)
def test_both_must_agree_on_a_duplicate(probability, said, kind):
    decided = judge.decide(finding(probability), said, NOW)
    assert decided.kind == kind
    assert 0 <= decided.probability <= 1
    assert decided.by == "model"


def test_the_original_is_the_older_one():
    younger = judge.decide(finding(0.9), judgement(), candidate(7).thread.created_at)
    assert younger.kind == "related"
    assert "older" in younger.reason


def test_docs_are_no_originals():
    assert judge.decide(finding(0.9, made=doc()), judgement(), NOW).kind == "related"


def test_sure_means_at_most_related():
    assert judge.decide(finding(0.95), judgement("related"), NOW).probability <= 0.75


def test_an_opinion_is_applied_by_id_and_its_sentences_are_checked():
    past = [
        finding(0.3, made=candidate(7, "Timeout behind nginx", "ReadTimeout in nginx")),
        finding(0.6, made=candidate(8, "Other", "Something else")),
    ]
    made = prompt.build(thread(2, "ReadTimeout", "behind nginx"), past, "en")
    opinion = Opinion(
        judgements=[
            judgement(shared="Same `ReadTimeout` behind nginx."),
            judgement("related", source_id="S2", shared="Both call `evil()`."),
            judgement("duplicate", source_id="S1", shared="a second word on S1"),
            judgement("duplicate", source_id="S99"),
        ],
        steps=[],
    )
    judged = judge.judge(opinion, made, NOW)
    assert [(f.candidate.number, f.kind) for f in judged.findings] == [
        (7, "duplicate"),
        (8, "related"),
    ]
    assert judged.findings[0].sentence == "Same `ReadTimeout` behind nginx."
    assert judged.findings[1].sentence is None
    assert judged.dropped == (("Both call `evil()`.", "not in its source: evil()"),)
