"""Threads that are no longer on GitHub, and what it costs to find them."""

import pytest

from indexer.sources import queries
from indexer.sources.numbers import fetch_gone, fetch_numbers
from tests.fakes_embedding import ToyEmbedder
from tests.github_simulator import Seed
from tests.indexer.backfill_bench import COUNT, REPO, opened_bench, widgets


@pytest.fixture
def simulator():
    with widgets() as started:
        yield started


@pytest.fixture
async def bench(simulator, tmp_path):
    async with opened_bench(tmp_path / "one", simulator) as opened:
        yield opened


def listings(simulator):
    """How many queries asked for numbers."""
    return sum(query == queries.NUMBERS for query, _ in simulator.graph.asked)


async def test_what_was_deleted_while_nobody_listened_is_removed(bench, simulator):
    await bench.run(docs=False)
    simulator.delete_issue(REPO, 7)
    simulator.delete_issue(REPO, 8)
    gone = []
    report = await bench.run(docs=False, on_gone=lambda repo, number: gone.append((repo, number)))
    assert gone == [(REPO, 7), (REPO, 8)]
    assert (report.gone, report.index.removed) == (2, 2)
    assert set(bench.stored()) == set(range(1, COUNT + 1)) - {7, 8}
    assert (bench.row().threads, bench.row().total) == (COUNT - 2, COUNT - 2)


async def test_where_nothing_is_gone_one_query_tells(bench, simulator):
    await bench.run(docs=False)
    before = listings(simulator)
    await bench.run(docs=False)
    assert listings(simulator) == before + 1


async def test_of_a_list_that_is_not_whole_only_what_is_gone_is_removed(bench, simulator):
    await bench.run(docs=False)
    simulator.delete_issue(REPO, 7)
    short = {
        "totalCount": COUNT + 1,
        "pageInfo": {"hasNextPage": False, "endCursor": None},
        "nodes": [{"number": 1}],
    }
    simulator.add_trouble(
        "POST /graphql",
        status=200,
        contains="query Numbers",
        body={"data": {"repository": {"issues": short}}},
        times=None,
    )
    assert (await bench.run(docs=False)).gone == 1
    assert set(bench.stored()) == set(range(1, COUNT + 1)) - {7}


async def test_a_first_run_ends_though_github_counts_one_more_than_it_lists(bench, simulator):
    hidden = {
        "totalCount": COUNT + 1,
        "pageInfo": {"hasNextPage": False, "endCursor": None},
        "nodes": [*({"number": number} for number in range(1, COUNT + 1)), None],
    }
    simulator.add_trouble(
        "POST /graphql",
        status=200,
        contains="query Numbers",
        body={"data": {"repository": {"issues": hidden}}},
        times=None,
    )
    assert (await bench.run(docs=False)).gone == 0
    assert bench.row().is_complete
    assert len(bench.stored()) == COUNT


async def test_what_was_moved_away_is_gone(bench, simulator):
    await bench.run(docs=False)
    other = {"repositories": [{"full_name": "octo/other"}]}
    simulator.world.add_repository(Seed.model_validate(other).repositories[0])
    simulator.transfer_issue(REPO, 7, "octo/other")
    assert (await bench.run(docs=False)).gone == 1
    assert await fetch_gone(bench.client, REPO, {6, 7, 999}) == {7, 999}


async def test_numbers_over_several_pages(bench, simulator):
    for number in range(COUNT + 1, COUNT + 131):
        simulator.open_issue(REPO, f"Issue {number}")
    assert await fetch_numbers(bench.client, REPO) == set(range(1, COUNT + 131))
    assert await fetch_numbers(bench.client, REPO, unless=COUNT + 130) is None


async def test_a_repository_that_doubled_is_read_anew_with_its_own_template_lines(bench, simulator):
    await bench.run(docs=False)
    for number in range(COUNT + 1, 2 * COUNT + 1):
        simulator.open_issue(REPO, f"Issue {number}", "Which version?\nNew case")
    await bench.run(docs=False)
    bench.embedder = ToyEmbedder()
    report = await bench.run(docs=False)
    assert report.threads == 2 * COUNT
    row = bench.row()
    assert (row.templates.number, row.templates.bodies) == (2, 2 * COUNT)
    assert "which version?" in row.templates.lines
    assert (await bench.run(docs=False)).threads < 2 * COUNT + 1
    assert bench.row().templates.number == 2
