"""Servers of other versions: what one leaves in the queue, the next does from its beginning."""

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dbos import DBOS
from structlog.testing import capture_logs

from app.job_kinds import KINDS, Respond
from app.workflow_version import SOURCES, workflow_version
from tests.app.test_jobs import ISSUE, running
from tests.fakes_app import ScriptedSteps
from tests.postgres import a_database

LATER = Respond("octo/tools", 7, 11, "edited")


@pytest.fixture(autouse=True)
def _database(tmp_path, fresh_jobs):
    shutil.copy(fresh_jobs, tmp_path)


@contextmanager
def another_version() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in ("app.job_queue", "app.renewal"):
            patch.setattr(f"{module}.workflow_version", lambda: "another")
        yield


async def leave_behind(folder: Path) -> None:
    """A server of another version stops with one job in the middle and one that waits."""
    stopped = ScriptedSteps(prepare_answer=[asyncio.Event()])
    with another_version():
        async with running(folder, stopped) as jobs:
            await jobs.queue.enqueue("opened", [ISSUE])
            await stopped.reached("prepare_answer")
            await jobs.queue.enqueue("edited", [LATER])


async def test_what_another_version_left_begins_anew(tmp_path):
    await leave_behind(tmp_path)
    steps = ScriptedSteps()
    async with running(tmp_path, steps) as jobs:
        await jobs.idle()
        # A redelivery meets what was made of it.
        await jobs.queue.enqueue("opened", [ISSUE])
        await jobs.idle()
        found = await DBOS.list_workflows_async(load_input=False)
    for job in (ISSUE, LATER):
        done = [name for name, given in steps.calls if given[0] == job]
        assert done == ["look_at_history", "prepare_answer"]
    assert sorted((w.app_version, w.status) for w in found if w.queue_partition_key) == [
        *[(workflow_version(), "SUCCESS")] * 2,
        *[("another", "CANCELLED")] * 2,
    ]


async def test_a_job_that_this_version_does_not_know_is_given_up_aloud(tmp_path):
    await leave_behind(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "jobs.sqlite")) as jobs, jobs:
        jobs.execute("update workflow_status set name = 'Sing' where workflow_uuid like 'opened%'")
    steps = ScriptedSteps()
    with capture_logs() as told:
        async with running(tmp_path, steps) as jobs:
            await jobs.idle()
    assert [given[0] for name, given in steps.calls if name == "prepare_answer"] == [LATER]
    assert [line["error"] for line in told if "given up" in line["event"]] == [
        "This version knows no such job as Sing."
    ]


async def test_what_is_done_by_the_clock_is_done_by_whoever_started_last(tmp_path):
    nothing = {"outcome": "listed", "due": []}
    for version in ("another", workflow_version()):
        context = another_version() if version == "another" else contextlib.nullcontext()
        with context:
            async with running(tmp_path, ScriptedSteps(list_due=[nothing])) as jobs:
                latest = await DBOS.get_latest_application_version_async()
                assert latest["version_name"] == version
                await jobs.sync()


async def test_a_server_of_the_same_version_goes_on_in_the_middle(tmp_path):
    stopped = ScriptedSteps(prepare_answer=[asyncio.Event()])
    async with running(tmp_path, stopped) as jobs:
        await jobs.queue.enqueue("opened", [ISSUE])
        await stopped.reached("prepare_answer")
    steps = ScriptedSteps()
    async with running(tmp_path, steps) as jobs:
        await jobs.idle()
    assert [name for name, _ in steps.calls] == ["prepare_answer"]


def test_the_version_changes_with_every_module_that_orders_steps(monkeypatch):
    ordering = {
        path.stem
        for path in Path("app").glob("*.py")
        if "await self._step(" in path.read_text("utf-8")
    }
    kinds = {kind.__module__.removeprefix("app.") for kind in KINDS.values()}
    assert ordering | kinds | {"steps", "repository_steps", "stepping"} == set(SOURCES)
    for left_out in SOURCES:
        others = tuple(name for name in SOURCES if name != left_out)
        monkeypatch.setattr("app.workflow_version.SOURCES", others)
        assert workflow_version.__wrapped__() != workflow_version()


async def test_what_a_server_of_another_version_left_that_is_gone_begins_anew(tmp_path):
    with a_database() as url:
        common = {"database_url": url, "worker_silent_minutes": 0.01}
        stopped = ScriptedSteps(prepare_answer=[asyncio.Event()])
        with another_version():
            async with running(tmp_path, stopped, worker_id="one", **common) as jobs:
                await jobs.queue.enqueue("opened", [ISSUE])
                await stopped.reached("prepare_answer")
        steps = ScriptedSteps()
        async with running(tmp_path, steps, worker_id="two", **common) as jobs:
            await steps.reached("prepare_answer")
            await jobs.idle()
    assert [name for name, _ in steps.calls] == ["look_at_history", "prepare_answer"]
