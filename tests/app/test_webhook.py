"""The HTTP edge: what is refused, what is ignored, what is stored before the 202."""

import asyncio
import json
import sqlite3
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from app import webhook
from app.job_kinds import RefreshThread, Respond
from app.job_queue import QueueUnavailable
from app.metrics import Metrics
from app.records import Records
from app.settings import Settings
from indexer.config_file import parse
from tests.fakes_app import (
    SECRET,
    FakeQueue,
    as_body,
    delivery_headers,
    issue_payload,
    signed,
)

SECRETS = ("an-older-secret", SECRET)


@pytest.fixture
def app() -> FastAPI:
    return an_app()


def an_app() -> FastAPI:
    application = FastAPI()
    application.state.large_bodies = webhook.LargeBodies()
    application.include_router(webhook.router)
    application.state.queue = FakeQueue()
    memory = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    application.state.services = SimpleNamespace(
        settings=Settings(
            github_webhook_secret=SECRETS, allowed_accounts=("octo",), github_app_id=5
        ),
        metrics=Metrics(),
        records=Records(memory),
        identity=SimpleNamespace(login="oncall-intern[bot]"),
    )
    return application


async def send(app: FastAPI, body: bytes | Any, headers: dict[str, str]) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://intern") as client:
        return await client.post("/webhooks", content=body, headers=headers)


async def deliver(app: FastAPI, event: str, payload: Any, **headers: str) -> httpx.Response:
    body = as_body(payload)
    return await send(app, body, {**delivery_headers(body, event), **headers})


async def test_an_opened_issue_is_stored_and_accepted(app):
    answer = await deliver(app, "issues", issue_payload(), **{"x-github-delivery": "guid-1"})
    assert answer.status_code == 202
    assert answer.json() == {"status": "queued", "reason": "Respond"}
    assert app.state.queue.jobs == [
        ("guid-1", Respond("octo/tools", 7, 11, "opened")),
        ("guid-1", RefreshThread("octo/tools", 7, 11)),
    ]
    counted = app.state.services.metrics.deliveries.labels("issues", "queued")
    assert counted._value.get() == 1


async def test_every_secret_in_rotation_is_accepted(app):
    body = as_body(issue_payload())
    for secret in SECRETS:
        headers = {
            **delivery_headers(body, "issues"),
            "x-hub-signature-256": signed(body, secret),
        }
        assert (await send(app, body, headers)).status_code == 202


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        (None, "signature_missing"),
        ("", "signature_wrong"),
        ("sha256=", "signature_wrong"),
        ("sha256=" + "0" * 64, "signature_wrong"),
        (signed(b"other"), "signature_wrong"),
        (signed(as_body(issue_payload())).upper(), "signature_wrong"),
        (signed(as_body(issue_payload()), ""), "signature_wrong"),
        ("sha256=ü".encode("latin-1"), "signature_wrong"),
    ],
)
async def test_a_wrong_signature_is_refused_and_nothing_is_queued(app, signature, reason):
    body = as_body(issue_payload())
    headers: dict[str, Any] = delivery_headers(body, "issues")
    del headers["x-hub-signature-256"]
    if signature is not None:
        headers["x-hub-signature-256"] = signature
    answer = await send(app, body, headers)
    assert answer.status_code == 401
    assert answer.json()["reason"] == reason
    assert app.state.queue.jobs == []
    # An unverified event name is no label of a metric.
    refused = app.state.services.metrics.deliveries.labels("unverified", reason)
    assert refused._value.get() == 1


async def test_the_signature_comes_before_json_and_headers(app):
    answer = await send(app, b"not json", {"x-hub-signature-256": "sha256=00"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"payload=%7B%7D",
        b"[" * 200_000,
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(app, body):
    answer = await send(app, body, delivery_headers(body, "issues"))
    assert (answer.status_code, answer.json()["reason"]) == (400, "json_malformed")
    assert app.state.queue.jobs == []


@pytest.mark.parametrize("header", ["x-github-event", "x-github-delivery"])
@pytest.mark.parametrize("value", [None, "", "a b", "x" * 99, "../.."])
async def test_missing_headers_are_refused(app, header, value):
    body = as_body(issue_payload())
    headers = delivery_headers(body, "issues")
    del headers[header]
    if value is not None:
        headers[header] = value
    answer = await send(app, body, headers)
    assert answer.status_code == 400
    assert answer.json()["reason"] == header.removeprefix("x-github-") + "_missing"


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_that_is_too_large_is_refused_before_its_end(app, announced, monkeypatch):
    monkeypatch.setattr(webhook, "MAX_BYTES", 1000)
    sent = []

    async def body() -> Any:
        for _ in range(100):
            sent.append(1)
            yield b"x" * 100

    headers = delivery_headers(b"", "issues")
    if announced:
        headers["content-length"] = "10000"
    answer = await send(app, body(), headers)
    assert answer.status_code == 413
    if not announced:  # httpx's in-memory transport sends what it announced
        assert len(sent) < 100


async def test_a_body_that_never_ends_is_not_waited_for(app, monkeypatch):
    monkeypatch.setattr(webhook, "READ_SECONDS", 0.05)
    never = asyncio.Event()

    async def body() -> Any:
        yield b"{"
        await never.wait()

    answer = await send(app, body(), delivery_headers(b"", "issues"))
    assert (answer.status_code, answer.json()["reason"]) == (408, "too_slow")


async def test_so_many_large_bodies_are_read_at_once(app, monkeypatch):
    monkeypatch.setattr(webhook, "LARGE_AT_ONCE", 1)
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def large() -> Any:
        yield b"x" * (webhook.LARGE_BYTES + 1)
        arrived.set()
        await go_on.wait()

    first = asyncio.create_task(send(app, large(), delivery_headers(b"", "issues")))
    await arrived.wait()
    second = await send(app, b"x" * (webhook.LARGE_BYTES + 1), delivery_headers(b"", "issues"))
    assert (second.status_code, second.json()["reason"]) == (503, "busy")
    assert second.headers["retry-after"] == "30"
    assert (await deliver(app, "issues", issue_payload())).status_code == 202
    another = await send(
        an_app(), b"x" * (webhook.LARGE_BYTES + 1), delivery_headers(b"", "issues")
    )
    assert another.status_code == 401
    go_on.set()
    assert (await first).status_code == 401
    third = await send(app, b"x" * (webhook.LARGE_BYTES + 1), delivery_headers(b"", "issues"))
    assert third.status_code == 401


async def test_a_large_delivery_is_read_off_the_event_loop(app):
    payload = issue_payload()
    payload["issue"]["body"] = "😀\x00" * 300_000
    assert (await deliver(app, "issues", payload)).status_code == 202
    assert app.state.queue.jobs[0][1] == Respond("octo/tools", 7, 11, "opened")


async def test_a_queue_that_does_not_answer_is_told_to_github(app):
    app.state.queue.error = QueueUnavailable("no")
    answer = await deliver(app, "issues", issue_payload())
    assert (answer.status_code, answer.json()["reason"]) == (503, "queue_unavailable")


async def test_what_is_of_no_use_is_accepted_with_a_reason(app):
    answer = await deliver(app, "star", {"action": "created"})
    assert answer.status_code == 202
    assert answer.json() == {"status": "ignored", "reason": "event_unused"}


async def test_an_unexpected_payload_names_the_field(app):
    payload = issue_payload()
    payload["issue"]["number"] = "seven"
    answer = await deliver(app, "issues", payload)
    assert answer.status_code == 400
    assert "issue.number" in answer.json()["message"]
    assert "seven" not in json.dumps(answer.json())


@pytest.mark.parametrize("action", ["opened", "labeled"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"repository": {"full_name": "octo/\ud800"}},
        {"repository": {"full_name": "octo/.."}},
        {"issue": {"number": 10**30}},
        {"issue": {"number": 2**31}},
        {"installation": {"id": 10**30}},
    ],
)
async def test_a_signed_but_odd_payload_is_refused(app, action, wrong):
    payload = issue_payload(action, label={"name": "intern: again"}) | wrong
    answer = await deliver(app, "issues", payload)
    assert (answer.status_code, answer.json()["reason"]) == (400, "payload_unexpected")
    assert app.state.queue.jobs == []


@pytest.mark.parametrize(
    ("action", "before"),
    [
        ("renamed", {"repository": {"name": {"from": "\ud800"}}}),
        ("renamed", {"repository": {"name": {"from": ".."}}}),
        ("transferred", {"owner": {"from": {"user": {"login": "\ud800"}}}}),
    ],
)
async def test_a_former_name_that_is_none_is_refused(app, action, before):
    answer = await deliver(app, "repository", issue_payload(action, changes=before))
    assert (answer.status_code, answer.json()["reason"]) == (400, "payload_unexpected")


async def test_the_label_of_the_repositorys_config_asks_again(app):
    app.state.services.records.settle_config(
        "octo/tools", parse("labels:\n  again: 'please retry'\n")
    )
    payload = issue_payload("labeled", label={"name": "Please Retry"})
    await deliver(app, "issues", payload)
    assert app.state.queue.jobs[0][1] == Respond("octo/tools", 7, 11, "label")


async def test_a_database_that_is_gone_asks_for_another_delivery(app, tmp_path):
    settings = Settings(data_dir=tmp_path)
    records = Records.open(settings)
    app.state.services.records = records
    with closing(sqlite3.connect(tmp_path / "records.sqlite")) as other:
        other.execute("drop table repo_configs")
    payload = issue_payload("labeled", label={"name": "intern: again"})
    answer = await deliver(app, "issues", payload)
    records.close()
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"
    assert answer.json()["reason"] == "database_unavailable"
    assert "repo_configs" not in answer.text
    assert app.state.queue.jobs == []


async def test_a_client_that_hangs_up_is_counted_and_leaves_no_traceback(app):
    async def hangs_up() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    sent: list[Any] = []

    async def send_on(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/webhooks",
        "headers": [],
        "query_string": b"",
    }
    await app(scope, hangs_up, send_on)
    counted = app.state.services.metrics.deliveries.labels("unverified", "hung_up")
    assert counted._value.get() == 1
