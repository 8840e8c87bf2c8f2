"""A small server on loopback that speaks Anthropic's Messages API, with scripted answers.

    with FakeClaude() as claude:
        claude.say(opinion(...))          # the next answer
        claude.fail(529)                  # then an error
        Llm(settings_for(claude))         # ANTHROPIC_BASE_URL is claude.url

It refuses what the real one refuses: a missing key, a temperature, whatever the model.
"""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any, Self

from pydantic import SecretStr

Json = dict[str, Any]


@dataclass
class _Scripted:
    status: int = 200
    body: Json | str = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    waits_for: threading.Event | None = None


class FakeClaude:
    """Answers in the order of the script; `answer_with` takes over when the script is empty.

    Attributes:
        requests: the bodies of the calls so far.
        keys: the API key of each call.
    """

    def __init__(self) -> None:
        self.requests: list[Json] = []
        self.keys: list[str | None] = []
        self.answer_with: Callable[[Json], Json] | None = None
        self._script: list[_Scripted] = []
        self._lock = threading.Lock()
        self._released: list[threading.Event] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        for event in self._released:
            event.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def say(self, answer: Json, **message: Any) -> None:
        """Answer with an opinion, as JSON text in a message."""
        self.say_text(json.dumps(answer, ensure_ascii=False), **message)

    def say_text(self, text: str, **message: Any) -> None:
        """Answer with any text: a way to be invalid, or with a `stop_reason` of its own."""
        self._script.append(_Scripted(body=_message(text, **message)))

    def refuse(self) -> None:
        self.say_text("", stop_reason="refusal")

    def run_out(self) -> None:
        self.say_text('{"judgements": [{"sou', stop_reason="max_tokens")

    def fail(self, status: int, *, retry_after: str | None = None) -> None:
        kinds = {429: "rate_limit_error", 529: "overloaded_error", 401: "authentication_error"}
        error = {"type": kinds.get(status, "api_error"), "message": "scripted"}
        headers = {"retry-after": retry_after} if retry_after is not None else {}
        self._script.append(_Scripted(status, {"type": "error", "error": error}, headers))

    def send(self, body: Json | str | list[Any], *, content_type: str = "application/json") -> None:
        """Answer 200 with something that is no message: a gateway's page, half an answer."""
        text = body if isinstance(body, str) else json.dumps(body)
        self._script.append(_Scripted(body=text, headers={"content-type": content_type}))

    def hang_up(self) -> None:
        """Read the request, and close the connection without an answer."""
        self._script.append(_Scripted(status=0))

    def hang(self) -> threading.Event:
        """Answer only once the event that is returned is set (or the server stops)."""
        event = threading.Event()
        self._released.append(event)
        self._script.append(_Scripted(body=_message("{}"), waits_for=event))
        return event

    def _next(self, request: Json, key: str | None) -> _Scripted:
        with self._lock:
            self.requests.append(request)
            self.keys.append(key)
            if problem := _refused(request, key):
                error = {"type": "invalid_request_error", "message": problem}
                return _Scripted(401 if key is None else 400, {"type": "error", "error": error})
            if self._script:
                return self._script.pop(0)
        if self.answer_with is not None:
            return _Scripted(body=_message(json.dumps(self.answer_with(request))))
        return _Scripted(500, {"type": "error", "error": {"type": "api_error", "message": "idle"}})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", 0))
                request = json.loads(self.rfile.read(length))
                scripted = fake._next(request, _key(self.headers))
                if not scripted.status:
                    self.close_connection = True
                    return
                if scripted.waits_for is not None:
                    scripted.waits_for.wait()
                said = scripted.body
                body = (said if isinstance(said, str) else json.dumps(said)).encode()
                headers = {"content-type": "application/json", **scripted.headers}
                try:
                    self.send_response(scripted.status)
                    self.send_header("content-length", str(len(body)))
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the caller did not want to wait

            def log_message(self, *_: object) -> None:
                """Nothing on stderr."""

        return Handler


def _key(headers: Message) -> str | None:
    """SDKs before 2 send x-api-key, later ones a bearer token; the API takes both."""
    bearer = (headers.get("authorization") or "").removeprefix("Bearer ")
    return headers.get("x-api-key") or bearer or None


def _refused(request: Json, key: str | None) -> str | None:
    if not key:
        return "an API key is required"
    if not request.get("messages") or not request.get("max_tokens"):
        return "messages and max_tokens are required"
    if request.keys() & {"temperature", "top_p", "top_k"}:
        return "temperature: Extra inputs are not permitted"
    kind = request.get("output_config", {}).get("format", {}).get("type")
    return None if kind == "json_schema" else "output_config.format is missing"


def _message(  # noqa: PLR0913 - each has a default
    text: str,
    *,
    stop_reason: str = "end_turn",
    input_tokens: int = 2100,
    output_tokens: int = 240,
    cache_read: int = 0,
    thinking: bool = False,
) -> Json:
    content: list[Json] = [{"type": "text", "text": text}] if text else []
    if thinking:
        content.insert(0, {"type": "thinking", "thinking": "…", "signature": "s"})
    return {
        "id": "msg_fake",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-5-5",
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": {
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": cache_read,
        },
    }


def judgement(source_id: str, verdict: str = "related", **fields: Any) -> Json:
    """One judgement of a scripted opinion."""
    return {
        "source_id": source_id,
        "one_change": "the same fix" if verdict == "duplicate" else "",
        "shared": "",
        "differs": "",
        "verdict": verdict,
        "confidence": 0.9,
        **fields,
    }


def step(source_id: str, text: str, quote: str, kind: str = "fix") -> Json:
    """One proposed step of a scripted opinion."""
    return {"source_id": source_id, "quote": quote, "text": text, "kind": kind}


def opinion(judgements: Sequence[Json] = (), steps: Sequence[Json] = ()) -> Json:
    """A scripted opinion."""
    return {"judgements": list(judgements), "steps": list(steps)}


def settings_for(claude: FakeClaude, model: str = "claude-haiku-5-5") -> SimpleNamespace:
    """Just the settings that app.llm reads."""
    return SimpleNamespace(
        anthropic_api_key=SecretStr("sk-ant-test"),
        anthropic_base_url=claude.url,
        anthropic_model=model,
    )
