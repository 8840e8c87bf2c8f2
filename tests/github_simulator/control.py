"""What people do on a simulated GitHub: open, label, comment, close; each sends its webhooks.

Tests call these as methods of Simulator; another process calls them as POST /_sim/<name> with
the arguments as JSON.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from indexer.threads import Event
from tests.github_simulator.deliveries import Deliverer, Delivery
from tests.github_simulator.payloads import Json, Renderer
from tests.github_simulator.seed import SeedRelease, SeedRepository
from tests.github_simulator.trouble import Troubles
from tests.github_simulator.world import (
    SimComment,
    SimInstallation,
    SimIssue,
    SimRepository,
    World,
    commit,
)

WRITERS = {"OWNER": "admin", "MEMBER": "write", "COLLABORATOR": "write"}
MENTION_ASSOCIATION = {"admin": "MEMBER", "maintain": "MEMBER", "write": "COLLABORATOR"}


class Unknown(LookupError):
    """No such repository, issue, comment or label here."""


class Control:
    """Acts on the world and tells the webhooks. REST writes go through here too."""

    def __init__(
        self, world: World, render: Renderer, deliverer: Deliverer, troubles: Troubles
    ) -> None:
        self.world = world
        self.render = render
        self.deliverer = deliverer
        self.trouble = troubles
        self.tree_limit = 100_000

    # issues

    def open_issue(  # noqa: PLR0913 - as many as GitHub's form has fields
        self,
        repo: str,
        title: str,
        body: str = "",
        author: str = "reporter",
        *,
        labels: list[str] | tuple[str, ...] = (),
        number: int | None = None,
        at: datetime | str | None = None,
        author_association: str | None = None,
    ) -> Json:
        """Open an issue: `issues.opened`, then `issues.labeled` for each label."""
        with self.world.lock:
            home = self._repo(repo)
            number = number or home.next_number()
            if number in home.issues or number in home.pulls:
                raise ValueError(f"{repo}#{number} exists")
            moment = self._moment(at)
            issue = SimIssue(
                number=number,
                id=self.world.next_id(),
                title=title,
                body=body,
                author=author,
                author_association=author_association or self._association(home, author),
                is_bot=author.endswith("[bot]"),
                created_at=moment,
                updated_at=moment,
            )
            home.issues[number] = issue
            for label in labels:
                home.ensure_label(label)
                issue.labels.append(home.label_name(label) or label)
            self._issue_event("opened", home, issue, author)
            for label in issue.labels:
                self._labeled(home, issue, label, author, moment)
            return self._changed(self.render.issue(home, issue))

    def edit(self, repo: str, number: int, actor: str = "reporter", **fields: str) -> Json:
        """Change `title` or `body`: `issues.edited` with what stood there before."""
        with self.world.lock:
            home, issue = self._issue(repo, number)
            changes = {}
            for name in ("title", "body"):
                if name in fields and fields[name] != getattr(issue, name):
                    changes[name] = {"from": getattr(issue, name)}
                    setattr(issue, name, fields[name])
            if changes:
                issue.updated_at = self.world.now()
                self._issue_event("edited", home, issue, actor, changes=changes)
            return self._changed(self.render.issue(home, issue))

    def close(  # noqa: PLR0913 - keywords
        self,
        repo: str,
        number: int,
        by: str = "maintainer",
        reason: str = "completed",
        *,
        closer: str | None = None,
        closer_number: int | None = None,
        closer_url: str | None = None,
        at: datetime | str | None = None,
    ) -> Json:
        """Close: `issues.closed`. `closer` is `pull_request` or `commit` where one did it."""
        with self.world.lock:
            home, issue = self._issue(repo, number)
            moment = self._moment(at)
            issue.state, issue.state_reason, issue.closed_at = "closed", reason, moment
            issue.updated_at = moment
            issue.events.append(
                Event(
                    kind="closed",
                    created_at=moment,
                    actor=by,
                    state_reason=reason,
                    closer=closer,
                    closer_number=closer_number,
                    closer_url=closer_url,
                )
            )
            self._issue_event("closed", home, issue, by)
            return self._changed(self.render.issue(home, issue))

    def reopen(self, repo: str, number: int, by: str = "maintainer") -> Json:
        with self.world.lock:
            home, issue = self._issue(repo, number)
            issue.state, issue.state_reason, issue.closed_at = "open", "reopened", None
            issue.updated_at = self.world.now()
            issue.events.append(Event(kind="reopened", created_at=issue.updated_at, actor=by))
            self._issue_event("reopened", home, issue, by)
            return self._changed(self.render.issue(home, issue))

    def mark_duplicate(self, repo: str, number: int, of: int, by: str = "maintainer") -> None:
        """Mark as a duplicate. GitHub sends no webhook for it."""
        self._duplicate_event("marked_as_duplicate", repo, number, of, by)

    def unmark_duplicate(self, repo: str, number: int, of: int, by: str = "maintainer") -> None:
        self._duplicate_event("unmarked_as_duplicate", repo, number, of, by)

    def delete_issue(self, repo: str, number: int, by: str = "maintainer") -> None:
        with self.world.lock:
            home, issue = self._issue(repo, number)
            self._remove(home, number)
            self._issue_event("deleted", home, issue, by)
            self._changed(None)

    def transfer_issue(self, repo: str, number: int, to: str, by: str = "maintainer") -> Json:
        """Move to another repository: `issues.transferred` here, `issues.opened` there."""
        with self.world.lock:
            home, issue = self._issue(repo, number)
            target = self._repo(to)
            self._remove(home, number)
            new = target.next_number()
            home.moved[number] = f"{target.full_name}#{new}"
            old = self.render.issue(home, issue)
            issue.number = new
            target.issues[new] = issue
            comments, issue.comments = issue.comments, []
            for comment in comments:
                target.add_comment(new, comment)
            shown = self.render.issue(target, issue)
            changes = {
                "new_issue": shown,
                "new_repository": self.render.repository(target),
            }
            self._send(
                "issues", home, by, {"action": "transferred", "issue": old, "changes": changes}
            )
            self._issue_event("opened", target, issue, by)
            return self._changed(shown)

    # labels

    def add_label(self, repo: str, number: int, label: str, by: str = "maintainer") -> None:
        with self.world.lock:
            home, issue = self._issue(repo, number)
            home.ensure_label(label)
            name = home.label_name(label) or label
            if name not in issue.labels:
                issue.labels.append(name)
                issue.updated_at = self.world.now()
                self._labeled(home, issue, name, by, issue.updated_at)
            self._changed(None)

    def remove_label(self, repo: str, number: int, label: str, by: str = "maintainer") -> None:
        """Take a label off.

        Raises:
            Unknown: the issue does not carry it.
        """
        with self.world.lock:
            home, issue = self._issue(repo, number)
            name = next((n for n in issue.labels if n.lower() == label.lower()), None)
            if name is None:
                raise Unknown("Label does not exist")
            issue.labels.remove(name)
            issue.updated_at = self.world.now()
            shown = self.render.label(home, name)
            self._issue_event("unlabeled", home, issue, by, label=shown)
            self._changed(None)

    # comments

    def comment(  # noqa: PLR0913 - keywords
        self,
        repo: str,
        number: int,
        body: str,
        author: str = "someone",
        *,
        at: datetime | str | None = None,
        app_id: int | None = None,
        author_association: str | None = None,
    ) -> Json:
        """Comment: `issue_comment.created`."""
        with self.world.lock:
            home, issue = self._issue(repo, number)
            moment = self._moment(at)
            made = SimComment(
                id=self.world.next_id(),
                author=author,
                author_association=author_association or self._association(home, author),
                body=body,
                created_at=moment,
                updated_at=moment,
                is_bot=author.endswith("[bot]"),
                app_id=app_id,
            )
            home.add_comment(number, made)
            issue.updated_at = moment
            self._comment_event("created", home, issue, made, author)
            return self._changed(self.render.comment(home, number, made))

    def edit_comment(self, repo: str, comment_id: int, body: str, by: str | None = None) -> Json:
        with self.world.lock:
            home = self._repo(repo)
            issue, comment = self._comment(home, comment_id)
            before, comment.body = comment.body, body
            comment.updated_at = issue.updated_at = self.world.now()
            changes = {"body": {"from": before}}
            self._comment_event("edited", home, issue, comment, by or comment.author, changes)
            return self._changed(self.render.comment(home, issue.number, comment))

    def delete_comment(self, repo: str, comment_id: int, by: str = "maintainer") -> None:
        with self.world.lock:
            home = self._repo(repo)
            issue, comment = self._comment(home, comment_id)
            issue.comments.remove(comment)
            del home.comment_index[comment_id]
            issue.updated_at = self.world.now()
            self._comment_event("deleted", home, issue, comment, by)
            self._changed(None)

    def minimize_comment(self, repo: str, comment_id: int) -> None:
        """Hide a comment. GitHub sends no webhook for it."""
        with self.world.lock:
            self._comment(self._repo(repo), comment_id)[1].minimized = True
            self._changed(None)

    def react(self, repo: str, comment_id: int, content: str, by: str = "someone") -> None:
        """React to a comment. GitHub sends no webhook for it."""
        with self.world.lock:
            _, comment = self._comment(self._repo(repo), comment_id)
            self.add_reaction(comment.reactions, content, by)

    def lock_issue(self, repo: str, number: int, by: str = "maintainer") -> None:
        with self.world.lock:
            home, issue = self._issue(repo, number)
            issue.locked = True
            self._issue_event("locked", home, issue, by)

    # repositories and installations

    def set_files(self, repo: str, files: dict[str, str | None], by: str = "maintainer") -> str:
        """Write files (None deletes) in one commit on main: `push`. Returns the commit."""
        with self.world.lock:
            home = self._repo(repo)
            before = home.head
            old = before.files if before else {}
            new = {path: data for path, data in old.items() if files.get(path, "") is not None}
            new |= {path: text.encode() for path, text in files.items() if text is not None}
            made = commit(home, new, "Change files", self.world.now())
            touched = {
                "added": sorted(path for path in new if path not in old),
                "modified": sorted(p for p in new if p in old and old[p] != new[p]),
                "removed": sorted(path for path in old if path not in new),
            }
            shown = {"id": made.sha, "message": made.message, **touched}
            self._send(
                "push",
                home,
                by,
                {
                    "ref": "refs/heads/main",
                    "before": before.sha if before else "0" * 40,
                    "after": made.sha,
                    "created": before is None,
                    "deleted": False,
                    "forced": False,
                    "commits": [shown],
                    "head_commit": shown,
                },
            )
            return self._changed(made.sha)

    def publish_release(self, repo: str, tag: str, body: str = "", name: str = "") -> Json:
        with self.world.lock:
            home = self._repo(repo)
            made = SeedRelease(tag=tag, name=name, body=body, published_at=self.world.now())
            home.releases.insert(0, made)
            shown = self.render.release(home, made)
            self._send("release", home, home.owner, {"action": "published", "release": shown})
            return self._changed(shown)

    def rename_repository(self, repo: str, name: str) -> str:
        with self.world.lock:
            home = self._repo(repo)
            old = home.full_name
            new = f"{home.owner}/{name}"
            for installation in self.world.installations.values():
                installation.repositories = [
                    new if entry == old else entry for entry in installation.repositories
                ]
            del self.world.repositories[old.lower()]
            self.world.repositories[new.lower()] = home
            self.world.renamed[old.lower()] = new.lower()
            home.full_name = new
            changes = {"repository": {"name": {"from": old.split("/")[1]}}}
            self._send("repository", home, home.owner, {"action": "renamed", "changes": changes})
            return self._changed(new)

    def set_private(self, repo: str, *, private: bool) -> None:
        with self.world.lock:
            home = self._repo(repo)
            home.private = private
            action = "privatized" if private else "publicized"
            self._send("repository", home, home.owner, {"action": action})

    def archive_repository(self, repo: str) -> None:
        with self.world.lock:
            home = self._repo(repo)
            home.archived = True
            self._send("repository", home, home.owner, {"action": "archived"})

    def delete_repository(self, repo: str) -> None:
        with self.world.lock:
            home = self._repo(repo)
            installation = self.world.installation_of(home.full_name)
            del self.world.repositories[home.full_name.lower()]
            self._send(
                "repository", home, home.owner, {"action": "deleted"}, installation=installation
            )
            if installation:
                installation.repositories.remove(home.full_name)
            self._changed(None)

    def install(self, account: str, repositories: list[str]) -> int:
        """Install the App: `installation.created`. Returns the installation's id."""
        with self.world.lock:
            number = max((*self.world.installations, 1000)) + 1
            made = SimInstallation(number, account, list(repositories), selection="selected")
            self.world.installations[number] = made
            self._installation_event("created", made, repositories)
            return number

    def announce_installation(self, installation_id: int) -> None:
        """Send `installation.created` for one that the seed already has."""
        with self.world.lock:
            found = self.world.installations[installation_id]
            self._installation_event("created", found, found.repositories)

    def uninstall(self, installation_id: int) -> None:
        with self.world.lock:
            gone = self.world.installations.pop(installation_id)
            self._installation_event("deleted", gone, gone.repositories)

    def suspend(self, installation_id: int) -> None:
        with self.world.lock:
            found = self.world.installations[installation_id]
            found.suspended_at = self.world.now()
            self._installation_event("suspend", found, found.repositories)

    def add_repository(self, installation_id: int, repository: dict[str, Any]) -> None:
        """A new repository (a seed's entry): `installation_repositories.added`."""
        with self.world.lock:
            made = self.world.add_repository(SeedRepository.model_validate(repository))
            installation = self.world.installations[installation_id]
            installation.repositories.append(made.full_name)
            self._repositories_event("added", installation, [made])

    def remove_repository(self, installation_id: int, repo: str) -> None:
        """Take a repository out of the installation; it goes on existing."""
        with self.world.lock:
            installation = self.world.installations[installation_id]
            home = self._repo(repo)
            installation.repositories.remove(home.full_name)
            self._repositories_event("removed", installation, [home])

    # webhooks, troubles and looking

    def redeliver(self, guid: str) -> Json:
        """Send a delivery once more, under its own GUID."""
        old = self.deliverer.find(guid)
        return self.deliverer.send(old.event, old.payload, guid=guid).summary()

    def set_webhook(self, url: str | None, secret: str | None = None) -> None:
        self.deliverer.url = url
        if secret is not None:
            self.deliverer.secret = secret

    def pause_webhooks(self, *, paused: bool = True) -> None:
        """Events are logged and not sent, as when the receiver was down."""
        self.deliverer.paused = paused

    def deliveries(self) -> list[Json]:
        return [delivery.summary() for delivery in self.deliverer.log]

    def drain(self, timeout: float = 30.0) -> None:
        """Wait until every webhook sent so far was answered."""
        self.deliverer.drain(timeout)

    def add_trouble(self, match: str, **fields: Any) -> None:
        self.trouble.add(match, **fields)

    def clear_troubles(self) -> None:
        self.trouble.clear()

    def thread(self, repo: str, number: int) -> Json:
        """An issue with its comments, as REST shows both."""
        with self.world.lock:
            home, issue = self._issue(repo, number)
            comments = [self.render.comment(home, number, c) for c in issue.comments]
            return {**self.render.issue(home, issue), "comment_list": comments}

    def comments(self, repo: str, number: int, *, by_app: bool = False) -> list[Json]:
        """An issue's comments; only the App's own with `by_app`."""
        found = self.thread(repo, number)["comment_list"]
        return [c for c in found if c["performed_via_github_app"] or not by_app]

    def wait_for(self, condition: Callable[[], bool], timeout: float = 30.0) -> bool:
        """Wait until something here makes `condition` true; False when it stays false."""
        with self.world.changed:
            return self.world.changed.wait_for(condition, timeout)

    def wait_for_comment(self, repo: str, number: int, timeout: float = 30.0) -> Json | None:
        """The App's comment on an issue as soon as there is one; None if none came."""
        self.wait_for(lambda: bool(self.comments(repo, number, by_app=True)), timeout)
        found = self.comments(repo, number, by_app=True)
        return found[0] if found else None

    # helpers; REST uses some

    def add_reaction(self, reactions: list[Json], content: str, by: str) -> tuple[Json, bool]:
        """The reaction and whether it is new: the same one twice is one."""
        for old in reactions:
            if old["content"] == content and old["user"]["login"] == by:
                return old, False
        made = {
            "id": self.world.next_id(),
            "content": content,
            "user": self.render.user(by),
            "created_at": self.world.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        reactions.append(made)
        return made, True

    def permission(self, repo: SimRepository, login: str) -> str:
        """What a person may do, from the seed or from how they have taken part."""
        given = repo.collaborators.get(login.lower())
        if given:
            return given
        for issue in repo.issues.values():
            if issue.author == login and issue.author_association in WRITERS:
                return WRITERS[issue.author_association]
            for comment in issue.comments:
                if comment.author == login and comment.author_association in WRITERS:
                    return WRITERS[comment.author_association]
        return "none" if repo.private else "read"

    def _association(self, repo: SimRepository, login: str) -> str:
        return MENTION_ASSOCIATION.get(repo.collaborators.get(login.lower(), ""), "NONE")

    def _moment(self, at: datetime | str | None) -> datetime:
        if at is None:
            return self.world.now()
        return datetime.fromisoformat(at) if isinstance(at, str) else at

    def _repo(self, full_name: str) -> SimRepository:
        repo = self.world.repository(full_name)
        if repo is None:
            raise Unknown(f"no repository {full_name}")
        return repo

    def _issue(self, repo: str, number: int) -> tuple[SimRepository, SimIssue]:
        home = self._repo(repo)
        if number not in home.issues:
            raise Unknown(f"no issue {repo}#{number}")
        return home, home.issues[number]

    def _comment(self, repo: SimRepository, comment_id: int) -> tuple[SimIssue, SimComment]:
        if comment_id not in repo.comment_index:
            raise Unknown(f"no comment {comment_id}")
        number, comment = repo.comment_index[comment_id]
        return repo.issues[number], comment

    def _remove(self, repo: SimRepository, number: int) -> None:
        issue = repo.issues.pop(number)
        repo.deleted.add(number)
        for comment in issue.comments:
            repo.comment_index.pop(comment.id, None)

    def _duplicate_event(self, kind: str, repo: str, number: int, of: int, by: str) -> None:
        with self.world.lock:
            _, issue = self._issue(repo, number)
            issue.updated_at = self.world.now()
            issue.events.append(
                Event(kind=kind, created_at=issue.updated_at, actor=by, canonical=of)
            )
            self._changed(None)

    def _labeled(
        self, repo: SimRepository, issue: SimIssue, label: str, by: str, at: datetime
    ) -> None:
        issue.events.append(Event(kind="labeled", created_at=at, actor=by, label=label))
        self._issue_event("labeled", repo, issue, by, label=self.render.label(repo, label))

    def _issue_event(
        self, action: str, repo: SimRepository, issue: SimIssue, sender: str, **extra: Any
    ) -> None:
        shown = self.render.issue(repo, issue)
        self._send("issues", repo, sender, {"action": action, "issue": shown, **extra})

    def _comment_event(  # noqa: PLR0913
        self,
        action: str,
        repo: SimRepository,
        issue: SimIssue,
        comment: SimComment,
        sender: str,
        changes: Json | None = None,
    ) -> None:
        payload = {
            "action": action,
            "issue": self.render.issue(repo, issue),
            "comment": self.render.comment(repo, issue.number, comment),
        }
        self._send(
            "issue_comment", repo, sender, payload | ({"changes": changes} if changes else {})
        )

    def _send(
        self,
        event: str,
        repo: SimRepository,
        sender: str,
        payload: Json,
        installation: SimInstallation | None = None,
    ) -> Delivery | None:
        """To the App, if it is installed on that repository."""
        installation = installation or self.world.installation_of(repo.full_name)
        if installation is None or installation.suspended_at:
            return None
        return self.deliverer.send(
            event,
            {
                **payload,
                "repository": self.render.repository(repo),
                "organization": self.render.account(repo.owner),
                "sender": self.render.user(sender),
                "installation": {"id": installation.id, "node_id": f"MDI{installation.id}"},
            },
        )

    def _installation_event(
        self, action: str, installation: SimInstallation, names: list[str]
    ) -> None:
        repos = [found for name in names if (found := self.world.repository(name))]
        self.deliverer.send(
            "installation",
            {
                "action": action,
                "installation": self.render.installation(installation),
                "repositories": [self.render.small_repository(repo) for repo in repos],
                "requester": None,
                "sender": self.render.user(installation.account, is_bot=False),
            },
        )

    def _repositories_event(
        self, action: str, installation: SimInstallation, repos: list[SimRepository]
    ) -> None:
        shown = [self.render.small_repository(repo) for repo in repos]
        self.deliverer.send(
            "installation_repositories",
            {
                "action": action,
                "installation": self.render.installation(installation),
                "repository_selection": installation.selection,
                "repositories_added": shown if action == "added" else [],
                "repositories_removed": shown if action == "removed" else [],
                "requester": None,
                "sender": self.render.user(installation.account, is_bot=False),
            },
        )

    def _changed(self, result: Any) -> Any:
        self.world.changed.notify_all()
        return result


# What another process may call over HTTP; not the helpers that take objects or functions.
REMOTE = frozenset(
    {
        "add_label",
        "add_repository",
        "add_trouble",
        "announce_installation",
        "archive_repository",
        "clear_troubles",
        "close",
        "comment",
        "comments",
        "delete_comment",
        "delete_issue",
        "delete_repository",
        "deliveries",
        "drain",
        "edit",
        "edit_comment",
        "install",
        "lock_issue",
        "mark_duplicate",
        "minimize_comment",
        "open_issue",
        "pause_webhooks",
        "publish_release",
        "react",
        "redeliver",
        "remove_label",
        "remove_repository",
        "rename_repository",
        "reopen",
        "set_files",
        "set_private",
        "set_webhook",
        "suspend",
        "thread",
        "transfer_issue",
        "uninstall",
        "unmark_duplicate",
        "wait_for_comment",
    }
)
