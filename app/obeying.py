"""A comment's command: who asks, may they, do it, and say with a reaction that it was heard."""

import asyncio
from typing import Final, Literal, Protocol

import structlog

from app import publisher
from app.commands import Command, Wanted, command_of
from app.job_kinds import Obey
from app.permissions import Permissions
from app.records import Records
from indexer.errors import Forbidden
from indexer.github import GitHubClient
from indexer.state import State

log = structlog.get_logger()
HEARD: Final = "+1"
NOT_DONE: Final = "confused"

Outcome = Literal[Wanted, "refused", "gone"]


class ObeyServices(Protocol):
    """What `obey` needs."""

    @property
    def permissions(self) -> Permissions:
        """Who may do what."""

    @property
    def records(self) -> Records:
        """What is remembered."""

    @property
    def state(self) -> State:
        """What the knowledge base remembers of a repository."""


async def obey(services: ObeyServices, client: GitHubClient, job: Obey) -> Outcome:
    """Do what the comment asks for now, which may not be what it said when it was written.

    Another answer is not made here. Nobody is answered in words: a comment about a comment is
    noise for everyone who watches.

    Raises:
        NotFound: the comment or the issue is gone.
        GitHubError: GitHub is in trouble; doing it again is safe.
    """
    comment = await client.get(f"repos/{job.repo}/issues/comments/{job.comment}")
    command = command_of(comment.get("body") or "")
    user = comment.get("user") or {}
    if command is None or user.get("type") == "Bot":
        return "gone"
    outcome = await _done(services, client, job, command, str(user.get("login") or ""))
    reaction = NOT_DONE if outcome in {"refused", "unknown"} else HEARD
    try:
        await publisher.react(client, job.repo, job.comment, reaction)
    except Forbidden as error:
        log.warning("no reaction", repo=job.repo, number=job.number, error=str(error))
    return outcome


async def _done(
    services: ObeyServices, client: GitHubClient, job: Obey, command: Command, login: str
) -> Outcome:
    other = command.repo if command.repo != job.repo.lower() else None
    if command.wanted == "unknown" or (other is None and command.number == job.number):
        return "unknown"
    if not await _may(services.permissions, client, job, command, login):
        return "refused"
    pairs, number = services.state.pairs, command.number
    if number is not None and other is not None:
        await asyncio.to_thread(pairs.add_elsewhere, job.repo, job.number, other, number)
    elif number is not None:
        await asyncio.to_thread(pairs.add, job.repo, job.number, number)
    if command.wanted in {"hide", "not_duplicate"}:
        await asyncio.to_thread(services.records.feedback.tell_wrong, job.repo, job.number)
    if command.wanted == "hide":
        await asyncio.to_thread(services.records.wishes.add, job.repo, job.number, "hidden")
    elif command.wanted == "off":
        await asyncio.to_thread(services.records.wishes.add, job.repo, job.number, "off")
    return command.wanted


async def _may(
    permissions: Permissions, client: GitHubClient, job: Obey, command: Command, login: str
) -> bool:
    """Whether whoever wrote the comment may ask for this."""
    if not login:  # a deleted account
        return False
    if command.is_for_authors:
        issue = await client.get(f"repos/{job.repo}/issues/{job.number}")
        if ((issue.get("user") or {}).get("login") or "").lower() == login.lower():
            return True
    return await permissions.may_triage(client, job.repo, login)
