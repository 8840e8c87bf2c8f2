"""Is what the model says really in the sources? Pure checks; what fails is dropped with a reason.

A quote must stand in its source letter by letter, white space and Markdown folded and nothing
else. What can be run, typed or looked up (code, options, file names, versions, numbers) must stand
there too, and most of the words must come from what the model was shown.
"""

import re
from collections.abc import Sequence
from typing import Final

from app import unsafe_advice
from app.drafter import MAX_STEPS, Draft, Dropped, Step, upgrade_of
from app.findings import Finding
from app.opinion import ProposedStep
from app.prompt import Prompt, Source
from app.sanitize import clean

_LEAST_QUOTE: Final = 12
_LEAST_SUPPORT: Final = 0.5
_LONGEST: Final = 1000  # characters; whoever needs more was not asked for advice but for a speech
_LONGEST_QUOTE: Final = 2000
_FEW_WORDS: Final = 5

_URL = re.compile(
    r"(?:https?|ftp)://|\bwww\.|\b[\w-]{1,60}\.(?:com|org|net|io|dev|sh|xyz|ru|cn)/", re.IGNORECASE
)
_CODE = re.compile(r"(`{1,3})(.{1,400}?)\1", re.DOTALL)
_TECHNICAL = re.compile(
    r"--?[a-z][\w-]{1,40}(?![\w-])"
    r"|[A-Za-z_][\w.-]{0,60}={1,2}[\w./-]{1,60}"
    r"|[\w.-]{1,60}/[\w./-]{1,100}"
    r"|\b[A-Za-z]\w{1,60}(?:(?:\.|::)[A-Za-z_]\w{0,60}){1,6}"
    r"|\b[A-Za-z]+_\w{1,60}|\b[a-z]{2,30}[A-Z]\w{1,60}|\b[A-Z]{2,20}_\w{1,60}"
    r"|v?\d+(?:\.\d+){1,4}\S{0,20}|\d+",
)
_INSTALL = re.compile(
    r"\b(?:pip3?|pipx|uv|npm|npx|yarn|pnpm|cargo|gem|go|brew|apt(?:-get)?|dnf|apk|docker|git"
    r"|composer|dotnet)\s{1,3}"
    r"(?:install|add|i|get|run|exec|pull|clone|require|dlx)\s{1,3}(\S{1,100})",
    re.IGNORECASE,
)
_WORDS: Final = {
    "latin": re.compile("[A-Za-z\u00c0-\u024f]{4,}"),
    "hangul": re.compile("[\uac00-\ud7a3]{2,}"),
    "han and kana": re.compile("[\u3041-\u30ff\u4e00-\u9fff]{2}"),
    "cyrillic": re.compile("[\u0400-\u04ff]{4,}"),
}
_STEM: Final = {"latin": 5, "hangul": 2, "han and kana": 2, "cyrillic": 5}
_COMMON_LIST = """
    after again already also another because been before being below both cannot caused causes
    change check could does either error errors fail failing fails file first fixed from
    happens have helped helps here install installing instead into issue just keep later like
    make mention mentions more most need needs newer older once only option options other over
    please possible problem release report reported restart restarting run running same seem
    set sets setting settings should since solved some still such than that their them then
    there these they this those through turn turning until update updating upgrade upgrading
    used uses using value version when where which while will with without work worked works
    would your
    합니 있습 주세 하세 됩니 설정 다시 이후 경우 방법 사용
    변경 확인 해결 문제 같은 버전 오류 하면 후에 올려 모두
"""
_COMMON = frozenset(_COMMON_LIST.split())


def folded(text: str) -> str:
    """Text with white space and the marks of Markdown folded away, and nothing else."""
    text = re.sub(r"\[([^\[\]]{1,500})\]\([^()\s]{0,2000}\)", r"\1", clean(text))
    text = re.sub(r"^\s{0,8}(?:[-+]|\d{1,3}[.)])\s+", "", text, flags=re.MULTILINE)
    return " ".join(re.sub(r"[`*_~>#|\\]+", "", text).split())


def check(steps: Sequence[ProposedStep], prompt: Prompt, rows: Sequence[Finding]) -> Draft:
    """The steps that stand on their sources, as a draft; the others with the reason they fell."""
    sources = {source.id: source for source in prompt.sources}
    kept: list[Step] = []
    dropped: list[Dropped] = []
    for proposed in steps:
        source = sources.get(proposed.source_id)
        problem = _problem(proposed, source)
        if problem is None and any(
            folded(step.text or "") == folded(proposed.text) for step in kept
        ):
            problem = "said before"
        if problem is None and len(kept) == MAX_STEPS:
            problem = "one too many"
        if problem is None and source is not None and source.passage is not None:
            kept.append(Step(source.passage, proposed.quote, proposed.text, proposed.kind))
        else:
            dropped.append(Dropped(proposed.text[:_LONGEST], problem or "no source"))
    return Draft(tuple(kept), upgrade_of(rows), tuple(dropped))


def sentence_holds(sentence: str, finding: Finding, issue_text: str) -> str | None:
    """Why the model's sentence about what is shared cannot be printed; None if it can.

    What is shared stands in the past issue too: the new issue's author cannot lend us words.
    """
    candidate = finding.candidate
    body = candidate.thread.body if candidate.thread else ""
    theirs = f"{candidate.title}\n{body}"
    if len(sentence) > _LONGEST:
        return "too long"
    if risk := unsafe_advice.found(sentence):
        return f"unsafe advice: {risk}"
    return _ungrounded(sentence, folded(f"{issue_text}\n{theirs}"), theirs)


def _problem(step: ProposedStep, source: Source | None) -> str | None:
    """Why a step is dropped; None if it stands."""
    if source is None:
        return "unknown source"
    if source.passage is None:
        return "the source has no answer to cite"
    if len(step.text) > _LONGEST or len(step.quote) > _LONGEST_QUOTE:
        return "too long"
    quote, answer = folded(step.quote), folded(source.passage.text)
    if len(quote) < _LEAST_QUOTE or quote not in answer:
        return "the quote is not in its source"
    if risk := unsafe_advice.found(f"{step.text}\n{step.quote}"):
        return f"unsafe advice: {risk}"
    # Not the new issue's words and not the old title's: strangers wrote both.
    return _ungrounded(step.text, answer, source.passage.text)


def _ungrounded(text: str, exact: str, shown: str) -> str | None:
    """Why words of the model's are not covered.

    Args:
        text: the words.
        exact: folded text that must hold what can be run, typed or looked up.
        shown: text that most of the other words must come from.
    """
    if not text.strip():
        return "empty"
    if _URL.search(text):
        return "holds an address"
    if foreign := _foreign(text, exact):
        return f"not in its source: {foreign}"
    return None if _supported(text, shown) else "its words are not in its source"


def _foreign(text: str, known: str) -> str | None:
    """The first thing to run, type or look up that `known` does not hold."""
    for match in _CODE.finditer(text):
        if folded(match[2]) not in known:
            return match[2][:80]
    for match in _INSTALL.finditer(text):
        if folded(match[1]).strip(".,;:!?\"'") not in known:
            return match[0][:80]
    for match in _TECHNICAL.finditer(_CODE.sub(" ", text)):
        token = folded(match[0]).strip(".,;:!?\"')")
        if token and token not in known:
            return token[:80]
    return None


def _supported(text: str, shown: str) -> bool:
    """Whether most of the words come from what was shown, compared by their first letters.

    One word more than the source has is allowed beside its code: "Run `make clean`, then build".

    Each script for itself. A script that the source hardly uses, as in a Korean line about an
    English answer, cannot be compared so; the other checks still hold for it.
    """
    known = {script: _stems(script, shown) for script in _WORDS}
    main = max(known, key=lambda script: len(known[script]))
    for script, stems in known.items():
        if script != main and len(stems) < _FEW_WORDS:
            continue
        telling = _stems(script, _CODE.sub(" ", text)) - _COMMON
        if len(telling - stems) <= 1 and _CODE.search(text):
            continue
        if len(telling & stems) < _LEAST_SUPPORT * len(telling):
            return False
    return True


def _stems(script: str, text: str) -> set[str]:
    words = (match[0].casefold() for match in _WORDS[script].finditer(text))
    return {word if word in _COMMON else word[: _STEM[script]] for word in words}
