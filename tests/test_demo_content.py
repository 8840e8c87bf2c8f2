"""The demo's history is believable: consistent in its numbers, dates and endings."""

import re
from datetime import timedelta

import pytest

from indexer.threads import Thread
from tests.demo.content import AS_OF, our_docs, our_history, our_issues, our_releases, our_seed

HANGUL = re.compile(r"[가-힣]")
NUMBER = re.compile(r"#(\d+)\b")
ADDRESS = re.compile(r"https?://([^/\s`'\")>\]\\]+)")
STAND_INS = (".example", "example.com", "example.org", "example.nl", "example.kr", "localhost")
REAL_HOSTS = {"graph.microsoft.com", "127.0.0.1", "127.0.0.1:8420", "localhost:8420"}
"""Addresses of our own invention end in a name that nobody can own; these are named on purpose."""


@pytest.fixture(scope="module")
def history() -> dict[int, Thread]:
    threads = our_history()
    assert len({thread.number for thread in threads}) == len(threads)
    return {thread.number: thread for thread in threads}


def everything() -> str:
    docs = our_docs().values()
    texts = [t.model_dump_json() for t in our_history()] + [
        i.model_dump_json() for i in our_issues()
    ]
    return "\n".join([*texts, *docs, *(r.body for r in our_releases())])


def test_size_and_languages(history):
    with_comments = [thread for thread in history.values() if thread.comments]
    assert len(with_comments) >= 80
    assert sum(bool(HANGUL.search(thread.title)) for thread in history.values()) >= 20
    docs = {path: text for path, text in our_docs().items() if path.endswith(".md")}
    assert len(docs) >= 12
    assert sum(bool(HANGUL.search(text)) for text in docs.values()) >= 3
    assert len(our_releases()) >= 6


def test_time_runs_forward(history):
    threads = list(history.values())
    assert [t.number for t in threads] == sorted(history)
    assert [t.created_at for t in threads] == sorted(t.created_at for t in threads)
    assert AS_OF - threads[0].created_at < timedelta(days=2.2 * 365)
    for thread in threads:
        inside = [*(c.created_at for c in thread.comments), *(e.created_at for e in thread.events)]
        assert all(thread.created_at < moment < AS_OF for moment in inside), thread.number
        comments = [comment.created_at for comment in thread.comments]
        assert comments == sorted(comments), thread.number


def test_state_follows_from_the_events(history):
    for thread in history.values():
        closed = [event for event in thread.events if event.kind == "closed"]
        assert thread.is_open == (not closed), thread.number
        if closed:
            assert thread.closed_at == closed[-1].created_at
            assert thread.state_reason == closed[-1].state_reason


def test_duplicates_point_to_an_older_original(history):
    marked = [(t, e) for t in history.values() for e in t.events if e.kind == "marked_as_duplicate"]
    assert len(marked) >= 15
    for thread, event in marked:
        original = history[event.canonical]
        assert original.number < thread.number
        assert not any(e.kind == "marked_as_duplicate" for e in original.events)
        assert f"#{original.number}" in " ".join(comment.body for comment in thread.comments)


def test_endings_are_mixed(history):
    reasons = [thread.state_reason for thread in history.values()]
    assert {"completed", "not_planned", "duplicate", None} == set(reasons)
    assert sum(t.is_open for t in history.values()) >= 8
    by_pull = [e for t in history.values() for e in t.events if e.closer == "pull_request"]
    assert len(by_pull) >= 30


def test_comment_ids_are_unique_and_rise():
    comments = [comment for thread in our_history() for comment in thread.comments]
    ids = [c.id for c in sorted(comments, key=lambda c: c.created_at)]
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids)


def test_release_notes_name_issues_that_were_open_before(history):
    named = 0
    for release in our_releases():
        for number in map(int, NUMBER.findall(release.body)):
            assert history[number].created_at < release.published_at, (release.tag, number)
            named += 1
    assert named >= 40


def test_every_number_is_an_issue_or_a_pull_request(history):
    pulls = {pull.number for pull in our_seed().repositories[0].pulls}
    assert not pulls & set(history)
    for thread in history.values():
        text = " ".join([thread.body, *(comment.body for comment in thread.comments)])
        for number in map(int, NUMBER.findall(text)):
            assert number in history or number in pulls, (thread.number, number)


def test_addresses_are_nobodys():
    hosts = {host.rstrip(".,;:").lower() for host in ADDRESS.findall(everything())}
    strange = {h for h in hosts if h not in REAL_HOSTS and not h.split(":")[0].endswith(STAND_INS)}
    assert not strange


def test_new_issues_expect_what_exists(history):
    issues = our_issues()
    tags = {release.tag for release in our_releases()}
    assert len(issues) == 10
    assert len({issue.id for issue in issues}) == 10
    kinds = [issue.expect.kind for issue in issues if issue.expect]
    assert len(kinds) == 10
    assert kinds.count("duplicate") >= 3
    assert {"fixed", "related", "question", "silence", "injection"} <= set(kinds)
    for issue in issues:
        assert issue.expect
        assert all(number in history for number in issue.expect.numbers)
        assert issue.expect.release is None or issue.expect.release in tags
        if issue.expect.language == "ko":
            assert HANGUL.search(issue.title)


def test_new_issues_are_paraphrases(history):
    """No sentence of a new issue is taken from the thread it repeats, log lines and form aside."""
    for issue in our_issues():
        assert issue.expect
        for number in issue.expect.numbers:
            old = f"{history[number].title}\n{history[number].body}"
            shared = runs(issue.title + "\n" + issue.body) & runs(old)
            assert len(shared) <= 2, (issue.id, shared)


def runs(text: str, length: int = 6) -> set[tuple[str, ...]]:
    """Runs of words outside code and headings."""
    prose = re.sub(r"```.*?```|`[^`]*`|^#+ .*$|^> .*$", " ", text, flags=re.DOTALL | re.MULTILINE)
    words = re.findall(r"\w+", prose.lower())
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}


def test_the_history_can_end_at_any_day():
    later = timedelta(days=400)
    moved = our_seed(AS_OF + later + timedelta(hours=5)).repositories[0]
    first = our_history()[0]
    assert moved.threads[0].created_at == first.created_at + later
    assert moved.threads[0].closed_at == first.closed_at + later
    assert moved.threads[0].comments[0].created_at == first.comments[0].created_at + later
    assert moved.threads[0].events[-1].created_at == moved.threads[0].closed_at
    assert moved.releases[0].published_at == our_releases()[0].published_at + later
