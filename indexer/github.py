"""A GitHub client: REST and GraphQL under one credential, GHES and ghe.com URLs, limits, retries.

githubkit signs the requests; asking again is decided here. Reads are repeated after server
errors and limits, within a bound; writes never are, because a lost answer does not tell whether
the write happened: the caller looks first.
"""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit
from weakref import WeakKeyDictionary

import httpx
from githubkit import GitHub, TokenAuthStrategy
from githubkit.auth.base import BaseAuthStrategy
from githubkit.cache import MemCacheStrategy
from githubkit.exception import RequestFailed

from indexer.errors import (
    Forbidden,
    GitHubError,
    GitHubTimedOut,
    GitHubUnavailable,
    RateLimited,
)
from indexer.github_errors import (
    error_of,
    graphql_error,
    hidden_part,
    unreachable,
    wait_before_retry,
)
from indexer.request_budget import RequestBudget, budget_of

# GitHub gives up on a query after 10 s; a proxy in between may take longer to say so.
TIMEOUT = httpx.Timeout(40.0, connect=10.0)
# How long a read may wait for limits and server errors, all its attempts together.
PATIENCE = 60.0
ATTEMPTS = 6

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
Json = Any
JSON_PAGE = 100


class GitHubClient:
    """REST and GraphQL calls under one credential.

    Usable from several event loops; each has its own connections.

    Attributes:
        web_url: the root of GitHub's pages.
        knows_duplicates: whether the host's schema has `stateReason(enableDuplicate:)`; set to
            False by the first query that an older server refuses for it.
    """

    def __init__(  # noqa: PLR0913 - keyword only, built in one place
        self,
        auth: BaseAuthStrategy,
        *,
        api_url: str,
        web_url: str,
        api_version: str,
        credential: str,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.web_url = web_url
        self.knows_duplicates = True
        self._api_url = api_url
        self._api_version = api_version
        self._credential = credential
        self._sleep = sleep
        self._clock = clock
        self._budget: RequestBudget | None = None
        # githubkit's default is shared by the whole process under the App's id alone.
        self._tokens = MemCacheStrategy()
        self._fixed = isinstance(auth, TokenAuthStrategy)
        self._github = self._new_github(auth)
        self._connections: WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[httpx.AsyncClient, AsyncExitStack]
        ] = WeakKeyDictionary()

    async def get(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        patience: float = PATIENCE,
        reserve: float = 0.0,
    ) -> Json:
        """GET a REST path and return its JSON; tries again within `patience` seconds.

        Of the hour's requests the share `reserve` is left to others: where no more than that is
        left, this waits as it does where GitHub limits it.
        """
        return _json(await self._read(path, params, patience, reserve))

    async def paginate(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        key: str | None = None,
        patience: float = PATIENCE,
        reserve: float = 0.0,
    ) -> AsyncIterator[Json]:
        """Every item of a list, over all pages.

        Args:
            path: the REST path of the list.
            params: query parameters; 100 items a page unless `per_page` says otherwise.
            key: where the list stands in an object, as `repositories` does.
            patience: seconds that one page may take, waiting included.
            reserve: the share of the hour's requests that is left to others.
        """
        query: Mapping[str, str | int] = {"per_page": JSON_PAGE, **(params or {})}
        while True:
            response = await self._read(path, query, patience, reserve)
            body = _json(response)
            for item in body[key] if key else body:
                yield item
            following = response.links.get("next", {}).get("url")
            if not following:
                return
            # Only the link's query is taken: our token goes to no host but GitHub's.
            query = dict(parse_qsl(urlsplit(following).query))

    async def post(self, path: str, body: Json = None) -> Json:
        """POST once; an error does not tell whether it took effect, unless it is a refusal."""
        return await self._write("POST", path, body)

    async def patch(self, path: str, body: Json = None) -> Json:
        """PATCH once."""
        return await self._write("PATCH", path, body)

    async def delete(self, path: str) -> Json:
        """DELETE once."""
        return await self._write("DELETE", path, None)

    async def graphql(
        self,
        query: str,
        variables: Mapping[str, Json] | None = None,
        *,
        patience: float = PATIENCE,
        attempts: int = ATTEMPTS,
        optional: frozenset[str] = frozenset(),
    ) -> dict[str, Json]:
        """Run a GraphQL query (no mutation) and return its `data`.

        Args:
            query: the query's text.
            variables: its variables.
            patience: seconds that all attempts may wait together.
            attempts: how often to ask when GitHub fails.
            optional: fields that may be null because we may not see what they point to.

        Raises:
            GitHubError: also when another part of the answer is missing; half of it is none.
        """
        body = {"query": query, "variables": dict(variables or {})}

        async def ask() -> dict[str, Json]:
            response = await self._send("POST", "graphql", body=body)
            answer = _json(response)
            if not isinstance(answer, dict):
                raise GitHubUnavailable("GitHub's GraphQL answer is no JSON object.")
            errors = [e for e in answer.get("errors") or () if not hidden_part(e, optional)]
            if errors:
                raise graphql_error(errors, response.headers, self._clock())
            data = answer.get("data")
            if not isinstance(data, dict):
                raise GitHubUnavailable("GitHub's GraphQL answer holds no data.")
            return data

        return await self._patiently(ask, patience, attempts)

    async def sleep(self, seconds: float) -> None:
        """Wait as this client waits; tests pass by without waiting."""
        await self._sleep(seconds)

    def now(self) -> float:
        """Seconds since 1970 by this client's clock."""
        return self._clock()

    async def aclose(self) -> None:
        """Close this client's connections, those of other running event loops too."""
        here = asyncio.get_running_loop()
        for loop, (_, stack) in list(self._connections.items()):
            if loop is here:
                await stack.aclose()
            elif loop.is_running():
                closing = asyncio.run_coroutine_threadsafe(stack.aclose(), loop)
                await asyncio.wrap_future(closing)
        self._connections.clear()

    async def _read(
        self, path: str, params: Mapping[str, str | int] | None, patience: float, reserve: float
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            if reserve and self._budget:
                wait = self._budget.wait(reserve, self._clock())
                if wait is not None:
                    raise RateLimited(
                        "The rest of this hour's requests to GitHub is kept for answers; "
                        f"try again in {math.ceil(wait)} s.",
                        retry_after=wait,
                    )
            return await self._send("GET", path, params=params)

        return await self._patiently(ask, patience, ATTEMPTS)

    async def _write(self, method: str, path: str, body: Json) -> Json:
        return _json(await self._send(method, path, body=body))

    async def _patiently(
        self, ask: Callable[[], Awaitable[T]], patience: float, attempts: int
    ) -> T:
        """Ask until it works, it cannot, or the next wait would pass `patience`."""
        left = patience
        attempt = 0
        while True:
            try:
                return await ask()
            except GitHubError as error:
                wait = wait_before_retry(error, attempt)
                # A limit says when it ends, so waiting for it is no failed attempt.
                attempt += not isinstance(error, RateLimited)
                if wait is None or wait > left or attempt >= attempts:
                    raise
                left -= wait
                await self._sleep(wait)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Json = None,
        fresh: bool = False,
    ) -> httpx.Response:
        """One request, one answer; errors as ours."""
        url = self._graphql_url() if path == "graphql" else f"{self._api_url}/{path.lstrip('/')}"
        client = await self._connection()
        try:
            response = await client.request(
                method,
                url,
                params=params,
                content=None if body is None else _encoded(body),
                headers={
                    "X-GitHub-Api-Version": self._api_version,
                    **({} if body is None else {"Content-Type": "application/json"}),
                },
            )
        except (httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise GitHubTimedOut(f"GitHub did not answer {method} {path} in time.") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise unreachable(self._api_url, error) from error
        except RequestFailed as error:
            # The installation's token was refused; githubkit asks for it inside the request.
            failed = error_of(error.response.raw_response, self._credential, self._clock())
            raise failed or GitHubUnavailable("GitHub gave no installation token.") from error
        except ValueError as error:
            # githubkit reads a Retry-After that is a date as a number.
            raise GitHubUnavailable(
                "GitHub's answer to the token request is unreadable."
            ) from error
        if budget := budget_of(response.headers):
            self._budget = budget.after(self._budget, self._clock())
        failed = error_of(response, self._credential, self._clock())
        if isinstance(failed, Forbidden) and response.status_code == httpx.codes.UNAUTHORIZED:
            # A token may be revoked before its hour is over. A 401 changed nothing, so even a
            # write may go out again, once, under a new token.
            if not (fresh or self._fixed):
                self._tokens.cleanup()
                return await self._send(method, path, params=params, body=body, fresh=True)
            raise failed
        if failed:
            raise failed
        return response

    async def _connection(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        if found := self._connections.get(loop):
            return found[0]
        stack = AsyncExitStack()
        client = await stack.enter_async_context(self._github.get_async_client())
        if found := self._connections.get(loop):  # another task was quicker
            await stack.aclose()
            return found[0]
        self._connections[loop] = (client, stack)
        return client

    def _new_github(self, auth: BaseAuthStrategy) -> GitHub[Any]:
        return GitHub(
            auth,
            base_url=self._api_url,
            timeout=TIMEOUT,
            user_agent="oncall-intern",
            auto_retry=False,
            http_cache=False,
            cache_strategy=self._tokens,
        )

    def _graphql_url(self) -> str:
        if self._api_url.endswith("/api/v3"):
            return f"{self._api_url.removesuffix('/v3')}/graphql"
        return f"{self._api_url}/graphql"


def _encoded(body: Json) -> bytes:
    """JSON in UTF-8; a lone surrogate, which UTF-8 has no place for, becomes a question mark."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def _json(response: httpx.Response) -> Json:
    """The body as JSON; None where there is none.

    Raises:
        GitHubUnavailable: the body is no JSON, as a proxy's error page is.
    """
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError as error:
        raise GitHubUnavailable(
            f"{response.request.url.host} answered with something that is no JSON."
        ) from error
