"""May we answer this issue, and is what we found worth anyone's time?

Silence is a good answer: a comment that says nothing new costs everybody who watches the
repository a moment. `Decision.reason` is a short code for logs, metrics and the records.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from app.command_lines import command_lines
from app.findings import Finding
from app.wishes import NOTHING, Wished
from indexer.candidate import Candidate
from indexer.repo_config import RepoConfig
from indexer.script import script_of
from indexer.threads import Ending, Thread
from indexer.thresholds import DEFAULT, Thresholds

Trigger = Literal["opened", "edited", "label", "command", "corrected", "improve", "manual"]

# Somebody who may wants an answer now.
ASKED_FOR: Final = frozenset({"label", "command", "manual"})
# Also of a closed issue a comment that was told to be wrong must not stay.
_ALSO_CLOSED: Final = ASKED_FOR | {"corrected"}

MAX_ROWS: Final = 3
MAX_FOLDED: Final = 5
# A related issue is shown from this share of the best one's probability on.
SHARE: Final = 0.4
# The same for an issue that shares only single words with the new one: a very young issue is often
# called probable for its age. What shares one word, or nothing with a name, is shown as the best.
WEAK_SHARE: Final = 0.8
# So many times as probable must it be to be worth a comment alone: "both titles say ICE" is little.
WEAK_ALONE: Final = 1.6
# What is less probable is not even put before the model.
NEAR: Final = 0.02
# The best candidate must be at least this near before the model is asked about any.
ASKED: Final = 0.05
# How many findings the model reads, and how many of them may be docs or release notes.
MAX_ASKED: Final = 8
ASKED_DOCS: Final = 2

# Where particles and endings attach to words, or no spaces part them, two reports of one thing
# share few words letter for letter. That none can be named says nothing there, and the ranker,
# fitted to English, calls such a pair less probable than it is.
ATTACHED_ALONE: Final = 0.75
_ENDINGS_ATTACH: Final = frozenset({"hangul", "kana", "han"})

_NO_AI_LABELS: Final = frozenset({"no-ai", "no ai", "noai"})
_NO_AI = re.compile(r"/no-ai[.,!]?(?=\s|$)", re.IGNORECASE)
_SETTLED: Final = frozenset({Ending.FIXED, Ending.ANSWERED, Ending.DECLINED})


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, and why, as a code."""

    ok: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows of the comment, best first.

    `passed` tells why an issue that is not unrelated is no row, by the `id()` of its candidate;
    `barred` are those of them that the config does not let into the comment at all.
    """

    rows: list[Finding]
    passed: Mapping[int, str]
    barred: frozenset[int] = frozenset()


def may_answer(
    thread: Thread, config: RepoConfig, trigger: Trigger = "opened", wished: Wished = NOTHING
) -> Decision:
    """Whether the issue is one to answer, whatever there is to say.

    Somebody who adds the label wants an answer, also where the issue is closed. A wish to be left
    alone goes before everything.
    """
    obstacles = {
        "disabled": not config.enabled,
        "off": wished.off,
        "no_ai": wished.no_ai or wants_no_ai(thread, config),
        "locked": thread.locked,
    }
    if trigger not in ASKED_FOR:
        obstacles["hidden"] = wished.hidden
    if trigger != "manual":
        obstacles |= {
            "author_is_bot": thread.author_is_bot,
            "ignored_author": thread.author.lower() in _lower(config.ignore.authors),
            "ignored_title": config.ignore.has_title(thread.title),
            "ignored_label": bool(_lower(thread.labels) & _lower(config.ignore.labels)),
            "closed": not thread.is_open and trigger not in _ALSO_CLOSED,
        }
    for reason, stands in obstacles.items():
        if stands:
            return Decision(ok=False, reason=reason)
    return Decision(ok=True, reason=trigger)


def wants_no_ai(thread: Thread, config: RepoConfig) -> bool:
    """Whether the author, or a label, asks to be left alone."""
    labels = no_ai_labels(config)
    return any(label.casefold() in labels for label in thread.labels) or says_no_ai(thread.body)


def says_no_ai(text: str) -> bool:
    """Whether a line that a reader sees begins with `/no-ai`."""
    return any(map(_NO_AI.match, command_lines(text)))


def no_ai_labels(config: RepoConfig) -> frozenset[str]:
    """The labels, case folded, that mean: no AI on this issue."""
    own = config.labels.ignore
    return _NO_AI_LABELS | ({own.casefold()} if own else set())


def _lower(words: Sequence[str]) -> set[str]:
    return {word.lower() for word in words}


def shown(
    findings: Sequence[Finding], config: RepoConfig, thresholds: Thresholds = DEFAULT
) -> Shown:
    """The rows of the comment, at most three, and why the other issues are none of them."""
    answer, least = config.answer, config.thresholds
    passed: dict[int, str] = {}

    def keep(rows: list[Finding], why: str, holds: Callable[[Finding], bool]) -> list[Finding]:
        kept = [row for row in rows if holds(row)]
        passed.update({id(row.candidate): why for row in rows if not holds(row)})
        return kept

    rows = [f for f in findings if f.is_thread and f.kind != "unrelated"]
    rows = keep(
        rows,
        "below the configuration's threshold",
        lambda f: f.probability >= (least.related or 0),
    )
    sure = (least.duplicate or 0) if answer.duplicates else math.inf
    rows = [
        replace(f, kind="related") if f.kind == "duplicate" and f.probability < sure else f
        for f in rows
    ]
    if not answer.related:
        rows = keep(rows, "related issues are switched off", lambda f: f.kind == "duplicate")
    barred = frozenset(passed)
    if any(f.by == "model" for f in findings):
        rows = keep(rows, "the model did not read it", lambda f: f.by == "model")
    # Beside a duplicate, what is merely similar is noise.
    if any(f.kind == "duplicate" for f in rows):
        rows = keep(
            rows,
            "noise beside a likely duplicate",
            lambda f: f.kind == "duplicate" or f.probability >= thresholds.alone,
        )
    numbers = {(f.candidate.repo, f.candidate.number) for f in rows}
    rows = keep(
        rows,
        "closed as a duplicate of a row",
        lambda f: (f.candidate.repo, _original_of(f)) not in numbers,
    )
    best = max((f.probability for f in rows), default=0.0)
    rows = keep(
        rows,
        "far less probable than the best",
        lambda f: f.kind == "duplicate" or f.probability >= best * _share(f),
    )
    passed.update({id(f.candidate): "three rows are enough" for f in rows[MAX_ROWS:]})
    return Shown(rows[:MAX_ROWS], passed, barred)


def _share(finding: Finding) -> float:
    """The share of the best one's probability that a row needs; all of it for a word or nothing."""
    if finding.sentence or finding.evidence.is_strong:
        return SHARE
    return WEAK_SHARE if len(finding.evidence.terms) > 1 else 1.0


def folded(
    findings: Sequence[Finding], shown: Shown, cited: Sequence[Finding] = ()
) -> list[Finding]:
    """What a triager may want to see beside the rows and the documents that are cited."""
    seen = shown.barred | {id(f.candidate) for f in (*shown.rows, *cited)}
    rest = [f for f in findings if f.kind != "unrelated" and id(f.candidate) not in seen]
    return rest[:MAX_FOLDED]


def may_quote(candidate: Candidate, config: RepoConfig) -> bool:
    """Whether the config lets this document be a source; issues always are."""
    if candidate.section is not None:
        return config.sources.has_doc(candidate.section.path)
    if candidate.discussion is not None:
        return config.sources.discussions
    return candidate.release is None or config.sources.releases


def telling_docs(docs: Sequence[Finding], rows: Sequence[Finding]) -> list[Finding]:
    """The doc sections and answers worth quoting; one beside issues, two where there are none.

    Release notes are not among them: alone they answer nothing, and a fix's release stands in the
    row of the issue that it fixed.
    """
    telling = [d for d in docs if d.kind != "unrelated" and d.candidate.release is None]
    return telling[: 1 if rows else 2]


def worth_asking(findings: Sequence[Finding]) -> list[Finding]:
    """The findings to put before the model; none where nothing is near enough to pay for it.

    Docs are judged more mildly than issues and must not crowd them out, so few of them go along.
    """
    near = [f for f in findings if f.probability >= NEAR]
    if not any(f.probability >= ASKED for f in near):
        return []
    threads = [f for f in near if f.is_thread]
    docs = [f for f in near if not f.is_thread][:ASKED_DOCS]
    return [*threads[: MAX_ASKED - len(docs)], *docs]


def enough_evidence(
    rows: Sequence[Finding], docs: Sequence[Finding] = (), thresholds: Thresholds = DEFAULT
) -> Decision:
    """Whether the rows are worth a comment; one weak match is not."""
    if any(row.kind == "duplicate" for row in rows):
        return Decision(ok=True, reason="duplicate")
    if any(row.probability >= thresholds.alone * _care(row) for row in rows):
        return Decision(ok=True, reason="related")
    if any(row.by == "model" for row in rows) and (len(rows) > 1 or _is_settled(rows[0])):
        return Decision(ok=True, reason="related")
    if len(rows) > 1 and any(_is_settled(row) for row in rows):
        return Decision(ok=True, reason="related")
    if docs:
        return Decision(ok=True, reason="docs")
    return Decision(ok=False, reason="thin_evidence" if rows else "nothing_found")


def _care(finding: Finding) -> float:
    """How many times as probable as usual what was found must be."""
    if script_of(finding.candidate.title) in _ENDINGS_ATTACH:
        return ATTACHED_ALONE
    return 1.0 if finding.sentence or finding.evidence.is_strong else WEAK_ALONE


def _original_of(finding: Finding) -> int | None:
    resolution = finding.candidate.resolution
    return resolution.duplicate_of if resolution is not None else None


def _is_settled(finding: Finding) -> bool:
    resolution = finding.candidate.resolution
    return resolution is not None and resolution.ending in _SETTLED
