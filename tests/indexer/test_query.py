import pytest

from indexer.query import MAX_BODY, Query, without_references, word


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("like #123 again", "like again"),
        ("like tidepool/harbor#123 again", "like again"),
        ("GH-12 came back", "came back"),
        ("see https://github.com/tidepool/harbor/issues/9#issuecomment-1 there", "see there"),
        ("see https://github.example/a/b/pull/9, there", "see there"),
        ("error C#7 and &#39; stay", "error C#7 and &#39; stay"),
        (
            "https://github.com/tidepool/harbor/wiki stays",
            "https://github.com/tidepool/harbor/wiki stays",
        ),
    ],
)
def test_numbers_and_addresses_of_issues_are_taken_out(text, left):
    assert without_references(text).split() == left.split()


def test_the_title_is_one_line_and_the_body_is_clean():
    wording = word(Query("o/r", " Tide \n table ", "<!-- hello -->\nIt is empty.\n- [x] read"))
    assert (wording.title, wording.body) == ("Tide table", "It is empty.")
    assert wording.text == "Tide table\nIt is empty."


def test_template_lines_are_taken_out():
    wording = word(
        Query("o/r", "Tide", "Have you read this?\nIt is empty."),
        frozenset({"have you read this?"}),
    )
    assert wording.body == "It is empty."


def test_the_end_of_a_very_long_body_is_not_looked_at():
    assert len(word(Query("o/r", "", "tide " * 100_000)).body) == MAX_BODY


def test_repositories_are_named_once_in_lower_case():
    assert Query("O/R", "x", repos=("o/r", "O/Two")).all_repos == ("o/r", "o/two")


@pytest.mark.parametrize("title", ["", "#12", "\u200b", "!?"])
def test_without_a_letter_there_is_nothing_to_look_for(title):
    assert word(Query("o/r", title)).is_empty


def test_korean_is_something_to_look_for():
    assert not word(Query("o/r", "조수")).is_empty
