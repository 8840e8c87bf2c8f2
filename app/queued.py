"""Jobs as they stand in the queue: what each is to do, and since when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dbos import DBOS, WorkflowStatus

from app.job_kinds import KINDS, Job, restored

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
