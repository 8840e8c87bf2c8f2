import base64

import pytest

from indexer.config_file import parse
from indexer.errors import Forbidden, GitHubUnavailable, NotFound
from indexer.repo_config import RepoConfig, Sources
from indexer.sharing import sources_of

HERE = "octo/widgets"


class Places:
    """Repositories by name: how visible each is, and its config file."""

    def __init__(self, **places):
        self.places = {"widgets": ("public", None), **places}
        self.moved = {}
        self.asked = []

    async def get(self, path):
        self.asked.append(path)
        owner, name, *rest = path.split("/")[1:]
        found = (
            self.places.get(name) if owner == "octo" else ("public", "share_with: [octo/widgets]")
        )
        if found is None:
            raise NotFound(path)
        visibility, text = found
        if isinstance(visibility, Exception):
            raise visibility
        if not rest:
            shown = {"visibility": visibility} if isinstance(visibility, str) else visibility
            return {"full_name": self.moved.get(name, f"Octo/{name}"), **shown}
        if text is None:
            raise NotFound(path)
        if isinstance(text, Exception):
            raise text
        return {"type": "file", "content": base64.b64encode(text.encode()).decode()}


def naming(*names):
    return RepoConfig(sources=Sources(repositories=names))


async def found(places, *names, repo=HERE):
    return await sources_of(places.get, repo, naming(*names))


SHARES = "share_with: [widgets]"


async def test_whoever_is_named_and_names_us_back_may_answer():
    places = Places(hull=("public", SHARES), mast=("public", "share_with: [OCTO/Widgets]"))
    assert await found(places, "octo/hull", "Mast", "hull", "widgets") == ("octo/hull", "octo/mast")


async def test_without_names_nothing_is_asked():
    places = Places()
    assert await found(places) == ()
    assert places.asked == []


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "share_with: []",
        "share_with: [octo/other]",
        "share_with: [elsewhere/widgets]",
        "share_with: ['*']",
        "share_with: [widgets]\nno_such_key: 1",
        "share_with: [",
        "sources: {repositories: [widgets]}",
        Forbidden("no"),
    ],
)
async def test_who_does_not_name_us_back_shares_nothing(text):
    assert await found(Places(hull=("public", text)), "hull") == ()


async def test_the_owner_s_common_file_is_no_consent():
    places = Places(**{"hull": ("public", None), ".github": ("public", SHARES)})
    assert await found(places, "hull") == ()


async def test_another_owner_s_repository_is_not_even_asked_for():
    places = Places()
    assert await found(places, "elsewhere/hull") == ()
    assert places.asked == []


@pytest.mark.parametrize(
    ("reader", "source", "may"),
    [
        ("public", "public", True),
        ("public", "internal", False),
        ("public", "private", False),
        ("internal", "public", True),
        ("internal", "internal", True),
        ("internal", "private", False),
        ("private", "public", True),
        ("private", "internal", True),
        ("private", "private", True),
        ("public", "secret", False),
        ("secret", "public", False),
        ({"private": False}, {"private": False}, True),
        ({"private": False}, {"private": True}, False),
        ({"private": True}, {"private": True}, True),
        ({"private": False}, {}, False),
    ],
)
async def test_what_is_closed_never_feeds_what_is_more_open(reader, source, may):
    places = Places(widgets=(reader, None), hull=(source, SHARES))
    assert (await found(places, "hull") == ("octo/hull",)) == may


async def test_a_repository_made_private_later_is_left_out_at_once():
    places = Places(hull=("public", SHARES))
    assert await found(places, "hull") == ("octo/hull",)
    places.places["hull"] = ("private", SHARES)
    assert await found(places, "hull") == ()


@pytest.mark.parametrize("now", ["Octo/deck", "elsewhere/hull"])
async def test_a_repository_that_moved_is_left_out(now):
    places = Places(hull=("public", SHARES))
    places.moved["hull"] = now
    assert await found(places, "hull") == ()


@pytest.mark.parametrize("error", [NotFound("gone"), Forbidden("no")])
async def test_who_cannot_be_read_does_not_hide_the_others(error):
    places = Places(hull=(error, None), mast=("public", SHARES))
    assert await found(places, "hull", "mast") == ("octo/mast",)
    places.places["widgets"] = (error, None)
    assert await found(places, "mast") == ()


async def test_a_silent_github_is_no_answer():
    with pytest.raises(GitHubUnavailable):
        await found(Places(hull=(GitHubUnavailable("later"), None)), "hull")


@pytest.mark.parametrize(
    "name",
    ["", "..", "octo/..", "octo/.", "a/b/c", "octo/a b", "octo/x?y", "-a/b", "o/" + "n" * 101],
)
def test_a_name_that_is_none_is_a_broken_file(name):
    for text in (f"share_with: ['{name}']", f"sources: {{repositories: ['{name}']}}"):
        assert parse(text).state == "broken"


def test_too_many_names_are_a_broken_file():
    names = ", ".join(f"r{n}" for n in range(11))
    assert parse(f"sources: {{repositories: [{names}]}}").state == "broken"
    assert parse(f"share_with: [{names}]").state == "ok"
