"""The few fields of a webhook's payload that we read, as small models of our own.

What is not named here is not looked at, so that a payload of an older GHES or of a newer
github.com parses as well.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _no_dots(name: str) -> str:
    # The name becomes a part of a REST path.
    if name.endswith(("/.", "/..")):
        raise ValueError("not a repository's name")
    return name


RepositoryName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_-]+/[A-Za-z0-9_.-]+$", max_length=256),
    AfterValidator(_no_dots),
]


# GitHub's GraphQL takes no larger number of an issue, and no id is longer than 64 bits.
MAX_NUMBER = 2**31 - 1
MAX_ID = 2**63 - 1
IssueNumber = Annotated[int, Field(gt=0, le=MAX_NUMBER)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class User(_Model):
    """An account."""

    login: str = Field(max_length=256)
    type: str = "User"


class Installation(_Model):
    """Whose App it is that hears this."""

    id: int = Field(gt=0, le=MAX_ID)
    account: User | None = None


class Repository(_Model):
    """The repository it is about."""

    full_name: RepositoryName
    default_branch: str = ""


class Issue(_Model):
    """An issue, or a pull request where `pull_request` is there."""

    number: IssueNumber
    pull_request: dict[str, Any] | None = None


class Branch(_Model):
    """One end of a pull request."""

    ref: str = ""


class PullRequest(_Model):
    """A pull request, and the branch it is for."""

    number: IssueNumber
    base: Branch = Branch()


class App(_Model):
    """The App that did something."""

    id: int


class Comment(_Model):
    """A comment and who wrote it."""

    id: int = Field(0, ge=0, le=MAX_ID)
    body: str | None = None
    user: User | None = None
    performed_via_github_app: App | None = None


class Label(_Model):
    """A label."""

    name: str


class Commit(_Model):
    """Which files a commit touched."""

    added: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class From(_Model):
    """What stood there before a change."""

    # GitHub calls the key "from", and nests what it holds differently for each kind of change.
    before: Any = Field(None, alias="from")


class Changed(_Model):
    """What changed of a repository."""

    name: From = From()


class Changes(_Model):
    """What changed."""

    repository: Changed = Changed()
    owner: From = From()
    title: From | None = None
    body: From | None = None

    @property
    def has_text(self) -> bool:
        """Whether it is the words that changed."""
        return self.title is not None or self.body is not None


class Payload(_Model):
    """A payload of any event that we read."""

    action: str = ""
    ref: str = ""
    forced: bool = False
    installation: Installation | None = None
    repository: Repository | None = None
    sender: User | None = None
    issue: Issue | None = None
    pull_request: PullRequest | None = None
    comment: Comment | None = None
    label: Label | None = None
    commits: tuple[Commit, ...] = ()
    changes: Changes = Changes()
    repositories_added: tuple[Repository, ...] = ()
    repositories_removed: tuple[Repository, ...] = ()
