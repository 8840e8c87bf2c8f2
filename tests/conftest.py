"""What every test gets: a clean environment, and no network but loopback."""

import ipaddress
import logging
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from app.settings import Settings

KEPT_FOR_TESTS = {"QDRANT_URL", "QDRANT_API_KEY"}
"""Settings by which a developer names a real server for the contract tests to run against."""


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any) -> None:
    """No setting of the developer's own shell or `.env` reaches a test."""
    for name in Settings.model_fields:
        if name.upper() not in KEPT_FOR_TESTS:
            monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", None)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """What one test's server logs to, a captured stream, is closed when the next test logs."""
    loggers = [logging.getLogger(), logging.getLogger("dbos")]
    before = [(logger, logger.handlers[:], logger.level) for logger in loggers]
    yield
    for logger, handlers, level in before:
        logger.handlers = handlers
        logger.setLevel(level)


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """A connection to anything but loopback or a Unix socket fails the test that made it."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != getattr(socket, "AF_UNIX", None) and isinstance(address, tuple):
            host = str(address[0])
            if not (_is_loopback(host) or host in _allowed_servers()):
                raise AssertionError(f"a test tried to reach {host}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _allowed_servers() -> set[str]:
    url = os.environ.get("QDRANT_URL", "")
    return {url.split("//", 1)[-1].split("/", 1)[0].rsplit(":", 1)[0]} if url else set()
