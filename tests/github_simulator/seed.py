"""What a simulated GitHub begins with."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from indexer.console import complain
from indexer.sources.export import LineError, read_export
from indexer.threads import Moment, Thread, as_of


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SeedRelease(_Model):
    tag: str
    name: str = ""
    body: str = ""
    published_at: Moment
    prerelease: bool = False


class SeedPull(_Model):
    """A pull request: takes a number, shows in REST lists of issues, is no issue in GraphQL."""

    number: int
    title: str
    author: str = "dev"
    created_at: Moment
    merged_at: Moment | None = None


class SeedDiscussion(_Model):
    """A discussion in a category for questions; without an answer none was chosen."""

    number: int
    title: str
    body: str = ""
    author: str = "asker"
    created_at: Moment
    answer: str | None = None
    answered_by: str = "helper"
    answered_at: Moment | None = Field(None, description="else as the discussion was opened")
    answer_minimized: bool = False


class SeedRepository(_Model):
    full_name: str
    private: bool = False
    description: str = ""
    threads: list[Thread] = Field(default_factory=list)
    pulls: list[SeedPull] = Field(default_factory=list)
    docs: dict[str, str] = Field(default_factory=dict)
    docs_updated_at: Moment | None = None
    releases: list[SeedRelease] = Field(default_factory=list)
    discussions: list[SeedDiscussion] = Field(default_factory=list)
    labels: list[str] = Field(default_factory=list)
    config: str | None = Field(None, description="the text of .github/oncall-intern.yml")
    collaborators: dict[str, Literal["admin", "maintain", "write", "triage", "read", "none"]] = (
        Field(default_factory=dict)
    )


class Seed(_Model):
    repositories: list[SeedRepository] = Field(default_factory=list)
    installation_id: int = 1001
    account: str | None = Field(None, description="who installed the App; else the first owner")

    @classmethod
    def read(cls, path: Path | str) -> "Seed":
        """A seed from a JSON file."""
        return cls.model_validate_json(Path(path).read_bytes())

    @classmethod
    def from_export(
        cls, path: Path | str, repo: str, as_of: datetime | None = None, **fields: Any
    ) -> "Seed":
        """A repository with an export's threads, as they stood just before `as_of`.

        Lines that hold no thread are told on standard error and passed over.

        Raises:
            InputError: the file cannot be read.
        """
        return cls(
            repositories=[
                SeedRepository(full_name=repo, threads=list(_threads(Path(path), as_of)), **fields)
            ]
        )


def _threads(path: Path, moment: datetime | None) -> Iterator[Thread]:
    for _, line in read_export(path):
        if isinstance(line, LineError):
            complain(f"{path.name}, {line}")
        elif moment is None:
            yield line
        elif then := as_of(line, moment):
            yield then
