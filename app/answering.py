"""What to say about an issue: search, verdicts, evidence, draft, comment. Writes nothing anywhere.

So the command line uses it as the server does (app/responder.py).
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Protocol

import structlog

from app import (
    drafter,
    evidence,
    explain,
    grounding,
    judge,
    language,
    missing,
    policy,
    prompt,
    reply,
    series,
    versions,
)
from app.drafter import NO_DRAFT, Draft, Dropped, Step
from app.explain import Consulted
from app.findings import Finding, fix_of, originals_first
from app.links import Links
from app.llm import Asker, LlmError, Usage
from app.policy import Decision
from app.settings import Settings
from indexer import verdict
from indexer.candidate import Candidate
from indexer.query import Query
from indexer.redact import redact, redact_thread
from indexer.repo_config import RepoConfig
from indexer.threads import Thread
from indexer.thresholds import Thresholds

log = structlog.get_logger()
CANDIDATES: Final = 12


class Searching(Protocol):
    """What is asked of indexer.search.Searcher."""

    def search(self, query: Query, limit: int = 10) -> list[Candidate]:
        """Candidates, best first."""


class Levels(Protocol):
    """What is asked of indexer.state.State: levels, and what its template asks."""

    def thresholds(self, repo: str) -> Thresholds:
        """The thresholds in force for a repository."""

    def templates(self, repo: str) -> frozenset[str]:
        """The template lines in force for a repository."""


class AnswerServices(Protocol):
    """What `answer` works with; app.services.Services has it all."""

    @property
    def settings(self) -> Settings:
        """The App's settings."""

    @property
    def searcher(self) -> Searching:
        """Who searches."""

    @property
    def state(self) -> Levels:
        """Who knows the thresholds."""

    @property
    def llm(self) -> Asker | None:
        """Who judges and drafts, if there is someone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What we would say about an issue, and how we came to it.

    Attributes:
        body: the comment in Markdown; None when there is nothing worth saying.
        decision: why there is a comment, or why there is none.
        language: of the comment.
        candidates: what the search returned, best first.
        findings: the final verdicts on them, best first.
        shown: the numbers of the issues in the comment's rows.
        draft: the suggested resolution.
        usage: what the model used; None where it was not asked or did not answer.
        llm_failure: the reason code, where the model was asked in vain.
        explain: everything above and what was dropped, as plain JSON.
    """

    body: str | None
    decision: Decision
    language: str
    candidates: tuple[Candidate, ...] = ()
    findings: tuple[Finding, ...] = ()
    shown: tuple[int, ...] = ()
    draft: Draft = NO_DRAFT
    usage: Usage | None = None
    llm_failure: str | None = None
    explain: Mapping[str, Any] = field(default_factory=dict)


async def answer(  # noqa: PLR0913 - what is keyword-only has defaults
    services: AnswerServices,
    repo: str,
    thread: Thread,
    config: RepoConfig,
    before: datetime | None = None,
    *,
    apart: Collection[tuple[str, int]] = (),
    shared: tuple[str, ...] = (),
) -> Answer:
    """What to say about an issue, from what was known before a moment (now, if None).

    `apart` are the issues, by repository, of which a maintainer said that they are no duplicates
    of it; `shared` are other repositories that may be shown (indexer/sharing.py decides which).

    Raises:
        StoreError: the knowledge base cannot be asked.
    """
    thread = redact_thread(thread)
    spoken = await asyncio.to_thread(_language_of, thread, config)
    query = Query(
        repo=repo,
        title=thread.title,
        body=thread.body,
        before=before,
        exclude_numbers=(thread.number, *sorted(n for name, n in apart if name == repo.lower())),
        repos=shared,
        without_labels=config.sources.without_labels,
    )
    found = await asyncio.to_thread(services.searcher.search, query, CANDIDATES)
    found = [c for c in found if (c.repo, c.number) not in apart]
    linked = {(c.repo, c.number) for c in found if c.linked}
    left_out = [
        Finding(candidate, "unrelated", candidate.probability, why)
        for candidate in found
        if (why := _why_left_out(candidate, thread, config, linked))
    ]
    candidates = [c for c in found if _why_left_out(c, thread, config, linked) is None]
    thresholds = await asyncio.to_thread(services.state.thresholds, repo)
    findings = await asyncio.to_thread(_by_the_rules, thread, repo, candidates, thresholds)
    opinion = await _opinion(services.llm, thread, findings, spoken)
    findings = opinion.findings
    shown = policy.shown(findings, config, thresholds)
    rows = shown.rows
    read = opinion.prompt is not None and opinion.failure is None
    docs = [f for f in findings if not f.is_thread and (not read or f.by == "model")]
    telling_docs = policy.telling_docs(docs, rows)
    decision = policy.enough_evidence(rows, telling_docs, thresholds)
    # Alone, only telling docs answer; beside issues the model may cite every one it found related.
    related_docs = [f for f in docs if f.kind != "unrelated"] if rows else telling_docs
    draft = NO_DRAFT
    if config.answer.resolution:
        quotes = drafter.from_quotes(rows, telling_docs)
        asked = await asyncio.to_thread(services.state.templates, repo)
        asked |= frozenset(missing.labels_of(thread.body))
        draft = _draft(opinion, quotes, (*rows, *related_docs), asked)
    if decision.ok and not rows and not draft.steps:
        decision = Decision(ok=False, reason="nothing_to_quote")
    body: str | None = None
    more: list[Finding] = []
    if decision.ok:
        more = policy.folded(findings, shown, _cited(draft, docs))
        content = reply.Content(
            rows,
            draft,
            more,
            spoken,
            drafted=read,
            again_label=config.labels.again or services.settings.again_label,
        )
        body = reply.render(content, Links(services.settings.web_url, repo))
    return Answer(
        body,
        decision,
        spoken,
        tuple(found),
        tuple(findings),
        tuple(number for row in rows if (number := _number_in(row, repo)) is not None),
        draft,
        opinion.usage,
        opinion.failure,
        explain.tell(
            decision, spoken, thresholds, [*findings, *left_out], shown, more, draft, opinion
        ),
    )


async def _opinion(
    llm: Asker | None, thread: Thread, findings: list[Finding], spoken: str
) -> Consulted:
    """Ask the model where there is one and something to ask it about."""
    asked = policy.worth_asking(findings)
    if llm is None or not asked:
        return Consulted(findings)
    made = prompt.build(thread, asked, spoken)
    try:
        answered = await llm.ask(made)
    except LlmError as error:
        # The reader gets the quotes instead; who runs the server sees the reason.
        log.warning("llm failed", reason=error.reason, error=str(error))
        return Consulted(findings, prompt=made, usage=error.usage, failure=error.reason)
    judged = judge.judge(answered.opinion, made, thread.created_at)
    draft = grounding.check(answered.opinion.steps, made, judged.findings)
    return Consulted(
        originals_first([*judged.findings, *_unread(findings, made)]),
        draft,
        made,
        answered.usage,
        dropped=judged.dropped,
    )


def _unread(findings: Sequence[Finding], made: prompt.Prompt) -> list[Finding]:
    """What the model was not shown: the rules' verdict stands, but it makes no row."""
    read = {id(source.finding.candidate) for source in made.sources}
    return [f for f in findings if id(f.candidate) not in read]


def _draft(
    opinion: Consulted, quotes: Draft, shown: Sequence[Finding], asked: Collection[str]
) -> Draft:
    """The model's grounded steps that rest on what is shown, else the maintainers' own words.

    `asked` is what the issue, or the repository's template, asks for already.
    """
    if opinion.draft is None:
        return quotes
    dropped = list(opinion.draft.dropped)
    steps: list[Step] = []
    sources = {id(f.candidate): f for f in (*opinion.findings, *shown)}
    seen = {id(f.candidate) for f in shown}
    for step in opinion.draft.steps:
        source = sources[id(step.passage.candidate)]
        problem = None
        if source.kind == "unrelated":
            problem = "its source is unrelated"
        elif id(source.candidate) not in seen:
            problem = "its source is not shown"
        elif source.is_regression:
            problem = drafter.REGRESSION
        elif step.kind == "missing":
            problem = missing.problem(step.text or "", step.quote, asked)
        if problem is None:
            steps.append(step)
        else:
            dropped.append(Dropped(step.text or "", problem))
    if dropped and not steps:  # the model saw help, and none of its words can be used
        return replace(quotes, dropped=(*dropped, *quotes.dropped))
    return Draft(tuple(steps), quotes.upgrade, tuple(dropped))


def _by_the_rules(
    thread: Thread, repo: str, candidates: Sequence[Candidate], thresholds: Thresholds
) -> list[Finding]:
    """A verdict on each candidate without the model, originals before their duplicates."""
    reported = versions.reported(thread.title, thread.body, (repo.rpartition("/")[2],))
    here = repo.lower()
    findings: list[Finding] = []
    for found in candidates:
        candidate = _redacted(found)
        judged = verdict.decide(candidate, thresholds)
        kind = judged.kind
        findings.append(
            Finding(
                candidate,
                kind,
                judged.probability,
                judged.reason,
                evidence=evidence.of_candidate(candidate),
                # Another repository's releases are not what the reporter runs.
                fix=fix_of(candidate, reported) if candidate.repo == here else None,
            )
        )
    return originals_first(_without_siblings(thread.title, findings))


def _without_siblings(title: str, findings: list[Finding]) -> list[Finding]:
    """The findings, those of a series as unrelated unless they name the same error."""
    titles = [f.candidate.title if f.is_thread else "" for f in findings]
    for place in series.siblings(title, titles):
        if findings[place].evidence.kind != "error":
            findings[place] = replace(
                findings[place],
                kind="unrelated",
                probability=0.0,
                reason="one of a series of sibling issues",
            )
    return findings


def _why_left_out(
    candidate: Candidate,
    thread: Thread,
    config: RepoConfig,
    linked: Collection[tuple[str, int | None]],
) -> str | None:
    """Why a candidate is not even looked at; None if it is.

    `linked` are the issues that the author links: who knows them needs no comment to find them.
    """
    if candidate.linked:
        return "the issue links it already"
    resolution = candidate.resolution
    if resolution is not None and (candidate.repo, resolution.duplicate_of) in linked:
        return "closed as a duplicate of what the issue links"
    if not policy.may_quote(candidate, config):
        return "the configuration leaves this source out"
    # Of two reports of one problem the older is the original: a newer one answers nothing.
    past = candidate.thread
    if past is not None and past.created_at >= thread.created_at:
        return "younger than the issue"
    return None


def _redacted(candidate: Candidate) -> Candidate:
    """The candidate without secrets, and without comments that nobody reads from here on."""
    past, resolution = candidate.thread, candidate.resolution
    section, release, discussion = candidate.section, candidate.release, candidate.discussion
    if past is not None:
        past = redact_thread(past.model_copy(update={"comments": ()}))
    if resolution is not None and resolution.quote is not None:
        said = resolution.quote.model_copy(update={"text": redact(resolution.quote.text)})
        resolution = resolution.model_copy(update={"quote": said})
    if section is not None:
        section = section.model_copy(
            update={
                "path": redact(section.path),
                "headings": tuple(redact(heading) for heading in section.headings),
                "text": redact(section.text),
            }
        )
    if release is not None:
        release = release.model_copy(update={"body": redact(release.body)})
    if discussion is not None:
        discussion = discussion.model_copy(
            update={
                "title": redact(discussion.title),
                "question": redact(discussion.question),
                "answer": redact(discussion.answer),
            }
        )
    return replace(
        candidate,
        title=redact(candidate.title),
        thread=past,
        resolution=resolution,
        section=section,
        release=release,
        discussion=discussion,
        reasons=tuple(
            replace(reason, values=tuple(redact(value) for value in reason.values))
            for reason in candidate.reasons
        ),
    )


def _language_of(thread: Thread, config: RepoConfig) -> str:
    if config.language != "auto":
        return config.language
    return language.detect(thread.title, thread.body)


def _number_in(finding: Finding, repo: str) -> int | None:
    """The issue's number, if it is one of this repository."""
    candidate = finding.candidate
    return candidate.number if candidate.repo == repo.lower() else None


def _cited(draft: Draft, docs: Sequence[Finding]) -> list[Finding]:
    """The docs that a step of the draft links already."""
    cited = {id(step.passage.candidate) for step in draft.steps}
    return [doc for doc in docs if id(doc.candidate) in cited]
