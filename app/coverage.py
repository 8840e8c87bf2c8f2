"""Do the words of a text come from what was shown? Compared by their first letters (pure).

Clause by clause: half a sentence that is well supported lends nothing to the other half. Words of
another language than the source's are in no source, so prose that translates does not pass.
"""

import re
from typing import Final

from app.folding import CODE, clauses

# The letters of each script that we can compare, and how many of them tell a word.
_SCRIPTS: Final = (
    ("A-Za-z\u00c0-\u024f\u1e00-\u1eff", 5),
    ("\u0370-\u03ff", 5),
    ("\u0400-\u052f", 5),
    ("\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3", 2),
    ("\u3005\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff", 0),  # no spaces part their words
)
_RUNS: Final = tuple((re.compile(f"[{letters}]+"), length) for letters, length in _SCRIPTS)
_COMPARED = re.compile(f"[{''.join(letters for letters, _ in _SCRIPTS)}]")
_FEW_WORDS: Final = 5
_COMMON_LIST: Final = """
    after again all already also an and another any are as at be because been before being below
    both build building but by can cannot caused causes change check could did do does either error
    errors fail failing fails few file first fixed for from get happens has have he helped helps
    her here his how if in install installing instead into is issue it its just keep later like
    make may mention mentions more most must need needs new newer no not now of old older on once
    one only option options or other our out over per please possible problem rebuild release
    report reported restart restarting retry run running same see seem set sets setting settings
    should since so solved some still such than that the their them then there these they this
    those through to too try turn turning two until update updating up upgrade upgrading use used
    uses using value version via was we were what when where which while who why will with without
    work worked works would yet you your
    합니 있습 주세 하세 됩니 설정 다시 이후 경우 방법 사용
    변경 확인 해결 문제 같은 버전 오류 하면 후에 올려 모두
"""
_COMMON: Final = frozenset(_COMMON_LIST.split())
# What destroys, discloses, pays or turns advice round is never the word that the source lacks.
_GRAVE_LIST: Final = """
    delet eras remov wipe purg destr trunc drop kill unins disab shut forma reset overw empty
    send share post publi paste expos leak revea uploa email mail visit login downl
    passw crede secre token seed walle pay buy trans donat root admin sudo
    raise incre lower decre reduc enabl deact allow deny block stop downg rever undo
    삭제 제거 지우 비밀 암호 보내 공유 전송 송금 결제 관리 토큰 계정 유출 초기 포맷
    删除 清除 密码 发送 转账 管理 削除 消去 送信
    удали парол отпра перев elimi borra contr envia
"""
_GRAVE: Final = tuple(_GRAVE_LIST.split())


def is_covered(text: str, shown: str) -> bool:
    """Whether nearly all words of the text, and some of each clause, are in what was shown.

    In a clause one word of three may be the text's own ("increase" for "raise"); code in it,
    which is checked elsewhere, counts as a word of the source's.
    """
    prose = CODE.sub(" ", text)
    if any(c.isalpha() and not _COMPARED.match(c) for c in prose):
        return False
    theirs = [_words(shown, letters, length) for letters, length in _RUNS]
    most = max(map(len, theirs))
    for (letters, length), words in zip(_RUNS, theirs, strict=True):
        # A script that the source hardly uses is another language's, whose words we cannot compare.
        if len(words) < min(most, _FEW_WORDS) and not _words(prose, letters, length) <= words:
            return False
    known = stems(shown)
    own = support = 0
    for clause in clauses(text):
        telling = stems(CODE.sub(" ", clause)) - _COMMON
        missing = telling - known
        found = len(telling) - len(missing) + len(CODE.findall(clause))
        if 2 * len(missing) > found or any(word.startswith(_GRAVE) for word in missing):
            return False
        own += len(missing)
        support += found
    return own <= 1 or 3 * own <= support


def stems(text: str) -> set[str]:
    """The words of two letters and more by their first letters; very common ones whole."""
    found = (_words(text, letters, length) for letters, length in _RUNS)
    return {word for words in found for word in words if len(word) > 1}


def _words(text: str, letters: re.Pattern[str], length: int) -> set[str]:
    """The words in one script: by their first letters, or as pairs of neighbours if length is 0."""
    words: set[str] = set()
    for match in letters.finditer(text):
        word = match[0].casefold()
        if not length and len(word) > 1:
            words |= {word[at : at + 2] for at in range(len(word) - 1)}
        else:
            words.add(word if word in _COMMON or not length else word[:length])
    return words
