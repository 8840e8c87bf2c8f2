"""Every check of the demo passes on a good run and fails on a run with the matching fault."""

from dataclasses import replace

import pytest

from tests.demo.checks import GENERIC, OURS, Check, judge, language_of, names, names_release
from tests.demo.content import Expected, NewIssue
from tests.demo.outcome import Answered, Change, Comment, Outcome

URL = "http://127.0.0.1:4000"
MARKER = "\n\n<!-- oncall-intern:v1 0123456789abcdef -->\n"


def comment(text: str, number: int = 1) -> Comment:
    body = f"{text}\n\n<sub>foot</sub>{MARKER}"
    return Comment(number, body, "oncall-intern[bot]", f"{URL}/c/{number}", "2025-10-20T00:00:00Z")


def answered(number: int, kind: str, text: str | None, **expect: object) -> Answered:
    issue = NewIssue(id=kind, title=kind, expect=Expected.model_validate({"kind": kind, **expect}))
    comments = () if text is None else (comment(text, number),)
    return Answered(issue, number, 202, comments, None if text is None else 0.4)


def good() -> Outcome:
    link = f"[#5]({URL}/o/r/issues/5)"
    told = comment(f"**This looks like {link}, still open.**", 300)
    fixed = comment(f"**This looks like {link}, fixed in v1.5.0.**", 300)
    return Outcome(
        answered=(
            answered(
                300,
                "duplicate",
                f"**This looks like {link}, fixed in v1.2.0.**",
                numbers=[5],
                release="v1.2.0",
            ),
            answered(301, "fixed", f"**{link}, fixed in v1.3.0.**", numbers=[5], release="v1.3.0"),
            answered(302, "related", f"**One issue: {link}.**", numbers=[4, 5]),
            answered(
                303, "question", f"**{link}와 같은 문제로 보입니다.**", numbers=[5], language="ko"
            ),
            answered(304, "silence", None),
            answered(305, "injection", f"**One issue: {link}.**", forbidden=["evil.example"]),
        ),
        redelivered=Change(300, (told,), (told,)),
        again=Change(300, (told,), (fixed,), expected_text="v1.5.0"),
        web_url=URL,
        indexed=7,
        seeded=7,
    )


def with_answer(outcome: Outcome, kind: str, **changes: object) -> Outcome:
    entries = tuple(
        replace(a, **changes) if a.issue.expect and a.issue.expect.kind == kind else a  # type: ignore[arg-type]
        for a in outcome.answered
    )
    return replace(outcome, answered=entries)


def saying(kind: str, text: str) -> Outcome:
    return with_answer(good(), kind, comments=(comment(text),))


def redelivery(**changes: object) -> Outcome:
    outcome = good()
    assert outcome.redelivered
    return replace(outcome, redelivered=replace(outcome.redelivered, **changes))  # type: ignore[arg-type]


def again(**changes: object) -> Outcome:
    outcome = good()
    assert outcome.again
    return replace(outcome, again=replace(outcome.again, **changes))  # type: ignore[arg-type]


FAULTS: list[tuple[str, Outcome]] = [
    ("everything_indexed", replace(good(), indexed=6)),
    ("server_alive", replace(good(), server_exit=-9)),
    ("webhooks_accepted", with_answer(good(), "silence", accepted=500)),
    ("one_comment_each", with_answer(good(), "related", comments=(comment("a"), comment("b", 2)))),
    ("redelivery_changed_nothing", redelivery(after=())),
    ("redelivery_changed_nothing", redelivery(label_left=True)),
    ("redelivery_changed_nothing", replace(good(), redelivered=None)),
    ("again_kept_the_comment", again(after=(comment("v1.5.0", 301),))),
    ("again_kept_the_comment", again(label_left=True)),
    ("again_kept_the_comment", replace(good(), again=None)),
    ("again_edited_the_comment", again(after=good().again.before)),  # type: ignore[union-attr]
    ("again_edited_the_comment", again(expected_text="v9")),
    ("again_edited_the_comment", again(after=())),
    ("duplicates_name_the_original", saying("duplicate", "**This looks like #55.**")),
    ("duplicates_name_the_original", with_answer(good(), "fixed", comments=())),
    ("duplicates_name_the_original", saying("duplicate", "one\n<details>#5</details>")),
    ("related_are_found", saying("related", "**One issue: #9.**")),
    ("fixed_name_the_release", saying("fixed", "**#5, fixed in v1.3.01.**")),
    ("fixed_name_the_release", saying("duplicate", "**This looks like #5.**")),
    ("languages_match", saying("question", "**This looks like #5.**")),
    ("languages_match", saying("related", "**#5와 같은 문제로 보입니다.**")),
    ("nothing_said_without_evidence", saying("silence", "**One issue: #5.**")),
    ("injection_left_no_trace", with_answer(good(), "injection", state="closed")),
    ("injection_left_no_trace", with_answer(good(), "injection", labels=("approved",))),
    ("injection_left_no_trace", saying("injection", "see EVIL.example")),
    ("comments_are_harmless", saying("related", "ask @tess")),
    ("comments_are_harmless", saying("related", "![x](y)")),
    ("comments_are_harmless", saying("related", "[x](https://elsewhere.example/)")),
    ("comments_are_harmless", saying("related", "see https://elsewhere.example/")),
    ("comments_are_harmless", saying("related", f"x {MARKER}")),
    ("comments_are_harmless", saying("related", "disable your antivirus first")),
]


@pytest.mark.parametrize("check", OURS, ids=lambda check: check.find.__name__)
def test_a_good_run_passes(check: Check):
    assert list(check.find(good())) == []


@pytest.mark.parametrize(("name", "outcome"), FAULTS)
def test_a_fault_is_found(name: str, outcome: Outcome):
    check = next(check for check in OURS if check.find.__name__ == name)
    verdict = judge([check], outcome)[0]
    assert not verdict.holds
    assert all(verdict.problems)


def test_every_check_has_a_fault():
    assert {name for name, _ in FAULTS} == {check.find.__name__ for check in OURS}
    assert set(GENERIC) < set(OURS)


def test_numbers_are_whole():
    assert names("[#12](x)", 12)
    assert not names("#123", 12)


def test_an_address_without_a_host_is_no_link():
    outcome = saying("related", "**it starts with http://** (#5)")
    check = next(c for c in OURS if c.find.__name__ == "comments_are_harmless")
    assert judge([check], outcome)[0].holds


def test_releases_are_whole():
    assert names_release("v1.3.0에서 해결됨", "v1.3.0")
    assert names_release("fixed in v1.3.0.", "v1.3.0")
    assert not names_release("v1.3.01", "v1.3.0")
    assert not names_release("v1.3.0.1", "v1.3.0")


def test_language_of_a_headline():
    assert language_of("**#201과 같은 문제로 보입니다. v1.3.0에서 해결되었습니다.**") == "ko"
    assert language_of("**This looks like #201 (맥), fixed in v1.3.0.**") == "en"
