"""What a new issue and a past one have in common, letter by letter, as a small value.

The comment's template words it in the reader's language (reply.py); a percentage is no evidence.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from indexer.search import Candidate

from indexer.text import clean, error_signatures
from indexer.threads import Thread

EvidenceKind = Literal["error", "names", "words", "none"]
MAX_TERMS = 3
_SAMPLE = 20_000

# What a person would recognise as a name out of the code: `PartWriter.flush`, `part_size`,
# `--no-cache`, `ERR_PROXY`, `useState`, `@scope/name`, `config.yml`.
_NAME = re.compile(
    r"(?<![\w@./-])(?:"
    r"--[a-z][a-z0-9-]{2,40}+"
    r"|@[a-z0-9-]{2,40}+/[a-z0-9._-]{2,40}+"
    r"|[A-Z][A-Z0-9]{1,30}+(?:_[A-Z0-9]{1,30}+){1,6}"
    r"|[A-Za-z]\w{1,60}+(?:(?:\.|::|->)[A-Za-z_]\w{1,60}+){1,5}(?:\(\))?"
    r"|[A-Za-z]{2,30}+(?:_[A-Za-z0-9]{1,30}+){1,6}"
    r"|[a-z]{2,30}(?:[A-Z][a-z0-9]{1,30}){1,6}|(?:[A-Z][a-z0-9]{1,30}){2,6}"
    r")(?![\w])"
)
_WEB = re.compile(r"^(?:www\.|e\.g|i\.e)|\.(?:com|org|net|io|dev)$", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9'+-]{2,30}|[\uac00-\ud7a3]{2,20}|\d{3,6}")
_STOPWORD_LIST = """
    the and for with when from that this not does doesn't don't can cannot can't after before
    into over than then have has had are was were will would should could using use used get
    gets issue issues bug error errors problem fail fails failed failing failure work works
    working please help how why what which while but only all any one two new add adding support
    feature request question there their its it's way make makes still during without 오류 문제 에러
    버그 질문 요청 지원 추가 사용 경우 관련 안됨 합니다 있습니다 없습니다
"""
_STOPWORDS = frozenset(_STOPWORD_LIST.split())


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is shared. `terms` are the new issue's own spellings, strangers' words."""

    kind: EvidenceKind
    terms: tuple[str, ...] = ()


NO_EVIDENCE: Final = Evidence("none")


def shared(thread: Thread, candidate: Candidate) -> Evidence:
    """The strongest thing that the new issue and the candidate share."""
    theirs = _text_of(candidate)
    ours = f"{thread.title}\n{thread.body}"[:_SAMPLE]
    if error := _shared_error(ours, theirs):
        return Evidence("error", (error,))
    ours, theirs = clean(ours), clean(theirs)
    if names := _shared_names(ours, theirs):
        return Evidence("names", names)
    words = _shared_words(thread.title, candidate.title)
    return Evidence("words", words) if len(words) > 1 else NO_EVIDENCE


def _text_of(candidate: Candidate) -> str:
    if candidate.thread is not None:
        return f"{candidate.thread.title}\n{candidate.thread.body}"[:_SAMPLE]
    if candidate.section is not None:
        return f"{candidate.title}\n{candidate.section.text}"[:_SAMPLE]
    return f"{candidate.title}\n{candidate.release.body if candidate.release else ''}"[:_SAMPLE]


def _shared_error(ours: str, theirs: str) -> str | None:
    common = set(error_signatures(theirs))
    ranked = [s for s in error_signatures(ours) if s in common and not s.startswith("frame:")]
    order = {"panic": 0, "error": 0, "type": 1, "code": 2}
    for signature in sorted(ranked, key=lambda s: order.get(s.split(":", 1)[0], 3)):
        if spelled := _spelled(signature, ours):
            return spelled
    return None


def _spelled(signature: str, text: str) -> str | None:
    """The signature as the text has it: signatures are folded to lower case."""
    kind, _, value = signature.partition(":")
    if kind in {"type", "code"}:
        found = re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE)
        return found[0] if found else None
    for line in text.splitlines():
        if signature in error_signatures(line):
            message = line.strip().strip("`>#*- ")
            head = re.search(re.escape(value.split(" ")[0]), message, re.IGNORECASE)
            return message[head.start() if head else 0 :].strip("`'\" ") or None
    return None


def _shared_names(ours: str, theirs: str) -> tuple[str, ...]:
    theirs_folded = {m[0].lower() for m in _NAME.finditer(theirs)}
    found: dict[str, str] = {}
    for match in _NAME.finditer(ours):
        name = match[0].removesuffix("()")
        if match[0].lower() in theirs_folded and not _WEB.search(name):
            found.setdefault(name.lower(), name)
    # A longer name says more; the order of standing breaks ties.
    return tuple(sorted(found.values(), key=len, reverse=True)[:MAX_TERMS])


def _shared_words(ours: str, theirs: str) -> tuple[str, ...]:
    folded = {w.lower() for w in _WORD.findall(theirs[:500])}
    found: dict[str, str] = {}
    for word in _WORD.findall(ours[:500]):
        key = word.lower()
        if key in folded and key not in _STOPWORDS:
            found.setdefault(key, word)
    return tuple(found.values())[:3]
