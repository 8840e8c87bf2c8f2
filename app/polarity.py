"""Does a sentence deny, forbid or warn? Advice and the sentence it rests on must agree (pure).

Rough on purpose: what looks like a denial counts as one. A step that is dropped for it costs a
line; one that says the opposite of its source costs the reader's trust.
"""

import re
from typing import Final

from app.folding import CODE

_OPTIONS = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]{0,40}")
_LATIN: Final = (
    r"\b(?:not|never|no|none|nor|neither|without|cannot|avoid\w{0,4}|beware|refrain|prevent\w{0,4}"
    r"|instead of|rather than|wrong(?:ly)?|mistake|bad idea|danger\w{0,4}|harmful|useless|worse"
    r"|forbid\w{0,4}|prohibit\w{0,3}|deprecated|unsupported|unsafe)\b|n['’]t\b"
    r"|\b(?:do|does|did|is|are|was|were|wo|ca|could|should|would|must|has|have|had|need)nt\b"
    r"|\b(?:nunca|jamás|sin|evit\w{1,6}|ne|pas|jamais|sans|nicht|nie|niemals|kein\w{0,3}|ohne"
    r"|statt|anstatt|não|sem|non|mai|senza|nie|bez|inte|ikke|niet|geen)\b"
)
_CYRILLIC: Final = r"\b(?:не|ни|нет|нельзя|никогда|без|вместо|запрещ\w{1,6}|избега\w{1,5})\b"
_HANGUL: Final = (
    r"지\s?(?:말|마)|말고|말아|말 것|마세요|마십시오|않|못\s?하|못\s|없|금지|아니|아닙|아닌"
    r"|피하|피해|대신|(?<![가-힣])안\s?(?:된|됩|돼|되|하|합|해)|위험|잘못|불가"
)
_HAN: Final = (
    r"[不勿别別没沒無无未非]|禁止|避免|切勿|而是|危险|危險|错误地"
    r"|ない|なく|ません|ぬよう|避け|だめ|ダメ|代わり|危険"
)
_DENIES = re.compile(f"{_LATIN}|{_CYRILLIC}|{_HANGUL}|{_HAN}", re.IGNORECASE)


def denies(text: str) -> bool:
    """Whether a sentence holds a denial, outside of its code and options."""
    return _DENIES.search(_OPTIONS.sub(" ", CODE.sub(" ", text))) is not None
