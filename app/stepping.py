"""How a step is run: again after trouble that passes, until patience ends."""

import random
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import structlog
from dbos import DBOS

from app.job_queue import JobQueue, Outcome
from app.metrics import Metrics
from app.telling import tell_trouble
from indexer.errors import GitHubUnavailable, InternError, RateLimited, StoreBusy, StoreUnavailable

log = structlog.get_logger()

PLACES = 5


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


class Stepping:
    """Runs the steps of durable workflows."""

    def __init__(self, queue: JobQueue, metrics: Metrics, patience: Patience) -> None:
        self._queue = queue
        self._metrics = metrics
        self._patience = patience

    async def run(
        self,
        work: Callable[..., Awaitable[Outcome]],
        *arguments: Any,  # noqa: ANN401  whatever the step takes
        within: AbstractAsyncContextManager[Any] | None = None,
        preemptible: bool = False,
    ) -> Outcome:
        """Run a step, and again after trouble that passes.

        Args:
            work: the step; its name is recorded, so it must not change while jobs run.
            *arguments: what it is called with.
            within: what is held while it works, not while it waits.
            preemptible: it can be cut off anywhere, so a stopping server does not wait for it.

        Raises:
            GaveUp: the trouble did not pass.
            InternError: the step failed for good.
        """
        name = work.__name__

        async def attempt() -> Outcome:
            finishing = nullcontext() if preemptible else self._queue.working()
            async with within or nullcontext():
                try:
                    with finishing:
                        return {"done": await work(*arguments)}
                except (GitHubUnavailable, RateLimited, StoreBusy, StoreUnavailable) as error:
                    wait = self._patience.wait(number, error)
                    await tell_trouble(error, wait)
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
