"""What a comment could do to its readers, found as GitHub would: by rendering its Markdown.

`harms(body)` lists every mention, reference, image, foreign link, HTML tag, command and hidden
character; an honest comment has none.
"""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

OUR_TAGS = {"<details>", "<summary>", "</summary>", "</details>", "<sub>", "</sub>"}
OUR_HOSTS = (
    "https://redirect.github.com/tidepool/harbor/",
    "https://github.com/tidepool/harbor/releases/tag/",
    "https://github.com/tidepool/harbor/blob/",
)
_MENTION = re.compile(r"(?<![A-Za-z0-9_])@[A-Za-z0-9]")
_REFERENCE = re.compile(r"(?<![\w&])(?:#|[\w.-]+/[\w.-]+#)\d+|(?<![A-Za-z0-9&])[Gg][Hh]-\d+")
_CLOSES = re.compile(
    r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|duplicate of|dup of)[:\s]{1,3}[\w./-]*#\d"
)
# GitHub goes back over letters alone to find where an address begins: after a digit it links too.
_ADDRESS = re.compile(
    r"(?i)(?<![a-z])(?:https?|ftp|file)://\w|\b(?:(?:javascript|mailto):\w|www\.\w)"
)
_FULL_ADDRESS = re.compile(r"(?i)(?<![a-z])(?:https?|ftp)://\w")
# Linked by mail programs, not by GitHub.
_HOST = re.compile(
    r"(?i)(?<![a-z0-9_./:$-])(?:[a-z0-9-]+\.)+(?:com|net|org|io|xyz)(?![a-z0-9_(-]|\.[a-z0-9_])"
)
_COMMIT = re.compile(r"(?<![A-Za-z0-9])[0-9a-f]{40}(?![A-Za-z0-9])")
_HIDDEN = re.compile("[\u00ad\u200c-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]")
_MARKER = re.compile(r"<!--|-->")
_LOOPBACK = re.compile(r"(?i)https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?![\w@.-])")


def harms(body: str) -> list[str]:
    """Everything in a comment that nobody should be able to put there."""
    found: list[str] = []
    if re.match(r"\W*duplicate of", body, re.IGNORECASE):
        found.append("begins as a command")
    if _MARKER.search(body):
        found.append("holds an HTML comment")
    if _HIDDEN.search(body):
        found.append("holds hidden characters")
    if "\x00" in body:
        found.append("holds NUL")
    for token in _tokens(body):
        found += _of_token(token)
    return found


def _of_token(token: Token) -> list[str]:
    text = token.content
    patterns: tuple[re.Pattern[str], ...] = ()
    match token.type:
        case "image":
            return [f"image {token.attrGet('src')}"]
        case "html_inline" | "html_block":
            return [f"HTML {t}" for t in re.findall(r"<[^>]*>?", text) if t not in OUR_TAGS]
        case "link_open":
            href = str(token.attrGet("href"))
            return [] if href.startswith(OUR_HOSTS) else [f"link {href}"]
        case "fence" | "code_block" | "table_open" | "heading_open" | "blockquote_open" | "hr":
            return [f"{token.type} {text[:40]!r}"]
        case "code_inline":
            text = _LOOPBACK.sub("", text)
            patterns = (_CLOSES, _FULL_ADDRESS)
        case "text":
            patterns = (_MENTION, _REFERENCE, _CLOSES, _ADDRESS, _HOST, _COMMIT)
    return [f"{token.type} {m[0]!r} in {text[:80]!r}" for p in patterns if (m := p.search(text))]


def _tokens(body: str) -> Iterator[Token]:
    """Tokens in reading order; a link's label is left out, GitHub links nothing in it."""
    parser = MarkdownIt("gfm-like", {"linkify": True, "html": True})
    # GitHub links no bare host (README.md would be one) and no address without a scheme.
    parser.linkify.set({"fuzzy_link": False})
    parser.linkify.add("//", None)
    for block in parser.parse(body):
        if block.type != "inline":
            yield block
            continue
        depth = 0
        joined = ""
        for token in block.children or []:
            if token.type == "link_open":
                depth += 1
            if token.type == "link_close":
                depth -= 1
            if token.type == "text" and not depth:
                # GitHub looks at the text as it is read, across the parser's pieces.
                joined += token.content
                continue
            if joined:
                yield Token("text", "", 0, content=joined)
                joined = ""
            if not (token.type == "text" and depth):
                yield token
        if joined:
            yield Token("text", "", 0, content=joined)


def links(body: str) -> list[str]:
    """The addresses that a comment links to."""
    return [str(t.attrGet("href")) for t in _tokens(body) if t.type == "link_open"]


def read(body: str, *, code: bool = True) -> str:
    """The comment as its reader sees it, in plain text; without its code spans if so asked."""
    parser = MarkdownIt("gfm-like", {"linkify": False, "html": True})
    kinds = {"text", "code_inline"} if code else {"text"}
    words: list[str] = []
    for block in parser.parse(body):
        spoken = (t for t in block.children or [] if t.type in kinds)
        words += [token.content for token in spoken]
        if block.type == "inline":
            words.append("\n")
    return "".join(words)
