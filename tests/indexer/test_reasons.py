from functools import partial

import pytest

from indexer.query import Query, word
from indexer.reasons import MAX_VALUES, Reason, Telling, sentence
from tests.fakes_search import BM25, background, thread

USUAL = background(
    [thread(i, f"window {i} does not open", "It happens on startup.") for i in range(1, 40)]
)
PANIC = "thread 'main' panicked at 'tide table is empty', src/tables.rs:40:9"


def telling(title, body=""):
    wording = word(Query("o/r", title, body))
    return Telling(wording, body, USUAL, BM25)


def kinds(found):
    return {reason.kind: reason.values for reason in found}


def test_a_shared_error_and_rare_words_of_both_titles_are_named():
    found = telling("Tide window crashes", PANIC).shared_with("Crash in the tide window", PANIC)
    assert found[0] == Reason("same_error", ("tide table is empty",))
    assert kinds(found)["title_words"] == ("Tide",)
    assert sentence(found[:1]) == "Same error “tide table is empty”"


@pytest.mark.parametrize(
    ("ours", "theirs", "error"),
    [
        (
            "It fails:\n```\nOSError: disk quota exceeded on /mnt/a\n```",
            "OSError: disk quota exceeded on /var/b",
            "OSError: disk quota exceeded on …",
        ),
        (
            "thread 'a' panicked at 'index out of bounds: the len is 8 but the index is 9'",
            "thread 'b' panicked at 'index out of bounds: the len is 3 but the index is 3'",
            "index out of bounds: the len is … but the index is …",
        ),
        (
            "task 'a' panicked at 'assertion failed: end <= self.len()', /build/slice.rs:4",
            "panicked at 'assertion failed: end <= self.len()', /other/slice.rs:432",
            "assertion failed: end <= self.len()",
        ),
        ("I get ENOSPC here", "npm says ENOSPC", "ENOSPC"),
        ("<Code>SignatureDoesNotMatch</Code>", "An error occurred (SignatureDoesNotMatch)",
         "SignatureDoesNotMatch"),
        ("error[E0308]: mismatched types", "I see E0308 as well", "E0308"),
    ],
)  # fmt: skip
def test_an_error_is_named_as_the_new_issue_spells_it(ours, theirs, error):
    assert kinds(telling("New", ours).shared_with("Old", theirs))["same_error"] == (error,)


@pytest.mark.parametrize(
    "line",
    [
        "error: aborting due to 4 previous errors",
        "error: could not compile harbor",
        "Error: Process completed with exit code 1.",
        "error: command failed with exit status 101",
    ],
)
def test_how_a_tool_ended_is_no_error_to_name(line):
    assert "same_error" not in kinds(telling("New", line).shared_with("Old", line))


def test_an_error_without_words_is_not_named():
    line = "thread 'a' panicked at 'Box<Any>', src/a.rs:1"
    assert "same_error" not in kinds(telling("New", line).shared_with("Old", line))


def shared_by_both(usual, text):
    """What two issues that say the same share, where this is usual."""
    wording = word(Query("o/r", "Crash", text))
    return kinds(Telling(wording, text, usual, BM25).shared_with("Old", text))


def test_an_error_in_words_that_many_have_is_not_named():
    """Each program may say so: its few words are in many issues, though not in a row."""
    generic = "thread 'main' panicked at 'called `first()` on an empty list', src/a.rs:1"
    words = ["called", "first", "empty", "list"]
    usual = background(
        [
            thread(i, f"{words[i % 4]} gauge", f"The {words[i % 4]} {i} fails.")
            for i in range(1, 201)
        ]
    )

    shared = partial(shared_by_both, usual)

    assert "same_error" not in shared(generic)
    assert "same_error" in shared(generic.replace("list", "harbourlist"))


def test_an_error_of_two_words_is_named_only_if_both_tell_something():
    """Of two words that a tool says each day, one may be rare in what people write."""
    usual = background(
        [
            thread(i, f"gauge {i}", f"{'The mooring' if i % 90 == 1 else 'A rope'} {i} holds.")
            for i in range(1, 401)
        ]
    )

    shared = partial(shared_by_both, usual)

    assert "same_error" not in shared("error: mooring gauge")
    assert shared("error: mooring fathom")["same_error"] == ("mooring fathom",)
    assert shared("error: mooring gauge in harbour dock")["same_error"]


@pytest.mark.parametrize(
    "line",
    [
        "Process didn't exit successfully: exit code 101",
        "The process exited abnormally with code 3",
        "Recipe for target seaworthy failed",
        "The anchor linker command failed with exit code 1",
    ],
)
def test_how_a_tool_ended_is_no_phrase_to_name(line):
    assert "same_phrase" not in kinds(telling("New", line).shared_with("Old", line))


def test_a_phrase_is_named_for_what_it_says_beside_how_a_tool_ended():
    ours = "The script failed while the anchor chain refuses to unwind."
    found = kinds(telling("Stuck", ours).shared_with("Blocked", ours))
    assert "anchor chain refuses to unwind" in found["same_phrase"][0]


def test_a_name_that_a_few_in_a_hundred_have_is_not_named():
    note = "Run with `BUOY_TRACE=1` for a trace."
    usual = background(
        [thread(i, f"gauge {i}", note if i % 40 == 0 else "") for i in range(1, 401)]
    )
    text = f"It calls `tide_cast`. {note}"
    found = Telling(word(Query("o/r", "Crash", text)), text, usual, BM25).shared_with("Old", text)
    assert kinds(found)["same_names"] == ("tide_cast",)


def test_an_error_that_many_have_is_not_named():
    usual = background([thread(i, f"gauge {i}", PANIC) for i in range(1, 40)])
    wording = word(Query("o/r", "Tide", PANIC))
    found = Telling(wording, PANIC, usual, BM25).shared_with("Other", PANIC)
    assert "same_error" not in kinds(found)


def test_words_in_a_row_are_named_if_they_tell_something():
    ours = "Since then the anchor chain refuses to unwind, whatever I do."
    theirs = "On Windows the anchor chain refuses to unwind after a restart."
    found = kinds(telling("Stuck", ours).shared_with("Blocked", theirs))
    assert found["same_phrase"] == ("the anchor chain refuses to unwind",)
    numbered = "12 anchor chain refuses `unwind 7"
    found = kinds(telling("Stuck", numbered).shared_with("Blocked", numbered))
    assert found["same_phrase"] == ("anchor chain refuses unwind",)
    found = telling("window does not open on startup").shared_with("window does not open", "")
    assert "same_phrase" not in kinds(found)


def test_names_out_of_the_code_are_named_the_rarest_first():
    ours = "calling `PartWriter.flush` with part_size"
    found = kinds(telling("Slow", ours).shared_with("Slower", "PartWriter.flush has part_size"))
    assert set(found["same_names"]) == {"PartWriter.flush", "part_size"}


@pytest.mark.parametrize(
    "noise",
    ["1.4.1", "42", "v2.0.0-rc.1", "x86_64-unknown-linux-gnu", "2026-03-02", "deadbeefcafe1234"],
)
def test_numbers_versions_and_machines_are_no_evidence(noise):
    assert telling(noise, f"on {noise}").shared_with(noise, f"with {noise}") == ()


def test_a_word_deep_in_both_texts_is_no_evidence():
    found = telling("It stops", "somewhere behind").shared_with("Other", "it fell behind")
    assert "same_words" not in kinds(found)


def test_stack_frames_lend_no_names():
    frames = "  4: harbor::tables::first_row\n  5: harbor::tables::last_row"
    assert telling("One", frames).shared_with("Two", frames) == ()


def test_words_that_everybody_uses_are_not_named():
    assert telling("window does not open").shared_with("window does not open", "") == ()
    assert sentence(()) == ""


def test_words_of_one_title_and_the_other_text_are_named():
    found = telling("The Gauge7 blinks").shared_with("Blinking", "my gauge7 is red")
    assert found == (Reason("same_words", ("Gauge7",)),)


def test_no_more_than_a_few_words_are_named_the_rarest_first():
    words = "anchor buoy compass depth echo fathom"
    values = kinds(telling(f"{words} window").shared_with(words, ""))["title_words"]
    assert len(values) == MAX_VALUES
    assert "window" not in values


def test_a_stack_frame_alone_is_no_error_to_name():
    frame = "  4: harbor::tables::first_row"
    assert all(r.kind != "same_error" for r in telling("x", frame).shared_with("y", frame))


def test_korean_words_are_named():
    (reason,) = telling("조수표 로딩 실패").shared_with("조수표 오류", "")
    assert reason == Reason("title_words", ("조수표",))
