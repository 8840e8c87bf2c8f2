"""What the server tells of itself: /healthz, /readyz, /metrics, and its config file's schema."""

import asyncio
from collections.abc import Callable, Iterable

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.job_queue import JobQueue
from app.services import Services
from indexer import repo_config
from indexer.errors import StoreError

log = structlog.get_logger()
router = APIRouter()
READY_TIMEOUT_SECONDS = 5.0


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Whether the process is alive: its event loop answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    """Whether it can do its work: store, job queue and model each answer in time."""
    services: Services = request.app.state.services
    queue: JobQueue = request.app.state.queue
    checks: dict[str, Callable[[], object]] = {
        "store": services.knowledge_base.count,
        "jobs": queue.depth,
        "records": services.records.repositories,
        "model": lambda: services.embedder.embed(["ready"]),
    }
    results = await asyncio.gather(*(_check(name, check) for name, check in checks.items()))
    parts = dict(zip(checks, results, strict=True))
    ready = all(result == "ok" for result in results)
    status = {"status": "ready" if ready else "not ready", "parts": parts}
    return JSONResponse(status, 200 if ready else 503)


async def _check(name: str, check: Callable[[], object]) -> str:
    try:
        await asyncio.wait_for(asyncio.to_thread(check), READY_TIMEOUT_SECONDS)
    except TimeoutError:
        return "no answer in time"
    except Exception as error:  # noqa: BLE001  whatever is wrong, the probe has to tell it
        log.warning("not ready", part=name, error=type(error).__name__)
        return type(error).__name__
    return "ok"


@router.get("/schema/oncall-intern.json")
async def schema() -> Response:
    """The JSON Schema of a repository's config file, which editors may fetch from anywhere."""
    return JSONResponse(
        repo_config.schema(),
        headers={"access-control-allow-origin": "*", "cache-control": "max-age=3600"},
        media_type="application/schema+json",
    )


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Counters since the start, and gauges of this moment, for Prometheus."""
    services: Services = request.app.state.services
    now = CollectorRegistry()
    now.register(await asyncio.to_thread(_Now, services, request.app.state.queue))
    text = generate_latest(services.metrics.registry) + generate_latest(now)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


class _Now(Collector):
    """What is read at the moment of scraping, from the tables that hold it."""

    def __init__(self, services: Services, queue: JobQueue) -> None:
        self._depth = queue.depth()
        self._repositories = services.state.repositories().values()
        try:
            self._points = services.knowledge_base.repos()
        except StoreError as error:
            # The other figures matter most when something is wrong.
            log.warning("points not counted", reason=error.reason)
            self._points = {}

    def collect(self) -> Iterable[Metric]:
        jobs = GaugeMetricFamily(
            "intern_jobs_unfinished", "Jobs by queue and status.", labels=["queue", "status"]
        )
        for (queue, progress), count in self._depth.items():
            jobs.add_metric([queue, progress], count)
        yield jobs
        points = GaugeMetricFamily(
            "intern_index_points", "Points in the knowledge base.", labels=["repo"]
        )
        for repo, count in self._points.items():
            points.add_metric([repo], count)
        yield points
        status = GaugeMetricFamily(
            "intern_backfill_status",
            "1 for the status of each repository's history.",
            labels=["repo", "status"],
        )
        threads = GaugeMetricFamily(
            "intern_backfill_threads", "Threads that the last run saw.", labels=["repo"]
        )
        total = GaugeMetricFamily(
            "intern_backfill_threads_total", "Threads that there are.", labels=["repo"]
        )
        fresh = GaugeMetricFamily(
            "intern_index_watermark_seconds",
            "Everything before this moment, in seconds since 1970, is indexed.",
            labels=["repo"],
        )
        error = GaugeMetricFamily(
            "intern_backfill_error",
            "1 where the last run failed, and why.",
            labels=["repo", "reason"],
        )
        warning = GaugeMetricFamily(
            "intern_backfill_warning",
            "1 where something was left unread (docs, releases, a capped repository), and why.",
            labels=["repo", "reason"],
        )
        for row in self._repositories:
            status.add_metric([row.repo, row.status.value], 1)
            threads.add_metric([row.repo], row.threads)
            if row.total is not None:
                total.add_metric([row.repo], row.total)
            if row.watermark is not None:
                fresh.add_metric([row.repo], row.watermark.timestamp())
            if row.error_reason is not None:
                error.add_metric([row.repo, row.error_reason], 1)
            if row.warning_reason is not None:
                warning.add_metric([row.repo, row.warning_reason], 1)
        yield from (status, threads, total, fresh, error, warning)
