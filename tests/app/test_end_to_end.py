"""Signed webhook in, comment out: the whole server beside a simulated GitHub."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from indexer.indexing import stored_threads
from indexer.store import Where
from tests.app.running_server import SHORT, RunningServer, running_server
from tests.github_simulator import Seed, SeedRepository
from tests.github_simulator.seed import SeedDiscussion
from tests.github_simulator.world import CONFIG_PATH

REPO = "octo/pump"
AGAIN = "intern: again"
START = datetime(2025, 1, 1, tzinfo=UTC)
TITLE = "Pump stalls with ValveTimeoutError after the second refill"
BODY = """The pump stops on the second refill and never starts again.

```
ValveTimeoutError: valve 3 did not close within 250 ms
  at Manifold.close (manifold.rs)
```
"""


def thread(number: int, title: str, body: str, **more: Any) -> dict[str, Any]:
    opened = START + timedelta(days=number)
    return {
        "number": number,
        "title": title,
        "body": body,
        "author": "ada",
        "created_at": opened.isoformat(),
        "updated_at": opened.isoformat(),
        **more,
    }


def comment(author: str, body: str, day: int) -> dict[str, Any]:
    moment = START + timedelta(days=day)
    return {
        "author": author,
        "author_association": "MEMBER",
        "body": body,
        "created_at": moment.isoformat(),
    }


TOPICS = [
    ("Typo in the chapter about hoses", "The word hose is spelled hoes in the chapter on hoses."),
    ("Support for metric threads", "Our fittings are metric. Please add metric threads."),
    ("Dashboard shows yesterday's flow", "The graph of the flow lags a day behind our clocks."),
    ("Logs fill the disk", "Each refill writes a megabyte of logs. Rotate them, please."),
    ("Dark colours for the panel", "At night the panel is far too bright for the crew."),
    ("Import of old schedules", "Schedules from version one cannot be read by version two."),
]


def history() -> Seed:
    original = thread(
        40,
        TITLE,
        BODY,
        comments=[
            comment("ben", "Set `valve_timeout = 500` in pump.toml; that cures it here.", 41),
            comment("ada", "Thanks, that solved it!", 42),
        ],
        state="closed",
        state_reason="completed",
        closed_at=(START + timedelta(days=43)).isoformat(),
    )
    others = [thread(n, title, body) for n, (title, body) in enumerate(TOPICS, 1)]
    repository = SeedRepository.model_validate(
        {"full_name": REPO, "threads": [*others, original], "docs": {"README.md": "# Pump\n"}}
    )
    return Seed(repositories=[repository])


@pytest.fixture(autouse=True)
def _database(tmp_path, fresh_jobs):
    (tmp_path / "jobs.sqlite").write_bytes(fresh_jobs.read_bytes())


def ours(server: RunningServer, number: int) -> list[str]:
    return [c["body"] for c in server.github.comments(REPO, number, by_app=True)]


def opened(server: RunningServer, title: str = TITLE, body: str = BODY) -> int:
    return int(server.github.open_issue(REPO, title, body)["number"])


async def metric(server: RunningServer, text: str) -> float:
    async with httpx.AsyncClient(base_url=server.url) as client:
        answer = await client.get("/metrics")
    lines = [line for line in answer.text.splitlines() if line.startswith(text)]
    return float(lines[0].rsplit(" ", 1)[1]) if lines else 0.0


def labels(server: RunningServer, number: int) -> list[str]:
    return [label["name"] for label in server.github.thread(REPO, number)["labels"]]


def points(server: RunningServer, number: int) -> int:
    return server.services.knowledge_base.count(Where((REPO,), numbers=(number,)))


async def test_a_duplicate_is_answered_once_and_again_on_request(tmp_path):
    async with running_server(tmp_path, history()) as server:
        number = opened(server)
        await server.settled()
        (first,) = ours(server, number)
        assert "40" in first
        assert "valve_timeout = 500" in first

        # The label without news: nothing changes, and it is gone.
        server.github.add_label(REPO, number, AGAIN)
        await server.settled()
        assert ours(server, number) == [first]
        assert labels(server, number) == []

        # The label after news: the same comment says something else.
        server.github.reopen(REPO, 40)
        await server.settled()
        before = server.github.comments(REPO, number, by_app=True)[0]["id"]
        server.github.add_label(REPO, number, AGAIN)
        await server.settled()
        (after,) = server.github.comments(REPO, number, by_app=True)
        assert after["id"] == before
        assert after["body"] != first
        assert labels(server, number) == []

        # The same deliveries once more: nothing.
        for delivery in [d for d in server.github.deliverer.log if d.event == "issues"]:
            server.github.redeliver(delivery.guid)
        await server.settled()
        assert server.github.comments(REPO, number, by_app=True) == [after]


async def test_an_edit_of_the_issue_corrects_the_comment(tmp_path):
    async with running_server(tmp_path, history()) as server:
        number = opened(server)
        await server.settled()
        (first,) = server.github.comments(REPO, number, by_app=True)
        server.github.edit(REPO, number, title="Zebra census", body="Which zebra lives where?")
        await server.settled()
        (after,) = server.github.comments(REPO, number, by_app=True)
        assert after["id"] == first["id"]
        assert "valve_timeout" not in after["body"]


async def test_what_nobody_ever_asked_gets_no_comment_and_the_label_goes_too(tmp_path):
    async with running_server(tmp_path, history()) as server:
        number = opened(server, "Quarterly zebra census", "Which zebra lives where?")
        await server.settled()
        assert ours(server, number) == []
        server.github.add_label(REPO, number, AGAIN)
        await server.settled()
        assert labels(server, number) == []
        assert server.services.records.reply_of(REPO, number).action == "none"


async def test_a_forged_delivery_is_refused_and_leaves_no_job(tmp_path):
    async with running_server(tmp_path, history()) as server:
        server.github.deliverer.secret = "not the secret"
        number = opened(server)
        await server.settled()
        assert server.github.deliverer.log[-1].status == 401
        assert ours(server, number) == []
        assert await metric(server, 'intern_deliveries_total{event="unverified"') == 1


async def test_a_lost_answer_makes_no_second_comment(tmp_path):
    async with running_server(tmp_path, history()) as server:
        server.github.add_trouble(
            "POST /repos/*/issues/*/comments", kind="status", status=502, after=True
        )
        number = opened(server)
        await server.settled()
        assert len(ours(server, number)) == 1


async def test_trouble_with_github_is_waited_out(tmp_path):
    async with running_server(tmp_path, history()) as server:
        server.github.add_trouble("POST /repos/*/issues/*/comments", kind="secondary", times=2)
        number = opened(server)
        await server.settled()
        assert len(ours(server, number)) == 1
        assert await metric(server, "intern_job_retries_total") >= 1


async def test_issues_follow_github(tmp_path):
    async with running_server(tmp_path, history()) as server:
        number = opened(server)
        await server.settled()
        assert points(server, number) == 1
        server.github.comment(REPO, number, "It happens here too, on the third refill.", "cleo")
        await server.settled()
        assert points(server, number) == 2
        server.github.delete_issue(REPO, number)
        await server.settled()
        assert points(server, number) == 0
        assert server.services.records.reply_of(REPO, number) is None


async def test_an_issue_opened_before_the_history_was_read_waits_for_it(tmp_path):
    async with running_server(tmp_path, history(), backfilled=False) as server:
        number = opened(server)
        await server.settled()
        assert len(ours(server, number)) == 1
        assert server.services.state.repository(REPO).is_complete
        assert AGAIN in {label.lower() for label in server.github.world.repository(REPO).labels}


async def test_an_uninstalled_account_leaves_nothing_behind(tmp_path):
    async with running_server(tmp_path, history()) as server:
        number = opened(server)
        await server.settled()
        assert server.services.records.reply_of(REPO, number) is not None
        server.github.uninstall(1001)
        await server.settled()
        assert server.services.knowledge_base.repos() == {}
        assert server.services.records.repositories() == set()
        assert server.services.state.repositories() == {}


async def test_the_config_is_followed_and_a_broken_one_changes_nothing(tmp_path):
    async with running_server(tmp_path, history()) as server:
        path = ".github/oncall-intern.yml"
        server.github.set_files(REPO, {path: "enabled: false\n"})
        await server.settled()
        silent = opened(server)
        server.github.set_files(REPO, {path: "enabled: perhaps\n"})
        still_silent = opened(server)
        await server.settled()
        server.github.set_files(REPO, {path: "labels: {again: 'look again'}\n"})
        await server.settled()
        server.github.add_label(REPO, silent, "Look Again")
        await server.settled()
        assert len(ours(server, silent)) == 1
        assert ours(server, still_silent) == []


async def test_a_pull_request_that_breaks_the_config_is_told(tmp_path):
    async with running_server(tmp_path, history()) as server:
        path = ".github/oncall-intern.yml"
        number = server.github.open_pull(REPO, "Quieter", {path: "enabled: perhaps\n"})
        await server.settled()
        server.github.push_to_pull(REPO, number, {path: "enabled: false\n"})
        await server.settled()
        runs = server.github.world.repository(REPO).check_runs
        assert [run["conclusion"] for run in runs] == ["failure", "success"]


async def test_an_issue_that_is_locked_is_left_alone(tmp_path):
    async with running_server(tmp_path, history()) as server:
        server.github.pause_webhooks()
        number = opened(server)
        server.github.lock_issue(REPO, number)
        server.github.pause_webhooks(paused=False)
        server.github.redeliver(server.github.deliverer.log[-2].guid)
        await server.settled()
        assert ours(server, number) == []
        assert server.services.records.reply_of(REPO, number).reason == "locked"


def texts(server: RunningServer, kind: str) -> list[str]:
    found, _ = server.services.knowledge_base.scroll(Where((REPO,), kinds=(kind,)), limit=100)
    return sorted(point.payload["text"] for point in found)


async def test_docs_and_releases_follow_github(tmp_path):
    install = "Turn the valve until it clicks, then fill the tank."
    async with running_server(tmp_path, history()) as server:
        server.github.set_files(REPO, {"docs/install.md": f"# Install\n\n{install}\n"})
        server.github.set_files(REPO, {"src/pump.rs": "fn main() {}\n"})
        server.github.publish_release(REPO, "v2.0", "Valves close in time.")
        await server.settled()
        assert any(install in text for text in texts(server, "doc"))
        assert texts(server, "release") == ["Valves close in time."]
        server.github.set_files(REPO, {"docs/install.md": None})
        await server.settled()
        assert not any(install in text for text in texts(server, "doc"))


async def test_a_push_that_changes_which_files_are_read_is_read_by_its_own_config(tmp_path):
    hint = "The siphon is primed with the outlet closed."
    async with running_server(tmp_path, history()) as server:
        wanted = "sources: {docs: ['docs/*', 'website/**/*.txt']}"
        files = {CONFIG_PATH: wanted, "docs/a.md": f"# A\n\n{hint}", "website/b.txt": hint}
        server.github.set_files(REPO, files)
        await server.settled()
        assert texts(server, "doc") == [hint, hint]
        server.github.set_files(REPO, {"website/b.txt": f"{hint} Then open it."})
        await server.settled()
        assert texts(server, "doc") == [hint, f"{hint} Then open it."]


async def test_an_answered_discussion_is_quoted(tmp_path):
    seed = history()
    title = "How is the bilge siphon primed?"
    seed.repositories[0].config = "sources: {discussions: true}"
    seed.repositories[0].discussions = [
        SeedDiscussion(
            number=60,
            title=title,
            body="The bilge siphon is dry after winter and sucks only air.",
            created_at=START,
            answer="Run `pump prime --siphon` with the outlet closed.",
        )
    ]
    async with running_server(tmp_path, seed) as server:
        number = opened(server, title, "Our bilge siphon is dry after winter, it sucks only air.")
        await server.settled()
        (body,) = ours(server, number)
        assert "pump prime" in body
        assert "/octo/pump/discussions/60#discussioncomment-" in body


async def test_what_no_webhook_told_is_found_by_the_sync(tmp_path):
    async with running_server(tmp_path, history(), sync_interval_hours=SHORT) as server:
        server.github.pause_webhooks()
        server.github.delete_issue(REPO, 3)
        server.github.edit(REPO, 4, title="The night is too bright")
        server.github.pause_webhooks(paused=False)
        await server.sync()
        kb = server.services.knowledge_base
        stored = {t.number: t.title for t in stored_threads(kb, REPO)}
        assert 3 not in stored
        assert stored[4] == "The night is too bright"


async def test_a_repository_made_private_is_forgotten_until_its_next_issue(tmp_path):
    async with running_server(tmp_path, history()) as server:
        server.github.set_private(REPO, private=True)
        await server.settled()
        assert server.services.knowledge_base.repos() == {}
        number = opened(server)
        await server.settled()
        assert server.services.state.repository(REPO).is_complete
        assert len(ours(server, number)) == 1


async def test_health_and_readiness(tmp_path):
    async with (
        running_server(tmp_path, history(), backfilled=False) as server,
        httpx.AsyncClient(base_url=server.url) as client,
    ):
        assert (await client.get("/healthz")).status_code == 200
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "ready")
        assert (await client.get("/docs")).status_code == 404
        schema = await client.get("/schema/oncall-intern.json")
        assert schema.json()["properties"]["mode"]["enum"] == ["on", "shadow"]
