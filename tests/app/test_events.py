"""Which delivery asks for which jobs, and the reason where it asks for none."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events import Ignored, Rules, parse
from app.job_kinds import (
    Adopt,
    CheckConfig,
    Forget,
    LeaveAlone,
    Move,
    Obey,
    RefreshConfig,
    RefreshDocs,
    RefreshThread,
    RemoveThread,
    Respond,
)
from app.settings import Settings
from indexer.errors import InputError
from tests.fakes_app import issue_payload

SETTINGS = Settings(allowed_accounts=("Octo",), github_app_id=5)
INSTALLATION = {"id": 11, "account": {"login": "octo"}}
STRANGER = {"id": 12, "account": {"login": "stranger"}}
REFRESH = (RefreshThread("octo/tools", 7, 11),)


def parsed(event: str, payload: dict[str, Any], **more: Any) -> Any:
    return parse(event, payload, SETTINGS, **more)


@pytest.mark.parametrize(
    ("action", "more", "expected"),
    [
        ("opened", {}, (Respond("octo/tools", 7, 11, "opened"), *REFRESH)),
        ("edited", {}, REFRESH),
        ("edited", {"changes": {"milestone": {"from": "v1"}}}, REFRESH),
        (
            "edited",
            {"changes": {"title": {"from": "before"}}},
            (Respond("octo/tools", 7, 11, "edited"), *REFRESH),
        ),
        (
            "edited",
            {"changes": {"body": {"from": None}}},
            (Respond("octo/tools", 7, 11, "edited"), *REFRESH),
        ),
        ("closed", {}, REFRESH),
        ("reopened", {}, REFRESH),
        ("unlabeled", {"label": {"name": "intern: again"}}, REFRESH),
        ("labeled", {"label": {"name": "bug"}}, REFRESH),
        (
            "labeled",
            {"label": {"name": "Intern: Again"}},
            (Respond("octo/tools", 7, 11, "label"),),
        ),
        ("deleted", {}, (RemoveThread("octo/tools", 7),)),
        ("transferred", {}, (RemoveThread("octo/tools", 7),)),
        ("milestoned", {}, Ignored("action_unused")),
    ],
)
def test_issues(action, more, expected):
    assert parsed("issues", issue_payload(action, **more)) == expected


def test_the_label_in_force_counts_and_not_the_default():
    payload = issue_payload("labeled", label={"name": "intern: again"})
    assert parsed("issues", payload, rules=Rules("retry")) == REFRESH


@pytest.mark.parametrize("action", ["created", "edited", "deleted"])
def test_comments_refresh_their_issue(action):
    payload = issue_payload(action, comment={"user": {"login": "ada", "type": "User"}})
    assert parsed("issue_comment", payload) == REFRESH


@pytest.mark.parametrize(
    ("action", "body", "obeyed"),
    [
        ("created", "/intern again", True),
        ("created", "/intern nonsense", True),
        ("created", "a comment", False),
        ("created", None, False),
        ("edited", "/intern again", False),
    ],
)
def test_a_new_comment_may_hold_a_command(action, body, obeyed):
    comment = {"id": 55, "body": body, "user": {"login": "ada", "type": "User"}}
    jobs = parsed("issue_comment", issue_payload(action, comment=comment))
    assert jobs == ((Obey("octo/tools", 7, 55, 11), *REFRESH) if obeyed else REFRESH)


def test_bots_command_nothing():
    comment = {"id": 55, "body": "/intern off", "user": {"login": "ci", "type": "Bot"}}
    payload = issue_payload("created", comment=comment)
    assert parsed("issue_comment", payload) == Ignored("bot_comment")


def test_a_label_can_say_that_an_issue_wants_no_ai():
    rules = Rules("intern: again", frozenset({"humans only"}))
    payload = issue_payload("labeled", label={"name": "Humans Only"})
    alone = LeaveAlone("octo/tools", 7, 11)
    assert parsed("issues", payload, rules=rules) == (alone, *REFRESH)
    payload["action"] = "unlabeled"
    assert parsed("issues", payload, rules=rules) == REFRESH


def test_comments_on_pull_requests_are_ignored():
    payload = issue_payload("created")
    payload["issue"]["pull_request"] = {"url": "https://api.github.com/…"}
    assert parsed("issue_comment", payload) == Ignored("pull_request")


def test_bots_comments_are_ignored():
    payload = issue_payload("created", comment={"user": {"login": "ci", "type": "Bot"}})
    assert parsed("issue_comment", payload) == Ignored("bot_comment")


@pytest.mark.parametrize(
    "more",
    [
        {"sender": {"login": "oncall-intern[bot]", "type": "Bot"}},
        {"comment": {"performed_via_github_app": {"id": 5}}},
    ],
)
def test_what_we_did_ourselves_starts_nothing(more):
    for event, action in [("issue_comment", "created"), ("issues", "unlabeled")]:
        payload = issue_payload(action, **more)
        assert parsed(event, payload, bot_login="oncall-intern[bot]") == Ignored("own_action")


def test_another_app_is_not_us():
    payload = issue_payload("created", comment={"performed_via_github_app": {"id": 6}})
    assert parsed("issue_comment", payload) == REFRESH


def test_accounts_that_are_not_served():
    payload = issue_payload(repo="stranger/tools")
    assert parsed("issues", payload) == Ignored("account_not_allowed")
    assert parsed("issue_comment", payload) == Ignored("account_not_allowed")
    everyone = Settings(allowed_accounts=("*",))
    assert isinstance(parse("issues", payload, everyone), tuple)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("created", (Adopt(11),)),
        ("unsuspend", (Adopt(11),)),
        ("deleted", (Forget(account="octo"),)),
        ("suspend", Ignored("installation_suspended")),
        ("something_new", Ignored("action_unused")),
    ],
)
def test_installation(action, expected):
    payload = {"action": action, "installation": INSTALLATION}
    assert parsed("installation", payload) == expected


def test_strangers_installations_are_never_indexed_but_always_forgotten():
    created = {"action": "created", "installation": STRANGER}
    assert parsed("installation", created) == Ignored("account_not_allowed")
    deleted = {"action": "deleted", "installation": STRANGER}
    assert parsed("installation", deleted) == (Forget(account="stranger"),)


def test_repositories_of_an_installation():
    added = {"repositories_added": [{"full_name": "octo/new"}]}
    removed = {"repositories_removed": [{"full_name": "octo/old"}]}
    both = parsed("installation_repositories", {"installation": INSTALLATION, **added, **removed})
    assert both == (Forget(("octo/old",)), Adopt(11, ("octo/new",)))
    foreign = parsed("installation_repositories", {"installation": STRANGER, **added})
    assert foreign == Ignored("account_not_allowed")
    neither = parsed("installation_repositories", {"installation": INSTALLATION})
    assert neither == Ignored("no_repositories")


@pytest.mark.parametrize(
    ("action", "changes", "expected"),
    [
        ("deleted", {}, (Forget(("octo/tools",)),)),
        (
            "renamed",
            {"repository": {"name": {"from": "kit"}}},
            (Move("octo/kit", "octo/tools"),),
        ),
        ("renamed", {}, Ignored("no_former_name")),
        ("renamed", {"repository": {"name": {"from": "Tools"}}}, Ignored("same_name")),
        (
            "transferred",
            {"owner": {"from": {"organization": {"login": "before"}}}},
            (Move("before/tools", "octo/tools"),),
        ),
        (
            "transferred",
            {"owner": {"from": {"user": {"login": "before"}}}},
            (Move("before/tools", "octo/tools"),),
        ),
        ("transferred", {}, Ignored("no_former_owner")),
        ("privatized", {}, (Forget(("octo/tools",)),)),
        ("archived", {}, Ignored("action_unused")),
    ],
)
def test_repository(action, changes, expected):
    payload = {
        "action": action,
        "changes": changes,
        "repository": {"full_name": "octo/tools"},
        "installation": {"id": 11},
    }
    assert parsed("repository", payload) == expected


@pytest.mark.parametrize(
    ("action", "changes", "forgotten"),
    [
        ("transferred", {"owner": {"from": {"user": {"login": "octo"}}}}, "octo/tools"),
        ("renamed", {"repository": {"name": {"from": "kit"}}}, "stranger/kit"),
    ],
)
def test_what_moves_to_where_nobody_is_served_is_forgotten(action, changes, forgotten):
    there = {"repository": {"full_name": "stranger/tools"}, "installation": {"id": 12}}
    payload = {"action": action, "changes": changes, **there}
    assert parsed("repository", payload) == (Forget((forgotten,)),)


@pytest.mark.parametrize(
    ("ref", "path", "expected"),
    [
        ("main", ".github/oncall-intern.yml", (RefreshConfig("octo/tools", 11),)),
        ("main", "src/a.py", Ignored("docs_untouched")),
        ("main", "docs/guide.html", (RefreshDocs("octo/tools", 11),)),
        ("main", "src/notes.MD", (RefreshDocs("octo/tools", 11),)),
        ("other", "README.md", Ignored("other_branch")),
        ("other", ".github/oncall-intern.yml", Ignored("other_branch")),
    ],
)
def test_push(ref, path, expected):
    payload = {
        "ref": f"refs/heads/{ref}",
        "commits": [{"added": [], "modified": [path], "removed": []}],
        "repository": {"full_name": "octo/tools", "default_branch": "main"},
        "installation": {"id": 11},
    }
    assert parsed("push", payload) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("website/a.txt", (RefreshDocs("octo/tools", 11),)),
        ("docs/guide.md", Ignored("docs_untouched")),
    ],
)
def test_a_push_counts_by_the_files_that_the_repository_wants_read(path, expected):
    payload = {
        "ref": "refs/heads/main",
        "commits": [{"added": [path], "modified": [], "removed": []}],
        "repository": {"full_name": "octo/tools", "default_branch": "main"},
        "installation": {"id": 11},
    }
    rules = Rules("intern: again", docs=("website/*",))
    assert parsed("push", payload, rules=rules) == expected


@pytest.mark.parametrize(
    ("action", "base", "expected"),
    [
        ("opened", "main", (CheckConfig("octo/tools", 9, 11),)),
        ("synchronize", "main", (CheckConfig("octo/tools", 9, 11),)),
        ("opened", "release/2", Ignored("other_branch")),
        ("labeled", "main", Ignored("action_unused")),
    ],
)
def test_pull_request(action, base, expected):
    payload = {
        "action": action,
        "pull_request": {"number": 9, "base": {"ref": base}},
        "repository": {"full_name": "octo/tools", "default_branch": "main"},
        "installation": {"id": 11},
    }
    assert parsed("pull_request", payload) == expected


def test_a_forced_push_may_have_changed_any_document():
    payload = {
        "ref": "refs/heads/main",
        "forced": True,
        "commits": [],
        "repository": {"full_name": "octo/tools", "default_branch": "main"},
        "installation": {"id": 11},
    }
    assert parsed("push", payload) == (RefreshDocs("octo/tools", 11),)


@pytest.mark.parametrize(
    ("action", "repo", "expected"),
    [
        ("published", "octo/tools", (RefreshDocs("octo/tools", 11, "releases"),)),
        ("edited", "octo/tools", (RefreshDocs("octo/tools", 11, "releases"),)),
        ("deleted", "octo/tools", (RefreshDocs("octo/tools", 11, "releases"),)),
        ("created", "octo/tools", Ignored("action_unused")),
        ("published", "stranger/tools", Ignored("account_not_allowed")),
    ],
)
def test_releases(action, repo, expected):
    payload = {
        "action": action,
        "release": {"tag_name": "v1"},
        "repository": {"full_name": repo},
        "installation": {"id": 11},
    }
    assert parsed("release", payload) == expected


def test_ping_and_unknown_events():
    assert parsed("ping", {"zen": "…"}) == Ignored("ping")
    assert parsed("watch", {}) == Ignored("event_unused")


@pytest.mark.parametrize(
    "payload",
    [
        {"action": "opened"},
        {"action": 5},
        issue_payload(number=0),
        issue_payload(repo="no-slash"),
        issue_payload(repo="octo/.."),
        issue_payload(repo="octo/a b"),
        issue_payload(repo="octo/a\nb"),
    ],
)
def test_payloads_that_are_not_what_they_should_be(payload):
    with pytest.raises(InputError, match="payload"):
        parsed("issues", payload)


FIELDS = [
    "action",
    "issue",
    "repository",
    "installation",
    "comment",
    "sender",
    "changes",
    "label",
    "id",
    "number",
    "login",
]
FIELDS += ["full_name", "name", "from", "account", "user", "commits", "repositories_added"]
VALUES = [None, True, -1, 7, 10**30, 1.5, "", "opened", "octo/tools", "\x00", "\ud800", "💥" * 99]
JSON = st.recursive(
    st.sampled_from(VALUES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner),
    max_leaves=12,
)


@given(
    event=st.sampled_from(
        [
            "issues",
            "issue_comment",
            "installation",
            "repository",
            "push",
            "pull_request",
        ]
    ),
    payload=st.dictionaries(st.sampled_from(FIELDS), JSON),
)
def test_no_payload_whatsoever_crashes(event, payload):
    try:
        outcome = parsed(event, payload)
    except InputError:
        return
    assert isinstance(outcome, Ignored | tuple)
