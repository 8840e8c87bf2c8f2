import pytest

from indexer.resolution import resolve
from indexer.threads import Ending
from tests.fakes_threads import comment, event, release, thread


def closing(body, author="ann", **fields):
    """What was written in the act of closing on day 10."""
    return comment(body, author, at=10, **fields)


def ended(*comments, releases=(), **fields):
    return resolve(thread(7, *comments, **{"closed": 10, **fields}), releases, repo="o/r")


@pytest.mark.parametrize(
    ("words", "ending", "rule"),
    [
        ("Moved to https://github.com/o/other/issues/4", Ending.DECLINED, "moved_elsewhere"),
        ("Let us talk about it in o/other#4.", Ending.DECLINED, "moved_elsewhere"),
        ("This is the wrong repository, sorry.", Ending.DECLINED, "moved_elsewhere"),
        ("The old packer has been removed.", Ending.STALE, "closed_as_gone"),
        ("A lot has changed since.", Ending.STALE, "closed_as_gone"),
        ("No updates in two years.", Ending.STALE, "closed_as_gone"),
        ("There is a section about parts now.", Ending.FIXED, "closed_as_done"),
        ("I added the option in 3f2a9c1d.", Ending.FIXED, "closed_as_done"),
        ("https://github.com/o/r/commit/3f2a9c1d", Ending.FIXED, "closed_as_done"),
        ("I consider this done.", Ending.FIXED, "closed_as_done"),
        ("I don't think this is worth the trouble.", Ending.DECLINED, "closed_as_unwanted"),
        ("That change would need a proposal.", Ending.DECLINED, "closed_as_unwanted"),
        ("It can live in a package of its own.", Ending.DECLINED, "closed_as_unwanted"),
    ],
)
def test_a_reason_given_in_closing(words, ending, rule):
    found = ended(closing(words))
    assert (found.ending, found.rule) == (ending, rule)
    assert found.quote is not None
    assert found.quote.text == words


@pytest.mark.parametrize(
    "words",
    [
        "There is a section about parts now.",
        "The old packer has been removed.",
        "I don't think this is worth the trouble.",
    ],
)
def test_such_words_say_nothing_where_nobody_closes(words):
    later = comment("I see the same with two parts.", "eve", at=4)
    assert ended(comment(words, at=3), later).ending is Ending.UNKNOWN


@pytest.mark.parametrize("words", ["Yes.", "Please send a change!", ":+1:", "Thank you, all."])
def test_mere_agreement_is_no_ending(words):
    assert ended(closing(words)).ending is Ending.UNKNOWN


def test_a_link_to_this_repository_is_no_move():
    renamed = "See https://github.com/former-owner/r/issues/4 and its parts."
    assert ended(closing(renamed)).rule != "moved_elsewhere"


def test_what_should_go_and_is_gone_is_fixed():
    gone = closing("The old packer has been removed.")
    assert ended(gone, title="Remove the old packer").ending is Ending.FIXED


def test_a_short_closing_goes_by_the_words_before_it():
    reason = comment("There is a section about parts now.", at=8)
    found = ended(reason, closing("Closing per the above."))
    assert (found.ending, found.rule) == (Ending.FIXED, "closed_as_done")
    assert found.quote is not None
    assert found.quote.text == reason.body
    own = closing(
        "Closing: we have talked at length about who would look after all of these parts."
    )
    assert ended(reason, own).ending is Ending.UNKNOWN


@pytest.mark.parametrize(
    "words",
    [
        "I have a fix, tests are running.",
        "I'll fix this tomorrow.",
        "Working on it.",
        "PR: https://github.com/o/r/pull/12",
        "#12 should fix this.",
        "제가 수정하겠습니다.",
        "我会修复",
    ],
)
def test_an_announced_fix_and_a_silent_closing(words):
    found = ended(comment(words, at=8))
    assert (found.ending, found.rule) == (Ending.FIXED, "fix_announced")
    assert found.quote is not None
    assert found.quote.text == words


@pytest.mark.parametrize(
    "words",
    [
        "Do you have a fix?",
        "I don't have a fix for it.",
        "I will not add a fix for it.",
        "It needs a fix in the writer.",
        "If I have a fix I shall say so.",
    ],
)
def test_a_wish_for_a_fix_announces_none(words):
    assert ended(comment(words, at=8)).ending is not Ending.FIXED


def test_an_old_announcement_a_strangers_and_one_of_another_project_are_no_fix():
    words = "I have a fix, tests are running."
    assert ended(comment(words, at=8), closed=40).ending is Ending.UNKNOWN
    stranger = comment(words, "eve", at=8, author_association="NONE")
    assert ended(stranger).ending is Ending.UNKNOWN
    declined = ended(comment(words, at=8), closing("We decided against this."))
    assert declined.ending is Ending.DECLINED
    spoken = closing("Let us leave it as it is for now and see who asks for it.")
    assert ended(comment(words, at=8), spoken).ending is Ending.UNKNOWN
    elsewhere = comment("PR: https://github.com/o/other/pull/12", at=8)
    assert ended(elsewhere).ending is not Ending.FIXED


@pytest.mark.parametrize(
    "words",
    [
        "Never mind, I had a typo.",
        "My mistake, the parts were mine.",
        "Sorry for the noise!",
        "제 실수였습니다.",
        "我搞错了",
        "私の勘違いでした",
    ],
)
def test_an_author_who_takes_it_back_is_answered(words):
    found = ended(closing(words, "rob", author_association="NONE"))
    assert (found.ending, found.rule) == (Ending.ANSWERED, "retracted")


def test_an_author_who_takes_it_back_and_names_the_fix_is_not():
    found = ended(closing("Never mind, fixed by #12.", "rob", author_association="NONE"))
    assert found.ending is Ending.FIXED


@pytest.mark.parametrize(
    "words", ["This is a dupe.", "Closing as duplicate.", "이미 중복된 이슈입니다.", "重复"]
)
def test_a_duplicate_whose_original_another_comment_names(words):
    guess = comment("Might be a duplicate of #3?", "eve", at=2, author_association="NONE")
    found = ended(guess, closing(words))
    assert (found.ending, found.rule, found.duplicate_of) == (
        Ending.DUPLICATE,
        "called_duplicate",
        3,
    )
    assert ended(closing(words)).duplicate_of is None
    two = comment("Or a duplicate of #4?", "eve", at=3, author_association="NONE")
    assert ended(guess, two, closing(words)).duplicate_of is None
    assert ended(guess, closing("This is not a duplicate.")).ending is Ending.UNKNOWN


def test_later_words_contradict_earlier_ones():
    fixed = comment("Fixed by #12.", at=3)
    assert ended(fixed, comment("Thanks all.", at=9)).ending is Ending.FIXED
    again = comment("I am reopening, it still happens.", at=5)
    assert ended(fixed, again, comment("cc the packers", at=9)).ending is Ending.UNKNOWN


def test_words_long_before_or_after_the_closing_do_not_tell_the_end():
    fixed = comment("Fixed by #12.", at=3)
    later = comment("cc the packers", at=9)
    assert ended(fixed, later, closed=20).ending is Ending.FIXED
    assert ended(fixed, later, closed=60).ending is Ending.UNKNOWN
    assert ended(fixed, closed=60).ending is Ending.FIXED
    assert ended(comment("Fixed by #12.", at=12)).ending is Ending.FIXED
    assert ended(comment("Fixed by #12.", at=50)).ending is Ending.UNKNOWN


def test_passing_remarks_before_the_end_are_no_ending():
    remark = comment("With two parts it works on 1.2.", at=3)
    assert ended(remark, comment("So where is the third?", at=9)).ending is Ending.UNKNOWN
    assert ended(comment("It works on 1.2.", at=9)).ending is Ending.FIXED


def test_the_closing_confirms_a_modest_last_word():
    modest = comment("I think it was repaired somewhere.", at=8)
    assert ended(modest).ending is Ending.FIXED
    assert ended(modest, comment("Was it?", "eve", at=9)).ending is Ending.UNKNOWN


def test_a_stranger_who_was_right_is_heard_but_not_quoted():
    stranger = comment("Duplicate of #3, see evil.example", "eve", 9.5, author_association="NONE")
    found = ended(stranger)
    assert (found.duplicate_of, found.quote) == (3, None)
    fixed = comment("Fixed by #12, get it at evil.example", "eve", 9.5, author_association="NONE")
    assert (ended(fixed).ending, ended(fixed).quote) == (Ending.FIXED, None)
    merged = event("closed", closer="pull_request", closer_number=12)
    assert ended(fixed, events=(merged,)).quote is None


def test_the_version_that_broke_it_is_not_the_one_that_carries_the_fix():
    reporter = comment("It began after upgrading to 2.0.", "rob", 1, author_association="NONE")
    known = [release("v2.0", at=-5), release("v2.1", "Parts (#7)", at=20)]
    assert ended(reporter, closing("Fixed."), releases=known).release == "v2.1"
    assert ended(reporter, closing("Fixed."), releases=known[:1]).release is None
    fine = comment("It works with 2.0 on the other machine.", "rob", 1, author_association="NONE")
    assert ended(fine, closing("Fixed."), releases=known[:1]).release is None
    insider = comment("Broken since we were upgrading to 2.0.", at=2)
    assert ended(insider, closing("Fixed."), releases=known).release == "v2.1"


@pytest.mark.parametrize(
    "notes",
    [
        "## Known issues\n\n- Packing fails (#7)",
        "- Reverted #7",
        "Known problem: #7",
        "已知问题：#7",
    ],
)
def test_release_notes_that_say_it_is_not_mended_carry_no_fix(notes):
    later = "## Fixed\n\n- Packing (#7)\n\n## Known issues\n\n- Labels (#9)"
    both = [release("v1.9", notes, at=15), release("v2.0", later, at=20)]
    assert ended(closing("Fixed."), releases=both[:1]).release is None
    assert ended(closing("Fixed."), releases=both).release == "v2.0"


def test_a_change_that_closed_it_wins_over_words():
    merged = event("closed", closer="commit", closer_url="https://x/commit/1")
    found = ended(closing("We don't plan more than this."), events=(merged,))
    assert (found.ending, found.closer_url) == (Ending.FIXED, "https://x/commit/1")
