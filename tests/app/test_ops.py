"""What an operator sees: health, readiness with reasons, metrics, and a log without secrets."""

import json
import logging
import threading
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI

from app import ops
from app.logs import configure_logging
from app.metrics import Metrics
from app.records import Records
from app.settings import Settings
from indexer.errors import StoreUnavailable
from indexer.state import State, Status
from tests.fakes_embedding import ToyEmbedder


@pytest.fixture
def app(tmp_path):
    settings = Settings(data_dir=tmp_path)
    application = FastAPI()
    application.include_router(ops.router)
    records, state = Records.open(settings), State.open(settings)
    application.state.queue = SimpleNamespace(depth=lambda: {("respond", "enqueued"): 3})
    application.state.services = SimpleNamespace(
        settings=settings,
        metrics=Metrics(),
        records=records,
        state=state,
        embedder=ToyEmbedder(),
        knowledge_base=SimpleNamespace(count=lambda: 5, repos=lambda: {"octo/tools": 5}),
    )
    yield application
    records.close()
    state.close()


async def get(app: FastAPI, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://intern") as client:
        return await client.get(path)


async def test_alive(app):
    assert (await get(app, "/healthz")).json() == {"status": "ok"}


async def test_ready(app):
    answer = await get(app, "/readyz")
    assert answer.status_code == 200
    assert set(answer.json()["parts"].values()) == {"ok"}
    assert answer.json()["parts"].keys() == {"store", "jobs", "records", "model"}


async def test_not_ready_says_what_is_wrong(app):
    def broken() -> int:
        raise StoreUnavailable("the disk is full at /secret/path")

    app.state.services.knowledge_base.count = broken
    answer = await get(app, "/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["store"] == "StoreUnavailable"
    assert answer.json()["parts"]["jobs"] == "ok"
    assert "secret" not in answer.text


async def test_a_part_that_hangs_is_not_waited_for(app, monkeypatch):
    monkeypatch.setattr(ops, "READY_TIMEOUT_SECONDS", 0.05)
    release = threading.Event()
    app.state.queue.depth = release.wait
    answer = await get(app, "/readyz")
    release.set()
    assert answer.json()["parts"]["jobs"] == "no answer in time"


async def test_metrics(app):
    services = app.state.services
    services.metrics.deliveries.labels("issues", "queued").inc()
    services.state.update("octo/tools", status=Status.RUNNING, threads=10, total=40)
    services.state.update("octo/tools", warning="No right.", warning_reason="github_forbidden")
    services.state.fail("octo/tools", StoreUnavailable("gone"))
    text = (await get(app, "/metrics")).text
    for line in (
        'intern_deliveries_total{event="issues",outcome="queued"} 1.0',
        'intern_jobs_unfinished{queue="respond",status="enqueued"} 3.0',
        'intern_index_points{repo="octo/tools"} 5.0',
        'intern_backfill_status{repo="octo/tools",status="failed"} 1.0',
        'intern_backfill_error{reason="store_unavailable",repo="octo/tools"} 1.0',
        'intern_backfill_threads{repo="octo/tools"} 10.0',
        'intern_backfill_threads_total{repo="octo/tools"} 40.0',
        'intern_backfill_warning{reason="github_forbidden",repo="octo/tools"} 1.0',
    ):
        assert line in text


async def test_metrics_without_the_store(app):
    def broken() -> Any:
        raise StoreUnavailable("gone")

    app.state.services.knowledge_base.repos = broken
    answer = await get(app, "/metrics")
    assert answer.status_code == 200
    assert "intern_jobs_unfinished{" in answer.text


@pytest.fixture
def _logging_restored():
    root = logging.getLogger()
    before = root.handlers, root.level
    yield
    root.handlers, root.level = before
    structlog.reset_defaults()


@pytest.mark.usefixtures("_logging_restored")
def test_json_logs_are_one_object_a_line(capsys):
    configure_logging(Settings(log_format="json"))
    structlog.get_logger().info("delivery", reason="ping", text="한국어\n\x00")
    logging.getLogger("some.library").warning("odd %s", "thing")
    logging.getLogger("httpx").info("GET https://…")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["delivery", "odd thing"]
    assert lines[0]["level"] == "info"
    assert lines[0]["timestamp"].endswith("Z")


@pytest.mark.usefixtures("_logging_restored")
def test_a_traceback_in_the_console_shows_no_values(capsys):
    configure_logging(Settings(log_format="console"))
    text_of_an_issue = "my secret body"

    def fails(_body: str) -> Any:
        return {}["missing"]

    try:
        fails(text_of_an_issue)
    except KeyError:
        structlog.get_logger().exception("job crashed")
    shown = capsys.readouterr().err
    assert "KeyError" in shown
    assert text_of_an_issue not in shown


@pytest.mark.usefixtures("_logging_restored")
def test_the_level_is_honoured(capsys):
    configure_logging(Settings(log_level="warning"))
    structlog.get_logger().info("quiet")
    assert capsys.readouterr().err == ""
