"""What a run of the demo observed, as plain values that the checks judge."""

from dataclasses import dataclass

from tests.demo.content import NewIssue


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment by the App."""

    id: int
    body: str
    author: str
    url: str
    updated_at: str

    @property
    def shown(self) -> str:
        """What a reader sees before the fold and the footer."""
        return self.body.split("<details>")[0].split("<sub>")[0]

    @property
    def headline(self) -> str:
        """The first line."""
        return self.body.strip().split("\n")[0]


@dataclass(frozen=True, slots=True)
class Answered:
    """One of the new issues, after the App had its say.

    `seconds` is from sending the webhook to the comment; None where there is no comment.
    `accepted` is the HTTP status that the webhook got.
    """

    issue: NewIssue
    number: int
    accepted: int | None
    comments: tuple[Comment, ...] = ()
    seconds: float | None = None
    state: str = "open"
    labels: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All that the App wrote here."""
        return "\n".join(comment.body for comment in self.comments)


@dataclass(frozen=True, slots=True)
class Change:
    """The App's comments on one issue before and after something was done to it."""

    number: int
    before: tuple[Comment, ...]
    after: tuple[Comment, ...]
    label_left: bool = False
    expected_text: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A whole run.

    `server_exit` is None while the server still runs, as it should. `seeded` is how many
    threads by people GitHub had at the start, `indexed` how many the knowledge base then had.
    """

    answered: tuple[Answered, ...]
    redelivered: Change | None
    again: Change | None
    web_url: str
    server_exit: int | None = None
    indexed: int = 0
    seeded: int = 0
