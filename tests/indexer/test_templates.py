from indexer.state import NO_TEMPLATES, TemplateSnapshot
from indexer.templates import (
    find_template_lines,
    is_outgrown,
    next_snapshot,
)
from indexer.text import template_key

BODIES = [f"Please describe the problem\nCase number {n}\n----" for n in range(10)]


def test_lines_of_many_bodies_are_template_lines():
    lines, total = find_template_lines(BODIES)
    assert lines == {template_key("Please describe the problem")}
    assert total == 10


def test_a_line_repeated_in_one_body_counts_once():
    lines, _ = find_template_lines(["again\n" * 50, "once"])
    assert lines == frozenset()


def test_a_template_line_is_kept_without_addresses():
    bodies = [f"Case {n}\nSecurity? Write to user{n}@tidepool.example" for n in range(10)]
    assert find_template_lines(bodies)[0] == {"security? write to [email]"}


def test_the_order_of_bodies_does_not_matter():
    assert find_template_lines(BODIES) == find_template_lines(reversed(BODIES))


def test_in_a_large_repository_a_line_has_to_recur_more_often():
    many = [f"Body {n}" for n in range(20_000)] + ["rare line"] * 10
    assert find_template_lines(many)[0] == frozenset()


def test_a_snapshot_gets_a_new_number_only_when_its_lines_change():
    first = next_snapshot(NO_TEMPLATES, BODIES)
    assert (first.number, first.bodies) == (1, 10)
    same = next_snapshot(first, [*BODIES, "more"])
    assert (same.number, same.bodies) == (1, 11)
    assert next_snapshot(same, ["Other line"] * 9).number == 2


def test_the_repository_s_own_lines_need_not_recur():
    first = next_snapshot(NO_TEMPLATES, BODIES, frozenset({"### which hull"}))
    assert first.lines == {"please describe the problem", "### which hull"}
    assert next_snapshot(first, BODIES, frozenset({"### which mast"})).number == 2


def test_a_snapshot_is_outgrown_when_the_repository_has_doubled():
    snapshot = TemplateSnapshot(1, 100, frozenset())
    assert not is_outgrown(snapshot, 199)
    assert is_outgrown(snapshot, 200)
    assert not is_outgrown(NO_TEMPLATES, 10**6)
