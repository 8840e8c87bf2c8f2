"""What the page shows: plain values made from the simulated GitHub."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import unquote

from markupsafe import Markup

from indexer.threads import Event
from tests.demo.markdown import to_html
from tests.github_simulator import Simulator
from tests.github_simulator.world import SimComment, SimIssue, SimRepository

BADGES: Final = {
    "OWNER": "Owner",
    "MEMBER": "Member",
    "COLLABORATOR": "Collaborator",
    "CONTRIBUTOR": "Contributor",
}
LABEL_COLORS: Final = {
    "bug": "#d73a4a",
    "data loss": "#b60205",
    "documentation": "#0075ca",
    "duplicate": "#8b949e",
    "enhancement": "#58a6c0",
    "help wanted": "#008672",
    "question": "#a259c4",
    "regression": "#d93f0b",
    "security": "#b60205",
    "wontfix": "#8b949e",
    "intern: again": "#5319e7",
}
PALETTE: Final = ("#0e8a16", "#1d76db", "#bf8700", "#0f8fa8", "#c2527a", "#6f63c5", "#7a8a1c")


NO_HTML: Final = Markup()


@dataclass(frozen=True, slots=True)
class Entry:
    """A box or a line of an issue's timeline."""

    kind: str
    author: str
    when: datetime
    html: Markup = NO_HTML
    anchor: str = ""
    badge: str = ""
    is_bot: bool = False
    is_edited: bool = False
    labels: tuple[tuple[str, str], ...] = ()
    text: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class IssueView:
    """An issue as a page."""

    number: int
    title: str
    state: str
    state_reason: str | None
    author: str
    opened: datetime
    labels: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    comments: int
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A line in a list of issues."""

    number: int
    title: str
    state: str
    state_reason: str | None
    comments: int
    note: str = ""
    tone: str = ""


class Views:
    """Reads one repository of the simulator."""

    def __init__(self, simulator: Simulator, repo: str) -> None:
        self._simulator = simulator
        self.repo = repo

    def issue(self, number: int) -> IssueView | None:
        """An issue's page; None if there is none with that number."""
        with self._simulator.world.lock:
            issue = self._home.issues.get(number)
            return self._view(issue) if issue else None

    def rows(self, numbers: list[int] | None = None) -> list[Row]:
        """A list of issues: these, or all, newest first."""
        with self._simulator.world.lock:
            issues = self._home.issues
            chosen = numbers if numbers is not None else sorted(issues, reverse=True)
            return [
                Row(i.number, i.title, i.state, i.state_reason, len(i.comments))
                for i in (issues[number] for number in chosen if number in issues)
            ]

    def release(self, tag: str) -> tuple[str, Markup, datetime] | None:
        """A release's name, notes and date."""
        for release in self._home.releases:
            if release.tag == tag:
                return release.name or tag, self._html(release.body), release.published_at
        return None

    def document(self, path: str) -> Markup | None:
        """A Markdown file of the repository."""
        head = self._home.head
        data = head.files.get(unquote(path)) if head else None
        return None if data is None else self._html(data.decode("utf-8", "replace"))

    def pull(self, number: int) -> tuple[str, str, datetime] | None:
        """A pull request's title, author and date."""
        pull = self._home.pulls.get(number)
        return None if pull is None else (pull.title, pull.author, pull.created_at)

    @property
    def _home(self) -> SimRepository:
        repo = self._simulator.world.repository(self.repo)
        if repo is None:
            raise LookupError(self.repo)
        return repo

    def _view(self, issue: SimIssue) -> IssueView:
        first = self._box(
            issue.author,
            issue.created_at,
            issue.body,
            issue.author_association,
            is_bot=issue.is_bot,
        )
        later = [self._comment(comment, issue) for comment in issue.comments]
        later += [entry for event in issue.events if (entry := self._event(event))]
        later = _joined(sorted(later, key=lambda entry: entry.when))
        people = dict.fromkeys([issue.author, *(comment.author for comment in issue.comments)])
        return IssueView(
            number=issue.number,
            title=issue.title,
            state=issue.state,
            state_reason=issue.state_reason,
            author=issue.author,
            opened=issue.created_at,
            labels=tuple((name, label_color(name)) for name in issue.labels),
            entries=(first, *later),
            comments=len(issue.comments),
            people=tuple(people),
        )

    def _comment(self, comment: SimComment, issue: SimIssue) -> Entry:
        badge = comment.author_association
        if comment.author == issue.author and badge == "NONE":
            badge = "AUTHOR"
        return self._box(
            comment.author,
            comment.created_at,
            comment.body,
            badge,
            is_bot=comment.is_bot,
            anchor=f"issuecomment-{comment.id}",
            is_edited=comment.updated_at > comment.created_at,
        )

    def _box(  # noqa: PLR0913 - what a comment's box has
        self,
        author: str,
        when: datetime,
        body: str,
        association: str,
        *,
        is_bot: bool,
        anchor: str = "",
        is_edited: bool = False,
    ) -> Entry:
        return Entry(
            kind="box",
            author=author,
            when=when,
            html=self._html(body),
            anchor=anchor,
            badge="Author" if association == "AUTHOR" else BADGES.get(association, ""),
            is_bot=is_bot,
            is_edited=is_edited,
        )

    def _event(self, event: Event) -> Entry | None:
        def line(kind: str, text: str, url: str = "", label: str = "") -> Entry:
            labels = ((label, label_color(label)),) if label else ()
            return Entry(kind, event.actor, event.created_at, text=text, url=url, labels=labels)

        if event.kind == "labeled" and event.label:
            return line("labeled", "added the", label=event.label)
        if event.kind == "marked_as_duplicate" and event.canonical:
            url = f"/{self.repo}/issues/{event.canonical}"
            return line("duplicate", f"marked this as a duplicate of #{event.canonical}", url)
        if event.kind == "reopened":
            return line("reopened", "reopened this")
        if event.kind == "closed":
            how = {"not_planned": " as not planned", "duplicate": " as duplicate"}
            text = f"closed this{how.get(event.state_reason or '', ' as completed')}"
            if event.closer == "pull_request" and event.closer_number:
                url = f"/{self.repo}/pull/{event.closer_number}"
                return line("closed", f"{text} in #{event.closer_number}", url)
            return line("closed", text)
        return None

    def _html(self, text: str) -> Markup:
        html = to_html(text, rewrite=self.rewrite, repo=self.repo, title_of=self._title)
        return Markup(html)  # noqa: S704 - made safe by tests/demo/markdown.py

    def rewrite(self, address: str) -> str:
        """Addresses of the simulated GitHub become this page's own."""
        base = f"{self._simulator.url}/"
        return f"/{address[len(base) :]}" if address.startswith(base) else address

    def _title(self, number: int) -> str:
        found = self._home.issues.get(number) or self._home.pulls.get(number)
        return found.title if found else ""


def _joined(entries: list[Entry]) -> list[Entry]:
    """Labels that one person gave one after the other stand in one line."""
    joined: list[Entry] = []
    for entry in entries:
        last = joined[-1] if joined else None
        if last and last.kind == entry.kind == "labeled" and last.author == entry.author:
            joined[-1] = replace(last, labels=tuple(dict.fromkeys((*last.labels, *entry.labels))))
        else:
            joined.append(entry)
    return joined


def label_color(name: str) -> str:
    """A label's colour, the same at every run."""
    known = LABEL_COLORS.get(name.lower())
    return known or PALETTE[hashlib.sha256(name.encode()).digest()[0] % len(PALETTE)]


def avatar(login: str) -> str:
    """An SVG: the intern's own mark, or a five by five pattern as GitHub gives newcomers."""
    if login.startswith("oncall-intern"):
        return INTERN
    digest = hashlib.sha256(login.encode()).digest()
    hue = int.from_bytes(digest[:2]) % 360
    cells = [(x, y) for y in range(5) for x in range(3) if digest[2 + y * 3 + x] % 2]
    mirrored = sorted({*cells, *((4 - x, y) for x, y in cells)})
    squares = "".join(f'<rect x="{x}" y="{y}" width="1" height="1"/>' for x, y in mirrored)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 7 7" shape-rendering="crispEdges">'
        f'<rect x="-1" y="-1" width="7" height="7" fill="#f0f0f0"/>'
        f'<g fill="hsl({hue} 45% 55%)">{squares}</g></svg>'
    )


INTERN: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">'
    '<rect width="40" height="40" fill="#5319e7"/>'
    '<path d="M9 22v-3a11 11 0 0 1 22 0v3" fill="none" stroke="#fff" stroke-width="2.6"/>'
    '<rect x="6.5" y="20" width="5.5" height="9" rx="2.4" fill="#fff"/>'
    '<rect x="28" y="20" width="5.5" height="9" rx="2.4" fill="#fff"/>'
    '<path d="M31 28.500c0 3.500-3 5-7 5" fill="none" stroke="#fff" stroke-width="2.2"/>'
    '<circle cx="22.500" cy="33.500" r="2.200" fill="#ffd33d"/>'
    '<circle cx="16" cy="20.500" r="2" fill="#fff"/><circle cx="24" cy="20.500" r="2" fill="#fff"/>'
    '<path d="M16.500 25.500q3.500 2.500 7 0" fill="none" stroke="#fff" stroke-width="1.8" '
    'stroke-linecap="round"/></svg>'
)
