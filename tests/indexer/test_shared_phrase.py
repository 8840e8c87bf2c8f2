import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.shared_phrase import LONGEST, Phrases


def longest(ours, theirs):
    found = Phrases(ours).shared_with(theirs, lambda phrase: len(phrase.words))
    return found.text if found else None


@pytest.mark.parametrize(
    ("ours", "theirs", "phrase"),
    [
        ("It cannot move out of borrowed content here", "cannot move out of borrowed content",
         "cannot move out of borrowed content"),
        ("Cannot  Move out", "we cannot move out", "Cannot Move out"),
        ("out of stack space, sorry", "out of stack space, sorry!", "out of stack space, sorry"),
        ("one two", "one two", None),
        ("one two\nthree", "one two three", None),
        ("run(one, two); three", "run(one, two); three", None),
        ("gcc -la -lb -lc -ld", "gcc -la -lb -lc -ld", None),
        ("It ends. Then begins", "It ends. Then begins", None),
        ("배포 후에 파드가 계속 죽습니다", "어제 배포 후에 파드가 죽음", "배포 후에 파드가"),
        ("", "", None),
    ],
)  # fmt: skip
def test_the_longest_words_in_a_row(ours, theirs, phrase):
    assert longest(ours, theirs) == phrase


def test_the_heaviest_wins_and_nothing_weighs_nothing():
    ours, theirs = "alpha beta gamma. One two three four", "one two three four. Alpha beta gamma"
    weigh = {"alpha": 9.0}
    found = Phrases(ours).shared_with(theirs, lambda p: sum(weigh.get(w, 0) for w in p.words))
    assert found.text == "alpha beta gamma"
    assert Phrases(ours).shared_with(theirs, lambda _: 0.0) is None


def test_a_long_phrase_is_cut():
    text = " ".join(f"word{i}x" for i in range(40))
    assert len(longest(text, text).split()) == LONGEST


@given(st.text(alphabet="ab \n.", max_size=60), st.text(alphabet="ab \n.", max_size=60))
def test_what_is_found_stands_in_both(ours, theirs):
    found = longest(ours, theirs)
    if found:
        assert found in " ".join(ours.split())
        assert found.lower() in " ".join(theirs.lower().split())


def test_size_does_not_matter():
    text = "the same three words again and " * 3000
    begun = time.perf_counter()
    longest(text, text)
    assert time.perf_counter() - begun < 2


def test_lines_that_share_nothing_do_not_join_those_around_them():
    ours = "one two three four"
    theirs = "zero one two\nnothing of it here\nthree four\none two three\nfour"
    assert longest(ours, theirs) == "one two three"
    assert longest(ours, "one two\nthree four") is None
