"""Which language an issue is written in, and so its comment.

Scripts decide first: Hangul is Korean, Kana is Japanese, Han without Kana is Chinese. Only text
in other scripts is left to py3langid, and only when there is enough of it: short and code-laden
text passes for any language.
"""

import functools
import re
from typing import Final

from indexer.text import clean

FALLBACK: Final = "en"
FRAMES: Final = ("en", "ko")  # languages that app/templates has a catalogue for
_ENOUGH_LETTERS: Final = 60
_SURE: Final = 0.95
_SAMPLE: Final = 4000

_HANGUL = re.compile("[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]")
_KANA = re.compile("[\u3041-\u30ff]")
_HAN = re.compile("[\u4e00-\u9fff]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]{1,300}`", re.DOTALL)
_NOT_PROSE = re.compile(r"\S*(?:://|[/\\_=(){}<>:]\w)\S*|\b\w+\.\w+\b|\b\w*\d\w*\b")


def detect(title: str, body: str) -> str:
    """The language as an ISO 639-1 code; English when nothing says otherwise."""
    text = _prose(title, body)
    hangul, kana, han = (len(p.findall(text)) for p in (_HANGUL, _KANA, _HAN))
    latin = len(_LATIN_WORD.findall(text))
    # A syllable or ideograph carries about a third of a Latin word, and terms of the trade
    # stay in Latin letters in every language.
    asian = hangul + kana + han
    if asian >= 2 and asian >= latin:  # noqa: PLR2004 - one character alone is an accident
        if hangul >= kana + han:
            return "ko"
        return "ja" if kana * 10 >= han else "zh"
    if sum(map(str.isalpha, text)) < _ENOUGH_LETTERS:
        return FALLBACK
    code, certainty = _identifier().classify(text)
    return str(code) if certainty >= _SURE else FALLBACK


def frame_of(language: str) -> str:
    """The catalogue for a language; English stands in for those that have none."""
    return language if language in FRAMES else FALLBACK


def _prose(title: str, body: str) -> str:
    text = clean(_CODE.sub(" ", body[: _SAMPLE * 2]))[:_SAMPLE]
    return _NOT_PROSE.sub(" ", f"{title[:500]}\n{text}")


@functools.cache
def _identifier():  # type: ignore[no-untyped-def]  # noqa: ANN202 - py3langid has no types
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
