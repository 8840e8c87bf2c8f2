"""Progress and reports reach another process as they were."""

import json
from datetime import UTC, datetime

from indexer.indexing import IndexReport
from indexer.progress import (
    BackfillReport,
    Progress,
    progress_json,
    progress_of,
    report_json,
    report_of,
)
from indexer.sources.github import RateInfo

COUNTS = IndexReport(3, 4, 5, 6, 7.5)


def test_progress_survives_json():
    rate = RateInfo(1, 5000, 4990, datetime(2026, 1, 1, tzinfo=UTC))
    for now in (
        Progress("threads", 7, 70, COUNTS, rate, 1.5),
        Progress("templates"),
        Progress("waiting", wait=20.0, trouble="GitHub cannot be reached."),
    ):
        assert progress_of(json.loads(json.dumps(progress_json(now)))) == now


def test_a_report_survives_json():
    report = BackfillReport(7, COUNTS, IndexReport(1), 2)
    assert report_of(json.loads(json.dumps(report_json(report)))) == report
