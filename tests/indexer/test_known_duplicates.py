import pytest

from indexer.known_duplicates import ACTIVE_THREADS, active_contributors, find_known, older_members
from tests.fakes_threads import comment, event, thread


def known(*threads):
    return find_known(lambda: threads, "o/r")


def closing(body, **fields):
    return comment(body, at=5, **fields)


ORIGINAL = thread(1)


@pytest.mark.parametrize(
    "said",
    [
        closing("Duplicate of #1"),
        closing("Closing as a dupe of https://github.com/o/r/issues/1."),
        closing("#1과 중복입니다."),
    ],
)
def test_who_closes_is_believed(said):
    assert known(ORIGINAL, thread(2, said, closed=5)).originals == {2: {1}}


@pytest.mark.parametrize(
    "said",
    [
        closing("This is not a duplicate of #1."),
        comment("Maybe a duplicate of #1?", at=4),
        closing("Duplicate of #1", author="triage[bot]"),
        comment("Duplicate of #1", at=1, author="passer-by", author_association="NONE"),
        closing("Duplicate of https://github.com/other/project/issues/1"),
    ],
)
def test_hedged_denied_and_strangers_words_are_not(said):
    found = known(ORIGINAL, thread(2, said, closed=5))
    assert found.originals == {}
    assert 2 not in found.others


def test_a_maintainers_word_that_a_pair_is_none_goes_before_all_others():
    threads = (
        ORIGINAL,
        thread(2, closing("Duplicate of #1"), closed=5),
        thread(3, closing("Duplicate of #2"), closed=5),
        thread(4, comment("/intern not-duplicate #1", at=2), closed=5),
    )
    assert find_known(lambda: threads, "o/r").originals == {2: {1}, 3: {1, 2}}
    found = find_known(lambda: threads, "o/r", {(1, 2), (1, 3)})
    assert found.originals == {3: {2}}
    # To be shown #1 on #4 would be wrong, so #4 is one of those that must be shown nothing.
    assert 4 in found.others


def test_githubs_own_mark_is_believed_unless_it_was_taken_back():
    marked = event("marked_as_duplicate", at=4, canonical=1)
    taken_back = event("unmarked_as_duplicate", at=5, canonical=1)
    assert known(ORIGINAL, thread(2, closed=6, events=(marked,))).originals == {2: {1}}
    assert known(ORIGINAL, thread(2, closed=6, events=(marked, taken_back))).originals == {}


def test_every_older_member_of_a_cluster_is_right():
    found = known(
        ORIGINAL,
        thread(2, closing("Duplicate of #1"), closed=5),
        thread(3, closing("Duplicate of #2"), closed=5),
    )
    assert found.originals == {2: {1}, 3: {1, 2}}
    assert found.rate == pytest.approx(2 / 3)


def test_closed_for_a_newer_one_is_no_query_and_an_unknown_original_is_none():
    found = known(
        thread(2, closing("Duplicate of #3"), closed=5),
        thread(3),
        thread(4, closing("Duplicate of #999"), closed=5),
    )
    assert found.originals == {}


def test_others_are_closed_and_neither_duplicate_nor_original():
    found = known(
        thread(1, closed=5),
        thread(2, closing("Duplicate of #1"), closed=5),
        thread(3, closing("Fixed by #9."), closed=5),
        thread(4),
        thread(5, closed=5, labels=("Resolution: duplicate",)),
    )
    assert found.others == {3}


def test_contributors_become_known_by_many_threads_of_others():
    busy = [
        thread(n, comment("I see.", "cleo", author_association="CONTRIBUTOR"))
        for n in range(1, ACTIVE_THREADS + 1)
    ]
    stranger = [thread(n, comment("+1", "sam", author_association="NONE")) for n in range(1, 20)]
    own = [
        thread(n, comment("Hm.", "dora", author_association="CONTRIBUTOR"), author="dora")
        for n in range(1, 20)
    ]
    assert active_contributors([*busy, *stranger, *own]) == {"cleo"}


def test_a_circle_of_duplicates_has_an_oldest():
    assert older_members([(2, 3), (3, 2), (3, 1)]) == {2: {1}, 3: {1, 2}}
