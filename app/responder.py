"""The story of one issue on GitHub: may we answer, what do we say, say it, remember it."""

import asyncio
from dataclasses import replace
from typing import Protocol

from app import policy, publisher, reply
from app.answering import Answer, AnswerServices, answer
from app.identity import Identity
from app.metrics import Metrics
from app.policy import Trigger
from app.records import Records, Reply
from indexer import repo_config
from indexer.github import GitHubClient
from indexer.sources.github import fetch_thread


class RespondServices(AnswerServices, Protocol):
    """What `respond` needs beside that."""

    @property
    def records(self) -> Records:
        """What is remembered."""

    @property
    def identity(self) -> Identity:
        """Who we are on GitHub."""

    @property
    def metrics(self) -> Metrics:
        """What is counted."""


async def respond(
    services: RespondServices, repo: str, number: int, *, trigger: Trigger, client: GitHubClient
) -> Reply:
    """Answer an issue on GitHub, or leave it alone, and remember which.

    Raises:
        NotFound: the issue is gone.
        InternError: GitHub or the knowledge base is in trouble; doing it again is safe.
    """
    thread = await fetch_thread(client, repo, number)
    config = await asyncio.to_thread(
        services.records.settle_config, repo, await repo_config.read(client.get, repo)
    )
    known = await asyncio.to_thread(services.records.reply_of, repo, number)
    decision = policy.may_answer(thread, config, trigger)
    if not decision.ok:
        result = _unposted(repo, number, "none", decision.reason, trigger, known)
        return await _remember(services, result)
    made = await answer(services, repo, thread, config)
    _count(services.metrics, made)
    body = made.body
    if body is None and known is not None and known.comment_id is not None:
        body = reply.withdrawn(made.language)
    if config.mode == "shadow":
        result = _unposted(repo, number, "shadow", made.decision.reason, trigger, known)
        result = replace(result, language=made.language, shown=made.shown)
        return await _remember(services, result)
    published = await publisher.publish(
        client,
        repo,
        number,
        body,
        await services.identity.author(),
        known_comment_id=known.comment_id if known else None,
        # Nobody who deleted our comment wants to be told that there is nothing to say.
        repost=made.body is not None and trigger in {"label", "manual"},
    )
    return await _remember(
        services,
        Reply(
            repo,
            number,
            published.action,
            made.decision.reason,
            trigger,
            made.language if body else "",
            # A comment that was deleted by hand stays known, so that it is not posted again.
            published.comment_id or (known.comment_id if known else None),
            published.url,
            made.shown,
        ),
    )


def _unposted(  # noqa: PLR0913, PLR0917 - what a reply is made of
    repo: str, number: int, action: str, reason: str, trigger: str, known: Reply | None
) -> Reply:
    """Nothing done on GitHub; a comment that is there stays known."""
    return Reply(
        repo,
        number,
        action,
        reason,
        trigger,
        comment_id=known.comment_id if known else None,
        url=known.url if known else None,
    )


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
