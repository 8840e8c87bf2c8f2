"""The demo's runner: a clean environment, readable comments, arguments that fit together."""

import gzip
import json
from datetime import UTC, datetime

import pytest

from tests.demo.__main__ import main
from tests.demo.content import foreign_seed, read_issues
from tests.demo.stage import clean_environment
from tests.demo.terminal import readable


def test_no_setting_of_the_user_reaches_the_commands():
    mine = {
        "PATH": "/bin",
        "LANG": "ko_KR.UTF-8",
        "ANTHROPIC_API_KEY": "sk-mine",
        "GITHUB_TOKEN": "ghp_mine",
        "QDRANT_URL": "http://elsewhere",
        "DATA_DIR": "/srv",
        "HTTPS_PROXY": "http://proxy",
    }
    found = clean_environment(mine)
    assert {name for name in found if name in mine} == {"PATH", "LANG"}


def test_a_comment_is_readable_in_a_terminal():
    fold = "<details><summary>More (1)</summary>\n\n- B\n\n</details>"
    body = f"**A** (#1)\n\n{fold}\n\n<sub>c</sub>\n<!-- m -->\n"
    text = readable(body)
    assert "▸ More (1)" in text
    assert "<" not in text
    assert text.endswith("c")


@pytest.mark.parametrize("arguments", [["--history", "x"], ["--issues", "x"]])
def test_history_and_issues_go_together(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "go together" in capsys.readouterr().err


def test_a_missing_file_is_named(tmp_path, capsys):
    missing = str(tmp_path / "none.jsonl")
    with pytest.raises(SystemExit):
        main(["--history", missing, "--issues", missing])
    assert "none.jsonl is not a file" in capsys.readouterr().err


def test_anyones_history_stands_as_of_the_first_issue(tmp_path):
    def thread(number: int, month: int) -> dict[str, object]:
        opened = f"2024-0{month}-01T00:00:00Z"
        return {"number": number, "title": "t", "created_at": opened, "author_association": None}

    history = tmp_path / "history.jsonl"
    history.write_text("\n".join(json.dumps(thread(n, n)) for n in (1, 2, 3)), encoding="utf-8")
    issues = tmp_path / "issues.jsonl"
    issues.write_text(
        '{"id": 3, "title": "t3", "body": null, "before": "2024-03-01T00:00:00Z"}\n\n'
        '{"id": "x", "title": "later", "created_at": "2024-05-01T00:00:00Z"}\n',
        encoding="utf-8",
    )
    wanted = read_issues(issues)
    assert [(issue.id, issue.body) for issue in wanted] == [("3", ""), ("x", "")]
    assert wanted[0].moment == datetime(2024, 3, 1, tzinfo=UTC)
    seed = foreign_seed(history, wanted, "any/thing")
    assert [thread.number for thread in seed.repositories[0].threads] == [1, 2]


def test_what_is_no_thread_and_no_issue_is_told_and_passed_over(tmp_path, capsys):
    threads = [
        '{"number": 1, "title": "t", "created_at": "2024-01-01T00:00:00"}',
        "",
        "broken",
        '{"number": 2}',
    ]
    # Packed, whatever its name says.
    (tmp_path / "history").write_bytes(gzip.compress("\n".join(threads).encode()))
    lines = ["[]", "broken", '{"id": 3, "title": "t3", "before": "2024-03-01"}']
    (tmp_path / "issues").write_text("\n".join(lines), encoding="utf-8")
    wanted = read_issues(tmp_path / "issues")
    seed = foreign_seed(tmp_path / "history", wanted, "any/thing")
    assert [issue.id for issue in wanted] == ["3"]
    assert [thread.number for thread in seed.repositories[0].threads] == [1]
    told = capsys.readouterr().err.splitlines()
    places = [line.split(": ")[1] for line in told]
    assert places == ["issues, line 1", "issues, line 2", "history, line 3", "history, line 4"]


def test_a_list_without_an_issue_ends_in_one_sentence(tmp_path, capsys):
    for name in ("history", "issues"):
        (tmp_path / name).write_text("broken\n", encoding="utf-8")
    given = ["--history", str(tmp_path / "history"), "--issues", str(tmp_path / "issues")]
    assert main(given) == 2
    captured = capsys.readouterr()
    assert "holds no issue." in captured.out.replace("\n", " ")
    assert "Traceback" not in captured.out + captured.err
