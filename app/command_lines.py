"""The lines of a text that may hold a command: prose that its reader sees (pure)."""

import re
from typing import Final

from indexer.text import visible_lines

_LONGEST: Final = 65_536
_INDENTED = re.compile(r"^(?:[ ]{4}|[ ]{0,3}\t)[ \t]*(?=/)", re.MULTILINE)


def command_lines(text: str) -> list[str]:
    """Each such line, stripped: none out of code, and none out of an HTML comment.

    An issue template may explain a command in a comment; that asks for nothing.
    """
    unindented = _INDENTED.sub(r"\\", text[:_LONGEST])  # four blanks make code too
    return [line for line, is_code in visible_lines(unindented) if not is_code]
