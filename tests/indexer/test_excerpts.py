"""What is quoted of a comment."""

import pytest

from indexer.excerpts import MAX_CODE, MAX_QUOTE, excerpt
from indexer.sentences import sentences

ANNOUNCED = """\
Thanks for the log.

The proxy drops the header. In the server block:

```nginx
proxy_set_header Host $http_host;
```

Then reload it.
"""


def sentence_with(body, word):
    return next(s for s in sentences(body) if word in s.text)


@pytest.mark.parametrize("word", ["drops", "server block"])
def test_a_paragraph_takes_along_the_code_that_it_announces(word):
    text = excerpt(ANNOUNCED, sentence_with(ANNOUNCED, word))
    assert text == (
        "The proxy drops the header. In the server block:\n"
        "```nginx\nproxy_set_header Host $http_host;\n```"
    )


def test_code_that_is_not_announced_stays_out():
    body = ANNOUNCED.replace("block:", "block.")
    assert "Host" not in excerpt(body, sentence_with(body, "drops"))


@pytest.mark.parametrize(
    "block",
    [
        "```\n" + "line of a log\n" * (MAX_CODE // 10) + "```",
        "```\nwithout an end",
        "Words of another paragraph.\n\n```\nskiff\n```",
    ],
)
def test_long_open_or_distant_code_stays_out(block):
    body = f"Do as follows:\n\n{block}\n"
    assert excerpt(body, sentence_with(body, "follows")) == "Do as follows:"


def test_a_tilde_inside_backticks_closes_nothing():
    body = "Set this:\n````\n```\n~~~\nx = 1\n````\n"
    assert excerpt(body, sentence_with(body, "Set")).endswith("```\n~~~\nx = 1\n````")


def test_a_long_paragraph_ends_after_a_sentence():
    body = "This is the cause. " + "And another word follows here. " * 30
    text = excerpt(body, sentence_with(body, "cause"))
    assert len(text) <= MAX_QUOTE
    assert text.endswith(".")
