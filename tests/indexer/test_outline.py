import json
from datetime import timedelta

import pytest

from indexer.outline import FIELD, Outline
from indexer.threads import as_of
from tests.fakes_threads import comment, day, event, thread

THREADS = {
    "open": thread(7, comment("Same here, on two machines.", at=1), labels=("bug", "ui")),
    "closed, as the issue says": thread(7, comment("Fixed.", at=3), closed=3),
    "closed, reopened, closed": thread(
        7,
        comment("Fixed.", at=2),
        comment("No, it is not.", at=4.5),
        comment("Now it is.", at=8),
        closed=8,
        events=(event("closed", 2), event("labeled", 3), event("reopened", 4), event("closed", 8)),
    ),
    "reopened last": thread(7, events=(event("closed", 2), event("reopened", 4))),
    "with parts of seconds": thread(
        7, comment("Hm.", at=1 + 1e-6), created_at=day(0) + timedelta(milliseconds=250)
    ),
    "Korean": thread(7, title="업로드가 멈춥니다", body="99 %에서 멈춥니다."),
}
MOMENTS = [-1, 0, 0.1, 1, 1.5, 2, 2.1, 3, 3.1, 4, 4.4, 4.6, 8, 8.1, 100]


@pytest.mark.parametrize("item", THREADS.values(), ids=THREADS)
@pytest.mark.parametrize("moment", MOMENTS)
def test_it_stands_as_the_thread_itself_stood(item, moment):
    stood = Outline.of(item).as_of(day(moment).timestamp())
    whole = as_of(item, day(moment))
    if whole is None:
        assert stood is None
        return
    assert stood is not None
    assert stood.opened == whole.created_at.timestamp()
    assert stood.is_open == whole.is_open
    assert stood.comments == len(whole.comments)
    written = [whole.created_at, *(c.created_at for c in whole.comments)]
    assert stood.last == max(written).timestamp()


@pytest.mark.parametrize("item", THREADS.values(), ids=THREADS)
def test_a_payload_gives_it_back(item):
    outline = Outline.of(item)
    stored = json.loads(json.dumps({FIELD: outline.as_json()}))
    assert Outline.from_payload(stored) == outline


def test_it_knows_labels_and_script():
    assert Outline.of(THREADS["open"]).labels == ("bug", "ui")
    assert Outline.of(THREADS["open"]).script == "latin"
    assert Outline.of(THREADS["Korean"]).script == "hangul"
