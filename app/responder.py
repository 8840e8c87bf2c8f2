"""The story of one issue on GitHub: may we answer, what do we say, say it, remember it."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from app import policy, publisher, reply
from app.answering import Answer, AnswerServices, Searching, answer
from app.budget import PASSING, Metered, limits_of
from app.feedback import Answered
from app.identity import Identity
from app.llm import Asker
from app.metrics import Metrics
from app.outcomes import Kind
from app.policy import Trigger
from app.prepared import Prepared, digest
from app.records import Records, Reply
from app.settings import Settings
from app.version import VERSION
from app.wishes import Wished
from indexer import config_file, sharing
from indexer.errors import NotFound
from indexer.github import GitHubClient
from indexer.repo_config import RepoConfig
from indexer.sources.github import fetch_thread
from indexer.state import State
from indexer.threads import Thread


class RespondServices(AnswerServices, Protocol):
    """What `respond` needs beside that."""

    @property
    def records(self) -> Records:
        """What is remembered."""

    @property
    def state(self) -> State:
        """What the knowledge base remembers of a repository."""

    @property
    def identity(self) -> Identity:
        """Who we are on GitHub."""

    @property
    def metrics(self) -> Metrics:
        """What is counted."""


@dataclass(frozen=True, slots=True)
class _Answering:
    settings: Settings
    searcher: Searching
    state: State
    llm: Asker | None


async def respond(
    services: RespondServices, repo: str, number: int, *, trigger: Trigger, client: GitHubClient
) -> Reply:
    """Answer an issue on GitHub, or leave it alone, and remember which.

    Raises:
        NotFound: the issue is gone.
        InternError: GitHub or the knowledge base is in trouble; doing it again is safe.
    """
    settled = await prepare(services, repo, number, trigger=trigger, client=client)
    return settled or await publish(services, repo, number, client=client)


async def prepare(
    services: RespondServices, repo: str, number: int, *, trigger: Trigger, client: GitHubClient
) -> Reply | None:
    """Decide what to say about an issue, and keep it for `publish`; writes nothing on GitHub.

    This is what costs something; publishing may be tried again without doing this again.

    Returns:
        What was decided, when nothing is to be published; else None.

    Raises:
        NotFound: the issue is gone.
        InternError: GitHub or the knowledge base is in trouble; doing it again is safe.
    """
    thread = await fetch_thread(client, repo, number)
    config = await asyncio.to_thread(
        services.records.settle_config, repo, await config_file.read(client.get, repo)
    )
    known = await asyncio.to_thread(services.records.reply_of, repo, number)
    wished = await _wished(services.records, repo, thread, config, trigger)
    read = digest(thread.title, thread.body)
    last = await asyncio.to_thread(services.records.prepared.of, repo, number)
    if trigger == "improve" and known is not None and (last is None or not last.improvable):
        return replace(known, action="unchanged")  # somebody asked for another answer meanwhile
    if trigger == "edited":
        if known is None:
            # Whoever corrects an old issue, from before the App was there, did not ask.
            return Reply(repo, number, "none", "not_answered_before", trigger)
        if last is not None and last.read == read:
            return replace(known, action="unchanged")
    decision = policy.may_answer(thread, config, trigger, wished)
    if not decision.ok:
        result = _unposted(repo, number, "none", decision.reason, trigger, known)
        return await _remember(services, result)
    apart = await asyncio.to_thread(apart_from, services.state, repo, number)
    shared = await sharing.sources_of(client.get, repo, config)
    asking = _within_limits(services, repo, number, config)
    made = await answer(asking, repo, thread, config, apart=apart, shared=shared)
    _count(services.metrics, made)
    shadow = config.mode == "shadow"
    if not shadow and known is not None and await _stands(services, client, known, made):
        # Not the record's reason: that may be why nothing was done since.
        reason = known.reason if last is None else last.reason
        prepared = Prepared(repo, number, read, None, reason, trigger, known.language, known.shown)
    else:
        body = made.body
        if body is None and known is not None and known.comment_id is not None:
            body = reply.withdrawn(made.language)
        prepared = Prepared(
            repo,
            number,
            read,
            body,
            made.decision.reason,
            trigger,
            made.language if body else "",
            made.shown,
            # Nobody who deleted our comment wants to be told that there is nothing to say.
            repost=made.body is not None and trigger in policy.ASKED_FOR,
        )
    if shadow:
        prepared = replace(prepared, body=None, posted=True)
    prepared = replace(prepared, improvable=made.llm_failure in PASSING)
    await asyncio.to_thread(services.records.prepared.keep, prepared)
    if not shadow:
        return None
    result = _unposted(repo, number, "shadow", made.decision.reason, trigger, known)
    result = replace(result, language=made.language, shown=made.shown)
    await _note(services.records, result, "shadow" if made.body else "silent", body=made.body)
    return await _remember(services, result)


async def publish(
    services: RespondServices, repo: str, number: int, *, client: GitHubClient
) -> Reply:
    """Post what was prepared for an issue, and remember it.

    Raises:
        NotFound: the issue is gone, or was forgotten meanwhile.
        InternError: GitHub is in trouble; doing it again is safe.
    """
    records = services.records
    prepared = await asyncio.to_thread(records.prepared.of, repo, number)
    known = await asyncio.to_thread(records.reply_of, repo, number)
    if prepared is None:
        raise NotFound(f"{repo}#{number} was forgotten before it was answered.")
    if prepared.posted and known is not None:
        return known
    published = await publisher.publish(
        client,
        repo,
        number,
        prepared.body,
        await services.identity.author(),
        known_comment_id=known.comment_id if known else None,
        repost=prepared.repost,
    )
    said = await _remember(
        services,
        Reply(
            repo,
            number,
            "unchanged" if prepared.body is None and prepared.language else published.action,
            prepared.reason,
            prepared.trigger,
            prepared.language,
            # A comment that was deleted by hand stays known, so that it is not posted again.
            published.comment_id or (known.comment_id if known else None),
            published.url,
            prepared.shown,
            label=known.label if known else None,
        ),
    )
    if published.action == "removed":  # nobody deletes what was of use
        await asyncio.to_thread(records.feedback.tell_wrong, repo, number)
    elif prepared.language:  # something is said, not only taken back
        await _note(records, said, "posted", node_id=published.node_id)
    elif known is None or known.comment_id is None:
        await _note(records, said, "silent")
    await asyncio.to_thread(records.prepared.finish, repo, number)
    return said


async def _stands(
    services: RespondServices, client: GitHubClient, known: Reply, made: Answer
) -> bool:
    """Whether the comment that is there says more than an answer for which Claude was no help.

    What Claude vouched for, the rules alone do not take back, as long as the search still finds
    every issue that the comment shows.
    """
    if made.llm_failure is None or known.comment_id is None:
        return False
    found = {f.candidate.number for f in made.findings if f.candidate.repo == known.repo.lower()}
    if not found.issuperset(known.shown):
        return False
    author = await services.identity.author()
    mine = await publisher.find(client, known.repo, known.number, author, known.comment_id)
    return mine is not None and reply.is_drafted(str(mine["body"]), known.language)


def apart_from(state: State, repo: str, number: int) -> frozenset[tuple[str, int]]:
    """The issues that a maintainer said are no duplicates of this one, by repository."""
    own = ((repo.lower(), other) for other in state.pairs.of(repo, number))
    return frozenset(own) | state.pairs.elsewhere(repo, number)


def _within_limits(
    services: RespondServices, repo: str, number: int, config: RepoConfig
) -> "_Answering":
    """What `answer` works with, its model held to the limits."""
    llm = services.llm
    if llm is not None:
        settings = services.settings
        limits = limits_of(settings, config)
        model = settings.anthropic_model
        llm = Metered(llm, model, services.records.spending, repo, number, limits)
    return _Answering(services.settings, services.searcher, services.state, llm)


async def _wished(
    records: Records, repo: str, thread: Thread, config: RepoConfig, trigger: Trigger
) -> Wished:
    """What people asked of us about the issue, as far as it still holds after this trigger."""
    if policy.wants_no_ai(thread, config):
        # Respected for good, also when the words or the label go away.
        await asyncio.to_thread(records.wishes.add, repo, thread.number, "no_ai")
    elif trigger in policy.ASKED_FOR:
        await asyncio.to_thread(records.wishes.show_again, repo, thread.number)
    return await asyncio.to_thread(records.wishes.of, repo, thread.number)


def _unposted(  # noqa: PLR0913, PLR0917 - what a reply is made of
    repo: str, number: int, action: str, reason: str, trigger: str, known: Reply | None
) -> Reply:
    """Nothing done on GitHub; a comment that is there stays known, with what it shows."""
    if known is None:
        return Reply(repo, number, action, reason, trigger)
    return replace(known, action=action, reason=reason, trigger=trigger, at=datetime.now(UTC))


async def _note(
    records: Records, said: Reply, kind: Kind, node_id: str | None = None, body: str | None = None
) -> None:
    """Keep the answer until it is known how it turned out."""
    answered = Answered(said.repo, said.number, kind, VERSION, said.at, node_id, said.shown, body)
    await asyncio.to_thread(records.feedback.said, answered)


async def _remember(services: RespondServices, result: Reply) -> Reply:
    await asyncio.to_thread(services.records.remember, result)
    return result


def _count(metrics: Metrics, made: Answer) -> None:
    if made.llm_failure is not None:
        metrics.llm_failures.labels(made.llm_failure).inc()
    if (usage := made.usage) is not None:
        tokens = usage.input_tokens + usage.cache_written + usage.cache_read
        metrics.llm_tokens.labels(usage.model, "input").inc(tokens)
        metrics.llm_tokens.labels(usage.model, "output").inc(usage.output_tokens)
        metrics.llm_cost.labels(usage.model).inc(usage.cost or 0.0)
