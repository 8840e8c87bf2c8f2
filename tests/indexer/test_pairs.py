"""Pairs that are no duplicates, in whatever order they were named."""

from indexer.settings import IndexSettings
from indexer.state import State


def test_pairs_have_no_direction_and_go_with_their_repository(tmp_path):
    state = State.open(IndexSettings(data_dir=tmp_path))
    for one, other in [(7, 3), (3, 7), (3, 9)]:
        state.pairs.add("O/R", one, other)
    state.pairs.add("o/other", 3, 4)
    assert state.pairs.all("o/r") == {(3, 7), (3, 9)}
    assert state.pairs.of("o/r", 3) == {7, 9}
    assert state.pairs.of("o/r", 9) == {3}
    state.forget("o/r")
    assert state.pairs.all("o/r") == frozenset()
    assert state.pairs.of("o/other", 4) == {3}


def test_a_pair_with_another_repository_holds_where_it_was_said(tmp_path):
    state = State.open(IndexSettings(data_dir=tmp_path))
    for _ in range(2):
        state.pairs.add_elsewhere("O/R", 3, "O/Other", 4)
    state.pairs.add_elsewhere("o/r", 3, "o/third", 9)
    assert state.pairs.elsewhere("o/R", 3) == {("o/other", 4), ("o/third", 9)}
    assert state.pairs.elsewhere("o/other", 4) == frozenset()
    assert state.pairs.of("o/r", 3) == frozenset()
    state.rename("o/other", "o/newer")
    assert state.pairs.elsewhere("o/r", 3) == {("o/newer", 4), ("o/third", 9)}
    state.rename("o/r", "o/moved")
    assert state.pairs.elsewhere("o/r", 3) == frozenset()
    state.rename("o/moved", "o/r")
    state.forget("o/newer")
    assert state.pairs.elsewhere("o/r", 3) == {("o/third", 9)}
    state.forget("o/r")
    assert state.pairs.elsewhere("o/r", 3) == frozenset()
    state.close()
    state.close()
