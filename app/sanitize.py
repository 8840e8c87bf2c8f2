"""Strangers' and models' words made harmless for a GitHub comment, as one line of Markdown.

What comes out has no mention, no reference to an issue, no image, no HTML, no address and no
Markdown but code spans, and cannot close a fence, a link or a list that it stands in. Only values
of the type `Markdown` reach the templates (reply.py), so nothing gets there by another way.
"""

import re
import unicodedata
from collections import deque
from typing import Final

ZERO_WIDTH: Final = "\u200b"  # ours, between `#` and a number, where GitHub then sees no reference
ELLIPSIS: Final = "…"
_COMBINING_LIMIT: Final = 4
_FEW_LINES: Final = 3
_SHORT_BLOCK: Final = 160

_HOLD: Final = "\ue000"  # stands for a piece of code; clean() leaves none of it in a text

Segment = tuple[bool, str]  # is it code, and its text


class Markdown(str):
    """Markdown that is safe to print: written by us, or made harmless by this module."""

    __slots__ = ()


_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u034f\u061c\u115f\u1160"
    "\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\uf8ff\U000e0000-\U000e0fff]"
)
_ZALGO = re.compile(
    rf"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff\ufe20-\ufe2f]{{{_COMBINING_LIMIT}}})"
    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_TAGS = re.compile(
    r"</?(?:a|abbr|b|blockquote|body|br|center|code|dd|del|details|div|dl|dt|em|font|form|h[1-6]|head"
    r"|hr|html|i|iframe|img|input|ins|kbd|li|link|meta|object|ol|p|picture|pre|q|s|samp|script|small"
    r"|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|th|thead|tr|tt|u|ul|var"
    r"|video)(?=[\s/>])[^<>]{0,500}>",
    re.IGNORECASE,
)
_URL = re.compile(
    # GitHub links these wherever they stand but after a letter; a digit hides none.
    r"(?:https?|ftp):/{2}(?=[^\s`<>\"'])[^\s`<>\"']*"
    r"|(?<![A-Za-z0-9])(?:(?:[A-Za-z][A-Za-z0-9+.-]{1,30}+:/{2}(?=[^\s`<>\"'])|www\.|(?:mailto|javascript|data|xmpp"
    r"|tel|vbscript|file):(?=\S))[^\s`<>\"']*"
    r"|(?:[A-Za-z0-9-]{1,63}\.){1,6}+(?:app|cn|co|com|cc|dev|gg|info|io|kr|link|ly|me|net|org|ru|sh"
    r"|site|to|top|tk|xyz)/[^\s`<>\"']+)",
    re.IGNORECASE,
)
_LOOPBACK = re.compile(
    r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::\d{1,5})?(?:/[\w./%-]{0,200})?(?![\w@:-]|\.\w)",
    re.IGNORECASE,
)
_MARKDOWN_IMAGE = re.compile(
    r"!\[([^\[\]]{0,300})\](?:\([^()\s]{0,2000}[^()]{0,300}\)|\[[^\[\]]{0,100}\])"
)
MARKDOWN_LINK = re.compile(r"\[([^\[\]]{1,500})\]\([^()\s]{0,2000}(?:\s[^()]{0,300})?\)")
_FENCES = re.compile(r"`+|(?:^|(?<=\n))[ ]{0,3}~{3,}")
LINE_MARKS = re.compile(
    r"^[ \t]{0,8}(?:#{1,6}[ \t]+|(?:>[ \t]?){1,10}|[-*+][ \t]+|\d{1,3}[.)][ \t]+)+", re.MULTILINE
)
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3})(?=\S)([^*_\n]{1,500}?)(?<=\S)\1(?![\w*])")
_SCOPED = re.compile(
    r"(?<![A-Za-z0-9])@[A-Za-z0-9][\w.-]{0,60}/[\w.@~^-]{1,100}|[\w.+-]{1,80}+@[\w.@+-]{1,100}"
)
# GitHub links no bare host, but mail programs do, and it links a commit by its whole name. As code
# both are only read. What is a file's ending too (README.md, main.rs, run.sh) is a host only with a
# path behind it.
_HOST = (
    r"(?:[A-Za-z0-9-]{1,63}\.){1,6}(?:"
    r"(?:(?i:com|net|org|io|dev|app|ai|edu|gov|info|biz|link|site|online|shop|store|xyz|top|cloud"
    r"|click|download|live|club|icu)|[a-z]{2}\.[a-z]{2}|at|au|be|br|ch|cn|co|cz|de|dk|es|eu|fi|fr|gg"
    r"|hk|hu|ie|il|ir|it|jp|kr|la|ly|me|mx|nl|no|nz|pt|ro|ru|se|sg|tk|to|tr|tv|tw|ua|uk|us|vn|ws|za)"
    r"(?::\d{1,5})?(?![A-Za-z0-9_(-]|\.[A-Za-z0-9_])|[A-Za-z]{2,24}(?::\d{1,5})?(?=/\w))"
    r"(?:/[^\s`<>\"']{0,300})?"
)
_ONLY_READ = re.compile(
    rf"(?<![A-Za-z0-9_./:$-]){_HOST}|(?<![A-Za-z0-9])[0-9a-f]{{40}}(?![A-Za-z0-9])"
)
_MENTION = re.compile(r"@+(?=[A-Za-z0-9])")
_REFERENCE = re.compile(r"([#＃]|(?<![A-Za-z0-9])[Gg][Hh]-)(?=\d)")
_CLOSER_IN_CODE = re.compile(
    r"((?:clos|fix|resolv|duplicate|dup|중복)[^#]{0,40})#(?=\d)", re.IGNORECASE
)
_ESCAPED = re.compile(r"[\\*\[\]~|$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_BLOCK_START = re.compile(r"^(?:[-+](?=\s|$)|#(?=[#\s]|$)|=|(\d{1,9})(?=[.)](?:\s|$)))")
_SENTENCE_END = re.compile(r"[.!?…](?=[\s\"'”’)\]]|$)|[。！？]")


def clean(text: str) -> str:
    """Control, invisible and direction-changing characters out, piled-up accents limited."""
    text = unicodedata.normalize("NFC", text)
    return _ZALGO.sub(r"\1", _INVISIBLE.sub("", text))


def inline(
    text: str, *, limit: int, markup: bool = True, link_word: str = "link", whole: bool = False
) -> Markdown:
    """Someone's words as one harmless line; their `code` stays code.

    Args:
        text: Markdown, or with `markup=False` plain text in which only backticks mean something,
            as in a title.
        limit: visible characters; longer text is cut at a sentence's end, or after a word.
        markup: whether links, emphasis, headings and HTML tags in the text are syntax.
        link_word: what stands in an address's place.
        whole: cut after a word rather than at a sentence's end, to use the room there is.
    """
    text = clean(text[: limit * 10 + 2000])
    if markup:
        text = _without_comments(text)
    segments = _segments(text)
    if markup:
        segments = _without_markup(segments)
    return _render(_cut(_without_harm(segments, link_word), limit, whole=whole))


def visible_text(markdown: str) -> str:
    """What a reader sees of Markdown that we wrote, near enough to count it."""
    text = re.sub(r"\]\([^()\s]*\)", "", markdown)
    text = re.sub(r"<[^<>]*>", "", text).replace("&lt;", "<").replace("&gt;", ">")
    text = text.replace("&#96;", "`").replace("&amp;", "&").replace(ZERO_WIDTH, "")
    return re.sub(r"\\(?=[^\w\s])|\*\*|(?<!\\)\[", "", text)


def readings(text: str, *, limit: int) -> tuple[str, ...]:
    """Someone's words as they were written and, where that differs, as `inline` shows them.

    Hidden characters are gone, look-alikes of letters and digits are those (NFKC): what is checked
    must be what is read.
    """
    written = unicodedata.normalize("NFKC", clean(text[:limit]))
    read = unicodedata.normalize("NFKC", visible_text(inline(text[:limit], limit=limit)))
    return (written,) if written == read else (written, read)


def names_host(text: str) -> bool:
    """Whether the text names a host, with a path or without."""
    return any("." in match[0] for match in _ONLY_READ.finditer(text))


def code(text: str, *, limit: int = 120) -> Markdown:
    """Text as one code span."""
    return _render(_cut([(True, _code_text(clean(text[: limit * 10])))], limit, whole=True))


def _without_markup(segments: list[Segment]) -> list[Segment]:
    """Links, emphasis, headings and tags away, outside of code; code may stand within them."""
    held = [part for is_code, part in segments if is_code]
    text = "".join(_HOLD if is_code else part for is_code, part in segments)
    text = _MARKDOWN_IMAGE.sub("", text)
    text = MARKDOWN_LINK.sub(r"\1", text)
    text = _TAGS.sub(" ", text)
    text = _EMPHASIS.sub(r"\2", LINE_MARKS.sub("", text))
    parts = text.split(_HOLD)
    # What stood in an image's text is gone with the image; such a text is not told apart.
    if len(parts) != len(held) + 1:
        return [(False, " ".join(parts))]
    result: list[Segment] = [(False, parts[0])]
    for code_part, after in zip(held, parts[1:], strict=True):
        result += [(True, code_part), (False, after)]
    return result


def _without_comments(text: str) -> str:
    parts: list[str] = []
    at = 0
    while (begin := text.find("<!--", at)) >= 0:
        parts.append(text[at:begin])
        end = text.find("-->", begin)
        at = len(text) if end < 0 else end + 3
    return "".join([*parts, text[at:]])


def _segments(text: str) -> list[Segment]:
    """Text and code in turn; a block of code is told by its first line."""
    runs = [(m.start(), m.end()) for m in _FENCES.finditer(text)]
    places: dict[str, deque[int]] = {}
    for index, (start, end) in enumerate(runs):
        places.setdefault(text[start:end].strip(), deque()).append(index)
    segments: list[Segment] = []
    at, index = 0, 0
    while index < len(runs):
        start, end = runs[index]
        mark = text[start:end].strip()
        same = places[mark]
        while same and same[0] <= index:
            same.popleft()
        if not same:
            index += 1
            continue
        close = runs[same[0]]
        lines = _lines_of_code(text[end : close[0]], mark)
        segments += [(False, text[at:start]), *((True, line) for line in lines)]
        at, index = close[1], same[0] + 1
    segments.append((False, text[at:]))
    return [(is_code, part) for is_code, part in segments if part]


def _lines_of_code(body: str, mark: str) -> list[str]:
    """The few lines of a short piece of code, else the first."""
    if len(mark) >= 3 and "\n" in body:  # noqa: PLR2004 - a fence, with its info string
        body = body.split("\n", 1)[1]
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    if len(lines) <= _FEW_LINES and sum(map(len, lines)) <= _SHORT_BLOCK:
        return lines
    return [f"{lines[0]} {ELLIPSIS}"]


def _without_harm(segments: list[Segment], link_word: str) -> list[Segment]:
    """Addresses and mentions away; package names with an `@`, and loopback addresses, as code."""
    result: list[Segment] = []
    for is_code, part in segments:
        if is_code:
            result.append((True, part))
            continue
        at = 0
        for match in _LOOPBACK.finditer(part):
            result += [*_as_text(part[at : match.start()], link_word), (True, match[0])]
            at = match.end()
        result += _as_text(part[at:], link_word)
    made = [(c, _code_text(p) if c else _plain(p, link_word)) for c, p in result]
    return [(is_code, part) for is_code, part in made if part]


def _as_text(text: str, link_word: str) -> list[Segment]:
    text = _URL.sub(f"({link_word})", text)
    segments: list[Segment] = []
    at = 0
    for match in _SCOPED.finditer(text):
        segments += [*_only_read(text[at : match.start()]), (True, match[0])]
        at = match.end()
    return [*segments, *_only_read(text[at:])]


def _only_read(text: str) -> list[Segment]:
    """Bare hosts and commits as code."""
    segments: list[Segment] = []
    at = 0
    for match in _ONLY_READ.finditer(text):
        end = match.start() + len(match[0].rstrip(".,;:!?)]}*_~"))
        segments += [(False, text[at : match.start()]), (True, text[match.start() : end])]
        at = end
    return [*segments, (False, text[at:])]


def _plain(text: str, link_word: str) -> str:
    text = re.sub(r"\s+", " ", text)
    while (less := _URL.sub(f"({link_word})", _MENTION.sub("", text))) != text:
        text = less
    return text


def _code_text(text: str) -> str:
    text = " ".join(text.split())
    parts: list[str] = []
    at = 0
    for match in _LOOPBACK.finditer(text):
        parts += [_URL.sub(ELLIPSIS, text[at : match.start()]), match[0]]
        at = match.end()
    text = "".join([*parts, _URL.sub(ELLIPSIS, text[at:])])
    while (less := text.replace("<!--", "").replace("-->", "")) != text:
        text = less
    while (less := _CLOSER_IN_CODE.sub(r"\1", text)) != text:
        text = less
    return text.strip()


def _cut(segments: list[Segment], limit: int, *, whole: bool) -> list[Segment]:
    """The first `limit` characters, ended well."""
    total = "".join(part for _, part in segments)
    if len(total) <= limit:
        return segments
    ends = [end for end in _sentence_ends(segments) if limit // 3 <= end <= limit and not whole]
    if ends:
        return _take(segments, ends[-1])
    room = max(1, limit - 2)
    word = total.rfind(" ", room - 40 if room > 40 else 0, room)  # noqa: PLR2004 - a long word's length
    taken = _take(segments, word if word > 0 else room)
    return [*taken, (False, f" {ELLIPSIS}" if taken and taken[-1][0] else ELLIPSIS)]


def _sentence_ends(segments: list[Segment]) -> list[int]:
    ends: list[int] = []
    at = 0
    for is_code, part in segments:
        if not is_code:
            ends += [at + m.end() for m in _SENTENCE_END.finditer(part)]
        at += len(part)
    return ends


def _take(segments: list[Segment], length: int) -> list[Segment]:
    taken: list[Segment] = []
    for is_code, part in segments:
        if length <= 0:
            break
        if length >= len(part):
            taken.append((is_code, part))
        elif not (is_code and "://" in part):  # half an address is another address
            taken.append((is_code, part[:length].rstrip()))
        length -= len(part)
    return taken


def _render(segments: list[Segment]) -> Markdown:
    parts: list[str] = []
    for index, (is_code, part) in enumerate(segments):
        if is_code and index and segments[index - 1][0]:
            parts.append(" ")  # two code spans that touch would read as one
        parts.append(_fence(part) if is_code else _escape(part))
    text = "".join(parts)
    text = re.sub(r" {2,}", " ", text).strip()
    return Markdown(_BLOCK_START.sub(lambda m: f"{m[1]}\\" if m[1] else f"\\{m[0]}", text))


def _fence(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{'`' * (longest + 1)}{pad}{text}{pad}{'`' * (longest + 1)}"


def _escape(text: str) -> str:
    text = _REFERENCE.sub(rf"\1{ZERO_WIDTH}", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _ESCAPED.sub(r"\\\g<0>", text).replace("`", "&#96;")
