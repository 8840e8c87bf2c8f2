"""docs/commands.md tells every exit code, and the fields that files of queries really have."""

import json
import re
from pathlib import Path

from app.respond_command import thread_of
from indexer.errors import InternError
from indexer.searching import BatchQuery

TEXT = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")


def part(heading: str) -> str:
    return TEXT.partition(f"\n## {heading}")[2].partition("\n## ")[0]


def codes(kind: type[InternError]) -> set[int]:
    return {kind.exit_code}.union(*map(codes, kind.__subclasses__()))


def test_every_exit_code_is_told():
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", part("Exit codes"), re.MULTILINE)}
    assert told == codes(InternError) | {0, 130}


def test_every_field_of_a_query_is_told():
    fields, _, answer = part("The queries").partition("\n\nOther fields")
    rows = [line.split("|")[1] for line in fields.splitlines() if line.startswith("| `")]
    told = {name for cell in rows for name in re.findall(r"`(\w+)`", cell)}
    assert told == set(BatchQuery.model_fields)
    assert all(f"`{name}`" in answer for name in ("number", "kind", "probability", "linked"))


def test_the_issue_that_is_shown_can_be_read(tmp_path):
    shown = part("The issue").partition("```json\n")[2].partition("```")[0]
    file = tmp_path / "issue.json"
    file.write_text(shown, encoding="utf-8")
    assert thread_of(file).number == json.loads(shown)["number"]
