"""Jobs as they stand in the queue: what each is to do, and since when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, WorkflowStatus

from app.job_kinds import KINDS, Job, restored
from indexer.errors import InputError

WAITING = ("ENQUEUED", "DELAYED")
UNFINISHED = [*WAITING, "PENDING"]


@dataclass(frozen=True, slots=True)
class Queued:
    """A job in the queue.

    Attributes:
        id: its workflow's id.
        job: what is to be done.
        at: when that was asked for.
        waits: it has not begun.
    """

    id: str
    job: Job
    at: datetime
    waits: bool

    @property
    def cause(self) -> str:
        """The key that it was stored with."""
        known = f":{type(self.job).__name__}:{self.job.partition}"
        return self.id.rpartition(known)[0] or self.id


async def asked_since(kinds: Sequence[type[Job]], partition: str, moment: datetime) -> list[Queued]:
    """The jobs of one partition that were asked for after a moment, those that ended too."""
    found = await DBOS.list_workflows_async(
        # Not by their queue, which those that were cancelled are no longer in.
        name=[kind.__name__ for kind in kinds],
        start_time=moment.isoformat(),
        load_output=False,
    )
    jobs = [_queued(workflow) for workflow in found]
    return [queued for queued in jobs if queued.job.partition == partition and queued.at > moment]


def understood(workflow: WorkflowStatus) -> Queued:
    """A job that another version may have stored.

    Raises:
        InputError: this version does not know what it asks for.
    """
    try:
        return _queued(workflow)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"This version knows no such job as {workflow.name}.") from error


async def unfinished_issues(queues: Sequence[str], repo: str) -> list[Queued]:
    """The jobs on issues of a repository that wait or run."""
    found = await DBOS.list_workflows_async(
        status=UNFINISHED, queue_name=list(queues), load_output=False
    )
    start = f"{repo.lower()}#"
    return [
        _queued(workflow)
        for workflow in found
        if (workflow.queue_partition_key or "").startswith(start)
    ]


def depth(engine: sa.Engine, queues: Sequence[str]) -> dict[tuple[str, str], int]:
    """How many unfinished jobs there are, by queue and status. Blocks."""
    table = _table(engine)
    query = (
        sa.select(table.c.queue_name, table.c.status, sa.func.count())
        .where(table.c.status.in_(UNFINISHED), table.c.queue_name.in_(queues))
        .group_by(table.c.queue_name, table.c.status)
    )
    with engine.connect() as connection:
        return {(queue, status.lower()): n for queue, status, n in connection.execute(query)}


def has_waiting(engine: sa.Engine, job: Job) -> bool:
    """Whether a job of this kind waits in the same partition. Blocks."""
    table = _table(engine)
    query = sa.select(sa.literal(1)).where(
        table.c.status.in_(WAITING),
        table.c.queue_name == job.queue,
        table.c.queue_partition_key == job.partition,
        table.c.name == type(job).__name__,
    )
    with engine.connect() as connection:
        return connection.execute(query.limit(1)).first() is not None


def _table(engine: sa.Engine) -> sa.TableClause:
    """What DBOS has no quick question for."""
    names = ("queue_name", "queue_partition_key", "status", "name")
    return sa.table(
        "workflow_status",
        *map(sa.column, names),
        schema=None if engine.dialect.name == "sqlite" else "dbos",
    )


def _queued(workflow: WorkflowStatus) -> Queued:
    values, at = _arguments(workflow)
    return Queued(
        workflow.workflow_id,
        restored(KINDS[workflow.name], values),
        datetime.fromisoformat(at),
        workflow.status in WAITING,
    )


def _arguments(workflow: WorkflowStatus) -> tuple[Mapping[str, Any], str]:
    """What the job was stored with: its values and its moment (app/job_queue.py)."""
    given = workflow.input
    if given is None:
        raise AssertionError("the inputs were not asked for")
    values, at = given["args"]
    return values, at
