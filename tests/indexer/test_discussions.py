"""Answered discussions: from GitHub into the knowledge base, and found there."""

from contextlib import AsyncExitStack, nullcontext
from datetime import UTC, datetime, timedelta

import pytest

from indexer.opening import opened
from indexer.reading import read_history
from indexer.search import Query, Searcher
from indexer.store import Where
from tests.fakes_embedding import TOY_FINGERPRINT, ToyEmbedder
from tests.fakes_github import settings_for, thread
from tests.github_simulator import Seed, Simulator
from tests.github_simulator.seed import SeedDiscussion
from tests.github_simulator.world import CONFIG_PATH
from tests.indexer.backfill_bench import REPO, opened_bench

ASKED = datetime(2024, 3, 1, tzinfo=UTC)
ANSWERED = ASKED + timedelta(days=9)
WHERE = Where((REPO,), kinds=("discussion",))


def discussion(number, title="Which anchor holds in coral?", **fields):
    values = {
        "number": number,
        "title": title,
        "body": "My anchor drags over the reef every night.",
        "created_at": ASKED,
        "answer": "Use the `grapnel` profile; it folds flat.",
        "answered_at": ANSWERED,
    }
    return SeedDiscussion(**{**values, **fields})


@pytest.fixture
def github():
    entry = {
        "full_name": REPO,
        "threads": [thread(n, f"Chart {n} is blank") for n in range(1, 8)],
        "discussions": [discussion(20), discussion(21, "Unanswered", answer=None)],
    }
    with Simulator(Seed.model_validate({"repositories": [entry]})) as started:
        yield started


@pytest.fixture
async def bench(github, tmp_path):
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(opened_bench(tmp_path / "one", github))


def home(github):
    return github.world.repository(REPO)


def known(bench):
    points, _ = bench.kb.scroll(WHERE, limit=200)
    return {point.payload["discussion"]: point.payload for point in points}


def found(bench, text, before=None):
    candidates = Searcher(bench.kb, bench.embedder).search(Query(REPO, text, before=before))
    return [c.discussion for c in candidates if c.kind == "discussion"]


async def test_an_answered_discussion_is_found_by_its_question(bench):
    await bench.run(discussions=True)
    assert known(bench).keys() == {20}
    (one,) = found(bench, "anchor drags over the reef")
    assert (one.number, one.title) == (20, "Which anchor holds in coral?")
    assert one.answer == "Use the `grapnel` profile; it folds flat."
    assert (one.author, one.answered_at) == ("helper", ANSWERED)
    assert f"/{REPO}/discussions/20#discussioncomment-" in one.url


async def test_an_answer_is_not_known_before_it_was_given(bench):
    await bench.run(discussions=True)
    text = "anchor drags over the reef"
    assert found(bench, text, before=ANSWERED) == []
    assert len(found(bench, text, before=ANSWERED + timedelta(seconds=1))) == 1


async def test_unchanged_ones_cost_no_embedding_and_a_new_answer_is_seen(bench, github):
    await bench.run(discussions=True)
    bench.embedder.calls.clear()
    report = await bench.run(discussions=True)
    assert (report.docs.indexed, report.docs.unchanged) == (0, 1)
    assert bench.embedder.calls == []
    home(github).discussions[20].answer = "Use two anchors."
    assert (await bench.run(discussions=True)).docs.indexed == 1
    assert known(bench)[20]["text"] == "Use two anchors."


async def test_what_lost_its_answer_or_is_gone_disappears(bench, github):
    home(github).discussions[22] = discussion(22, "Where is the log?")
    home(github).discussions[23] = discussion(23, "Where is the map?")
    await bench.run(discussions=True)
    assert known(bench).keys() == {20, 22, 23}
    home(github).discussions[20].answer = None
    del home(github).discussions[22]
    await bench.run(discussions=True)
    assert known(bench).keys() == {23}


@pytest.mark.parametrize("fields", [{"answered_by": "ci[bot]"}, {"answer_minimized": True}])
async def test_bots_and_hidden_answers_are_no_source(bench, github, fields):
    home(github).discussions[20] = discussion(20, **fields)
    await bench.run(discussions=True)
    assert known(bench) == {}


async def test_the_answer_of_a_deleted_account_is_kept(bench, github):
    home(github).discussions[20] = discussion(20, answered_by="ghost")
    await bench.run(discussions=True)
    assert known(bench)[20]["author"] == "ghost"


async def test_more_than_a_page(bench, github):
    for number in range(100, 230):
        home(github).discussions[number] = discussion(number)
    await bench.run(discussions=True)
    assert known(bench).keys() == {20, *range(100, 230)}


async def test_a_page_that_github_cannot_finish_shrinks(bench, github):
    for number in range(100, 160):
        home(github).discussions[number] = discussion(number)
    for size in (50, 25):
        github.trouble.add("POST /graphql", contains=f'"first": {size}}}', times=None)
    await bench.run(discussions=True)
    assert known(bench).keys() == {20, *range(100, 160)}


async def test_secrets_are_not_stored(bench, github):
    home(github).discussions[20] = discussion(
        20, "mira@tidepool.example asks", body="password: hunter22", answer="DB_PASSWORD=swordfish"
    )
    await bench.run(discussions=True)
    stored = str(known(bench)[20])
    assert not any(secret in stored for secret in ("mira@", "hunter22", "swordfish"))


async def test_they_are_read_where_the_config_asks_for_them_and_removed_where_not(bench, github):
    await bench.run()
    assert known(bench) == {}
    await bench.run(discussions=True)
    await bench.run()
    assert known(bench).keys() == {20}
    assert (await bench.run(discussions=False)).warning is None
    assert known(bench) == {}


async def test_a_permission_that_is_missing_is_a_warning_and_changes_nothing(bench, github):
    await bench.run(discussions=True)
    for installation in github.world.installations.values():
        del installation.permissions["discussions"]
    # The token that was issued before has the permission still.
    await bench.client.aclose()
    bench.client._tokens.cleanup()
    report = await bench.run(discussions=True)
    assert "discussions could not be read" in report.warning
    assert bench.row().warning_reason == "github_forbidden"
    assert known(bench).keys() == {20}


async def test_where_they_are_switched_off_they_go_with_a_warning(bench, github):
    await bench.run(discussions=True)
    home(github).discussions_enabled = False
    report = await bench.run(discussions=True)
    assert "switched off" in report.warning
    assert bench.row().warning_reason == "discussions_off"
    assert known(bench) == {}


@pytest.mark.parametrize(
    ("config", "numbers"),
    [
        (None, set()),
        ("sources: {discussions: true}", {20}),
        ("sources: {discussions: maybe}", set()),
    ],
)
def test_the_command_line_reads_the_config_itself(github, tmp_path, monkeypatch, config, numbers):
    monkeypatch.setattr("indexer.embedding.open_embedder", lambda _settings: ToyEmbedder())
    monkeypatch.setattr("indexer.embedding.fingerprint", lambda _settings: TOY_FINGERPRINT)
    if config:
        github.set_files(REPO, {CONFIG_PATH: config})
    settings = settings_for(github, data_dir=tmp_path)
    read_history(settings, REPO, _unwatched, full=False, docs=True, since=None)
    assert _numbers(settings) == numbers


def _unwatched():
    return nullcontext(lambda _progress: None)


def _numbers(settings):
    with opened(settings) as parts:
        points, _ = parts.kb.scroll(WHERE, limit=10)
    return {point.payload["discussion"] for point in points}
