"""The command line: one sentence and the right exit code, whatever is wrong."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app import cli
from app.records import Records
from app.respond_command import issue_of, thread_of
from app.settings import Settings
from indexer.config_file import CONFIG_PATH
from indexer.errors import InputError
from indexer.state import State
from tests.app.test_end_to_end import BODY, REPO, TITLE, history
from tests.fakes_embedding import ToyEmbedder
from tests.fakes_reranking import MODEL, write_cross_encoder
from tests.github_simulator import Simulator

Intern = Callable[..., tuple[int, str, str]]


@pytest.fixture
def intern(monkeypatch, capsys, tmp_path) -> Intern:
    """Runs `intern …` in this process and returns exit code, output and complaints."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("indexer.embedding.open_embedder", lambda _settings: ToyEmbedder())
    monkeypatch.setattr("app.main.open_embedder", lambda _settings: ToyEmbedder())
    monkeypatch.setattr("app.doctor.open_embedder", lambda _settings: ToyEmbedder())

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["intern", *arguments])
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
def github(monkeypatch) -> Iterator[Simulator]:
    with Simulator(history()) as simulator:
        for name, value in simulator.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("ALLOWED_ACCOUNTS", "octo")
        yield simulator


def test_the_indexers_commands_stand_beside_ours(intern):
    _, out, _ = intern("--help")
    for command in ("serve", "respond", "doctor", "backfill", "sync", "import", "search", "model"):
        assert command in out


def test_version(intern):
    code, out, _ = intern("--version")
    assert code == 0
    assert out.startswith("oncall-intern ")


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("GITHUB_WEBHOOK_SECRET", "GITHUB_WEBHOOK_SECRET"),
        ("GITHUB_APP_ID", "GITHUB_APP_ID"),
        ("GITHUB_PRIVATE_KEY", "GITHUB_PRIVATE_KEY_PATH"),
        ("ALLOWED_ACCOUNTS", "ALLOWED_ACCOUNTS"),
    ],
)
def test_serve_names_the_setting_that_is_missing(intern, github, monkeypatch, missing, named):
    monkeypatch.delenv(missing)
    code, _, err = intern("serve")
    assert code == 2
    assert err.startswith(f"intern: {named}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("key", ["no key", "-----BEGIN RSA PRIVATE KEY-----\nAAAA"])
def test_serve_refuses_a_key_that_is_none(intern, github, monkeypatch, tmp_path, key):
    file = tmp_path / "bad.pem"
    file.write_text(key, encoding="ascii")
    monkeypatch.delenv("GITHUB_PRIVATE_KEY")
    monkeypatch.setenv("GITHUB_PRIVATE_KEY_PATH", str(file))
    code, _, err = intern("serve", "--port", "0")
    assert code == 2
    assert err == "intern: GITHUB_PRIVATE_KEY_PATH is not an unencrypted private key in PEM.\n"


def test_serve_on_a_port_that_is_taken(intern, github):
    port = github.url.rpartition(":")[2]
    code, _, err = intern("serve", "--port", port)
    assert code == 2
    assert f"port {port}" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["respond"],
        ["respond", "no-issue"],
        ["respond", "octo/pump#0", "--dry-run"],
        ["respond", "octo/pump#99999999999", "--dry-run"],
        ["respond", "octo/pump#7", "--before", "2025-01-01"],
        ["respond", "octo/pump#7", "--before", "yesterday", "--dry-run"],
        ["respond", "--file", "missing.json", "--repo", "octo/pump"],
        ["respond", "--file", "missing.json"],
        ["respond", "octo/pump#7", "--file", "x.json"],
        ["respond", "octo/pump#7", "--dry-run", "--repo", "octo/other"],
        ["respond", "octo/pump#7", "--explain"],
    ],
)
def test_respond_with_wrong_arguments_says_so_in_one_line(intern, arguments):
    code, out, err = intern(*arguments)
    assert code == 2
    assert out == ""
    assert err.startswith("intern: ")
    assert err.count("\n") == 1


def test_with_a_token_alone_one_can_look_but_not_post(intern, github, monkeypatch):
    for name in ("GITHUB_APP_ID", "GITHUB_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("GITHUB_TOKEN", github.token)
    assert intern("backfill", REPO)[0] == 0
    number = github.open_issue(REPO, TITLE, BODY)["number"]
    code, out, _ = intern("respond", f"{REPO}#{number}", "--dry-run")
    assert code == 0
    assert "valve_timeout = 500" in out
    code, _, err = intern("respond", f"{REPO}#{number}")
    assert code == 2
    assert "GITHUB_APP_ID" in err
    assert github.comments(REPO, number, by_app=True) == []


def test_respond_posts_as_the_app_and_only_once(intern, github):
    assert intern("backfill", REPO)[0] == 0
    number = github.open_issue(REPO, TITLE, BODY)["number"]
    for _ in range(2):
        code, out, _ = intern("respond", f"{REPO}#{number}")
        assert code == 0
        assert f"/issues/{number}#issuecomment-" in out
    assert len(github.comments(REPO, number, by_app=True)) == 1


def test_respond_posts_nothing_where_nothing_is_indexed(intern, github, tmp_path):
    number = github.open_issue(REPO, TITLE, BODY)["number"]
    said = f"intern: Nothing is indexed of {REPO} in DATA_DIR ({tmp_path / 'data'}): run `backfill`"
    for folder_is_there in (False, True):
        assert (tmp_path / "data").exists() == folder_is_there
        code, out, err = intern("respond", f"{REPO}#{number}")
        assert (code, out) == (2, "")
        assert err.startswith(said)
        (tmp_path / "data").mkdir(exist_ok=True)
    assert json.loads(intern("report", "--json")[1])["versions"] == []


def test_commands_that_only_read_make_no_folder(intern, tmp_path):
    for command in (
        ("search", "--repo", REPO, "pump"),
        ("export", "--repo", REPO),
        ("eval", "--repo", REPO),
        ("respond", f"{REPO}#7", "--dry-run"),
        ("report",),
    ):
        code, out, err = intern(*command)
        assert (code, out) == (2, "")
        assert str(tmp_path / "data") in err
    code, out, _ = intern("status")
    assert code == 0
    assert f"Nothing is indexed yet in DATA_DIR ({tmp_path / 'data'})" in out
    assert not (tmp_path / "data").exists()


def test_report_says_what_to_do_first(intern, github, tmp_path):
    code, _, err = intern("report")
    assert code == 2
    assert (
        f"DATA_DIR ({tmp_path / 'data'}) does not exist, so no issue was looked at: `intern serve`"
        in err
    )
    assert intern("backfill", REPO)[0] == 0
    assert "`intern serve` answers new ones" in intern("report")[1]


def test_respond_to_a_file_as_of_then(intern, github, tmp_path):
    assert intern("backfill", REPO)[0] == 0
    issue = {"number": 900, "title": TITLE, "body": BODY, "created_at": "2025-02-20T00:00:00Z"}
    file = tmp_path / "issue.json"
    file.write_text(json.dumps(issue), encoding="utf-8")
    later, earlier = (
        json.loads(
            intern("respond", "--file", str(file), "--repo", REPO, "--before", moment, "--json")[1]
        )
        for moment in ("2025-02-20", "2025-01-15")
    )
    assert "valve_timeout = 500" in later["body"]
    assert earlier["body"] is None


def test_respond_says_when_there_was_nothing_to_look_through(intern, tmp_path):
    file = tmp_path / "issue.json"
    issue = {"number": 7, "title": "T", "created_at": "2025-01-01T00:00:00Z"}
    file.write_text(json.dumps(issue), encoding="utf-8-sig")
    code, out, err = intern("respond", "--file", str(file), "--repo", REPO)
    assert (code, out) == (2, "")
    assert f"Nothing is indexed of {REPO}" in err


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "x" * 70])
def test_serve_on_a_host_that_is_not_ours(intern, github, host):
    code, _, err = intern("serve", "--host", host)
    assert code == 2
    assert err.startswith(f"intern: HOST: {host} port ")
    assert err.count("\n") == 1


def test_a_dry_run_prints_what_would_be_posted(intern, github, tmp_path):
    assert intern("backfill", REPO)[0] == 0
    number = github.open_issue(REPO, TITLE, BODY)["number"]
    command = ("respond", f"{REPO}#{number}", "--dry-run", "--json")
    told = json.loads(intern(*command)[1])
    first = next(c["number"] for c in told["candidates"] if c["place"] == "shown")
    settings = Settings(data_dir=tmp_path / "data")
    state, records = State.open(settings), Records.open(settings)
    state.pairs.add(REPO, number, first)
    told = json.loads(intern(*command)[1])
    assert first not in [c["number"] for c in told["candidates"]]
    github.close(REPO, number)
    assert json.loads(intern(*command)[1])["unasked"] == "closed"
    records.wishes.add(REPO, number, "off")
    code, out, _ = intern("respond", f"{REPO}#{number}", "--dry-run")
    assert (code, out) == (0, "No comment: off.\n")
    state.close()
    records.close()


def test_a_dry_run_says_where_the_config_would_keep_it_back(intern, github):
    assert intern("backfill", REPO)[0] == 0
    number = github.open_issue(REPO, TITLE, BODY)["number"]
    github.set_files(REPO, {CONFIG_PATH: "mode: shadow"})
    code, out, err = intern("respond", f"{REPO}#{number}", "--dry-run")
    assert code == 0
    assert "valve_timeout = 500" in out
    assert "mode: shadow" in err


def test_respond_tells_why(intern, github):
    assert intern("backfill", REPO)[0] == 0
    number = github.open_issue(REPO, TITLE, BODY)["number"]
    code, out, _ = intern("respond", f"{REPO}#{number}", "--dry-run", "--explain")
    comment, _, told = out.partition("\ndecision: ")
    assert code == 0
    assert "valve_timeout = 500" in comment
    assert "shown" in told
    assert "levels: no duplicate without Claude, related from 0.08," in told
    assert "title_overlap=" in told


def test_the_models_part_can_be_done_by_somebody_else(intern, github, tmp_path):
    assert intern("backfill", REPO)[0] == 0
    number = github.open_issue(REPO, TITLE, BODY)["number"]
    prompt, answer = tmp_path / "prompt.json", tmp_path / "answer.json"
    command = ("respond", f"{REPO}#{number}", "--dry-run", "--json")
    code, out, _ = intern(*command, "--export-prompt", str(prompt))
    assert code == 0
    assert json.loads(out)["llm"]["failure"] == "llm_exported"
    exported = json.loads(prompt.read_text(encoding="utf-8"))
    assert "valve_timeout = 500" in exported["user"]
    answer.write_text(json.dumps({"judgements": [], "steps": []}), encoding="utf-8")
    code, out, _ = intern(*command, "--use-answer", str(answer))
    assert code == 0
    assert json.loads(out)["llm"]["model"] == "file"
    answer.write_text("{}", encoding="utf-8")
    code, out, _ = intern(*command, "--use-answer", str(answer))
    assert json.loads(out)["llm"]["failure"] == "llm_invalid"


@pytest.mark.parametrize(
    "files",
    [
        ("--use-answer", "a.json", "--export-prompt", "b.json", "--dry-run"),
        ("--use-answer", "a.json"),
        ("--export-prompt", "no/such/folder/b.json", "--dry-run"),
        ("--use-answer", "missing.json", "--dry-run"),
    ],
)
def test_files_that_cannot_stand_in_for_the_model(intern, github, files):
    assert intern("backfill", REPO)[0] == 0
    number = github.open_issue(REPO, TITLE, BODY)["number"]
    code, _, err = intern("respond", f"{REPO}#{number}", *files)
    assert code == 2
    assert err.startswith("intern: ")


def test_doctor(intern, github, monkeypatch):
    code, out, _ = intern("doctor")
    assert code == 0, out
    assert "✗" not in out
    assert "oncall-intern, installed on octo" in out
    monkeypatch.setenv("GITHUB_PRIVATE_KEY", "not a key")
    monkeypatch.delenv("ALLOWED_ACCOUNTS")
    code, out, _ = intern("doctor")
    assert code == 1
    assert "✗ settings: ALLOWED_ACCOUNTS" in out
    assert "✗ GitHub: GITHUB_PRIVATE_KEY" in out
    assert "✓ store" in out


def test_doctor_names_all_that_is_missing_at_once(intern, github, monkeypatch):
    names = ("GITHUB_WEBHOOK_SECRET", "GITHUB_APP_ID", "GITHUB_PRIVATE_KEY", "ALLOWED_ACCOUNTS")
    for name in names:
        monkeypatch.delenv(name)
    code, out, _ = intern("doctor")
    assert code == 1
    lines = [line for line in out.splitlines() if line.startswith("✗ settings: ")]
    for line, name in zip(lines, names, strict=True):
        assert line.startswith(f"✗ settings: {name}")
    monkeypatch.setenv("PORT", "http")
    monkeypatch.setenv("GITHUB_URL", "github.example")
    code, out, err = intern("doctor")
    assert (code, out) == (2, "")
    assert "GITHUB_URL: not an http or https address. " in err
    assert "PORT: must be a whole number." in err


def test_doctor_finds_nothing_wrong_with_a_token_alone(intern, github, monkeypatch):
    for name in ("GITHUB_APP_ID", "GITHUB_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("GITHUB_TOKEN", github.token)
    code, out, _ = intern("doctor")
    assert code == 0, out
    assert "✓ settings: enough to read and try" in out
    monkeypatch.setenv("GITHUB_APP_ID", "7")  # an App that is not set up to its end
    code, out, _ = intern("doctor")
    assert code == 1
    assert "✗ settings: GITHUB_WEBHOOK_SECRET is not set" in out


def test_doctor_names_what_stands_in_the_file_and_is_no_setting(intern, monkeypatch, tmp_path):
    file = tmp_path / ".env"
    names = ("GITHUB_APPID", "github_apikey", "GITHUB_APP_ID", "POSTGRES_PASSWORD", "EDITOR")
    file.write_text("".join(f"{name}=7\n" for name in names), encoding="utf-8")
    monkeypatch.setitem(Settings.model_config, "env_file", str(file))
    _, out, _ = intern("doctor")
    assert [line for line in out.splitlines() if line.startswith("!")] == [
        "! .env: GITHUB_APPID is no setting, and nothing reads it; GITHUB_APP_ID is one.",
        "! .env: GITHUB_APIKEY is no setting, and nothing reads it.",
    ]


def test_doctor_says_where_a_model_is_too_dear_to_be_asked(intern, github, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test")
    assert intern("doctor")[0] == 0
    monkeypatch.setenv("ANTHROPIC_MODEL", "claude-fable-5-1")
    code, out, _ = intern("doctor")
    assert code == 1
    assert "✗ Claude: LLM_ISSUE_LIMIT_DOLLARS is 0.5, and one call of claude-fable-5-1" in out
    monkeypatch.setenv("LLM_ISSUE_LIMIT_DOLLARS", "2")
    assert intern("doctor")[0] == 0
    monkeypatch.setenv("LLM_DAILY_LIMIT_DOLLARS", "0.1")
    assert "✗ Claude: LLM_DAILY_LIMIT_DOLLARS is 0.1" in intern("doctor")[1]


def test_doctor_without_any_credential_names_both_kinds(intern):
    code, out, _ = intern("doctor")
    assert code == 1
    assert "✗ GitHub: GITHUB_TOKEN is not set, nor are GITHUB_APP_ID and GITHUB_PRIVATE_KEY" in out


def test_a_backfill_without_credentials_makes_and_loads_nothing(intern, monkeypatch, tmp_path):
    monkeypatch.setattr("indexer.embedding.open_embedder", None)
    code, out, err = intern("backfill", REPO)
    assert (code, out) == (2, "")
    assert err.startswith("intern: GITHUB_TOKEN is not set, nor are GITHUB_APP_ID")
    assert not (tmp_path / "data").exists()


def test_doctor_tries_the_cross_encoder(intern, github, monkeypatch, tmp_path):
    write_cross_encoder(tmp_path / "model", ["ready"])
    monkeypatch.setenv("RERANK_MODEL", MODEL)
    monkeypatch.setenv("RERANK_MODEL_PATH", str(tmp_path / "model"))
    code, out, _ = intern("doctor")
    assert code == 0, out
    assert f"reordered by {MODEL}" in out
    monkeypatch.setenv("RERANK_MODEL", "acme/none")
    code, out, _ = intern("doctor")
    assert code == 1
    assert "✗ model: RERANK_MODEL: fastembed knows no cross-encoder called acme/none" in out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("octo/pump#7", ("octo/pump", 7)),
        (" octo/pump#7 ", ("octo/pump", 7)),
        ("https://github.com/octo/.github/issues/12", ("octo/.github", 12)),
        ("octo/pump/issues/12", ("octo/pump", 12)),
    ],
)
def test_how_an_issue_is_named(text, expected):
    assert issue_of(text) == expected


@pytest.mark.parametrize("text", ["", "#7", "octo#7", "octo/pump", "octo/pump#x", "a/b/c#7"])
def test_what_names_no_issue(text):
    with pytest.raises(InputError):
        issue_of(text)


@pytest.mark.parametrize("content", ["", "[]", "7", "{}", '{"number": 7}', "\xff", "[" * 99999])
def test_a_file_that_holds_no_issue(tmp_path, content):
    file = tmp_path / "issue.json"
    file.write_text(content, encoding="latin-1")
    with pytest.raises(InputError, match=r"issue\.json"):
        thread_of(file)


def test_the_later_life_of_an_issue_in_a_file_is_not_read(tmp_path):
    issue: dict[str, Any] = {"number": 7, "title": "T", "created_at": "2025-01-01T00:00:00Z"}
    issue["comments"] = [{"body": "the answer", "created_at": "2025-01-02T00:00:00Z"}]
    file = tmp_path / "issue.json"
    file.write_text(json.dumps(issue), encoding="utf-8")
    assert thread_of(file).comments == ()
