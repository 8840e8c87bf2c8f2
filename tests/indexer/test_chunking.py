from datetime import timedelta

from indexer.chunking import (
    MAX_COMMENT,
    doc_passages,
    release_of,
    release_passages,
    section_of,
    thread_of,
    thread_passages,
)
from indexer.threads import DocSection
from tests.fakes_threads import START, comment, release, thread


def section(text="Set part_size to 64.", *headings, path="docs/a.md"):
    return DocSection(
        path=path,
        headings=headings or ("Guide", "Parts"),
        text=text,
        url="https://github.com/o/r/blob/c/docs/a.md#parts",
        updated_at=START,
    )


def test_a_thread_is_one_issue_and_a_passage_for_each_comment():
    item = thread(7, comment("Raise the limit of parts."), comment("That helped me, thanks!", at=2))
    issue, first, second = thread_passages("O/R", item)
    assert (issue.kind, issue.repo, issue.payload["number"]) == ("issue", "o/r", 7)
    assert issue.title == "Packing fails 7"
    assert issue.text == "Packing fails 7\nIt stops in part 7."
    assert thread_of(issue.payload) == item
    assert first.payload == {
        "repo": "o/r",
        "kind": "comment",
        "number": 7,
        "created": int((START + timedelta(days=1)).timestamp()),
        "author": "ann",
    }
    assert (first.text, first.title) == ("", "")
    assert first.lexical_body == "Raise the limit of parts."
    assert len({issue.id, first.id, second.id}) == 3


def test_ids_are_the_same_with_and_without_what_only_github_tells():
    plain = thread(7, comment("Raise the limit of parts."), comment("Raise the limit of parts."))
    full = thread(
        7,
        *(
            comment("Raise the limit of parts.", id=n, url=f"https://github.com/o/r/{n}")
            for n in (1, 2)
        ),
        url="https://github.com/o/r/issues/7",
    )
    ids = [[p.id for p in thread_passages("o/r", item)] for item in (plain, full)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 3


def test_repositories_do_not_share_ids():
    assert thread_passages("o/r", thread())[0].id != thread_passages("o/s", thread())[0].id


def test_bots_hidden_and_empty_comments_give_no_passage():
    item = thread(
        7,
        comment("The build has passed, well done.", author="ci[bot]"),
        comment("The build has passed, well done.", author_is_bot=True),
        comment("The build has passed, well done.", author="k8s-ci-robot"),
        comment("Buy cheap watches at our shop.", minimized=True),
        comment("+1"),
        comment("> It stops in part 7, as said"),
    )
    passages = thread_passages("o/r", item)
    assert [p.kind for p in passages] == ["issue"]
    kept = thread_of(passages[0].payload)
    assert len(kept.comments) == len(item.comments)
    assert [c.body for c in kept.comments[:4]] == [""] * 4
    assert passages[0].payload["hash"] == thread_passages("o/r", item)[0].payload["hash"]


def test_a_very_long_comment_is_capped():
    passage = thread_passages("o/r", thread(7, comment("long words here " * 4000)))[1]
    assert len(passage.lexical_body) == MAX_COMMENT


def test_the_hash_follows_content_and_template_lines():
    hashes = {
        thread_passages("o/r", item, templates)[0].payload["hash"]
        for item in (thread(), thread(body="Other"), thread(labels=("bug",)))
        for templates in (frozenset(), frozenset({"a line"}))
    }
    assert len(hashes) == 6
    again = thread_passages("o/r", thread())[0].payload["hash"]
    assert again in hashes


def test_secrets_reach_no_passage():
    item = thread(
        7,
        comment("My password: hunter22 was refused."),
        title="Login of mira@tidepool.example fails",
        body="DB_PASSWORD=swordfish\nValueError: no login for mira@tidepool.example",
    )
    text = "Write to mira@tidepool.example with DB_PASSWORD=swordfish or password: hunter22"
    news = release("v1.2", text).model_copy(update={"name": "By mira@tidepool.example"})
    passages = [
        *thread_passages("o/r", item),
        *doc_passages("o/r", [section(text, "Ask mira@tidepool.example", "Parts")]),
        *release_passages("o/r", [news]),
    ]
    assert [p.kind for p in passages] == ["issue", "comment", "doc", "release"]
    for passage in passages:
        everything = f"{passage!r} {passage.payload}"
        for secret in ("hunter22", "swordfish", "mira@"):
            assert secret not in everything
    assert thread_of(passages[0].payload).title == "Login of [email] fails"
    assert passages[0].text.startswith("Login of [email] fails\nDB_PASSWORD=[secret]")
    assert passages[3].title == "By [email]"


def test_a_secret_that_changes_is_a_change():
    hashes = {
        thread_passages("o/r", thread(body=f"DB_PASSWORD={word}"))[0].payload["hash"]
        for word in ("swordfish", "catfish")
    }
    assert len(hashes) == 2


def test_docs_and_releases_come_back_from_their_payload():
    sections = [section(), section("Other text", "Guide", "Parts")]
    passages = doc_passages("o/r", sections)
    assert [section_of(p.payload) for p in passages] == sections
    assert passages[0].id != passages[1].id
    assert passages[0].title == "Parts"
    assert passages[0].text.startswith("Guide › Parts\n")
    item = release("v1.2", "Lifts the limit (#7).", prerelease=True)
    (found,) = release_passages("o/r", [item])
    assert release_of(found.payload).model_copy(update={"name": ""}) == item
    assert found.kind == "release"
