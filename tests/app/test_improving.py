"""Claude in trouble: the quotes now, the draft when it recovers, and not for ever."""

import pytest

from tests.app.running_server import running_server
from tests.app.test_end_to_end import REPO, history, metric, opened, ours
from tests.fakes_llm import FakeClaude, judgement, opinion


@pytest.fixture(autouse=True)
def _database(tmp_path, fresh_jobs):
    (tmp_path / "jobs.sqlite").write_bytes(fresh_jobs.read_bytes())


@pytest.fixture
def claude():
    with FakeClaude() as server:
        yield server


def asking(claude):
    return {"anthropic_api_key": "sk-ant-test", "anthropic_base_url": claude.url}


async def test_the_quotes_come_first_and_are_improved_later(tmp_path, claude):
    claude.fail(401)
    claude.answer_with = lambda _: opinion([judgement("S1", "duplicate")])
    async with running_server(tmp_path, history(), **asking(claude)) as server:
        number = opened(server)
        await server.settled()
        (body,) = ours(server, number)
        assert "Drafted by AI" in body
        assert len(claude.requests) == 2
        assert await metric(server, "intern_llm_failures_total") == 1
        assert "misconfigured" not in body


async def test_after_some_attempts_the_quotes_stay(tmp_path, claude):
    for _ in range(9):
        claude.fail(401)
    async with running_server(tmp_path, history(), **asking(claude)) as server:
        number = opened(server)
        await server.settled()
        (body,) = ours(server, number)
        assert "Found automatically" in body
        assert len(claude.requests) == 3
        assert server.services.records.spending.spent(REPO).calls == 3


async def test_a_budget_of_nothing_asks_nobody(tmp_path, claude):
    seed = history()
    seed.repositories[0].config = "daily_budget: 0"
    async with running_server(tmp_path, seed, **asking(claude)) as server:
        number = opened(server)
        await server.settled()
        assert len(ours(server, number)) == 1
        assert claude.requests == []
        assert await metric(server, 'intern_llm_failures_total{reason="llm_over_budget"}') >= 1


async def test_a_likely_duplicate_gets_the_label_that_the_config_names(tmp_path, claude):
    claude.answer_with = lambda _: opinion([judgement("S1", "duplicate")])
    seed = history()
    seed.repositories[0].config = "labels: {possible_duplicate: maybe twice}"
    async with running_server(tmp_path, seed, **asking(claude)) as server:
        number = opened(server)
        await server.settled()
        reason = server.services.records.reply_of(REPO, number).reason
        labels = {label["name"] for label in server.github.thread(REPO, number)["labels"]}
        assert (reason, labels) == ("duplicate", {"maybe twice"})
        claude.answer_with = lambda _: opinion([judgement("S1", "related")])
        server.github.add_label(REPO, number, "intern: again")
        await server.settled()
        labels = {label["name"] for label in server.github.thread(REPO, number)["labels"]}
        assert server.services.records.reply_of(REPO, number).reason != "duplicate"
        assert labels == set()
