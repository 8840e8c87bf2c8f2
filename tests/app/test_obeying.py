"""Commands in comments, from the webhook to the reaction, on the whole server."""

import pytest

from tests.app.running_server import RunningServer, running_server
from tests.app.test_end_to_end import REPO, history, opened, ours

ROLES = {"tria": "triage", "ron": "read"}


def seed():
    made = history()
    made.repositories[0].collaborators.update(ROLES)
    return made


@pytest.fixture(autouse=True)
def _database(tmp_path, fresh_jobs):
    (tmp_path / "jobs.sqlite").write_bytes(fresh_jobs.read_bytes())


def say(server: RunningServer, number: int, text: str, by: str) -> int:
    return int(server.github.comment(REPO, number, text, by)["id"])


def reactions(server: RunningServer, comment: int) -> list[str]:
    found = server.github.world.repository(REPO).comment_index[comment][1]
    return [reaction["content"] for reaction in found.reactions]


async def answered(server: RunningServer) -> int:
    number = opened(server)
    await server.settled()
    assert len(ours(server, number)) == 1
    return number


def shown(server: RunningServer, number: int) -> tuple[int, ...]:
    found = server.services.records.reply_of(REPO, number)
    assert found is not None
    return found.shown


async def test_what_is_no_duplicate_is_never_shown_again(tmp_path):
    async with running_server(tmp_path, seed()) as server:
        number = await answered(server)
        first = shown(server, number)[0]
        said = say(server, number, f"/intern not-duplicate #{first}", "tria")
        await server.settled()
        assert reactions(server, said) == ["+1"]
        assert first not in shown(server, number)
        assert f"#{first}" not in ours(server, number)[0]
        assert server.services.state.pairs.all(REPO) == {tuple(sorted((first, number)))}
        say(server, number, "/intern again", "tria")
        await server.settled()
        assert first not in shown(server, number)
        assert len(server.github.comments(REPO, number, by_app=True)) == 1


async def test_the_other_issue_may_be_named_by_its_repository_or_address(tmp_path):
    async with running_server(tmp_path, seed()) as server:
        number = await answered(server)
        first = shown(server, number)[0]
        pairs = server.services.state.pairs
        for text in (
            f"OTHER/repo#{number}",
            f"https://redirect.github.com/other/repo/issues/{first}",
        ):
            said = say(server, number, f"/intern not-duplicate {text}", "tria")
            await server.settled()
            assert reactions(server, said) == ["+1"]
        assert pairs.elsewhere(REPO, number) == {("other/repo", number), ("other/repo", first)}
        assert pairs.all(REPO) == frozenset()
        assert first in shown(server, number)
        say(server, number, f"/intern not-duplicate {REPO.upper()}#{first}", "tria")
        await server.settled()
        assert first not in shown(server, number)
        assert pairs.all(REPO) == {tuple(sorted((first, number)))}


@pytest.mark.parametrize("text", ["/intern again", "/intern not-duplicate #1", "/intern off"])
async def test_strangers_are_refused_by_a_reaction_and_no_word(tmp_path, text):
    async with running_server(tmp_path, seed()) as server:
        number = await answered(server)
        before = ours(server, number)
        said = say(server, number, text, "ron")
        await server.settled()
        assert reactions(server, said) == ["confused"]
        assert ours(server, number) == before
        assert server.services.state.pairs.all(REPO) == frozenset()


async def test_what_nobody_understands_changes_nothing(tmp_path):
    async with running_server(tmp_path, seed()) as server:
        number = await answered(server)
        said = [
            say(server, number, text, "tria")
            for text in ("/intern dance", f"/intern not-duplicate #{number}")
        ]
        await server.settled()
        assert [reactions(server, comment) for comment in said] == [["confused"], ["confused"]]


async def test_the_author_folds_it_away_and_a_maintainer_brings_it_back(tmp_path):
    async with running_server(tmp_path, seed()) as server:
        number = await answered(server)
        first = shown(server, number)[0]
        said = say(server, number, "/intern hide", "reporter")
        await server.settled()
        (folded,) = ours(server, number)
        assert reactions(server, said) == ["+1"]
        assert folded.startswith("<details><summary>Folded on request</summary>")
        server.github.edit(REPO, number, body="Something else entirely")
        say(server, number, "/intern hide", "reporter")
        await server.settled()
        say(server, number, f"/intern not-duplicate #{first}", "tria")
        await server.settled()
        assert ours(server, number) == [folded]
        say(server, number, "/intern again", "tria")
        await server.settled()
        assert not ours(server, number)[0].startswith("<details>")


async def test_off_is_for_good(tmp_path):
    async with running_server(tmp_path, seed()) as server:
        number = await answered(server)
        say(server, number, "/intern off", "reporter")
        await server.settled()
        (folded,) = ours(server, number)
        assert folded.startswith("<details>")
        server.github.add_label(REPO, number, "intern: again")
        say(server, number, "/intern again", "tria")
        await server.settled()
        assert ours(server, number) == [folded]
        assert server.services.records.reply_of(REPO, number).reason == "off"


async def test_no_ai_in_a_comment_by_the_author_counts(tmp_path):
    async with running_server(tmp_path, seed()) as server:
        number = await answered(server)
        say(server, number, "/no-ai", "reporter")
        await server.settled()
        assert ours(server, number)[0].startswith("<details>")


async def test_no_ai_in_an_issue_is_respected_after_it_is_edited_away(tmp_path):
    async with running_server(tmp_path, seed()) as server:
        number = opened(server, body="It leaks. ZX-9 valve drips.\n/no-ai")
        await server.settled()
        server.github.edit(REPO, number, body="It leaks. ZX-9 valve drips.")
        server.github.add_label(REPO, number, "intern: again")
        await server.settled()
        assert ours(server, number) == []
        assert server.services.records.reply_of(REPO, number).reason == "no_ai"


async def test_a_label_of_the_config_folds_the_comment_for_good(tmp_path):
    made = seed()
    made.repositories[0].config = "labels: {ignore: humans only}"
    async with running_server(tmp_path, made) as server:
        number = await answered(server)
        server.github.add_label(REPO, number, "Humans Only")
        await server.settled()
        (folded,) = ours(server, number)
        assert folded.startswith("<details>")
        server.github.remove_label(REPO, number, "Humans Only")
        server.github.add_label(REPO, number, "intern: again")
        await server.settled()
        assert ours(server, number) == [folded]


async def test_a_permission_that_github_does_not_tell_is_waited_for_and_not_granted(tmp_path):
    async with running_server(tmp_path, seed()) as server:
        number = await answered(server)
        server.github.add_trouble("GET /repos/*/permission", kind="status", status=403, times=9)
        said = say(server, number, "/intern off", "tria")
        await server.settled()
        assert reactions(server, said) == ["confused"]
        assert not server.services.records.wishes.of(REPO, number).off
