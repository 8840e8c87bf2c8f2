import pytest

from app import missing

QUOTE = "Please add the output of `harbor doctor`, without it nobody can tell."


ASKED = "the template asks for it already"


@pytest.mark.parametrize(
    ("text", "quote", "asked", "problem"),
    [
        ("Add the output of `harbor doctor`.", QUOTE, (), None),
        ("Add the output of `harbor doctor`.", QUOTE, ("Version", "what happened?"), None),
        ("`harbor doctor` 출력을 추가해 주세요.", "`harbor doctor` 출력을 알려 주세요.", (), None),
        ("Add the output of `harbor doctor`.", QUOTE, ("output of harbor doctor",), ASKED),
        ("Add the doctor's output.", QUOTE, ("Doctor output:",), ASKED),
        ("버전을 알려 주세요.", "버전을 알려 주세요.", ("버전",), ASKED),
        ("Add the log.", "The log showed that the disk was full.", (),
         "its source does not say that this was missing"),
    ],
)  # fmt: skip
def test_only_what_was_missing_and_nobody_asks_for_may_be_asked_for(text, quote, asked, problem):
    assert missing.problem(text, quote, asked) == problem


def test_an_issue_has_a_place_for_what_its_headings_and_labels_name():
    body = "### Version\n\n1.2\n\n**Steps to reproduce**\nrun\n- OS: linux\nDoctor output: none\n"
    assert missing.labels_of(body) == ["Version", "Steps to reproduce", "OS", "Doctor output"]
