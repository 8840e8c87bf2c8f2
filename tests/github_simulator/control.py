"""Everything that can be done to a simulated GitHub from outside, and looking at it.

Tests call these as methods of Simulator; another process calls them as POST /_sim/<name> with
the arguments as JSON.
"""

from collections.abc import Callable
from typing import Any

from tests.github_simulator.issue_actions import IssueActions
from tests.github_simulator.payloads import Json
from tests.github_simulator.place_actions import PlaceActions


class Control(IssueActions, PlaceActions):
    """All actions, and webhooks, troubles and looking."""

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
        "open_pull",
        "pause_webhooks",
        "publish_release",
        "push_to_pull",
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
