"""The durable workflows: in which order a job's steps run, how long it waits, when it is dead.

A step (app/steps.py) may run twice, after a crash between doing and recording, so each is safe to
repeat. A job whose trouble passes (GitHub down, a rate limit, the store away) sleeps and tries
again; one that fails for good ends in error, and a redelivery of its GUID gives it a new attempt.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from dbos import DBOS

from app.job_kinds import (
    Adopt,
    Backfill,
    CheckConfig,
    Forget,
    Import,
    Improve,
    J,
    Job,
    LeaveAlone,
    Move,
    Obey,
    RefreshConfig,
    RefreshDocs,
    RefreshThread,
    RemoveThread,
    Respond,
    Trigger,
    restored,
)
from app.job_queue import ENDED, JobQueue, Outcome, Recurring, TriedTooOften, Workflow
from app.metrics import Metrics
from app.repository_jobs import RepositoryJobs
from app.settings import Settings
from app.stepping import Patience, Stepping
from indexer.errors import InternError
from indexer.state import State

if TYPE_CHECKING:  # the steps load the engines, the order of steps does not need them
    from app.steps import Steps

log = structlog.get_logger()

FEEDBACK_CRON = "41 */6 * * *"
# What a command causes that takes another answer.
TRIGGERS: dict[str, Trigger] = {"again": "command", "not_duplicate": "corrected"}


class Jobs:
    """The workflows, bound to the steps they are made of."""

    def __init__(
        self,
        steps: "Steps",
        queue: JobQueue,
        metrics: Metrics,
        settings: Settings,
        patience: Patience | None = None,
    ) -> None:
        self._steps = steps
        self._repository_steps = steps.repositories
        self._queue = queue
        self._metrics = metrics
        self._longest_wait = settings.first_backfill_wait_minutes * 60
        self._patience = patience or Patience()
        self._step = Stepping(queue, metrics, self._patience).run
        self._repositories = RepositoryJobs(
            steps.repositories, steps.read_config, queue, self._step, self._patience
        )
        # Waiting jobs are many and cost nothing; this is how many really work at once.
        self._answering = asyncio.Semaphore(settings.respond_concurrency)

    def workflows(self) -> dict[type[Job], Workflow]:
        """Each kind of job and the workflow that does it."""
        return {
            Respond: self._workflow(Respond, self._respond),
            Obey: self._workflow(Obey, self._obey),
            Improve: self._workflow(Improve, self._improve),
            LeaveAlone: self._workflow(LeaveAlone, self._leave_alone),
            RefreshThread: self._workflow(RefreshThread, self._refresh_thread),
            RemoveThread: self._workflow(RemoveThread, self._remove_thread),
            RefreshConfig: self._workflow(RefreshConfig, self._refresh_config),
            CheckConfig: self._workflow(CheckConfig, self._check_config),
            RefreshDocs: self._workflow(RefreshDocs, self._refresh_docs),
            Adopt: self._workflow(Adopt, self._repositories.adopt),
            Backfill: self._workflow(Backfill, self._repositories.backfill),
            Import: self._workflow(Import, self._repositories.import_file),
            Forget: self._workflow(Forget, self._repositories.forget),
            Move: self._workflow(Move, self._repositories.move),
        }

    def recurring(self) -> dict[str, tuple[str, Recurring]]:
        """What is done again and again: a name, when, and what."""
        return {**self._repositories.recurring(), "feedback": (FEEDBACK_CRON, self.poll_feedback)}

    async def poll_feedback(self, _planned: datetime) -> Outcome:
        """Ask GitHub what people did with recent answers."""
        return await self._step(self._steps.poll_feedback)

    async def resume_backfills(self, state: State) -> None:
        """Start again what a command of another process left in the middle.

        For a server that owns the store: then nobody else can still be at it. Backfills that
        were jobs go on by themselves.
        """
        await self._repositories.resume_backfills(state)

    async def _respond(self, job: Respond, at: str) -> Outcome:
        try:
            outcome = await self._answer_or_give_up(job, at)
        except InternError:
            # Else the label could not be added again to ask once more.
            try:
                await self._remove_label(job)
            except InternError as error:  # what went wrong first is what counts
                log.warning("label stays", repo=job.repo, number=job.number, error=str(error))
            raise
        await self._remove_label(job)
        return outcome

    async def _answer_or_give_up(self, job: Respond, at: str) -> Outcome:
        if await self._history_is_there(job):
            return await self._answer(job, at)
        return await self._step(self._steps.give_up_waiting, job)

    async def _remove_label(self, job: Respond) -> None:
        if job.trigger == "label":
            await self._step(self._steps.remove_label, job)

    async def _answer(self, job: Respond, at: str) -> Outcome:
        """Two steps: making an answer costs money, and is not repeated where posting it fails."""
        outcome = await self._step(self._steps.prepare_answer, job, within=self._answering)
        if outcome.get("reason") == "no_ai":
            await self._step(self._steps.fold_comment, job)
        if outcome["outcome"] != "prepared":
            return outcome
        try:
            said = await self._step(self._steps.publish_answer, job, at)
        except InternError:
            await self._step(self._steps.drop_answer, job)
            raise
        if outcome.get("improvable") and job.attempt < len(self._patience.improve):
            await self._step(self._improve_later, job, DBOS.workflow_id)
        return said

    async def _improve_later(self, job: Respond, cause: str) -> Outcome:
        later = Improve(job.repo, job.number, job.installation, job.attempt + 1)
        await self._queue.enqueue(cause, [later])
        return {"outcome": "queued"}

    async def _improve(self, job: Improve, _at: str) -> Outcome:
        await DBOS.sleep_async(self._patience.improve[job.attempt - 1])
        return await self._step(self._answer_again, job, DBOS.workflow_id)

    async def _answer_again(self, job: Improve, cause: str) -> Outcome:
        again = Respond(job.repo, job.number, job.installation, "improve", job.attempt)
        await self._queue.enqueue(cause, [again])
        return {"outcome": "queued"}

    async def _obey(self, job: Obey, at: str) -> Outcome:
        outcome = await self._step(self._steps.obey, job)
        trigger = TRIGGERS.get(outcome["outcome"])
        if trigger is not None:
            return await self._respond(Respond(job.repo, job.number, job.installation, trigger), at)
        if outcome["outcome"] in {"hide", "off"}:
            await self._step(self._steps.fold_comment, job)
        return outcome

    async def _leave_alone(self, job: LeaveAlone, _at: str) -> Outcome:
        outcome = await self._step(self._steps.leave_alone, job)
        await self._step(self._steps.fold_comment, job)
        return outcome

    async def _history_is_there(self, job: Respond) -> bool:
        """Wait, durably and not for ever, until the repository has been read once."""
        waited = 0.0
        asked = False
        while True:
            seen = await self._step(self._look, job)
            if seen["outcome"] == "complete":
                return True
            if job.trigger == "manual":
                # Somebody sits there and waits for the command.
                return False
            if not seen["jobs"]:
                if not asked:
                    # Its installation event was missed, or its backfill died.
                    await self._step(self._start_backfill, job, seen["started_at"])
                    asked = True
                elif seen["outcome"] != "running":
                    return False
            pause = min(self._patience.poll_longest, max(self._patience.poll_first, waited / 5))
            if waited + pause > self._longest_wait:
                return False
            await DBOS.sleep_async(pause)
            waited += pause

    async def _look(self, job: Respond) -> Outcome:
        """How far the history is known, and how many jobs are at it."""
        # The jobs first: one that ends between the two looks has told its result by the second.
        jobs = await self._queue.unfinished(Backfill.queue, job.repo.lower())
        return {**await self._repository_steps.look_at_history(job), "jobs": len(jobs)}

    async def _start_backfill(self, job: Respond, last_began: str | None) -> Outcome:
        # Several new issues ask for one and the same backfill; each that failed may be repeated.
        cause = f"first:{last_began or 'never'}"
        backfill = Backfill(job.repo, job.installation)
        try:
            await self._queue.enqueue(cause, [backfill], repeated=ENDED)
        except TriedTooOften:
            return {"outcome": "given_up"}
        return {"outcome": "queued"}

    async def _refresh_thread(self, job: RefreshThread, _at: str) -> Outcome:
        if (await self._step(self._look_behind, job))["another"]:
            # That reads it as it is then: ten events at once are not ten readings.
            return {"outcome": "left_to_next"}
        return await self._step(self._steps.read_thread, job)

    async def _look_behind(self, job: RefreshThread) -> Outcome:
        return {"outcome": "looked", "another": await self._queue.has_another(job)}

    async def _remove_thread(self, job: RemoveThread, _at: str) -> Outcome:
        return await self._step(self._steps.remove_thread, job)

    async def _refresh_config(self, job: RefreshConfig, _at: str) -> Outcome:
        return await self._step(self._steps.read_config, job)

    async def _check_config(self, job: CheckConfig, _at: str) -> Outcome:
        return await self._step(self._steps.check_config, job)

    async def _refresh_docs(self, job: RefreshDocs, _at: str) -> Outcome:
        if job.part == "files":
            # The push may have changed which files are read.
            await self._step(self._steps.read_config, job)
        # It may wait an hour for GitHub's limit, and keeps what it has read.
        return await self._step(self._repository_steps.read_docs, job, preemptible=True)

    def _workflow(self, kind: type[J], work: Callable[[J, str], Awaitable[Outcome]]) -> Workflow:
        """A workflow over a job's stored form, plain JSON; with its log line and its metric."""

        async def run(stored: Mapping[str, Any], at: str) -> Outcome:
            job = restored(kind, stored)
            say = log.bind(job=kind.__name__, on=job.partition, id=DBOS.workflow_id)
            try:
                outcome = await self._unless_void(work, job, at)
            except InternError as error:
                say.error("job failed", reason=error.reason, error=str(error))
                self._metrics.jobs.labels(kind.__name__, error.reason).inc()
                raise
            say.info("job done", **outcome)
            self._metrics.jobs.labels(kind.__name__, str(outcome["outcome"])).inc()
            return outcome

        return run

    async def _unless_void(
        self, work: Callable[[J, str], Awaitable[Outcome]], job: J, at: str
    ) -> Outcome:
        """Do a job, but not if its repository is forgotten; if it is meanwhile, undo it."""
        if isinstance(job, Adopt | Forget | Move):
            return await work(job, at)
        if await self._repository_steps.is_void(job.repo, at):
            return {"outcome": "forgotten"}
        try:
            return await work(job, at)
        finally:
            if await self._repository_steps.is_void(job.repo, at):
                await self._repository_steps.take_back(job)
