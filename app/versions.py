"""Versions in an issue's text, and whether a fix is newer than what the reporter runs."""

import re
from dataclasses import dataclass

_VERSION = re.compile(
    r"(?<![\w.])v?(\d{1,5}(?:\.\d{1,6}){1,3})(?:[-.+]?((?:alpha|beta|rc|pre|dev|a|b)[.-]?\d{0,6}))?(?![\w]|\.\d)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\b(?:version|release|ver|tag)\b|버전|版本|バージョン", re.IGNORECASE)
# A version on a line that names one of these is the version of that thing.
_OTHERS = re.compile(
    r"\b(?:python|node(?:\.?js)?|npm|yarn|pnpm|java|jdk|openjdk|go|golang|ruby|php|gcc|clang|llvm"
    r"|ubuntu|debian|fedora|centos|alpine|windows|macos|os ?x|linux|kernel|android|ios|chrome"
    r"|chromium|firefox|safari|edge|docker|kubernetes|k8s|kubectl|helm|postgres(?:ql)?|mysql|redis"
    r"|nginx|openssl|curl|git|glibc|cuda|browser|os|platform|api|http|tls|ssl)\b"
    r"|운영체제|브라우저|파이썬|노드",
    re.IGNORECASE,
)
_DATE = re.compile(r"^(?:19|20)\d\d\.\d{1,2}\.\d{1,2}$")
_SAMPLE = 20_000


@dataclass(frozen=True, slots=True)
class Version:
    """A version as it was written, and its numbers."""

    text: str
    numbers: tuple[int, ...]
    prerelease: bool = False

    def at_least(self, other: "Version") -> bool:
        """Whether this version already has what `other` brought."""
        width = max(len(self.numbers), len(other.numbers))
        mine, theirs = (v.numbers + (0,) * (width - len(v.numbers)) for v in (self, other))
        if mine == theirs:
            return not self.prerelease or other.prerelease
        return mine > theirs


def parse(text: str) -> Version | None:
    """The one version in a tag or name, such as `v2.4.1` or `core@2.4.1`; None if there is none."""
    found = list(_VERSION.finditer(text.rsplit("@", 1)[-1]))
    return _version(found[0]) if len(found) == 1 else None


def reported(title: str, body: str, names: tuple[str, ...]) -> Version | None:
    """The version of the project that the reporter says they run; None if that is not clear.

    A version counts if its line (or the heading above it) says "version" or the project's name
    and names no other software. If several remain the newest is taken: reporters often tell
    which older version still worked.
    """
    known = [re.escape(name) for name in names if len(name) > 1]
    own = re.compile(rf"(?<![\w-])(?:{'|'.join(known)})(?![\w-])", re.IGNORECASE) if known else None
    found: list[Version] = []
    above = ""
    for line in [title, *body[:_SAMPLE].splitlines()]:
        text = line.strip()
        if not text:
            continue
        matches = list(_VERSION.finditer(text[:400]))
        named = bool(own and own.search(text))
        asked = bool(_WORD.search(text)) or bool(_WORD.search(above) and len(text) < 40)  # noqa: PLR2004
        other = _OTHERS.search(text) or (not named and asked and _OTHERS.search(above))
        if matches and (named or asked) and (not other or (named and len(matches) == 1)):
            found += [_version(m) for m in matches if not _DATE.match(m[1])]
        above = text if len(text) < 80 and not matches else ""  # noqa: PLR2004 - a heading
    if not found:
        return None
    return max(found, key=lambda v: (v.numbers, not v.prerelease))


def _version(match: re.Match[str]) -> Version:
    numbers = tuple(int(part) for part in match[1].split("."))
    return Version(match[0], numbers, bool(match[2]))
