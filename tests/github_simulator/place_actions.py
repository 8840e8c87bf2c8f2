"""What happens to repositories and installations; each sends its webhooks."""

from typing import Any

from tests.github_simulator.actions import Actions
from tests.github_simulator.payloads import Json
from tests.github_simulator.seed import SeedPull, SeedRelease, SeedRepository
from tests.github_simulator.world import (
    SimInstallation,
    SimPull,
    SimRepository,
    changes_between,
    commit,
    renames_between,
)


class PlaceActions(Actions):
    """Files, releases, repositories, installations."""

    def set_files(self, repo: str, files: dict[str, str | None], by: str = "maintainer") -> str:
        """Write files (None deletes) in one commit on main: `push`. Returns the commit."""
        with self.world.lock:
            home = self._repo(repo)
            before = home.head
            old = before.files if before else {}
            new = {path: data for path, data in old.items() if files.get(path, "") is not None}
            new |= {path: text.encode() for path, text in files.items() if text is not None}
            made = commit(home, new, "Change files", self.world.now())
            changes = changes_between(old, new)
            touched = {
                status: [path for path, what in changes.items() if what == status]
                for status in ("added", "modified", "removed")
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

    def open_pull(
        self,
        repo: str,
        title: str,
        files: dict[str, str | None],
        author: str = "dev",
        *,
        base: str = "main",
    ) -> int:
        """Propose files (None deletes) for a branch: `pull_request.opened`. Returns the number."""
        with self.world.lock:
            home = self._repo(repo)
            number = home.next_number()
            home.pulls[number] = SeedPull(
                number=number, title=title, author=author, created_at=self.world.now()
            )
            self._set_head(home, number, files, base)
            self._pull_event("opened", home, number, author)
            return self._changed(number)

    def push_to_pull(self, repo: str, number: int, files: dict[str, str | None]) -> str:
        """Propose other files: `pull_request.synchronize`. Returns the new head."""
        with self.world.lock:
            home = self._repo(repo)
            self._set_head(home, number, files, home.pull_heads[number].base)
            self._pull_event("synchronize", home, number, home.pulls[number].author)
            return self._changed(home.pull_heads[number].head.sha)

    def _set_head(
        self, home: SimRepository, number: int, files: dict[str, str | None], base: str
    ) -> None:
        old = home.head.files if home.head else {}
        new = {path: data for path, data in old.items() if files.get(path, "") is not None}
        new |= {path: text.encode() for path, text in files.items() if text is not None}
        made = commit(home, new, f"Pull request {number}", self.world.now())
        home.commits.remove(made)  # it is on no branch of the repository
        home.pull_heads[number] = SimPull(
            made, base, changes_between(old, new), renames_between(old, new)
        )

    def _pull_event(self, action: str, home: SimRepository, number: int, by: str) -> None:
        shown = self.render.pull(home, number)
        payload = {"action": action, "number": number, "pull_request": shown}
        self._send("pull_request", home, by, payload)

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
            self.world.rename(home, new)
            changes = {"repository": {"name": {"from": old.split("/")[1]}}}
            self._send("repository", home, home.owner, {"action": "renamed", "changes": changes})
            return self._changed(new)

    def transfer_repository(self, repo: str, owner: str) -> str:
        """Give a repository to another account: `repository.transferred`. Returns its new name.

        Where the App is installed on all of that account's repositories, it is there at once, and
        GitHub tells the new installation.
        """
        with self.world.lock:
            home = self._repo(repo)
            old = home.full_name
            new = f"{owner}/{home.name}"
            for installation in self.world.installations.values():
                kept = [entry for entry in installation.repositories if entry != old]
                there = installation.account.lower() == owner.lower()
                joins = there and installation.selection == "all"
                installation.repositories = [*kept, *([new] if joins else [])]
            self.world.rename(home, new)
            former = self.render.account(old.split("/")[0])
            changes = {"owner": {"from": {"organization": former}}}
            payload = {"action": "transferred", "changes": changes}
            self._send("repository", home, owner, payload)
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
