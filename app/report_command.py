"""`intern report`: how the answers turned out, by version; what shadow mode kept back; the cost."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from app.feedback import Answered
from app.records import Records
from app.settings import Settings
from indexer.errors import InputError

NOTHING_YET: Final = "`intern serve` answers new ones, and counts them from then on."
COUNTED: Final = ("posted", "shadow", "silent", "success", "assist", "noise", "missed", "open")


def report(settings: Settings, repo: str | None, since: datetime | None) -> dict[str, Any]:
    """Everything that the command tells, as plain JSON.

    Raises:
        InputError: there is no DATA_DIR to read it from.
    """
    if not (settings.database_url or settings.data_dir.is_dir()):
        raise InputError(
            f"DATA_DIR ({settings.data_dir.absolute()}) does not exist, so no issue was looked at: "
            f"{NOTHING_YET}"
        )
    records = Records.open(settings)
    try:
        answers = records.feedback.since(since, repo)
        spent = records.spending.spent(repo, since)
    finally:
        records.close()
    versions = sorted({answered.version for answered in answers})
    return {
        "repo": repo,
        "since": since.isoformat() if since else None,
        "versions": [
            {"version": version, **counts([a for a in answers if a.version == version])}
            for version in versions
        ],
        "llm": {
            "calls": spent.calls,
            "input_tokens": spent.input_tokens,
            "output_tokens": spent.output_tokens,
            "cost_dollars": round(spent.cost, 6),
        },
        "shadow": [
            {"repo": a.repo, "number": a.number, "at": a.at.isoformat(), "body": a.body}
            for a in sorted(answers, key=lambda a: a.at)
            if a.kind == "shadow" and a.body
        ],
    }


def counts(answers: Sequence[Answered]) -> dict[str, int]:
    """How many answers of each kind and each outcome; `open` are those that nothing tells of."""
    found = Counter([a.kind for a in answers] + [a.outcome or "open" for a in answers])
    reactions = {"up": sum(a.up for a in answers), "down": sum(a.down for a in answers)}
    return {name: found[name] for name in COUNTED} | reactions


def told(made: dict[str, Any]) -> Iterator[str]:
    """The report line by line, for a person."""
    if not made["versions"]:
        yield f"No issue was looked at: {NOTHING_YET}"
    for row in made["versions"]:
        yield (
            f"version {row['version']}: {row['posted']} posted, {row['shadow']} in shadow mode, "
            f"{row['silent']} silent; {row['success']} success, {row['assist']} assist, "
            f"{row['noise']} noise, {row['missed']} missed, {row['open']} unknown; "
            f"👍 {row['up']} 👎 {row['down']}"
        )
    llm = made["llm"]
    if llm["calls"]:
        yield (
            f"Claude: {llm['calls']} calls, {llm['input_tokens']:,} tokens in, "
            f"{llm['output_tokens']:,} out, ${llm['cost_dollars']:.4f}"
        )
    for kept in made["shadow"]:
        yield ""
        yield f"--- {kept['repo']}#{kept['number']} would have been told on {kept['at'][:16]}:"
        yield kept["body"].rstrip()
