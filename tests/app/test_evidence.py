import pytest

from app.evidence import Evidence, of_candidate
from indexer.reasons import Reason
from tests.builders import candidate


@pytest.mark.parametrize(
    ("reasons", "evidence"),
    [
        ([Reason("same_error", ("EPIPE",))], Evidence("error", ("EPIPE",))),
        ([Reason("same_phrase", ("stops at the last part",))],
         Evidence("phrase", ("stops at the last part",))),
        ([Reason("same_names", ("a_b", "c_d"))], Evidence("names", ("a_b", "c_d"))),
        ([Reason("title_words", ("Proxy", "timeout"))], Evidence("titles", ("Proxy", "timeout"))),
        ([Reason("same_words", ("배포",))], Evidence("words", ("배포",))),
        ([Reason("same_error", ("x",)), Reason("same_words", ("y",))], Evidence("error", ("x",))),
        ([Reason("same_error", ("chmod -R 777 /",)), Reason("same_words", ("y",))],
         Evidence("words", ("y",))),
        ([], Evidence("none")),
    ],
)  # fmt: skip
def test_the_strongest_thing_shared_is_the_evidence(reasons, evidence):
    assert of_candidate(candidate(9, reasons=tuple(reasons))) == evidence


def test_a_word_or_two_are_weak():
    strong = {kind for kind in ("error", "phrase", "names") if Evidence(kind, ("x",)).is_strong}
    assert strong == {"error", "phrase", "names"}
    assert not any(Evidence(kind, ("x",)).is_strong for kind in ("titles", "words", "none"))
    assert not Evidence("words", ("a", "b", "c")).is_strong
    assert Evidence("titles", ("a", "b", "c")).is_strong
