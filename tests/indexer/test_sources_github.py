from datetime import UTC, datetime, timedelta

import pytest

from indexer.errors import Forbidden, GitHubUnavailable, NotFound, RateLimited
from indexer.github_clients import GitHubClients
from indexer.sources import queries
from indexer.sources.github import fetch_thread, iter_threads
from tests.fakes_github import FakeClock, clients_for, comments, thread
from tests.github_simulator import Seed, Simulator

REPO = "octo/widgets"


def seed(*threads, **fields):
    entry = {"full_name": REPO, "threads": list(threads), **fields}
    return Seed.model_validate({"repositories": [entry]})


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def simulate(clock):
    started = []

    def start(*threads, **fields):
        started.append(Simulator(seed(*threads, **fields)).start())
        return started[-1]

    yield start
    for simulator in started:
        simulator.stop()


OPENED: list[GitHubClients] = []


@pytest.fixture(autouse=True)
async def _closed():
    yield
    for clients in OPENED:
        await clients.aclose()
    OPENED.clear()


async def client_of(simulator, clock):
    OPENED.append(clients_for(simulator, clock))
    return await OPENED[-1].for_repo(REPO)


async def pages(client, **options):
    return [page async for page in iter_threads(client, REPO, **options)]


async def test_an_issue_comes_with_everything_that_tells_how_it_ended(simulate, clock):
    sim = simulate(thread(4, "Crash on start", body="It \x00crashes", labels=["bug"]), thread(3))
    sim.comment(REPO, 4, "Fixed in 1.2", "ann", author_association="MEMBER")
    sim.comment(REPO, 4, "buy pills", "spammer")
    sim.minimize_comment(REPO, sim.comments(REPO, 4)[1]["id"])
    sim.comment(REPO, 4, "automatic", "renovate[bot]")
    sim.add_label(REPO, 4, "confirmed", by="ann")
    sim.mark_duplicate(REPO, 4, of=3, by="ann")
    sim.close(REPO, 4, by="ann", closer="pull_request", closer_number=9)
    sim.react_to_issue(REPO, 4, "+1", by="ann")
    sim.react_to_issue(REPO, 4, "eyes", by="ann")
    client = await client_of(sim, clock)
    found = await fetch_thread(client, REPO, 4)
    assert found.reactions == 2
    assert (found.title, found.body, found.state) == ("Crash on start", "It crashes", "closed")
    assert found.state_reason == "completed"
    assert found.labels == ("bug", "confirmed")
    assert found.url == f"{sim.url}/{REPO}/issues/4"
    first, spam, bot = found.comments
    assert (first.author, first.author_association, first.body) == ("ann", "MEMBER", "Fixed in 1.2")
    assert first.url == f"{sim.url}/{REPO}/issues/4#issuecomment-{first.id}"
    assert [first.minimized, spam.minimized] == [False, True]
    assert (bot.author, bot.author_is_bot, first.author_is_bot) == ("renovate[bot]", True, False)
    labeled, duplicate, closed = found.events
    assert (labeled.kind, labeled.label, labeled.actor) == ("labeled", "confirmed", "ann")
    assert (duplicate.kind, duplicate.canonical) == ("marked_as_duplicate", 3)
    assert (closed.kind, closed.closer, closed.closer_number) == ("closed", "pull_request", 9)
    assert closed.closer_url == f"{sim.url}/{REPO}/pull/9"


async def test_labels_without_end_push_no_turn_out(simulate, clock):
    sim = simulate(thread(4), thread(3))
    sim.mark_duplicate(REPO, 4, of=3, by="ann")
    for place in range(70):
        sim.add_label(REPO, 4, f"label {place}", by="ann")
    client = await client_of(sim, clock)
    found = await fetch_thread(client, REPO, 4)
    assert [e.canonical for e in found.events if e.kind == "marked_as_duplicate"] == [3]
    assert [e.label for e in found.events if e.label] == [f"label {n}" for n in range(10, 70)]
    assert [e.created_at for e in found.events] == sorted(e.created_at for e in found.events)


async def test_a_closing_commit_is_linked(simulate, clock):
    sim = simulate(thread(1))
    sim.close(REPO, 1, closer="commit", closer_url=f"{sim.url}/{REPO}/commit/abc")
    found = await fetch_thread(await client_of(sim, clock), REPO, 1)
    assert (found.events[0].closer, found.events[0].closer_number) == ("commit", None)
    assert found.events[0].closer_url == f"{sim.url}/{REPO}/commit/abc"


@pytest.mark.parametrize(("knows", "reason"), [(True, "duplicate"), (False, "not_planned")])
async def test_the_reason_duplicate_where_the_host_knows_it(simulate, clock, knows, reason):
    sim = simulate(thread(1))
    sim.graph.knows_duplicates = knows
    sim.close(REPO, 1, reason="duplicate")
    client = await client_of(sim, clock)
    for _ in range(2):
        assert (await fetch_thread(client, REPO, 1)).state_reason == reason
    # The older host is asked the newer way once, not every time.
    assert sim.requests.count("POST /graphql") == (2 if knows else 3)


async def test_a_deleted_account_is_a_ghost(simulate, clock):
    sim = simulate(thread(1, author="ghost"))
    assert (await fetch_thread(await client_of(sim, clock), REPO, 1)).author == "ghost"


@pytest.mark.parametrize("gone", ["never", "deleted", "moved", "pull"])
async def test_what_is_no_issue_here_is_not_found(simulate, clock, gone):
    pull = {"number": 8, "title": "A change", "created_at": datetime(2024, 1, 1, tzinfo=UTC)}
    sim = simulate(thread(5), thread(6), pulls=[pull])
    sim.world.add_repository(
        Seed.model_validate({"repositories": [{"full_name": "octo/other"}]}).repositories[0]
    )
    sim.world.installations[1001].repositories.append("octo/other")
    sim.delete_issue(REPO, 5)
    sim.transfer_issue(REPO, 6, "octo/other")
    number = {"never": 99, "deleted": 5, "moved": 6, "pull": 8}[gone]
    with pytest.raises(NotFound):
        await fetch_thread(await client_of(sim, clock), REPO, number)


@pytest.mark.parametrize("repo", ["octo/none", "octo", "octo/a/b", "/"])
async def test_a_repository_that_is_not_there(simulate, clock, repo):
    OPENED.append(clients_for(simulate(thread(1)), clock, github_token="ghp_simulated"))
    client = OPENED[-1].for_token()
    with pytest.raises(NotFound):
        await fetch_thread(client, repo, 1)
    with pytest.raises(NotFound):
        assert [page async for page in iter_threads(client, repo)] == []


async def test_an_empty_repository_is_one_empty_page(simulate, clock):
    found = await pages(await client_of(simulate(), clock))
    assert [(page.threads, page.total, page.last) for page in found] == [((), 0, True)]


async def test_pages_hold_every_issue_once_in_the_order_of_creation(simulate, clock):
    client = await client_of(simulate(*(thread(n) for n in range(1, 24))), clock)
    found = await pages(client, page_size=10)
    assert [len(page.threads) for page in found] == [10, 10, 3]
    assert [t.number for page in found for t in page.threads] == list(range(1, 24))
    assert [(page.total, page.last) for page in found] == [(23, False), (23, False), (23, True)]


async def test_a_backfill_resumes_behind_its_cursor_whatever_happened_meanwhile(simulate, clock):
    sim = simulate(*(thread(n) for n in range(1, 11)))
    client = await client_of(sim, clock)
    first = (await pages(client, page_size=4))[0]
    sim.delete_issue(REPO, 2)
    sim.comment(REPO, 1, "bump")
    sim.open_issue(REPO, "another")
    rest = await pages(client, page_size=4, cursor=first.cursor)
    assert [t.number for page in rest for t in page.threads] == list(range(5, 12))


async def test_since_takes_what_was_updated_oldest_update_first(simulate, clock):
    sim = simulate(*(thread(n) for n in range(1, 9)))
    before = datetime.now(UTC) - timedelta(minutes=1)
    sim.comment(REPO, 7, "news")
    sim.edit(REPO, 2, title="changed")
    found = await pages(await client_of(sim, clock), since=before)
    assert [t.number for page in found for t in page.threads] in ([7, 2], [2, 7])


@pytest.mark.parametrize("count", [0, 1, 29, 30, 31, 130, 260])
async def test_all_comments_arrive_in_order(simulate, clock, count):
    client = await client_of(simulate(thread(1, comments=comments(count))), clock)
    wanted = [f"comment {place}" for place in range(count)]
    assert [c.body for c in (await fetch_thread(client, REPO, 1)).comments] == wanted
    (page,) = await pages(client)
    assert [c.body for c in page.threads[0].comments] == wanted


async def test_long_threads_are_completed_together(simulate, clock):
    sim = simulate(*(thread(n, comments=comments(40 + n)) for n in range(1, 13)))
    (page,) = await pages(await client_of(sim, clock))
    assert [len(t.comments) for t in page.threads] == [40 + n for n in range(1, 13)]
    assert len(sim.graph.asked) == 3  # the page, ten threads more, two threads more
    assert page.rate.cost == sum(cost.points for _, cost in sim.graph.asked)


async def test_an_issue_deleted_while_its_comments_are_read_is_left_out(simulate, clock):
    sim = simulate(*(thread(n, comments=comments(40)) for n in (1, 2, 3)))
    client = await client_of(sim, clock)
    sim.world.repositories[REPO].issues[2].events.clear()
    original, calls = sim.graph.answer, []

    def answer(caller, body):
        calls.append(body)
        if len(calls) == 2:
            sim.delete_issue(REPO, 2)
        return original(caller, body)

    sim.graph.answer = answer
    (page,) = await pages(client)
    assert [(t.number, len(t.comments)) for t in page.threads] == [(1, 40), (3, 40)]


async def test_twenty_issues_with_thirty_comments_cost_at_most_one_point(simulate, clock):
    sim = simulate(*(thread(n, comments=comments(30)) for n in range(1, 101)))
    found = await pages(await client_of(sim, clock))
    points = sum(cost.points for _, cost in sim.graph.asked)
    assert sum(len(page.threads) for page in found) == 100
    assert points <= 100 / 20


async def test_the_page_shrinks_until_github_can_finish_it(simulate, clock):
    sim = simulate(*(thread(n, comments=comments(6)) for n in range(1, 31)))
    sim.graph.slow_above = 1_000
    found = await pages(await client_of(sim, clock))
    assert [t.number for page in found for t in page.threads] == list(range(1, 31))
    assert all(len(t.comments) == 6 for page in found for t in page.threads)
    assert max(len(page.threads) for page in found) < 10


async def test_a_query_that_never_finishes_is_given_up(simulate, clock):
    sim = simulate(thread(1))
    sim.graph.slow_above = 0
    with pytest.raises(GitHubUnavailable):
        await pages(await client_of(sim, clock))


async def test_one_bad_moment_does_not_shrink_the_page(simulate, clock):
    sim = simulate(*(thread(n) for n in range(1, 21)))
    sim.trouble.add("POST /graphql", status=502, times=1)
    assert [len(page.threads) for page in await pages(await client_of(sim, clock))] == [20]


async def test_the_backfill_waits_for_the_reset_and_leaves_a_reserve(simulate):
    clock = FakeClock()
    with Simulator(seed(*(thread(n) for n in range(1, 31))), clock=clock.moment) as sim:
        sim.limits.sizes["graphql"] = 100
        sim.limits.spend("installation:1001", "graphql", 93)
        client = await client_of(sim, clock)
        told = []
        found = await pages(client, page_size=10, on_wait=told.append)
        assert sum(len(page.threads) for page in found) == 30
        assert len(told) == 1
        assert 3_500 < told[0] <= 3_602
        assert [page.rate.remaining for page in found] == [6, 5, 99]


async def test_a_used_up_limit_is_waited_out(simulate):
    clock = FakeClock()
    with Simulator(seed(thread(1)), clock=clock.moment) as sim:
        sim.limits.sizes["graphql"] = 10
        sim.limits.spend("installation:1001", "graphql", 10)
        found = await pages(await client_of(sim, clock))
        assert len(found[0].threads) == 1
        assert 3_500 < sum(clock.waits) <= 3_700


async def test_a_secondary_limit_is_waited_out(simulate, clock):
    sim = simulate(thread(1))
    sim.trouble.add("POST /graphql", kind="secondary", retry_after="40", times=2)
    assert (await fetch_thread(await client_of(sim, clock), REPO, 1)).number == 1
    assert sum(clock.waits) >= 80


async def test_a_limit_beyond_all_patience_is_raised(simulate, clock):
    sim = simulate(thread(1))
    sim.trouble.add("POST /graphql", kind="secondary", retry_after="9000")
    with pytest.raises(RateLimited) as raised:
        await fetch_thread(await client_of(sim, clock), REPO, 1)
    assert raised.value.retry_after == 9_000


async def test_a_missing_permission_is_refused(simulate, clock):
    sim = simulate(thread(1))
    del sim.world.installations[1001].permissions["issues"]
    with pytest.raises(Forbidden):
        await fetch_thread(await client_of(sim, clock), REPO, 1)


async def test_a_closer_that_we_may_not_see_is_done_without(simulate, clock):
    sim = simulate(thread(1))
    sim.close(REPO, 1, closer="pull_request", closer_number=9)
    del sim.world.installations[1001].permissions["pull_requests"]
    found = await fetch_thread(await client_of(sim, clock), REPO, 1)
    assert (found.state, found.events[0].kind, found.events[0].closer) == ("closed", "closed", None)


async def test_a_finished_backfill_resumes_with_nothing_and_keeps_its_cursor(simulate, clock):
    client = await client_of(simulate(thread(1), thread(2)), clock)
    (whole,) = await pages(client)
    (rest,) = await pages(client, cursor=whole.cursor)
    assert (rest.threads, rest.cursor, rest.last) == ((), whole.cursor, True)


async def test_any_text_survives(simulate, clock):
    body = "한국어 🦀 \u202e " + "x" * 65_000
    sim = simulate(thread(1, title="\x00\U0010ffff", body=body))
    found = await fetch_thread(await client_of(sim, clock), REPO, 1)
    assert (found.title, found.body) == ("\U0010ffff", body)


async def test_a_renamed_repository_is_followed(simulate, clock):
    sim = simulate(thread(1))
    client = await client_of(sim, clock)
    sim.rename_repository(REPO, "gadgets")
    assert (await fetch_thread(client, REPO, 1)).number == 1


def test_every_query_states_the_budget():
    assert all("rateLimit { cost limit remaining resetAt }" in q for q in queries.ALL.values())
