"""The sentences of the comment in the reader's language, from app/templates/*.toml."""

import functools
import re
import string
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from app.sanitize import Markdown, visible_text

# The digits whose Korean names end in a consonant: 영, 일, 삼, 육, 칠, 팔.
_CLOSED_DIGITS = frozenset("013678")
_LIQUID_DIGITS = frozenset("178")
# How Korean readers end borrowed words: 터널, 시스템, 토큰, 타임아웃; but 서버, 클라이언트, 루트.
_CLOSED_END = re.compile(r"(?:[lmn]|ng|ck|(?<!ai)(?<!oa)(?<!oo)(?<=[aeiou])[tkp])$")
_LIQUID_LETTERS = frozenset("l")
_HANGUL_FIRST, _HANGUL_LAST, _FINALS, _FINAL_LIQUID = 0xAC00, 0xD7A3, 28, 8


class Catalogue:
    """One language's sentences; `say("headline.docs")` gives one, filled in."""

    def __init__(self, language: str, texts: Mapping[str, Mapping[str, str]]) -> None:
        self.language = language
        self._texts = texts

    def say(self, key: str, **values: Markdown) -> Markdown:
        """A sentence with its values, which must be safe Markdown already."""
        section, name = key.split(".")
        for value in values.values():
            if not isinstance(value, Markdown):
                raise TypeError(f"{key} was given text that nobody made safe")
        return Markdown(_FORMATTER.format(self._texts[section][name], **values))


class _Formatter(string.Formatter):
    """`{name:과/와}` adds the particle that fits the sound before it."""

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401
        if "/" not in format_spec:
            return str(super().format_field(value, format_spec))
        closed, open_ = format_spec.split("/")
        return f"{value}{particle(visible_text(value), closed, open_)}"


_FORMATTER = _Formatter()


def particle(word: str, closed: str, open_: str) -> str:
    """The Korean particle after a word: `closed` after a final consonant, else `open_`."""
    letters = re.findall(r"[\w]", word)
    if not letters:
        return open_
    last = letters[-1].lower()
    if _HANGUL_FIRST <= ord(last) <= _HANGUL_LAST:
        final = (ord(last) - _HANGUL_FIRST) % _FINALS
        is_closed, is_liquid = final != 0, final == _FINAL_LIQUID
    else:
        end = "".join(letters[-3:]).lower()
        is_closed = last in _CLOSED_DIGITS or bool(_CLOSED_END.search(end))
        is_liquid = last in _LIQUID_DIGITS or last in _LIQUID_LETTERS
    if closed == "으로" and is_liquid:
        return open_
    return closed if is_closed else open_


@functools.cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of a language that there is one for (app/language.py)."""
    text = files("app").joinpath(f"templates/{language}.toml").read_text(encoding="utf-8")
    return Catalogue(language, tomllib.loads(text))
