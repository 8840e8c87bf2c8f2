"""Claude in trouble: the quotes now, the draft when it recovers, and not for ever."""

import pytest

from indexer.config_file import CONFIG_PATH
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


def labels(server, number):
    return {label["name"] for label in server.github.thread(REPO, number)["labels"]}


def labelling():
    seed = history()
    seed.repositories[0].config = "labels: {possible_duplicate: maybe twice}"
    return seed


async def test_a_likely_duplicate_gets_the_label_that_the_config_names(tmp_path, claude):
    claude.answer_with = lambda _: opinion([judgement("S1", "duplicate")])
    async with running_server(tmp_path, labelling(), **asking(claude)) as server:
        number = opened(server)
        await server.settled()
        reason = server.services.records.reply_of(REPO, number).reason
        assert (reason, labels(server, number)) == ("duplicate", {"maybe twice"})
        # What happens to a closed issue takes nothing from what is known of its label.
        server.github.close(REPO, number)
        server.github.edit(REPO, number, body="It is closed, and edited.")
        await server.settled()
        assert server.services.records.reply_of(REPO, number).reason == "closed"
        claude.answer_with = lambda _: opinion([judgement("S1", "related")])
        server.github.add_label(REPO, number, "intern: again")
        await server.settled()
        assert server.services.records.reply_of(REPO, number).reason != "duplicate"
        assert labels(server, number) == set()


async def test_trouble_with_the_label_does_not_have_a_comment_counted_twice(tmp_path, claude):
    claude.answer_with = lambda _: opinion([judgement("S1", "duplicate")])
    async with running_server(tmp_path, labelling(), **asking(claude)) as server:
        server.github.add_trouble(f"POST /repos/{REPO}/issues/*/labels", status=502)
        number = opened(server)
        await server.settled()
        assert labels(server, number) == {"maybe twice"}
        counted = server.services.metrics.registry.get_sample_value
        again = {"job": "publish_answer", "reason": "github_timed_out"}
        assert counted("intern_job_retries_total", again) == 1
        assert counted("intern_delivery_to_comment_seconds_count") == 1


async def test_a_label_that_a_maintainer_had_set_stays(tmp_path, claude):
    claude.answer_with = lambda _: opinion([judgement("S1", "related")])
    async with running_server(tmp_path, labelling(), **asking(claude)) as server:
        number = opened(server)
        await server.settled()
        server.github.add_label(REPO, number, "Maybe Twice")
        for verdict in ("duplicate", "related"):
            claude.answer_with = lambda _, said=verdict: opinion([judgement("S1", said)])
            server.github.add_label(REPO, number, "intern: again")
            await server.settled()
        assert labels(server, number) == {"Maybe Twice"}


@pytest.mark.parametrize("command", ["/intern hide", "/intern off", "/no-ai"])
async def test_who_folds_the_comment_away_takes_our_label_off(tmp_path, claude, command):
    claude.answer_with = lambda _: opinion([judgement("S1", "duplicate")])
    async with running_server(tmp_path, labelling(), **asking(claude)) as server:
        number = opened(server)
        await server.settled()
        assert labels(server, number) == {"maybe twice"}
        server.github.comment(REPO, number, command, "reporter")
        await server.settled()
        assert labels(server, number) == set()
        assert server.services.records.reply_of(REPO, number).label is None


@pytest.mark.parametrize("config", ["mode: shadow", "enabled: false"])
async def test_where_nothing_is_posted_no_label_is_made(tmp_path, config):
    seed = history()
    seed.repositories[0].config = config
    async with running_server(tmp_path, seed) as server:
        opened(server)
        server.github.set_files(REPO, {CONFIG_PATH: f"{config}\nlanguage: en\n"})
        await server.settled()
        assert "intern: again" not in server.github.world.repository(REPO).labels
