from indexer.query import Query, word
from indexer.reasons import MAX_VALUES, Reason, Telling, sentence
from indexer.text import error_signatures
from tests.fakes_search import BM25, background, thread

USUAL = background(
    [thread(i, f"window {i} does not open", "It happens on startup.") for i in range(1, 40)]
)
PANIC = "thread 'main' panicked at 'tide table is empty', src/tables.rs:40:9"


def telling(title, body=""):
    wording = word(Query("o/r", title, body))
    return Telling(wording, frozenset(error_signatures(body)), USUAL, BM25)


def test_a_shared_error_and_rare_words_of_both_titles_are_named():
    found = telling("Tide window crashes", PANIC).shared_with("Crash in the tide window", PANIC)
    assert found == (
        Reason("same_error", ("tide table is empty",)),
        Reason("title_words", ("Tide",)),
    )
    assert sentence(found) == "Same error “tide table is empty”; titles share “Tide”"


def test_words_that_everybody_uses_are_not_named():
    assert telling("window does not open").shared_with("window does not open", "") == ()
    assert sentence(()) == ""


def test_words_of_the_texts_are_named_where_titles_share_none():
    found = telling("It stops", "The Gauge_7 blinks").shared_with("Blinking", "my gauge_7 is red")
    assert found == (Reason("same_words", ("Gauge_7",)),)


def test_no_more_than_a_few_words_are_named_the_rarest_first():
    words = "anchor buoy compass depth echo fathom"
    (reason,) = telling(f"{words} window").shared_with(words, "")
    assert len(reason.values) == MAX_VALUES
    assert "window" not in reason.values


def test_a_stack_frame_alone_is_no_error_to_name():
    frame = "  4: harbor::tables::first_row"
    assert all(r.kind != "same_error" for r in telling("x", frame).shared_with("y", frame))


def test_korean_words_are_named():
    (reason,) = telling("조수표 로딩 실패").shared_with("조수표 오류", "")
    assert reason == Reason("title_words", ("조수표",))
