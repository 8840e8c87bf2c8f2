import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from indexer import cli, console
from indexer.errors import InputError, SettingError
from indexer.progress import Progress
from indexer.sources.export import write_export
from tests.fakes_embedding import TOY_FINGERPRINT, ToyEmbedder
from tests.fakes_threads import comment, event, thread

REPO = "o/r"


@pytest.fixture(autouse=True)
def _toy_model(monkeypatch, tmp_path):
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("indexer.embedding.open_embedder", lambda _: ToyEmbedder())
    monkeypatch.setattr("indexer.embedding.fingerprint", lambda _: TOY_FINGERPRINT)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "history.jsonl"
    threads = [
        thread(n, comment(f"Set part_size to {n}."), title=f"Writer {n} drops parts")
        for n in range(1, 9)
    ]
    write_export(path, threads)
    return path


def call(*arguments, code=0):
    result = CliRunner().invoke(cli.app, [str(a) for a in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def run(monkeypatch, *arguments):
    """As the console script does, with its exit code."""
    monkeypatch.setattr(sys, "argv", ["intern", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        console.run(cli.app)
    return ended.value.code or 0


def call_fails(*arguments):
    with pytest.raises(InputError):
        call(*arguments)


def imported(file):
    return call("import", file, "--repo", REPO)


def test_import_tells_what_it_did(file):
    assert "8 threads (8 new or changed, 0 unchanged)" in imported(file).stdout
    lines = call("import", file, "--repo", "O/R", "--json").stdout.splitlines()
    done = json.loads(lines[-1])
    assert (done["event"], done["unchanged"], done["indexed"]) == ("done", 8, 0)
    assert json.loads(lines[0])["event"] == "progress"


def test_unreadable_lines_are_numbered_and_counted(tmp_path, monkeypatch, capsys, file):
    bad = tmp_path / "bad.jsonl"
    bad.write_text(file.read_text() + "broken\n" * 25, encoding="utf-8")
    assert run(monkeypatch, "import", bad, "--repo", REPO) == 1
    captured = capsys.readouterr()
    assert "intern: bad.jsonl, line 9: no JSON" in captured.err
    assert captured.err.count("intern: bad.jsonl, line") == 20
    assert "5 more lines" in captured.err
    assert "8 threads" in captured.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("import", "none.jsonl", "--repo", REPO), "none.jsonl does not exist"),
        (("import", "none.jsonl", "--repo", "nonsense"), "is no repository"),
        (("import", "none.jsonl", "--repo", "o/r/x"), "is no repository"),
        (("import", "none.jsonl", "--repo", "../r"), "is no repository"),
        (("import", "none.jsonl", "--repo", "o/.."), "is no repository"),
        (("export", "--repo", "o/\x1b[31mr"), "is no repository"),
        (("search", "--repo", REPO, "words", "--before", "soon"), "--before 'soon' is no moment"),
        (("search", "--repo", REPO), "Say what to look for"),
        (("search", "--repo", REPO, "x", "--batch", "f"), "Say what to look for"),
        (("search", "--repo", REPO, "--batch", "none.jsonl"), "none.jsonl does not exist"),
        (("search", "--repo", REPO, "--batch", "."), ". is a folder"),
        (("search", "--repo", REPO, "--batch", "x" * 300), "File name too long"),
        (("import", "x" * 300, "--repo", REPO), "File name too long"),
        (("import", ".", "--repo", REPO), ". is a folder"),
        (("import", os.devnull, "--repo", REPO), "is a pipe or a device"),
        (("search", "--repo", REPO, "words"), "Nothing is indexed of o/r"),
        (("export", "--repo", REPO), "Nothing is indexed of o/r"),
        (("backfill", REPO, "--full", "--since", "2024-01-01"), "--full and --since do not go"),
    ],
)
def test_wrong_arguments_end_in_one_sentence(monkeypatch, capsys, arguments, sentence):
    assert run(monkeypatch, *arguments) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.startswith("intern: ")
    assert error.count("\n") == 1
    assert "\x1b" not in error


def test_a_wrong_setting_is_named(monkeypatch, capsys):
    monkeypatch.setenv("EMBEDDING_THREADS", "many")
    assert run(monkeypatch, "status") == SettingError.exit_code
    assert capsys.readouterr().err.startswith("intern: EMBEDDING_THREADS")


def test_export_gives_back_what_was_imported(file, tmp_path):
    imported(file)
    copy = tmp_path / "copy.jsonl.gz"
    assert "8 threads of o/r" in call("export", "--repo", REPO, copy).stdout
    again = tmp_path / "again.jsonl"
    call("export", "--repo", REPO, again)
    assert again.read_bytes() == file.read_bytes()


def test_an_export_of_nothing_leaves_the_file_that_is_there(file, tmp_path):
    copy = tmp_path / "copy.jsonl"
    copy.write_text("precious")
    call_fails("export", "--repo", REPO, copy)
    assert copy.read_text() == "precious"


def test_export_to_standard_output(file):
    imported(file)
    assert call("export", "--repo", REPO).stdout_bytes == file.read_bytes()


def test_search_finds_the_thread(file):
    imported(file)
    assert "Writer 3 drops parts" in call("search", "--repo", REPO, "writer", "3").stdout
    found = json.loads(call("search", "--repo", REPO, "Writer 3 drops parts", "--json").stdout)
    best = found["candidates"][0]
    assert (best["number"], best["kind"], best["state"]) == (3, "issue", "open")
    assert set(best) >= {"title", "score", "probability", "why"}
    assert found["took_ms"] > 0


def test_the_limit_holds_for_originals_too(tmp_path):
    closed = event("marked_as_duplicate", at=5, canonical=2)
    copy = thread(1, title="Writer drops parts", closed=5).model_copy(update={"events": (closed,)})
    path = tmp_path / "duplicates.jsonl"
    write_export(path, [copy, thread(2, title="Nothing alike"), thread(3, title="Nor this")])
    imported(path)
    for limit in (1, 2):
        asked = ("search", "--repo", REPO, "Writer drops parts", "--json", "--limit", limit)
        found = json.loads(call(*asked).stdout)["candidates"]
        assert len(found) == limit
        assert found[0]["number"] == 1


def test_a_cross_encoder_that_cannot_be_had_is_one_sentence(file, monkeypatch, capsys):
    imported(file)
    monkeypatch.setenv("RERANK_MODEL", "acme/none")
    assert run(monkeypatch, "search", "--repo", REPO, "writer") == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(
        "intern: RERANK_MODEL: fastembed knows no cross-encoder called acme/none"
    )
    assert len(captured.err.splitlines()) == 1
    # A backfill or import has no use for it.
    imported(file)


def test_a_batch_answers_line_by_line(file, tmp_path, monkeypatch, capsys):
    imported(file)
    batch = tmp_path / "batch.jsonl"
    before = "2024-06-01T00:00:00Z"
    lines = [
        {"id": "a", "title": "Writer 3 drops parts", "body": None, "before": before},
        "broken",
        {"id": 4, "title": "Writer 4 drops parts", "number": 4},
        {"id": 5, "title": "Writer 5 drops parts", "exclude": [5], "before": before},
        {"id": 6, "title": "Writer 6 drops parts", "before": "2023-01-01T00:00:00Z"},
        {"id": 7, "title": "x", "before": "never"},
    ]
    batch.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines))
    arguments = ("search", "--repo", REPO, "--batch", batch, "--limit", 3)
    assert run(monkeypatch, *arguments) == 1
    captured = capsys.readouterr()
    answers = {a["id"]: a for a in map(json.loads, captured.out.splitlines())}
    assert list(answers) == ["a", 4, 5, 6]
    assert answers["a"]["candidates"][0]["number"] == 3
    assert len(answers["a"]["candidates"]) <= 3
    assert 4 not in [c["number"] for c in answers[4]["candidates"]]
    assert 5 not in [c["number"] for c in answers[5]["candidates"]]
    assert answers[6]["candidates"] == []
    assert all(a["took_ms"] > 0 for a in answers.values())
    assert "batch.jsonl, line 2: no JSON" in captured.err
    assert "batch.jsonl, line 6: before" in captured.err


def test_status_tells_what_is_indexed(file):
    assert "Nothing is indexed yet" in call("status").stdout
    imported(file)
    shown = call("status").stdout
    assert REPO in shown
    assert "complete" in shown
    (row,) = json.loads(call("status", "--json").stdout)["repositories"]
    assert (row["repo"], row["status"], row["threads"], row["points"]) == (REPO, "complete", 8, 16)


def test_status_tells_the_whole_path_of_a_folder_that_is_named_from_here(
    file, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", "here")
    place = f"DATA_DIR ({tmp_path / 'here'})"
    assert f"Nothing is indexed yet in {place}" in call("status").stdout
    imported(file)
    assert call("status").stdout.endswith(f"In {place}.\n")
    assert json.loads(call("status", "--json").stdout)["place"] == place


def test_status_tells_which_files_were_left_out(file, tmp_path):
    imported(file)
    from indexer.left_out import LeftOut
    from indexer.settings import IndexSettings
    from indexer.state import State

    state = State.open(IndexSettings(data_dir=tmp_path / "data"))
    refused = {name: LeftOut("b1", "generated") for name in ("api.md", "cli.md")}
    refused |= {"old.txt": LeftOut("b2", "not UTF-8")}
    state.left_out.settle(REPO, list(refused), refused)
    state.close()
    shown = " ".join(call("status").stdout.split())
    assert "3 files left out: 2 generated, 1 not UTF-8" in shown
    (row,) = json.loads(call("status", "--json").stdout)["repositories"]
    assert row["left_out"] == {
        "api.md": "generated",
        "cli.md": "generated",
        "old.txt": "not UTF-8",
    }


def test_status_works_while_another_process_has_the_store(file, monkeypatch, tmp_path):
    imported(file)
    from indexer.edge_store import EdgeStore
    from indexer.knowledge_base import collection_folder
    from indexer.settings import IndexSettings

    folder = collection_folder(IndexSettings(data_dir=tmp_path / "data"))
    holder = EdgeStore.open(folder, TOY_FINGERPRINT)
    told = json.loads(call("status", "--json").stdout)
    holder.close()
    assert told["repositories"][0]["points"] is None
    assert told["busy"]


def test_help_is_fast_and_works_alone():
    started = time.perf_counter()
    shown = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "indexer", "--help"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert "backfill" in shown.stdout
    heavy = {"numpy", "fastembed", "qdrant_edge", "githubkit", "sqlalchemy", "pydantic"}
    imported = {line.rsplit("|", 1)[-1].strip() for line in shown.stderr.splitlines()}
    assert heavy & imported == set()
    assert time.perf_counter() - started < 30


def test_a_closed_pipe_is_quiet(file, tmp_path):
    script = f"{sys.executable} -m indexer --help | true"
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=False, text=True)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("redirection", "code", "said"),
    [
        (">/dev/full", 1, "intern: Output cannot be used: No space left on device.\n"),
        (">&-", 0, ""),
        ("2>/dev/full >&-", 0, ""),
    ],
)
def test_output_that_cannot_be_written_is_one_sentence(redirection, code, said):
    if "full" in redirection and not Path("/dev/full").is_char_device():
        pytest.skip("this system has no /dev/full")
    script = f"{sys.executable} -m indexer --help {redirection}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=False, text=True)
    assert (done.returncode, done.stderr) == (code, said)


def test_a_config_file_is_checked_without_a_server(tmp_path, monkeypatch, capsys):
    good, wrong = tmp_path / "good.yml", tmp_path / "wrong.yml"
    good.write_text("mode: shadow\n")
    wrong.write_text("mode: shadow\nmodus: on\n")
    assert "is good" in call("config", "check", good).output
    assert run(monkeypatch, "config", "check", wrong) == 2
    assert "wrong.yml:2: modus: there is no such key." in capsys.readouterr().err
    wrong.write_text("modus: on\nmode: loud\nsources:\n  docs: all\n")
    assert run(monkeypatch, "config", "check", wrong) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"intern: {wrong}:1: modus: there is no such key.",
        f"intern: {wrong}:2: mode: Input should be 'on' or 'shadow'.",
        f"intern: {wrong}:4: sources.docs: must be a list.",
    ]
    call_fails("config", "check", tmp_path / "absent.yml")


def test_the_config_schema_is_printed():
    assert "mode" in json.loads(call("config", "schema").output)["properties"]


@pytest.mark.parametrize("as_json", [False, True])
def test_why_a_run_waits_is_shown(capsys, as_json):
    with console.watched(as_json=as_json) as tell:
        tell(Progress("threads", 1, 2))
        for attempt in range(2):
            tell(Progress("waiting", wait=20.0 + attempt, trouble="GitHub cannot be reached."))
    captured = capsys.readouterr()
    if as_json:
        waits = [json.loads(line) for line in captured.out.splitlines()][1:]
        assert [line["wait_seconds"] for line in waits] == [20.0, 21.0]
        assert {line["trouble"] for line in waits} == {"GitHub cannot be reached."}
    else:
        assert "GitHub cannot be reached." in captured.err
        assert f"{console.TROUBLED} (21 s)" in captured.err
