"""How an answer turned out, from what people did with it."""

import pytest

from app.outcomes import Seen, outcome_of


@pytest.mark.parametrize(
    ("kind", "seen", "outcome"),
    [
        ("posted", Seen(), None),
        ("posted", Seen(duplicate_of=7), "success"),
        ("posted", Seen(duplicate_of=7, down=3), "success"),
        ("posted", Seen(duplicate_of=9), "noise"),
        ("posted", Seen(up=1, down=2), "noise"),
        ("posted", Seen(up=5, told_wrong=True), "noise"),
        ("posted", Seen(up=2, down=1), "assist"),
        ("posted", Seen(closed_by_author=True), "assist"),
        ("posted", Seen(up=1, down=1), None),
        ("shadow", Seen(duplicate_of=7), "success"),
        ("shadow", Seen(duplicate_of=9), "noise"),
        ("shadow", Seen(closed_by_author=True), None),
        ("silent", Seen(duplicate_of=7), "missed"),
        ("silent", Seen(closed_by_author=True), None),
    ],
)
def test_outcomes(kind, seen, outcome):
    assert outcome_of(kind, (7, 8), seen) == outcome
