"""One call to Claude with a fixed answer schema: parameters, usage, cost, and what can go wrong.

The SDK is imported when it is first needed (it takes a second or two and 55 MB). It retries
nothing by itself: it would honour any Retry-After, and a comment need not wait for minutes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol

from pydantic import SecretStr, ValidationError

from app.models_table import DEFAULT_MODEL, ModelSpec, spec_of
from app.opinion import Opinion
from app.prompt import Prompt, estimate_tokens
from indexer.errors import InternError

TIMEOUT_SECONDS: Final = 60.0
ATTEMPTS: Final = 3
_LONGEST_WAIT: Final = 8.0
_MAX_OUTPUT: Final = 3000
_MAX_OUTPUT_THINKING: Final = 10_000  # thinking counts as output
# What the SDK's HTTP client raises before a request is on its way.
_NEVER_SENT: Final = frozenset(
    {"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "LocalProtocolError"}
)
_NO_MESSAGE: Final = "What came back is no message of Claude's; see ANTHROPIC_BASE_URL."


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call used and cost; `cost` is None for models that the table does not know."""

    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    cache_written: int = 0
    cache_read: int = 0
    cost: float | None = None
    seconds: float = 0.0
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Answered:
    """The model's opinion and what it cost."""

    opinion: Opinion
    usage: Usage


class LlmError(InternError):
    """Claude gave no usable answer. `usage` is what was charged all the same."""

    reason: ClassVar[str] = "llm"

    def __init__(self, message: str, usage: Usage | None = None) -> None:
        super().__init__(message)
        self.usage = usage


class LlmOverloaded(LlmError):
    """429, 529 or another 5xx, on every attempt."""

    reason = "llm_overloaded"


class LlmTimeout(LlmError):
    """No answer in time, or the connection broke: it may be charged all the same."""

    reason = "llm_timeout"


class LlmUnreachable(LlmError):
    """No connection, so nothing was asked and nothing is charged."""

    reason = "llm_unreachable"


class LlmRefused(LlmError):
    """The model declined to answer."""

    reason = "llm_refused"


class LlmTruncated(LlmError):
    """The answer did not fit."""

    reason = "llm_truncated"


class LlmInvalid(LlmError):
    """The answer does not have the shape that was asked for."""

    reason = "llm_invalid"


class LlmMisconfigured(LlmError):
    """The key, the model's name or a parameter was not accepted."""

    reason = "llm_misconfigured"


class Asker(Protocol):
    """Whoever answers a prompt: Claude, or a file (app/llm_offline.py)."""

    async def ask(self, prompt: Prompt) -> Answered:
        """The opinion on a prompt.

        Raises:
            LlmError: there is none.
        """


class LlmSettings(Protocol):
    """The settings that are read here."""

    @property
    def anthropic_api_key(self) -> SecretStr | None:
        """The key."""

    @property
    def anthropic_base_url(self) -> str | None:
        """Another address, or None."""

    @property
    def anthropic_model(self) -> str:
        """The model's name."""


class Llm:
    """Claude. One object for the process; it holds a pool of connections."""

    def __init__(
        self,
        settings: LlmSettings,
        *,
        timeout: float = TIMEOUT_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._timeout = timeout
        self._sleep = sleep
        self._client: Any = None
        self.spec: ModelSpec = spec_of(settings.anthropic_model or DEFAULT_MODEL)
        self.model = settings.anthropic_model or DEFAULT_MODEL

    @classmethod
    def open(cls, settings: LlmSettings) -> "Llm | None":
        """Claude as the settings say; None without a key."""
        key = settings.anthropic_api_key
        return cls(settings) if key is not None and key.get_secret_value() else None

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def ask(self, prompt: Prompt) -> Answered:
        """The model's opinion; one call, tried again only where that is cheap and soon.

        Raises:
            LlmError: a subclass names the kind of failure.
        """
        begun = time.monotonic()
        deadline = begun + self._timeout
        attempt = 1
        while True:
            try:
                message = await self._send(prompt, deadline - time.monotonic())
                break
            except _Retryable as trouble:
                wait = retry_wait(trouble.retry_after, attempt, deadline - time.monotonic())
                if wait is None:
                    raise trouble.error from trouble.__cause__
                await self._sleep(wait)
                attempt += 1
        try:
            usage = self._usage(message, time.monotonic() - begun, attempt)
            return Answered(_read(message, usage), usage)
        except (AttributeError, TypeError) as error:
            # The SDK checks nothing: a gateway's page or half a message comes through as it is.
            raise LlmInvalid(_NO_MESSAGE) from error

    async def _send(self, prompt: Prompt, seconds: float) -> Any:  # noqa: ANN401 - SDK type, lazy
        anthropic = await asyncio.to_thread(_sdk)
        try:
            return await self._connected(anthropic).messages.create(
                **self._parameters(anthropic, prompt), timeout=max(0.1, seconds)
            )
        except anthropic.APIConnectionError as error:
            if type(error.__cause__).__name__ in _NEVER_SENT:
                away = LlmUnreachable("Claude could not be reached; see ANTHROPIC_BASE_URL.")
                raise _Retryable(away, None) from error
            if isinstance(error, anthropic.APITimeoutError):
                raise LlmTimeout(f"Claude gave no answer within {self._timeout:.0f} s.") from error
            raise _Retryable(LlmTimeout("The connection to Claude broke."), None) from error
        except anthropic.APIStatusError as error:
            busy = {408, 409, 429}
            if error.status_code in busy or error.status_code >= 500:  # noqa: PLR2004 - 5xx
                failure_ = LlmOverloaded(f"Claude answered {error.status_code}.")
                raise _Retryable(failure_, error.response.headers.get("retry-after")) from error
            raise LlmMisconfigured(
                f"Claude refused the request with {error.status_code}; see ANTHROPIC_API_KEY and "
                "ANTHROPIC_MODEL."
            ) from error
        except (anthropic.APIError, ValueError) as error:
            raise LlmInvalid(_NO_MESSAGE) from error

    def _connected(self, anthropic: Any) -> Any:  # noqa: ANN401 - SDK types, lazy
        if self._client is None:
            key = self._settings.anthropic_api_key
            self._client = anthropic.AsyncAnthropic(
                api_key=key.get_secret_value() if key else "",
                base_url=self._settings.anthropic_base_url,
                max_retries=0,
                timeout=self._timeout,
            )
        return self._client

    def _parameters(self, anthropic: Any, prompt: Prompt) -> dict[str, Any]:  # noqa: ANN401
        # No temperature: the API takes none from any model, neither does the SDK.
        schema = anthropic.transform_schema(Opinion)
        output: dict[str, Any] = {"format": {"type": "json_schema", "schema": schema}}
        system: dict[str, Any] = {"type": "text", "text": prompt.system}
        if estimate_tokens(prompt.system) * 0.7 >= self.spec.cache_minimum:
            system["cache_control"] = {"type": "ephemeral"}
        if self.spec.effort:
            output["effort"] = "low"
        return {
            "model": self.model,
            "max_tokens": most_output(self.spec),
            "system": [system],
            "messages": [{"role": "user", "content": prompt.user}],
            "output_config": output,
        }

    def _usage(self, message: Any, seconds: float, attempts: int) -> Usage:  # noqa: ANN401
        raw = message.usage
        written = raw.cache_creation_input_tokens or 0
        read = raw.cache_read_input_tokens or 0
        return Usage(
            self.model,
            raw.input_tokens,
            raw.output_tokens,
            written,
            read,
            self.spec.cost(
                fresh=raw.input_tokens, written=written, read=read, output=raw.output_tokens
            ),
            seconds,
            attempts,
        )


def most_output(spec: ModelSpec) -> int:
    """How many tokens we let a model write, its thinking included."""
    return min(_MAX_OUTPUT_THINKING if spec.effort else _MAX_OUTPUT, spec.max_output)


class _Retryable(Exception):
    def __init__(self, error: LlmError, retry_after: str | None) -> None:
        super().__init__(str(error))
        self.error = error
        self.retry_after = retry_after


def retry_wait(retry_after: str | None, attempt: int, left: float) -> float | None:
    """Seconds to wait before the next attempt; None to give up.

    Args:
        retry_after: the header, in seconds or as a date; a date is not worth waiting for.
        attempt: how many attempts there were.
        left: seconds until the deadline.
    """
    if attempt >= ATTEMPTS:
        return None
    try:
        wait = float(retry_after) if retry_after else 0.5 * 2.0**attempt
    except ValueError:
        return None
    return wait if 0 <= wait <= min(_LONGEST_WAIT, left - 1) else None


def _read(message: Any, usage: Usage) -> Opinion:  # noqa: ANN401 - SDK type, lazy
    """The opinion in the message. Usage first: a useless answer is charged too."""
    if message.stop_reason == "refusal":
        raise LlmRefused("Claude declined to answer.", usage)
    if message.stop_reason in {"max_tokens", "model_context_window_exceeded"}:
        raise LlmTruncated("Claude's answer was cut off.", usage)
    text = "".join(block.text for block in message.content if block.type == "text")
    try:
        return Opinion.model_validate_json(text)
    except ValidationError as error:
        raise LlmInvalid("Claude's answer has not the shape that was asked for.", usage) from error


def _sdk() -> Any:  # noqa: ANN401 - a module
    import anthropic

    return anthropic
