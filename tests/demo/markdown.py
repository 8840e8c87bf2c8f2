"""Markdown → HTML as GitHub shows it, without the HTML of strangers.

Of the HTML in a text only `details`, `summary` and `sub` come through, without attributes;
comments vanish, everything else is shown as text. Images are shown by their description.
"""

import re
from collections.abc import Callable, MutableMapping, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

Env = MutableMapping[str, Any]

_TAG = re.compile(r"</?(?:details|summary|sub)>", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_REFERENCE = re.compile(r"(?<![\w&#/])#(\d{1,7})\b")
_PERSON = re.compile(r"(?<![\w/@.`])@([A-Za-z0-9][A-Za-z0-9-]{0,38})\b")


def to_html(
    text: str, *, rewrite: Callable[[str], str], repo: str, title_of: Callable[[int], str]
) -> str:
    """HTML of a body or comment.

    Args:
        text: Markdown by anyone.
        rewrite: turns a link's address into one that this page can follow.
        repo: `owner/name`, for `#12`.
        title_of: an issue's title, empty if there is none with that number.
    """
    env = {"rewrite": rewrite, "repo": repo, "title_of": title_of, "depth": 0}
    return str(_PARSER.render(text, env))


def allowed_html(text: str) -> str:
    """A piece of raw HTML with all but the few harmless tags escaped."""
    text = _COMMENT.sub("", text)
    out, at = [], 0
    for tag in _TAG.finditer(text):
        out += [escape(text[at : tag.start()]), tag[0].lower()]
        at = tag.end()
    return "".join([*out, escape(text[at:])])


def _html(_: RendererHTML, tokens: Sequence[Token], i: int, __: OptionsDict, ___: Env) -> str:
    return allowed_html(tokens[i].content)


def _image(_: RendererHTML, tokens: Sequence[Token], i: int, __: OptionsDict, ___: Env) -> str:
    return f'<span class="no-image">[image: {escape(tokens[i].content)}]</span>'


def _link_open(_: RendererHTML, tokens: Sequence[Token], i: int, __: OptionsDict, env: Env) -> str:
    env["depth"] += 1
    address = env["rewrite"](str(tokens[i].attrGet("href") or ""))
    return f'<a href="{escape(address)}" rel="nofollow noopener">'


def _link_close(_: RendererHTML, tokens: Sequence[Token], i: int, __: OptionsDict, env: Env) -> str:
    env["depth"] -= 1
    return "</a>"


def _text(_: RendererHTML, tokens: Sequence[Token], i: int, __: OptionsDict, env: Env) -> str:
    text = escape(tokens[i].content, quote=False)
    if env["depth"]:
        return text

    def issue(found: re.Match[str]) -> str:
        title = env["title_of"](int(found[1]))
        if not title:
            return found[0]
        return f'<a href="/{env["repo"]}/issues/{found[1]}" title="{escape(title)}">#{found[1]}</a>'

    text = _PERSON.sub(r'<span class="person">@\1</span>', text)
    return _REFERENCE.sub(issue, text)


def _code(code: str, language: str, _: str) -> str:
    if not language:
        return ""
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        return ""
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True)))


def _parser() -> MarkdownIt:
    parser = MarkdownIt("gfm-like", {"html": True, "breaks": True, "highlight": _code})
    for name, rule in (
        ("html_block", _html),
        ("html_inline", _html),
        ("image", _image),
        ("link_open", _link_open),
        ("link_close", _link_close),
        ("text", _text),
    ):
        parser.add_render_rule(name, rule)
    return parser


_PARSER = _parser()
