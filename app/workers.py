"""Which servers that share a Postgres are alive, so that no job waits for one that never returns.

A job that a server began is begun again by that server alone, when it is started again. Where it
is not, another takes over what it left unfinished, once it has been silent for long enough.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable

import sqlalchemy as sa
import structlog
from dbos import DBOS
from dbos import error as dbos_errors
from sqlalchemy.dialects import postgresql

from indexer.database import create_tables

log = structlog.get_logger()

BEAT_SECONDS = 30.0
BEATS = 5
"""So many signs of life, at least, must fail before a server counts as gone."""

_TABLES = sa.MetaData()
_WORKERS = sa.Table(
    "workers",
    _TABLES,
    sa.Column("worker", sa.String(64), primary_key=True),
    # Seconds since 1970 by the database's clock: those of the servers may differ.
    sa.Column("seen", sa.Double, nullable=False),
)
_NOW = sa.extract("epoch", sa.func.clock_timestamp())


class Workers:
    """The table of servers, for one of them. Calls block for a moment; Postgres only.

    Args:
        engine: the database that the servers share.
        worker: this server's WORKER_ID.
        silence: seconds after which a server that gives no sign of life counts as gone.
    """

    def __init__(self, engine: sa.Engine, worker: str, silence: float) -> None:
        self._engine = engine
        self._worker = worker
        self._silence = silence
        create_tables(engine, _TABLES)

    async def stay_alive(self, renew: Callable[[], None]) -> None:
        """Give signs of life for ever, and look after the jobs of those that give none.

        Args:
            renew: called when some were taken over, which may be of other versions.
        """
        while True:
            await asyncio.sleep(min(BEAT_SECONDS, self._silence / BEATS))
            try:
                await asyncio.to_thread(self.beat)
                left = await asyncio.to_thread(self.take_over)
                if left:
                    await asyncio.to_thread(renew)
            except (sa.exc.SQLAlchemyError, dbos_errors.DBOSException) as error:
                # The database is away; the next time may do.
                log.warning("no sign of life given", reason=type(error).__name__)
                continue
            for worker, jobs in left.items():
                log.warning("server is gone, its jobs go on", worker=worker, jobs=jobs)

    def beat(self) -> None:
        """This server is alive; whoever is taking over its jobs is waited for."""
        row = postgresql.insert(_WORKERS).values(worker=self._worker, seen=_NOW)
        alive = row.on_conflict_do_update(index_elements=["worker"], set_={"seen": _NOW})
        with self._engine.begin() as connection:
            connection.execute(alive)

    def take_over(self) -> dict[str, int]:
        """Have the unfinished jobs of servers that are gone done by those that are here.

        Returns:
            Each such server and how many jobs it left.
        """
        left: dict[str, int] = {}
        silent = sa.and_(
            _WORKERS.c.worker != self._worker, _WORKERS.c.seen < _NOW - sa.literal(self._silence)
        )
        # The rows stay locked until the jobs are in the queue again: no other server takes them
        # over as well, and one of these names that starts just now waits with its first sign.
        with self._engine.begin() as connection:
            gone = sa.select(_WORKERS.c.worker).where(silent).with_for_update(skip_locked=True)
            for worker in connection.execute(gone).scalars().all():
                left[worker] = self._resume(worker)
                connection.execute(sa.delete(_WORKERS).where(_WORKERS.c.worker == worker))
        return left

    def _resume(self, worker: str) -> int:
        by_queue = defaultdict(list)
        for job in DBOS.list_workflows(
            status="PENDING",
            executor_id=worker,
            load_input=False,
            load_output=False,
        ):
            by_queue[job.queue_name].append(job.workflow_id)
        for queue, jobs in by_queue.items():
            DBOS.resume_workflows(jobs, queue_name=queue)
        return sum(map(len, by_queue.values()))
