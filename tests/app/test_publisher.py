"""One comment, ever: whatever is lost, repeated, edited or deleted in between."""

from typing import Any

import pytest

from app.identity import Author
from app.publisher import ensure_label, marked, publish, remove_label
from indexer.errors import Forbidden, GitHubUnavailable, RateLimited, Rejected
from tests.fakes_app import FakeIssueClient

US = Author(5, "oncall-intern[bot]")
LOST = GitHubUnavailable("502")


async def say(client: Any, body: str | None, **more: Any) -> Any:
    return await publish(client, "octo/tools", 7, body, US, **more)


async def test_a_first_answer_is_posted_and_marked():
    client = FakeIssueClient()
    published = await say(client, "Seen before.")
    assert published.action == "created"
    assert published.url.endswith("#issuecomment-100")
    assert client.comments[100]["body"] == marked("Seen before.")
    assert client.comments[100]["body"].startswith("Seen before.\n\n<!-- oncall-intern:v1 ")


async def test_the_same_answer_writes_nothing():
    client = FakeIssueClient()
    first = await say(client, "Seen before.")
    for known in (None, first.comment_id):
        again = await say(client, "Seen before.", known_comment_id=known)
        assert (again.action, again.comment_id) == ("unchanged", first.comment_id)
    assert len(client.writes) == 1


async def test_what_a_maintainer_mended_stays_while_the_answer_is_the_same():
    client = FakeIssueClient()
    await say(client, "Sene before.")
    mended = client.comments[100]["body"].replace("Sene", "Seen")
    client.comments[100]["body"] = mended
    assert (await say(client, "Sene before.")).action == "unchanged"
    assert client.comments[100]["body"] == mended


async def test_a_new_answer_edits_the_same_comment():
    client = FakeIssueClient()
    first = await say(client, "One")
    second = await say(client, "Two", known_comment_id=first.comment_id)
    assert (second.action, second.comment_id) == ("edited", first.comment_id)
    assert [c["body"] for c in client.comments.values()] == [marked("Two")]


async def test_nothing_to_say_writes_nothing_and_tells_what_is_there():
    client = FakeIssueClient()
    assert (await say(client, None)).comment_id is None
    await say(client, "One")
    silent = await say(client, None)
    assert (silent.action, silent.comment_id) == ("none", 100)
    assert len(client.writes) == 1


@pytest.mark.parametrize("happened", [True, False])
@pytest.mark.parametrize("hidden", [0, 1])
async def test_a_lost_answer_makes_no_second_comment(happened, hidden):
    client = FakeIssueClient()
    client.lose = [(LOST, happened)]
    client.hidden = 0
    published = await say(client, "One")
    assert published.action == "created"
    assert len(client.comments) == 1
    assert len(client.slept) == 1


async def test_a_comment_whose_creation_stays_unknown_is_found_by_the_next_run():
    client = FakeIssueClient()
    client.lose = [(LOST, False), (LOST, False), (LOST, True)]
    client.hidden = 4
    with pytest.raises(GitHubUnavailable):
        await say(client, "One")
    assert (await say(client, "One")).action == "unchanged"
    assert len(client.comments) == 1


async def test_a_limit_is_for_the_job_to_wait_out():
    client = FakeIssueClient()
    client.lose = [(RateLimited("slow", retry_after=60), False)]
    with pytest.raises(RateLimited):
        await say(client, "One")
    assert client.comments == {}


async def test_a_refusal_is_not_tried_again():
    client = FakeIssueClient()
    client.lose = [(Forbidden("locked"), False)]
    with pytest.raises(Forbidden):
        await say(client, "One")
    assert len(client.writes) == 1


@pytest.mark.parametrize(
    "foreign",
    [
        {"user": {"login": "mallory"}},
        {"user": {"login": "other[bot]"}, "performed_via_github_app": {"id": 6}},
        {"user": None, "performed_via_github_app": None},
    ],
)
async def test_a_forged_marker_is_not_ours(foreign):
    client = FakeIssueClient()
    client.add(marked("One"), **foreign)
    assert (await say(client, "One")).action == "created"
    assert len(client.comments) == 2


async def test_our_comment_without_marker_is_left_alone():
    client = FakeIssueClient()
    client.add("written by another feature")
    assert (await say(client, "One")).action == "created"


async def test_a_comment_that_a_person_deleted_stays_deleted_unless_asked_for():
    client = FakeIssueClient()
    first = await say(client, "One")
    client.comments.clear()
    assert (await say(client, "Two", known_comment_id=first.comment_id)).action == "removed"
    assert client.comments == {}
    again = await say(client, "Two", known_comment_id=first.comment_id, repost=True)
    assert again.action == "created"


async def test_a_known_comment_that_is_not_ours_is_not_edited():
    client = FakeIssueClient()
    foreign = client.add("someone else's", user={"login": "ada"})
    await say(client, "One", known_comment_id=foreign, repost=True)
    assert client.comments[foreign]["body"] == "someone else's"


async def test_without_an_app_the_login_tells():
    client = FakeIssueClient(app_id=None, login="ada")
    client.add(marked("One"))
    published = await publish(client, "octo/tools", 7, "Two", Author(None, "ada"))  # type: ignore[arg-type]
    assert published.action == "edited"


@pytest.mark.parametrize(
    "body", ["", "\x00", "한국어 😀", "x" * 65_000, "<!-- oncall-intern:v1 00 -->"]
)
async def test_any_text_finds_itself_again(body):
    client = FakeIssueClient()
    await say(client, body)
    assert (await say(client, body)).action == "unchanged"


async def test_the_label_is_made_once():
    client: Any = FakeIssueClient()
    assert await ensure_label(client, "octo/tools", "intern: again")
    assert not await ensure_label(client, "octo/tools", "intern: again")
    assert client.repository_labels == {"intern: again"}


async def test_a_label_that_another_worker_just_made_is_no_error():
    client: Any = FakeIssueClient()
    client.lose = [(Rejected("Validation Failed (already_exists)", status=422), False)]
    assert not await ensure_label(client, "octo/tools", "intern: again")
    client.lose = [(Rejected("Validation Failed (invalid)", status=422), False)]
    with pytest.raises(Rejected):
        await ensure_label(client, "octo/tools", "intern: again")


async def test_removing_a_label_that_is_gone_is_no_error():
    client: Any = FakeIssueClient()
    client.labels = {"intern: again"}
    assert await remove_label(client, "octo/tools", 7, "intern: again")
    assert not await remove_label(client, "octo/tools", 7, "intern: again")
