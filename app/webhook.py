"""POST /webhooks: size, signature, headers, JSON; then the jobs are stored and the answer is 202.

Nothing of a delivery is looked at before its signature is right. A queue that cannot take the
jobs answers 503, so that the delivery shows as failed and can be sent again.
"""

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import SecretStr
from starlette.requests import ClientDisconnect

from app import events, policy
from app.job_kinds import Job
from app.job_queue import JobQueue, QueueUnavailable
from app.services import Services
from indexer.errors import DatabaseUnavailable, InputError

log = structlog.get_logger()
T = TypeVar("T")
router = APIRouter()

# GitHub sends no more than this.
MAX_BYTES = 25 * 1024 * 1024
# GitHub itself gives up after ten seconds.
READ_SECONDS = 30.0
# Above this, hashing and parsing leave the event loop.
LARGE_BYTES = 512 * 1024
# Nobody knows who sends a body before it is whole: so many large ones may fill the memory at once.
LARGE_AT_ONCE = 16
SUBJECT = 140
UNAVAILABLE = 503
RETRY_SECONDS = "30"
DELIVERY = re.compile(r"[\w-]{1,64}")
EVENT = re.compile(r"[a-z_]{1,64}")


class Refused(Exception):
    """A delivery that is turned away, with its status and the reason's code."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class LargeBodies:
    """The large bodies that one server is reading."""

    def __init__(self) -> None:
        self._arriving: set[Request] = set()

    def admit(self, request: Request) -> None:
        """Count the body of this request, as long as there is room for one more.

        Raises:
            Refused: 503.
        """
        if request not in self._arriving and len(self._arriving) >= LARGE_AT_ONCE:
            raise Refused(UNAVAILABLE, "busy", "Too many large bodies arrive at once.")
        self._arriving.add(request)

    def leave(self, request: Request) -> None:
        """It is read, or nobody reads it any more."""
        self._arriving.discard(request)


@router.post("/webhooks")
async def receive(request: Request) -> JSONResponse:
    """Take a delivery from GitHub."""
    at = datetime.now(UTC)
    services: Services = request.app.state.services
    # An unverified header must not become a metric's label: there are endless ones.
    event = "unverified"
    try:
        body = await _read(request)
        signature = request.headers.get("x-hub-signature-256")
        await _off_loop(body, _verify, body, signature, services.settings.github_webhook_secret)
        event, delivery = _headers(request)
        payload = await _off_loop(body, _parse, body)
        jobs = await _jobs(event, payload, services)
        if isinstance(jobs, events.Ignored):
            status, reason = "ignored", jobs.reason
        else:
            await _store(jobs, delivery, at, request.app.state.queue)
            status, reason = "queued", type(jobs[0]).__name__
    except Refused as refusal:
        services.metrics.deliveries.labels(event, refusal.reason).inc()
        log.warning("delivery refused", event_name=event, reason=refusal.reason)
        answer = {"status": "refused", "reason": refusal.reason, "message": str(refusal)}
        # GitHub does not read this; a gateway or whoever delivers again may.
        later = {"Retry-After": RETRY_SECONDS} if refusal.status == UNAVAILABLE else None
        return JSONResponse(answer, refusal.status, later)
    services.metrics.deliveries.labels(event, "queued" if status == "queued" else reason).inc()
    log.info(
        "delivery",
        event_name=event,
        on=_subject(payload),
        delivery=delivery,
        status=status,
        reason=reason,
    )
    return JSONResponse({"status": status, "reason": reason}, 202)


async def _jobs(
    event: str, payload: dict[str, Any], services: Services
) -> tuple[Job, ...] | events.Ignored:
    """What the delivery asks for, under the rules that are in force in its repository.

    Raises:
        Refused: 400, or 503 and GitHub can deliver again.
    """
    repo = events.repository_of(payload)
    rules = None
    is_labelled = event == "issues" and payload.get("action") == "labeled"
    if repo and (is_labelled or event == "push"):
        try:
            config = await asyncio.to_thread(services.records.config_of, repo)
        except DatabaseUnavailable as error:
            raise Refused(UNAVAILABLE, error.reason, "The database does not answer.") from error
        again = config.labels.again or services.settings.again_label
        rules = events.Rules(again, policy.no_ai_labels(config), config.sources.doc_patterns)
    try:
        return events.parse(
            event,
            payload,
            services.settings,
            rules=rules,
            bot_login=services.identity.login,
        )
    except InputError as error:
        raise Refused(400, "payload_unexpected", str(error)) from error


def _subject(payload: dict[str, Any]) -> str | None:
    """Whom a delivery is about: a repository, or the account of an installation."""
    repo = events.repository_of(payload)
    installation = payload.get("installation")
    account = installation.get("account") if isinstance(installation, dict) else None
    login = account.get("login") if isinstance(account, dict) else None
    found = repo or login
    return found[:SUBJECT] if isinstance(found, str) else None


async def _store(jobs: Sequence[Job], delivery: str, at: datetime, queue: JobQueue) -> None:
    """Store the jobs durably.

    Raises:
        Refused: 503, and GitHub can deliver again.
    """
    try:
        await queue.enqueue(delivery, jobs, at=at)
    except QueueUnavailable as error:
        raise Refused(UNAVAILABLE, error.reason, str(error)) from error


async def _off_loop(body: bytes, function: Callable[..., T], *arguments: object) -> T:
    """Call a function here for a small body, in a thread for a large one."""
    if len(body) < LARGE_BYTES:
        return function(*arguments)
    return await asyncio.to_thread(function, *arguments)


async def _read(request: Request) -> bytes:
    """The body, as long as it is not too large; what is too large is not read to its end.

    Raises:
        Refused: 413, 408, 503 where there is no room, or 400 where nobody is left to hear it.
    """
    too_large = Refused(413, "too_large", f"A delivery has at most {MAX_BYTES} bytes.")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > MAX_BYTES:
        raise too_large
    large: LargeBodies = request.app.state.large_bodies
    chunks = bytearray()
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for chunk in request.stream():
                chunks += chunk
                if len(chunks) > MAX_BYTES:
                    raise too_large
                if len(chunks) > LARGE_BYTES:
                    large.admit(request)
    except TimeoutError as error:
        raise Refused(408, "too_slow", "The body did not arrive in time.") from error
    except ClientDisconnect as error:
        raise Refused(400, "hung_up", "The body did not arrive.") from error
    finally:
        large.leave(request)
    return bytes(chunks)


def _verify(body: bytes, signature: str | None, secrets: Sequence[SecretStr]) -> None:
    """Compare the signature under each secret, each time in constant time.

    Raises:
        Refused: 401.
    """
    if signature is None:
        raise Refused(401, "signature_missing", "There is no X-Hub-Signature-256.")
    given = signature.encode("utf-8", "replace")
    right = False
    for secret in secrets:
        digest = hmac.new(secret.get_secret_value().encode(), body, hashlib.sha256).hexdigest()
        right |= hmac.compare_digest(f"sha256={digest}".encode(), given)
    if not right:
        raise Refused(401, "signature_wrong", "X-Hub-Signature-256 is not of this body.")


def _headers(request: Request) -> tuple[str, str]:
    """The event's name and the delivery's GUID.

    Raises:
        Refused: 400.
    """
    event = request.headers.get("x-github-event", "")
    delivery = request.headers.get("x-github-delivery", "")
    if not EVENT.fullmatch(event):
        raise Refused(400, "event_missing", "X-GitHub-Event is missing or names no event.")
    if not DELIVERY.fullmatch(delivery):
        raise Refused(400, "delivery_missing", "X-GitHub-Delivery is missing or is no GUID.")
    return event, delivery


def _parse(body: bytes) -> dict[str, Any]:
    """The body as a JSON object.

    Raises:
        Refused: 400.
    """
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(
            400, "json_malformed", "The body is not JSON; the webhook's content type must be it."
        ) from error
    if not isinstance(payload, dict):
        raise Refused(400, "json_malformed", "The body is not a JSON object.")
    return payload
