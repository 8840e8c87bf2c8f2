"""Names out of the code within a text: what a person would recognise as one wherever it stands."""

import re
from collections.abc import Iterator

# `PartWriter.flush`, `part_size`, `--no-cache`, `ERR_PROXY`, `useState`, `@scope/name`,
# `config.yml`.
_NAME = re.compile(
    r"(?<![\w@./-])(?:"
    r"--[a-z][a-z0-9-]{2,40}+"
    r"|@[a-z0-9-]{2,40}+/[a-z0-9._-]{2,40}+"
    r"|[A-Z][A-Z0-9]{1,30}+(?:_[A-Z0-9]{1,30}+){1,6}"
    r"|[A-Za-z]\w{1,60}+(?:(?:\.|::|->)[A-Za-z_]\w{1,60}+){1,5}(?:\(\))?"
    r"|[A-Za-z]{2,30}+(?:_[A-Za-z0-9]{1,30}+){1,6}"
    r"|[a-z]{2,30}(?:[A-Z][a-z0-9]{1,30}){1,6}|(?:[A-Z][a-z0-9]{1,30}){2,6}"
    r")(?![\w])"
)
_WEB = re.compile(r"^(?:www\.|e\.g|i\.e)|\.(?:com|org|net|io|dev)$", re.IGNORECASE)


def names_in(text: str) -> Iterator[str]:
    """The names in a text, as they stand there, without the parentheses of a call."""
    for match in _NAME.finditer(text):
        if not _WEB.search(match[0]):
            yield match[0].removesuffix("()")
