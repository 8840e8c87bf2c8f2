from dataclasses import replace

import pytest

from app import policy
from app.evidence import Evidence
from app.findings import Finding
from app.wishes import Wished
from indexer.repo_config import AnswerParts, Ignore, Labels, RepoConfig, Sources, Thresholds
from indexer.threads import Ending
from tests.builders import candidate, discussion, doc, release, thread

PLAIN = RepoConfig()


def finding(number, probability=0.3, kind="related", by="rules", **fields):
    made = candidate(number, probability=probability, **fields)
    return Finding(made, kind, probability, "test", by, Evidence("error", ("EPIPE",)))


@pytest.mark.parametrize(
    ("issue", "config", "trigger", "reason"),
    [
        ({}, PLAIN, "opened", "opened"),
        ({}, RepoConfig(enabled=False), "opened", "disabled"),
        ({"author_is_bot": True}, PLAIN, "opened", "author_is_bot"),
        ({"state": "closed"}, PLAIN, "opened", "closed"),
        ({"state": "closed"}, PLAIN, "label", "label"),
        ({"body": "text\n/no-ai\n"}, PLAIN, "label", "no_ai"),
        ({"body": "please /no-ai is not a line"}, PLAIN, "opened", "opened"),
        ({"body": "<!-- Write\n/no-ai\nif you want none. -->\nx"}, PLAIN, "opened", "opened"),
        ({"body": "```\n/no-ai\n```"}, PLAIN, "opened", "opened"),
        ({"body": "/no-ai-tools are bad"}, PLAIN, "opened", "opened"),
        ({"labels": ("No-AI",)}, PLAIN, "opened", "no_ai"),
        ({"labels": ("Humans",)}, RepoConfig(labels=Labels(ignore="humans")), "opened", "no_ai"),
        ({"locked": True}, PLAIN, "opened", "locked"),
        ({"locked": True}, PLAIN, "manual", "locked"),
        ({"author": "Mira"}, RepoConfig(ignore=Ignore(authors=("mira",))), "opened",
         "ignored_author"),
        ({"title": "Release 1.2"}, RepoConfig(ignore=Ignore(titles=("release *",))), "opened",
         "ignored_title"),
        ({"labels": ("Epic",)}, RepoConfig(ignore=Ignore(labels=("epic",))), "opened",
         "ignored_label"),
        ({"author_is_bot": True, "state": "closed"}, PLAIN, "manual", "manual"),
    ],
)  # fmt: skip
def test_whether_an_issue_is_answered(issue, config, trigger, reason):
    decision = policy.may_answer(thread(**issue), config, trigger)
    assert decision.reason == reason
    assert decision.ok is (reason in {"opened", "label", "manual"})


@pytest.mark.parametrize(
    ("wished", "trigger", "reason"),
    [
        (Wished(off=True), "manual", "off"),
        (Wished(no_ai=True), "command", "no_ai"),
        (Wished(hidden=True), "edited", "hidden"),
        (Wished(hidden=True), "label", "label"),
        (Wished(), "command", "command"),
    ],
)
def test_wishes_are_respected(wished, trigger, reason):
    assert policy.may_answer(thread(), PLAIN, trigger, wished).reason == reason


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "nothing_found"),
        ([finding(1, 0.1)], "thin_evidence"),
        ([finding(1, 0.1, ending=Ending.ANSWERED)], "thin_evidence"),
        ([finding(1, 0.1), finding(2, 0.1)], "thin_evidence"),
        ([finding(1, 0.1), finding(2, 0.1, ending=Ending.ANSWERED)], "related"),
        ([finding(1, 0.5)], "related"),
        ([finding(1, 0.95, "duplicate")], "duplicate"),
        ([finding(1, 0.1, by="model")], "thin_evidence"),
        ([finding(1, 0.1, by="model", ending=Ending.FIXED)], "related"),
    ],
)
def test_one_weak_match_is_not_enough(rows, reason):
    assert policy.enough_evidence(rows).reason == reason


@pytest.mark.parametrize("made", [doc(), discussion()])
def test_a_doc_section_or_an_answered_discussion_can_be_enough(made):
    section = Finding(made, "related", 0.6, "test")
    assert policy.enough_evidence([], policy.telling_docs([section], [])).reason == "docs"


def test_release_notes_alone_are_not_worth_quoting():
    assert policy.telling_docs([Finding(release(), "related", 0.6, "test")], []) == []


def test_at_most_three_rows_and_no_noise_beside_a_duplicate():
    many = [finding(n, 0.5) for n in range(1, 9)]
    assert len(policy.shown(many, PLAIN).rows) == 3
    found = [finding(9, 0.95, "duplicate"), finding(1, 0.5), finding(2, 0.3)]
    rows = policy.shown(found, PLAIN).rows
    assert [row.candidate.number for row in rows] == [9, 1]


def test_what_a_config_switches_off():
    both = [finding(9, 0.95, "duplicate"), finding(1, 0.5)]
    no_related = RepoConfig(answer=AnswerParts(related=False))
    assert [f.candidate.number for f in policy.shown(both, no_related).rows] == [9]
    no_duplicates = RepoConfig(answer=AnswerParts(duplicates=False))
    assert [f.kind for f in policy.shown(both, no_duplicates).rows] == ["related", "related"]


def test_thresholds_make_it_stricter():
    found = [finding(9, 0.95, "duplicate"), finding(1, 0.5)]

    def shown(**least):
        rows = policy.shown(found, RepoConfig(thresholds=Thresholds(**least))).rows
        return [(row.candidate.number, row.kind) for row in rows]

    assert shown(duplicate=0.97) == [(9, "related"), (1, "related")]
    assert shown(related=0.6) == [(9, "duplicate")]
    assert shown(duplicate=0.2) == [(9, "duplicate"), (1, "related")]


def test_documents_that_the_config_leaves_out_are_no_source():
    config = RepoConfig(sources=Sources(docs=("README.md",), releases=False))
    assert not policy.may_quote(doc("docs/uploads.md"), config)
    assert policy.may_quote(doc("README.md"), config)
    assert not policy.may_quote(release(), config)
    assert policy.may_quote(release(), PLAIN)
    assert policy.may_quote(candidate(), config)
    assert not policy.may_quote(discussion(), PLAIN)
    assert policy.may_quote(discussion(), RepoConfig(sources=Sources(discussions=True)))


def test_what_is_folded_was_not_shown():
    both = [finding(9, 0.95, "duplicate"), finding(1, 0.3), finding(2, 0.1, "unrelated")]
    assert [f.candidate.number for f in policy.folded(both, policy.shown(both, PLAIN))] == [1]


@pytest.mark.parametrize(
    "config",
    [
        RepoConfig(answer=AnswerParts(related=False)),
        RepoConfig(thresholds=Thresholds(related=0.99)),
        RepoConfig(answer=AnswerParts(related=False, duplicates=False)),
    ],
)
@pytest.mark.parametrize("by", ["rules", "model"])
def test_what_the_config_leaves_out_is_not_folded_either(config, by):
    found = [finding(9, 0.6, by=by), finding(1, 0.3), finding(2, 0.2, by=by)]
    shown = policy.shown(found, config)
    assert shown.rows == []
    assert policy.folded(found, shown) == []


def test_the_model_is_asked_only_where_something_is_near():
    assert policy.worth_asking([finding(1, 0.04), finding(2, 0.03)]) == []
    asked = policy.worth_asking([finding(1, 0.3), finding(2, 0.1), finding(3, 0.01)])
    assert [f.candidate.number for f in asked] == [1, 2]


def test_a_duplicate_of_a_row_is_an_echo():
    echo = finding(226, 0.5, ending=Ending.DUPLICATE, duplicate_of=198)
    both = [finding(198, 0.6), echo]
    shown = policy.shown(both, PLAIN)
    assert [f.candidate.number for f in shown.rows] == [198]
    assert [f.candidate.number for f in policy.folded(both, shown)] == [226]
    assert policy.shown([echo], PLAIN).rows == [echo]


def test_beside_a_better_row_single_words_are_not_enough():
    words = replace(finding(2, 0.3), evidence=Evidence("titles", ("proxy",)))
    found = [finding(1, 0.5), words, finding(3, 0.3)]
    shown = policy.shown(found, PLAIN)
    assert [row.candidate.number for row in shown.rows] == [1, 3]
    assert shown.passed == {id(words.candidate): "far less probable than the best"}


def test_it_is_told_why_an_issue_is_no_row():
    echo = finding(226, 0.5, ending=Ending.DUPLICATE, duplicate_of=198)
    many = [finding(198, 0.9, "duplicate"), echo, *(finding(n, 0.6) for n in (1, 2, 3))]
    low = finding(4, 0.1)
    shown = policy.shown([*many, low], PLAIN)
    told = {f.candidate.number: shown.passed.get(id(f.candidate)) for f in [*many, low]}
    assert told == {
        198: None,
        226: "closed as a duplicate of a row",
        1: None,
        2: None,
        3: "three rows are enough",
        4: "noise beside a likely duplicate",
    }


def test_what_the_model_did_not_read_is_no_row():
    read, unread = finding(1, 0.3, by="model"), finding(2, 0.6)
    shown = policy.shown([read, unread], PLAIN)
    assert [row.candidate.number for row in shown.rows] == [1]
    assert shown.passed == {id(unread.candidate): "the model did not read it"}


def test_docs_do_not_crowd_issues_out_of_the_models_reading():
    docs = [Finding(doc(path=f"docs/{n}.md"), "related", 0.9, "test") for n in range(5)]
    asked = policy.worth_asking([*docs, *(finding(n, 0.3) for n in range(1, 13))])
    assert len(asked) == policy.MAX_ASKED
    assert sum(f.is_thread for f in asked) == policy.MAX_ASKED - policy.ASKED_DOCS


def test_single_words_alone_must_be_more_probable():
    weak = replace(finding(1, 0.15), evidence=Evidence("titles", ("proxy",)))
    assert policy.enough_evidence([weak]).reason == "thin_evidence"
    assert policy.enough_evidence([replace(weak, probability=0.2)]).reason == "related"
    assert policy.enough_evidence([replace(weak, sentence="Same proxy.")]).reason == "related"


def test_where_endings_attach_to_words_few_are_the_same_letter_for_letter():
    title = "맥에서 동기화한 파일 이름이 풀어져 보입니다"
    weak = replace(finding(1, 0.1, title=title), evidence=Evidence("titles", ("맥에서",)))
    assert policy.enough_evidence([weak]).reason == "related"
    assert policy.enough_evidence([replace(weak, probability=0.08)]).reason == "thin_evidence"
    english = replace(finding(1, 0.1), evidence=Evidence("titles", ("proxy",)))
    assert policy.enough_evidence([english]).reason == "thin_evidence"


def test_a_single_shared_word_is_no_row_beside_a_better_one():
    best = finding(1, 0.5)
    word = replace(finding(2, 0.45), evidence=Evidence("titles", ("proxy",)))
    nothing = replace(word, evidence=Evidence("none"))
    words = replace(word, evidence=Evidence("titles", ("proxy", "timeout")))
    for beside, rows in ((word, [best]), (nothing, [best]), (words, [best, words])):
        assert policy.shown([best, beside], PLAIN).rows == rows
    assert policy.shown([word], PLAIN).rows == [word]
