"""Which repositories of an installation are read ahead."""

import pytest

from app.adopting import Chosen, choose


def found(**pushed):
    return {f"o/{name}": {"pushed_at": f"2026-01-0{day}"} for name, day in pushed.items()}


@pytest.mark.parametrize(
    ("wanted", "begun", "most", "expected"),
    [
        ((), set(), 9, Chosen(["o/c", "o/b", "o/a"], [])),
        ((), set(), 2, Chosen(["o/c", "o/b"], ["o/a"])),
        ((), set(), 0, Chosen([], ["o/c", "o/b", "o/a"])),
        (("O/A", "o/c"), set(), 9, Chosen(["o/c", "o/a"], [])),
        # What was begun counts, and goes on.
        ((), {"o/a"}, 2, Chosen(["o/c", "o/a"], ["o/b"])),
        ((), {"o/a", "o/b"}, 1, Chosen(["o/b", "o/a"], ["o/c"])),
        (("o/c",), {"o/a", "o/b"}, 2, Chosen([], ["o/c"])),
        # One that the list does not have yet.
        (("o/new", "o/a"), set(), 9, Chosen(["o/a", "o/new"], [])),
    ],
)
def test_the_most_recently_active_come_first_up_to_a_limit(wanted, begun, most, expected):
    assert choose(found(a=1, b=2, c=3), wanted, begun, most) == expected


@pytest.mark.parametrize("off", [{"has_issues": False}, {"disabled": True}])
def test_those_without_issues_are_left_out(off):
    repositories = {**found(a=1), "o/off": {"pushed_at": "2026-01-09", **off}}
    assert choose(repositories, (), set(), 9) == Chosen(["o/a"], [])
    assert choose(repositories, ("o/off",), set(), 9) == Chosen([], [])
