"""The label for likely duplicates is a convenience: what GitHub refuses of it fails nothing."""

from typing import Any

from structlog.testing import capture_logs

from app import duplicate_label
from app.records import Records, Reply
from app.settings import Settings
from indexer.errors import Rejected
from tests.fakes_app import FakeIssueClient


class Refusing(FakeIssueClient):
    """An issue without labels, on which GitHub takes no other."""

    async def get(self, path: str, **_: Any) -> Any:
        return {"labels": []}

    def _write(self, method: str, path: str, effect: Any) -> Any:
        raise Rejected("Validation Failed", status=422)


async def test_a_label_that_github_rejects_is_logged_and_no_more(tmp_path):
    records = Records.open(Settings(data_dir=tmp_path))
    client: Any = Refusing()
    client.labels.add("dup?")
    for label in (None, "dup?"):
        wanted = None if label else "dup?"
        said = Reply("octo/tools", 7, "created", "duplicate", "opened", label=label)
        with capture_logs() as told:
            await duplicate_label.settle(records, client, said, wanted)
        assert told[0]["error"] == "Validation Failed"
        # What somebody else puts there from now on is not ours to take off.
        kept = records.reply_of("octo/tools", 7)
        assert kept is None or kept.label is None
    records.close()
