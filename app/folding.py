"""Texts as they are compared: Markdown's marks folded, whole words, sentence by sentence (pure).

A quote must be found although its source is in bold or broken into lines, and nothing must be
found that is not there: `foo_bar` is not `foobar`, and `--force` is not in `--force-with-lease`.
"""

import re
import unicodedata
from typing import Final

from app.sanitize import LINE_MARKS, MARKDOWN_LINK, clean

CODE = re.compile(r"(?<!`)(`+)(?!`)(.{1,1000}?)(?<!`)\1(?!`)", re.DOTALL)

_HOLD: Final = "\ue000"  # stands for a piece of code; clean() leaves none of it in a text
_EMPHASIS: Final = (
    re.compile(r"(?<![\w*])(\*{1,3})(?=\S)([^*\n]{1,500}?)(?<=\S)\1(?![\w*])"),
    re.compile(r"(?<![\w*])(_{1,3})(?=\S)([^_\n]{1,500}?)(?<=\S)\1(?![\w*])"),
)
_MOST_SENTENCES: Final = 300
_BEFORE: Final = r"(?<![A-Za-z0-9_./~@$-])"
_AFTER: Final = r"(?![A-Za-z0-9_/@-]|\.[A-Za-z0-9_])"

_FENCED = re.compile(
    r"^[ ]{0,3}(```|~~~).*?(?:^[ ]{0,3}\1[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE
)
_ITEM = re.compile(r"\s{0,8}(?:[-*+]|\d{1,3}[.)])\s")
_ENDS = re.compile(
    r"\n[ \t]*(?=\n)|\n(?=\s{0,8}(?:[-*+]|\d{1,3}[.)])\s)"
    r"|(?<=[.!?])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)\s+(?=[^a-z\s])|(?<=[。！？])"
)
_CLAUSES = re.compile(
    r"[.,;:!?]+(?=\s|$)|[。、，；：！？]|\s[-–—]+\s|\s(?:then|and|or|but|so)\b|(?<=[고며])\s"
)


def folded(text: str) -> str:
    """Text with white space and the marks of Markdown folded away, and nothing else.

    The marks are backticks, paired asterisks and underscores outside of code, the marks that
    begin a line, and the address of a link.
    """
    text = unicodedata.normalize("NFKC", clean(text))
    held = iter([match[2] for match in CODE.finditer(text)])
    text = LINE_MARKS.sub("", MARKDOWN_LINK.sub(r"\1", CODE.sub(_HOLD, text)))
    for marks in _EMPHASIS:
        text = marks.sub(r"\2", text)
    text = re.sub(_HOLD, lambda _: next(held, ""), text)
    return " ".join(text.replace("`", "").split())


def holds(known: str, piece: str) -> bool:
    """Whether folded text holds a folded piece as it is, not as a part of something longer."""
    if piece not in known:
        return False
    return re.search(f"{_BEFORE}{re.escape(piece)}{_AFTER}", known) is not None


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of Markdown as they were written; a block of code is one.

    What a colon announces belongs to it: "Never do one of these:" goes for the whole list. Of very
    many the rest is one.
    """
    pieces: list[str] = []
    at = 0
    for fence in _FENCED.finditer(text):
        pieces += [*_ENDS.split(text[at : fence.start()]), fence[0]]
        at = fence.end()
    pieces += _ENDS.split(text[at:])
    found: list[str] = []
    listing = False
    for piece in filter(str.strip, pieces):
        announced = bool(found) and found[-1].rstrip().rstrip("*_").endswith((":", "："))
        listing = announced or (listing and _ITEM.match(piece) is not None)
        if listing:
            found[-1] += f"\n{piece}"
        else:
            found.append(piece)
    if len(found) > _MOST_SENTENCES:
        found[_MOST_SENTENCES - 1 :] = ["\n".join(found[_MOST_SENTENCES - 1 :])]
    return tuple(piece.strip() for piece in found)


def around(quote: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    """The sentences that a folded quote stands in; all of them where that cannot be told."""
    begin = " ".join(map(folded, parts)).find(quote)
    end = begin + len(quote)
    at = 0
    found: list[str] = []
    for part in parts:
        length = len(folded(part))
        if begin < at + length and at < end:
            found.append(part)
        at += length + 1
    return tuple(found) if begin >= 0 else parts


def clauses(text: str) -> list[str]:
    """The parts of a sentence that say one thing each, with their code."""
    held = iter([match[0] for match in CODE.finditer(text)])
    parts = _CLAUSES.split(CODE.sub(_HOLD, text))
    made = (re.sub(_HOLD, lambda _: next(held, ""), part) for part in parts)
    return [part.strip() for part in made if part.strip()]
