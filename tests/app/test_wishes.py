"""What people asked of us stays, until it is taken back or the issue is gone."""

import pytest

from app.records import Records
from app.settings import Settings
from app.wishes import NOTHING, Wished


@pytest.fixture
def records(tmp_path):
    made = Records.open(Settings(data_dir=tmp_path))
    yield made
    made.close()


def test_wishes_add_up(records):
    wishes = records.wishes
    assert wishes.of("o/r", 1) == NOTHING
    for wish in ("hidden", "off", "off"):
        wishes.add("O/R", 1, wish)
    assert wishes.of("o/r", 1) == Wished(off=True, hidden=True)
    assert wishes.of("o/r", 2) == NOTHING
    wishes.show_again("o/r", 1)
    assert wishes.of("o/r", 1) == Wished(off=True)


def test_they_go_with_the_issue_or_the_repository(records):
    for number in (1, 2):
        records.wishes.add("o/r", number, "no_ai")
    records.forget_thread("o/r", 1)
    assert [records.wishes.of("o/r", n).no_ai for n in (1, 2)] == [False, True]
    records.forget_repositories(["O/R"])
    assert records.wishes.of("o/r", 2) == NOTHING
