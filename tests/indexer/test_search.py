from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.doc_indexing import StoredFiles, index_releases
from indexer.edge_store import EdgeStore
from indexer.indexing import index_threads
from indexer.search import Query, Searcher
from indexer.threads import Comment, DocSection, Ending, Event, Release, Thread
from tests.fakes_embedding import ToyEmbedder

REPO = "tidepool/harbor"
START = datetime(2025, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=100)

PANIC = "thread 'main' panicked at 'tide table is empty', src/tables.rs:40:9"

TOPICS = (
    "Anchor icon is drawn twice on the chart",
    "Depth shown in fathoms after changing the unit to metres",
    "Login page forgets the harbour that was picked",
    "Export to GPX leaves out waypoints without a name",
    "Weather overlay lags behind the time slider",
    "Search finds no marina whose name has an umlaut",
    "Printing a chart cuts off the legend",
    "Notifications arrive an hour late in winter",
    "Dark mode: buoy labels cannot be read",
    "Sync over a slow satellite link never ends",
)


def day(number):
    return START + timedelta(days=number)


def thread(number, title, body="", **fields):
    fields.setdefault("created_at", day(number))
    return Thread(number=number, title=title, body=body, author="mira", **fields)


def history():
    threads = [thread(i + 1, title, f"More about: {title}.") for i, title in enumerate(TOPICS)]
    threads.append(
        thread(
            20,
            "Crash when the tide table of a station is empty",
            f"Opening such a station ends with\n\n    {PANIC}\n",
            state="closed",
            state_reason="completed",
            closed_at=day(30),
            comments=(
                Comment(
                    author="lead",
                    author_association="OWNER",
                    body="Fixed by the quokka patch, which checks for rows first.",
                    created_at=day(29),
                ),
            ),
            events=(Event(kind="closed", created_at=day(30), closer="pull_request"),),
        )
    )
    return threads


@pytest.fixture(name="embedder")
def make_embedder():
    return ToyEmbedder()


@pytest.fixture(name="kb")
def make_kb(tmp_path, embedder):
    kb = EdgeStore.open(tmp_path / "kb", embedder.fingerprint)
    index_threads(kb, embedder, REPO, history())
    yield kb
    kb.close()


@pytest.fixture(name="searcher")
def make_searcher(kb, embedder):
    return Searcher(kb, embedder)


CRASH = Query(
    REPO,
    "Harbor crashes on a station without a tide table",
    f"It worked yesterday. Today:\n\n    {PANIC}\n",
)


def test_the_thread_with_the_same_words_and_panic_comes_first(searcher):
    found = searcher.search(CRASH, limit=5)
    assert found[0].number == 20
    assert len({c.number for c in found}) == len(found) == 5
    assert [c.probability for c in found] == sorted((c.probability for c in found), reverse=True)


def test_a_candidate_says_what_it_shares_and_how_it_ended(searcher):
    best = searcher.search(CRASH, limit=1)[0]
    assert {r.kind for r in best.reasons} == {"same_error", "same_phrase", "title_words"}
    assert "tide table is empty" in best.why
    assert best.why.startswith("Same error")
    assert best.state == "closed"
    assert best.resolution.ending is Ending.FIXED
    assert best.features["shared_signatures"] > 0
    assert best.thread.number == 20


def test_only_what_existed_then_is_found(searcher):
    found = searcher.search(replace(CRASH, before=day(20)), limit=20)
    assert 20 not in {c.number for c in found}
    assert {c.number for c in found} <= set(range(1, 11))


def test_state_comments_and_ending_are_as_of_then(searcher):
    best = searcher.search(replace(CRASH, before=day(25)), limit=1)[0]
    assert (best.number, best.state) == (20, "open")
    assert best.thread.comments == ()
    assert best.resolution.ending is Ending.UNKNOWN


def test_a_thread_is_found_by_what_a_comment_says(searcher):
    query = Query(REPO, "quokka patch")
    assert searcher.search(query, limit=1)[0].number == 20
    early = searcher.search(replace(query, before=day(25)), limit=20)
    assert all(c.features["comment_ratio"] == 0 for c in early)


def test_the_issue_itself_is_left_out(searcher):
    found = searcher.search(replace(CRASH, exclude_numbers=(20,)), limit=20)
    assert 20 not in {c.number for c in found}


def test_an_issue_that_the_query_links_is_marked(kb, embedder, searcher):
    index_threads(kb, embedder, "tidepool/charts", [thread(20, CRASH.title, CRASH.body)])
    query = replace(CRASH, body=f"Like #20:\n{CRASH.body}", repos=("tidepool/charts",))
    marked = {(c.repo, c.number): c.linked for c in searcher.search(query, limit=20)}
    assert marked[REPO, 20] is True
    assert sum(marked.values()) == 1
    assert ("tidepool/charts", 20) in marked
    # A number among the words neither helps nor harms.
    assert searcher.search(replace(query, repos=()), limit=1)[0].number == 20


def test_labels_to_leave_out(kb, embedder, searcher):
    labelled = thread(20, CRASH.title, CRASH.body, labels=("Discussion", "bug"))
    copy = thread(
        21,
        "The tide table again",
        "No station has one.",
        state="closed",
        closed_at=day(30),
        comments=(Comment(author="a", body="Duplicate of #20", created_at=day(30)),),
        events=(Event(kind="marked_as_duplicate", created_at=day(30), canonical=20),),
    )
    index_threads(kb, embedder, REPO, [labelled, copy])
    everything = {c.number for c in searcher.search(CRASH, limit=30)}
    assert {20, 21} <= everything
    # Nor does a duplicate bring it along.
    rest = {c.number for c in searcher.search(replace(CRASH, without_labels=("discussion",)), 30)}
    assert rest == everything - {20}
    assert 20 in {c.number for c in searcher.search(replace(CRASH, without_labels=("stale",)), 30)}


def test_no_other_repository_is_searched_unless_named(kb, embedder, searcher):
    index_threads(kb, embedder, "tidepool/charts", [thread(20, CRASH.title, CRASH.body)])
    assert {c.repo for c in searcher.search(CRASH, limit=20)} == {REPO}
    both = searcher.search(replace(CRASH, repos=("Tidepool/Charts",)), limit=20)
    assert (both[0].repo, both[0].number) == ("tidepool/charts", 20)
    assert (REPO, 20) in {(c.repo, c.number) for c in both}


def test_excluded_numbers_are_those_of_the_querys_own_repository(kb, embedder, searcher):
    index_threads(kb, embedder, "tidepool/charts", [thread(20, CRASH.title, CRASH.body)])
    query = replace(CRASH, repos=("tidepool/charts",), exclude_numbers=(20,))
    found = {(c.repo, c.number) for c in searcher.search(query, limit=20)}
    assert ("tidepool/charts", 20) in found
    assert (REPO, 20) not in found


def test_docs_and_releases_stand_after_the_threads(kb, embedder, searcher):
    section = DocSection(
        path="docs/tides.md",
        headings=("Tides", "Stations without a tide table"),
        text="A station without a tide table shows the nearest one that has a table.",
        url="https://github.com/tidepool/harbor/blob/abc/docs/tides.md#stations",
        updated_at=day(2),
    )
    release = Release(
        tag="v1.2.0",
        name="Harbor 1.2",
        body="No crash any more on a station without a tide table.",
        published_at=day(40),
        url="https://github.com/tidepool/harbor/releases/tag/v1.2.0",
    )
    StoredFiles(kb, embedder, REPO).write({section.path: [section]})
    index_releases(kb, embedder, REPO, [release])
    found = searcher.search(CRASH, limit=3)
    assert [c.kind for c in found[:3]] == ["issue"] * 3
    documents = {c.kind: c for c in found[3:]}
    assert documents["doc"].section == section
    assert documents["doc"].title == "Tides › Stations without a tide table"
    assert documents["release"].release.tag == "v1.2.0"
    assert 0 < documents["doc"].probability < 1
    early = searcher.search(replace(CRASH, before=day(30)), limit=3)
    assert {c.kind for c in early} == {"issue", "doc"}


def test_numbers_and_addresses_of_issues_are_no_description(searcher):
    plain = searcher.search(Query(REPO, "Export to GPX"), limit=3)
    linked = searcher.search(
        Query(REPO, "Export to GPX #20", "https://github.com/tidepool/harbor/issues/20"),
        limit=3,
    )
    assert [c.number for c in plain] == [c.number for c in linked]


def test_template_lines_of_the_repository_are_no_description(kb, embedder):
    line = "I have read the harbour master's guide"
    plain = Searcher(kb, embedder).search(Query(REPO, "Export to GPX"), limit=3)
    aware = Searcher(kb, embedder, templates=lambda _: frozenset({line.casefold()}))
    found = aware.search(Query(REPO, "Export to GPX", f"{line}\n"), limit=3)
    assert [(c.number, c.probability) for c in found] == [
        (c.number, pytest.approx(c.probability, abs=1e-6)) for c in plain
    ]


@pytest.mark.parametrize("title", ["", " \n\t", "#20", "\u200b"])
def test_nothing_to_look_for_finds_nothing(searcher, title):
    assert searcher.search(Query(REPO, title)) == []


def test_an_empty_repository_has_no_candidates(tmp_path, embedder):
    kb = EdgeStore.open(tmp_path / "empty", embedder.fingerprint)
    assert Searcher(kb, embedder).search(CRASH) == []
    kb.close()


def test_one_thread_without_a_body_is_enough(tmp_path, embedder):
    kb = EdgeStore.open(tmp_path / "small", embedder.fingerprint)
    index_threads(kb, embedder, REPO, [thread(1, "조수표가 비어 있습니다")])
    found = Searcher(kb, embedder).search(Query(REPO, "조수표가 비어 있어요"))
    assert [c.number for c in found] == [1]
    assert 0 < found[0].probability < 1
    kb.close()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(title=st.text(max_size=80), body=st.text(max_size=400))
def test_any_text_can_be_asked(searcher, title, body):
    for candidate in searcher.search(Query(REPO, title, body), limit=2):
        assert 0 <= candidate.probability <= 1


def test_a_huge_body_can_be_asked(searcher):
    body = "\x00[" * 10_000 + "(((`" * 5_000 + PANIC + "\ud800 " * 1_000
    assert searcher.search(Query(REPO, "Crash on a station", body), limit=3)


def test_the_original_of_a_duplicate_comes_along(kb, embedder, searcher):
    original = thread(90, "Nothing alike", "Other words altogether.")
    between = thread(
        91, "Neither is this", "Some more.", state="closed", closed_at=day(40),
        events=(Event(kind="marked_as_duplicate", created_at=day(40), canonical=90),),
    )  # fmt: skip
    found = history()[-1].model_copy(
        update={
            "state_reason": "duplicate",
            "events": (
                Event(kind="marked_as_duplicate", created_at=day(30), canonical=91),
                Event(kind="closed", created_at=day(30)),
            ),
        }
    )
    index_threads(kb, embedder, REPO, [original, between, found])
    numbers = [c.number for c in searcher.search(CRASH, limit=1)]
    assert numbers == [20, 91, 90]
    assert searcher.search(CRASH, limit=1)[0].resolution.duplicate_of == 90
    early = [c.number for c in searcher.search(replace(CRASH, before=day(25)), limit=1)]
    assert early == [20]
    without = searcher.search(replace(CRASH, exclude_numbers=(91,)), limit=1)
    assert [c.number for c in without] == [20]


def test_a_duplicate_points_to_the_end_of_its_chain_as_of_then(tmp_path, embedder):
    def duplicate(number, of, at):
        words = Comment(
            author="lead",
            author_association="OWNER",
            body=f"Duplicate of #{of}",
            created_at=day(at),
        )
        closed = {"state": "closed", "closed_at": day(at), "comments": (words,)}
        return thread(number, f"Tide table {number}", **closed)

    chain = [duplicate(2, 1, at=30), duplicate(3, 2, at=20)]
    circle = [duplicate(4, 5, at=20), duplicate(5, 4, at=20)]
    kb = EdgeStore.open(tmp_path / "chain", embedder.fingerprint)
    index_threads(kb, embedder, REPO, [thread(1, "Tide table 1"), *chain, *circle])
    searcher = Searcher(kb, embedder)

    def originals(before):
        found = searcher.search(Query(REPO, "Tide table", before=before), limit=10)
        return {c.number: c.resolution.duplicate_of for c in found}

    assert originals(day(40)) == {1: None, 2: 1, 3: 1, 4: None, 5: 4}
    assert originals(day(25)) == {1: None, 2: None, 3: 2, 4: None, 5: 4}
    kb.close()
