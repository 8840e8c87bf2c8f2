"""The steps of the workflows about whole repositories: reading, moving, forgetting.

As in app/steps.py, every step may be repeated and returns a small JSON object with an `outcome`.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from app import adopting, schedule
from app.job_kinds import (
    Adopt,
    Backfill,
    CheckConfig,
    Forget,
    Import,
    Improve,
    LeaveAlone,
    Move,
    Obey,
    RefreshConfig,
    RefreshDocs,
    RefreshThread,
    RemoveThread,
    Respond,
)
from app.job_queue import Outcome
from app.services import Services
from app.telling import telling
from indexer import backfill
from indexer.config_file import ConfigFile
from indexer.docs_sync import sync_docs
from indexer.errors import InternError, NotFound
from indexer.exclusive import exclusively
from indexer.importing import Complaints, import_file
from indexer.indexing import delete_thread
from indexer.progress import report_json
from indexer.renaming import rename_threads
from indexer.state import Status
from indexer.store import Where

log = structlog.get_logger()

# What RefreshDocs may have written.
DOCUMENTS = ("doc", "release")
VoidableJob = (
    Respond
    | Obey
    | Improve
    | LeaveAlone
    | RefreshThread
    | RemoveThread
    | RefreshConfig
    | CheckConfig
    | RefreshDocs
    | Backfill
    | Import
)
"""The jobs that a later forgetting makes void."""


class RepositorySteps:
    """The steps, with the services they need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def look_at_history(self, job: Respond) -> Outcome:
        """How far the repository's history is known: never, running, complete or failed.

        And when the run under way, or the last one, began.
        """
        known = await asyncio.to_thread(self._services.state.repository, job.repo)
        began = known.started_at.isoformat() if known.started_at else None
        return {"outcome": known.status.value, "started_at": began}

    async def list_repositories(self, job: Adopt) -> Outcome:
        """The repositories to read for an installation, the most recently active first.

        Those that the job names, else all that have issues; none beyond the operator's limit but
        those that were begun before. The row of each that is left out says so.
        """
        client = self._services.clients.for_installation(job.installation)
        pages = client.paginate("installation/repositories", key="repositories")
        found = {str(repository["full_name"]): repository async for repository in pages}
        rows = await asyncio.to_thread(self._services.state.repositories)
        begun = {name for name, row in rows.items() if row.status is not Status.NEVER}
        most = self._services.settings.backfill_max_repositories
        chosen = adopting.choose(found, job.repos, begun, most)
        for repo in chosen.capped:
            log.warning("repository not read ahead", repo=repo, reason=adopting.CAPPED)
            changes = {"warning": adopting.SENTENCE, "warning_reason": adopting.CAPPED}
            await asyncio.to_thread(partial(self._services.state.update, repo, **changes))
        return {"outcome": "listed", "repos": chosen.repos, "capped": len(chosen.capped)}

    async def locate(self, job: Backfill) -> Outcome:
        """Whether a repository is where it was.

        `here`; `moved` to another `name`; `lost` where it is deleted or the App no longer
        installed there; `gone` where it cannot be read though the App is installed, or where this
        App never was: what came from a file or by a token is not forgotten for that.
        """
        state, app = self._services.state, self._services.settings.github_app_id
        known = await asyncio.to_thread(state.repository, job.repo)
        try:
            client = await self._services.client_for(job.repo, job.installation)
            name = str((await client.get(f"repos/{job.repo}"))["full_name"])
        except NotFound as error:
            lost = known.app_id == app and await self._home(job.repo) is None
            if not lost:
                await asyncio.to_thread(state.fail, job.repo, error)
            return {"outcome": "lost" if lost else "gone", "error": str(error)}
        if known.app_id != app:
            await asyncio.to_thread(partial(state.update, job.repo, app_id=app))
        if name.lower() == job.repo.lower():
            return {"outcome": "here"}
        return {"outcome": "moved", "name": name, "error": f"{job.repo} is called {name} now."}

    async def note_failure(self, job: Backfill, error: InternError, at: str) -> Outcome:
        """Remember why a reading failed before it began."""
        asked = datetime.fromisoformat(at)
        await asyncio.to_thread(self._services.state.fail_to_begin, job.repo, error, asked)
        return {"outcome": "noted"}

    async def _home(self, repo: str) -> int | None:
        """The installation that a repository belongs to, as GitHub tells the App itself."""
        try:
            found = await self._services.clients.app().get(f"repos/{repo}/installation")
        except NotFound:
            return None
        return int(found["id"])

    async def is_served(self, job: Move) -> Outcome:
        """Whether a repository that moved is one of ours where it is now.

        One that only changed its name is in the installation that it was in.
        """
        old, new = (name.split("/")[0] for name in (job.before, job.after))
        served = self._services.settings.serves(new)
        if served and old.lower() != new.lower():
            served = await self._home(job.after) is not None
        return {"outcome": "asked", "served": served}

    async def move(self, job: Move, at: str) -> Outcome:
        """Carry over all that is known of a repository; what began before under the old is void.

        `begun` tells whether its history was read before, be it in part.
        """
        services = self._services
        async with self._only_writer(job.before), self._only_writer(job.after):
            points = await asyncio.to_thread(self._carry_over, job)
            moment = datetime.fromisoformat(at)
            # Only now: a void job takes back what it wrote, and that must not be what is carried.
            await asyncio.to_thread(services.state.forgotten.note, job.before, moment)
            known = await asyncio.to_thread(services.state.repository, job.after)
        begun = known.status is not Status.NEVER
        return {"outcome": "moved", "to": job.after, "points": points, "begun": begun}

    def _carry_over(self, job: Move) -> int:
        services = self._services
        points = rename_threads(services.knowledge_base, job.before, job.after)
        services.records.rename_repository(job.before, job.after)
        # Last: as long as its row is there, a repository is known to be one to move.
        services.state.rename(job.before, job.after)
        services.knowledge_base.flush()
        return points

    async def read_history(self, job: Backfill) -> Outcome:
        """Read the repository's whole history, from where a former run stopped."""
        services = self._services
        client = await self._services.client_for(job.repo, job.installation)
        config = await asyncio.to_thread(services.records.config_of, job.repo)
        try:
            async with self._only_writer(job.repo), telling() as tell:
                report = await backfill.backfill(
                    client,
                    services.knowledge_base,
                    services.embedder,
                    services.state,
                    job.repo,
                    tell,
                    full=job.full,
                    docs=job.docs,
                    patterns=config.sources.doc_patterns,
                    discussions=config.sources.discussions,
                    since=datetime.fromisoformat(job.since) if job.since else None,
                    on_gone=services.records.forget_thread,
                )
        except NotFound as error:
            return {"outcome": "gone", "error": str(error)}
        if report.warning:
            log.warning("docs not read", repo=job.repo, error=report.warning)
        return {"outcome": "complete", "report": report_json(report)}

    async def read_file(self, job: Import) -> Outcome:
        """Read a repository's history from a file."""
        services = self._services
        errors = Complaints()
        async with self._only_writer(job.repo), telling() as tell:
            report = await asyncio.to_thread(
                import_file,
                Path(job.file),
                services.knowledge_base,
                services.embedder,
                services.state,
                job.repo,
                tell,
                full=job.full,
                on_error=errors,
            )
        return {"outcome": "complete", "report": report_json(report), "errors": errors.shown}

    async def read_docs(self, job: RefreshDocs) -> Outcome:
        """Read a repository's files or releases again, if its history was read before."""
        services = self._services
        known = await asyncio.to_thread(services.state.repository, job.repo)
        if not known.is_complete:
            return {"outcome": "not_yet"}
        client = await self._services.client_for(job.repo, job.installation)
        config = await asyncio.to_thread(services.records.config_of, job.repo)
        async with self._only_writer(job.repo):
            report = await sync_docs(
                client,
                services.knowledge_base,
                services.embedder,
                services.state.left_out,
                job.repo,
                patterns=config.sources.doc_patterns if job.part == "files" else None,
                releases=job.part == "releases",
            )
        if report.reason:
            log.warning("docs not read", repo=job.repo, error=report.warning)
            return {"outcome": "refused", "reason": report.reason}
        return {"outcome": "read", "indexed": report.index.indexed, "removed": report.index.removed}

    async def list_due(self) -> Outcome:
        """The repositories whose time has come to be read again, and the key of that reading."""
        settings = self._services.settings
        interval = timedelta(hours=settings.sync_interval_hours)
        if not interval:
            return {"outcome": "never", "due": []}
        rows = (await asyncio.to_thread(self._services.state.repositories)).values()
        now = datetime.now(UTC)
        keys = [(row.repo, schedule.due(row, interval, now)) for row in rows]
        due = [[repo, key] for repo, key in keys if key and settings.serves(repo.split("/")[0])]
        return {"outcome": "listed", "due": due}

    def _only_writer(self, repo: str) -> AbstractAsyncContextManager[None]:
        return exclusively(self._services.settings, repo.lower(), f"reading {repo}")

    async def list_forgotten(self, job: Forget) -> Outcome:
        """The repositories to forget: those named, or all we know of an account."""
        if job.repos:
            return {"outcome": "listed", "repos": sorted({r.lower() for r in job.repos})}
        known = await asyncio.to_thread(self._known_repositories)
        prefix = f"{job.account.lower()}/"
        return {"outcome": "listed", "repos": sorted(r for r in known if r.startswith(prefix))}

    async def forget(self, repos: list[str], at: str) -> Outcome:
        """Delete everything that is kept of some repositories; what began before `at` is void."""
        for repo in repos:
            moment = datetime.fromisoformat(at)
            await asyncio.to_thread(self._services.state.forgotten.note, repo, moment)
        await asyncio.to_thread(self._delete, repos)
        return {"outcome": "forgotten", "repositories": len(repos)}

    async def compact(self) -> Outcome:
        """See that of what was deleted nothing is left in the knowledge base's files."""
        await asyncio.to_thread(self._services.knowledge_base.compact)
        return {"outcome": "compacted"}

    async def is_void(self, repo: str, at: str) -> bool:
        """Whether the repository was forgotten since a job was asked for."""
        began = datetime.fromisoformat(at)
        return await asyncio.to_thread(self._services.state.forgotten.since, repo, began)

    async def take_back(self, job: VoidableJob) -> None:
        """Delete what a void job wrote, and nothing that others wrote.

        A repository that has been begun again since it was forgotten keeps it: the App is
        installed there once more, and what was written is what GitHub says of it.
        """
        if await asyncio.to_thread(self._is_begun_again, job.repo):
            return
        kb, records = self._services.knowledge_base, self._services.records
        match job:
            case Backfill() | Import():
                await asyncio.to_thread(self._delete, [job.repo])
            case RefreshDocs():
                where = Where((job.repo.lower(),), kinds=DOCUMENTS)
                await asyncio.to_thread(kb.delete_where, where)
                await asyncio.to_thread(self._services.state.left_out.keep_only, job.repo, ())
                await asyncio.to_thread(records.settle_config, job.repo, ConfigFile("absent"))
            case RefreshConfig():
                await asyncio.to_thread(records.settle_config, job.repo, ConfigFile("absent"))
            case CheckConfig():
                pass  # it writes nothing here
            case _:
                await asyncio.to_thread(delete_thread, kb, job.repo, job.number)
                await asyncio.to_thread(records.forget_thread, job.repo, job.number)
                await asyncio.to_thread(records.spending.forget_thread, job.repo, job.number)
                await asyncio.to_thread(self._services.state.forget_thread, job.repo, job.number)
                await asyncio.to_thread(records.settle_config, job.repo, ConfigFile("absent"))

    def _is_begun_again(self, repo: str) -> bool:
        state = self._services.state
        began = state.repository(repo).started_at
        return began is not None and not state.forgotten.since(repo, began)

    def _known_repositories(self) -> set[str]:
        services = self._services
        return {
            *services.knowledge_base.repos(),
            *services.records.repositories(),
            *services.state.names(),
        }

    def _delete(self, repos: list[str]) -> None:
        services = self._services
        for repo in repos:
            services.knowledge_base.delete_where(Where(repos=(repo.lower(),)))
            services.state.forget(repo)
        services.records.forget_repositories(repos)
        services.knowledge_base.flush()
