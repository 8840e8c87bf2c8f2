"""A history that a command wants read: by the server that runs, else in this process."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer import config_file
from indexer.errors import Forbidden, InputError, Rejected
from indexer.exclusive import exclusive
from indexer.opening import opened
from indexer.progress import BackfillReport, OnProgress, report_of
from indexer.repo_config import RepoConfig, Sources
from indexer.runs import run_there, running_server
from indexer.settings import IndexSettings
from indexer.state import State

if TYPE_CHECKING:
    from indexer.github import GitHubClient

# Begins to show progress, once there is something to show.
Watch = Callable[[], AbstractContextManager[OnProgress]]


def read_history(  # noqa: PLR0913 - what the command was told
    settings: IndexSettings,
    repo: str,
    watch: Watch,
    *,
    full: bool,
    docs: bool,
    since: datetime | None,
) -> BackfillReport:
    """Read a repository from GitHub (indexer/backfill.py).

    Raises:
        InternError: it cannot be read, or another process is reading it.
    """
    if server := running_server(settings):
        moment = since.isoformat() if since else None
        wanted = {"repo": repo, "full": full, "docs": docs, "since": moment}
        return _there(server, "backfill", wanted, watch)[0]
    from indexer.backfill import backfill
    from indexer.github_clients import GitHubClients  # githubkit takes a while to import

    clients = GitHubClients(settings)
    clients.require_credentials()  # before anything is made or loaded

    async def whole(on_progress: OnProgress) -> BackfillReport:
        try:
            client = await clients.for_repo(repo)
            sources, problem = await _sources(client, repo) if docs else (None, None)
            report = await backfill(
                client,
                parts.kb,
                parts.embedder,
                parts.state,
                repo,
                on_progress,
                full=full,
                docs=docs,
                # Without its word nothing changes.
                patterns=sources.doc_patterns if sources else None,
                discussions=sources.discussions if sources else None,
                since=since,
            )
            if problem is None:
                return report
            warning = f"Its documents and discussions stay as they were: {problem}"
            return replace(report, warning=f"{warning} {report.warning or ''}".strip())
        finally:
            await clients.aclose()

    with (
        opened(settings) as parts,
        exclusive(settings, repo, f"reading {repo}"),
        watch() as on_progress,
    ):
        return asyncio.run(whole(on_progress))


def read_changes(settings: IndexSettings, repo: str, watch: Watch, *, docs: bool) -> BackfillReport:
    """Read what changed in a repository since it was last read.

    Raises:
        InputError: it was not read from GitHub to the end before.
        InternError: it cannot be read, or another process is reading it.
    """
    unread = InputError(f"The history of {repo} was not read yet: run `backfill {repo}`.")
    if not (settings.database_url or settings.data_dir.is_dir()):
        raise unread  # and no folder is made for what DATA_DIR mistypes
    with closing(State.open(settings)) as state:
        row = state.repository(repo)
        if not row.is_complete or row.source != "github":
            raise unread
    return read_history(settings, repo, watch, full=False, docs=docs, since=None)


async def _sources(client: "GitHubClient", repo: str) -> tuple[Sources | None, str | None]:
    """What the repository's config file says is read; None and why, where it does not tell."""
    try:
        file = await config_file.read(client.get, repo)
    except (Forbidden, Rejected) as error:
        return None, str(error)
    if file.state == "broken":
        place = config_file.CONFIG_PATH + (f", line {file.line}" if file.line else "")
        return None, f"{place}: {file.problem}"
    return (file.config or RepoConfig()).sources, None


def read_file(
    settings: IndexSettings, repo: str, file: Path, watch: Watch, *, full: bool
) -> tuple[BackfillReport, list[str]]:
    """Read a repository from a file (indexer/importing.py).

    Returns:
        What was read, and the first few lines that could not be, each with its reason.

    Raises:
        InternError: the file cannot be read, or another process is reading the repository.
    """
    # Where several servers share all there is, any might take the job, and not have the file.
    shared = settings.database_url and settings.qdrant_url
    if not shared and (server := running_server(settings)):
        wanted = {"repo": repo, "file": str(file.absolute()), "full": full}
        return _there(server, "import", wanted, watch)
    from indexer.importing import Complaints, import_file

    errors = Complaints()
    with (
        opened(settings) as parts,
        exclusive(settings, repo, f"reading {repo}"),
        watch() as on_progress,
    ):
        report = import_file(
            file,
            parts.kb,
            parts.embedder,
            parts.state,
            repo,
            on_progress,
            full=full,
            on_error=errors,
        )
    return report, errors.shown


def _there(
    server: Path, kind: str, wanted: Mapping[str, Any], watch: Watch
) -> tuple[BackfillReport, list[str]]:
    with watch() as on_progress:
        outcome = run_there(server, kind, wanted, on_progress)
    return report_of(outcome["report"]), outcome.get("errors", [])
