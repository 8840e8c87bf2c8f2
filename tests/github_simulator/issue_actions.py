"""What people do with issues, labels and comments; each sends its webhooks."""

from datetime import datetime
from typing import Any

from indexer.threads import Event
from tests.github_simulator.actions import Actions, Unknown
from tests.github_simulator.payloads import Json
from tests.github_simulator.world import SimComment, SimIssue, SimRepository


class IssueActions(Actions):
    """REST writes go through here too."""

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
            self._comment_event("created", home, (issue, made), author)
            return self._changed(self.render.comment(home, number, made))

    def edit_comment(self, repo: str, comment_id: int, body: str, by: str | None = None) -> Json:
        with self.world.lock:
            home = self._repo(repo)
            issue, comment = self._comment(home, comment_id)
            before, comment.body = comment.body, body
            comment.updated_at = issue.updated_at = self.world.now()
            changes = {"body": {"from": before}}
            self._comment_event(
                "edited", home, (issue, comment), by or comment.author, changes=changes
            )
            return self._changed(self.render.comment(home, issue.number, comment))

    def delete_comment(self, repo: str, comment_id: int, by: str = "maintainer") -> None:
        with self.world.lock:
            home = self._repo(repo)
            issue, comment = self._comment(home, comment_id)
            issue.comments.remove(comment)
            del home.comment_index[comment_id]
            issue.updated_at = self.world.now()
            self._comment_event("deleted", home, (issue, comment), by)
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

    def react_to_issue(self, repo: str, number: int, content: str, by: str = "someone") -> None:
        """React to an issue. GitHub sends no webhook for it, and the issue is not updated by it."""
        with self.world.lock:
            _, issue = self._issue(repo, number)
            self.add_reaction(issue.reactions, content, by)

    def lock_issue(self, repo: str, number: int, by: str = "maintainer") -> None:
        with self.world.lock:
            home, issue = self._issue(repo, number)
            issue.locked = True
            self._issue_event("locked", home, issue, by)

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

    def _comment_event(
        self,
        action: str,
        repo: SimRepository,
        on: tuple[SimIssue, SimComment],
        sender: str,
        **extra: Any,
    ) -> None:
        issue, comment = on
        payload = {
            "action": action,
            "issue": self.render.issue(repo, issue),
            "comment": self.render.comment(repo, issue.number, comment),
        }
        self._send("issue_comment", repo, sender, payload | extra)
