"""The lines that a repository's own issue templates put into every issue.

They are known at once, where lines that merely recur have to be seen in many bodies first.
"""

import base64
import binascii
import logging
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any
from urllib.parse import quote

import yaml

from indexer.errors import Forbidden, NotFound
from indexer.github import GitHubClient
from indexer.sources import unhurried
from indexer.sources.github import split_repo
from indexer.text import template_key

logger = logging.getLogger(__name__)

FOLDER = ".github/ISSUE_TEMPLATE"
SINGLE = (".github/ISSUE_TEMPLATE.md", "ISSUE_TEMPLATE.md", "docs/ISSUE_TEMPLATE.md")
LARGEST = 100_000
MOST_FILES = 30
"""Templates of one repository; whoever has more has no use for those that follow."""

_FORM = (".yml", ".yaml")
_MARKDOWN = (".md", ".markdown")


async def fetch_form_lines(client: GitHubClient, repo: str) -> frozenset[str]:
    """The keys (see `template_key`) of the lines of every issue template on the default branch.

    A template that cannot be read is left out, with a line in the log; so are all of them where
    the repository's files are not for us to read.

    Raises:
        GitHubError: GitHub does not answer.
    """
    split_repo(repo)
    try:
        listed = await _contents(client, repo, FOLDER)
        names = [entry["path"] for entry in listed if isinstance(entry, dict)] if listed else SINGLE
        wanted = [name for name in names if name.lower().endswith((*_FORM, *_MARKDOWN))]
        files = [(name, await _contents(client, repo, name)) for name in wanted[:MOST_FILES]]
    except Forbidden:
        logger.info("the issue templates of %s are not for us to read", repo)
        return frozenset()
    found: set[str] = set()
    for name, file in files:
        if isinstance(file, dict):
            found.update(lines_of(name, _text(file)))
    return frozenset(found)


def lines_of(name: str, text: str) -> frozenset[str]:
    """The keys of the lines that a template of this file name leaves in an issue."""
    lines = _form_lines(name, text) if name.lower().endswith(_FORM) else _markdown_lines(text)
    keys = map(template_key, lines)
    return frozenset(key for key in keys if any(char.isalnum() for char in key))


def _markdown_lines(text: str) -> list[str]:
    """All lines but those of the front matter, which GitHub keeps to itself."""
    lines = text.splitlines()
    if lines and lines[0].strip() == "---" and "---" in (later.strip() for later in lines[1:]):
        end = next(n for n, line in enumerate(lines[1:], 1) if line.strip() == "---")
        return lines[end + 1 :]
    return lines


def _form_lines(name: str, text: str) -> Iterator[str]:
    """The headings that GitHub makes of a form's labels, boxes to tick, and text given before."""
    try:
        form = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        logger.info("the issue form %s is not valid YAML", name)
        return
    for field in _dicts(form.get("body") if isinstance(form, dict) else None):
        attributes = field.get("attributes")
        if field.get("type") == "markdown" or not isinstance(attributes, dict):
            continue  # shown to the author alone
        yield f"### {_word(attributes.get('label'))}"
        yield from _word(attributes.get("value")).splitlines()
        if field.get("type") == "checkboxes":
            for option in _dicts(attributes.get("options")):
                lines = _word(option.get("label")).splitlines() or [""]
                yield from chain.from_iterable((f"- [{x}] {lines[0]}", *lines[1:]) for x in "x ")


def _dicts(value: object) -> Iterable[dict[str, Any]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""


async def _contents(client: GitHubClient, repo: str, path: str) -> Any:  # noqa: ANN401 - JSON
    """What GitHub says of a file or folder; None where there is none."""
    try:
        return await unhurried.get(client, f"repos/{repo}/contents/{quote(path)}")
    except NotFound:
        return None


def _text(file: dict[str, Any]) -> str:
    if file.get("type") != "file" or int(file.get("size") or 0) > LARGEST:
        return ""
    try:
        content = "".join(str(file.get("content") or "").split())
        return base64.b64decode(content, validate=True).decode("utf-8-sig", "replace")
    except binascii.Error:
        return ""
