"""A repository's documents and releases, read over REST."""

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from indexer.errors import NotFound, Rejected
from indexer.github import GitHubClient
from indexer.github_errors import moment_of
from indexer.repo_config import DEFAULT_DOCS, any_matches
from indexer.sources import markup, unhurried
from indexer.sources.doc_choice import (
    LARGEST_FILE,
    MOST_FILES,
    VENDORED,
    File,
    Refusal,
    document_text,
    unwanted,
)
from indexer.sources.github import split_repo
from indexer.threads import DocSection, Release

logger = logging.getLogger(__name__)

BATCH = 64
"""Files that are held at once: what is read is to be kept before the next are asked for."""

AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Listing:
    """A repository's documents as of its latest commit.

    Attributes:
        page: the root of the files' pages at that commit.
        updated_at: the time of that commit.
        wanted: the files to read, in the order of their paths.
        unchanged: the paths of those that are as known.
    """

    page: str
    updated_at: datetime
    wanted: tuple[File, ...] = ()
    unchanged: frozenset[str] = frozenset()

    @property
    def paths(self) -> frozenset[str]:
        """Every document."""
        return self.unchanged | {file.path for file in self.wanted}


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read: its sections, or why it has none."""

    file: File
    sections: Sequence[DocSection] = ()
    refusal: Refusal | None = None


async def list_docs(
    client: GitHubClient,
    repo: str,
    patterns: Sequence[str] = DEFAULT_DOCS,
    known: Mapping[str, str] = MappingProxyType({}),
) -> Listing:
    """The documents on the default branch; none of an empty repository.

    What is left out (large, vendored, marked as generated, symlinks) is logged with the reason.

    Args:
        client: who reads.
        repo: `owner/name`.
        patterns: which files, as a repository's config names them.
        known: paths and the content (git's name for it) as of which they need not be read again.
    """
    split_repo(repo)
    head = await _head(client, repo)
    if head is None:
        return Listing("", datetime.fromtimestamp(0, UTC))
    files = await _tree(client, repo, head["sha"])
    generated = await _generated_globs(client, repo, files)
    wanted, unchanged = await asyncio.to_thread(_choose, repo, files, patterns, generated, known)
    return Listing(
        f"{client.web_url}/{repo}/blob/{head['sha']}",
        moment_of(head["commit"]["committer"]["date"]),
        wanted,
        unchanged,
    )


async def read_docs(
    client: GitHubClient, repo: str, listing: Listing
) -> AsyncIterator[list[Document]]:
    """The wanted files of a listing, a few at a time, in the order of their paths.

    One that is gone meanwhile is left out: the next listing has it no more.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def read(file: File) -> Document | None:
        async with gate:
            data = await _blob(client, repo, file)
        return None if data is None else await asyncio.to_thread(_document, listing, file, data)

    for start in range(0, len(listing.wanted), BATCH):
        tasks = [asyncio.create_task(read(file)) for file in listing.wanted[start : start + BATCH]]
        try:
            batch = [document for document in await asyncio.gather(*tasks) if document]
        finally:
            for task in tasks:
                task.cancel()
        for document in batch:
            if document.refusal:
                _left_out(repo, document.file.path, document.refusal.reason)
        yield batch


async def fetch_releases(client: GitHubClient, repo: str) -> list[Release]:
    """Every published release, newest first; drafts are nobody's business."""
    split_repo(repo)
    return [
        Release(
            tag=release["tag_name"],
            name=release["name"] or "",
            body=release["body"],
            published_at=release["published_at"],
            url=release["html_url"],
            prerelease=release["prerelease"],
        )
        async for release in unhurried.paginate(client, f"repos/{repo}/releases")
        if not release["draft"] and release["published_at"]
    ]


def split_markdown(path: str, text: str, *, page: str, updated_at: datetime) -> list[DocSection]:
    """A document's sections, each linked to its own lines.

    Args:
        path: the file's path, which also tells its form (Markdown, .rst, .adoc).
        text: what it holds.
        page: the file's page at the commit that was read.
        updated_at: the time of that commit.
    """
    return [
        DocSection(
            path=path,
            headings=section.headings,
            text=section.text,
            # Rendered pages have no line anchors; ?plain=1 shows the source.
            url=f"{page}?plain=1#L{section.begin}-L{section.end}",
            updated_at=updated_at,
        )
        for section in markup.split(path, text)
    ]


def _choose(
    repo: str,
    files: Iterable[File],
    patterns: Sequence[str],
    generated: Sequence[str],
    known: Mapping[str, str],
) -> tuple[tuple[File, ...], frozenset[str]]:
    """The files to read, and the paths of those that are as known."""
    wanted: list[File] = []
    unchanged: set[str] = set()
    for file in sorted(files, key=lambda file: file.path):
        if not any_matches(patterns, file.path):
            continue
        if reason := unwanted(file, patterns, generated):
            _left_out(repo, file.path, reason)
        elif len(wanted) + len(unchanged) == MOST_FILES:
            _left_out(repo, file.path, f"more than {MOST_FILES} documents")
        elif known.get(file.path) == file.sha:
            unchanged.add(file.path)
        else:
            wanted.append(file)
    return tuple(wanted), frozenset(unchanged)


def _document(listing: Listing, file: File, data: bytes) -> Document:
    text = document_text(data)
    if isinstance(text, Refusal):
        return Document(file, refusal=text)
    page = f"{listing.page}/{quote(file.path)}"
    sections = [
        section.model_copy(update={"blob": file.sha})
        for section in split_markdown(file.path, text, page=page, updated_at=listing.updated_at)
    ]
    return Document(file, sections, None if sections else Refusal("without text"))


async def _head(client: GitHubClient, repo: str) -> Any:  # noqa: ANN401 - GitHub's JSON
    """The default branch's latest commit; None where nothing was ever pushed."""
    try:
        return await unhurried.get(client, f"repos/{repo}/commits/HEAD")
    except Rejected as error:
        if error.status in {409, 422}:
            return None
        raise


async def _tree(client: GitHubClient, repo: str, sha: str) -> list[File]:
    """Every file of a commit; folder by folder where GitHub cuts the whole tree short."""
    whole = await unhurried.get(client, f"repos/{repo}/git/trees/{sha}", {"recursive": "1"})
    if not whole["truncated"]:
        return [_file(entry) for entry in whole["tree"] if entry["type"] == "blob"]
    logger.info("tree of %s is cut short by GitHub; read folder by folder", repo)
    files: list[File] = []
    folders = [("", sha)]
    while folders:
        above, folder = folders.pop()
        tree = await unhurried.get(client, f"repos/{repo}/git/trees/{folder}")
        for entry in tree["tree"]:
            if entry["type"] == "blob":
                files.append(_file(entry, above))
            elif entry["type"] == "tree" and entry["path"].lower() not in VENDORED:
                folders.append((f"{above}{entry['path']}/", entry["sha"]))
    return files


def _file(entry: dict[str, Any], above: str = "") -> File:
    return File(above + entry["path"], entry["sha"], entry.get("size", 0), entry["mode"])


async def _blob(client: GitHubClient, repo: str, file: File) -> bytes | None:
    """What a file holds; None where it is gone, by a forced push."""
    try:
        blob = await unhurried.get(client, f"repos/{repo}/git/blobs/{file.sha}")
    except NotFound:
        return None
    return base64.b64decode(blob["content"])


async def _generated_globs(
    client: GitHubClient, repo: str, files: Iterable[File]
) -> tuple[str, ...]:
    """What the repository's own .gitattributes calls generated."""
    found = next((file for file in files if file.path == ".gitattributes"), None)
    if found is None or found.size > LARGEST_FILE:
        return ()
    text = (await _blob(client, repo, found) or b"").decode("utf-8", "replace")
    lines = (line.split() for line in text.splitlines() if not line.startswith("#"))
    marks = {"linguist-generated", "linguist-generated=true", "linguist-vendored"}
    return tuple(parts[0] for parts in lines if len(parts) > 1 and marks & set(parts[1:]))


def _left_out(repo: str, path: str, reason: str) -> None:
    logger.info("left out %s of %s: %s", path, repo, reason)
