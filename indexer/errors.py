"""Every error the indexer raises on purpose, as one tree.

InternError                 anything we expected could happen; its text is one sentence for a person
├── SettingError            a setting is missing or wrong; the text names it            exit 2
├── InputError              a file, an argument or a line is not what it should be      exit 2
├── ModelError              the embedding model cannot be found, fetched or trusted     exit 3
├── StoreError              the knowledge base cannot be used
│   ├── StoreBusy           another process owns it; the text names the process
│   ├── StoreMismatch       it was built with another model or pipeline
│   └── StoreUnavailable    the server or socket does not answer, or the disk is full
│       └── DatabaseUnavailable    the database of state, records or jobs cannot be used
└── GitHubError             GitHub did not do what was asked
    ├── NotFound            404 or 410: gone, never there, or not visible to us
    ├── Forbidden           401 or 403 that waiting does not cure
    ├── Rejected            400, 409, 422 and GraphQL's own: understood and refused; `.status`
    ├── RateLimited         a primary or secondary limit; `.retry_after` seconds say when
    └── GitHubUnavailable   5xx, time-outs, broken connections: worth another try
        └── GitHubTimedOut  it gave up on what was asked: less may be answered

`reason` is a short code that logs, metrics and exit messages share.
"""

from typing import ClassVar


class InternError(Exception):
    """An expected failure. The message is one sentence that a user can act on."""

    reason: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1


class SettingError(InternError):
    """A setting is missing or has a wrong value; the message begins with its name."""

    reason = "setting"
    exit_code = 2


class InputError(InternError):
    """What the user handed in cannot be read; the message says where and why."""

    reason = "input"
    exit_code = 2


class ModelError(InternError):
    """The embedding model is missing, unreachable or not the one it claims to be."""

    reason = "model"
    exit_code = 3


class StoreError(InternError):
    """The knowledge base cannot be used."""

    reason = "store"
    exit_code = 3


class StoreBusy(StoreError):
    """Another process holds the embedded store."""

    reason = "store_busy"


class StoreMismatch(StoreError):
    """The collection was built with another model or another version of the pipeline."""

    reason = "store_mismatch"


class StoreUnavailable(StoreError):
    """The store's server or socket does not answer, or there is no room to write."""

    reason = "store_unavailable"


class DatabaseUnavailable(StoreUnavailable):
    """A database that could be opened cannot be used any more: gone, full, locked, read-only."""

    reason = "database_unavailable"


class GitHubError(InternError):
    """GitHub refused or failed a request."""

    reason = "github"
    exit_code = 4


class NotFound(GitHubError):
    """The thing is gone, was never there, or these credentials may not see it."""

    reason = "github_not_found"


class Forbidden(GitHubError):
    """These credentials may not do that, and waiting will not change it."""

    reason = "github_forbidden"


class Rejected(GitHubError):
    """GitHub understood the request and refused it; the same request will be refused again.

    Attributes:
        status: the HTTP status; 200 where GraphQL refused inside its answer.
    """

    reason = "github_rejected"

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class RateLimited(GitHubError):
    """A primary or secondary rate limit.

    Attributes:
        retry_after: seconds to wait before the next request.
    """

    reason = "github_rate_limited"

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class GitHubUnavailable(GitHubError):
    """A server error, a time-out or a broken connection; trying again may help."""

    reason = "github_unavailable"


class GitHubTimedOut(GitHubUnavailable):
    """GitHub began and did not finish in time; where the query was large, less of it may do."""

    reason = "github_timed_out"
