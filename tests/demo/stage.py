"""What the demo plays on: the simulated GitHub, and the real commands as processes of their own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final, Self

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.github_simulator import Seed, Simulator

ROOT: Final = Path(__file__).parents[2]
READY_SECONDS: Final = 90
STOP_SECONDS: Final = 20
LOG_LINES: Final = 25
FROM_SOURCE: Final = "from app.cli import main; main()"
KEPT: Final = (
    *("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "TZ"),
    *("TERM", "COLORTERM", "COLUMNS", "LINES", "NO_COLOR", "CI"),
    *("LD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV"),
)


class StageError(Exception):
    """The demo cannot go on; the text says why."""


class Stage:
    """A simulated GitHub and the App beside it, in a data directory of its own.

    Args:
        seed: what GitHub begins with.
        folder: an empty folder that nobody else uses.
        models: where converted models are kept between runs.
    """

    def __init__(self, seed: Seed, folder: Path, models: Path) -> None:
        self.folder = folder
        self.repo = seed.repositories[0].full_name
        self.simulator = Simulator(seed)
        self.server: subprocess.Popen[bytes] | None = None
        self.log = folder / "serve.log"
        self._log: IO[bytes] | None = None
        self._port = _free_port()
        data = folder / "data"
        data.mkdir()
        models.mkdir(parents=True, exist_ok=True)
        (data / "models").symlink_to(models.resolve(), target_is_directory=True)
        key = folder / "app.pem"
        key.touch(mode=0o600)
        key.write_text(self.simulator.private_key or "", encoding="ascii")
        self.environment = clean_environment(os.environ) | {
            "DATA_DIR": str(data),
            "GITHUB_URL": self.simulator.url,
            "GITHUB_API_URL": self.simulator.url,
            "GITHUB_APP_ID": str(self.simulator.app_id),
            "GITHUB_PRIVATE_KEY_PATH": str(key),
            "GITHUB_WEBHOOK_SECRET": self.simulator.webhook_secret,
            "ALLOWED_ACCOUNTS": self.repo.split("/", maxsplit=1)[0],
            "HOST": "127.0.0.1",
            "PORT": str(self._port),
            "PYTHONPATH": str(ROOT),
        }

    def __enter__(self) -> Self:
        self.simulator.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop_server()
        self.simulator.stop()

    @property
    def url(self) -> str:
        """Where the App listens."""
        return f"http://127.0.0.1:{self._port}"

    def command(self, *words: str) -> list[str]:
        """The installed `intern`, or the same from the sources."""
        installed = Path(sys.executable).with_name("intern")
        start = [str(installed)] if installed.exists() else [sys.executable, "-c", FROM_SOURCE]
        return [*start, *words]

    def run(self, *words: str) -> int:
        """An `intern` command that a person watches; its exit code."""
        # In a folder without .env, so that nobody's own settings are read.
        return subprocess.run(
            self.command(*words), cwd=self.folder, env=self.environment, check=False
        ).returncode

    def ask(self, *words: str) -> str:
        """What an `intern` command prints.

        Raises:
            StageError: the command failed.
        """
        done = subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise StageError(f"intern {' '.join(words)} failed: {done.stderr.strip()}")
        return done.stdout

    def start_server(self) -> None:
        """Start `intern serve` and wait until it is ready.

        Raises:
            StageError: it ended, or was not ready in time.
        """
        self._log = self.log.open("wb")
        # A session of its own: Ctrl-C is for us, and we stop the server in order.
        self.server = subprocess.Popen(
            self.command("serve"),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.simulator.set_webhook(f"{self.url}/webhooks")
        deadline = time.monotonic() + READY_SECONDS
        with httpx.Client(trust_env=False, timeout=2) as client:
            while time.monotonic() < deadline:
                if self.server.poll() is not None:
                    raise StageError(f"intern serve ended with {self.server.returncode}")
                try:
                    if client.get(f"{self.url}/readyz").is_success:
                        return
                except httpx.TransportError:
                    pass  # not listening yet
                time.sleep(0.1)
        raise StageError(f"intern serve was not ready within {READY_SECONDS} s")

    def finished_jobs(self, kind: str) -> int:
        """How many jobs of a kind the server has finished, by its metrics."""
        text = httpx.get(f"{self.url}/metrics", trust_env=False, timeout=10).text
        return sum(
            int(sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "intern_jobs_total" and sample.labels["job"] == kind
        )

    def stop_server(self) -> None:
        """Stop the server in order, by force when it does not."""
        if self.server and self.server.poll() is None:
            self.server.terminate()
            try:
                self.server.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()
        if self._log:
            self._log.close()

    def log_tail(self) -> str:
        """The last lines that the server wrote."""
        if not self.log.exists():
            return ""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:])


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Only what a program needs to run: no key, token or setting of the user's own."""
    kept = {name: environment[name] for name in KEPT if name in environment}
    return kept | {"NO_PROXY": "*", "PYTHONUNBUFFERED": "1"}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
