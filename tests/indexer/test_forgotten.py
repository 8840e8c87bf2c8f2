"""What began before a repository was forgotten is void; what begins after is not."""

from datetime import UTC, datetime, timedelta

import pytest

from indexer.forgotten import KEPT
from indexer.settings import IndexSettings
from indexer.state import State

NOW = datetime.now(UTC)


@pytest.fixture
def state(tmp_path):
    opened = State.open(IndexSettings(data_dir=tmp_path))
    yield opened
    opened.close()


def test_only_what_began_before_is_void(state):
    assert not state.forgotten.since("octo/tools", NOW)
    state.forgotten.note("Octo/Tools", NOW)
    assert state.forgotten.since("octo/tools", NOW)
    assert state.forgotten.since("OCTO/tools", NOW - timedelta(hours=1))
    assert not state.forgotten.since("octo/tools", NOW + timedelta(seconds=1))
    assert not state.forgotten.since("octo/kit", NOW)


def test_an_older_word_does_not_take_back_a_newer_one(state):
    state.forgotten.note("octo/tools", NOW)
    state.forgotten.note("octo/tools", NOW - timedelta(hours=1))
    assert state.forgotten.since("octo/tools", NOW)


def test_it_is_forgotten_itself_and_never_held_the_name(state, tmp_path):
    state.forgotten.note("octo/tools", NOW - 2 * KEPT)
    state.forgotten.note("octo/kit", NOW)
    assert not state.forgotten.since("octo/tools", NOW - 3 * KEPT)
    assert all(b"octo" not in file.read_bytes() for file in tmp_path.glob("state.sqlite*"))
