"""A webhook's payload becomes jobs to do, or a reason why there are none. Pure.

A job holds ids, never text: whoever runs it fetches the rest afresh.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.commands import command_of
from app.job_kinds import (
    Adopt,
    CheckConfig,
    Forget,
    Job,
    LeaveAlone,
    Move,
    Obey,
    RefreshConfig,
    RefreshDocs,
    RefreshThread,
    RemoveThread,
    Respond,
)
from app.payload import Issue, Payload, Repository, RepositoryName
from app.settings import Settings
from indexer.config_file import CONFIG_PATH
from indexer.errors import InputError
from indexer.repo_config import DEFAULT_DOCS, any_matches

REFRESHING = {"edited", "closed", "reopened", "labeled", "unlabeled", "locked", "unlocked"}
PUSHED = {"opened", "reopened", "synchronize"}
REMOVING = {"deleted", "transferred"}
_REPOSITORY_NAME: TypeAdapter[str] = TypeAdapter(RepositoryName)
RELEASE_ACTIONS = {"published", "unpublished", "edited", "deleted"}


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing to do. `reason` is a short code that the log, the answer and the metrics share."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What a repository decides: the label of another run, those of no AI, which files are read."""

    again: str
    no_ai: frozenset[str] = frozenset()
    docs: tuple[str, ...] = DEFAULT_DOCS


def parse(
    event: str,
    payload: Mapping[str, Any],
    settings: Settings,
    *,
    rules: Rules | None = None,
    bot_login: str | None = None,
) -> tuple[Job, ...] | Ignored:
    """What a delivery asks for.

    Args:
        event: the X-GitHub-Event header.
        payload: the parsed body.
        settings: whom to serve, and the App's own id.
        rules: those in force in this repository; by default the label of the settings.
        bot_login: the App's own login, where it is known already.

    Raises:
        InputError: the payload lacks what every payload of this event has.
    """
    reader = _READERS.get(event)
    if reader is None:
        return Ignored("ping" if event == "ping" else "event_unused")
    try:
        read = Payload.model_validate(payload)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise InputError(f"The payload's {where} is not what it should be.") from error
    if _is_own(read, settings, bot_login):
        return Ignored("own_action")
    return reader(read, settings, rules or Rules(settings.again_label))


def repository_of(payload: Mapping[str, Any]) -> str | None:
    """The repository that a payload is about, if it is about one and names it rightly."""
    repository = payload.get("repository")
    name = repository.get("full_name") if isinstance(repository, Mapping) else None
    try:
        return _REPOSITORY_NAME.validate_python(name)
    except ValidationError:
        return None


def _is_own(read: Payload, settings: Settings, bot_login: str | None) -> bool:
    """Whether this App itself did it: its comment, or its removal of a label."""
    by_us = read.sender is not None and read.sender.login == bot_login
    via = read.comment.performed_via_github_app if read.comment else None
    return by_us or (via is not None and via.id == settings.github_app_id)


def _issue_of(read: Payload, settings: Settings) -> tuple[Repository, Issue, int | None] | Ignored:
    """The issue of a payload and whose installation it is, if it is one we serve."""
    if read.repository is None or read.issue is None:
        raise InputError("The payload names no repository or no issue.")
    if read.issue.pull_request is not None:
        return Ignored("pull_request")
    if not settings.serves(read.repository.full_name.partition("/")[0]):
        return Ignored("account_not_allowed")
    return read.repository, read.issue, read.installation.id if read.installation else None


def _issues(read: Payload, settings: Settings, rules: Rules) -> tuple[Job, ...] | Ignored:
    found = _issue_of(read, settings)
    if isinstance(found, Ignored):
        return found
    repository, issue, installation = found
    name, number = repository.full_name, issue.number
    opened = read.action == "opened"
    if opened or (read.action == "edited" and read.changes.has_text):
        return (
            Respond(name, number, installation, "opened" if opened else "edited"),
            RefreshThread(name, number, installation),
        )
    if read.action == "labeled" and read.label and _same(read.label.name, rules.again):
        return (Respond(name, number, installation, "label"),)
    if read.action in REFRESHING:
        refresh = RefreshThread(name, number, installation)
        added = read.label.name if read.action == "labeled" and read.label else ""
        wanted = added.casefold() in rules.no_ai
        return (LeaveAlone(name, number, installation), refresh) if wanted else (refresh,)
    if read.action in REMOVING:
        return (RemoveThread(name, number),)
    return Ignored("action_unused")


def _issue_comment(read: Payload, settings: Settings, _rules: Rules) -> tuple[Job, ...] | Ignored:
    found = _issue_of(read, settings)
    if isinstance(found, Ignored):
        return found
    if read.comment and read.comment.user and read.comment.user.type == "Bot":
        return Ignored("bot_comment")
    repository, issue, installation = found
    refresh = RefreshThread(repository.full_name, issue.number, installation)
    comment = read.comment
    if read.action == "created" and comment and comment.id and command_of(comment.body or ""):
        return (Obey(repository.full_name, issue.number, comment.id, installation), refresh)
    return (refresh,)


def _installation(read: Payload, settings: Settings, _rules: Rules) -> tuple[Job, ...] | Ignored:
    if read.installation is None or read.installation.account is None:
        raise InputError("The payload names no installation or no account.")
    account = read.installation.account.login
    if read.action == "deleted":
        # Also for accounts no longer served: what was kept of them must go.
        return (Forget(account=account),)
    if read.action not in {"created", "unsuspend", "new_permissions_accepted"}:
        return Ignored("installation_suspended" if read.action == "suspend" else "action_unused")
    if not settings.serves(account):
        return Ignored("account_not_allowed")
    return (Adopt(read.installation.id),)


def _installation_repositories(
    read: Payload, settings: Settings, _rules: Rules
) -> tuple[Job, ...] | Ignored:
    if read.installation is None or read.installation.account is None:
        raise InputError("The payload names no installation or no account.")
    jobs: list[Job] = []
    if read.repositories_removed:
        jobs.append(Forget(tuple(r.full_name for r in read.repositories_removed)))
    if read.repositories_added:
        if not settings.serves(read.installation.account.login):
            return tuple(jobs) or Ignored("account_not_allowed")
        added = tuple(r.full_name for r in read.repositories_added)
        jobs.append(Adopt(read.installation.id, added))
    return tuple(jobs) or Ignored("no_repositories")


def _repository(read: Payload, settings: Settings, _rules: Rules) -> tuple[Job, ...] | Ignored:
    if read.repository is None:
        raise InputError("The payload names no repository.")
    full_name = read.repository.full_name
    owner, _, name = full_name.partition("/")
    if read.action in {"deleted", "privatized"}:
        # What was written when everybody could read it is read again with the next issue.
        return (Forget((full_name,)),)
    if read.action == "transferred":
        former = _former_owner(read.changes.owner.before)
        if former is None:
            return Ignored("no_former_owner")
        return _moved(f"{former}/{name}", full_name, settings)
    if read.action == "renamed":
        before = read.changes.repository.name.before
        if not isinstance(before, str):
            return Ignored("no_former_name")
        return _moved(f"{owner}/{before}", full_name, settings)
    return Ignored("action_unused")


def _moved(named: str, after: str, settings: Settings) -> tuple[Job, ...] | Ignored:
    try:
        before = _REPOSITORY_NAME.validate_python(named)
    except ValidationError as error:
        raise InputError("The payload's former name of the repository is none.") from error
    if before.lower() == after.lower():  # only letter case, which names do not differ by
        return Ignored("same_name")
    if settings.serves(after.partition("/")[0]):
        return (Move(before, after),)
    return (Forget((before,)),)


def _former_owner(before: object) -> str | None:
    """The login in `{"user": {"login": …}}` or `{"organization": {"login": …}}`."""
    if isinstance(before, Mapping):
        for kind in ("user", "organization"):
            account = before.get(kind)
            if isinstance(account, Mapping) and isinstance(account.get("login"), str):
                return str(account["login"])
    return None


def _push(read: Payload, settings: Settings, rules: Rules) -> tuple[Job, ...] | Ignored:
    if read.repository is None:
        raise InputError("The payload names no repository.")
    if not settings.serves(read.repository.full_name.partition("/")[0]):
        return Ignored("account_not_allowed")
    if read.ref != f"refs/heads/{read.repository.default_branch}":
        return Ignored("other_branch")
    touched = {
        path
        for commit in read.commits
        for path in (*commit.added, *commit.modified, *commit.removed)
    }
    name = read.repository.full_name
    installation = read.installation.id if read.installation else None
    jobs: list[Job] = []
    if CONFIG_PATH in touched:
        jobs.append(RefreshConfig(name, installation))
    # A forced push takes commits away, and says nothing of their files.
    if read.forced or any(any_matches(rules.docs, path) for path in touched):
        jobs.append(RefreshDocs(name, installation, "files"))
    return tuple(jobs) or Ignored("docs_untouched")


def _release(read: Payload, settings: Settings, _rules: Rules) -> tuple[Job, ...] | Ignored:
    if read.repository is None:
        raise InputError("The payload names no repository.")
    if not settings.serves(read.repository.full_name.partition("/")[0]):
        return Ignored("account_not_allowed")
    if read.action not in RELEASE_ACTIONS:
        return Ignored("action_unused")
    installation = read.installation.id if read.installation else None
    return (RefreshDocs(read.repository.full_name, installation, "releases"),)


def _pull_request(read: Payload, settings: Settings, _rules: Rules) -> tuple[Job, ...] | Ignored:
    """The payload does not say which files it touches; whoever does the job looks."""
    if read.repository is None or read.pull_request is None:
        raise InputError("The payload names no repository or no pull request.")
    if not settings.serves(read.repository.full_name.partition("/")[0]):
        return Ignored("account_not_allowed")
    if read.action not in PUSHED:
        return Ignored("action_unused")
    if read.pull_request.base.ref != read.repository.default_branch:
        return Ignored("other_branch")
    installation = read.installation.id if read.installation else None
    return (CheckConfig(read.repository.full_name, read.pull_request.number, installation),)


def _same(one: str, other: str) -> bool:
    """Whether two label names are the same to GitHub, which ignores case."""
    return one.casefold() == other.casefold()


_READERS = {
    "issues": _issues,
    "issue_comment": _issue_comment,
    "installation": _installation,
    "installation_repositories": _installation_repositories,
    "repository": _repository,
    "push": _push,
    "pull_request": _pull_request,
    "release": _release,
}
