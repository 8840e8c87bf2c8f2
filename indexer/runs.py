"""Work that this machine's server does for a command: handed over and watched through its socket.

One request hands a run over and stays open: the answer is a line of JSON for each thing to tell,
and ends with what the run came to. The server goes on whether or not anybody listens.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from indexer.errors import Forbidden, InternError, NotFound, StoreUnavailable
from indexer.knowledge_base import socket_path
from indexer.progress import OnProgress, progress_of, silent
from indexer.settings import IndexSettings
from indexer.socket_path import is_served, short_address

# The server says something at least this often, if only that it is still there.
ALIVE_SECONDS = 5.0
TIMEOUT = httpx.Timeout(6 * ALIVE_SECONDS, connect=5)
LOST = (
    "The server stopped before the work was done; it goes on with it as soon as it is "
    "started again, and `intern status` tells how far it is."
)
REFUSED = (
    "The server of DATA_DIR did not take the work (HTTP {}): its log tells why; another version of "
    "it may be running, then restart it."
)


def running_server(settings: IndexSettings) -> Path | None:
    """The socket of the server that works in DATA_DIR, if one does.

    Raises:
        StoreUnavailable: there is one, but this user may not ask it.
    """
    socket = socket_path(settings)
    return socket if is_served(socket) else None


def run_there(
    socket: Path, kind: str, wanted: Mapping[str, Any], on_progress: OnProgress = silent
) -> dict[str, Any]:
    """Have the server do something, and watch until it is done.

    Args:
        socket: where the server listens.
        kind: what to do: `backfill`, `import` or `respond`.
        wanted: the arguments, as plain JSON.
        on_progress: told now and then how far it is.

    Returns:
        What the run came to: a JSON object with an `outcome`.

    Raises:
        StoreUnavailable: the server does not answer, or stopped meanwhile.
        InternError: the run failed; the class and the text are those of its error.
    """
    try:
        for line in _lines(socket, kind, wanted):
            told = json.loads(line)
            if "progress" in told:
                on_progress(progress_of(told["progress"]))
            elif "failed" in told:
                raise _error(told["failed"])
            else:
                return _checked(told["done"])
    except httpx.HTTPError as error:
        raise StoreUnavailable(LOST) from error
    raise StoreUnavailable(LOST)


def _checked(done: dict[str, Any]) -> dict[str, Any]:
    """A run that ended without error, but not because its work was done, is an error here."""
    if done["outcome"] == "gone":
        raise NotFound(done["error"])
    if done["outcome"] == "refused":
        raise Forbidden(done["error"])
    if done["outcome"] == "forgotten":
        raise NotFound("The repository was forgotten meanwhile, so nothing was done.")
    return done


def _lines(socket: Path, kind: str, wanted: Mapping[str, Any]) -> Iterator[str]:
    with short_address(socket) as address:
        transport = httpx.HTTPTransport(uds=address)
        with (
            httpx.Client(transport=transport, timeout=TIMEOUT, trust_env=False) as client,
            client.stream("POST", f"http://intern/runs/{kind}", json=dict(wanted)) as answer,
        ):
            if not answer.is_success:
                raise StoreUnavailable(REFUSED.format(answer.status_code))
            yield from filter(None, answer.iter_lines())


def failure_json(error: Exception) -> dict[str, str]:
    """An error as `run_there` raises it again."""
    return {"error": type(error).__name__, "message": str(error)}


def _error(failed: Mapping[str, str]) -> InternError:
    for kind in _kinds(InternError):
        if kind.__name__ == failed["error"]:
            # Some of them take more than a sentence, which only matters to whoever would retry.
            error = kind.__new__(kind)
            error.args = (failed["message"],)
            return error
    return InternError(failed["message"])


def _kinds(kind: type[InternError]) -> Iterator[type[InternError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)
