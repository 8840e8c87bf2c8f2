"""`intern doctor`: looks at each thing the server needs and says what is wrong with it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from app.budget import dearest
from app.records import Records
from app.settings import Settings
from indexer.embedding import TextEmbedder, open_embedder
from indexer.errors import InternError, SettingError
from indexer.github_clients import GitHubClients
from indexer.knowledge_base import open_knowledge_base
from indexer.reranking import open_reranker

Check = Callable[[], Awaitable[str]]

KNOWN: Final = tuple(name.upper() for name in Settings.model_fields)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: what was looked at, whether it is good, and what was seen."""

    name: str
    ok: bool
    text: str


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Every check, in an order in which the first failure explains the later ones."""
    clients = GitHubClients(settings)
    examiner = _Examiner(settings, clients)
    checks: dict[str, Check] = {
        "model": examiner.model,
        "store": examiner.store,
        "records": examiner.records,
        "GitHub": examiner.github,
        "Claude": examiner.claude,
    }
    try:
        for finding in _of_settings(settings):
            yield finding
        for name, check in checks.items():
            try:
                yield Finding(name, ok=True, text=await check())
            except InternError as error:
                yield Finding(name, ok=False, text=str(error))
    finally:
        await clients.aclose()


def strange(names: Sequence[str]) -> Iterator[str]:
    """A sentence for each name in `.env` that is no setting and looks as if it should be one.

    What looks like nothing of ours may be meant for another program, and is passed over.
    """
    beginnings = Counter(name.partition("_")[0] for name in KNOWN)
    for name in names:
        if name in KNOWN:
            continue
        near = get_close_matches(name, KNOWN, n=1, cutoff=0.8)
        if near:
            yield f"{name} is no setting, and nothing reads it; {near[0]} is one."
        elif beginnings[name.partition("_")[0]] > 1:
            yield f"{name} is no setting, and nothing reads it."


def _of_settings(settings: Settings) -> Iterator[Finding]:
    """Whether the settings are enough for what they are meant for; a line for each that is not."""
    if settings.only_reads:
        text = "enough to read and try; for the server, `intern setup` makes an App"
        yield Finding("settings", ok=True, text=text)
        return
    missing = settings.missing_to_serve()
    for sentence in missing:
        yield Finding("settings", ok=False, text=sentence)
    if not missing:
        served = ", ".join(settings.allowed_accounts)
        yield Finding("settings", ok=True, text=f"enough to serve {served}")


class _Examiner:
    """The checks; each returns what is good to know, or raises an InternError."""

    def __init__(self, settings: Settings, clients: GitHubClients) -> None:
        self._settings = settings
        self._clients = clients
        self._embedder: TextEmbedder | None = None

    async def model(self) -> str:
        embedder = await asyncio.to_thread(open_embedder, self._settings)
        await asyncio.to_thread(embedder.embed, ["ready"])
        self._embedder = embedder
        reranker = await asyncio.to_thread(open_reranker, self._settings)
        if reranker is not None:
            await asyncio.to_thread(reranker.read, "ready", ["ready"])
        again = f"; reordered by {self._settings.rerank_model}" if reranker is not None else ""
        return f"{embedder.fingerprint.model}, {embedder.dimension} dimensions{again}"

    async def store(self) -> str:
        if self._embedder is None:
            raise SettingError("The store was not opened, because the model is missing.")
        kb = await asyncio.to_thread(
            open_knowledge_base, self._settings, self._embedder.fingerprint
        )
        try:
            repos = await asyncio.to_thread(kb.repos)
        finally:
            await asyncio.to_thread(kb.close)
        return f"{sum(repos.values())} points of {len(repos)} repositories"

    async def records(self) -> str:
        records = await asyncio.to_thread(Records.open, self._settings)
        try:
            known = await asyncio.to_thread(records.repositories)
        finally:
            records.close()
        return f"records of {len(known)} repositories"

    async def github(self) -> str:
        """The App's key, or the token where there is no App."""
        self._clients.require_credentials()
        if self._settings.github_app_id is None:
            user = await self._clients.for_token().get("user")
            return f"a token of {user['login']}: enough to read, not to serve"
        app = await self._clients.app().get("app")
        installations = [i async for i in self._clients.app().paginate("app/installations")]
        accounts = sorted(str((i.get("account") or {}).get("login")) for i in installations)
        text = f"the App {app['slug']}, installed on {', '.join(accounts) or 'no account yet'}"
        strangers = [a for a in accounts if not self._settings.serves(a)]
        if strangers:
            text += f"; not in ALLOWED_ACCOUNTS: {', '.join(strangers)}"
        return text

    async def claude(self) -> str:
        if self._settings.anthropic_api_key is None:
            return "no ANTHROPIC_API_KEY: comments quote past answers instead of drafting one"
        model = self._settings.anthropic_model
        limits = {
            "LLM_ISSUE_LIMIT_DOLLARS": self._settings.llm_issue_limit_dollars,
            "LLM_DAILY_LIMIT_DOLLARS": self._settings.llm_daily_limit_dollars,
        }
        most = dearest(model)
        for name, limit in limits.items():
            if limit < most:
                raise SettingError(
                    f"{name} is {limit:g}, and one call of {model} can cost ${most:.3f}: "
                    "issues would be answered without it."
                )
        return f"{model}, with a key (not tried: a call costs money)"
