"""What a new issue and a past one have in common, letter by letter, as a small value.

The comment's template words it in the reader's language (reply.py); a percentage is no evidence.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from indexer.candidate import Candidate
from indexer.text import clean, error_signatures
from indexer.threads import Thread

EvidenceKind = Literal["error", "names", "titles", "words", "none"]
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


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is shared. `terms` are the new issue's own spellings, strangers' words.

    `error`: the same error text. `names`: names out of the code. `titles`, `words`: words that are
    rare in this repository, in both titles or in both texts.
    """

    kind: EvidenceKind
    terms: tuple[str, ...] = ()


NO_EVIDENCE: Final = Evidence("none")


def shared(thread: Thread, candidate: Candidate) -> Evidence:
    """The strongest thing that the new issue and the candidate share."""
    theirs = _text_of(candidate)
    ours = f"{thread.title}\n{thread.body}"[:_SAMPLE]
    if error := _shared_error(ours, theirs):
        return Evidence("error", (error,))
    if names := _shared_names(clean(ours), clean(theirs)):
        return Evidence("names", names)
    # What else is rare in this repository, the search has found out.
    for reason in candidate.reasons:
        kind: EvidenceKind = "titles" if reason.kind == "title_words" else "words"
        if reason.kind != "same_error" and reason.values:
            return Evidence(kind, reason.values[:MAX_TERMS])
    return NO_EVIDENCE


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
