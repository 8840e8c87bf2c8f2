"""Which words of a comment to quote: a paragraph, and the code that it announces."""

import re
from typing import Final

from indexer.sentences import Sentence, sentences

MAX_QUOTE: Final = 500
MAX_CODE: Final = 400
"""Characters; a longer block is a log or a file, which the comment's link leads to."""

_ANNOUNCES = (":", "：")
_FENCE = re.compile(r"^[ ]{0,3}(`{3,}|~{3,})")


def excerpt(body: str, sentence: Sentence | None) -> str:
    """Words of a comment, verbatim: the paragraph of a sentence, or from that sentence on.

    Where they end by announcing a block of code, the block belongs to them: "set this:" alone
    helps nobody.
    """
    paragraph = sentence.paragraph if sentence else next((s.paragraph for s in sentences(body)), "")
    text = paragraph
    if sentence and len(paragraph) > MAX_QUOTE:
        start = paragraph.find(sentence.text)
        text = paragraph[max(start, 0) :]
    if len(text) > MAX_QUOTE:
        return _shortened(text)
    if text.endswith(_ANNOUNCES) and (block := _code_after(body, paragraph)):
        return f"{text}\n{block}"
    return text


def _shortened(text: str) -> str:
    head = text[:MAX_QUOTE]
    end = max(head.rfind(mark) + 1 for mark in (". ", "! ", "? ", "。"))
    if end < MAX_QUOTE // 3:
        end = head.rfind(" ")
    return head[: end if end > 0 else MAX_QUOTE].rstrip()


def _code_after(body: str, paragraph: str) -> str:
    """The fenced block that follows the paragraph, with its fences; "" if none does."""
    lines = body.splitlines()
    last = paragraph.rpartition("\n")[2]
    for at, line in enumerate(lines):
        if line.strip() != last:
            continue
        rest = [following for following in lines[at + 1 :] if following.strip()]
        if rest and (opening := _FENCE.match(rest[0])):
            return _block(lines[lines.index(rest[0], at + 1) :], opening[1])
    return ""


def _block(lines: list[str], fence: str) -> str:
    """From an opening fence to its closing one; "" where that is missing, or too far away."""
    length = len(lines[0])
    for at, line in enumerate(lines[1:], 1):
        length += len(line) + 1
        if length > MAX_CODE:
            return ""
        mark = line.strip()
        if mark.startswith(fence) and not mark.strip(fence[0]):
            return "\n".join(lines[: at + 1])
    return ""
