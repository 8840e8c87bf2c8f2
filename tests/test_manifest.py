"""app.yml is a manifest that GitHub accepts, and docs/permissions.md explains all of it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ACCESS = ("read", "write")

# Each event that a manifest may name and that an issue bot could want, and the permission
# (at least read) without which GitHub refuses it.
SUBSCRIBABLE = {
    "check_run": "checks",
    "check_suite": "checks",
    "commit_comment": "contents",
    "create": "contents",
    "delete": "contents",
    "discussion": "discussions",
    "discussion_comment": "discussions",
    "fork": "contents",
    "gollum": "contents",
    "issue_comment": "issues",
    "issues": "issues",
    "label": "metadata",
    "milestone": "issues",
    "public": "metadata",
    "pull_request": "pull_requests",
    "pull_request_review": "pull_requests",
    "pull_request_review_comment": "pull_requests",
    "pull_request_review_thread": "pull_requests",
    "push": "contents",
    "release": "contents",
    "repository": "metadata",
    "star": "metadata",
    "watch": "metadata",
}

# Sent to every App by itself; a manifest that lists one is refused.
AUTOMATIC = {
    "github_app_authorization",
    "installation",
    "installation_repositories",
    "installation_target",
    "ping",
}

MANIFEST_KEYS = {
    "name",
    "url",
    "hook_attributes",
    "redirect_url",
    "callback_urls",
    "setup_url",
    "description",
    "public",
    "default_events",
    "default_permissions",
    "request_oauth_on_install",
    "setup_on_update",
}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "app.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tables() -> list[list[str]]:
    """The rows of the tables of docs/permissions.md, cells with their Markdown taken off."""
    text = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows]


def test_has_only_keys_that_a_manifest_may_have(manifest: dict[str, Any]) -> None:
    assert set(manifest) <= MANIFEST_KEYS
    assert set(manifest["hook_attributes"]) <= {"url", "active"}


def test_is_private_and_reaches_our_webhook(manifest: dict[str, Any]) -> None:
    assert manifest["public"] is False
    assert manifest["hook_attributes"]["url"].endswith("/webhooks")
    for url in (manifest["url"], manifest["hook_attributes"]["url"]):
        assert url.startswith("https://intern.example.com")


def test_asks_for_what_is_planned_and_no_more(manifest: dict[str, Any]) -> None:
    assert manifest["default_permissions"] == {
        "checks": "write",
        "contents": "read",
        "discussions": "read",
        "issues": "write",
        "metadata": "read",
        "pull_requests": "read",
    }


def test_lists_each_event_once(manifest: dict[str, Any]) -> None:
    events = manifest["default_events"]
    assert events == sorted(set(events))


def test_names_no_event_that_comes_by_itself(manifest: dict[str, Any]) -> None:
    assert AUTOMATIC.isdisjoint(manifest["default_events"])


def test_each_event_is_subscribable_and_covered_by_a_permission(manifest: dict[str, Any]) -> None:
    for event in manifest["default_events"]:
        assert event in SUBSCRIBABLE, f"{event} cannot be named in a manifest"
        permission = SUBSCRIBABLE[event]
        assert manifest["default_permissions"].get(permission) in ACCESS, f"{event}: {permission}"


def test_every_event_we_read_reaches_us(manifest: dict[str, Any]) -> None:
    events = pytest.importorskip("app.events")
    unheard = set(events._READERS) - set(manifest["default_events"]) - AUTOMATIC
    assert not unheard, "app.events reads events that GitHub would not send"


def test_docs_give_each_permission_its_access_and_a_reason(
    manifest: dict[str, Any], tables: list[list[str]]
) -> None:
    told = {row[0].strip("`"): row[1:] for row in tables if len(row) == 4}
    for permission, access in manifest["default_permissions"].items():
        assert told[permission][0] == access
        assert len(told[permission][1]) > 20
    extra = set(told) - set(manifest["default_permissions"]) - {"permission", "---"}
    assert not extra, "explained, but not asked for"


def test_docs_name_each_event_under_the_permission_that_opens_it(
    manifest: dict[str, Any], tables: list[list[str]]
) -> None:
    opened = {row[0].strip("`"): re.findall(r"`(\w+)`", row[3]) for row in tables if len(row) == 4}
    used = {name for row in tables if len(row) == 2 for name in re.findall(r"`(\w+)`", row[0])}
    for event in manifest["default_events"]:
        assert event in opened[SUBSCRIBABLE[event]]
        assert event in used


def test_docs_name_what_is_to_be_chosen_by_hand(manifest: dict[str, Any]) -> None:
    text = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    by_hand = text.partition("## Creating the App by hand")[2].partition("\n## ")[0]
    listed = re.search(r"\(`default_events`\): ([\w\s,]+)\.", by_hand)
    assert listed is not None
    chosen = [" ".join(name.split()).lower().replace(" ", "_") for name in listed[1].split(",")]
    assert chosen == manifest["default_events"]
    assert "the six of the first table" in by_hand
    assert len(manifest["default_permissions"]) == 6
