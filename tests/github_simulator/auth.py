"""Who is asking: App JWTs, installation tokens and personal tokens, really verified."""

import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt

from tests.github_simulator.world import SimInstallation, SimRepository, World

LONGEST_JWT = timedelta(minutes=10)
# GitHub forgives clocks that are a little off.
LEEWAY = 5
RANKS = {"none": 0, "read": 1, "write": 2, "admin": 3}


class Refused(Exception):
    """The request ends here with GitHub's status and words."""

    def __init__(self, status: int, message: str, errors: list[Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors


@dataclass(slots=True)
class Caller:
    """Who asks. `key` is whose rate limit it uses."""

    key: str
    login: str
    installation: SimInstallation | None = None
    permissions: dict[str, str] | None = None
    repositories: frozenset[str] | None = None
    is_app: bool = False

    def sees(self, repo: SimRepository) -> bool:
        if self.is_app:
            return False
        if self.installation is None:
            return True
        names = self.repositories or {name.lower() for name in self.installation.repositories}
        return repo.full_name.lower() in names

    def need(self, permission: str, level: str = "read") -> None:
        if self.permissions is None:
            return
        if RANKS[self.permissions.get(permission, "none")] < RANKS[level]:
            raise Refused(403, "Resource not accessible by integration")


@dataclass(slots=True)
class Token:
    caller: Caller
    expires_at: datetime


@dataclass(slots=True)
class Authority:
    """Issues and verifies credentials.

    Attributes:
        token_life: how long an installation token lasts.
        issued: how many installation tokens were handed out.
    """

    world: World
    app_id: int
    public_key: str
    bot: str
    personal_tokens: dict[str, str] = field(default_factory=dict)
    token_life: timedelta = timedelta(hours=1)
    issued: int = 0
    _tokens: dict[str, Token] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def caller(self, header: str | None, *, app_route: bool) -> Caller:
        """Whoever an Authorization header stands for.

        Raises:
            Refused: 401, as GitHub words it.
        """
        scheme, _, value = (header or "").partition(" ")
        if scheme.lower() not in {"bearer", "token"} or not value:
            raise Refused(401, "Requires authentication")
        if app_route:
            return self._app(value)
        if value in self.personal_tokens:
            return Caller(f"user:{value}", self.personal_tokens[value])
        with self._lock:
            token = self._tokens.get(value)
        if token is None or token.expires_at <= self.world.now():
            raise Refused(401, "Bad credentials")
        installation = token.caller.installation
        if installation is not None and installation.id not in self.world.installations:
            raise Refused(401, "Bad credentials")
        if installation is not None and installation.suspended_at:
            raise Refused(403, "This installation has been suspended")
        return token.caller

    def issue(self, installation: SimInstallation, wanted: dict[str, Any]) -> dict[str, Any]:
        """A new installation token, narrowed as asked."""
        if installation.suspended_at:
            raise Refused(403, "This installation has been suspended")
        permissions = dict(installation.permissions)
        for name, level in (wanted.get("permissions") or {}).items():
            if RANKS[level] > RANKS[permissions.get(name, "none")]:
                raise Refused(
                    422, "The permissions requested are not granted to this installation."
                )
        if wanted.get("permissions"):
            permissions = dict(wanted["permissions"])
        repositories = self._narrowed(installation, wanted)
        value = f"ghs_{secrets.token_hex(18)}"
        caller = Caller(
            f"installation:{installation.id}",
            self.bot,
            installation,
            permissions,
            frozenset(repositories) if repositories else None,
        )
        expires = self.world.now() + self.token_life
        with self._lock:
            self._tokens[value] = Token(caller, expires)
            self.issued += 1
        return {
            "token": value,
            "expires_at": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "permissions": permissions,
            "repository_selection": "selected" if repositories else installation.selection,
        }

    def revoke(self) -> None:
        """Every installation token becomes worthless, as after a leak."""
        with self._lock:
            self._tokens.clear()

    def _app(self, value: str) -> Caller:
        if value.count(".") != 2:
            raise Refused(401, "A JSON web token could not be decoded")
        try:
            claims = jwt.decode(
                value,
                self.public_key,
                algorithms=["RS256"],
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss"], "verify_iat": True},
            )
        except jwt.ExpiredSignatureError as error:
            raise Refused(
                401,
                "'Expiration time' claim ('exp') must be a numeric value representing the "
                "future time at which the assertion expires",
            ) from error
        except jwt.PyJWTError as error:
            raise Refused(401, "A JSON web token could not be decoded") from error
        if str(claims["iss"]) != str(self.app_id):
            raise Refused(401, "Integration not found")
        if claims["exp"] > self.world.now().timestamp() + LONGEST_JWT.total_seconds() + LEEWAY:
            raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
        return Caller("app", self.bot, is_app=True)

    def _narrowed(self, installation: SimInstallation, wanted: dict[str, Any]) -> set[str]:
        names: Iterable[str] = wanted.get("repositories") or ()
        allowed = {full.split("/")[1].lower(): full.lower() for full in installation.repositories}
        by_id = {
            repo.id: repo.full_name.lower()
            for full in installation.repositories
            if (repo := self.world.repository(full))
        }
        chosen = set()
        for name in names:
            if name.lower() not in allowed:
                raise Refused(
                    422,
                    "There is at least one repository that does not exist or is "
                    "not accessible to the parent installation.",
                )
            chosen.add(allowed[name.lower()])
        for number in wanted.get("repository_ids") or ():
            if number not in by_id:
                raise Refused(
                    422,
                    "There is at least one repository that does not exist or is "
                    "not accessible to the parent installation.",
                )
            chosen.add(by_id[number])
        return chosen
