"""What a comment asks of us, if anything, and who may ask for it (pure)."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from app.command_lines import command_lines
from app.policy import says_no_ai

Wanted = Literal["again", "not_duplicate", "hide", "off", "unknown"]

# GitHub's GraphQL takes no larger number.
_MOST_DIGITS: Final = 9
_COMMAND = re.compile(r"/intern(?:[ \t]+(?P<said>.*))?")
# `#12`, `owner/repo#12`, or the address of an issue or of one of its comments.
_NOT_DUPLICATE = re.compile(
    r"not-duplicate\s+(?:of\s+)?<?"
    r"(?:(?P<repo>[a-z0-9-]{1,100}/[a-z0-9._-]{1,100})?#|#?"
    r"|https?://[^\s/]{1,200}/(?P<page>[a-z0-9-]{1,100}/[a-z0-9._-]{1,100})/issues/)"
    rf"(?P<number>\d{{1,{_MOST_DIGITS}}})(?:[?#][^\s>]{{0,200}})?>?"
)
_PLAIN: Final[dict[str, Wanted]] = {"again": "again", "hide": "hide", "off": "off"}
_BY_AUTHOR: Final = frozenset({"hide", "off"})


@dataclass(frozen=True, slots=True)
class Command:
    """What is asked for.

    `number` is the other issue of `not_duplicate`, `repo` its repository, in lower case, where
    that was named.
    """

    wanted: Wanted
    number: int | None = None
    repo: str | None = None

    @property
    def is_for_authors(self) -> bool:
        """Whether the issue's author may ask for it as well."""
        return self.wanted in _BY_AUTHOR


def command_of(text: str) -> Command | None:
    """The first command in a comment, outside code and HTML comments; None if there is none."""
    found = next(filter(None, map(_COMMAND.fullmatch, command_lines(text))), None)
    if found is None:
        return Command("off") if says_no_ai(text) else None
    said = " ".join((found["said"] or "").lower().split()).rstrip(".!")
    if said in _PLAIN:
        return Command(_PLAIN[said])
    pair = _NOT_DUPLICATE.fullmatch(said)
    if pair and int(pair["number"]):
        return Command("not_duplicate", int(pair["number"]), pair["repo"] or pair["page"])
    return Command("unknown")
