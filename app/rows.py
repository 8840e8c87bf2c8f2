"""One finding as a line of the comment: its title, its state, what both share, links (pure)."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from app import unsafe_advice
from app.catalogue import Catalogue
from app.evidence import Evidence
from app.findings import Finding
from app.links import Links
from app.sanitize import ELLIPSIS, Markdown, code, inline, visible_text
from indexer.redact import redact
from indexer.text import clean
from indexer.threads import Ending

_TITLE: Final = 120
_SENTENCE: Final = 180
_LOOK_AT: Final = 10_000
_EXCERPT: Final = 140
_LEAST_WORDS: Final = 6
_WORDS = re.compile(r"[^\W\d_]{2,}")
_CODE_BLOCK = re.compile(r"^[ ]{0,3}(```|~~~).*?(?:^[ ]{0,3}\1|\Z)", re.DOTALL | re.MULTILINE)
_NUMBERS: Final = ("one", "two", "three")


class Rows:
    """Puts single findings into words, in the catalogue's language."""

    def __init__(self, links: Links, words: Catalogue) -> None:
        self._links = links
        self._say = words.say
        self._link_word = str(words.say("word.link"))

    def row(self, finding: Finding) -> Markdown:
        """The title in bold, number and state, and what both share."""
        shared = self._shared(finding)
        if finding.is_regression and finding.fix is not None:
            version = code(finding.fix.reported, limit=40)
            sentence = self._say("shared.regression", version=version)
            shared = Markdown(f"{shared} {sentence}".strip())
        head = f"**{self._title(finding)}** ({self.issue(finding)}, {self._state(finding)})"
        return Markdown(f"{head}: {shared}" if shared else head)

    def folded(self, finding: Finding) -> Markdown:
        """The same in short, for the part that is folded away."""
        candidate = finding.candidate
        if candidate.thread is not None and candidate.number is not None:
            issue = self._links.to_issue_folded(candidate.repo, candidate.number)
            return Markdown(
                f"{self._title(finding)} ({issue}, {self._state(finding, folded=True)})"
            )
        return self.document(finding)

    def document(self, finding: Finding) -> Markdown:
        """A link to a doc section, an answered discussion or a release, each by its name."""
        candidate = finding.candidate
        if candidate.section is not None:
            section = candidate.section
            heading = section.headings[-1] if section.headings else ""
            name = inline(section.path, limit=80, markup=False)
            title = inline(heading, limit=80, markup=False)
            label = Markdown(f"{name}, {title}" if title else name)
            url = self._links.file(candidate.repo, section.url)
            return self._links.link(label, url) if url else label
        if candidate.discussion is not None:
            answer = self._links.discussion(
                candidate.repo, candidate.discussion.number, candidate.discussion.url
            )
            return self._links.link(self._title(finding), answer)
        tag = candidate.release.tag if candidate.release else ""
        label = self._say("source.release", release=_tag(tag))
        return self._links.link(label, self._links.release(candidate.repo, tag))

    def issue(self, finding: Finding) -> Markdown:
        """A link to the issue, named by its number."""
        return self._links.to_issue(finding.candidate.repo, finding.candidate.number or 0)

    def release(self, finding: Finding) -> Markdown:
        """A link to the release that fixed it."""
        tag = finding.fix.tag if finding.fix else ""
        label = _tag(tag)
        return self._links.link(label, self._links.release(finding.candidate.repo, tag))

    def _title(self, finding: Finding) -> Markdown:
        return inline(
            finding.candidate.title,
            limit=_TITLE,
            markup=False,
            link_word=self._link_word,
            whole=True,
        )

    def _state(self, finding: Finding, *, folded: bool = False) -> Markdown:
        candidate = finding.candidate
        if candidate.state == "open":
            return self._say("state.open")
        resolution = candidate.resolution
        ending = ending_of(finding)
        if resolution is not None and ending is Ending.FIXED and resolution.release:
            tag = _tag(resolution.release)
            return self._say("state.released", release=tag)
        if resolution is not None and ending is Ending.DUPLICATE and resolution.duplicate_of:
            to = self._links.to_issue_folded if folded else self._links.to_issue
            issue = to(candidate.repo, resolution.duplicate_of)
            return self._say("state.duplicate_of", issue=issue)
        return self._say("state.closed" if ending is Ending.UNKNOWN else f"state.{ending.value}")

    def _shared(self, finding: Finding) -> Markdown:
        """What both share; nothing where all that could be said would give unsafe advice."""
        # What is printed is looked at, not only what it was made from (app/unsafe_advice.py).
        ways = (said for said in self._ways_to_say(finding) if said)
        safe = (said for said in ways if not unsafe_advice.found(visible_text(said)))
        return next(safe, Markdown())

    def _ways_to_say(self, finding: Finding) -> Iterator[Markdown]:
        if finding.sentence:
            yield inline(finding.sentence, limit=_SENTENCE, link_word=self._link_word)
        evidence = finding.evidence
        weak = evidence.kind in {"titles", "words"} and len(evidence.terms) == 1
        if evidence.kind == "none" or weak:
            yield self._excerpt(finding)
        if evidence.kind != "none":
            alone = evidence.kind in {"error", "phrase"}
            key = evidence.kind if alone else f"{evidence.kind}_{count_word(evidence.terms)}"
            said = self._say(f"shared.{key}", **_terms(evidence))
            yield Markdown(said.removesuffix(".") if said.endswith(f"{ELLIPSIS}.") else said)

    def _excerpt(self, finding: Finding) -> Markdown:
        """The issue's own first words, where nothing shared can be named."""
        thread = finding.candidate.thread
        if thread is None or unsafe_advice.found(thread.body):
            return Markdown()
        first = inline(_first_line(thread.body), limit=_EXCERPT, link_word=self._link_word)
        return self._say("shared.excerpt", first=first) if first else Markdown()


def ending_of(finding: Finding) -> Ending:
    """How the past issue ended, if that is known."""
    resolution = finding.candidate.resolution
    return resolution.ending if resolution is not None else Ending.UNKNOWN


def count_word(things: Sequence[object]) -> str:
    """The part of a catalogue's key that tells how many there are: one, two, or three and more."""
    return _NUMBERS[min(len(things), len(_NUMBERS)) - 1]


def _tag(tag: str) -> Markdown:
    return inline(redact(tag), limit=60, markup=False)


def _terms(evidence: Evidence) -> dict[str, Markdown]:
    if evidence.kind in {"phrase", "titles", "words"}:
        made = [Markdown(f"“{inline(term, limit=100, markup=False)}”") for term in evidence.terms]
    else:
        made = [code(term, limit=100) for term in evidence.terms]
    return dict(zip(("first", "second", "third"), made, strict=False))


def _first_line(body: str) -> str:
    """The first line of prose that says something."""
    lines = clean(_CODE_BLOCK.sub("", body[:_LOOK_AT])).splitlines()
    return next((line for line in lines if len(_WORDS.findall(line)) >= _LEAST_WORDS), "")
