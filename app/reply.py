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
from app.findings import Finding
from app.language import frame_of
from app.links import Links
from app.rows import Rows, count_word, ending_of
from app.sanitize import ELLIPSIS, Markdown, code, inline, visible_text
from indexer.threads import Ending

MAX_VISIBLE: Final = 1500  # characters before the fold
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")
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


def folded_summary(language: str) -> Markdown:
    """Under which words our comment is folded away once someone asked for it."""
    return catalogue(frame_of(language)).say("footer.folded")


def is_drafted(body: str, language: str) -> bool:
    """Whether a comment of ours, in plain sight, says that an AI drafted it."""
    said = catalogue(frame_of(language)).say("footer.drafted")
    return said in body and not body.startswith("<details>")


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
        self._rows = Rows(links, words)

    def comment(self, max_steps: int, quote_limit: int) -> Markdown:
        content = self._content
        more = [self._rows.folded(finding) for finding in content.more]
        title = "section.more_one" if len(more) == 1 else "section.more"
        return Markdown(
            _template().render(
                headline=self._headline(),
                rows=[self._rows.row(finding) for finding in content.rows],
                sections=self._sections(max_steps, quote_limit),
                more=more,
                more_title=self._say(title, count=Markdown(str(len(more)))),
                footer=self._footer(),
            )
        )

    def _headline(self) -> Markdown:
        rows = self._content.rows
        if not rows:
            kinds = {step.passage.kind for step in self._content.draft.steps}
            if "discussion" not in kinds:
                return self._say("headline.docs")
            alone = kinds == {"discussion"}
            return self._say("headline.discussion" if alone else "headline.docs_and_discussion")
        first = rows[0]
        if first.kind != "duplicate":
            all_open = all(row.candidate.state == "open" for row in rows)
            return self._say(f"headline.{count_word(rows)}_{'open' if all_open else 'related'}")
        issue = self._rows.issue(first)
        if first.fix is not None:
            key = "regression" if first.is_regression else "duplicate_released"
            return self._say(f"headline.{key}", issue=issue, release=self._rows.release(first))
        if first.candidate.state == "open":
            return self._say("headline.duplicate_open", issue=issue)
        ending = ending_of(first)
        told = {Ending.FIXED, Ending.ANSWERED, Ending.DECLINED}
        suffix = f"_{ending.value}" if ending in told else ""
        return self._say(f"headline.duplicate{suffix}", issue=issue)

    def _sections(self, max_steps: int, quote_limit: int) -> list[_Section]:
        draft = self._content.draft
        upgrade = [self._upgrade(draft.upgrade)] if draft.upgrade and max_steps else []
        room = max(0, max_steps - len(upgrade))
        rows = self._content.rows
        kinds = {
            "worked" if rows and rows[0].kind == "duplicate" else "helped": draft.of("fix"),
            "workaround": draft.of("workaround"),
            "missing": draft.of("missing"),
            "declined": draft.declined,
        }
        sections: list[_Section] = []
        for name, steps in kinds.items():
            told = (*upgrade, *self._steps(steps[:room], quote_limit))
            room, upgrade = max(0, room - len(steps)), []
            if told:
                sections.append(_Section(self._say(f"section.{name}"), told))
        if rows or not sections:
            return sections
        # Docs alone: the headline says what they are.
        return [_Section(Markdown(), tuple(step for s in sections for step in s.steps))]

    def _upgrade(self, finding: Finding) -> Markdown:
        release = self._rows.release(finding)
        fix = finding.fix
        if fix is not None and fix.relation == "upgrade":
            version = inline(fix.reported, limit=40, markup=False)
            if finding.kind == "duplicate":
                return self._say("step.upgrade", release=release, version=version)
            issue = self._rows.issue(finding)
            return self._say("step.upgrade_if", issue=issue, release=release, version=version)
        return self._say("step.upgrade_unsure", release=release)

    def _steps(self, steps: Sequence[Step], limit: int) -> tuple[Markdown, ...]:
        """The lines of a section, without those that would give unsafe advice as they are read."""
        made = (self._step(step, limit) for step in steps)
        return tuple(line for line in made if not unsafe_advice.found(visible_text(line)))

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
            return self._rows.document(Finding(candidate, "related", 0, "source"))
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
            self._maintainers(),
            self._say("footer.hide", command=code("/intern hide", limit=50)),
        ]
        return Markdown(" ".join(parts))

    def _maintainers(self) -> Markdown:
        """What they can do; telling a match wrong, where one is shown."""
        label = code(self._content.again_label, limit=50)
        rows = self._content.rows
        if not rows or rows[0].candidate.number is None:
            return self._say("footer.again", label=label)
        named = self._links.label(rows[0].candidate.repo, rows[0].candidate.number)
        # All of it is ours: a number, and at most a name that the row's own link has as well.
        command = Markdown(f"`/intern not-duplicate {named}`")
        return self._say("footer.again_or_wrong", label=label, command=command)


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
