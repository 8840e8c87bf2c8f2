"""GitHub's JSON for its objects, as REST answers and webhook payloads show them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from tests.github_simulator.world import (
    SimComment,
    SimInstallation,
    SimIssue,
    SimRepository,
    blob_sha,
    stable_number,
)

Json = dict[str, Any]
MANIFEST = yaml.safe_load((Path(__file__).parents[2] / "app.yml").read_text(encoding="utf-8"))
EVENTS = sorted(MANIFEST["default_events"])
REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def stamp(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


class Renderer:
    """Renders the world with the addresses of this server.

    Args:
        url: the server's root; pages and API share it.
        app_id: the App's number.
        slug: the App's name in addresses and in its bot's login.
    """

    def __init__(self, url: str, app_id: int, slug: str) -> None:
        self.url = url
        self.app_id = app_id
        self.slug = slug

    @property
    def bot(self) -> str:
        return f"{self.slug}[bot]"

    def user(self, login: str, *, is_bot: bool | None = None) -> Json:
        bot = login.endswith("[bot]") if is_bot is None else is_bot
        return {
            "login": login,
            "id": stable_number("user", login.lower(), size=4),
            "node_id": f"U_{stable_number('user', login.lower()):x}",
            "type": "Bot" if bot else "User",
            "site_admin": False,
            "avatar_url": f"{self.url}/avatars/{login}",
            "url": f"{self.url}/users/{login}",
            "html_url": f"{self.url}/{login}",
        }

    def account(self, login: str) -> Json:
        return {**self.user(login, is_bot=False), "type": "Organization"}

    def app(self) -> Json:
        return {
            "id": self.app_id,
            "slug": self.slug,
            "node_id": f"A_{self.app_id}",
            "client_id": f"Iv1.{self.app_id:016x}",
            "owner": self.account("oncall-intern"),
            "name": "Oncall Intern",
            "description": "",
            "external_url": "https://example.test",
            "html_url": f"{self.url}/apps/{self.slug}",
            "created_at": "2024-01-01T00:00:00Z",
            "updated_at": "2024-01-01T00:00:00Z",
            "permissions": {"issues": "write", "metadata": "read", "contents": "read"},
            "events": EVENTS,
        }

    def repository(self, repo: SimRepository) -> Json:
        return {
            "id": repo.id,
            "node_id": f"R_{repo.id:x}",
            "name": repo.name,
            "full_name": repo.full_name,
            "private": repo.private,
            "visibility": "private" if repo.private else "public",
            "owner": self.account(repo.owner),
            "html_url": f"{self.url}/{repo.full_name}",
            "url": f"{self.url}/repos/{repo.full_name}",
            "description": repo.description,
            "fork": False,
            "default_branch": "main",
            "archived": repo.archived,
            "disabled": False,
            "has_issues": repo.issues_enabled,
            "has_discussions": repo.discussions_enabled,
            "open_issues_count": sum(i.state == "open" for i in repo.issues.values()),
            "created_at": stamp(repo.created_at),
            "updated_at": stamp(repo.created_at),
            "pushed_at": stamp(repo.head.date if repo.head else repo.created_at),
        }

    def small_repository(self, repo: SimRepository) -> Json:
        return {
            "id": repo.id,
            "node_id": f"R_{repo.id:x}",
            "name": repo.name,
            "full_name": repo.full_name,
            "private": repo.private,
        }

    def label(self, repo: SimRepository, name: str) -> Json:
        found = repo.labels.get(repo.label_name(name) or name, {})
        return {
            "id": stable_number("label", repo.full_name.lower(), name.lower(), size=5),
            "node_id": f"LA_{stable_number('label', repo.full_name, name):x}",
            "name": name,
            "color": found.get("color", "ededed"),
            "default": False,
            "description": found.get("description"),
            "url": f"{self.url}/repos/{repo.full_name}/labels/{name}",
        }

    def issue(self, repo: SimRepository, issue: SimIssue) -> Json:
        api = f"{self.url}/repos/{repo.full_name}/issues/{issue.number}"
        return {
            "id": issue.id,
            "node_id": f"I_{issue.id:x}",
            "number": issue.number,
            "title": issue.title,
            "body": issue.body,
            "user": self.user(issue.author, is_bot=issue.is_bot),
            "author_association": issue.author_association,
            "labels": [self.label(repo, name) for name in issue.labels],
            "state": issue.state,
            "state_reason": issue.state_reason,
            "locked": issue.locked,
            "active_lock_reason": None,
            "assignee": None,
            "assignees": [],
            "milestone": None,
            "comments": len(issue.comments),
            "created_at": stamp(issue.created_at),
            "updated_at": stamp(issue.updated_at),
            "closed_at": stamp(issue.closed_at),
            "url": api,
            "repository_url": f"{self.url}/repos/{repo.full_name}",
            "labels_url": f"{api}/labels{{/name}}",
            "comments_url": f"{api}/comments",
            "events_url": f"{api}/events",
            "timeline_url": f"{api}/timeline",
            "html_url": f"{self.url}/{repo.full_name}/issues/{issue.number}",
            "reactions": self.reactions(issue.reactions, api),
            "performed_via_github_app": None,
        }

    def pull_as_issue(self, repo: SimRepository, number: int) -> Json:
        pull = repo.pulls[number]
        shown = SimIssue(
            number=number,
            id=stable_number("pull", repo.full_name.lower(), number, size=5),
            title=pull.title,
            body="",
            author=pull.author,
            created_at=pull.created_at,
            updated_at=pull.merged_at or pull.created_at,
            state="closed" if pull.merged_at else "open",
            closed_at=pull.merged_at,
        )
        page = f"{self.url}/{repo.full_name}/pull/{number}"
        return {
            **self.issue(repo, shown),
            "html_url": page,
            "pull_request": {"html_url": page, "merged_at": stamp(pull.merged_at)},
        }

    def pull(self, repo: SimRepository, number: int) -> Json:
        """A pull request that was opened here, as its own REST path and event show it."""
        issue = self.pull_as_issue(repo, number)
        pull = repo.pull_heads[number]
        return {
            **{name: issue[name] for name in ("id", "number", "title", "body", "user", "state")},
            "html_url": issue["html_url"],
            "merged_at": None,
            "changed_files": len(pull.changes),
            "head": {"ref": f"patch-{number}", "sha": pull.head.sha},
            "base": {
                "ref": pull.base,
                "sha": repo.head.sha if repo.head else "0" * 40,
                "repo": self.repository(repo),
            },
        }

    def comment(self, repo: SimRepository, number: int, comment: SimComment) -> Json:
        api = f"{self.url}/repos/{repo.full_name}/issues/comments/{comment.id}"
        return {
            "id": comment.id,
            "node_id": f"IC_{comment.id:x}",
            "body": comment.body,
            "user": self.user(comment.author, is_bot=comment.is_bot),
            "author_association": comment.author_association,
            "created_at": stamp(comment.created_at),
            "updated_at": stamp(comment.updated_at),
            "url": api,
            "html_url": self.comment_page(repo, number, comment.id),
            "issue_url": f"{self.url}/repos/{repo.full_name}/issues/{number}",
            "reactions": self.reactions(comment.reactions, api),
            "performed_via_github_app": self.app() if comment.app_id == self.app_id else None,
        }

    def comment_page(self, repo: SimRepository, number: int, comment_id: int) -> str:
        return f"{self.url}/{repo.full_name}/issues/{number}#issuecomment-{comment_id}"

    def reactions(self, reactions: list[Json], api: str) -> Json:
        counts = {name: sum(r["content"] == name for r in reactions) for name in REACTIONS}
        return {"url": f"{api}/reactions", "total_count": len(reactions), **counts}

    def installation(self, installation: SimInstallation) -> Json:
        return {
            "id": installation.id,
            "account": self.account(installation.account),
            "app_id": self.app_id,
            "app_slug": self.slug,
            "target_type": "Organization",
            "target_id": stable_number("user", installation.account.lower(), size=4),
            "repository_selection": installation.selection,
            "permissions": installation.permissions,
            "events": EVENTS,
            "access_tokens_url": f"{self.url}/app/installations/{installation.id}/access_tokens",
            "repositories_url": f"{self.url}/installation/repositories",
            "html_url": f"{self.url}/organizations/{installation.account}/settings/installations",
            "created_at": "2024-01-01T00:00:00Z",
            "updated_at": "2024-01-01T00:00:00Z",
            "single_file_name": None,
            "suspended_at": stamp(installation.suspended_at),
            "suspended_by": None,
        }

    def release(self, repo: SimRepository, release: Any) -> Json:
        return {
            "id": stable_number("release", repo.full_name.lower(), release.tag, size=5),
            "tag_name": release.tag,
            "name": release.name or release.tag,
            "body": release.body,
            "draft": False,
            "prerelease": release.prerelease,
            "created_at": stamp(release.published_at),
            "published_at": stamp(release.published_at),
            "author": self.user(repo.owner),
            "html_url": f"{self.url}/{repo.full_name}/releases/tag/{release.tag}",
            "url": f"{self.url}/repos/{repo.full_name}/releases/{release.tag}",
            "target_commitish": "main",
            "assets": [],
        }

    def blob_entry(self, repo: SimRepository, path: str, data: bytes, *, symlink: bool) -> Json:
        sha = blob_sha(data)
        return {
            "path": path,
            "mode": "120000" if symlink else "100644",
            "type": "blob",
            "sha": sha,
            "size": len(data),
            "url": f"{self.url}/repos/{repo.full_name}/git/blobs/{sha}",
        }
