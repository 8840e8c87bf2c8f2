"""The writing system of a text: what tells languages apart as far as search has to (pure)."""

import re
from typing import Literal

Script = Literal["latin", "hangul", "kana", "han", "cyrillic", "other"]

READ = 800
"""Characters that are looked at; logs and code further down are in English anyway."""

_LATIN_WEIGHT = 0.25
"""Code, names and messages are in Latin letters in every language."""

_LETTERS: tuple[tuple[Script, re.Pattern[str], float], ...] = (
    ("hangul", re.compile("[\u1100-\u11ff\uac00-\ud7a3]"), 1.0),
    # Kana decide where they stand among Han characters.
    ("kana", re.compile("[\u3041-\u30ff]"), 3.0),
    ("han", re.compile("[\u3400-\u4dbf\u4e00-\u9fff]"), 1.0),
    ("cyrillic", re.compile("[\u0400-\u04ff]"), 0.5),
    ("other", re.compile("[\u0370-\u03ff\u0590-\u0dff\u0e00-\u0eff]"), 0.5),
)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")


def script_of(text: str) -> Script:
    """The script that most of the text's beginning is in; Latin where it has no letters."""
    text = text[:READ]
    if text.isascii():
        return "latin"
    best: Script = "latin"
    most = len(_LATIN.findall(text)) * _LATIN_WEIGHT
    for script, letters, weight in _LETTERS:
        if (count := len(letters.findall(text)) * weight) > most:
            best, most = script, count
    return best
