"""Findings and a draft → the comment's Markdown (pure). The words stand in app/templates."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import jinja2

from app import unsafe_advice
from app.catalogue import Catalogue, catalogue
from app.drafter import Draft, Step
from app.evidence import Evidence
from app.findings import Finding
from app.language import frame_of
from app.links import Links
from app.sanitize import ELLIPSIS, Markdown, code, inline, visible_text
from indexer.redact import redact
from indexer.text import clean
from indexer.threads import Ending

MAX_VISIBLE: Final = 1500  # characters before the fold
_TITLE: Final = 120
_SENTENCE: Final = 180
_LOOK_AT: Final = 10_000
_EXCERPT: Final = 140
_LEAST_WORDS: Final = 6
_WORDS = re.compile(r"[^\W\d_]{2,}")
_CODE_BLOCK = re.compile(r"^[ ]{0,3}(```|~~~).*?(?:^[ ]{0,3}\1|\Z)", re.DOTALL | re.MULTILINE)
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")
_NUMBERS: Final = ("one", "two", "three")
# How much of the draft is printed, tried in this order until the comment is short enough.
_FITS: Final = ((5, 320), (5, 240), (4, 200), (3, 180), (3, 140), (2, 120), (1, 100), (0, 0))


@dataclass(frozen=True, slots=True)
class Content:
    """What a comment says. `rows` are the issues shown, `more` what is folded.

    `drafted` tells whether any of it is the model's words, `again_label` which label a maintainer
    can add for another run.
    """

    rows: Sequence[Finding]
    draft: Draft
    more: Sequence[Finding]
    language: str
    drafted: bool
    again_label: str


@dataclass(frozen=True, slots=True)
class _Section:
    title: Markdown
    steps: tuple[Markdown, ...]


def render(content: Content, links: Links) -> Markdown:
    """The comment, without the marker that app/publisher.py adds."""
    writer = _Writer(content, links, catalogue(frame_of(content.language)))
    for steps, limit in _FITS:
        body = writer.comment(steps, limit)
        if visible_length(body) <= MAX_VISIBLE:
            break
    return body


def withdrawn(language: str) -> Markdown:
    """What our comment says once we no longer stand by what it said."""
    return Markdown(f"<sub>{catalogue(frame_of(language)).say('footer.withdrawn')}</sub>\n")


def visible_length(body: str) -> int:
    """How many characters of the comment a reader sees before the fold."""
    return len(visible_text(body.partition("<details>")[0].partition("<sub>")[0]).strip())


class _Writer:
    """Puts the pieces of one comment into words."""

    def __init__(self, content: Content, links: Links, words: Catalogue) -> None:
        self._content = content
        self._links = links
        self._say = words.say
        self._link_word = str(words.say("word.link"))

    def comment(self, max_steps: int, quote_limit: int) -> Markdown:
        content = self._content
        more = [self._folded_row(finding) for finding in content.more]
        title = "section.more_one" if len(more) == 1 else "section.more"
        return Markdown(
            _template().render(
                headline=self._headline(),
                rows=[self._row(finding) for finding in content.rows],
                sections=self._sections(max_steps, quote_limit),
                more=more,
                more_title=self._say(title, count=Markdown(str(len(more)))),
                footer=self._footer(),
            )
        )

    def _headline(self) -> Markdown:
        rows = self._content.rows
        if not rows:
            return self._say("headline.docs")
        first = rows[0]
        if first.kind != "duplicate":
            all_open = all(row.candidate.state == "open" for row in rows)
            return self._say(f"headline.{_count(rows)}_{'open' if all_open else 'related'}")
        issue = self._issue(first)
        if first.fix is not None:
            key = "regression" if first.is_regression else "duplicate_released"
            return self._say(f"headline.{key}", issue=issue, release=self._release(first))
        if first.candidate.state == "open":
            return self._say("headline.duplicate_open", issue=issue)
        ending = _ending(first)
        told = {Ending.FIXED, Ending.ANSWERED, Ending.DECLINED}
        suffix = f"_{ending.value}" if ending in told else ""
        return self._say(f"headline.duplicate{suffix}", issue=issue)

    def _row(self, finding: Finding) -> Markdown:
        """The title in bold, number and state, and what both share."""
        shared = self._shared(finding)
        if finding.is_regression and finding.fix is not None:
            version = code(finding.fix.reported, limit=40)
            sentence = self._say("shared.regression", version=version)
            shared = Markdown(f"{shared} {sentence}".strip())
        head = f"**{self._title(finding)}** ({self._issue(finding)}, {self._state(finding)})"
        return Markdown(f"{head}: {shared}" if shared else head)

    def _folded_row(self, finding: Finding) -> Markdown:
        candidate = finding.candidate
        if candidate.thread is not None and candidate.number is not None:
            issue = self._links.to_issue_folded(candidate.repo, candidate.number)
            return Markdown(
                f"{self._title(finding)} ({issue}, {self._state(finding, folded=True)})"
            )
        return self._document(finding)

    def _document(self, finding: Finding) -> Markdown:
        """A link to a doc section or release, named by its path and heading."""
        candidate = finding.candidate
        if candidate.section is not None:
            section = candidate.section
            heading = section.headings[-1] if section.headings else ""
            name = inline(section.path, limit=80, markup=False)
            title = inline(heading, limit=80, markup=False)
            label = Markdown(f"{name}, {title}" if title else name)
            url = self._links.file(candidate.repo, section.url)
            return self._links.link(label, url) if url else label
        tag = candidate.release.tag if candidate.release else ""
        label = self._say("source.release", release=_tag(tag))
        return self._links.link(label, self._links.release(candidate.repo, tag))

    def _title(self, finding: Finding) -> Markdown:
        return inline(
            finding.candidate.title,
            limit=_TITLE,
            markup=False,
            link_word=self._link_word,
            whole=True,
        )

    def _issue(self, finding: Finding) -> Markdown:
        return self._links.to_issue(finding.candidate.repo, finding.candidate.number or 0)

    def _release(self, finding: Finding) -> Markdown:
        tag = finding.fix.tag if finding.fix else ""
        label = _tag(tag)
        return self._links.link(label, self._links.release(finding.candidate.repo, tag))

    def _state(self, finding: Finding, *, folded: bool = False) -> Markdown:
        candidate = finding.candidate
        if candidate.state == "open":
            return self._say("state.open")
        resolution = candidate.resolution
        ending = _ending(finding)
        if resolution is not None and ending is Ending.FIXED and resolution.release:
            tag = _tag(resolution.release)
            return self._say("state.released", release=tag)
        if resolution is not None and ending is Ending.DUPLICATE and resolution.duplicate_of:
            to = self._links.to_issue_folded if folded else self._links.to_issue
            issue = to(candidate.repo, resolution.duplicate_of)
            return self._say("state.duplicate_of", issue=issue)
        return self._say("state.closed" if ending is Ending.UNKNOWN else f"state.{ending.value}")

    def _shared(self, finding: Finding) -> Markdown:
        if finding.sentence:
            return inline(finding.sentence, limit=_SENTENCE, link_word=self._link_word)
        evidence = finding.evidence
        weak = evidence.kind in {"titles", "words"} and len(evidence.terms) == 1
        if (evidence.kind == "none" or weak) and (excerpt := self._excerpt(finding)):
            return excerpt
        if evidence.kind == "none":
            return Markdown()
        key = "error" if evidence.kind == "error" else f"{evidence.kind}_{_count(evidence.terms)}"
        return self._say(f"shared.{key}", **_terms(evidence))

    def _excerpt(self, finding: Finding) -> Markdown:
        """The issue's own first words, where nothing shared can be named."""
        thread = finding.candidate.thread
        if thread is None or unsafe_advice.found(thread.body):
            return Markdown()
        first = inline(_first_line(thread.body), limit=_EXCERPT, link_word=self._link_word)
        return self._say("shared.excerpt", first=first) if first else Markdown()

    def _sections(self, max_steps: int, quote_limit: int) -> list[_Section]:
        draft = self._content.draft
        upgrade = [self._upgrade(draft.upgrade)] if draft.upgrade and max_steps else []
        room = max(0, max_steps - len(upgrade))
        worked = (*upgrade, *(self._step(step, quote_limit) for step in draft.worked[:room]))
        declined = tuple(
            self._step(step, quote_limit)
            for step in draft.declined[: max(0, room - len(draft.worked))]
        )
        rows = self._content.rows
        if not rows:  # docs alone: the headline says what they are
            return [_Section(Markdown(), worked)] if worked else []
        key = "worked" if rows[0].kind == "duplicate" else "helped"
        return [
            _Section(self._say(f"section.{name}"), tuple(steps))
            for name, steps in ((key, worked), ("declined", declined))
            if steps
        ]

    def _upgrade(self, finding: Finding) -> Markdown:
        release = self._release(finding)
        fix = finding.fix
        if fix is not None and fix.relation == "upgrade":
            version = inline(fix.reported, limit=40, markup=False)
            return self._say("step.upgrade", release=release, version=version)
        return self._say("step.upgrade_unsure", release=release)

    def _step(self, step: Step, limit: int) -> Markdown:
        source = self._source(step)
        if step.text is not None:
            text = inline(step.text, limit=limit, link_word=self._link_word)
            return self._say("step.draft", text=text, source=source)
        quote = inline(step.quote, limit=limit, link_word=self._link_word)
        if quote[:1].islower():  # it begins in the middle of a sentence
            quote = Markdown(f"{ELLIPSIS}{quote}")
        return self._say("step.quote", quote=quote, source=source)

    def _source(self, step: Step) -> Markdown:
        passage, candidate = step.passage, step.passage.candidate
        if passage.kind != "comment" or candidate.number is None:
            return self._document(Finding(candidate, "related", 0, "source"))
        number = Markdown(self._links.label(candidate.repo, candidate.number))
        author = passage.author.lstrip("@")
        if _LOGIN.fullmatch(author):
            label = self._say("source.author", author=Markdown(author), issue=number)
        else:
            label = self._say("source.thread", issue=number)
        return self._links.link(
            label, self._links.passage(candidate.repo, candidate.number, passage.url)
        )

    def _footer(self) -> Markdown:
        parts = [
            self._say("footer.drafted" if self._content.drafted else "footer.quoted"),
            self._say("footer.feedback"),
            self._say("footer.again", label=code(self._content.again_label, limit=50)),
        ]
        return Markdown(" ".join(parts))


def _terms(evidence: Evidence) -> dict[str, Markdown]:
    if evidence.kind in {"titles", "words"}:
        made = [Markdown(f"“{inline(term, limit=40, markup=False)}”") for term in evidence.terms]
    else:
        made = [code(term, limit=100) for term in evidence.terms]
    return dict(zip(("first", "second", "third"), made, strict=False))


def _first_line(body: str) -> str:
    """The first line of prose that says something."""
    lines = clean(_CODE_BLOCK.sub("", body[:_LOOK_AT])).splitlines()
    return next((line for line in lines if len(_WORDS.findall(line)) >= _LEAST_WORDS), "")


def _tag(tag: str) -> Markdown:
    return inline(redact(tag), limit=60, markup=False)


def _count(things: Sequence[object]) -> str:
    return _NUMBERS[min(len(things), len(_NUMBERS)) - 1]


def _ending(finding: Finding) -> Ending:
    resolution = finding.candidate.resolution
    return resolution.ending if resolution is not None else Ending.UNKNOWN


def _only_markdown(value: Any) -> Any:  # noqa: ANN401 - Jinja's signature
    """Refuses to print what nobody made safe."""
    if isinstance(value, Markdown | int):
        return value
    raise TypeError(f"the template was given {type(value).__name__}, which nobody made safe")


@functools.cache
def _template() -> jinja2.Template:
    # Autoescape is for HTML. Here every value is Markdown, which `finalize` insists on.
    environment = jinja2.Environment(  # noqa: S701
        undefined=jinja2.StrictUndefined,
        finalize=_only_markdown,
        trim_blocks=False,
        keep_trailing_newline=True,
    )
    source = files("app").joinpath("templates/reply.md.j2").read_text(encoding="utf-8")
    return environment.from_string(source)
