import json

import pytest
from typer.testing import CliRunner

from indexer import cli
from indexer.errors import InputError
from indexer.settings import IndexSettings
from indexer.sources.export import write_export
from indexer.state import State
from indexer.thresholds import DEFAULT
from tests.fakes_embedding import TOY_FINGERPRINT, ToyEmbedder
from tests.fakes_threads import comment, day, thread

REPO = "o/r"
THINGS = (
    *("anchor", "buoy", "compass", "dinghy", "engine", "ferry", "gangway", "hatch", "island"),
    *("jetty", "keel", "lantern", "mast", "net", "oar", "pier", "quay", "rudder", "sail", "tide"),
    *("vessel", "wharf", "yacht", "winch", "sextant", "propeller", "mooring", "lighthouse"),
    *("harbour", "galley", "foghorn", "cleat"),
)


@pytest.fixture(autouse=True)
def _toy_model(monkeypatch, tmp_path):
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("indexer.embedding.open_embedder", lambda _: ToyEmbedder())
    monkeypatch.setattr("indexer.embedding.fingerprint", lambda _: TOY_FINGERPRINT)


def history(pairs):
    """For each thing a report, a second report that was closed as its duplicate, another issue."""
    for n, thing in enumerate(THINGS[:pairs]):
        number = 3 * n + 1
        title = f"The {thing} is drawn upside down"
        yield thread(number, title=title, body=thing, created_at=day(n))
        said = comment(f"Duplicate of #{number}", at=n + 1)
        again = f"{thing} drawn upside down on the chart"
        opened = day(n + 0.5)
        yield thread(number + 1, said, title=again, body=thing, created_at=opened, closed=n + 1)
        other = f"Please translate page {n} of the handbook"
        yield thread(number + 2, title=other, body="", created_at=opened, closed=n + 2)


@pytest.fixture(name="indexed")
def make_indexed(tmp_path):
    def index(pairs):
        path = tmp_path / "history.jsonl"
        write_export(path, history(pairs))
        call("import", path, "--repo", REPO)

    return index


def call(*arguments):
    result = CliRunner().invoke(cli.app, [str(a) for a in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def thresholds(tmp_path):
    state = State.open(IndexSettings(data_dir=tmp_path / "data"))
    found = state.thresholds(REPO)
    state.close()
    return found


def test_the_figures_are_told_and_nothing_is_stored_unasked(indexed, tmp_path):
    indexed(32)
    told = call("eval", "--repo", REPO)
    assert "32 known duplicates" in told
    assert "recall@" in told
    assert "Nothing was stored" in told
    assert thresholds(tmp_path) == DEFAULT


def test_apply_stores_what_json_tells_and_reset_takes_it_back(indexed, tmp_path):
    indexed(32)
    plot = tmp_path / "figures.svg"
    told = json.loads(call("eval", "--repo", REPO, "--json", "--apply", "--plot", plot))
    assert told["applied"]
    assert told["duplicates"] == 32
    assert told["recall"]["1"]["share"] > 0.9
    stored = thresholds(tmp_path)
    assert stored.related == told["advice"]["related"]
    assert stored.duplicate == told["advice"]["duplicate"]
    assert stored != DEFAULT
    assert plot.read_text(encoding="utf-8").startswith("<svg")
    call("eval", "--repo", REPO, "--reset")
    assert thresholds(tmp_path) == DEFAULT


def test_with_few_pairs_the_shipped_thresholds_stand(indexed, tmp_path):
    indexed(5)
    told = call("eval", "--repo", REPO, "--apply")
    assert "the shipped thresholds stand" in told
    assert "Stored" not in told
    assert thresholds(tmp_path) == DEFAULT


def test_the_newest_are_asked_where_there_are_many(indexed):
    indexed(8)
    assert json.loads(call("eval", "--repo", REPO, "--json", "--limit", 3))["duplicates"] == 3


@pytest.mark.parametrize("more", [["--plot", "figures.png"], ["--apply", "--reset"]])
def test_what_cannot_be_done_is_one_sentence(indexed, more):
    indexed(1)
    with pytest.raises(InputError, match=r"\.$"):
        call("eval", "--repo", REPO, *more)


def test_nothing_indexed_is_an_error():
    with pytest.raises(InputError, match="Nothing is indexed"):
        call("eval", "--repo", REPO)
