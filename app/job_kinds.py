"""What there is to do, as small values: ids, names and numbers, never an issue's text.

`queue` is the lane a job waits in; of the jobs with one `partition` in a lane, one runs at a time.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal, TypeVar, cast, get_args

Trigger = Literal["opened", "edited", "label", "command", "corrected", "improve", "manual"]


@dataclass(frozen=True, slots=True)
class Respond:
    """Answer an issue; `attempt` counts the runs since Claude was first asked in vain."""

    queue: ClassVar[str] = "respond"
    repo: str
    number: int
    installation: int | None = None
    trigger: Trigger = "opened"
    attempt: int = 0

    @property
    def partition(self) -> str:
        """What runs one at a time: everything that may write on one issue."""
        return f"{self.repo}#{self.number}".lower()


@dataclass(frozen=True, slots=True)
class Improve:
    """Answer an issue again, later: Claude could not be asked the last time."""

    # A lane of its own: it mostly sleeps, and what people ask for meanwhile must not wait for it.
    queue: ClassVar[str] = "improve"
    repo: str
    number: int
    installation: int | None = None
    attempt: int = 1

    @property
    def partition(self) -> str:
        """One at a time for an issue."""
        return f"{self.repo}#{self.number}".lower()


@dataclass(frozen=True, slots=True)
class Obey:
    """Do what a comment asks for, if whoever wrote it may ask for it."""

    queue: ClassVar[str] = "respond"
    repo: str
    number: int
    comment: int
    installation: int | None = None

    @property
    def partition(self) -> str:
        """The same as of the answers to that issue."""
        return f"{self.repo}#{self.number}".lower()


@dataclass(frozen=True, slots=True)
class LeaveAlone:
    """A label says that an issue wants no AI, from now on."""

    queue: ClassVar[str] = "respond"
    repo: str
    number: int
    installation: int | None = None

    @property
    def partition(self) -> str:
        """The same as of the answers to that issue."""
        return f"{self.repo}#{self.number}".lower()


@dataclass(frozen=True, slots=True)
class RefreshThread:
    """Read one issue again into the knowledge base; one that is gone is removed from it."""

    queue: ClassVar[str] = "refresh"
    repo: str
    number: int
    installation: int | None = None

    @property
    def partition(self) -> str:
        """What runs one at a time: an older reading must not overwrite a newer one."""
        return f"{self.repo}#{self.number}".lower()


@dataclass(frozen=True, slots=True)
class RemoveThread:
    """Take one issue out of the knowledge base and out of the records."""

    queue: ClassVar[str] = "refresh"
    repo: str
    number: int

    @property
    def partition(self) -> str:
        """The same as of the refreshes of that issue."""
        return f"{self.repo}#{self.number}".lower()


@dataclass(frozen=True, slots=True)
class RefreshConfig:
    """Read a repository's config file again."""

    queue: ClassVar[str] = "refresh"
    repo: str
    installation: int | None = None

    @property
    def partition(self) -> str:
        """One reading at a time for a repository."""
        return f"{self.repo}#config".lower()


@dataclass(frozen=True, slots=True)
class CheckConfig:
    """Tell a pull request whether the config file that it changes is good."""

    queue: ClassVar[str] = "refresh"
    repo: str
    number: int
    installation: int | None = None

    @property
    def partition(self) -> str:
        """One at a time for a pull request, so that the last check is of the last push."""
        return f"{self.repo}#{self.number} config".lower()


@dataclass(frozen=True, slots=True)
class RefreshDocs:
    """Read what changed of a repository's files, or its releases."""

    # A lane of its own: it may wait an hour for GitHub's limit, and threads must not wait for it.
    queue: ClassVar[str] = "docs"
    repo: str
    installation: int | None = None
    part: Literal["files", "releases"] = "files"

    @property
    def partition(self) -> str:
        """One reading at a time for a repository."""
        return f"{self.repo}#docs".lower()


@dataclass(frozen=True, slots=True)
class Adopt:
    """Backfill the repositories of an installation; all of them where `repos` is empty."""

    queue: ClassVar[str] = "adopt"
    installation: int
    repos: tuple[str, ...] = ()

    @property
    def partition(self) -> str:
        """One at a time for an installation."""
        return f"installation {self.installation}"


@dataclass(frozen=True, slots=True)
class Backfill:
    """Read a repository's whole history into the knowledge base.

    `full`, `docs` and `since` (ISO 8601) are those of `intern backfill`.
    """

    queue: ClassVar[str] = "backfill"
    repo: str
    installation: int | None = None
    full: bool = False
    docs: bool = True
    since: str | None = None

    @property
    def partition(self) -> str:
        """One at a time for a repository."""
        return self.repo.lower()


@dataclass(frozen=True, slots=True)
class Import:
    """Read a repository's history from a file of this machine."""

    queue: ClassVar[str] = "backfill"
    repo: str
    file: str
    full: bool = False

    @property
    def partition(self) -> str:
        """The same as of the backfills of that repository."""
        return self.repo.lower()


@dataclass(frozen=True, slots=True)
class Forget:
    """Delete all that is kept of some repositories, or of all those of an account."""

    queue: ClassVar[str] = "forget"
    repos: tuple[str, ...] = ()
    account: str = ""

    @property
    def partition(self) -> str:
        """One at a time for an account."""
        return (self.account or self.repos[0].split("/")[0]).lower()


@dataclass(frozen=True, slots=True)
class Move:
    """A repository has another name, or another owner: keep under it all that is known of it.

    `wanted`: somebody asked for its history, so it is read though it never was before.
    """

    # That of Forget: the two must not meet.
    queue: ClassVar[str] = Forget.queue
    before: str
    after: str
    wanted: bool = False

    @property
    def partition(self) -> str:
        """The same as of what is to be forgotten of the account that it had."""
        return self.before.split("/")[0].lower()


Job = (
    Respond
    | Obey
    | Improve
    | LeaveAlone
    | RefreshThread
    | RemoveThread
    | RefreshConfig
    | CheckConfig
    | RefreshDocs
    | Adopt
    | Backfill
    | Import
    | Forget
    | Move
)
J = TypeVar("J", bound=Job)

KINDS: Mapping[str, type[Job]] = MappingProxyType({kind.__name__: kind for kind in get_args(Job)})
"""Each kind by the name under which its jobs are stored."""


def stored(job: Job) -> dict[str, Any]:
    """A job as plain JSON."""
    return asdict(job)


def restored(kind: type[J], values: Mapping[str, Any]) -> J:
    """A job from its stored form, in which tuples have become lists."""
    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    return cast("J", cast("Any", kind)(**fields))
