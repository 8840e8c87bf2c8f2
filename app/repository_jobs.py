"""The workflows about whole repositories: read in, kept fresh, moved, forgotten."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from dbos import DBOS

from app.job_kinds import (
    KINDS,
    Adopt,
    Backfill,
    Forget,
    Import,
    Improve,
    Job,
    Move,
    Respond,
    restored,
    stored,
)
from app.job_queue import ENDED, JobQueue, Outcome, Recurring, TriedTooOften
from app.queued import asked_since, unfinished_issues
from app.stepping import Patience
from indexer.errors import InternError
from indexer.state import State, Status

if TYPE_CHECKING:  # the steps load the engines, the order of steps does not need them
    from app.repository_steps import RepositorySteps

log = structlog.get_logger()

# A cancelled job may still be writing when its repository is forgotten or moved.
FORGET_AGAIN_SECONDS = 5.0
COMPACT_CRON = "41 3 * * *"
# How often it is looked whether a repository is due; each has its own time.
SYNC_CRON = "*/5 * * * *"


class RepositoryJobs:
    """The workflows, bound to the steps they are made of; app/jobs.py registers them.

    Args:
        steps: what they are made of.
        read_config: the step that reads a repository's config file.
        queue: where further jobs are put.
        step: runs a step durably (app/stepping.py).
        patience: how long jobs wait.
    """

    def __init__(
        self,
        steps: "RepositorySteps",
        read_config: Callable[..., Awaitable[Outcome]],
        queue: JobQueue,
        step: Callable[..., Awaitable[Outcome]],
        patience: Patience,
    ) -> None:
        self._steps = steps
        self._read_config = read_config
        self._queue = queue
        self._step = step
        self._patience = patience

    def recurring(self) -> dict[str, tuple[str, Recurring]]:
        """What is done again and again: a name, when, and what."""
        return {"sync": (SYNC_CRON, self.start_syncs), "compact": (COMPACT_CRON, self.compact)}

    async def compact(self, _planned: datetime) -> Outcome:
        """See that of what was deleted in the day nothing is left in files of ours."""
        return await self._step(self._steps.compact)

    async def start_syncs(self, _planned: datetime) -> Outcome:
        """Have the repositories read again whose time has come; none that is being read."""
        due = (await self._step(self._steps.list_due))["due"]
        return await self._step(self._enqueue_syncs, due)

    async def _enqueue_syncs(self, due: list[tuple[str, str]]) -> Outcome:
        started = 0
        for repo, key in due:
            if not await self._queue.unfinished(Backfill.queue, repo):
                await self._queue.enqueue(key, [Backfill(repo)], repeated=())
                started += 1
        return {"outcome": "queued", "repositories": started}

    async def resume_backfills(self, state: State) -> None:
        """Start again what a command of another process left in the middle.

        For a server that owns the store: then nobody else can still be at it. Backfills that
        were jobs go on by themselves.
        """
        for repo, row in (await asyncio.to_thread(state.repositories)).items():
            if row.status is not Status.RUNNING or row.source != "github":
                continue
            if not await self._queue.unfinished(Backfill.queue, repo):
                log.info("backfill goes on", repo=repo)
                # Its other options are in the row.
                job = Backfill(repo, docs=row.docs)
                try:
                    await self._queue.enqueue(f"resume:{row.started_at}", [job], repeated=ENDED)
                except TriedTooOften as error:
                    log.warning("backfill does not go on", repo=repo, error=str(error))

    async def adopt(self, job: Adopt, at: str) -> Outcome:
        """Read an installation's repositories, one after the other.

        The lane takes its jobs in no order, and an installation has one budget of API calls for
        them all.
        """
        repos = (await self._step(self._steps.list_repositories, job))["repos"]
        for repo in repos:
            await self._step(self._start_adopted, job, repo, DBOS.workflow_id, at)
            pause = self._patience.poll_first
            while (await self._step(self._unfinished, repo))["jobs"]:
                await DBOS.sleep_async(pause)
                pause = min(self._patience.poll_longest, 2 * pause)
        return {"outcome": "read", "repositories": len(repos)}

    async def _start_adopted(self, job: Adopt, repo: str, cause: str, at: str) -> Outcome:
        backfill = Backfill(repo, job.installation)
        # As of the installation: where that is undone meanwhile, there is nothing to do.
        await self._queue.enqueue(cause, [backfill], at=datetime.fromisoformat(at))
        return {"outcome": "queued"}

    async def _unfinished(self, repo: str) -> Outcome:
        jobs = await self._queue.unfinished(Backfill.queue, repo.lower())
        return {"outcome": "looked", "jobs": len(jobs)}

    async def backfill(self, job: Backfill, at: str) -> Outcome:
        """Read a repository's history from GitHub."""
        try:
            # The config first: its label must exist while the history is still being read.
            await self._step(self._read_config, job)
            found = await self._step(self._steps.locate, job)
        except InternError as error:
            await self._step(self._steps.note_failure, job, error, at)
            raise
        if found["outcome"] == "here":
            return await self._step(self._steps.read_history, job, preemptible=True)
        # Nothing told us: a webhook was lost, or GitHub sends none.
        await self._step(self._put_right, job.repo, found, DBOS.workflow_id)
        return {"outcome": "gone", "error": found["error"]}

    async def _put_right(self, repo: str, found: Outcome, cause: str) -> Outcome:
        """Have a repository forgotten that is lost, or moved that has another name."""
        if found["outcome"] == "lost":
            await self._queue.enqueue(cause, [Forget((repo,))])
        if found["outcome"] == "moved":
            await self._queue.enqueue(cause, [Move(repo, found["name"], wanted=True)])
        return {"outcome": "queued"}

    async def import_file(self, job: Import, _at: str) -> Outcome:
        """Read a repository's history from a file."""
        return await self._step(self._steps.read_file, job, preemptible=True)

    async def forget(self, job: Forget, at: str) -> Outcome:
        """Delete all that is known of some repositories.

        What was asked for since, as when the App is installed again before this gets its turn,
        is deleted with the rest, and then read again.
        """
        repos = (await self._step(self._steps.list_forgotten, job))["repos"]
        stopped = await self._step(self._stop_backfills, repos)
        outcome = await self._step(self._steps.forget, repos, at)
        if stopped["cancelled"]:
            await DBOS.sleep_async(FORGET_AGAIN_SECONDS)
            outcome = await self._step(self._steps.forget, repos, at)
        await self._step(self._steps.compact)
        await self._step(self._read_again, repos, at)
        return outcome

    async def move(self, job: Move, at: str) -> Outcome:
        """Keep under its new name all that is known of a repository, where that is served too.

        Its documents are read again; what is under way on its issues begins anew.
        """
        if not (await self._step(self._steps.is_served, job))["served"]:
            return await self.forget(Forget((job.before,)), at)
        waiting = (await self._step(self._list_waiting, job))["waiting"]
        stopped = await self._step(self._stop_backfills, [job.before, job.after])
        await self._step(self._stop, [cause for cause, *_ in waiting])
        outcome = await self._step(self._steps.move, job, at)
        if stopped["cancelled"] or waiting:
            await DBOS.sleep_async(FORGET_AGAIN_SECONDS)
            await self._step(self._steps.move, job, at)
        if job.wanted or outcome["begun"] or stopped["cancelled"]:
            await self._step(self._read_on, job, DBOS.workflow_id, at)
        await self._step(self._go_on, job, waiting, at)
        await self._step(self._steps.compact)
        return outcome

    async def _list_waiting(self, job: Move) -> Outcome:
        """What is to be done on issues of the old name: ids, kinds, values, and when asked for."""
        queues = (Respond.queue, Improve.queue)
        waiting = [
            [q.id, type(q.job).__name__, stored(q.job), q.at.isoformat()]
            for q in await unfinished_issues(queues, job.before)
        ]
        return {"outcome": "listed", "waiting": waiting}

    async def _stop(self, jobs: list[str]) -> Outcome:
        await self._queue.cancel(jobs)
        return {"outcome": "stopped"}

    async def _read_on(self, job: Move, cause: str, at: str) -> Outcome:
        """The history from where it was read to, under the new name."""
        asked = datetime.fromisoformat(at)
        await self._queue.enqueue(cause, [Backfill(job.after)], at=asked)
        return {"outcome": "queued"}

    async def _go_on(
        self, job: Move, waiting: list[tuple[str, str, dict[str, Any], str]], at: str
    ) -> Outcome:
        """What was waiting, under the new name."""
        moved = datetime.fromisoformat(at)
        for former, kind, values, since in waiting:
            renamed = restored(KINDS[kind], {**values, "repo": job.after, "installation": None})
            # Where it had this name before, all that was asked for until it lost it is void.
            asked = max(moved, datetime.fromisoformat(since))
            await self._queue.enqueue(former, [renamed], at=asked)
        return {"outcome": "queued"}

    async def _stop_backfills(self, repos: list[str]) -> Outcome:
        found = [await self._queue.unfinished(Backfill.queue, repo.lower()) for repo in repos]
        jobs = [job for jobs in found for job in jobs]
        await self._queue.cancel(jobs)
        return {"outcome": "stopped", "cancelled": len(jobs)}

    async def _read_again(self, repos: list[str], at: str) -> Outcome:
        """Have what was asked for after the forgetting done again: it was cancelled or deleted."""
        again: dict[Job, str] = {}
        for repo in repos:
            moment = datetime.fromisoformat(at)
            asked = await asked_since((Backfill, Import), repo.lower(), moment)
            # What waits has not begun, and finds all deleted when it does.
            again |= {_whole(q.job): q.id for q in asked if not q.waits and _is_wanted(q.job)}
        for job, cause in again.items():
            await self._queue.enqueue(cause, [job])
        return {"outcome": "queued", "jobs": len(again)}


def _is_wanted(job: Job) -> bool:
    """Whether somebody asked for it: a sync of what was to be forgotten is not to be repeated."""
    return isinstance(job, Import) or (isinstance(job, Backfill) and job.installation is not None)


def _whole(job: Any) -> Job:  # noqa: ANN401  a Backfill or an Import
    """The same, reading everything: what it read before may be gone in part."""
    whole: Job = replace(job, full=True)
    return whole
