"""Which release carries the fix of an issue, by what the release notes name."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import overload

from indexer.threads import Release

# `#123`, `(#123)`, `issues/123`, `pull/123`; `owner/name#123` is another repository's.
_NUMBER = re.compile(r"(?<![\w/&-])#(\d{1,9})\b|/(?:issues|pull)/(\d{1,9})\b")
_HEADING = re.compile(r"\s*(?:#{1,6}\s|\*\*[^*]{1,80}\*\*:?\s*$)")
_NOT_FIXED = re.compile(
    r"\bknown (?:issues?|bugs?|problems?)\b|\brevert(?:s|ed|ing)?\b|\bnot (?:yet )?fixed\b"
    r"|알려진 (?:이슈|문제)|已知问题|既知の",
    re.IGNORECASE,
)
_VERSION = re.compile(r"(\d{1,6}(?:\.\d{1,6}){1,3}(?:[-.]?(?:alpha|beta|rc|pre|dev)[.-]?\d{0,6})?)")


class ReleaseNotes(Sequence[Release]):
    """Releases, oldest first, that know which numbers each of them names.

    Built once for many threads; a plain sequence of releases does as well, but slower.
    """

    def __init__(self, releases: Iterable[Release] = ()) -> None:
        self._releases = sorted(releases, key=lambda release: release.published_at)
        self._by_number: dict[int, list[Release]] = {}
        self._by_version: dict[str, Release] = {}
        for release in self._releases:
            for found in _numbers_fixed(release.body):
                self._by_number.setdefault(found, []).append(release)
            for name in (release.tag, release.name):
                if version := version_of(name):
                    self._by_version.setdefault(version, release)

    @overload
    def __getitem__(self, index: int) -> Release: ...
    @overload
    def __getitem__(self, index: slice) -> list[Release]: ...
    def __getitem__(self, index: int | slice) -> Release | list[Release]:
        return self._releases[index]

    def __len__(self) -> int:
        return len(self._releases)

    def carrying(self, numbers: Iterable[int], since: datetime) -> Release | None:
        """The first release since a moment whose notes name one of these numbers.

        A final release goes before a pre-release, even an earlier one.
        """
        found = [
            release
            for number in numbers
            for release in self._by_number.get(number, ())
            if release.published_at >= since
        ]
        return min(found, key=lambda r: (r.prerelease, r.published_at, r.tag), default=None)

    def of_version(self, version: str) -> Release | None:
        """The release that is called by a version, however its tag is spelled."""
        return self._by_version.get(version_of(version) or "")


def _numbers_fixed(notes: str) -> set[int]:
    """The numbers that notes name, but for what they say is not mended."""
    numbers: set[int] = set()
    known_issues = False
    for line in notes.splitlines():
        if _HEADING.match(line):
            known_issues = _NOT_FIXED.search(line) is not None
        if not known_issues and not _NOT_FIXED.search(line):
            numbers.update(int(a or b) for a, b in _NUMBER.findall(line))
    return numbers


def version_of(name: str) -> str | None:
    """The version within a tag or a text: `v1.2.0`, `pkg@1.2.0` and `release-1.2` have one."""
    match = _VERSION.search(name)
    return match[1].lower() if match else None
