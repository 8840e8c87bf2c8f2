import pytest

from app.links import Links
from tests.harm import harms, links

REPO = "tidepool/harbor"
PUBLIC = Links("https://github.com", REPO)
GHES = Links("https://git.example.com", REPO)


def test_old_threads_are_linked_without_telling_them():
    assert PUBLIC.to_issue(REPO, 7) == (
        "[#7](https://redirect.github.com/tidepool/harbor/issues/7)"
    )
    assert GHES.to_issue(REPO, 7) == "[#7](https://git.example.com/tidepool/harbor/issues/7)"


def test_folded_rows_are_linked_only_where_that_is_silent():
    assert "redirect.github.com" in PUBLIC.to_issue_folded(REPO, 7)
    assert GHES.to_issue_folded(REPO, 7) == "`#7`"


def test_another_repository_is_named():
    assert PUBLIC.label("tidepool/docs", 7) == "tidepool/docs#7"
    assert PUBLIC.label("Tidepool/Harbor", 7) == "#7"


@pytest.mark.parametrize(
    ("url", "anchor"),
    [
        ("https://github.com/tidepool/harbor/issues/7#issuecomment-99", "#issuecomment-99"),
        ("https://evil.example/a/b/issues/7#issuecomment-99", "#issuecomment-99"),
        ("https://github.com/tidepool/harbor/issues/8#issuecomment-99", ""),
        ("https://github.com/tidepool/harbor/issues/7#x)](https://evil.example", ""),
        ("javascript:alert(1)", ""),
        (None, ""),
    ],
)
def test_only_an_anchor_is_taken_from_an_address(url, anchor):
    root = "https://redirect.github.com/tidepool/harbor/issues/7"
    assert PUBLIC.passage(REPO, 7, url) == root + anchor


@pytest.mark.parametrize(
    ("url", "made"),
    [
        (
            "https://github.com/tidepool/harbor/blob/4f2c/docs/a%20b.md#large-files",
            "https://github.com/tidepool/harbor/blob/4f2c/docs/a%20b.md#large-files",
        ),
        ("https://github.com/someone/else/blob/4f2c/docs/a.md", None),
        ("https://github.com.evil.example/tidepool/harbor/blob/4f2c/a.md", None),
        ("https://evil.example/tidepool/harbor/blob/4f2c/a.md", None),
        ("https://github.com/tidepool/harbor/blob/../../../a.md", None),
        ("http://[/tidepool/harbor/blob/x", None),
    ],
)
def test_a_file_is_linked_in_its_own_repository_only(url, made):
    assert PUBLIC.file(REPO, url) == made


@pytest.mark.parametrize(
    ("url", "anchor"),
    [
        ("https://github.com/tidepool/harbor/discussions/7#discussioncomment-99",
         "#discussioncomment-99"),
        ("https://evil.example/x#discussioncomment-9)](https://evil.example", ""),
        ("javascript:alert(1)", ""),
    ],
)  # fmt: skip
def test_a_discussion_is_linked_as_a_thread_is(url, anchor):
    page = "tidepool/harbor/discussions/7"
    assert PUBLIC.discussion(REPO, 7, url) == f"https://redirect.github.com/{page}{anchor}"
    assert GHES.discussion(REPO, 7, url) == f"https://git.example.com/{page}{anchor}"


def test_a_tag_cannot_leave_its_link():
    link = PUBLIC.link("x", PUBLIC.release(REPO, "v1) [evil](https://evil.example"))
    assert links(link) == [link[4:-1]]
    assert harms(link) == []


def test_a_repository_is_a_name():
    with pytest.raises(ValueError, match="OWNER/NAME"):
        PUBLIC.issue("tidepool/harbor/../x", 1)


def test_a_section_is_linked_by_the_lines_of_its_source():
    url = "https://github.com/o/r/blob/abc/docs/a.md?plain=1#L3-L9"
    assert Links("https://github.com", "o/r").file("o/r", url) == url
    assert Links("https://github.com", "o/r").file("o/r", url.replace("plain=1", "x=y")) == (
        "https://github.com/o/r/blob/abc/docs/a.md#L3-L9"
    )


def test_no_link_climbs_out_of_its_repository():
    url = "https://github.com/o/r/blob/%2e%2e/%2e%2e/evil/page"
    assert Links("https://github.com", "o/r").file("o/r", url) is None
