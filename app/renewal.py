"""What other versions left in the queue: this one does it from its beginning.

A job that waits under another version is never picked up, and one that was begun must not go on by
steps that other code recorded (app/workflow_version.py).
"""

from collections.abc import Callable

import structlog
from dbos import DBOS, WorkflowStatus

from app.queued import UNFINISHED, WAITING, Queued, understood
from app.workflow_version import workflow_version
from indexer.errors import InternError

log = structlog.get_logger()


def renew(server: str | None, store: Callable[[Queued], object]) -> None:
    """Store anew what other versions left unfinished, and cancel it under them. Blocks.

    Args:
        server: this one's id, for what other servers run is theirs; None where there are none.
        store: puts the same job into the queue once more.
    """
    renewed = 0
    for workflow in _left(server):
        renewed += _renewed(workflow, store)
        # Only now: a job may be done twice, but not be lost.
        DBOS.cancel_workflow(workflow.workflow_id)
    if renewed:
        log.info("jobs of another version begin anew", jobs=renewed)


def _left(server: str | None) -> list[WorkflowStatus]:
    """What waits under other versions, and what this server began under them."""
    found = DBOS.list_workflows(status=UNFINISHED, load_input=False, load_output=False)
    left = [
        workflow.workflow_id
        for workflow in found
        if workflow.app_version != workflow_version()
        and (workflow.status in WAITING or server in {None, workflow.executor_id})
    ]
    return DBOS.list_workflows(workflow_ids=left, load_output=False) if left else []


def _renewed(workflow: WorkflowStatus, store: Callable[[Queued], object]) -> bool:
    if workflow.queue_partition_key is None:  # what is done by the clock comes again
        return False
    try:
        store(understood(workflow))
    except InternError as error:
        log.warning("job of another version is given up", id=workflow.workflow_id, error=str(error))
        return False
    return True
