"""The durable workflows: in which order a job's steps run, how long it waits, when it is dead.

A step (app/steps.py) may run twice, after a crash between doing and recording, so each is safe to
repeat. A job whose trouble passes (GitHub down, a rate limit, the store away) sleeps and tries
again; one that fails for good ends in error, and a redelivery of its GUID gives it a new attempt.
"""

import asyncio
import random
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
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
    Obey,
    RefreshConfig,
    RefreshDocs,
    RefreshThread,
    RemoveThread,
    Respond,
    Trigger,
    restored,
)
from app.job_queue import ENDED, JobQueue, Outcome, Recurring, Workflow
from app.metrics import Metrics
from app.settings import Settings
from indexer.errors import GitHubUnavailable, InternError, RateLimited, StoreBusy, StoreUnavailable
from indexer.state import State, Status

if TYPE_CHECKING:  # the steps load the engines, the order of steps does not need them
    from app.steps import Steps

log = structlog.get_logger()

# A cancelled backfill may still be writing its last page when its repository is forgotten.
FORGET_AGAIN_SECONDS = 5.0
COMPACT_CRON = "41 3 * * *"
PLACES = 5
FEEDBACK_CRON = "41 */6 * * *"
# What a command causes that takes another answer.
TRIGGERS: dict[str, Trigger] = {"again": "command", "not_duplicate": "corrected"}
# How often it is looked whether a repository is due; each has its own time.
SYNC_CRON = "*/5 * * * *"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long jobs wait.

    Attributes:
        first: seconds before the second attempt, doubled with each further one.
        longest: no wait is longer, a rate limit's own time excepted.
        attempts: after so many the job is dead.
        poll_first: seconds before the second look at a running backfill.
        poll_longest: the longest pause between two such looks.
        improve: seconds before each attempt to ask Claude again after it was asked in vain.
    """

    first: float = 2.0
    longest: float = 600.0
    attempts: int = 14
    poll_first: float = 1.0
    poll_longest: float = 60.0
    improve: tuple[float, ...] = (300.0, 3_600.0, 14_400.0, 86_400.0)

    def wait(self, attempt: int, error: InternError) -> float:
        """Seconds before the attempt that follows `attempt` (1 for the first)."""
        if isinstance(error, RateLimited):
            return error.retry_after + random.uniform(0, 1)  # noqa: S311  jitter, no secret
        wait = min(self.longest, self.first * 2.0 ** (attempt - 1))
        return wait * random.uniform(0.75, 1)  # noqa: S311  jitter, no secret


class GaveUp(InternError):
    """A job's trouble did not pass within its patience."""

    reason = "gave_up"


class Crashed(InternError):
    """Something that nobody expected. Where, and not what it said: that may quote an issue."""

    reason = "crashed"


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
        self._queue = queue
        self._metrics = metrics
        self._longest_wait = settings.first_backfill_wait_minutes * 60
        self._patience = patience or Patience()
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
            Adopt: self._workflow(Adopt, self._adopt),
            Backfill: self._workflow(Backfill, self._backfill),
            Import: self._workflow(Import, self._import),
            Forget: self._workflow(Forget, self._forget),
        }

    def recurring(self) -> dict[str, tuple[str, Recurring]]:
        """What is done again and again: a name, when, and what."""
        return {
            "sync": (SYNC_CRON, self.start_syncs),
            "feedback": (FEEDBACK_CRON, self.poll_feedback),
            "compact": (COMPACT_CRON, self.compact),
        }

    async def poll_feedback(self, _planned: datetime) -> Outcome:
        """Ask GitHub what people did with recent answers."""
        return await self._step(self._steps.poll_feedback)

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
                await self._queue.enqueue(f"resume:{row.started_at}", [job], repeated=ENDED)

    async def _respond(self, job: Respond, at: str) -> Outcome:
        if await self._history_is_there(job):
            outcome = await self._answer(job, at)
        else:
            outcome = await self._step(self._steps.give_up_waiting, job)
        if job.trigger == "label":
            await self._step(self._steps.remove_label, job)
        return outcome

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
        return {**await self._steps.look_at_history(job), "jobs": len(jobs)}

    async def _start_backfill(self, job: Respond, last_began: str | None) -> Outcome:
        # Several new issues ask for one and the same backfill; each that failed may be repeated.
        cause = f"first:{last_began or 'never'}"
        backfill = Backfill(job.repo, job.installation)
        await self._queue.enqueue(cause, [backfill], repeated=ENDED)
        return {"outcome": "queued"}

    async def _unfinished(self, repo: str) -> Outcome:
        jobs = await self._queue.unfinished(Backfill.queue, repo.lower())
        return {"outcome": "looked", "jobs": len(jobs)}

    async def _refresh_thread(self, job: RefreshThread, _at: str) -> Outcome:
        return await self._step(self._steps.read_thread, job)

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
        return await self._step(self._steps.read_docs, job, preemptible=True)

    async def _adopt(self, job: Adopt, at: str) -> Outcome:
        repos = list(job.repos)
        if not repos:
            found = await self._step(self._steps.list_repositories, job)
            repos = found["repos"]
        # One after the other: the lane takes its jobs in no order, and an installation has one
        # budget of API calls for them all.
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

    async def _backfill(self, job: Backfill, _at: str) -> Outcome:
        # The config first: its label must exist while the history is still being read.
        await self._step(self._steps.read_config, job)
        return await self._step(self._steps.read_history, job, preemptible=True)

    async def _import(self, job: Import, _at: str) -> Outcome:
        return await self._step(self._steps.read_file, job, preemptible=True)

    async def _forget(self, job: Forget, at: str) -> Outcome:
        repos = (await self._step(self._steps.list_forgotten, job))["repos"]
        stopped = await self._step(self._stop_backfills, repos)
        outcome = await self._step(self._steps.forget, repos, at)
        if stopped["cancelled"]:
            await DBOS.sleep_async(FORGET_AGAIN_SECONDS)
            outcome = await self._step(self._steps.forget, repos, at)
        await self._step(self._steps.compact)
        return outcome

    async def _stop_backfills(self, repos: list[str]) -> Outcome:
        cancelled = [await self._queue.cancel(Backfill.queue, repo.lower()) for repo in repos]
        return {"outcome": "stopped", "cancelled": sum(cancelled)}

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
        if isinstance(job, RemoveThread | Adopt | Forget):
            return await work(job, at)
        if await self._steps.is_void(job.repo, at):
            return {"outcome": "forgotten"}
        try:
            return await work(job, at)
        finally:
            if await self._steps.is_void(job.repo, at):
                await self._steps.take_back(job.repo, getattr(job, "number", None))

    async def _step(
        self,
        work: Callable[..., Awaitable[Outcome]],
        *arguments: Any,  # noqa: ANN401  whatever the step takes
        within: AbstractAsyncContextManager[Any] | None = None,
        preemptible: bool = False,
    ) -> Outcome:
        """Run a step, and again after trouble that passes, until patience ends."""
        name = work.__name__

        async def attempt() -> Outcome:
            # A step that can be cut off anywhere is not waited for when the server stops.
            finishing = nullcontext() if preemptible else self._queue.working()
            async with within or nullcontext():
                try:
                    with finishing:
                        return {"done": await work(*arguments)}
                except (GitHubUnavailable, RateLimited, StoreBusy, StoreUnavailable) as error:
                    wait = self._patience.wait(number, error)
                    return {"wait": wait, "reason": error.reason, "error": str(error)}
                except InternError:
                    raise
                except Exception as error:  # noqa: BLE001  DBOS stores what a step raises
                    raise Crashed(f"{name} met {type(error).__name__} in {where(error)}") from None

        for number in range(1, self._patience.attempts + 1):
            result = await DBOS.run_step_async(
                {"name": f"{name} {number}", "preemptible": preemptible}, attempt
            )
            if "done" in result:
                done: Outcome = result["done"]
                return done
            self._metrics.retries.labels(name, result["reason"]).inc()
            log.warning(
                "step waits",
                step=name,
                id=DBOS.workflow_id,
                attempt=number,
                seconds=round(result["wait"], 1),
                reason=result["reason"],
            )
            await DBOS.sleep_async(result["wait"])
        raise GaveUp(f"{name} was tried {number} times; the last time: {result['error']}")


def where(error: BaseException) -> str:
    """The places an error came through, innermost first, without its text."""
    frames = traceback.extract_tb(error.__traceback__)[::-1][:PLACES]
    return " < ".join(f"{frame.filename}:{frame.lineno}" for frame in frames)
