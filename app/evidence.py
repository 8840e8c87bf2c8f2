"""What a new issue and a past one have in common, letter by letter, as a small value.

The comment's template words it in the reader's language (reply.py); a percentage is no evidence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from indexer.candidate import Candidate
from indexer.reasons import Reason
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
_ERROR_KINDS: Final = {"panic": 0, "error": 0, "type": 1, "code": 2}
# Where a message ends and the place it came from begins.
_MESSAGE_END = re.compile(r"['`]?, (?=[/~.\w-]{0,200}[/\\])|', | at line |\s{2,}|; | \(see ")
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


class Sharing:
    """Compares one new issue with candidates; what it says itself is read once."""

    def __init__(self, thread: Thread) -> None:
        self._text = f"{thread.title}\n{thread.body}"[:_SAMPLE]
        self._signatures = error_signatures(self._text)
        self._names = {
            match[0].lower(): match[0].removesuffix("()")
            for match in reversed(list(_NAME.finditer(clean(self._text))))
        }

    def with_(self, candidate: Candidate) -> Evidence:
        """The strongest thing that the new issue and the candidate share."""
        theirs = _text_of(candidate)
        if error := self._error(theirs, candidate.reasons):
            return Evidence("error", (error,))
        if names := self._shared_names(clean(theirs)):
            return Evidence("names", names)
        # What else is rare in this repository, the search has found out.
        for reason in candidate.reasons:
            kind: EvidenceKind = "titles" if reason.kind == "title_words" else "words"
            if reason.kind != "same_error" and reason.values:
                return Evidence(kind, reason.values[:MAX_TERMS])
        return NO_EVIDENCE

    def _error(self, theirs: str, reasons: Sequence[Reason]) -> str | None:
        """The most telling error that both have, as the new issue spells it.

        The search knows which is the rarest; else the longest message says most.
        """
        if not self._signatures:
            return None
        common = set(error_signatures(theirs))
        both = [s for s in self._signatures if s in common and not s.startswith("frame:")]
        rarest = next((r.values[0] for r in reasons if r.kind == "same_error" and r.values), None)

        def rank(signature: str) -> tuple[bool, int, int]:
            kind, _, value = signature.partition(":")
            told = rarest is not None and value.startswith(rarest)
            return not told, _ERROR_KINDS.get(kind, len(_ERROR_KINDS)), -len(value)

        spelled = (_spelled(signature, self._text) for signature in sorted(both, key=rank))
        return next((words for words in spelled if words), None)

    def _shared_names(self, theirs: str) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for match in _NAME.finditer(theirs):
            name = self._names.get(match[0].lower())
            if name is not None and not _WEB.search(name):
                found.setdefault(name.lower(), name)
        # A longer name says more; the order of standing breaks ties.
        return tuple(sorted(found.values(), key=len, reverse=True)[:MAX_TERMS])


def _text_of(candidate: Candidate) -> str:
    if candidate.thread is not None:
        return f"{candidate.thread.title}\n{candidate.thread.body}"[:_SAMPLE]
    if candidate.section is not None:
        return f"{candidate.title}\n{candidate.section.text}"[:_SAMPLE]
    return f"{candidate.title}\n{candidate.release.body if candidate.release else ''}"[:_SAMPLE]


def _spelled(signature: str, text: str) -> str | None:
    """The signature as the text has it: signatures are folded to lower case."""
    kind, _, value = signature.partition(":")
    if kind in {"type", "code"}:
        found = re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE)
        return found[0] if found else None
    for line in text.splitlines():
        if signature in error_signatures(line):
            head = re.search(re.escape(value.split(" ")[0]), line, re.IGNORECASE)
            message = _MESSAGE_END.split(line[head.start() if head else 0 :], maxsplit=1)[0]
            return message.strip("`'\"‘’“” .,:;*") or None
    return None
