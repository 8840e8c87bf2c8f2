"""Is what the model says really in the sources? Pure checks; what fails is dropped with a reason.

A quote must stand in its source letter by letter, white space and Markdown folded and nothing
else. What can be run, typed or looked up (code, options, file names, versions, numbers) must stand
there too, whole; nearly all words must come from there, and no sentence may say the opposite of the
one it rests on. Where only the words do not hold, as in a Korean line about an English answer, the
sentence that was quoted is printed in their place: it is true, whatever the model made of it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app import unsafe_advice
from app.coverage import is_covered, stems
from app.drafter import MAX_STEPS, Draft, Dropped, Step, no_help, upgrade_of
from app.findings import Finding
from app.folding import CODE, around, clauses, folded, holds, sentences
from app.opinion import ProposedStep
from app.passages import Passage
from app.polarity import denies
from app.prompt import Prompt, Source
from app.sanitize import LINE_MARKS, names_host, readings

_LEAST_QUOTE: Final = 12
_LONGEST: Final = 1000  # characters; whoever needs more was not asked for advice but for a speech
_LONGEST_QUOTE: Final = 2000
_LOOK_AT: Final = 20_000  # of a source; more than fits in a prompt (app/prompt.py)

NOT_ITS_WORDS: Final = "its words are not in its source"
OPPOSITE: Final = "it says the opposite of its source"
# Why the model's words are not printed while what they rest on may be.
_QUOTED_INSTEAD: Final = frozenset({NOT_ITS_WORDS, OPPOSITE})

_URL = re.compile(
    r"(?:https?|ftp)://|\bwww\.|\b[\w-]{1,60}\.(?:com|org|net|io|dev|sh|xyz|ru|cn)/", re.IGNORECASE
)
_TECHNICAL = re.compile(
    r"(?<![\w-])--?[A-Za-z][\w-]{0,40}"
    r"|\b(?:sudo|doas|su|rm|dd|mv|chmod|chown|mkfs|kill|curl|wget|eval)\b"
    r"|[A-Za-z_][\w.-]{0,60}={1,2}[\w./-]{1,60}"
    r"|(?:~|\.{1,2}|[\w.-]{1,60})?/[\w./~-]{1,100}"
    r"|\b[A-Za-z]\w{1,60}(?:(?:\.|::)[A-Za-z_]\w{0,60}){1,6}"
    r"|\b[A-Za-z]+_\w{1,60}|\b[a-z]{2,30}[A-Z]\w{1,60}|\b[A-Z]{2,20}_\w{1,60}"
    r"|(?<![\w.])\d[\w.+%-]{0,40}|\b[A-Za-z]{1,20}\d\w{0,40}(?:\.\d+){0,4}",
    re.ASCII,
)
_VERSION = re.compile(r"v?(\d+(?:\.\d+)+\S*)")
_INSTALL = re.compile(
    r"\b(?:pip3?|pipx|uv|npm|npx|yarn|pnpm|cargo|gem|go|brew|apt(?:-get)?|dnf|apk|docker|git"
    r"|composer|dotnet)\s{1,3}"
    r"(?:install|add|i|get|run|exec|pull|clone|require|dlx)\s{1,3}(?:-\S{1,40}\s{1,3}){0,3}"
    r"(\S{1,100})",
    re.IGNORECASE,
)


def check(steps: Sequence[ProposedStep], prompt: Prompt, rows: Sequence[Finding]) -> Draft:
    """The steps that stand on their sources, as a draft; the others with the reason they fell."""
    sources = {source.id: source for source in prompt.sources}
    kept: list[Step] = []
    dropped: list[Dropped] = []
    for proposed in steps:
        source = sources.get(proposed.source_id)
        passage = source.passage if source is not None else None
        problem = _problem(proposed, source)
        step: Step | None = None
        if passage is not None and problem is None:
            step = Step(passage, proposed.quote, proposed.text, proposed.kind)
        elif passage and problem in _QUOTED_INSTEAD and proposed.kind != "missing":
            step = _as_quoted(proposed, passage)
        if step is not None and any(_says_the_same(step, other) for other in kept):
            step, problem = None, problem or "said before"
        if step is not None and len(kept) == MAX_STEPS:
            step, problem = None, problem or "one too many"
        if step is not None:
            kept.append(step)
        if problem is not None:
            dropped.append(Dropped(proposed.text[:_LONGEST], problem))
    return Draft(tuple(kept), upgrade_of(rows), tuple(dropped))


def sentence_holds(sentence: str, finding: Finding, issue_text: str) -> str | None:
    """Why the model's sentence about what is shared cannot be printed; None if it can.

    What is shared stands in the past issue too: the new issue's author cannot lend us words.
    """
    candidate = finding.candidate
    body = candidate.thread.body if candidate.thread else ""
    theirs = f"{candidate.title}\n{body}"[:_LOOK_AT]
    if len(sentence) > _LONGEST:
        return "too long"
    if risk := unsafe_advice.found(sentence):
        return f"unsafe advice: {risk}"
    return _ungrounded(sentence, folded(f"{issue_text[:_LOOK_AT]}\n{theirs}"), theirs)


def _problem(step: ProposedStep, source: Source | None) -> str | None:
    """Why a step is dropped; None if it stands."""
    if source is None:
        return "unknown source"
    if source.passage is None:
        return "the source has no answer to cite"
    if len(step.text) > _LONGEST or len(step.quote) > _LONGEST_QUOTE:
        return "too long"
    shown = source.passage.text[:_LOOK_AT]
    quote, answer = _bare(step.quote), folded(shown)
    if len(quote) < _LEAST_QUOTE or quote not in answer:
        return "the quote is not in its source"
    if risk := unsafe_advice.found(f"{step.text}\n{step.quote}"):
        return f"unsafe advice: {risk}"
    # Not the new issue's words and not the old title's: strangers wrote both.
    return _ungrounded(step.text, answer, shown) or _opposite(step, quote, shown)


def _as_quoted(proposed: ProposedStep, passage: Passage) -> Step | None:
    """The source's own sentences around the quote, if they help anybody."""
    told = around(_bare(proposed.quote), sentences(passage.text[:_LOOK_AT]))
    step = Step(passage, "\n".join(told), kind=proposed.kind)
    return None if no_help(passage, step.quote) else step


def _says_the_same(step: Step, other: Step) -> bool:
    if step.text is not None:
        return other.text is not None and folded(step.text) == folded(other.text)
    return step.passage == other.passage and (
        _bare(other.quote) in folded(step.quote) or _bare(step.quote) in folded(other.quote)
    )


def _bare(quote: str) -> str:
    """A folded quote without the marks at its ends, which are no words of the source's."""
    return folded(quote).strip(".,;:!?\"'“”‘’ ")


def _as_read(text: str) -> tuple[str, ...]:
    """What the model says, in each way it can be read; the marks that begin lines are gone."""
    return tuple(LINE_MARKS.sub("", reading) for reading in readings(text, limit=_LONGEST))


def _ungrounded(text: str, exact: str, shown: str) -> str | None:
    """Why words of the model's are not covered.

    Args:
        text: the words.
        exact: folded text that must hold what can be run, typed or looked up.
        shown: text that most of the other words must come from.
    """
    if not text.strip():
        return "empty"
    for reading in _as_read(text):
        if _URL.search(reading) or names_host(CODE.sub(" ", reading)):
            return "holds an address"
        if foreign := _foreign(reading, exact):
            return f"not in its source: {foreign}"
        if not is_covered(reading, shown):
            return NOT_ITS_WORDS
    return None


def _foreign(text: str, known: str) -> str | None:
    """The first thing to run, type or look up that `known` does not hold."""
    for match in CODE.finditer(text):
        if not holds(known, folded(match[2])):
            return match[2][:80]
    for match in _INSTALL.finditer(text):
        if not holds(known, folded(match[1]).strip(".,;:!?\"'")):
            return match[0][:80]
    return next(
        (token[:80] for token in _tokens(CODE.sub(" ", text)) if not _has(known, token)), None
    )


def _tokens(prose: str) -> list[str]:
    """What a text without its code has to run, type or look up."""
    found = (match[0].rstrip(".,:;!?)-") for match in _TECHNICAL.finditer(prose))
    return [token for token in found if token]


def _has(known: str, token: str) -> bool:
    if version := _VERSION.fullmatch(token):
        return holds(known, version[1]) or holds(known, f"v{version[1]}")
    return holds(known, token)


@dataclass(frozen=True, slots=True)
class _Part:
    """A sentence of a source, and what is asked of it."""

    folded: str
    words: frozenset[str]
    denies: bool


def _opposite(step: ProposedStep, quote: str, shown: str) -> str | None:
    """Why a text contradicts its source; None if it says yes and no where that does.

    The sentences quoted must agree with it, and for each clause those nearest to it. Of "Please
    add the log, without it we cannot tell" what is missing stands in one clause alone.
    """
    written = sentences(shown)
    if step.kind == "missing":
        written = tuple(clause for sentence in written for clause in clauses(sentence))
    parts = [_Part(folded(part), frozenset(stems(part)), denies(part)) for part in written]
    quoted_no = any(map(denies, around(quote, written)))
    for said in _as_read(step.text):
        if denies(said) != quoted_no:
            return OPPOSITE
        for sentence in sentences(said):
            says_no = denies(sentence)
            for clause in clauses(sentence):
                near = _nearest(clause, parts)
                if near and all(part.denies != says_no for part in near):
                    return OPPOSITE
    return None


def _nearest(clause: str, parts: Sequence[_Part]) -> list[_Part]:
    """The sentences of a source that share most with a clause; none where none shares anything."""
    names = [folded(match[2]) for match in CODE.finditer(clause)]
    names += _tokens(CODE.sub(" ", clause))
    words = stems(CODE.sub(" ", clause))
    shared = [
        (sum(_has(part.folded, name) for name in names), len(words & part.words)) for part in parts
    ]
    most = max(shared, default=(0, 0))
    return [part for part, score in zip(parts, shared, strict=True) if score == most and any(most)]
