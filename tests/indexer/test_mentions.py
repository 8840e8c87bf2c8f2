"""The issues that an author links."""

import time

import pytest

from indexer.mentions import MAX_LINKS, linked_issues

REPO = "Tidepool/Harbor"


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("like #123 again", {("tidepool/harbor", 123)}),
        ("(#7), #8.", {("tidepool/harbor", 7), ("tidepool/harbor", 8)}),
        ("GH-12 came back", {("tidepool/harbor", 12)}),
        ("as in Tidepool/CLI#5", {("tidepool/cli", 5)}),
        ("https://github.com/tidepool/harbor/issues/9#issuecomment-1", {("tidepool/harbor", 9)}),
        ("[this](https://ghe.example/a/b.c/pull/4)", {("a/b.c", 4)}),
        ("> quoted: see #3", {("tidepool/harbor", 3)}),
        ("- [x] I read #3", {("tidepool/harbor", 3)}),
        ("error C#7, &#39;, colour #fff, step#2", set()),
        ("`git show #5` and ``#6``", set()),
        ("```\n#1  0x00 in main ()\n```", set()),
        ("<!-- see #1\nand #2 --> nothing", set()),
        ("https://github.com/tidepool/harbor/wiki", set()),
        ("", set()),
    ],
)
def test_what_is_a_link(text, linked):
    assert linked_issues(REPO, "Tide table", text) == linked


def test_a_title_links_too():
    assert linked_issues(REPO, "Regression of #40", "") == {("tidepool/harbor", 40)}


def test_a_hostile_text_is_read_in_time():
    for text in ("#1" * 30_000, "<!--" * 16_000, "`" * 65_000, "a/" * 32_000, "a-" * 32_000 + "#"):
        started = time.process_time()
        assert len(linked_issues(REPO, "", text)) <= MAX_LINKS
        assert time.process_time() - started < 2


def test_a_list_has_an_end():
    body = "\n".join(f"#{number}" for number in range(1, 2 * MAX_LINKS))
    assert len(linked_issues(REPO, "", body)) == MAX_LINKS
