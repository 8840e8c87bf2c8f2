"""A Postgres of our own on loopback, where its programs are installed; else the test is skipped."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import pytest

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")


@lru_cache
def programs() -> Path | None:
    """The folder with initdb and postgres."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    found = [path for place in PLACES for path in Path("/").glob(place.lstrip("/"))]
    return max((path for path in found if (path / "initdb").exists()), default=None)


@contextmanager
def a_database() -> Iterator[str]:
    """The address of an empty database, gone at the end of the block."""
    folder = programs()
    if folder is None:
        pytest.skip("Postgres (initdb) is not installed")
    with tempfile.TemporaryDirectory(prefix="intern-pg-") as place:
        data, port = Path(place, "data"), _free_port()
        become = _someone_else(Path(place))

        def run(program: str, *arguments: str) -> None:
            command = [str(folder / program), *arguments]
            subprocess.run(command, check=True, capture_output=True, cwd=place, **become)

        run("initdb", "-D", str(data), "-U", "intern", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        )
        run("pg_ctl", "-D", str(data), "-w", "-l", str(Path(place, "log")), "-o", options, "start")
        try:
            yield f"postgresql://intern@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")


def _someone_else(place: Path) -> dict[str, int]:
    """Postgres refuses to run as root: as whom it runs then."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        user = pwd.getpwnam("nobody")
    os.chown(place, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
