"""The state of a simulated GitHub: repositories, issues, comments; plain data and look-ups."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, count
from typing import Any

from indexer.threads import Event, Thread
from tests.github_simulator.seed import (
    Seed,
    SeedDiscussion,
    SeedPull,
    SeedRelease,
    SeedRepository,
)

CONFIG_PATH = ".github/oncall-intern.yml"
EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
PERMISSIONS = {
    "checks": "write",
    "contents": "read",
    "discussions": "read",
    "issues": "write",
    "metadata": "read",
    "pull_requests": "read",
}


def stable_number(*parts: object, size: int = 6) -> int:
    """A number that the same parts always give."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(
        hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=size).digest()
    )


@dataclass(slots=True)
class SimComment:
    id: int
    author: str
    body: str
    created_at: datetime
    updated_at: datetime
    author_association: str = "NONE"
    is_bot: bool = False
    minimized: bool = False
    app_id: int | None = None
    reactions: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class SimIssue:
    number: int
    id: int
    title: str
    body: str
    author: str
    created_at: datetime
    updated_at: datetime
    author_association: str = "NONE"
    is_bot: bool = False
    labels: list[str] = field(default_factory=list)
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    locked: bool = False
    comments: list[SimComment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    reactions: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class SimCommit:
    """A state of the files; blobs are addressed by what they hold, as in git."""

    sha: str
    message: str
    date: datetime
    files: dict[str, bytes]
    symlinks: frozenset[str] = frozenset()


@dataclass(slots=True)
class SimPull:
    """The head of a pull request that somebody opened here.

    `changes` is path → status, `renames` is new path → old path.
    """

    head: SimCommit
    base: str
    changes: dict[str, str]
    renames: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class SimRepository:
    id: int
    full_name: str
    private: bool
    description: str
    created_at: datetime
    issues: dict[int, SimIssue] = field(default_factory=dict)
    pulls: dict[int, SeedPull] = field(default_factory=dict)
    pull_heads: dict[int, SimPull] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    moved: dict[int, str] = field(default_factory=dict)
    labels: dict[str, dict[str, Any]] = field(default_factory=dict)
    releases: list[SeedRelease] = field(default_factory=list)
    discussions: dict[int, SeedDiscussion] = field(default_factory=dict)
    discussions_enabled: bool = False
    commits: list[SimCommit] = field(default_factory=list)
    collaborators: dict[str, str] = field(default_factory=dict)
    check_runs: list[dict[str, Any]] = field(default_factory=list)
    archived: bool = False
    issues_enabled: bool = True
    comment_index: dict[int, tuple[int, SimComment]] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        return self.full_name.split("/")[0]

    @property
    def name(self) -> str:
        return self.full_name.split("/")[1]

    @property
    def head(self) -> SimCommit | None:
        return self.commits[-1] if self.commits else None

    def next_number(self) -> int:
        taken = (self.issues, self.pulls, self.discussions, self.deleted, self.moved)
        return max((0, *chain.from_iterable(taken))) + 1

    def add_comment(self, number: int, comment: SimComment) -> None:
        while comment.id in self.comment_index:
            comment.id += 1
        self.issues[number].comments.append(comment)
        self.comment_index[comment.id] = (number, comment)

    def ensure_label(self, name: str) -> None:
        if name.lower() not in {label.lower() for label in self.labels}:
            self.labels[name] = {"color": "ededed", "description": None}

    def label_name(self, name: str) -> str | None:
        """The label as it is written here; GitHub finds labels whatever their case."""
        return next((label for label in self.labels if label.lower() == name.lower()), None)


@dataclass(slots=True)
class SimInstallation:
    id: int
    account: str
    repositories: list[str]
    permissions: dict[str, str] = field(default_factory=lambda: dict(PERMISSIONS))
    selection: str = "all"
    suspended_at: datetime | None = None


class World:
    """Everything a simulated GitHub holds. `lock` guards all of it."""

    def __init__(self, seed: Seed, clock: Callable[[], datetime]) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.now = clock
        self.repositories: dict[str, SimRepository] = {}
        self.renamed: dict[str, str] = {}
        self.installations: dict[int, SimInstallation] = {}
        self._ids = count(9_000_000_000)
        for entry in seed.repositories:
            self.add_repository(entry)
        first = seed.repositories[0].full_name.split("/")[0] if seed.repositories else "octo-org"
        account = seed.account or first
        owned = [
            entry.full_name
            for entry in seed.repositories
            if entry.full_name.split("/")[0].lower() == account.lower()
        ]
        self.installations[seed.installation_id] = SimInstallation(
            seed.installation_id, account, owned
        )
        # Every further owner has an installation of its own, as on GitHub.
        others = sorted({e.full_name.split("/")[0] for e in seed.repositories} - {account})
        for extra, owner in enumerate((o for o in others if o.lower() != account.lower()), 1):
            number = seed.installation_id + extra
            self.installations[number] = SimInstallation(
                number,
                owner,
                [e.full_name for e in seed.repositories if e.full_name.split("/")[0] == owner],
            )

    def next_id(self) -> int:
        return next(self._ids)

    def add_repository(self, seed: SeedRepository) -> SimRepository:
        created = min((thread.created_at for thread in seed.threads), default=EPOCH)
        repo = SimRepository(
            id=stable_number("repository", seed.full_name.lower(), size=4),
            full_name=seed.full_name,
            private=seed.private,
            description=seed.description,
            created_at=created,
            pulls={pull.number: pull for pull in seed.pulls},
            releases=list(seed.releases),
            discussions={entry.number: entry for entry in seed.discussions},
            discussions_enabled=bool(seed.discussions),
            collaborators={login.lower(): role for login, role in seed.collaborators.items()},
        )
        for name in seed.labels:
            repo.ensure_label(name)
        known = {label.lower() for label in repo.labels}
        for thread in seed.threads:
            repo.issues[thread.number] = _issue(repo, thread)
            for label in thread.labels:
                if label.lower() not in known:
                    known.add(label.lower())
                    repo.ensure_label(label)
        files = {path: text.encode("utf-8", "replace") for path, text in seed.docs.items()}
        if seed.config is not None:
            files[CONFIG_PATH] = seed.config.encode()
        if files:
            latest = max((thread.created_at for thread in seed.threads), default=EPOCH)
            commit(repo, files, "Documentation", seed.docs_updated_at or latest)
        self.repositories[seed.full_name.lower()] = repo
        return repo

    def rename(self, repo: SimRepository, full_name: str) -> None:
        """Its former names lead to it as long as no other repository takes them."""
        old, new = repo.full_name.lower(), full_name.lower()
        del self.repositories[old]
        self.renamed = {name: new if to == old else to for name, to in self.renamed.items()}
        self.renamed[old] = new
        self.renamed.pop(new, None)
        self.repositories[new] = repo
        repo.full_name = full_name

    def repository(self, full_name: str) -> SimRepository | None:
        key = full_name.lower()
        return self.repositories.get(self.renamed.get(key, key))

    def installation_of(self, full_name: str) -> SimInstallation | None:
        repo = self.repository(full_name)
        if repo is None:
            return None
        return next(
            (
                installation
                for installation in self.installations.values()
                if repo.full_name.lower() in {name.lower() for name in installation.repositories}
            ),
            None,
        )


def commit(
    repo: SimRepository,
    files: dict[str, bytes],
    message: str,
    date: datetime,
    symlinks: frozenset[str] = frozenset(),
) -> SimCommit:
    parent = repo.head.sha if repo.head else ""
    listing = "\n".join(f"{path}\0{blob_sha(data)}" for path, data in sorted(files.items()))
    sha = hashlib.sha1(f"{parent}\0{message}\0{date}\0{listing}".encode()).hexdigest()  # noqa: S324 - git's own
    made = SimCommit(sha, message, date, dict(files), symlinks)
    repo.commits.append(made)
    return made


def changes_between(old: dict[str, bytes], new: dict[str, bytes]) -> dict[str, str]:
    """What became of each file that is not the same in both."""
    found = {path: "added" if path not in old else "modified" for path in new}
    found |= dict.fromkeys(old.keys() - new.keys(), "removed")
    return {path: what for path, what in sorted(found.items()) if old.get(path) != new.get(path)}


def renames_between(old: dict[str, bytes], new: dict[str, bytes]) -> dict[str, str]:
    """The files that stand under another name with the same words."""
    gone = {old[path]: path for path in old.keys() - new.keys()}
    return {path: gone[new[path]] for path in new.keys() - old.keys() if new[path] in gone}


def blob_sha(data: bytes) -> str:
    """git's name for a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()  # noqa: S324 - git's own


def _issue(repo: SimRepository, thread: Thread) -> SimIssue:
    last = max(
        (
            thread.created_at,
            *(c.created_at for c in thread.comments),
            *((thread.closed_at,) if thread.closed_at else ()),
        )
    )
    issue = SimIssue(
        number=thread.number,
        id=stable_number("issue", repo.full_name.lower(), thread.number, size=5),
        title=thread.title,
        body=thread.body,
        author=thread.author or "ghost",
        author_association=thread.author_association,
        is_bot=thread.author_is_bot or thread.author.endswith("[bot]"),
        created_at=thread.created_at,
        updated_at=thread.updated_at or last,
        labels=list(thread.labels),
        state=thread.state.lower(),
        state_reason=thread.state_reason,
        closed_at=thread.closed_at,
        events=list(thread.events),
    )
    if issue.closed_at and not any(event.kind == "closed" for event in issue.events):
        # GitHub has an event for every closing, even where an export does not carry it.
        issue.events.append(
            Event(
                kind="closed",
                created_at=issue.closed_at,
                actor=issue.author,
                state_reason=issue.state_reason,
            )
        )
    repo.issues[thread.number] = issue
    for ordinal, comment in enumerate(thread.comments):
        repo.add_comment(
            thread.number,
            SimComment(
                id=comment.id
                or stable_number(
                    repo.full_name.lower(),
                    thread.number,
                    comment.created_at,
                    comment.author,
                    ordinal,
                ),
                author=comment.author or "ghost",
                author_association=comment.author_association,
                body=comment.body,
                created_at=comment.created_at,
                updated_at=comment.created_at,
                is_bot=comment.author_is_bot or comment.author.endswith("[bot]"),
                minimized=comment.minimized,
            ),
        )
    return issue


HOUR = timedelta(hours=1)
