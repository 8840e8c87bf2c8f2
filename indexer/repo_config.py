"""What a repository's maintainers decide, as a model; `indexer/config_file.py` reads it.

Each field's description is what the JSON Schema, and so an editor, tells of it.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _no_dots(name: str) -> str:
    # The name becomes a part of a REST path.
    if name.rpartition("/")[2] in {".", ".."}:
        raise ValueError("this is no repository's name")
    return name


Name = Annotated[str, Field(min_length=1, max_length=100)]
LabelName = Annotated[str, Field(min_length=1, max_length=50)]
Pattern = Annotated[str, Field(min_length=1, max_length=200)]
RepositoryName = Annotated[
    str,
    Field(
        pattern=r"^(?:[A-Za-z0-9][A-Za-z0-9-]{0,99}/)?[A-Za-z0-9._-]{1,100}$",
        max_length=201,
    ),
    AfterValidator(_no_dots),
]
Probability = Annotated[float, Field(ge=0, le=1)]


_STARS = re.compile(r"((?<![^/])\*\*/|\*+)")
DEFAULT_DOCS = ("**/README", "**/README.*", "docs/*", "*.md", "*.mdx", "*.rst", "*.adoc")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Labels(_Model):
    """Labels that the intern reads or writes."""

    again: LabelName | None = Field(
        None, description="Adding this label to an issue asks for another answer."
    )
    ignore: LabelName | None = Field(
        None, description="An issue that once had this label is left alone for good."
    )
    possible_duplicate: LabelName | None = Field(
        None, description="Put on an issue that looks like a duplicate, and taken off again."
    )


class AnswerParts(_Model):
    """Which parts a comment may have."""

    related: bool = Field(default=True, description="Related issues.")
    duplicates: bool = Field(default=True, description="Likely duplicates.")
    resolution: bool = Field(default=True, description="What worked before.")


class Thresholds(_Model):
    """How sure the intern must be; null leaves it to the measured levels.

    They only make it stricter: what the measured levels leave out stays out.
    """

    duplicate: Probability | None = Field(
        None, description="The least probability at which an issue is called a likely duplicate."
    )
    related: Probability | None = Field(
        None, description="The least probability at which an issue is shown at all."
    )


class Sources(_Model):
    """Which documents and issues a comment may quote."""

    docs: tuple[Pattern, ...] | None = Field(
        None,
        max_length=100,
        description="Only files with such a path are read and quoted; * stands for anything, **/ "
        "for any folders or none. null: READMEs, what is under docs/, and every .md, .mdx, .rst "
        "and .adoc.",
    )
    releases: bool = Field(default=True, description="Release notes.")
    discussions: bool = Field(
        default=False, description="Answered discussions; where false, they are not even read."
    )
    repositories: tuple[RepositoryName, ...] = Field(
        (),
        max_length=10,
        description="Other repositories of the owner whose issues and documents may be shown; "
        "each must list this one in its share_with.",
    )
    without_labels: tuple[LabelName, ...] = Field(
        (),
        max_length=100,
        description="Past issues with one of these labels are neither shown nor quoted.",
    )

    @property
    def doc_patterns(self) -> tuple[str, ...]:
        """Which files are read."""
        return DEFAULT_DOCS if self.docs is None else self.docs

    def has_doc(self, path: str) -> bool:
        """Whether a file that was read may be quoted."""
        return self.docs is None or any_matches(self.docs, path)


class Ignore(_Model):
    """Issues that are never answered."""

    authors: tuple[Name, ...] = Field(
        (), max_length=100, description="Logins whose issues are left alone."
    )
    titles: tuple[Pattern, ...] = Field(
        (),
        max_length=100,
        description="An issue with such a title is left alone; * stands for anything.",
    )
    labels: tuple[Name, ...] = Field(
        (), max_length=100, description="An issue with one of these is left alone while it has it."
    )

    def has_title(self, title: str) -> bool:
        """Whether a title is one of `titles`; case does not matter."""
        return any_matches(self.titles, title)


class RepoConfig(_Model):
    """What a repository's maintainers decided; the defaults hold where there is no file."""

    enabled: bool = Field(default=True, description="Whether issues are answered at all.")
    mode: Literal["on", "shadow"] = Field(
        "on", description="shadow: answers are recorded but not posted."
    )
    language: Literal["auto", "en", "ko"] = Field(
        "auto", description="The comment's language; auto follows the issue."
    )
    daily_budget: float | None = Field(
        None, ge=0, description="Dollars a day for Claude, where that is less than the server's."
    )
    labels: Labels = Labels()
    answer: AnswerParts = AnswerParts()
    thresholds: Thresholds = Thresholds()
    sources: Sources = Sources()
    ignore: Ignore = Ignore()
    share_with: tuple[RepositoryName, ...] = Field(
        (),
        max_length=100,
        description="Other repositories of the owner that may show what is known here; "
        "what is private is never shown in a public one.",
    )


def schema() -> dict[str, Any]:
    """The JSON Schema of the file, for editors that complete and check it."""
    made = RepoConfig.model_json_schema()
    made |= {"$schema": SCHEMA_DIALECT, "title": "Oncall Intern's file in a repository"}
    return made


def any_matches(patterns: Iterable[str], text: str) -> bool:
    """Whether a text fits one of the patterns whole; letter case does not matter.

    `*` stands for anything, slashes too; `**/`, where a folder's name could begin, for any folders
    or none; no other character means anything but itself.
    """
    folded = text.casefold()
    return any(_matches(_parts(pattern), folded) for pattern in patterns)


@lru_cache(maxsize=512)
def _parts(pattern: str) -> tuple[str, ...]:
    """A pattern's pieces, and between each two of them the stars."""
    return tuple(_STARS.split(pattern.casefold()))


def _matches(parts: Sequence[str], text: str) -> bool:
    """Whether the whole text fits a pattern.

    It becomes no regular expression: whoever writes the file must not be able to write one that
    never ends. Each piece is looked for once, from where the one before it ended.
    """
    first, *rest = parts
    if not rest:
        return text == first
    *between, last_gap, last = rest
    if len(text) < len(first) + len(last) or not text.startswith(first):
        return False
    place, end = len(first), len(text) - len(last)
    for gap, piece in zip(between[::2], between[1::2], strict=True):
        found = text.find(piece, place, end)
        while found >= 0 and not _may_begin(gap, text, found):
            found = text.find(piece, found + 1, end)
        if found < 0:
            return False
        place = found + len(piece)
    return text.endswith(last) and _may_begin(last_gap, text, end)


def _may_begin(gap: str, text: str, place: int) -> bool:
    """Whether what follows a gap may begin there: behind folders only where a name begins."""
    return not gap.endswith("/") or place == 0 or text[place - 1] == "/"
