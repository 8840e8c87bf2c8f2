"""What every action on a simulated GitHub needs: look-ups, rights, and telling the webhooks."""

from datetime import datetime
from typing import TypeVar

from tests.github_simulator.deliveries import Deliverer, Delivery
from tests.github_simulator.payloads import Json, Renderer
from tests.github_simulator.trouble import Troubles
from tests.github_simulator.world import (
    SimComment,
    SimInstallation,
    SimIssue,
    SimRepository,
    World,
)

T = TypeVar("T")

WRITERS = {"OWNER": "admin", "MEMBER": "write", "COLLABORATOR": "write"}
MENTION_ASSOCIATION = {"admin": "MEMBER", "maintain": "MEMBER", "write": "COLLABORATOR"}


class Unknown(LookupError):
    """No such repository, issue, comment or label here."""


class Actions:
    """Acts on the world and tells the webhooks."""

    def __init__(
        self, world: World, render: Renderer, deliverer: Deliverer, troubles: Troubles
    ) -> None:
        self.world = world
        self.render = render
        self.deliverer = deliverer
        self.trouble = troubles
        self.tree_limit = 100_000

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

    def _changed(self, result: T) -> T:
        self.world.changed.notify_all()
        return result
