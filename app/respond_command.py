"""`intern respond`: the answer to one issue, printed, or posted as the webhook would."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app import answering, policy, responder
from app.llm import Asker
from app.llm_offline import AnswerFile, PromptFile
from app.main import open_services
from app.payload import MAX_NUMBER
from app.policy import Decision
from app.services import Services
from app.settings import Settings
from indexer import config_file, sharing
from indexer.cli import checked_repo
from indexer.errors import InputError, SettingError
from indexer.exclusive import exclusive
from indexer.opening import require_data, require_indexed
from indexer.repo_config import RepoConfig
from indexer.runs import run_there, running_server
from indexer.sources.github import fetch_thread
from indexer.threads import Thread

ISSUE = re.compile(
    r"(?:https?://[^/\s]+/)?(?P<repo>[A-Za-z0-9_-]+/[A-Za-z0-9_.-]+)(?:#|/issues/)(?P<number>\d+)"
)

SHADOW = "shadow"


@dataclass(frozen=True, slots=True)
class Responded:
    """What there is to print: the comment or why there is none, where it stands, and all else."""

    body: str | None
    reason: str
    url: str | None
    details: dict[str, Any]


def issue_of(text: str) -> tuple[str, int]:
    """`owner/name#7`, or the issue's address, as repository and number.

    Raises:
        InputError: it is neither.
    """
    found = ISSUE.fullmatch(text.strip())
    if found is None or not 1 <= int(found["number"]) <= MAX_NUMBER:
        raise InputError(f"{text!r} names no issue; write OWNER/REPO#NUMBER.")
    checked_repo(found["repo"])
    return found["repo"], int(found["number"])


def thread_of(path: Path) -> Thread:
    """The issue in a file: one JSON object, as `intern export` writes them a line.

    Raises:
        InputError: the file cannot be read, or holds no issue.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
        # Comments and what happened later are not for the answer to see.
        return Thread.model_validate({**data, "comments": (), "events": ()})
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path} holds no issue: {field}: {first['msg']}.") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"{path} is not a JSON object.") from error


async def dry_run(
    settings: Settings,
    repo: str,
    issue: int | Thread,
    before: datetime | None,
    model: Asker | None = None,
) -> Responded:
    """What would be posted if it were asked for now; nothing is written anywhere.

    Raises:
        InputError: nothing is indexed of the repository.

    Args:
        settings: where things are.
        repo: `owner/name`.
        issue: a number to read from GitHub, or the issue itself.
        before: only what was known before then counts.
        model: who is asked in place of Claude.
    """
    require_data(settings, repo.lower())
    async with open_services(settings, own=False) as services:
        shared: tuple[str, ...] = ()
        apart: frozenset[tuple[str, int]] = frozenset()
        may = unasked = Decision(ok=True, reason="manual")
        if isinstance(issue, Thread):
            thread, config = issue, RepoConfig()
        else:
            thread, config, shared = await _read(services, repo, issue)
            apart = await asyncio.to_thread(responder.apart_from, services.state, repo, issue)
            wished = await asyncio.to_thread(services.records.wishes.of, repo, issue)
            may = policy.may_answer(thread, config, "manual", wished)
            unasked = policy.may_answer(thread, config, "opened", wished)
        await asyncio.to_thread(require_indexed, services.knowledge_base, settings, repo.lower())
        if not may.ok:
            return Responded(None, may.reason, None, {"decision": asdict(may)})
        asking = services if model is None else replace(services, llm=model)
        answer = await answering.answer(
            asking, repo, thread, config, before, apart=apart, shared=shared
        )
    reason = answer.decision.reason
    if answer.body is not None and config.mode == "shadow":
        reason = SHADOW
    details = {**answer.explain, "unasked": None if unasked.ok else unasked.reason}
    return Responded(answer.body, reason, None, details)


async def post(settings: Settings, repo: str, number: int) -> Responded:
    """Answer on GitHub, as the label would make the server do; by the server where one runs.

    Raises:
        InputError: nothing is indexed of the repository.
        SettingError: there is no App to post as.
        StoreBusy: another process is answering this issue.
    """
    if server := running_server(settings):
        return await asyncio.to_thread(_posted_there, server, repo, number)
    if settings.github_app_id is None:
        raise SettingError(
            "GITHUB_APP_ID is not set: only the App posts comments; --dry-run prints them."
        )
    name = f"{repo}#{number}"
    require_data(settings, repo.lower())
    async with open_services(settings.as_app(), own=False) as services:
        await asyncio.to_thread(require_indexed, services.knowledge_base, settings, repo.lower())
        client = await services.clients.for_repo(repo)
        with exclusive(settings, name.lower(), f"answering {name}"):
            reply = await responder.respond(services, repo, number, trigger="manual", client=client)
    return _posted(reply.action, reply.reason, reply.url, list(reply.shown))


def _posted_there(server: Path, repo: str, number: int) -> Responded:
    """Answered by the server that runs."""
    came = run_there(server, "respond", {"repo": repo, "number": number})
    return _posted(came["outcome"], came["reason"], came.get("url"), came.get("shown", []))


def _posted(action: str, reason: str, url: str | None, shown: list[int]) -> Responded:
    return Responded(None, reason, url, {"action": action, "reason": reason, "shown": shown})


def offline_model(use_answer: Path | None, export_prompt: Path | None) -> Asker | None:
    """Who stands in for Claude, if a file was named.

    Raises:
        InputError: both were.
    """
    if use_answer and export_prompt:
        raise InputError("--use-answer and --export-prompt do not go together.")
    if use_answer:
        return AnswerFile(use_answer)
    return PromptFile(export_prompt) if export_prompt else None


async def _read(
    services: Services, repo: str, number: int
) -> tuple[Thread, RepoConfig, tuple[str, ...]]:
    """The issue, the config, and the other repositories that may be shown."""
    client = await services.clients.for_repo(repo)
    # One after the other: where there is no such issue, nothing else may be left on its way.
    thread = await fetch_thread(client, repo, number)
    file = await config_file.read(client.get, repo)
    config = file.config or RepoConfig()
    return thread, config, await sharing.sources_of(client.get, repo, config)


def explained(details: dict[str, Any]) -> Iterator[str]:
    """How an answer came about, line by line, for a person."""
    if "candidates" not in details:
        return
    yield ""
    yield f"decision: {details['decision']['reason']} ({details['language']})"
    if details.get("unasked"):
        yield f"  unasked, it would say nothing: {details['unasked']}"
    yield f"  levels: {_levels(details['thresholds'])}"
    for found in details["candidates"]:
        name = f"#{found['number']}" if found["number"] else found["kind"]
        yield (
            f"{found['place']:>9}  {found['probability']:.2f} {found['verdict']:9} {name} "
            f"{found['title'][:80]}"
        )
        passed = f"; no row: {found['passed_over']}" if found["passed_over"] else ""
        yield f"{'':11}{found['reason']} ({found['by']}){passed}"
        features = " ".join(f"{key}={value:.2f}" for key, value in found["features"].items())
        if features:
            yield f"{'':11}{features}"
    for gone in details["dropped"]:
        yield f"  dropped  {gone['what']}: {gone['text'][:120]!r}, because {gone['reason']}"
    model = details["llm"]
    if model["asked"]:
        cost = model["cost_dollars"]
        yield (
            f"    model  {model['model'] or model['failure']}: about "
            f"{model['estimated_input_tokens']} tokens in by our estimate, "
            f"{model['input_tokens']} counted, {model['output_tokens']} out, "
            f"{'cost unknown' if cost is None else f'${cost:.4f}'}"
        )


def _levels(thresholds: Mapping[str, float]) -> str:
    """From which probability on each is said, in words where none is enough."""
    return ", ".join(
        f"{name} from {level:.2f}" if level <= 1 else f"no {name} without Claude"
        for name, level in thresholds.items()
    )
