"""What a pull request that touches the config file is told."""

import pytest

from app.config_check import MOST_ANNOTATIONS, NAME, check
from indexer.errors import Forbidden, NotFound
from tests.fakes_github import clients_for
from tests.github_simulator import Seed, SeedRepository, Simulator

REPO = "octo/tools"
PATH = ".github/oncall-intern.yml"


@pytest.fixture
def github():
    with Simulator(Seed(repositories=[SeedRepository(full_name=REPO, config="mode: on")])) as made:
        yield made


async def checked(github, files):
    number = github.open_pull(REPO, "Change things", files)
    clients = clients_for(github)
    try:
        return await check(clients.for_installation(1001), REPO, number)
    finally:
        await clients.aclose()


async def test_a_broken_file_is_told_with_line_and_reason(github):
    assert await checked(github, {PATH: "mode: on\nmodus: off\n"}) == "failed"
    (run,) = github.world.repository(REPO).check_runs
    assert (run["name"], run["conclusion"]) == (NAME, "failure")
    (note,) = run["output"]["annotations"]
    assert (note["path"], note["start_line"]) == (PATH, 2)
    assert note["message"] == "modus: there is no such key."
    head = next(iter(github.world.repository(REPO).pull_heads.values())).head.sha
    assert run["head_sha"] == head


async def test_each_wrong_line_has_its_own_note_as_far_as_github_takes_them(github):
    many = "".join(f"key{number}: 1\n" for number in range(60))
    assert await checked(github, {PATH: f"mode: loud\n{many}"}) == "failed"
    (run,) = github.world.repository(REPO).check_runs
    lines = [note["start_line"] for note in run["output"]["annotations"]]
    assert lines == list(range(1, MOST_ANNOTATIONS + 1))
    assert run["output"]["title"] == "Line 1 is wrong"


@pytest.mark.parametrize(
    ("text", "title"),
    [("mode: shadow", "The file is good"), (None, "The file is removed")],
)
async def test_a_good_file_passes(github, text, title):
    assert await checked(github, {PATH: text}) == "passed"
    (run,) = github.world.repository(REPO).check_runs
    assert (run["conclusion"], run["output"]["title"]) == ("success", title)


async def test_a_file_that_is_moved_away_is_a_file_removed(github):
    assert await checked(github, {PATH: None, "docs/old.yml": "mode: on"}) == "passed"
    (run,) = github.world.repository(REPO).check_runs
    assert run["output"]["title"] == "The file is removed"


async def test_other_pull_requests_hear_nothing(github):
    assert await checked(github, {"src/a.py": "pass"}) == "untouched"
    assert github.world.repository(REPO).check_runs == []


async def test_without_the_permission_github_refuses(github):
    github.world.installations[1001].permissions["checks"] = "read"
    with pytest.raises(Forbidden):
        await checked(github, {PATH: "mode: loud"})


async def test_a_pull_request_that_is_gone(github):
    clients = clients_for(github)
    with pytest.raises(NotFound):
        await check(clients.for_installation(1001), REPO, 999)
    await clients.aclose()
