"""Repositories that leave, come back and move, seen from the whole server."""

from datetime import UTC, datetime, timedelta

import pytest

from app.job_kinds import Backfill, Forget, RefreshConfig, RefreshDocs, RefreshThread
from app.steps import Steps
from indexer.store import Where
from tests.app.running_server import RunningServer, running_server
from tests.app.test_end_to_end import REPO, history

PRIMING = "# Pump\n\n## Priming\n\nOpen the bleed screw, then turn the handle until water comes out of it.\n"
HERE = Where((REPO,))
DOCS = Where((REPO,), kinds=("doc", "release"))
ISSUES = Where((REPO,), kinds=("issue",))


@pytest.fixture(autouse=True)
def _database(tmp_path, fresh_jobs, monkeypatch):
    (tmp_path / "jobs.sqlite").write_bytes(fresh_jobs.read_bytes())
    monkeypatch.setattr("app.repository_jobs.FORGET_AGAIN_SECONDS", 0.05)


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
