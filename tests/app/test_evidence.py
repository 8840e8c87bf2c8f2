import pytest

from app.evidence import Evidence, Sharing
from indexer.reasons import Reason
from tests.builders import candidate, doc, thread


@pytest.mark.parametrize(
    ("ours", "theirs", "evidence"),
    [
        (
            "It fails:\n```\nOSError: disk quota exceeded on /mnt/a\n```",
            "OSError: disk quota exceeded on /var/b",
            Evidence("error", ("OSError: disk quota exceeded on /mnt/a",)),
        ),
        (
            "task 'a' panicked at 'assertion failed: end <= self.len()', /build/slice.rs:4",
            "panicked at 'assertion failed: end <= self.len()', /other/slice.rs:432",
            Evidence("error", ("assertion failed: end <= self.len()",)),
        ),
        ("I get ENOSPC here", "npm says ENOSPC", Evidence("error", ("ENOSPC",))),
        (
            "calling `PartWriter.flush` with part_size",
            "PartWriter.flush ignores part_size",
            Evidence("names", ("PartWriter.flush", "part_size")),
        ),
        ("nothing shared", "entirely different", Evidence("none")),
    ],
)
def test_the_strongest_thing_shared_is_named(ours, theirs, evidence):
    past = candidate(9, "Old", theirs)
    assert Sharing(thread(2, "New", ours)).with_(past) == evidence


@pytest.mark.parametrize(
    ("reasons", "evidence"),
    [
        ([Reason("title_words", ("Proxy", "timeout"))], Evidence("titles", ("Proxy", "timeout"))),
        ([Reason("same_words", ("배포",))], Evidence("words", ("배포",))),
        ([Reason("same_error", ("x",)), Reason("same_words", ("y",))], Evidence("words", ("y",))),
        ([], Evidence("none")),
    ],
)
def test_rare_words_are_the_last_resort(reasons, evidence):
    past = candidate(9, "Timeout behind proxy", "other", reasons=tuple(reasons))
    assert Sharing(thread(2, "Proxy timeout", "text")).with_(past) == evidence


def test_docs_have_evidence_too():
    assert Sharing(thread(2, "x", "what does part_size do")).with_(doc()).terms == ("part_size",)


def test_size_does_not_matter():
    sharing = Sharing(thread(2, "a" * 9000, "a_" * 60_000))
    assert sharing.with_(candidate(9, "", "a_" * 60_000)) is not None


def test_the_rarest_error_is_named():
    ours = "error: internal compiler error: unexpected panic\nerror: end of stream was hit"
    past = candidate(9, "x", ours, reasons=(Reason("same_error", ("end of stream was hit",)),))
    assert Sharing(thread(2, "New", ours)).with_(past).terms == ("end of stream was hit",)
