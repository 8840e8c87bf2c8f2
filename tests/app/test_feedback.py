"""What people did with the answers, from GitHub to `intern report`."""

import json
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.feedback import Answered
from app.feedback_poll import BATCH, batches
from app.records import Records
from app.report_command import report, told
from app.settings import Settings
from app.steps import Steps
from tests.app.running_server import RunningServer, running_server
from tests.app.test_end_to_end import REPO, history, opened, ours
from tests.postgres import a_database


@pytest.fixture(autouse=True)
def _database(tmp_path, fresh_jobs):
    (tmp_path / "jobs.sqlite").write_bytes(fresh_jobs.read_bytes())


async def polled(server: RunningServer):
    return await Steps(server.services).poll_feedback()


def of(server: RunningServer, number: int) -> Answered:
    found = server.services.records.feedback.of(REPO, number)
    assert found is not None
    return found


def our_comment(server: RunningServer, number: int) -> int:
    return int(server.github.comments(REPO, number, by_app=True)[0]["id"])


async def test_reactions_and_closings_become_outcomes(tmp_path):
    async with running_server(tmp_path, history()) as server:
        liked, disliked, same, other = (opened(server) for _ in range(4))
        silent = opened(server, "Zebra", "Something about zebras that nobody ever wrote of.")
        await server.settled()
        original = of(server, same).shown[0]
        server.github.react(REPO, our_comment(server, liked), "+1", "reporter")
        for by in ("ann", "bob"):
            server.github.react(REPO, our_comment(server, disliked), "-1", by)
        for number, of_ in ((same, original), (other, 1), (silent, 40)):
            server.github.mark_duplicate(REPO, number, of_)
            server.github.close(REPO, number, reason="duplicate")
        result = await polled(server)
        assert result == {"outcome": "polled", "answers": 5, "known": 5}
        assert (of(server, liked).up, of(server, disliked).down) == (1, 2)
        outcomes = [of(server, n).outcome for n in (liked, disliked, same, other, silent)]
        assert outcomes == ["assist", "noise", "success", "noise", "missed"]
        assert of(server, silent).kind == "silent"
        queries = [query for query, _ in server.github.graph.asked if "Feedback" in query]
        assert len(queries) == 1


async def test_what_is_gone_is_passed_over(tmp_path):
    async with running_server(tmp_path, history()) as server:
        kept, gone, deleted = (opened(server) for _ in range(3))
        await server.settled()
        server.github.react(REPO, our_comment(server, kept), "+1", "reporter")
        server.github.delete_comment(REPO, our_comment(server, deleted))
        server.github.pause_webhooks()
        server.github.delete_issue(REPO, gone)
        assert (await polled(server))["known"] == 1


async def test_shadow_mode_posts_nothing_and_the_report_shows_it(tmp_path):
    seed = history()
    seed.repositories[0].config = "mode: shadow"
    async with running_server(tmp_path, seed) as server:
        number = opened(server)
        await server.settled()
        assert ours(server, number) == []
        assert of(server, number).kind == "shadow"
        settings = server.services.settings
    made = json.loads(json.dumps(report(settings, None, None)))
    (kept,) = made["shadow"]
    assert (kept["repo"], kept["number"]) == (REPO, number)
    assert "past issue" in kept["body"]
    assert made["versions"][0]["shadow"] == 1
    lines = list(told(made))
    assert f"--- {REPO}#{number} would have been told on" in "\n".join(lines)


async def test_a_comment_that_is_told_wrong_is_noise(tmp_path):
    async with running_server(tmp_path, history()) as server:
        number = opened(server)
        await server.settled()
        server.github.comment(REPO, number, "/intern hide", "reporter")
        await server.settled()
        assert of(server, number).outcome == "noise"
        await polled(server)
        assert of(server, number).outcome == "noise"


def answered(number, repo="o/r", **fields):
    at = datetime.now(UTC) - timedelta(days=fields.pop("days", 0))
    return Answered(repo, number, "posted", "0.1", at, **fields)


def test_a_query_is_for_one_repository_and_not_too_many_issues():
    answers = [answered(n) for n in range(1, BATCH + 3)] + [answered(1, "o/other")]
    sizes = sorted((batch[0].repo, len(batch)) for batch in batches(answers))
    assert sizes == [("o/other", 1), ("o/r", 2), ("o/r", BATCH)]


def test_what_was_looked_up_longest_ago_comes_first_and_old_ones_not_at_all(tmp_path):
    records = Records.open(Settings(data_dir=tmp_path))
    for number, days in ((1, 0), (2, 1), (3, 20)):
        records.feedback.said(answered(number, days=days))
    records.feedback.heard(records.feedback.of("o/r", 1))
    since = datetime.now(UTC) - timedelta(days=14)
    assert [a.number for a in records.feedback.since(since)] == [2, 1]
    assert [a.number for a in records.feedback.since(since, "O/R", 1)] == [2]
    records.forget_thread("o/r", 1)
    records.forget_repositories(["o/r"])
    assert records.feedback.since() == []
    assert list(told(report(Settings(data_dir=tmp_path), "o/r", None))) == [
        "No issue was looked at: `intern serve` answers new ones, and counts them from then on."
    ]
    records.close()


@pytest.fixture(params=["sqlite", "postgres"])
def records(tmp_path, request):
    with ExitStack() as stack:
        url = stack.enter_context(a_database()) if request.param == "postgres" else None
        made = Records.open(Settings(data_dir=tmp_path, database_url=url))
        stack.callback(made.close)
        yield made


def test_an_edit_of_the_comment_keeps_what_people_thought_of_it(records):
    first = answered(1, node_id="IC_1")
    records.feedback.said(first)
    records.feedback.heard(replace(first, up=2, outcome="assist"))
    records.feedback.said(answered(1))
    found = records.feedback.of("o/r", 1)
    assert (found.up, found.outcome, found.node_id) == (2, "assist", "IC_1")
    records.feedback.said(replace(answered(1), kind="shadow"))
    assert records.feedback.of("o/r", 1).outcome is None


def test_what_happens_while_github_is_asked_is_not_undone(records):
    feedback = records.feedback
    for number in (1, 2, 3, 4):
        feedback.said(answered(number, node_id=f"IC_{number}", days=1))
    stale = {a.number: replace(a, up=1, outcome="assist") for a in feedback.since()}
    feedback.forget_thread("o/r", 1)
    feedback.tell_wrong("o/r", 2)
    feedback.said(answered(3, shown=(7,)))
    feedback.tell_wrong("o/r", 4)
    stale[4] = replace(stale[4], outcome="success")
    for latest in stale.values():
        feedback.heard(latest)
    assert feedback.of("o/r", 1) is None
    two, three, four = (feedback.of("o/r", number) for number in (2, 3, 4))
    assert (two.told_wrong, two.outcome, two.up) == (True, "noise", 1)
    assert (three.shown, three.up, three.outcome) == ((7,), 0, None)
    assert (four.told_wrong, four.outcome) == (True, "success")
