"""What an issue says once its boilerplate is taken out.

Bodies come from strangers: every pattern here runs in time linear in the text (repeats are
bounded, and no two neighbouring repeats can match the same characters).
"""

import re
import unicodedata
from collections.abc import Iterator

from indexer.lexical import lexical
from indexer.signatures import error_signatures

__all__ = ["clean", "error_signatures", "lexical", "template_key"]

# A folded block longer than this is a log, a shorter one a part of the story.
MAX_FOLDED_LINES = 12

_INVISIBLE = re.compile(
    r"\x1b\[[0-9;]{0,20}[A-Za-z]"  # terminal colours
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_FENCE = re.compile(r"(`{3,}|~{3,})")
_DETAILS = re.compile(r"<(/?)details\b", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:details|summary|br|p|b|i|em|strong|img|div|span|su[bp]|kbd|a|code|pre|h[1-6r]|[uo]l"
    r"|li|table|t[rdh]|thead|tbody|picture|source|video|center|samp|blockquote)\b[^<>]{0,400}>",
    re.IGNORECASE,
)
_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\s]{0,400}(?: [^()\n]{0,200})?\)")
_URL = re.compile(r"\b(?:https?|ftp)://[^\s<>()\[\]\"'`]+")
_BLOB_LENGTH = 120
_BLOB = re.compile(rf"[A-Za-z0-9+/=_-]{{{_BLOB_LENGTH},}}")
_WORD = re.compile(r"[^\W_]")
_BULLET = re.compile(r"[-*+] |\d{1,3}[.)] ")
_CHECKBOX = re.compile(r"[-*+] {1,3}\[[ xX]?\](?!\()")
_HEADING = re.compile(r"#{1,6} +")
_CC = re.compile(r"(?:/?cc|ping|r\?):?(?:[ ,]+@[\w/-]+)+[ .,!?]*$", re.IGNORECASE)
_MAIL_CUT = re.compile(r"-{2,}\s?(?:original message|forwarded message|원본 메일)", re.IGNORECASE)
_MAIL_LINK = re.compile(
    r"[-—>\s]{0,8}(?:reply to this email directly|sent from my \w)", re.IGNORECASE
)

# Headings of issue forms, in the languages our users write most; a repository's own are found
# as template lines. Lower case, without marks at either end.
_FORM_HEADINGS = frozenset(
    """
    actual behavior|actual behaviour|actual result|actual results|additional context
    additional information|additional info|anything else|backtrace|bug description|bug report
    checklist|code|code of conduct|current behavior|current behaviour|description
    describe the bug|details|environment|error|error message|error output|expected behavior
    expected behaviour|expected result|expected results|how to reproduce|instead|issue
    log output|logs|meta|minimal reproduction|os|other|output|platform|possible solution
    prerequisites|problem|relevant log output|reproduction|reproduction steps|screenshots
    stack trace|steps|steps to reproduce|str|summary|system info|test case|to reproduce|version
    versions|what did you do|what did you expect to happen|what happened|your environment
    버그 설명|설명|재현 방법|재현 단계|재현 절차|기대 동작|기대한 동작|예상 동작|예상 결과
    실제 동작|실제 결과|환경|버전|로그|스크린샷|추가 정보|기타
    问题描述|描述|复现步骤|重现步骤|期望行为|预期行为|期望结果|实际行为|实际结果|环境|环境信息
    版本|日志|截图|其他|附加信息|問題描述|重現步驟|預期行為|實際行為
    再現手順|再現方法|期待する動作|期待される動作|実際の動作|実際の結果|環境|バージョン|概要|説明
    """.strip()
    .replace("\n    ", "|")
    .split("|")
)
_NOTHING = frozenset({"no response", "n/a", "na", "none", "nil", "없음", "无", "無", "なし"})
_EDGES = " \t#*_`:?？：.=-~|>"


def template_key(line: str) -> str:
    """A line as template lines are compared: white space folded, letter case away."""
    return " ".join(line.split()).casefold()


def clean(body: str, templates: frozenset[str] = frozenset(), *, reply: bool = False) -> str:
    """The text of a body without what says nothing about the problem.

    Taken out: HTML comments, long folded logs, quoted mail, headings of issue forms,
    checkboxes, template lines, links' addresses, tags and lines without a letter or digit.
    Code stays, its fences go.

    Args:
        body: Markdown as its author wrote it.
        templates: keys (see `template_key`) of lines that recur in the repository.
        reply: the text is a comment, whose `>` lines repeat others' words.
    """
    if not body.isascii():
        body = unicodedata.normalize("NFC", body)
    body = _INVISIBLE.sub("", body)
    page = _Page(reply=reply)
    for line, code in visible_lines(body):
        if templates and template_key(line) in templates:
            continue
        if code:
            page.add_code(line)
        elif _MAIL_CUT.match(line):
            break
        else:
            page.add_prose(line)
    return "\n".join(page.kept or page.spare)


class _Page:
    """The lines kept so far, and those to fall back on when nothing else is left."""

    def __init__(self, *, reply: bool) -> None:
        self.kept: list[str] = []
        self.spare: list[str] = []
        self._reply = reply
        self._folded: list[int] = []  # where each open <details> began in `kept`
        self._quoting = False

    def add_code(self, line: str) -> None:
        if _WORD.search(line):
            self.kept.append(_BLOB.sub(" ", line) if len(line) > _BLOB_LENGTH else line)

    def add_prose(self, line: str) -> None:
        if "<" in line:
            self._fold(line)
        if line.startswith(">"):
            if self._quoting or self._reply:
                return
            line = line.lstrip("> ")
        else:
            self._quoting = _opens_quoted_mail(line, self.kept)
            if self._quoting:
                return
        if _CHECKBOX.match(line):
            self.spare.append(line)
        elif not _is_form_line(line) and (line := _inline(line)):
            self.kept.append(line)

    def _fold(self, line: str) -> None:
        for tag in _DETAILS.finditer(line):
            if not tag[1]:
                self._folded.append(len(self.kept))
            elif self._folded:
                start = self._folded.pop()
                if len(self.kept) - start > MAX_FOLDED_LINES:
                    self.spare += self.kept[start:]
                    del self.kept[start:]


def visible_lines(body: str) -> Iterator[tuple[str, bool]]:
    """Each line that is not blank, stripped, without HTML comments; and whether it is code."""
    lines = body.splitlines()
    last_end = max((i for i, line in enumerate(lines) if "-->" in line), default=-1)
    fence = ""
    hidden = False
    for i, raw in enumerate(lines):
        line = raw.strip()
        if not hidden and line.startswith(("```", "~~~")) and (mark := _FENCE.match(line)):
            if not fence:
                # "```x```" on one line opens nothing.
                fence = mark[1] if mark[1][0] not in line[len(mark[1]) :] else ""
                if not fence:
                    yield line.strip("`~ "), True
                continue
            if line.startswith(fence) and not line.strip(fence[0]):
                fence = ""
                continue
        if fence:
            if line:
                yield line, True
            continue
        if hidden or "<!--" in line:
            line, hidden = _uncomment(line, hidden=hidden, closes_later=i < last_end)
            line = line.strip()
        if line:
            yield line, False


def _uncomment(line: str, *, hidden: bool, closes_later: bool) -> tuple[str, bool]:
    """The line without HTML comments, and whether one is still open after it.

    A comment that never ends hides nothing: better some noise than a lost report.
    """
    parts: list[str] = []
    at = 0
    while True:
        if hidden:
            end = line.find("-->", at)
            if end < 0:
                return "".join(parts), True
            at, hidden = end + 3, False
        start = line.find("<!--", at)
        if start < 0:
            return "".join([*parts, line[at:]]), False
        parts.append(line[at:start])
        at = start + 4
        if line.find("-->", at) < 0 and not closes_later:
            return "".join([*parts, line[at:]]), False
        hidden = True


def _opens_quoted_mail(line: str, kept: list[str]) -> bool:
    """Whether a mail program wrote this line above a quote; takes its first half off `kept`."""
    if line.endswith(("wrote:", "작성:", "写道：", "写道:")) and len(line) <= 300:  # noqa: PLR2004
        if line.startswith("On ") or (not line.startswith(("I ", "He ", "She ")) and "@" in line):
            return True
        if kept and kept[-1].startswith("On ") and len(line) <= 80:  # noqa: PLR2004
            kept.pop()
            return True
    return _MAIL_LINK.match(line) is not None


def _is_form_line(line: str) -> bool:
    """Whether the line is a heading of an issue form, an empty answer, or a mere ping."""
    if len(line) > 60:  # noqa: PLR2004
        return line[:1] in "cCpPr/" and _CC.match(line) is not None
    bare = line.strip(_EDGES).casefold()
    if bare in _NOTHING:
        return True
    if bare in _FORM_HEADINGS:
        return line[0] in "#*_" or line[-1] in ":：?？"
    return line[:1] in "cCpPr/" and _CC.match(line) is not None


def _inline(line: str) -> str:
    """The words of a line of prose: no tags, no addresses, no marks at its ends."""
    line = _HEADING.sub("", line, count=1) if line.startswith("#") else line
    if "](" in line:
        line = _LINK.sub(r"\1", line)
    if "://" in line:
        line = _URL.sub(" ", line)
    if "<" in line:
        line = _TAG.sub(" ", line)
    if len(line) > _BLOB_LENGTH:
        line = _BLOB.sub(" ", line)
    line = line.replace("**", "").replace("`", "")
    if bullet := _BULLET.match(line):
        line = line[bullet.end() :]
    line = " ".join(line.split())
    return line if _WORD.search(line) else ""
