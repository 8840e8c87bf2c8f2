"""The durable job queue: DBOS on SQLite or Postgres, and what its defaults need of us.

A job's workflow id is the delivery's GUID and the job's name, so a redelivery meets the job it
already made: one that lives or succeeded stays as it is, a dead one gets a new attempt.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, cast

import sqlalchemy as sa
from dbos import (
    DBOS,
    DBOSClient,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    EnqueueOptions,
    ScheduleInput,
)
from dbos import error as dbos_errors

from app.job_kinds import Job, stored
from app.queued import UNFINISHED, depth, has_waiting
from app.renewal import renew
from app.settings import Settings
from app.workers import Workers
from app.workflow_version import workflow_version
from indexer.database import open_engine
from indexer.errors import InternError, StoreBusy
from indexer.folder_lock import FolderLock

APPLICATION = "oncall-intern"
DEAD = ("ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
ENDED = (*DEAD, "SUCCESS")
MAX_ATTEMPTS = 20
ENQUEUE_TIMEOUT_SECONDS = 5.0
# The event under which a job tells how far it is.
PROGRESS = "progress"
PRUNE_BATCH = 500
# What a workflow or a step comes to: plain JSON with an `outcome`; ids and counts, never text.
Outcome = dict[str, Any]
Workflow = Callable[..., Awaitable[Outcome]]
# What is done again and again, told for which moment it was planned.
Recurring = Callable[[datetime], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Lane:
    """One queue: how many of its jobs a server runs at once, and how often it looks for more.

    Each look is three queries: at these intervals an idle server spends a few percent of a core.
    """

    name: str
    concurrency: int
    polling_seconds: float


# Jobs that wait for a backfill are asleep and cost nothing, hence the wide respond and adopt lanes;
# how many issues are really worked on at once is a semaphore's business (app/jobs.py).
LANES = (
    Lane("respond", 500, 0.15),
    Lane("improve", 500, 5.0),
    Lane("refresh", 4, 0.5),
    Lane("docs", 4, 1.0),
    Lane("adopt", 100, 1.0),
    Lane("backfill", 2, 1.0),
    Lane("forget", 1, 1.0),
)


class QueueUnavailable(InternError):
    """The queue's database could not take a job in time."""

    reason = "queue_unavailable"


class TriedTooOften(QueueUnavailable):
    """A job with this cause died so many times that it gets no further attempt."""

    reason = "tried_too_often"


class JobFailed(InternError):
    """A job ended in an error; the text is that error's."""

    reason = "job_failed"


def workflow_name(kind: type[Job]) -> str:
    """The name under which a kind of job is registered and stored: `RefreshThread` → same."""
    return kind.__name__


class JobQueue:
    """The queue of one server process; DBOS allows one of it per process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine = open_engine(settings, "jobs")
        self._lock = _lock(settings)
        # Stores jobs in transactions of ours, so that a delivery's jobs are stored all or none.
        self._client = DBOSClient(
            system_database_engine=self._engine,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
        )
        self._running: set[asyncio.Task[Any]] = set()
        self._working: set[asyncio.Task[Any]] = set()
        self._closing = False
        self._workers = _workers(settings, self._engine)
        self._alive: asyncio.Task[None] | None = None

    async def launch(
        self,
        workflows: Mapping[type[Job], Workflow],
        recurring: Mapping[str, tuple[str, Recurring]] = MappingProxyType({}),
    ) -> None:
        """Register the workflows, recover what a former run left, and start to work.

        Args:
            workflows: each kind of job and what does it.
            recurring: names, each with a cron expression (UTC) and what is done then.
        """
        logging.getLogger("dbos").setLevel(logging.WARNING)
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_engine": self._engine,
            "application_version": workflow_version(),
            "executor_id": self._settings.worker_id,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            "enable_otlp": False,
        }
        DBOS(config=config)
        for kind, function in workflows.items():
            DBOS.workflow(name=workflow_name(kind))(self._tracked(function))

        schedules = {"prune": ("17 3 * * *", self._prune), **recurring}
        registered: list[ScheduleInput] = [
            {
                "schedule_name": name,
                "workflow_fn": DBOS.workflow(name=name)(_planned(work)),
                "schedule": cron,
            }
            for name, (cron, work) in schedules.items()
        ]
        if self._workers:
            await asyncio.to_thread(self._workers.beat)
            self._alive = asyncio.create_task(self._workers.stay_alive(self._renew))
        # Called on the event loop itself: DBOS then runs the workflows on this loop, where the
        # HTTP clients live.
        DBOS.launch()
        # What is done by the clock is done by the latest version, which may be one that was undone.
        await DBOS.set_latest_application_version_async(workflow_version())
        await asyncio.to_thread(self._renew)
        for lane in LANES:
            await DBOS.register_queue_async(
                lane.name,
                partition_concurrency=1,
                worker_concurrency=lane.concurrency,
                polling_interval_sec=lane.polling_seconds,
                on_conflict="always_update",
            )
        await DBOS.apply_schedules_async(registered)

    async def close(self) -> None:
        """Let the steps that run finish for a while, then stop; all else goes on at the next start.

        Jobs that only wait are stopped at once. A cancelled job stays unfinished in the database.
        """
        self._closing = True
        if self._alive:
            self._alive.cancel()
            await asyncio.gather(self._alive, return_exceptions=True)
        if self._working:
            await asyncio.wait(set(self._working), timeout=self._settings.shutdown_seconds)
        running = set(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        # In a thread, for it joins threads that may need the loop. Only now: a job that met a
        # queue in pieces would be recorded as failed.
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        # DBOS made its own threads those of this loop, and they are gone.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())
        self._client.destroy()
        self._engine.dispose()
        if self._lock:
            self._lock.release()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Around a step that a stopping server should let finish."""
        task = self._current()
        self._working.add(task)
        try:
            yield
        finally:
            self._working.discard(task)

    def _tracked(self, workflow: Workflow) -> Workflow:
        """The same workflow, known to us while it runs."""

        async def run(job: Mapping[str, Any], at: str) -> Outcome:
            task = self._current()
            self._running.add(task)
            try:
                return await workflow(job, at)
            finally:
                self._running.discard(task)

        return run

    def _current(self) -> asyncio.Task[Any]:
        """The task of the job that runs here; while the server stops, none begins anything."""
        task = asyncio.current_task()
        if task is None or self._closing:
            raise asyncio.CancelledError
        return task

    async def enqueue(
        self,
        delivery: str,
        jobs: Sequence[Job],
        *,
        at: datetime | None = None,
        repeated: Sequence[str] = DEAD,
    ) -> list[str]:
        """Store all these jobs durably, or none; what the delivery already made stays.

        Args:
            delivery: the GUID of the delivery, or any other key that names the cause.
            jobs: what to do.
            at: when the delivery arrived.
            repeated: in which of DBOS's statuses a job gets another attempt.

        Returns:
            The jobs' ids.

        Raises:
            QueueUnavailable: the database did not take them in time.
            TriedTooOften: one of them died too often.
        """
        moment = (at or datetime.now(UTC)).isoformat()
        storing = asyncio.to_thread(self._store, delivery, jobs, moment, repeated)
        try:
            return await asyncio.wait_for(storing, ENQUEUE_TIMEOUT_SECONDS)
        except (TimeoutError, sa.exc.SQLAlchemyError) as error:
            raise QueueUnavailable("The job queue's database does not answer.") from error

    def _store(
        self, delivery: str, jobs: Sequence[Job], moment: str, repeated: Sequence[str]
    ) -> list[str]:
        with self._engine.begin() as transaction:
            return [self._store_one(transaction, delivery, job, moment, repeated) for job in jobs]

    def _store_one(
        self,
        transaction: sa.Connection,
        delivery: str,
        job: Job,
        moment: str,
        repeated: Sequence[str],
    ) -> str:
        if not job.partition:
            raise ValueError("a job without a partition would never start")
        name = workflow_name(type(job))
        base = workflow_id = f"{delivery}:{name}:{job.partition}"
        for attempt in range(2, MAX_ATTEMPTS + 2):
            options: EnqueueOptions = {
                "workflow_name": name,
                "queue_name": job.queue,
                "workflow_id": workflow_id,
                "workflow_id_reuse_policy": "reject",
                "queue_partition_key": job.partition,
                "app_version": workflow_version(),
            }
            try:
                self._client.enqueue_in_transaction(transaction, options, stored(job), moment)
            except dbos_errors.DBOSWorkflowIDInUseError as taken:
                if taken.workflow_status not in repeated:
                    break
                workflow_id = f"{base}:{attempt}"
            else:
                break
        else:
            raise TriedTooOften(f"{name} was tried {MAX_ATTEMPTS} times for this cause.")
        return workflow_id

    def _renew(self) -> None:
        """Have what other versions left unfinished done by this one."""
        server = self._settings.worker_id if self._workers else None
        renew(
            server,
            lambda q: self._store(q.cause, [q.job], q.at.isoformat(), (*ENDED, *UNFINISHED)),
        )

    def depth(self) -> dict[tuple[str, str], int]:
        """How many unfinished jobs there are, by queue and status. Blocks."""
        return depth(self._engine, [lane.name for lane in LANES])

    async def has_another(self, job: Job) -> bool:
        """Whether a job that does the same has yet to begin."""
        return await asyncio.to_thread(has_waiting, self._engine, job)

    async def unfinished(self, queue: str, partition: str) -> list[str]:
        """The ids of the jobs of one partition that wait or run."""
        found = await DBOS.list_workflows_async(
            status=UNFINISHED, queue_name=queue, load_input=False, load_output=False
        )
        return [w.workflow_id for w in found if w.queue_partition_key == partition]

    async def outcome(self, job: str) -> Outcome | None:
        """What a job came to; None while it is not done.

        Raises:
            InternError: it failed.
        """
        status = await DBOS.get_workflow_status_async(job)
        if status is None or status.status in UNFINISHED:
            return None
        if status.status == "SUCCESS":
            return cast("Outcome", status.output)
        raise JobFailed(str(status.error or "The job was cancelled."))

    async def progress(self, job: str) -> dict[str, Any] | None:
        """How far a job was when it last told, as plain JSON."""
        told: dict[str, Any] = await DBOS.get_all_events_async(job)
        return told.get(PROGRESS)

    async def cancel(self, ids: Sequence[str]) -> None:
        """Cancel jobs that wait or run; those that ended stay as they are."""
        if ids:
            await DBOS.cancel_workflows_async(list(ids))

    async def _prune(self, scheduled: datetime) -> None:
        """Delete finished jobs older than the retention time: DBOS keeps them for ever."""
        before = scheduled - timedelta(days=self._settings.job_retention_days)
        await DBOS.run_step_async({"name": "prune"}, self.prune, before)

    async def prune(self, before: datetime) -> int:
        """Delete the jobs that finished before a moment; returns how many there were."""
        pruned = 0
        while True:
            old = await DBOS.list_workflows_async(
                status=list(ENDED),
                completed_before=before.isoformat(),
                limit=PRUNE_BATCH,
                load_input=False,
                load_output=False,
            )
            if not old:
                return pruned
            await DBOS.delete_workflows_async([workflow.workflow_id for workflow in old])
            pruned += len(old)


def _planned(work: Recurring) -> Callable[[datetime, object], Coroutine[Any, Any, None]]:
    """As DBOS calls a scheduled workflow."""

    async def run(scheduled: datetime, _context: object) -> None:
        await work(scheduled)

    return run


def _workers(settings: Settings, engine: sa.Engine) -> Workers | None:
    """The servers that share a database; with SQLite this one has it alone."""
    if settings.database_url is None:
        return None
    silence = 60 * settings.worker_silent_minutes
    return Workers(engine, settings.worker_id, silence)


def _lock(settings: Settings) -> FolderLock | None:
    """Two servers of one name would each take over what the other is doing."""
    if settings.database_url:
        return None
    try:
        return FolderLock.take(settings.data_dir)
    except StoreBusy as error:
        raise StoreBusy(
            f"DATA_DIR: another server works in {settings.data_dir}; several need a common "
            "DATABASE_URL and QDRANT_URL, and each its own WORKER_ID."
        ) from error
