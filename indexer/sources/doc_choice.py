"""Which of a repository's files are documents, and why one is left out (pure)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

LARGEST_FILE = 1_000_000
MOST_FILES = 5_000

_READABLE = {".md", ".mdx", ".markdown", ".rst", ".adoc", ".asciidoc", ".txt", ""}
VENDORED = {"node_modules", "vendor", "third_party", "third-party", "testdata", "fixtures"}
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
class Refusal:
    """Why a file is left out."""

    reason: str


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


def unwanted(file: File, patterns: Sequence[str], generated: Sequence[str]) -> str | None:
    """Why a file that matches is left out all the same; None if it is not."""
    path = PurePosixPath(file.path)
    suffix = path.suffix.lower()
    named = any(pattern.lower().endswith(suffix) for pattern in patterns if suffix)
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
    elif folders & VENDORED:
        reason = "vendored"
    elif path.stem.lower() in _BOILERPLATE or folders & _BOILERPLATE:
        reason = "boilerplate"
    elif generated and marked(file.path, generated):
        reason = "generated"
    return reason


def marked(path: str, globs: Iterable[str]) -> bool:
    """Whether a path fits one of the globs of a .gitattributes, which have git's own grammar.

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
