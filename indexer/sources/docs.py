"""A repository's documents and releases, read over REST."""

import asyncio
import base64
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from indexer.errors import NotFound, Rejected
from indexer.github import GitHubClient
from indexer.github_errors import moment_of
from indexer.sources import markup
from indexer.sources.github import split_repo
from indexer.threads import DocSection, Release

logger = logging.getLogger(__name__)

DEFAULT_GLOBS = ("README", "README.*", "docs/**", "*.md", "*.mdx", "*.rst", "*.adoc")
LARGEST_FILE = 1_000_000
MOST_FILES = 5_000
AT_ONCE = 8

_READABLE = {".md", ".mdx", ".markdown", ".rst", ".adoc", ".asciidoc", ".txt", ""}
_VENDORED = {"node_modules", "vendor", "third_party", "third-party", "testdata", "fixtures"}
_BOILERPLATE = {
    "code_of_conduct",
    "copying",
    "issue_template",
    "license",
    "licence",
    "pull_request_template",
}
_GENERATED = re.compile(
    r"@generated\b|code generated .{0,80}do not edit|automatically generated .{0,80}do not edit"
    r"|(?:this (?:file|page) (?:is|was|has been) (?:auto-?|automatically )generated)",
    re.IGNORECASE,
)
_GENERATED_WITHIN = 1_000


@dataclass(frozen=True, slots=True)
class File:
    """A file of a commit's tree."""

    path: str
    sha: str
    size: int
    mode: str


@dataclass(frozen=True, slots=True)
class Docs:
    """The sections that were read, and the paths of the files that were not: they are as known."""

    sections: list[DocSection]
    unchanged: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file is left out."""

    reason: str


async def fetch_docs(
    client: GitHubClient,
    repo: str,
    globs: Sequence[str] = DEFAULT_GLOBS,
    known: Mapping[str, str] = MappingProxyType({}),
) -> Docs:
    """The sections of every document on the default branch, in the order of their paths.

    What is left out (large, binary, generated, vendored, symlinks) is logged with the reason.
    An empty repository has no sections.

    Args:
        client: who reads.
        repo: `owner/name`.
        globs: which files.
        known: paths and the content (git's name for it) as of which they need not be read again.
    """
    split_repo(repo)
    head = await _head(client, repo)
    if head is None:
        return Docs([])
    updated_at = moment_of(head["commit"]["committer"]["date"])
    files = await _tree(client, repo, head["sha"])
    generated = await _generated_globs(client, repo, files)
    wanted: list[File] = []
    unchanged: set[str] = set()
    for file in sorted(files, key=lambda file: file.path):
        if not matches(file.path, globs):
            continue
        if reason := unwanted(file, globs, generated):
            _left_out(repo, file.path, reason)
        elif len(wanted) + len(unchanged) == MOST_FILES:
            _left_out(repo, file.path, f"more than {MOST_FILES} documents")
        elif known.get(file.path) == file.sha:
            unchanged.add(file.path)
        else:
            wanted.append(file)
    gate = asyncio.Semaphore(AT_ONCE)

    async def read(file: File) -> list[DocSection]:
        async with gate:
            data = await _blob(client, repo, file)
        page = f"{client.web_url}/{repo}/blob/{head['sha']}/{quote(file.path)}"
        text = document_text(data)
        if isinstance(text, Refusal):
            _left_out(repo, file.path, text.reason)
            return []
        sections = split_markdown(file.path, text, page=page, updated_at=updated_at)
        return [section.model_copy(update={"blob": file.sha}) for section in sections]

    tasks = [asyncio.create_task(read(file)) for file in wanted]
    try:
        read_now = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
    return Docs([section for sections in read_now for section in sections], frozenset(unchanged))


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
        async for release in client.paginate(f"repos/{repo}/releases")
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


def document_text(data: bytes) -> str | Refusal:
    """A file's text, or why it is none that we want."""
    if b"\x00" in data:
        return Refusal("binary")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Refusal("not UTF-8")
    if _GENERATED.search(text[:_GENERATED_WITHIN]):
        return Refusal("generated")
    return text


def unwanted(file: File, globs: Sequence[str], generated: Sequence[str]) -> str | None:
    """Why a file that matches is left out all the same; None if it is not."""
    path = PurePosixPath(file.path)
    suffix = path.suffix.lower()
    named = any(glob.lower().endswith(suffix) for glob in globs if suffix)
    folders = {part.lower() for part in path.parts[:-1]}
    reason = None
    if file.mode == "120000":
        reason = "symlink"
    elif file.size > LARGEST_FILE:
        reason = f"larger than {LARGEST_FILE} bytes"
    elif file.size == 0:
        reason = "empty"
    elif suffix not in _READABLE and not named:
        reason = "no document"
    elif folders & _VENDORED:
        reason = "vendored"
    elif path.stem.lower() in _BOILERPLATE or folders & _BOILERPLATE:
        reason = "boilerplate"
    elif generated and matches(file.path, generated):
        reason = "generated"
    return reason


def readable(path: str) -> bool:
    """Whether a change of this file is worth looking at the repository's documents again."""
    return PurePosixPath(path).suffix.lower() in _READABLE - {""} or matches(path, DEFAULT_GLOBS)


def matches(path: str, globs: Iterable[str]) -> bool:
    """Whether a path fits one of the globs.

    `**` crosses folders, `*` does not; a glob without a slash fits the file's name anywhere.
    """
    return any(_glob(glob).fullmatch(path) for glob in globs)


@lru_cache(maxsize=512)
def _glob(glob: str) -> re.Pattern[str]:
    pattern = glob.lstrip("/")
    if "/" not in pattern:
        pattern = pattern if glob.startswith("/") else f"**/{pattern}"
    out = ""
    position = 0
    while position < len(pattern):
        if pattern.startswith("**/", position):
            out += "(?:.*/)?"
            position += 3
        elif pattern.startswith("**", position):
            out += ".*"
            position += 2
        else:
            letter = pattern[position]
            out += {"*": "[^/]*", "?": "[^/]"}.get(letter, re.escape(letter))
            position += 1
    return re.compile(out, re.IGNORECASE)


async def _head(client: GitHubClient, repo: str) -> Any:  # noqa: ANN401 - GitHub's JSON
    """The default branch's latest commit; None where nothing was ever pushed."""
    try:
        return await client.get(f"repos/{repo}/commits/HEAD")
    except Rejected as error:
        if error.status in {409, 422}:
            return None
        raise


async def _tree(client: GitHubClient, repo: str, sha: str) -> list[File]:
    """Every file of a commit; folder by folder where GitHub cuts the whole tree short."""
    whole = await client.get(f"repos/{repo}/git/trees/{sha}", {"recursive": "1"})
    if not whole["truncated"]:
        return [_file(entry) for entry in whole["tree"] if entry["type"] == "blob"]
    logger.info("tree of %s is cut short by GitHub; read folder by folder", repo)
    files: list[File] = []
    folders = [("", sha)]
    while folders:
        above, folder = folders.pop()
        tree = await client.get(f"repos/{repo}/git/trees/{folder}")
        for entry in tree["tree"]:
            if entry["type"] == "blob":
                files.append(_file(entry, above))
            elif entry["type"] == "tree" and entry["path"].lower() not in _VENDORED:
                folders.append((f"{above}{entry['path']}/", entry["sha"]))
    return files


def _file(entry: dict[str, Any], above: str = "") -> File:
    return File(above + entry["path"], entry["sha"], entry.get("size", 0), entry["mode"])


async def _blob(client: GitHubClient, repo: str, file: File) -> bytes:
    try:
        blob = await client.get(f"repos/{repo}/git/blobs/{file.sha}")
    except NotFound:
        return b"\x00"  # gone by a forced push; left out as any file without text
    return base64.b64decode(blob["content"])


async def _generated_globs(
    client: GitHubClient, repo: str, files: Iterable[File]
) -> tuple[str, ...]:
    """What the repository's own .gitattributes calls generated."""
    found = next((file for file in files if file.path == ".gitattributes"), None)
    if found is None or found.size > LARGEST_FILE:
        return ()
    text = (await _blob(client, repo, found)).decode("utf-8", "replace")
    lines = (line.split() for line in text.splitlines() if not line.startswith("#"))
    marks = {"linguist-generated", "linguist-generated=true", "linguist-vendored"}
    return tuple(parts[0] for parts in lines if len(parts) > 1 and marks & set(parts[1:]))


def _left_out(repo: str, path: str, reason: str) -> None:
    logger.info("left out %s of %s: %s", path, repo, reason)
