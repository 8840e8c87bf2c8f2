"""GitHub's answers, or why there is none → our errors, and when to ask again (pure)."""

import math
import random
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from indexer.errors import (
    Forbidden,
    GitHubError,
    GitHubTimedOut,
    GitHubUnavailable,
    NotFound,
    RateLimited,
    Rejected,
)

# GitHub's advice for a secondary limit that names no time.
SECONDARY_WAIT = 60.0
# A server error is tried again after about this long, doubled each time.
FIRST_BACKOFF = 0.5
LONGEST_BACKOFF = 20.0

_SECONDARY_WORDS = ("secondary rate limit", "abuse detection", "temporarily blocked")
_GRAPHQL_NOT_FOUND = {"NOT_FOUND"}
_GRAPHQL_FORBIDDEN = {"FORBIDDEN", "INSUFFICIENT_SCOPES", "UNAUTHORIZED", "SAML_FAILURE"}
_GRAPHQL_LIMITED = {"RATE_LIMITED", "RATE_LIMIT"}
_GRAPHQL_TOO_MUCH = {"RESOURCE_LIMITS_EXCEEDED", "TIMEOUT", "SERVICE_UNAVAILABLE", "INTERNAL"}
_GRAPHQL_TOO_MUCH_WORDS = ("something went wrong", "timeout", "timed out", "resource limits")


def error_of(response: httpx.Response, credential: str, now: float) -> GitHubError | None:
    """What a REST answer means, or None where it is a success.

    Args:
        response: GitHub's answer, its body read.
        credential: how the request was authenticated, in words for the user.
        now: seconds since 1970.
    """
    status = response.status_code
    if status < 400:  # noqa: PLR2004 - where HTTP's errors begin
        return None
    asked = f"{response.request.method} {response.request.url.path}"
    said = _message(response)
    if status in {403, 429} and (wait := limit_wait(response, said, now)) is not None:
        return RateLimited(
            f"GitHub limits our requests ({asked}): {said}; try again in {math.ceil(wait)} s.",
            retry_after=wait,
        )
    failed: GitHubError
    if status in {404, 410}:
        failed = NotFound(f"GitHub has no {asked.partition(' ')[2]} that {credential} may see.")
    elif status == 401:  # noqa: PLR2004
        failed = Forbidden(f"GitHub does not accept {credential} ({said}).")
    elif status in {403, 451}:
        failed = Forbidden(f"GitHub refuses {asked} to {credential}: {said}.")
    elif status in {408, 502, 504}:
        # In front of GitHub stands what gives up on it after ten seconds, and says 502.
        failed = GitHubTimedOut(f"GitHub answered {asked} with {status}: {said}.")
    elif status >= 500:  # noqa: PLR2004
        failed = GitHubUnavailable(f"GitHub answered {asked} with {status}: {said}.")
    else:
        failed = Rejected(f"GitHub rejects {asked}: {said}.", status=status)
    return failed


def unreachable(url: str, error: Exception) -> GitHubUnavailable:
    """Why there is no connection to GitHub; of a certificate that is not trusted, the way out."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return GitHubUnavailable(
                f"The certificate of {url} is not trusted ({cause.verify_message.rstrip('.')}): if "
                "your own CA issued it, name the CA's file in SSL_CERT_FILE, in the environment, "
                "not in .env."
            )
        cause = cause.__cause__ or cause.__context__
    said = str(error).rstrip(".") or type(error).__name__
    return GitHubUnavailable(f"GitHub cannot be reached at {url}: {said}.")


def limit_wait(response: httpx.Response, said: str, now: float) -> float | None:
    """Seconds that a 403 or 429 asks us to wait; None if it is no rate limit."""
    headers = response.headers
    if "retry-after" in headers:
        return retry_after(headers["retry-after"], now)
    if headers.get("x-ratelimit-remaining") == "0" and "x-ratelimit-reset" in headers:
        return until(headers["x-ratelimit-reset"], now)
    lowered = said.lower()
    if any(words in lowered for words in _SECONDARY_WORDS):
        return SECONDARY_WAIT
    if response.status_code == 429 or "rate limit exceeded" in lowered:  # noqa: PLR2004
        return SECONDARY_WAIT
    return None


def retry_after(value: str, now: float) -> float:
    """Seconds that a Retry-After header names, given as seconds or as an HTTP date."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return SECONDARY_WAIT
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = moment.timestamp() - now
    return max(0.0, seconds) if math.isfinite(seconds) else SECONDARY_WAIT


def until(reset: str, now: float) -> float:
    """Seconds from now until an X-RateLimit-Reset, a second added for clocks that differ."""
    try:
        return max(0.0, float(reset) - now) + 1.0
    except ValueError:
        return SECONDARY_WAIT


def graphql_error(
    errors: Sequence[Mapping[str, Any]], headers: Mapping[str, str], now: float
) -> GitHubError:
    """The error that a GraphQL answer's `errors` stand for; the first that we know decides."""
    said = "; ".join(dict.fromkeys(str(e.get("message", "no message")) for e in errors)).rstrip(".")
    kinds = {str(e.get("type") or "").upper() for e in errors}
    lowered = said.lower()
    if kinds & _GRAPHQL_LIMITED or any(words in lowered for words in _SECONDARY_WORDS):
        wait = SECONDARY_WAIT
        if "retry-after" in headers:
            wait = retry_after(headers["retry-after"], now)
        elif kinds & _GRAPHQL_LIMITED and "x-ratelimit-reset" in headers:
            wait = until(headers["x-ratelimit-reset"], now)
        return RateLimited(
            f"GitHub limits our GraphQL queries; try again in {math.ceil(wait)} s.",
            retry_after=wait,
        )
    if kinds & _GRAPHQL_FORBIDDEN:
        return Forbidden(f"GitHub refuses a GraphQL query: {said}.")
    if kinds & _GRAPHQL_NOT_FOUND:
        return NotFound(f"GitHub has no such thing for us: {said}.")
    if kinds & _GRAPHQL_TOO_MUCH or any(words in lowered for words in _GRAPHQL_TOO_MUCH_WORDS):
        return GitHubTimedOut(f"GitHub could not finish a GraphQL query: {said}.")
    return Rejected(f"GitHub rejects a GraphQL query: {said}.", status=200)


def hidden_part(error: Mapping[str, Any], optional: frozenset[str]) -> bool:
    """Whether a GraphQL error only says that we may not see something we can do without."""
    kind = str(error.get("type") or "").upper()
    path = error.get("path") or ()
    return kind in _GRAPHQL_FORBIDDEN | _GRAPHQL_NOT_FOUND and not optional.isdisjoint(
        part for part in path if isinstance(part, str)
    )


def wait_before_retry(error: GitHubError, attempt: int) -> float | None:
    """How long to wait before reading once more; None where it would not help.

    Args:
        error: what the attempt came to.
        attempt: 0 for the first.
    """
    if isinstance(error, RateLimited):
        # Not all waiters wake at the same moment.
        return error.retry_after + random.uniform(0, 1)  # noqa: S311 - jitter, no secret
    return backoff(attempt) if isinstance(error, GitHubUnavailable) else None


def backoff(attempt: int) -> float:
    """Seconds to wait after a failure, the first of which is 0; doubled each time, to a bound."""
    longest = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0**attempt)
    return random.uniform(longest / 2, longest)  # noqa: S311 - jitter, no secret


def moment_of(value: str) -> datetime:
    """GitHub's ISO 8601 time as a datetime in UTC."""
    return datetime.fromisoformat(value).astimezone(UTC)


def _message(response: httpx.Response) -> str:
    """GitHub's own words about an error, with the fields it complains of; one line."""
    try:
        body = response.json()
    except ValueError:
        return response.reason_phrase or "no reason given"
    if not isinstance(body, dict) or not isinstance(body.get("message"), str):
        return response.reason_phrase or "no reason given"
    details = [
        str(error.get("message") or error.get("code") or "") if isinstance(error, dict) else error
        for error in body.get("errors") or ()
        if isinstance(error, dict | str)
    ]
    return " ".join([body["message"].rstrip("."), *(f"({d})" for d in details if d)])
