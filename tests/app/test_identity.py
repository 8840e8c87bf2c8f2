"""Who we are: asked once, told from others by id or login."""

from types import SimpleNamespace
from typing import Any

import pytest

from app.identity import Author, Identity
from app.settings import Settings
from indexer.errors import GitHubUnavailable


class FakeClients:
    """The App and the token's owner; `errors` are raised by the next calls."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.errors: list[Exception] = []

    def app(self) -> Any:
        return SimpleNamespace(get=self._get)

    for_token = app

    async def _get(self, path: str) -> dict[str, str]:
        self.asked.append(path)
        if self.errors:
            raise self.errors.pop(0)
        return {"slug": "oncall-intern", "login": "ada"}


async def test_the_app_is_asked_once():
    clients: Any = FakeClients()
    identity = Identity(Settings(github_app_id=5), clients)
    assert identity.login is None
    assert await identity.author() == Author(5, "oncall-intern[bot]")
    await identity.author()
    assert clients.asked == ["app"]
    assert identity.login == "oncall-intern[bot]"


async def test_without_an_app_it_is_the_owner_of_the_token():
    clients: Any = FakeClients()
    assert await Identity(Settings(), clients).author() == Author(None, "ada")


async def test_a_failure_is_asked_again():
    clients: Any = FakeClients()
    clients.errors = [GitHubUnavailable("502")]
    identity = Identity(Settings(github_app_id=5), clients)
    with pytest.raises(GitHubUnavailable):
        await identity.author()
    assert (await identity.author()).app_id == 5


@pytest.mark.parametrize(
    ("comment", "ours"),
    [
        ({"performed_via_github_app": {"id": 5}, "user": None}, True),
        ({"performed_via_github_app": None, "user": {"login": "oncall-intern[bot]"}}, True),
        ({"performed_via_github_app": {"id": 6}, "user": {"login": "other[bot]"}}, False),
        ({"user": {"login": "oncall-intern"}}, False),
        ({}, False),
    ],
)
def test_whose_comment_it_is(comment, ours):
    assert Author(5, "oncall-intern[bot]").wrote(comment) == ours
    assert not Author(None).wrote(comment)
