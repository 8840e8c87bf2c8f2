"""Advice that switches a protection off, or runs what a stranger's server sends: never repeated.

It is dropped whatever its source. A maintainer may have meant it for a laptop; we would repeat it
to everybody. A sentence that warns of such a thing is dropped with it; the link stays. The text is
looked at as it was written and as a reader will see it: hidden characters and Markdown within a
word would part it otherwise. The patterns stand in app/unsafe_patterns.py.
"""

import re
from typing import Final

from app.sanitize import readings
from app.unsafe_patterns import BEYOND_ASCII, COMPILED

_LOOK_AT: Final = 10_000  # characters; twice what is ever printed of one text

# What a reader takes for nothing, or for another character.
_ACCENTS = re.compile("[\u0300-\u036f\ufe00-\ufe0f]")
_DASHES: Final = str.maketrans(
    {"\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "--", "\u2212": "-"}
)
_MARKS = re.compile(r"\\(?=[^A-Za-z0-9\s])|`|\*\*|~~|\\\n")


def found(text: str) -> str | None:
    """Which kind of unsafe advice the text holds, Markdown or plain; None if none."""
    for plain in map(_plain, readings(text, limit=_LOOK_AT)):
        for name, pattern in COMPILED if plain.isascii() else (*COMPILED, *BEYOND_ASCII):
            if pattern.search(plain):
                return name
    return None


def _plain(text: str) -> str:
    return _MARKS.sub("", _ACCENTS.sub("", text.translate(_DASHES)))
