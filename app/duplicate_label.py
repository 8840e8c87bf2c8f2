"""The config's label on what looks like a duplicate: put on, and taken off where we put it on."""

import asyncio
from dataclasses import replace

import structlog

from app import publisher
from app.records import Records, Reply
from indexer.errors import Forbidden, GitHubError, NotFound, Rejected
from indexer.github import GitHubClient

log = structlog.get_logger()


async def settle(records: Records, client: GitHubClient, said: Reply, wanted: str | None) -> None:
    """Make the issue's label agree with what was said of it last.

    A label that somebody else had put there is left alone, and is not ours to take off later.

    Args:
        records: where it is remembered that we put it on.
        client: an installation's client.
        said: what was said.
        wanted: the label's name, None for none.

    Raises:
        GitHubError: GitHub is in trouble; doing it again is safe.
    """
    if said.reason != "duplicate" or said.action == "removed":
        wanted = None
    if said.label is not None and said.label != wanted:
        await take_off(records, client, said)
        said = replace(said, label=None)
    if wanted is None or said.label is not None or said.action not in {"created", "edited"}:
        return
    try:
        issue = await client.get(f"repos/{said.repo}/issues/{said.number}")
        there = {str(label["name"]).casefold() for label in issue.get("labels") or ()}
        if wanted.casefold() not in there:
            # Remembered first: after a crash in between, the label is there and known for ours.
            await asyncio.to_thread(records.remember, replace(said, label=wanted))
            await publisher.add_label(client, said.repo, said.number, wanted)
    except GitHubError as error:
        # Doing it again puts it on; and whoever does so by hand from now on is to keep it.
        await asyncio.to_thread(records.remember, replace(said, label=None))
        if not isinstance(error, NotFound | Forbidden | Rejected):
            raise
        log.warning("label not set", repo=said.repo, number=said.number, error=str(error))


async def take_off(records: Records, client: GitHubClient, said: Reply) -> None:
    """Take off the label that we put on, if we did.

    Raises:
        GitHubError: GitHub is in trouble; doing it again is safe.
    """
    if said.label is None:
        return
    try:
        await publisher.remove_label(client, said.repo, said.number, said.label)
    except (Forbidden, Rejected) as error:
        log.warning("label stays", repo=said.repo, number=said.number, error=str(error))
    await asyncio.to_thread(records.remember, replace(said, label=None))
