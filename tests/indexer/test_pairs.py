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
    state.close()
