"""The order of steps, waits, retries and redeliveries, on a real DBOS over SQLite."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS
from sqlalchemy.exc import OperationalError

from app.job_kinds import Adopt, Backfill, Forget, Job, Move, RefreshThread, Respond
from app.job_queue import JobQueue, QueueUnavailable
from app.jobs import Jobs
from app.metrics import Metrics
from app.settings import Settings
from app.stepping import Patience
from indexer.errors import Forbidden, GitHubUnavailable, RateLimited, StoreBusy
from indexer.state import State, Status
from tests.fakes_app import ScriptedSteps

QUICK = Patience(first=0.01, longest=0.02, attempts=3, poll_first=0.01, poll_longest=0.02)
ISSUE = Respond("octo/tools", 7, 11)


class Running:
    def __init__(self, queue: JobQueue, jobs: Jobs, steps: ScriptedSteps, metrics: Metrics) -> None:
        self.queue = queue
        self.jobs = jobs
        self.steps = steps
        self.metrics = metrics

    async def idle(self) -> None:
        """Wait until no job is left."""
        while await asyncio.to_thread(self.queue.depth):  # noqa: ASYNC110  a database tells nobody
            await asyncio.sleep(0.02)

    async def sync(self) -> None:
        """What the schedule does at its time."""
        triggered = await asyncio.to_thread(DBOS.trigger_schedule, "sync")
        handle: Any = await DBOS.retrieve_workflow_async(triggered.workflow_id)
        await handle.get_result(polling_interval_sec=0.02)

    async def run(self, job: Job, delivery: str = "guid") -> Any:
        """Enqueue a job and wait for its end."""
        (workflow_id,) = await self.queue.enqueue(delivery, [job])
        handle: Any = await DBOS.retrieve_workflow_async(workflow_id)
        return await handle.get_result(polling_interval_sec=0.02)


@pytest.fixture(autouse=True)
def _database(tmp_path, fresh_jobs):
    shutil.copy(fresh_jobs, tmp_path)


@asynccontextmanager
async def running(folder: Path, steps: ScriptedSteps, **settings: Any) -> AsyncIterator[Running]:
    configured = Settings(**{"data_dir": folder, "shutdown_seconds": 1, **settings})
    metrics = Metrics()
    queue = JobQueue(configured)
    jobs = Jobs(steps, queue, metrics, configured, QUICK)  # type: ignore[arg-type]
    await queue.launch(jobs.workflows(), jobs.recurring())
    try:
        yield Running(queue, jobs, steps, metrics)
    finally:
        await queue.close()


async def test_a_job_runs_its_step_and_is_counted(tmp_path):
    async with running(tmp_path, ScriptedSteps()) as jobs:
        outcome = await jobs.run(ISSUE)
    assert outcome == {"outcome": "done", "reason": "scripted"}
    assert [name for name, _ in jobs.steps.calls] == ["look_at_history", "prepare_answer"]
    assert jobs.metrics.jobs.labels("Respond", "done")._value.get() == 1


async def test_the_label_goes_even_when_there_was_nothing_to_say(tmp_path):
    steps = ScriptedSteps(prepare_answer=[{"outcome": "none", "reason": "no_evidence"}])
    async with running(tmp_path, steps) as jobs:
        await jobs.run(Respond("octo/tools", 7, 11, "label"))
    assert [name for name, _ in steps.calls][-2:] == ["prepare_answer", "remove_label"]


async def test_the_label_goes_even_when_the_answer_fails(tmp_path):
    steps = ScriptedSteps(prepare_answer=[Forbidden("no")])
    async with running(tmp_path, steps) as jobs:
        with pytest.raises(Exception, match="no"):
            await jobs.run(Respond("octo/tools", 7, 11, "label"))
    assert [name for name, _ in steps.calls][-2:] == ["prepare_answer", "remove_label"]


async def test_trouble_that_passes_is_waited_out(tmp_path):
    steps = ScriptedSteps(
        prepare_answer=[GitHubUnavailable("502"), RateLimited("slow down", retry_after=0.01)]
    )
    async with running(tmp_path, steps) as jobs:
        outcome = await jobs.run(ISSUE)
    assert outcome["outcome"] == "done"
    assert steps.count("prepare_answer") == 3


async def test_whoever_watches_is_told_why_a_job_waits(tmp_path):
    steps = ScriptedSteps(read_config=[GitHubUnavailable("GitHub cannot be reached.")])
    async with running(tmp_path, steps) as jobs:
        await jobs.run(Backfill("octo/tools"))
        (job,) = await DBOS.list_workflows_async(queue_name=["backfill"], load_input=False)
        told = await jobs.queue.progress(job.workflow_id)
    assert told is not None
    assert (told["stage"], told["trouble"]) == ("waiting", "GitHub cannot be reached.")
    assert told["wait"] > 0


async def test_trouble_that_cannot_be_told_is_waited_out_all_the_same(tmp_path, monkeypatch):
    async def away(*_):
        raise OperationalError("INSERT", {}, Exception("the database is away"))

    monkeypatch.setattr(DBOS, "set_event_async", away)
    steps = ScriptedSteps(prepare_answer=[GitHubUnavailable("502")])
    async with running(tmp_path, steps) as jobs:
        assert (await jobs.run(ISSUE))["outcome"] == "done"
    assert jobs.metrics.retries.labels("prepare_answer", "github_unavailable")._value.get() == 1


async def test_trouble_with_posting_does_not_have_the_answer_made_again(tmp_path):
    steps = ScriptedSteps(
        prepare_answer=[{"outcome": "prepared"}],
        publish_answer=[GitHubUnavailable("502"), RateLimited("slow down", retry_after=0.01)],
    )
    async with running(tmp_path, steps) as jobs:
        assert (await jobs.run(ISSUE))["outcome"] == "done"
    assert steps.count("prepare_answer") == 1
    assert steps.count("publish_answer") == 3


async def test_an_answer_that_cannot_be_posted_is_dropped(tmp_path):
    steps = ScriptedSteps(
        prepare_answer=[{"outcome": "prepared"}], publish_answer=[GitHubUnavailable("502")] * 3
    )
    async with running(tmp_path, steps) as jobs:
        with pytest.raises(Exception, match="publish_answer was tried 3 times"):
            await jobs.run(ISSUE)
    assert steps.calls[-1][0] == "drop_answer"


async def test_a_delivery_whose_jobs_died_too_often_is_not_taken(tmp_path, monkeypatch):
    monkeypatch.setattr("app.job_queue.MAX_ATTEMPTS", 2)
    async with running(tmp_path, ScriptedSteps(prepare_answer=[Forbidden("no")] * 3)) as jobs:
        for _ in range(2):
            with pytest.raises(Exception, match="no"):
                await jobs.run(ISSUE, "guid")
        with pytest.raises(QueueUnavailable, match="Respond was tried 2 times"):
            await jobs.queue.enqueue("guid", [ISSUE])


async def test_a_redelivery_repeats_only_what_is_dead(tmp_path):
    steps = ScriptedSteps(prepare_answer=[Forbidden("no"), None])
    async with running(tmp_path, steps) as jobs:
        with pytest.raises(Exception, match="no"):
            await jobs.run(ISSUE)
        assert (await jobs.run(ISSUE))["outcome"] == "done"
        assert (await jobs.run(ISSUE))["outcome"] == "done"
    assert steps.count("prepare_answer") == 2


async def test_many_events_of_one_thread_are_one_reading_beside_that_under_way(tmp_path):
    hold = asyncio.Event()
    steps = ScriptedSteps(read_thread=[hold])
    thread, other = RefreshThread("octo/tools", 7, 11), RefreshThread("octo/tools", 8, 11)
    async with running(tmp_path, steps) as jobs:
        await jobs.queue.enqueue("first", [thread])
        await steps.reached("read_thread")
        for number in range(5):
            await jobs.queue.enqueue(f"later {number}", [thread])
        await jobs.run(other, "another thread")
        hold.set()
        await jobs.idle()
    read = [given[0] for name, given in steps.calls if name == "read_thread"]
    assert read == [thread, other, thread]
    assert jobs.metrics.jobs.labels("RefreshThread", "left_to_next")._value.get() == 4


async def test_jobs_on_one_issue_run_one_after_the_other(tmp_path):
    hold = asyncio.Event()
    steps = ScriptedSteps(prepare_answer=[hold])
    async with running(tmp_path, steps) as jobs:
        first = asyncio.create_task(jobs.run(ISSUE, "first"))
        await steps.reached("prepare_answer")
        again = Respond("Octo/Tools", 7, 11, "label")
        second = asyncio.create_task(jobs.run(again, "second"))
        await jobs.run(Respond("octo/tools", 8, 11), "another issue")
        assert steps.count("prepare_answer") == 2
        hold.set()
        await asyncio.gather(first, second)
    assert steps.count("prepare_answer") == 3


def seen(outcome: str, started_at: str | None = None) -> dict[str, Any]:
    return {"outcome": outcome, "started_at": started_at}


async def test_a_new_issue_waits_for_the_first_backfill(tmp_path):
    hold = asyncio.Event()
    steps = ScriptedSteps(look_at_history=[seen("running")] * 3, read_history=[hold])
    async with running(tmp_path, steps) as jobs:
        await jobs.queue.enqueue("guid", [Backfill("octo/tools", 11)])
        await steps.reached("read_history")
        await jobs.run(ISSUE)
        hold.set()
    names = [n for n, _ in steps.calls]
    reading = ["read_config", "locate", "read_history"]
    assert names == [*reading, *["look_at_history"] * 4, "prepare_answer"]


async def test_the_wait_for_the_backfill_ends(tmp_path):
    steps = ScriptedSteps(
        look_at_history=[seen("running")] * 99, read_history=[asyncio.Event()] * 2
    )
    async with running(tmp_path, steps, first_backfill_wait_minutes=0.001) as jobs:
        await jobs.run(Respond("octo/tools", 7, 11, "label"))
    assert steps.count("prepare_answer") == 0
    assert [n for n, _ in steps.calls][-2:] == ["give_up_waiting", "remove_label"]


async def test_an_issue_of_an_unread_repository_starts_its_backfill_once(tmp_path):
    hold = asyncio.Event()
    steps = ScriptedSteps(look_at_history=[seen("never")] * 6, read_history=[hold])
    async with running(tmp_path, steps) as jobs:
        issues = [Respond("octo/tools", number, 11) for number in (7, 8)]
        both = [jobs.run(issue, f"opened {issue.number}") for issue in issues]
        waiting = asyncio.gather(*both)
        await steps.reached("read_history")
        await steps.reached("look_at_history", 6)
        hold.set()
        await waiting
    assert steps.count("read_history") == 1
    assert steps.count("prepare_answer") == 2


async def test_a_backfill_that_died_gets_one_more_chance(tmp_path):
    steps = ScriptedSteps(
        look_at_history=[seen("failed", "yesterday")] * 99,
        read_history=[Forbidden("no"), Forbidden("still no")],
    )
    async with running(tmp_path, steps) as jobs:
        with pytest.raises(Exception, match="no"):
            await jobs.run(Backfill("octo/tools", 11), "installed")
        await jobs.run(ISSUE)
    assert steps.count("read_history") == 2
    assert steps.calls[-1][0] == "give_up_waiting"


@pytest.mark.parametrize("lost", [seen("never"), seen("failed", "today"), seen("running")])
async def test_a_history_that_is_lost_again_is_read_again(tmp_path, lost):
    """Forgotten and installed again, say: that it was read once before is no hindrance."""
    steps = ScriptedSteps()
    async with running(tmp_path, steps) as jobs:
        for number in range(1, 4):
            hold = asyncio.Event()
            steps.line_up(look_at_history=[lost] * 3, read_history=[hold])
            waiting = asyncio.create_task(jobs.run(Respond("octo/tools", number, 11), "guid"))
            await steps.reached("read_history", number)
            await steps.reached("look_at_history", 4 * number)
            hold.set()
            assert (await waiting)["outcome"] == "done"
            await jobs.idle()
    assert steps.count("read_history") == 3


async def test_without_a_backfill_nobody_waits_for_one(tmp_path):
    steps = ScriptedSteps(look_at_history=[seen("never")] * 99)
    async with running(tmp_path, steps, first_backfill_wait_minutes=600) as jobs:
        await asyncio.wait_for(jobs.run(ISSUE), 20)
    assert steps.calls[-1][0] == "give_up_waiting"


async def test_a_backfill_that_ends_between_two_looks_has_been_seen(tmp_path):
    hold = asyncio.Event()
    ended = asyncio.Event()

    async def ends() -> dict[str, Any]:
        """The state is looked at when the jobs have been: by then the backfill is over."""
        hold.set()
        await ended.wait()
        return seen("complete")

    steps = ScriptedSteps(look_at_history=[seen("running"), ends], read_history=[hold])
    async with running(tmp_path, steps) as jobs:
        reading = asyncio.create_task(jobs.run(Backfill("octo/tools", 11), "installed"))
        reading.add_done_callback(lambda _: ended.set())
        await steps.reached("read_history")
        await jobs.run(ISSUE)
        await reading
    assert steps.count("read_history") == 1
    assert steps.count("prepare_answer") == 1


async def test_an_installation_backfills_one_repository_after_the_other_in_order(tmp_path):
    names = ["octo/c", "octo/a", "octo/d", "octo/b"]
    steps = ScriptedSteps(list_repositories=[{"outcome": "listed", "repos": names}])
    async with running(tmp_path, steps) as jobs:
        outcome = await jobs.run(Adopt(11))
    assert outcome == {"outcome": "read", "repositories": 4}
    read = [job.repo for name, (job, *_) in steps.calls if name == "read_history"]
    assert read == names


async def test_an_installation_goes_on_with_the_next_when_one_fails(tmp_path):
    listed = {"outcome": "listed", "repos": ["octo/a", "octo/b"]}
    steps = ScriptedSteps(list_repositories=[listed], read_history=[Forbidden("no")])
    async with running(tmp_path, steps) as jobs:
        await jobs.run(Adopt(11, ("octo/a", "octo/b")))
    assert steps.count("read_history") == 2


async def test_what_is_due_is_read_again_once_and_not_while_it_is_read(tmp_path):
    due = {"outcome": "listed", "due": [["octo/a", "sync:1"], ["octo/b", "sync:1"]]}
    hold = asyncio.Event()
    steps = ScriptedSteps(list_due=[due, due, due], read_history=[hold, Forbidden("no")])
    async with running(tmp_path, steps) as jobs:
        await jobs.queue.enqueue("first", [Backfill("octo/a")])
        await steps.reached("read_history")
        await jobs.sync()
        await steps.reached("read_history", 2)
        hold.set()
        await jobs.idle()
        # octo/b failed; its next attempt is the next interval's, under another key.
        await jobs.sync()
        await steps.reached("read_history", 3)
        await jobs.idle()
        await jobs.sync()
    read = [given[0].repo for name, given in steps.calls if name == "read_history"]
    assert read == ["octo/a", "octo/b", "octo/a"]


async def test_forgetting_cancels_a_running_backfill_and_deletes_after_it(tmp_path, monkeypatch):
    monkeypatch.setattr("app.repository_jobs.FORGET_AGAIN_SECONDS", 0.01)
    steps = ScriptedSteps(
        read_history=[asyncio.Event()],
        list_forgotten=[{"outcome": "listed", "repos": ["octo/tools"]}],
    )
    async with running(tmp_path, steps) as jobs:
        await jobs.queue.enqueue("guid", [Backfill("octo/tools", 11)])
        await steps.reached("read_history")
        await jobs.run(Forget(("octo/tools",)), "guid2")
    assert steps.count("forget") == 2


async def test_what_was_asked_for_after_a_forgetting_is_done_again_and_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("app.repository_jobs.FORGET_AGAIN_SECONDS", 0.01)
    steps = ScriptedSteps(
        read_history=[asyncio.Event()],
        list_forgotten=[{"outcome": "listed", "repos": ["octo/tools"]}],
    )
    async with running(tmp_path, steps) as jobs:
        long_ago = datetime.now(UTC) - timedelta(hours=1)
        await jobs.queue.enqueue("installed again", [Backfill("octo/tools", 11)])
        await steps.reached("read_history")
        await jobs.queue.enqueue("uninstalled", [Forget(("octo/tools",))], at=long_ago)
        await steps.reached("read_history", 2)
        await jobs.idle()
    names = [name for name, _ in steps.calls]
    assert names.index("forget") < len(names) - 1 - names[::-1].index("read_history")
    read = [given[0] for name, given in steps.calls if name == "read_history"]
    assert read == [Backfill("octo/tools", 11), Backfill("octo/tools", 11, full=True)]


async def test_what_is_under_way_when_a_repository_moves_goes_on_under_its_new_name(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("app.repository_jobs.FORGET_AGAIN_SECONDS", 0.01)
    steps = ScriptedSteps(
        is_served=[{"outcome": "asked", "served": True}],
        read_history=[asyncio.Event()],
        prepare_answer=[asyncio.Event()],
    )
    async with running(tmp_path, steps) as jobs:
        await jobs.queue.enqueue("opened", [ISSUE])
        await steps.reached("prepare_answer")
        await jobs.queue.enqueue("installed", [Backfill("octo/tools", 11)])
        await steps.reached("read_history")
        await jobs.run(Move("octo/tools", "octo/pumps"), "renamed")
        await steps.reached("prepare_answer", 2)
        await steps.reached("read_history", 2)
        await jobs.idle()
    read = [given[0] for name, given in steps.calls if name == "read_history"]
    assert read == [Backfill("octo/tools", 11), Backfill("octo/pumps")]
    answered = [given[0] for name, given in steps.calls if name == "prepare_answer"]
    assert answered == [ISSUE, Respond("octo/pumps", 7)]


@pytest.mark.parametrize("begun", [True, False])
async def test_a_repository_that_was_never_read_is_not_read_for_another_name(
    tmp_path, monkeypatch, begun
):
    monkeypatch.setattr("app.repository_jobs.FORGET_AGAIN_SECONDS", 0.01)
    steps = ScriptedSteps(
        is_served=[{"outcome": "asked", "served": True}],
        move=[{"outcome": "moved", "begun": begun}],
    )
    async with running(tmp_path, steps) as jobs:
        await jobs.run(Move("octo/tools", "octo/pumps"))
        await jobs.idle()
    assert steps.count("read_history") == begun


class Named(ScriptedSteps):
    """Steps that know which names a repository lost, and when."""

    def __init__(self, **script: Any) -> None:
        super().__init__(**script)
        self.lost: dict[str, datetime] = {}

    async def move(self, job: Move, at: str) -> dict[str, Any]:
        self.lost[job.before] = datetime.fromisoformat(at)
        return {"outcome": "moved", "begun": True}

    async def is_void(self, repo: str, at: str) -> bool:
        return repo in self.lost and datetime.fromisoformat(at) <= self.lost[repo]


async def test_what_waits_goes_on_though_a_repository_gets_its_old_name_back(tmp_path, monkeypatch):
    monkeypatch.setattr("app.repository_jobs.FORGET_AGAIN_SECONDS", 0.01)
    there = [{"outcome": "asked", "served": True}]
    steps = Named(is_served=there * 2, prepare_answer=[asyncio.Event()] * 2)
    async with running(tmp_path, steps) as jobs:
        await jobs.queue.enqueue("opened", [ISSUE])
        await steps.reached("prepare_answer")
        await jobs.run(Move("octo/tools", "octo/pumps"), "renamed")
        await steps.reached("prepare_answer", 2)
        await jobs.run(Move("octo/pumps", "octo/tools"), "renamed back")
        await steps.reached("prepare_answer", 3)
        await jobs.idle()
    answered = [given[0].repo for name, given in steps.calls if name == "prepare_answer"]
    assert answered == ["octo/tools", "octo/pumps", "octo/tools"]


async def test_a_reading_that_fails_before_it_begins_is_known_to_have_failed(tmp_path):
    steps = ScriptedSteps(locate=[Forbidden("no")])
    async with running(tmp_path, steps) as jobs:
        with pytest.raises(Exception, match="no"):
            await jobs.run(Backfill("octo/tools"))
    name, (job, error, _at) = steps.calls[-1]
    assert (name, job, str(error)) == ("note_failure", Backfill("octo/tools"), "no")


async def test_what_moves_to_where_the_app_is_not_is_forgotten(tmp_path):
    steps = ScriptedSteps(is_served=[{"outcome": "asked", "served": False}])
    async with running(tmp_path, steps) as jobs:
        await jobs.run(Move("octo/tools", "other/tools"))
    assert ("list_forgotten", (Forget(("octo/tools",)),)) in steps.calls
    assert steps.count("move") == 0


@pytest.mark.parametrize(
    ("found", "done"),
    [
        ({"outcome": "lost", "error": "It is not there."}, "list_forgotten"),
        ({"outcome": "moved", "name": "octo/pumps", "error": "It moved."}, "move"),
        ({"outcome": "gone", "error": "It cannot be read."}, None),
    ],
)
async def test_what_is_not_where_it_was_is_not_read(tmp_path, found, done):
    served = {"outcome": "asked", "served": True}
    steps = ScriptedSteps(locate=[found], is_served=[served])
    async with running(tmp_path, steps) as jobs:
        outcome = await jobs.run(Backfill("octo/tools"))
        await jobs.idle()
    assert outcome == {"outcome": "gone", "error": found["error"]}
    read = [given[0].repo for name, given in steps.calls if name == "read_history"]
    assert read == (["octo/pumps"] if done == "move" else [])
    assert {name for name, _ in steps.calls} & {"list_forgotten", "move"} == ({done} - {None})


async def test_what_was_asked_for_before_a_repository_was_forgotten_is_not_done(tmp_path):
    steps = ScriptedSteps()
    steps.forgotten.add("octo/tools")
    async with running(tmp_path, steps) as jobs:
        for job in (ISSUE, RefreshThread("octo/tools", 7, 11), Backfill("octo/tools", 11)):
            assert (await jobs.run(job))["outcome"] == "forgotten"
    assert steps.calls == []


@pytest.mark.parametrize("error", [None, Forbidden("no")])
async def test_what_is_under_way_when_a_repository_is_forgotten_is_undone(tmp_path, error):
    hold = asyncio.Event()

    async def ends() -> Any:
        await hold.wait()
        if error:
            raise error

    steps = ScriptedSteps(read_thread=[ends], read_history=[ends])
    async with running(tmp_path, steps) as jobs:
        thread = jobs.run(RefreshThread("octo/tools", 7, 11), "one")
        history = jobs.run(Backfill("octo/tools", 11), "two")
        ended = asyncio.gather(thread, history, return_exceptions=True)
        await steps.reached("read_thread")
        await steps.reached("read_history")
        steps.forgotten.add("octo/tools")
        hold.set()
        await ended
    both = {RefreshThread("octo/tools", 7, 11), Backfill("octo/tools", 11)}
    assert set(steps.taken_back) == both
    assert len(steps.taken_back) == 2


async def test_an_installation_that_is_undone_meanwhile_reads_nothing(tmp_path):
    steps = ScriptedSteps(list_repositories=[{"outcome": "listed", "repos": ["octo/tools"]}])
    async with running(tmp_path, steps) as jobs:
        long_ago = datetime(2026, 1, 1, tzinfo=UTC)
        await jobs.queue.enqueue("guid", [Adopt(11)], at=long_ago)
        await steps.reached("read_history")
        found = await DBOS.list_workflows_async(queue_name=["backfill"])
    assert [job.input["args"][1] for job in found] == [long_ago.isoformat()]


async def test_a_job_survives_the_server(tmp_path):
    stopped = ScriptedSteps(read_thread=[asyncio.Event()])
    async with running(tmp_path, stopped) as jobs:
        await jobs.queue.enqueue("guid", [RefreshThread("octo/tools", 7, 11)])
        await stopped.reached("read_thread")
    steps = ScriptedSteps()
    async with running(tmp_path, steps) as jobs:
        await steps.reached("read_thread")
        assert (await jobs.run(RefreshThread("octo/tools", 7, 11)))["outcome"] == "done"
    assert steps.count("read_thread") == 1


async def test_a_stopping_server_lets_a_step_finish_and_wakes_no_waiting_job(tmp_path):
    hold = asyncio.Event()
    steps = ScriptedSteps(prepare_answer=[hold], look_at_history=[None, *[seen("running")] * 99])
    async with running(tmp_path, steps, shutdown_seconds=20) as jobs:
        await jobs.queue.enqueue("one", [ISSUE])
        await steps.reached("prepare_answer")
        await jobs.queue.enqueue("two", [Respond("octo/tools", 8, 11)])
        await steps.reached("look_at_history", 4)
        closing = asyncio.create_task(jobs.queue.close())
        await asyncio.sleep(0)
        hold.set()
        await asyncio.wait_for(closing, 10)
    assert steps.count("prepare_answer") == 1
    again = ScriptedSteps()
    async with running(tmp_path, again) as jobs:
        assert (await jobs.run(ISSUE, "one"))["outcome"] == "done"
        assert (await jobs.run(Respond("octo/tools", 8, 11), "two"))["outcome"] == "done"
    assert [job.number for name, (job, *_) in again.calls if name == "prepare_answer"] == [8]


async def test_only_ids_are_stored(tmp_path):
    async with running(tmp_path, ScriptedSteps()) as jobs:
        await jobs.run(ISSUE)
    stored = sqlite3.connect(tmp_path / "jobs.sqlite")
    inputs = [row[0] for row in stored.execute("select inputs from workflow_input")]
    mode = stored.execute("pragma journal_mode").fetchone()[0]
    stored.close()
    assert any('"number":7' in text for text in inputs)
    assert mode == "wal"


async def test_what_an_unexpected_error_said_is_stored_nowhere(tmp_path):
    steps = ScriptedSteps(prepare_answer=[KeyError("words of an issue")])
    async with running(tmp_path, steps) as jobs:
        with pytest.raises(Exception, match=r"prepare_answer met KeyError in .*fakes_app\.py"):
            await jobs.run(ISSUE)
        assert jobs.metrics.jobs.labels("Respond", "crashed")._value.get() == 1
    assert all(b"words of" not in file.read_bytes() for file in tmp_path.glob("jobs.*"))


async def test_finished_jobs_are_pruned_and_depth_counts_the_others(tmp_path):
    hold = asyncio.Event()
    steps = ScriptedSteps(read_thread=[hold])
    async with running(tmp_path, steps) as jobs:
        await jobs.run(ISSUE)
        await jobs.queue.enqueue("guid", [RefreshThread("octo/tools", 7, 11)])
        await steps.reached("read_thread")
        assert jobs.queue.depth() == {("refresh", "pending"): 1}
        assert await jobs.queue.prune(datetime.now(UTC) - timedelta(days=1)) == 0
        assert await jobs.queue.prune(datetime.now(UTC) + timedelta(days=1)) == 1
        hold.set()


async def test_a_second_server_in_the_same_folder_is_refused(tmp_path):
    async with running(tmp_path, ScriptedSteps()):
        with pytest.raises(StoreBusy, match="another server"):
            JobQueue(Settings(data_dir=tmp_path))
    JobQueue(Settings(data_dir=tmp_path))


async def test_a_history_that_another_process_left_half_read_is_read_on(tmp_path):
    state = State.open(Settings(data_dir=tmp_path))
    state.update("octo/left", status=Status.RUNNING, source="github", docs=False)
    state.update("octo/imported", status=Status.RUNNING, source="import")
    state.update("octo/done", status=Status.COMPLETE, source="github")
    async with running(tmp_path, ScriptedSteps()) as jobs:
        await jobs.jobs.resume_backfills(state)
        await jobs.jobs.resume_backfills(state)
        await jobs.steps.reached("read_history")
    state.close()
    assert [job for name, (job,) in jobs.steps.calls if name == "read_history"] == [
        Backfill("octo/left", docs=False)
    ]


async def test_a_delivery_whose_jobs_cannot_all_be_stored_stores_none(tmp_path):
    async with running(tmp_path, ScriptedSteps()) as jobs:
        with pytest.raises(ValueError, match="partition"):
            await jobs.queue.enqueue("guid", [ISSUE, Backfill("", 11)])
        assert await jobs.run(RefreshThread("octo/tools", 1, 11), "other")
    assert jobs.steps.count("prepare_answer") == 0
