"""The demo's runner: a clean environment, readable comments, arguments that fit together."""

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
