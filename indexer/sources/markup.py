"""Splits a document into sections by its headings, with line numbers (pure).

Markdown, reStructuredText and AsciiDoc; code blocks stay whole, whatever stands in them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

# About three times what the embedding model reads; longer sections are cut at blank lines.
LONGEST_SECTION = 2_400
SHORTEST_SECTION = 20

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_ATX = re.compile(r"^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_SETEXT = re.compile(r"^ {0,3}(=+|-{2,})[ \t]*$")
_NO_SETEXT = re.compile(r"^\s*(?:$|[>|#]|[-*+][ \t]|\d+[.)][ \t]|```|~~~|<)")
_TITLE = re.compile(r"""^title:[ \t]*(["']?)(.+?)\1[ \t]*$""", re.MULTILINE)
_ADOC_HEADING = re.compile(r"^(={1,6}|#{1,6})[ \t]+(\S.*?)(?:[ \t]+\1)?[ \t]*$")
_ADOC_BLOCK = re.compile(r"^(-{4,}|\.{4,}|={4,}|\*{4,}|\+{4,}|/{4,}|_{4,}|```)[ \t]*$")
_RST_LINE = re.compile(r"^([!-/:-@\[-`{-~])\1{2,}[ \t]*$")
_IMAGES = re.compile(r"!\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, where its own lines begin and end (1-based, inclusive), and how deep it is."""

    begin: int
    end: int
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """The text below one heading, and the lines it came from (1-based, inclusive)."""

    headings: tuple[str, ...]
    text: str
    begin: int
    end: int


def split(path: str, text: str) -> list[Section]:
    """The sections of a document; the form is told by the file's name."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    suffix = PurePosixPath(path).suffix.lower()
    skipped = 0
    title = ""
    if suffix == ".rst":
        headings, blocks = list(_rst_headings(lines)), _rst_blocks(lines)
    elif suffix in {".adoc", ".asciidoc"}:
        headings, blocks = _adoc_headings(lines)
    else:
        skipped, title = _front_matter(lines)
        lines, blocks = _scan(lines, skipped)
        headings = _markdown_headings(lines, skipped, blocks)
    return list(_sections(lines, headings, blocks, skipped, title))


def _sections(
    lines: Sequence[str],
    headings: Sequence[Heading],
    blocks: Sequence[tuple[int, int]],
    skipped: int,
    title: str,
) -> Iterator[Section]:
    stack: list[Heading] = [Heading(0, 0, 0, title)] if title else []
    inside = _lines_of(blocks)
    begin = skipped + 1
    for heading in (*headings, None):
        end = heading.begin - 1 if heading else len(lines)
        path = tuple(h.text for h in stack)
        yield from _pieces(lines, begin, end, path, inside)
        if heading is None:
            return
        stack = [h for h in stack if h.level < heading.level]
        # A front matter's title is often said again as the first heading.
        if not (len(stack) == 1 and stack[0].text == heading.text):
            stack.append(heading)
        begin = heading.end + 1


def _pieces(
    lines: Sequence[str],
    begin: int,
    end: int,
    headings: tuple[str, ...],
    inside: set[int],
) -> Iterator[Section]:
    """One section, or several where it is long: cut at blank lines, never inside a block."""
    start, size, cut = begin, 0, 0
    for number in range(begin, end + 1):
        line = lines[number - 1]
        if not line.strip() and number not in inside:
            cut = number
        size += len(line) + 1
        if size > LONGEST_SECTION and cut > start:
            yield from _piece(lines, start, cut - 1, headings)
            start = cut + 1
            size = sum(len(text) + 1 for text in lines[start - 1 : number])
            cut = 0
    yield from _piece(lines, start, end, headings)


def _piece(
    lines: Sequence[str], begin: int, end: int, headings: tuple[str, ...]
) -> Iterator[Section]:
    while begin <= end and not lines[begin - 1].strip():
        begin += 1
    while end >= begin and not lines[end - 1].strip():
        end -= 1
    text = "\n".join(lines[begin - 1 : end])
    if len(text.strip()) >= SHORTEST_SECTION:
        yield Section(headings, text, begin, end)


def _lines_of(blocks: Sequence[tuple[int, int]]) -> set[int]:
    return {line for first, last in blocks for line in range(first, last + 1)}


def _front_matter(lines: Sequence[str]) -> tuple[int, str]:
    """How many lines a YAML or TOML head takes, and the title it gives."""
    if not lines or lines[0].strip() not in {"---", "+++"}:
        return 0, ""
    fence = lines[0].strip()
    for number, line in enumerate(lines[1:], 2):
        if line.strip() == fence:
            head = "\n".join(lines[1 : number - 1]).replace(" = ", ": ")
            found = _TITLE.search(head)
            return number, found.group(2).strip() if found else ""
    return 0, ""


def _scan(lines: Sequence[str], skipped: int) -> tuple[list[str], list[tuple[int, int]]]:
    """Markdown's code blocks, and the lines with HTML comments outside of them blanked.

    One pass, because a comment may hold fences and a code block may hold comments.
    """
    clean: list[str] = []
    blocks: list[tuple[int, int]] = []
    fence, opened, in_comment = "", 0, False
    for number, line in enumerate(lines, 1):
        if number <= skipped:
            clean.append(line)
            continue
        shown = line
        if not fence:
            shown, in_comment = _uncommented(line, in_comment=in_comment)
        clean.append(shown)
        found = _FENCE.match(shown)
        if not found:
            continue
        mark, info = found.groups()
        if not fence and (mark[0] == "~" or "`" not in info):
            fence, opened = mark, number
        elif fence and mark.startswith(fence) and not info.strip():
            blocks.append((opened, number))
            fence = ""
    if fence:
        blocks.append((opened, len(lines)))
    return clean, blocks


def _uncommented(line: str, *, in_comment: bool) -> tuple[str, bool]:
    """A line without what stands in HTML comments, and whether one is open at its end."""
    out = ""
    while line:
        mark = "-->" if in_comment else "<!--"
        before, found, line = line.partition(mark)
        out += "" if in_comment else before
        in_comment = in_comment != bool(found)
    return out, in_comment


def _markdown_headings(
    lines: Sequence[str], skipped: int, blocks: Sequence[tuple[int, int]]
) -> list[Heading]:
    inside = _lines_of(blocks)
    headings: list[Heading] = []
    for number in range(skipped + 1, len(lines) + 1):
        line = lines[number - 1]
        if number in inside:
            continue
        if found := _ATX.match(line):
            if found.group(2):
                headings.append(
                    Heading(number, number, len(found.group(1)), _plain(found.group(2)))
                )
        elif _SETEXT.match(line) and number - 1 > skipped and number - 1 not in inside:
            above = lines[number - 2]
            higher = lines[number - 3] if number - 2 > skipped else ""
            taken = headings[-1].end if headings else 0
            # A line of a longer paragraph, or a heading, is no heading by what stands below it.
            alone = not higher.strip() or taken == number - 2 or number - 2 in inside
            if alone and taken < number - 1 and not _NO_SETEXT.match(above):
                level = 1 if "=" in line else 2
                headings.append(Heading(number - 1, number, level, _plain(above)))
    return headings


def _adoc_headings(lines: Sequence[str]) -> tuple[list[Heading], list[tuple[int, int]]]:
    headings: list[Heading] = []
    blocks: list[tuple[int, int]] = []
    fence, opened = "", 0
    for number, line in enumerate(lines, 1):
        if found := _ADOC_BLOCK.match(line):
            if not fence:
                fence, opened = found.group(1), number
            elif fence == found.group(1):
                blocks.append((opened, number))
                fence = ""
        elif not fence and (heading := _ADOC_HEADING.match(line)):
            level, text = len(heading.group(1)), heading.group(2)
            headings.append(Heading(number, number, level, _plain(text)))
    return headings, blocks


def _rst_headings(lines: Sequence[str]) -> Iterator[Heading]:
    """Titles with a line below, or above and below; levels go by the order of first use."""
    styles: list[tuple[str, bool]] = []
    for number in range(2, len(lines) + 1):
        under, title = lines[number - 1], lines[number - 2]
        if not _RST_LINE.match(under) or not title.strip() or _RST_LINE.match(title):
            continue
        if title[:1].isspace() and not (number > 2 and _RST_LINE.match(lines[number - 3])):  # noqa: PLR2004
            continue
        if len(under.rstrip()) < len(title.strip()):
            continue
        over = number > 2 and lines[number - 3].rstrip() == under.rstrip()  # noqa: PLR2004
        style = (under[0], over)
        if style not in styles:
            styles.append(style)
        begin = number - 2 if over else number - 1
        yield Heading(begin, number, styles.index(style) + 1, _plain(title))


def _rst_blocks(lines: Sequence[str]) -> list[tuple[int, int]]:
    """Indented blocks after `::`, blank lines inside included."""
    blocks: list[tuple[int, int]] = []
    number = 1
    while number <= len(lines):
        line = lines[number - 1]
        number += 1
        if not line.rstrip().endswith("::") and not line.lstrip().startswith(".. code"):
            continue
        indent = len(line) - len(line.lstrip())
        begin = last = number - 1
        while number <= len(lines):
            inner = lines[number - 1]
            if inner.strip() and len(inner) - len(inner.lstrip()) <= indent:
                break
            if inner.strip():
                last = number
            number += 1
        if last > begin:
            blocks.append((begin, last))
    return blocks


def _plain(heading: str) -> str:
    """A heading's words without links, anchors and emphasis."""
    text = _IMAGES.sub(r"\1", heading)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\s*\{#[\w-]+\}\s*$", "", text)
    return text.replace("`", "").replace("**", "").replace("__", "").strip()
