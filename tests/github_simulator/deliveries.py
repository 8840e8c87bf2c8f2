"""Signed webhooks, sent over HTTP in the background as GitHub sends them, and their log."""

import hashlib
import hmac
import json
import threading
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx

# GitHub gives a receiver ten seconds.
TIMEOUT = 10.0


@dataclass(slots=True)
class Delivery:
    """One attempt to hand over one event. A redelivery keeps the GUID and has its own id."""

    id: int
    guid: str
    event: str
    action: str | None
    payload: dict[str, Any]
    installation_id: int | None
    redelivery: bool = False
    delivered_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    status: int | None = None
    milliseconds: float | None = None
    response: str = ""
    error: str | None = None

    def summary(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "guid": self.guid,
            "delivered_at": self.delivered_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "redelivery": self.redelivery,
            "duration": (self.milliseconds or 0) / 1000,
            "status": self.error or ("OK" if (self.status or 500) < 400 else "Invalid response"),
            "status_code": self.status or 0,
            "event": self.event,
            "action": self.action,
            "installation_id": self.installation_id,
            "repository_id": (self.payload.get("repository") or {}).get("id"),
            "throttled_at": None,
        }


class Deliverer:
    """Sends webhooks; order is not kept, as on GitHub. `paused` drops them, as an outage would."""

    def __init__(self, url: str | None, secret: str, hook_id: int) -> None:
        self.url = url
        self.secret = secret
        self.hook_id = hook_id
        self.paused = False
        self.log: list[Delivery] = []
        self._ids = count(1)
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="webhook")
        self._client = httpx.Client(timeout=TIMEOUT, trust_env=False)
        self._pending: set[Future[None]] = set()

    def send(
        self,
        event: str,
        payload: dict[str, Any],
        *,
        guid: str | None = None,
        secret: str | None = None,
    ) -> Delivery:
        """Queue a delivery; a `guid` makes it a redelivery, a `secret` signs it otherwise."""
        delivery = Delivery(
            id=next(self._ids),
            guid=guid or str(uuid.uuid4()),
            event=event,
            action=payload.get("action"),
            payload=payload,
            installation_id=(payload.get("installation") or {}).get("id"),
            redelivery=guid is not None,
        )
        with self._lock:
            self.log.append(delivery)
            if self.url is None or self.paused:
                delivery.error = "not sent"
                return delivery
            future = self._pool.submit(self._deliver, delivery, self.url, secret or self.secret)
            self._pending.add(future)
        future.add_done_callback(self._done)
        return delivery

    def find(self, guid: str) -> Delivery:
        return next(delivery for delivery in self.log if delivery.guid == guid)

    def drain(self, timeout: float = 30.0) -> None:
        """Wait until everything queued so far has been answered or has failed."""
        with self._lock:
            pending = set(self._pending)
        if wait(pending, timeout).not_done:
            raise TimeoutError(f"webhooks were not answered within {timeout} s")

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._client.close()

    def _deliver(self, delivery: Delivery, url: str, secret: str) -> None:
        body = json.dumps(delivery.payload, ensure_ascii=False).encode("utf-8", "replace")
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/simulated",
            "X-GitHub-Delivery": delivery.guid,
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Hook-ID": str(self.hook_id),
            "X-GitHub-Hook-Installation-Target-ID": str(self.hook_id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature-256": sign(body, secret),
        }
        begun = time.perf_counter()
        try:
            answer = self._client.post(url, content=body, headers=headers)
        except httpx.TimeoutException:
            delivery.error = "timed out"
        except httpx.HTTPError as error:
            delivery.error = f"failed to connect to host ({type(error).__name__})"
        else:
            delivery.status = answer.status_code
            delivery.response = answer.text[:10_000]
        delivery.milliseconds = (time.perf_counter() - begun) * 1000

    def _done(self, future: Future[None]) -> None:
        with self._lock:
            self._pending.discard(future)
        if not future.cancelled():
            future.result()


def sign(body: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
