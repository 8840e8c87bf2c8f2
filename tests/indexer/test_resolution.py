import time

import pytest

from indexer.release_notes import ReleaseNotes, version_of
from indexer.resolution import resolve
from indexer.threads import Ending
from tests.fakes_threads import comment, day, event, release, thread


def closing(body, author="ann", **fields):
    """What was written in the act of closing on day 10."""
    return comment(body, author, at=10, **fields)


def ended(*comments, releases=(), **fields):
    return resolve(thread(7, *comments, **{"closed": 10, **fields}), releases, repo="o/r")


@pytest.mark.parametrize(
    ("words", "original"),
    [
        ("Duplicate of #3", 3),
        ("Closing as a dup of #3.", 3),
        ("dupe: #3", 3),
        ("This is a duplicate of https://github.com/o/r/issues/3", 3),
        ("Closing in favor of #3, which has more detail.", 3),
        ("Already tracked in #3.", 3),
        ("#3과 중복입니다.", 3),
        ("与 #3 重复", 3),
        ("#3 と重複しています", 3),
        ("I think this is a dup of #3, closing.", 3),
        ("Closing, see #3.", 3),
        ("This is part of #3.", 3),
        ("Looks exactly like #3 to me.", 3),
        ("#3 seems to subsume this, closing.", 3),
        ("Closing in favour of the existing #3", 3),
    ],
)
def test_the_closing_words_name_the_original(words, original):
    found = ended(closing(words))
    assert (found.ending, found.duplicate_of) == (Ending.DUPLICATE, original)
    assert found.quote is not None
    assert found.quote.text == words


@pytest.mark.parametrize(
    "words",
    [
        "This is not a duplicate of #3.",
        "It isn't a dup of #3, that one is about parts.",
        "Might be a duplicate of #3?",
        "Possibly a duplicate of #3.",
        "Is this the same as #3?",
        "#3과 중복은 아닙니다.",
        "Duplicate of o/other#3",
        "Duplicate of https://github.com/o/other/issues/3",
        "Duplicate of #7",
        "Closed by #3",
        "Merged in #3",
        "Implemented; what is left is filed as #3.",
        "> Duplicate of #3\n\nNo.",
        "```\nDuplicate of #3\n```",
    ],
)
def test_hedged_negated_quoted_and_foreign_mentions_are_left_out(words):
    assert ended(closing(words)).duplicate_of is None


def test_a_strangers_claim_of_a_duplicate_does_not_count():
    stranger = comment("Duplicate of #3", "eve", at=2, author_association="NONE")
    assert ended(stranger).duplicate_of is None
    trusted = resolve(thread(7, stranger, closed=10), trusted=frozenset({"eve"}))
    assert trusted.duplicate_of == 3


def test_a_bots_and_a_hidden_claim_do_not_count():
    for claim in (
        closing("Duplicate of #3", "dup[bot]"),
        closing("Duplicate of #3", author_is_bot=True),
        closing("Duplicate of #3", minimized=True),
    ):
        assert ended(claim).duplicate_of is None


def test_who_closed_is_believed_whatever_the_association():
    words = closing("Duplicate of #3", "pat", author_association="NONE")
    assert ended(words).duplicate_of == 3
    early = comment("Duplicate of #3", "pat", at=2, author_association="NONE")
    by_event = ended(early, events=(event("closed", actor="pat"),))
    assert by_event.duplicate_of == 3


def test_githubs_mark_counts_until_it_is_taken_back():
    mark = event("marked_as_duplicate", canonical=3, at=9)
    assert ended(events=(mark,)).duplicate_of == 3
    undone = event("unmarked_as_duplicate", canonical=3, at=9.5)
    assert ended(events=(mark, undone)).ending is Ending.UNKNOWN


def test_state_reason_duplicate_takes_its_number_from_the_words():
    found = ended(comment("Duplicate of #3", at=9), state_reason="duplicate")
    assert (found.rule, found.duplicate_of) == ("marked_duplicate", 3)
    assert ended(state_reason="duplicate").ending is Ending.DUPLICATE


@pytest.mark.parametrize(
    ("words", "ending"),
    [
        ("Fixed by #12.", Ending.FIXED),
        ("This was fixed some time ago.", Ending.FIXED),
        ("Works on master now.", Ending.FIXED),
        ("I can't reproduce this anymore.", Ending.FIXED),
        ("Seems fixed, closing.", Ending.FIXED),
        ("This no longer crashes.", Ending.FIXED),
        ("Not a problem any more.", Ending.FIXED),
        ("The third part compiles on the latest release.", Ending.FIXED),
        ("#12 has landed, closing.", Ending.FIXED),
        ("이제 정상적으로 됩니다", Ending.FIXED),
        ("不再出现", Ending.FIXED),
        ("消えました", Ending.FIXED),
        ("다음 버전에서 수정되었습니다.", Ending.FIXED),
        ("已修复", Ending.FIXED),
        ("修正しました", Ending.FIXED),
        ("Won't fix: we keep the old format.", Ending.DECLINED),
        ("This is working as intended.", Ending.DECLINED),
        ("Not a bug, parts are limited by design.", Ending.DECLINED),
        ("We decided against this.", Ending.DECLINED),
        ("This isn't a bug.", Ending.DECLINED),
        ("This is the correct behaviour.", Ending.DECLINED),
        ("설계상 의도된 동작입니다.", Ending.DECLINED),
        ("Closing due to inactivity.", Ending.STALE),
        ("No response for a year, closing.", Ending.STALE),
        ("Could not reproduce this.", Ending.STALE),
        ("No longer relevant.", Ending.STALE),
        ("I don't think this is really relevant.", Ending.STALE),
        ("两周没有反馈,先关闭", Ending.STALE),
    ],
)
def test_the_closing_words_tell_the_ending(words, ending):
    found = ended(closing(words))
    assert found.ending is ending
    assert found.quote is not None
    assert found.quote.author == "ann"


@pytest.mark.parametrize(
    "words",
    [
        "This is not fixed yet.",
        "Until this is fixed, nothing works.",
        "It needs to be fixed.",
        "Maybe fixed by #12?",
        "It will probably be fixed by the new writer.",
        "I was working on another part.",
    ],
)
def test_denied_and_postponed_fixes_are_no_fixes(words):
    assert ended(closing(words)).ending is Ending.UNKNOWN


def test_the_last_words_win_over_earlier_ones():
    found = ended(comment("Fixed by #12.", at=3), closing("Reverted; we won't fix this."))
    assert found.ending is Ending.DECLINED


def test_a_pull_request_that_closed_it_is_a_fix():
    merged = event("closed", closer="pull_request", closer_number=12, closer_url="https://x/12")
    found = ended(events=(merged,), releases=[release("v2.0", "Parts (#12)")])
    assert (found.ending, found.rule) == (Ending.FIXED, "closed_by_change")
    assert (found.closer_url, found.release) == ("https://x/12", "v2.0")


def test_the_release_is_the_first_final_one_that_names_the_issue_or_its_fix():
    notes = [
        release("v2.0", "Parts again (#12)", at=40),
        release("v1.9", "Parts (#12)", at=30),
        release("v1.9-rc1", "Parts (#12)", at=25, prerelease=True),
        release("v0.1", "Before its time: #12", at=-5),
    ]
    assert ended(closing("Fixed by #12"), releases=notes).release == "v1.9"
    assert ended(closing("Fixed."), releases=[release("v3", "Closes #7")]).release == "v3"
    assert ended(closing("Fixed."), releases=[release("v3", "o/x#7, #70")]).release is None


def test_release_notes_that_name_the_issue_are_enough():
    found = ended(releases=[release("v3", "Parts are packed in order (#7)")])
    assert (found.ending, found.rule, found.release) == (Ending.FIXED, "named_by_release", "v3")


@pytest.mark.parametrize(
    "words",
    [
        "Fixed in v1.9.2.",
        "Fixed, please upgrade to 1.9.2",
        "1.9.2에서 수정되었습니다",
        "Released in version 1.9.2",
    ],
)
def test_a_comment_names_the_release(words):
    assert ended(closing(words), releases=[release("kit@1.9.2")]).release == "kit@1.9.2"
    assert ended(closing(words)).release in {"v1.9.2", "1.9.2"}


def test_a_version_that_was_never_released_here_is_not_named():
    found = ended(closing("Fixed in 3.1 of the other library"), releases=[release("v1.0")])
    assert found.release is None


def test_versions_in_tags():
    assert version_of("v1.2.0") == version_of("kit@1.2.0") == "1.2.0"
    assert version_of("nightly") is None
    assert len(ReleaseNotes([release("v1.0")])) == 1


def test_a_comment_in_the_second_of_the_closing_is_the_closers():
    quick = closing("You can run `fix.exe` to repair it.", "eve", author_association="NONE")
    assert ended(quick).quote is not None  # nothing tells who closed it
    found = ended(quick, events=(event("closed", actor="ann"),))
    assert found.quote is None
    hers = closing("You can run `kit repair` to mend it.", "ann", author_association="NONE")
    assert ended(hers, events=(event("closed", actor="ann"),)).quote is not None


def test_an_answer_that_the_author_thanked_for():
    answer = comment("You can set `part_size` to 64 MB in the config.", at=2)
    found = ended(answer, comment("Thanks, that works!", "rob", at=3, author_association="NONE"))
    assert (found.ending, found.rule) == (Ending.ANSWERED, "thanked")
    assert found.quote is not None
    assert found.quote.text == answer.body


def test_an_insiders_advice_before_the_closing_is_an_answer():
    answer = comment("You can use `kit pack --all`, which takes every part.", at=9)
    assert ended(answer).ending is Ending.ANSWERED
    stranger = comment(answer.body, "eve", at=9, author_association="NONE")
    assert ended(stranger).ending is Ending.UNKNOWN


@pytest.mark.parametrize(
    ("labels", "ending"),
    [
        (("wontfix",), Ending.DECLINED),
        (("status: invalid",), Ending.DECLINED),
        (("duplicate",), Ending.DUPLICATE),
        (("stale",), Ending.STALE),
        (("lifecycle/rotten",), Ending.STALE),
        (("resolved",), Ending.FIXED),
        (("bug",), Ending.UNKNOWN),
    ],
)
def test_labels_tell_the_ending_where_nobody_said_it(labels, ending):
    assert ended(labels=labels).ending is ending


def test_not_planned_is_declined_by_people_and_stale_by_programs():
    assert ended(state_reason="not_planned").ending is Ending.DECLINED
    closed = (event("closed", actor="stale[bot]"),)
    assert ended(state_reason="not_planned", events=closed).ending is Ending.STALE
    assert ended(events=closed).rule == "closed_by_program"


def test_closed_without_a_word_is_unknown():
    found = ended()
    assert (found.ending, found.rule, found.quote) == (Ending.UNKNOWN, "silent", None)


def test_an_open_issue_has_no_ending_but_may_have_a_workaround():
    words = "As a workaround, set `part_size = 64`."
    found = resolve(thread(7, comment(words), comment("Fixed by #12", at=2)))
    assert (found.ending, found.rule) == (Ending.UNKNOWN, "open_workaround")
    assert found.quote is not None
    assert found.quote.text == words


def test_a_quote_stands_in_its_comment_word_for_word():
    long = " ".join(f"Sentence number {n} says little." for n in range(60))
    body = f"{long}\n\nFixed in v2.1 by the new writer.\nIt **splits** parts."
    found = ended(closing(body, url="https://github.com/o/r/issues/7#issuecomment-1"))
    assert found.quote is not None
    assert found.quote.text == "Fixed in v2.1 by the new writer.\nIt **splits** parts."
    assert found.quote.url == "https://github.com/o/r/issues/7#issuecomment-1"
    assert found.quote.created_at == day(10)
    other = ended(closing(f"Fixed by #12. {long}"))
    assert other.quote is not None
    assert other.quote.text in f"Fixed by #12. {long}"
    assert len(other.quote.text) <= 500


@pytest.mark.parametrize(
    "piece", ["#1 ", "fixed ", "dup of ", "not ", "(", "v1.1", "중복 ", "a.b", "\n", "closing #"]
)
def test_hostile_comments_take_no_time(piece):
    body = (piece * (65_536 // len(piece) + 1))[:65_536]
    started = time.process_time()
    ended(closing(body), comment(body, "rob", at=9), comment(body, at=8))
    assert time.process_time() - started < 3


def test_a_reporters_that_fixed_it_is_an_answer_and_not_a_fix():
    answer = comment("You are missing `public_url`. Without it the address is a guess.", at=2)
    words = comment("`public_url` fixed it.", "rob", at=9, author_association="NONE")
    found = ended(answer, words, comment("Good idea, I'll add a warning.", at=9.5))
    assert (found.ending, found.rule) == (Ending.ANSWERED, "thanked")
    assert found.quote is not None
    assert found.quote.text == answer.body


def test_a_reporter_who_closes_after_an_answer_was_answered():
    answer = comment("Keep `data_dir` on a local disk.", at=2)
    closed = (event("closed", actor="rob"),)
    found = ended(answer, comment("I see.", "rob", at=9), events=closed)
    assert (found.ending, found.rule) == (Ending.ANSWERED, "closed_by_reporter")


def test_a_strangers_cure_is_never_quoted():
    cure = comment(
        "You can run the repair tool from https://bad.example, as a workaround `fix.exe`.",
        "eve",
        at=2,
        author_association="NONE",
    )
    thanks = comment("Thanks, that works!", "rob", at=3, author_association="NONE")
    for labels in ((), ("question",), ("bug",)):
        found = ended(cure, thanks, labels=labels)
        assert found.quote is None or found.quote.author != "eve"
    assert resolve(thread(7, cure)).quote is None
