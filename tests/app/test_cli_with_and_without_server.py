"""The commands of the knowledge base, in place and through the socket of a running server."""

import asyncio
import gzip
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS
from structlog.testing import capture_logs

from app import cli
from app.job_kinds import Import
from app.queued import asked_since
from indexer.edge_store import EdgeStore
from indexer.sources.export import write_export
from indexer.store import Where
from tests.app.running_server import running_server
from tests.app.test_end_to_end import BODY, REPO, TITLE, history
from tests.fakes_embedding import TOY_FINGERPRINT, ToyEmbedder
from tests.fakes_qdrant import qdrant_server
from tests.fakes_threads import comment, thread
from tests.github_simulator.server import PERSONAL_TOKEN
from tests.postgres import a_database

Intern = Callable[..., tuple[int, str, str]]

# What differs between two runs of the same command.
OF_THE_MOMENT = frozenset(
    {"took_ms", "seconds", "per_second", "started_at", "completed_at", "watermark"}
    | {"api_remaining", "wait_seconds", "seconds_left"}
)
# As of a moment of our own, the age of an issue and with it its score are the same each time.
AS_OF = ("--before", "2030-01-01")


@pytest.fixture
def intern(monkeypatch, capsys) -> Intern:
    """Runs `intern …` in this process and returns exit code, output and complaints."""
    for place in ("indexer.embedding", "app.main", "app.doctor"):
        monkeypatch.setattr(f"{place}.open_embedder", lambda _settings: ToyEmbedder())
    monkeypatch.setattr("indexer.embedding.fingerprint", lambda _settings: TOY_FINGERPRINT)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["intern", *arguments])
        capsys.readouterr()
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code
        else:
            code = 0
        out, err = capsys.readouterr()
        return int(code or 0), out, err

    return run


@pytest.fixture
def _quiet_server() -> Iterator[None]:
    """The server's log lines do not stand among what the commands print."""
    with capture_logs():
        yield


@pytest.fixture
def files(tmp_path) -> Iterator[dict[str, str]]:
    """What the commands read, and under `qdrant` a server that they may copy to."""
    old = [
        thread(n, comment(f"Set part_size to {n}."), title=f"Writer {n} drops parts")
        for n in range(1, 5)
    ]
    write_export(tmp_path / "history.jsonl", old)
    with (tmp_path / "history.jsonl").open("a") as file:
        file.write("no thread\n")
    queries = [{"id": 1, "title": "Writer 3 drops parts"}, {"id": 2, "title": TITLE, "body": BODY}]
    lines = [*map(json.dumps, queries), "no query"]
    (tmp_path / "batch.jsonl").write_text("\n".join(lines), encoding="utf-8")
    issue = {"number": 900, "title": TITLE, "body": BODY, "created_at": "2026-02-20T00:00:00Z"}
    (tmp_path / "issue.json").write_text(json.dumps(issue), encoding="utf-8")
    with qdrant_server() as (address, _):
        yield {path.stem: str(path) for path in tmp_path.iterdir()} | {"qdrant": address}


def commands(files: dict[str, str], copy: str) -> dict[str, tuple[str, ...]]:
    """Every command that works with the knowledge base, in an order that makes sense."""
    batch = ("search", "--repo", REPO, "--batch", files["batch"])
    from_file = ("respond", "--file", files["issue"], "--repo", REPO, "--json")
    return {
        "nothing yet": ("status",),
        "search in nothing": ("search", "--repo", REPO, "pump"),
        "export of nothing": ("export", "--repo", REPO),
        "sync of nothing": ("sync", REPO),
        "backfill": ("backfill", REPO, "--json"),
        "backfill again": ("backfill", REPO, "--full", "--json"),
        "sync": ("sync", REPO, "--json"),
        "import": ("import", files["history"], "--repo", "octo/writer", "--json"),
        "search": ("search", "--repo", REPO, *AS_OF, "pump stalls on the second refill"),
        "search as JSON": ("search", "--repo", REPO, *AS_OF, "--json", "--limit", "2", TITLE),
        "search as of then": ("search", "--repo", REPO, "--before", "2025-02-01", TITLE),
        "batch": (*batch, *AS_OF),
        "batch as of then": (*batch, "--before", "2025-02-01", "--limit", "1"),
        "export": ("export", "--repo", REPO),
        "export to a file": ("export", "--repo", REPO, copy),
        "import it": ("import", copy, "--repo", "octo/copy", "--json"),
        "status": ("status", "--json"),
        "doctor": ("doctor",),
        "respond": ("respond", f"{REPO}#41", *AS_OF, "--dry-run", "--json"),
        "respond to a file": (*from_file, *AS_OF),
        "respond as of then": (*from_file, "--before", "2025-01-20"),
        "respond to nothing": ("respond", f"{REPO}#999", "--dry-run"),
        "eval": ("eval", "--repo", REPO),
        "eval as JSON": ("eval", "--repo", REPO, "--json"),
        "eval of nothing": ("eval", "--repo", "octo/nothing"),
        "migrate": ("migrate", "--to-qdrant", files["qdrant"], "--json"),
        "migrate again": ("migrate", "--to-qdrant", files["qdrant"]),
        "report": ("report",),
        "report as JSON": ("report", "--json"),
    }


def told(output: str) -> list[Any]:
    """What a command printed, without what is different each time."""
    lines: list[Any] = []
    for line in output.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            lines.append(line)
            continue
        # Progress is told once a second: how often says nothing.
        if not (isinstance(found, dict) and found.get("event") == "progress"):
            lines.append(_without_moments(found))
    return lines


def complaints(err: str) -> str:
    """What a command complained of, without what the server beside it logs."""
    return "".join(line for line in err.splitlines(True) if line.startswith("intern: "))


def _without_moments(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_moments(inner) for inner in value]
    if isinstance(value, dict):
        return {k: _without_moments(v) for k, v in value.items() if k not in OF_THE_MOMENT}
    return value


@pytest.mark.usefixtures("_quiet_server")
async def test_each_command_says_the_same_in_place_and_through_a_server(
    intern, monkeypatch, tmp_path, files, fresh_jobs
):
    served, own = tmp_path / "served", tmp_path / "own"
    every = commands(files, str(tmp_path / "copy.jsonl.gz"))
    served.mkdir()
    shutil.copy(fresh_jobs, served)
    async with running_server(served, history(), backfilled=False) as server:
        for name, value in server.github.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("ALLOWED_ACCOUNTS", "octo")
        server.github.pause_webhooks()
        number = server.github.open_issue(REPO, TITLE, BODY)["number"]
        # However slow this is, it was updated long before the histories are read.
        issue = server.github.world.repositories[REPO].issues[number]
        issue.updated_at -= timedelta(days=1)
        results: dict[str, list[tuple[int, list[Any], str]]] = {}
        for folder in (own, served):
            monkeypatch.setenv("DATA_DIR", str(folder))
            monkeypatch.setenv("QDRANT_COLLECTION", folder.name)
            for name, command in every.items():
                code, out, err = await asyncio.to_thread(intern, *command)
                assert "Traceback" not in out + err
                out, err = (text.replace(str(folder), "FOLDER") for text in (out, err))
                results.setdefault(name, []).append((code, told(out), complaints(err)))
        # That it went through the server is seen in the server's own store.
        assert server.services.knowledge_base.count(Where(("octo/writer",))) == 8
        folders = {path.name for path in own.iterdir()}
        # And that the server did it, in its jobs.
        done = await DBOS.list_workflows_async(queue_name=["backfill"], load_input=False)
        assert sorted(job.name for job in done) == [*["Backfill"] * 3, *["Import"] * 2]
    for name, (in_place, through_server) in results.items():
        assert through_server == in_place, name
    codes = {name: both[0][0] for name, both in results.items()}
    wrong = dict.fromkeys(("search in nothing", "sync of nothing", "export of nothing"), 2)
    wrong |= {"eval of nothing": 2, "respond to nothing": 4}
    half = dict.fromkeys(("import", "batch", "batch as of then"), 1)
    assert codes == dict.fromkeys(results, 0) | wrong | half
    # What was read before costs nothing when it is read again.
    assert [line["threads"] for line in results["sync"][0][1]] == [0]
    assert "valve_timeout = 500" in results["respond"][0][1][0]["body"]
    assert "intern.sock" not in folders
    assert results["migrate"][0][1][-1]["written"] > 1
    # And what was written through the server is there when it is gone.
    code, out, _ = await asyncio.to_thread(intern, *every["search as JSON"])
    assert (code, told(out)) == results["search as JSON"][1][:2]


@contextmanager
def another_command(folder: Path) -> Iterator[None]:
    """The embedded store is open elsewhere, without a socket."""
    store = EdgeStore.open(folder / "collection", TOY_FINGERPRINT)
    try:
        yield
    finally:
        store.close()


def test_while_another_command_has_the_store_its_process_is_named(
    intern, monkeypatch, tmp_path, files
):
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("GITHUB_TOKEN", PERSONAL_TOKEN)
    assert intern("import", files["history"], "--repo", REPO)[0] == 1
    wanted = f"in use by process {os.getpid()}: wait for it to end, or stop it."
    with another_command(tmp_path / "data"):
        for command in (
            ("import", files["history"], "--repo", REPO),
            ("export", "--repo", REPO),
            ("search", "--repo", REPO, "writer"),
            ("search", "--repo", REPO, "--batch", files["batch"]),
            ("backfill", REPO),
            ("respond", "--file", files["issue"], "--repo", REPO),
        ):
            code, out, err = intern(*command)
            assert (code, out) == (3, ""), command
            assert err.startswith("intern: ")
            assert err.endswith(f"{wanted}\n")
            assert err.count("\n") == 1
        code, out, _ = intern("status", "--json")
        assert code == 0
        assert json.loads(out)["busy"].endswith(wanted)
        code, out, _ = intern("doctor")
        assert code == 1
        assert f"{wanted}\n" in out
    assert intern("search", "--repo", REPO, "writer")[0] == 0


@pytest.mark.usefixtures("_quiet_server")
async def test_an_answer_on_the_command_line_waits_its_turn_behind_the_webhook(
    intern, monkeypatch, tmp_path, fresh_jobs
):
    shutil.copy(fresh_jobs, tmp_path)
    async with running_server(tmp_path, history()) as server:
        for name, value in server.github.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        number = server.github.open_issue(REPO, TITLE, BODY)["number"]
        commands = [asyncio.to_thread(intern, "respond", f"{REPO}#{number}") for _ in range(2)]
        answered = [await command for command in commands]
        await server.settled()
        (comment,) = server.github.comments(REPO, number, by_app=True)
        assert [(code, out.strip()) for code, out, _ in answered] == [(0, comment["html_url"])] * 2
        code, _, err = await asyncio.to_thread(intern, "respond", f"{REPO}#999")
        assert (code, complaints(err).count("\n")) == (4, 1)
        code, _, err = await asyncio.to_thread(intern, "respond", "octo/..#1")
        assert (code, err) == (2, "intern: 'octo/..' is no repository: write OWNER/NAME.\n")


@pytest.mark.usefixtures("_quiet_server")
async def test_a_server_with_a_token_writes_as_the_app_all_the_same(
    intern, monkeypatch, tmp_path, fresh_jobs
):
    shutil.copy(fresh_jobs, tmp_path)
    async with running_server(tmp_path, history(), github_token=PERSONAL_TOKEN) as server:
        for name, value in server.github.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("GITHUB_TOKEN", PERSONAL_TOKEN)
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        server.github.pause_webhooks()
        number = server.github.open_issue(REPO, TITLE, BODY)["number"]
        for _ in range(2):
            code, _, err = await asyncio.to_thread(intern, "respond", f"{REPO}#{number}")
            assert (code, complaints(err)) == (0, "")
        written = server.github.comments(REPO, number)
        assert len(written) == 1
        assert written == server.github.comments(REPO, number, by_app=True)


@pytest.mark.usefixtures("_quiet_server")
async def test_what_the_server_cannot_do_is_said_as_in_place(
    intern, monkeypatch, tmp_path, fresh_jobs
):
    served, own = tmp_path / "served", tmp_path / "own"
    served.mkdir()
    shutil.copy(fresh_jobs, served)
    damaged = tmp_path / "damaged.jsonl.gz"
    damaged.write_bytes(gzip.compress(b"{}\n" * 1000)[:40])
    async with running_server(served, history(), backfilled=False) as server:
        for name, value in server.github.environment.items():
            monkeypatch.setenv(name, value)
        for command in (
            ("backfill", "octo/unknown"),
            ("import", str(damaged), "--repo", "octo/damaged"),
        ):
            said = []
            for folder in (own, served):
                monkeypatch.setenv("DATA_DIR", str(folder))
                said.append(await asyncio.to_thread(intern, *command))
            in_place, through_server = said
            assert through_server[2].splitlines()[-1] == in_place[2].splitlines()[-1]
            assert in_place[0] != 0
            assert "Traceback" not in through_server[2]


@pytest.mark.usefixtures("_quiet_server")
async def test_an_import_takes_its_turn_where_the_jobs_alone_are_in_postgres(
    tmp_path, intern, monkeypatch, files
):
    """The embedded store has one owner all the same, and that may be reading the repository."""
    with a_database() as url:
        async with running_server(
            tmp_path / "data", history(), backfilled=False, database_url=url
        ) as server:
            for name, value in server.github.environment.items():
                monkeypatch.setenv(name, value)
            monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
            monkeypatch.setenv("DATABASE_URL", url)
            arguments = ("import", files["history"], "--repo", "octo/writer", "--json")
            code, _, _ = await asyncio.to_thread(intern, *arguments)
            jobs = await asked_since((Import,), "octo/writer", datetime(2026, 1, 1, tzinfo=UTC))
    # One line of the file is no thread.
    assert code == 1
    assert [queued.job for queued in jobs] == [Import("octo/writer", files["history"])]
