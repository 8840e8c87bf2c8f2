"""Repositories that leave, come back and move, seen from the whole server."""

from datetime import UTC, datetime, timedelta

import pytest

from app.job_kinds import (
    Backfill,
    Forget,
    Obey,
    RefreshConfig,
    RefreshDocs,
    RefreshThread,
    RemoveThread,
    Respond,
)
from app.spending import Limits
from app.steps import Steps
from indexer.state import Status
from indexer.store import Where
from indexer.thresholds import Thresholds
from tests.app.running_server import SHORT, RunningServer, running_server
from tests.app.test_end_to_end import BODY, REPO, TITLE, history
from tests.fakes_embedding import ToyEmbedder
from tests.github_simulator import Seed, SeedRepository

PRIMING = "# Pump\n\n## Priming\n\nOpen the bleed screw and turn the handle until it is wet.\n"
HERE = Where((REPO,))
DOCS = Where((REPO,), kinds=("doc", "release"))
ISSUES = Where((REPO,), kinds=("issue",))


@pytest.fixture(autouse=True)
def _database(tmp_path, fresh_jobs, monkeypatch):
    (tmp_path / "jobs.sqlite").write_bytes(fresh_jobs.read_bytes())
    monkeypatch.setattr("app.repository_jobs.FORGET_AGAIN_SECONDS", 0.05)


def two_accounts() -> Seed:
    """The same, and an account that has the App on all that it owns."""
    seed = history()
    other = SeedRepository.model_validate({"full_name": "acme/valve"})
    return seed.model_copy(update={"repositories": [*seed.repositories, other]})


def count(server: RunningServer, where: Where) -> int:
    return server.services.knowledge_base.count(where)


async def test_a_forgetting_that_comes_late_does_not_undo_a_new_installation(tmp_path):
    before = datetime.now(UTC)
    async with running_server(tmp_path, history()) as server:
        whole = count(server, HERE)
        await server.queue.enqueue("late", [Forget(account="octo")], at=before)
        await server.settled()
        assert count(server, HERE) == whole
        assert server.services.state.repository(REPO).is_complete


async def test_a_sync_does_not_bring_back_what_is_forgotten(tmp_path):
    async with running_server(tmp_path, history()) as server:
        asked = datetime.now(UTC)
        await server.queue.enqueue("sync", [Backfill(REPO)])
        await server.settled()
        await server.queue.enqueue("uninstalled", [Forget((REPO,))], at=asked)
        await server.settled()
        assert server.services.knowledge_base.repos() == {}


@pytest.mark.parametrize(
    "job", [RefreshDocs(REPO), RefreshConfig(REPO), RefreshThread(REPO, 40), Backfill(REPO)]
)
async def test_a_void_job_takes_nothing_back_of_a_repository_that_is_read_anew(tmp_path, job):
    async with running_server(tmp_path, history()) as server:
        whole = count(server, HERE)
        forgotten = server.services.state.forgotten
        forgotten.note(REPO, datetime.now(UTC) - timedelta(days=1))
        await Steps(server.services).repositories.take_back(job)
        assert count(server, HERE) == whole


async def test_a_void_reading_of_documents_takes_back_documents_alone(tmp_path):
    async with running_server(tmp_path, history()) as server:
        server.github.set_files(REPO, {"README.md": PRIMING})
        await server.settled()
        assert count(server, DOCS)
        issues = count(server, ISSUES)
        server.services.state.forgotten.note(REPO, datetime.now(UTC))
        await Steps(server.services).repositories.take_back(RefreshDocs(REPO))
        assert (count(server, DOCS), count(server, ISSUES)) == (0, issues)


@pytest.mark.parametrize(
    "job", [Obey(REPO, 3, 9), RefreshThread(REPO, 3), RemoveThread(REPO, 3), Respond(REPO, 3)]
)
async def test_of_what_a_void_job_wrote_about_an_issue_nothing_is_left(tmp_path, job):
    async with running_server(tmp_path, history(), backfilled=False) as server:
        services = server.services
        services.state.forgotten.note(REPO, datetime.now(UTC))
        services.state.pairs.add(REPO, 3, 40)
        services.state.pairs.add_elsewhere(REPO, 3, "octo/hose", 1)
        services.state.heard.note(REPO, 3)
        services.records.wishes.add(REPO, 3, "off")
        assert services.records.spending.reserve(REPO, 3, 0.1, Limits(1, 1)) is not None
        await Steps(services).repositories.take_back(job)
        assert services.state.names() | services.records.repositories() == set()


async def test_a_thread_that_goes_after_its_repository_leaves_no_trace(tmp_path):
    async with running_server(tmp_path, history()) as server:
        before = datetime.now(UTC)
        await server.queue.enqueue("uninstalled", [Forget((REPO,))])
        await server.settled()
        await server.queue.enqueue("deleted", [RemoveThread(REPO, 3)], at=before)
        await server.settled()
        assert REPO not in server.services.state.names()


async def test_a_first_reading_that_fails_before_it_begins_is_due_again(tmp_path):
    async with running_server(
        tmp_path, history(), backfilled=False, sync_interval_hours=SHORT
    ) as server:
        server.github.add_trouble(f"GET /repos/{REPO}", status=403, times=None)
        server.github.announce_installation(1001)
        await server.settled()
        row = server.services.state.repository(REPO)
        assert (row.status, row.error_reason) == (Status.FAILED, "github_forbidden")
        server.github.clear_troubles()
        await server.sync()
        assert server.services.state.repository(REPO).is_complete


async def test_a_repository_beyond_the_limit_stays_so_under_another_name(tmp_path):
    other = SeedRepository.model_validate({"full_name": "octo/hose"})
    seed = history()
    seed.repositories.append(other)
    async with running_server(tmp_path, seed, backfill_max_repositories=1) as server:
        server.github.rename_repository("octo/hose", "pipe")
        await server.settled()
        rows = server.services.state.repositories()
        assert "octo/hose" not in rows
        assert (rows["octo/pipe"].status, rows["octo/pipe"].warning_reason) == ("never", "capped")


def learn(server: RunningServer) -> None:
    """What people and evaluations taught us of the repository."""
    services = server.services
    services.records.wishes.add(REPO, 3, "off")
    services.state.pairs.add(REPO, 3, 40)
    services.state.save_thresholds(REPO, Thresholds(related=0.05))


def check_moved(server: RunningServer, new: str, points: int) -> None:
    """All that was known is known under the new name, and nothing under the old one."""
    services = server.services
    assert services.records.wishes.of(new, 3).off
    assert services.state.pairs.of(new, 3) == {40}
    assert services.state.thresholds(new).related == 0.05
    assert services.state.repository(new).is_complete
    assert services.state.repository(REPO).status is Status.NEVER
    assert services.knowledge_base.repos()[new] == points
    assert REPO not in services.knowledge_base.repos()
    assert REPO not in services.state.names() | services.records.repositories()


MOVES = {
    "renamed": (lambda github: github.rename_repository(REPO, "pumps"), "octo/pumps"),
    "transferred": (lambda github: github.transfer_repository(REPO, "acme"), "acme/pump"),
}


@pytest.mark.parametrize("heard", [True, False], ids=["heard of", "found by the sync"])
@pytest.mark.parametrize(("move", "new"), MOVES.values(), ids=MOVES)
async def test_a_repository_that_moves_takes_along_what_is_known_of_it(tmp_path, move, new, heard):
    embedder = ToyEmbedder()
    async with running_server(
        tmp_path, two_accounts(), embedder=embedder, sync_interval_hours=SHORT
    ) as server:
        learn(server)
        points = count(server, HERE)
        embedder.calls.clear()
        server.github.pause_webhooks(paused=not heard)
        move(server.github)
        server.github.pause_webhooks(paused=False)
        await (server.settled() if heard else server.sync())
        check_moved(server, new, points)
        assert not [text for call in embedder.calls for text in call if "Valve" in text]
        number = server.github.open_issue(new, TITLE, BODY)["number"]
        await server.settled()
        (comment,) = server.github.comments(new, number, by_app=True)
        assert "valve_timeout = 500" in comment["body"]


LOSSES = {
    "deleted": lambda github: github.delete_repository(REPO),
    "taken out": lambda github: github.remove_repository(1001, REPO),
    "uninstalled": lambda github: github.uninstall(1001),
    "transferred to strangers": lambda github: github.transfer_repository(REPO, "strangers"),
}


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
async def test_a_loss_that_no_webhook_told_is_found_by_the_sync(tmp_path, lose):
    async with running_server(tmp_path, history(), sync_interval_hours=SHORT) as server:
        learn(server)
        server.github.pause_webhooks()
        lose(server.github)
        server.github.pause_webhooks(paused=False)
        await server.sync()
        services = server.services
        assert services.knowledge_base.repos() == {}
        assert services.state.names() | services.records.repositories() == set()


@pytest.mark.parametrize("app", [None, 999], ids=["read by a token or a file", "another App's"])
async def test_what_this_app_never_had_is_not_lost_to_it(tmp_path, app):
    async with running_server(tmp_path, history(), sync_interval_hours=SHORT) as server:
        points = count(server, HERE)
        server.services.state.update(REPO, app_id=app)
        server.github.pause_webhooks()
        server.github.uninstall(1001)
        await server.sync()
        assert count(server, HERE) == points
        assert "not installed" in server.services.state.repository(REPO).error


async def test_a_suspended_installation_is_no_loss(tmp_path):
    async with running_server(tmp_path, history(), sync_interval_hours=SHORT) as server:
        points = count(server, HERE)
        server.github.suspend(1001)
        await server.sync()
        assert count(server, HERE) == points


async def test_beyond_the_limit_a_repository_is_read_when_an_issue_is_opened_there(tmp_path):
    other = SeedRepository.model_validate({"full_name": "octo/hose"})
    seed = history()
    seed.repositories.append(other)
    async with running_server(tmp_path, seed, backfill_max_repositories=1) as server:
        rows = server.services.state.repositories()
        assert rows[REPO].is_complete
        assert (rows["octo/hose"].status, rows["octo/hose"].warning_reason) == ("never", "capped")
        assert "BACKFILL_MAX_REPOSITORIES" in rows["octo/hose"].warning
        server.github.open_issue("octo/hose", TITLE, BODY)
        await server.settled()
        row = server.services.state.repository("octo/hose")
        assert (row.status, row.warning) == ("complete", None)
