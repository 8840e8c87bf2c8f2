"""What the demo plays: a history, docs and releases, and the new issues with what is expected."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from indexer.console import complain
from indexer.errors import InputError
from indexer.sources.export import LineError, load_line, read_lines, sentence
from indexer.threads import Moment, Text, Thread
from tests.github_simulator.seed import Seed, SeedPull, SeedRelease, SeedRepository

HERE = Path(__file__).parent
REPO = "harborline/skiff"
DESCRIPTION = "Self-hosted file drop and sync: resumable uploads, share links, disk or S3"
MAINTAINER = "tess-marlowe"
AS_OF = datetime(2025, 10, 20, 9, 0, tzinfo=UTC)

M = TypeVar("M", bound=BaseModel)


class Expected(BaseModel):
    """What must be true of the comment on a new issue.

    Attributes:
        kind: `duplicate` and `fixed` must name `numbers`, `related` and `question` one of them;
            `silence` has no comment; `injection` may have one.
        numbers: the threads that answer it.
        release: the tag that must be named.
        language: the language the comment must be in.
        forbidden: what must not stand in the comment.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["duplicate", "fixed", "related", "question", "silence", "injection"]
    numbers: tuple[int, ...] = ()
    release: str | None = None
    language: str = "en"
    forbidden: tuple[str, ...] = ()


class NewIssue(BaseModel):
    """An issue that the demo opens; `expect` is None in anyone's own list."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str = Field(coerce_numbers_to_str=True)
    title: Text
    body: Text = ""
    author: str = "reporter"
    before: Moment | None = None
    created_at: Moment | None = None
    expect: Expected | None = None

    @property
    def moment(self) -> datetime | None:
        """When it was opened, where the list says so."""
        return self.before or self.created_at


def read_issues(path: Path) -> list[NewIssue]:
    """New issues from a JSONL file, gzipped or not; other lines are told and passed over.

    Raises:
        InputError: the file cannot be read, or holds no issue.
    """
    issues: list[NewIssue] = []
    for number, line in read_lines(path):
        try:
            if isinstance(line, LineError):
                raise InputError(line.reason)  # noqa: TRY301  told like the others
            issues.append(NewIssue.model_validate(load_line(line)))
        except ValidationError as error:
            complain(f"{path.name}, line {number}: {sentence(error)}")
        except (ValueError, RecursionError, InputError) as error:
            complain(f"{path.name}, line {number}: {error}")
    if not issues:
        raise InputError(f"{path} holds no issue.")
    return issues


def our_issues() -> list[NewIssue]:
    """The ten issues of the demo."""
    return read_issues(HERE / "new_issues.jsonl")


def our_history() -> list[Thread]:
    """The invented project's threads."""
    lines = (HERE / "history.jsonl").read_text(encoding="utf-8").split("\n")
    return [Thread.model_validate_json(line) for line in lines if line]


def our_docs() -> dict[str, str]:
    """Path in the repository → text; the issue form among them."""
    root = HERE / "docs"
    docs = {
        f"docs/{file.relative_to(root).as_posix()}": file.read_text(encoding="utf-8")
        for file in sorted(root.rglob("*.md"))
    }
    form = (HERE / "bug_report.yml").read_text(encoding="utf-8")
    return {**docs, ".github/ISSUE_TEMPLATE/bug_report.yml": form}


def our_releases() -> list[SeedRelease]:
    """The invented project's releases, oldest first."""
    raw: list[Any] = json.loads((HERE / "releases.json").read_text(encoding="utf-8"))
    return [SeedRelease.model_validate(entry) for entry in raw]


def our_seed(now: datetime = AS_OF) -> Seed:
    """A GitHub with the invented project as it stood at AS_OF, as if that were `now`.

    Moved by whole days, so that a new issue follows the history as closely at any later time.
    """
    later = timedelta(days=(now - AS_OF).days)
    threads = [_moved(thread, later) for thread in our_history()]
    releases = [
        release.model_copy(update={"published_at": release.published_at + later})
        for release in our_releases()
    ]
    return Seed(
        repositories=[
            SeedRepository(
                full_name=REPO,
                description=DESCRIPTION,
                threads=threads,
                pulls=list(_pulls(threads)),
                docs=our_docs(),
                docs_updated_at=AS_OF + later,
                releases=releases,
                labels=["duplicate", "good first issue"],
                collaborators={MAINTAINER: "admin", "pieter-vdb": "write"},
            )
        ]
    )


def _moved(thread: Thread, later: timedelta) -> Thread:
    """A thread with each of its moments that much later."""

    def moved(thing: M, *names: str) -> M:
        moments = {name: getattr(thing, name) for name in names}
        return thing.model_copy(update={name: at + later for name, at in moments.items() if at})

    moved_thread = moved(thread, "created_at", "closed_at", "updated_at")
    return moved_thread.model_copy(
        update={
            "comments": tuple(moved(comment, "created_at") for comment in thread.comments),
            "events": tuple(moved(event, "created_at") for event in thread.events),
        }
    )


def _pulls(threads: Iterable[Thread]) -> Iterable[SeedPull]:
    """The pull requests that closed threads; their numbers are not issues' numbers."""
    for thread in threads:
        for event in thread.events:
            if event.closer == "pull_request" and event.closer_number:
                yield SeedPull(
                    number=event.closer_number,
                    title=f"Fix #{thread.number}",
                    author=event.actor,
                    created_at=thread.created_at,
                    merged_at=event.created_at,
                )


def foreign_seed(history: Path, issues: list[NewIssue], repo: str) -> Seed:
    """A GitHub with anyone's export, as it stood when the first of the issues was opened."""
    moments = [issue.moment for issue in issues if issue.moment]
    return Seed.from_export(
        history,
        repo,
        as_of=min(moments) if moments else None,
        collaborators={MAINTAINER: "admin"},
    )
