"""One GitHub client for each credential: the App itself, its installations, or a token."""

import asyncio
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from githubkit import AppAuthStrategy, TokenAuthStrategy
from githubkit.auth.base import BaseAuthStrategy

from indexer.errors import NotFound, SettingError
from indexer.github import GitHubClient, Sleep
from indexer.settings import IndexSettings

# An installation may be removed and made again under another id.
INSTALLATION_MEMORY = 300.0


class GitHubClients:
    """Hands out clients: the App itself, its installations, or a token.

    Args:
        settings: where GitHub is and what identifies us.
        sleep: what waits; tests pass their own.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        settings: IndexSettings,
        *,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._sleep = sleep
        self._clock = clock
        self._clients: dict[str | int, GitHubClient] = {}
        self._installations: dict[str, tuple[float, int]] = {}

    def require_credentials(self) -> None:
        """See that there is something to read a repository with; GitHub is not asked.

        Raises:
            SettingError: there is neither a token nor an App's key, or the key is wrong.
        """
        if self._settings.github_token is not None:
            return
        if self._settings.github_app_id is None:
            raise SettingError(
                "GITHUB_TOKEN is not set, nor are GITHUB_APP_ID and GITHUB_PRIVATE_KEY: "
                "one of them is needed to read from GitHub."
            )
        self.app()

    def app(self) -> GitHubClient:
        """The App itself, by its signed JWT: installations and nothing of a repository.

        Raises:
            SettingError: the App's id or key is missing or wrong.
        """
        if "app" not in self._clients:
            self._clients["app"] = self._client(
                self._app_auth(), "the App's key (GITHUB_APP_ID, GITHUB_PRIVATE_KEY)"
            )
        return self._clients["app"]

    def for_installation(self, installation_id: int) -> GitHubClient:
        """An installation of the App, by a token that githubkit renews."""
        if installation_id not in self._clients:
            self._clients[installation_id] = self._client(
                self._app_auth().as_installation(installation_id),
                f"installation {installation_id} of the App",
            )
        return self._clients[installation_id]

    def for_token(self) -> GitHubClient:
        """Whoever GITHUB_TOKEN belongs to.

        Raises:
            SettingError: GITHUB_TOKEN is not set.
        """
        if self._settings.github_token is None:
            raise SettingError("GITHUB_TOKEN is not set.")
        if "token" not in self._clients:
            self._clients["token"] = self._client(
                TokenAuthStrategy(self._settings.github_token.get_secret_value()), "GITHUB_TOKEN"
            )
        return self._clients["token"]

    async def for_repo(self, repo: str) -> GitHubClient:
        """The client that may read `owner/name`: GITHUB_TOKEN's, else the App's installation.

        Raises:
            NotFound: the App is not installed there.
            SettingError: there is neither a token nor an App's key.
        """
        self.require_credentials()
        if self._settings.github_token is not None:
            return self.for_token()
        key = repo.lower()
        known = self._installations.get(key)
        if known is None or known[0] < self._clock():
            try:
                found = await self.app().get(f"repos/{repo}/installation")
            except NotFound as error:
                raise NotFound(f"The App is not installed on {repo}.") from error
            known = (self._clock() + INSTALLATION_MEMORY, int(found["id"]))
            self._installations[key] = known
        return self.for_installation(known[1])

    async def aclose(self) -> None:
        """Close every client's connections."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    def _app_auth(self) -> AppAuthStrategy:
        if self._settings.github_app_id is None:
            raise SettingError("GITHUB_APP_ID is not set: it is the App's number.")
        pem = self._settings.private_key()
        name = "GITHUB_PRIVATE_KEY" + ("" if self._settings.github_private_key else "_PATH")
        try:
            key = load_pem_private_key(pem.encode(), password=None)
        except (ValueError, TypeError) as error:
            raise SettingError(f"{name} is not an unencrypted private key in PEM.") from error
        if not isinstance(key, RSAPrivateKey):
            raise SettingError(f"{name} is not an RSA key, as GitHub's are.")
        return AppAuthStrategy(self._settings.github_app_id, pem)

    def _client(self, auth: BaseAuthStrategy, credential: str) -> GitHubClient:
        return GitHubClient(
            auth,
            api_url=self._settings.api_url,
            web_url=self._settings.web_url,
            api_version=self._settings.github_api_version,
            credential=credential,
            sleep=self._sleep,
            clock=self._clock,
        )
