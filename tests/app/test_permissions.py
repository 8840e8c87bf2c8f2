"""Who may tell us what to do: GitHub is asked, and no answer means no."""

import pytest

from app.permissions import SECONDS, Permissions
from indexer.errors import GitHubUnavailable
from tests.fakes_github import FakeClock, clients_for
from tests.github_simulator import Seed, SeedRepository, Simulator

REPO = "octo/tools"
ROLES = {"ada": "admin", "mia": "maintain", "wim": "write", "tri": "triage", "ron": "read"}


@pytest.fixture
def github():
    seed = Seed(repositories=[SeedRepository(full_name=REPO, collaborators=ROLES)])
    with Simulator(seed) as made:
        yield made


@pytest.fixture
async def client(github):
    clients = clients_for(github)
    yield clients.for_installation(1001)
    await clients.aclose()


@pytest.mark.parametrize(
    ("login", "may"),
    [
        ("ada", True),
        ("mia", True),
        ("wim", True),
        ("tri", True),
        ("ron", False),
        ("stranger", False),
        ("../../octo/tools", False),
    ],
)
async def test_roles(client, login, may):
    assert await Permissions().may_triage(client, REPO, login) is may


async def test_an_answer_is_remembered_for_a_minute(github, client):
    clock = FakeClock(0)
    permissions = Permissions(clock)
    assert await permissions.may_triage(client, REPO, "tri")
    github.world.repository(REPO).collaborators["tri"] = "read"
    assert await permissions.may_triage(client, REPO.upper(), "Tri")
    clock.now += SECONDS + 1
    assert not await permissions.may_triage(client, REPO, "tri")


async def test_a_refusal_means_no_and_trouble_means_neither(github, client):
    github.add_trouble("GET /repos/*/permission", kind="status", status=403, times=1)
    assert not await Permissions().may_triage(client, REPO, "ada")
    github.add_trouble("GET /repos/*/permission", kind="status", status=502, times=99)
    with pytest.raises(GitHubUnavailable):
        await Permissions().may_triage(client, REPO, "ada")
