"""Which issues a text links by itself: its author knows them already (pure)."""

import re

from indexer.text import visible_lines

MAX_LINKS = 200
"""More than that is a list, of which nobody has read every issue."""

_CODE_SPAN = re.compile(r"(`{1,3})[^`]{1,500}\1")
_LINK = re.compile(
    r"(?<![\w&/])(?P<name>[\w.-]{1,100}/[\w.-]{1,100})?#(?P<number>\d{1,9})\b"
    r"|\bGH-(?P<short>\d{1,9})\b"
    r"|https?://[^\s/]{1,200}/(?P<path>[\w.-]{1,100}/[\w.-]{1,100})/(?:issues|pull)/(?P<page>\d{1,9})\b"
)


def linked_issues(repo: str, title: str, body: str) -> frozenset[tuple[str, int]]:
    """The issues that an issue of `repo` links in its own words: repository in lower case, number.

    What stands in code or in a hidden comment is no link.
    """
    prose = [title, *(line for line, is_code in visible_lines(body) if not is_code)]
    found: set[tuple[str, int]] = set()
    for line in prose:
        for match in _LINK.finditer(_CODE_SPAN.sub(" ", line)):
            number = match["number"] or match["short"] or match["page"]
            found.add(((match["name"] or match["path"] or repo).lower(), int(number)))
            if len(found) == MAX_LINKS:
                return frozenset(found)
    return frozenset(found)
