"""The sentences of a comment: prose only, as its author wrote it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_SENTENCES = 60
"""Of a longer comment the middle is a log or an essay, neither of which ends an issue."""

_MAX_SENTENCE = 500


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a comment as its author wrote it, and the paragraph it stands in."""

    text: str
    paragraph: str
    lower: str


def sentences(body: str) -> list[Sentence]:
    """The sentences of a comment: prose only, without code blocks and others' quoted words.

    Of a very long comment its beginning and its end.
    """
    found = [
        (text, paragraph)
        for paragraph in _paragraphs(body)
        for part in _SENTENCE_END.split(paragraph)
        if (text := part.strip()[:_MAX_SENTENCE])
    ]
    if len(found) > MAX_SENTENCES:
        found = found[: MAX_SENTENCES // 2] + found[-MAX_SENTENCES // 2 :]
    return [Sentence(text, paragraph, text.lower()) for text, paragraph in found]


def _paragraphs(body: str) -> Iterator[str]:
    fenced = False
    lines: list[str] = []
    for raw in body.splitlines():
        line = raw.strip()
        if line.startswith(("```", "~~~")):
            fenced = not fenced
            line = ""
        if fenced or not line or line.startswith(">"):
            if lines:
                yield "\n".join(lines)
                lines = []
            continue
        lines.append(line)
    if lines:
        yield "\n".join(lines)


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^a-z])|(?<=[。！？])|\n(?=[-*+#\d])|\n")
