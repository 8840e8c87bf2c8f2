import json

import pytest

from indexer.edge_store import EdgeStore
from indexer.errors import InputError
from indexer.importing import import_file
from indexer.indexing import stored_threads
from indexer.settings import IndexSettings
from indexer.sources.export import write_export
from indexer.state import State, Status
from tests.fakes_embedding import TOY_FINGERPRINT, ToyEmbedder
from tests.fakes_threads import comment, day, event, thread

REPO = "o/r"


class Bench:
    """What an import works with, in one folder."""

    def __init__(self, folder):
        folder.mkdir()
        self.embedder = ToyEmbedder()
        self.kb = EdgeStore.open(folder / "collection", TOY_FINGERPRINT)
        self.state = State.open(IndexSettings(data_dir=folder))
        self.errors = []

    def run(self, path, **options):
        return import_file(
            path, self.kb, self.embedder, self.state, REPO, on_error=self.errors.append, **options
        )

    def contents(self):
        points, _ = self.kb.scroll(None, limit=10_000, vectors=True)
        return {p.id: (dict(p.payload), repr(sorted(p.vectors.items(), key=str))) for p in points}

    def close(self):
        self.kb.close()
        self.state.close()


@pytest.fixture
def bench(tmp_path):
    benches = []

    def opened(name="one"):
        benches.append(Bench(tmp_path / name))
        return benches[-1]

    yield opened
    for one in benches:
        one.close()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "history.jsonl.gz"
    threads = [
        thread(
            n,
            comment(f"Fixed in version {n}.0 by the writer.", at=n, id=n, url="https://x/1"),
            closed=n,
            events=(event("closed", at=n),),
            body=f"Please tell all\nCase {n} \x00 한글",
        )
        for n in range(1, 21)
    ]
    write_export(path, threads)
    return path


def test_an_import_is_as_good_as_a_backfill(bench, file):
    one = bench()
    report = one.run(file)
    assert (report.threads, report.index.indexed, report.errors) == (20, 20, 0)
    row = one.state.repository(REPO)
    assert (row.status, row.threads, row.source) == (Status.COMPLETE, 20, "import")
    assert row.watermark == day(20)
    assert row.templates.lines == {"please tell all"}


def test_import_of_an_export_gives_the_same_collection(bench, file, tmp_path):
    one, two = bench("one"), bench("two")
    one.run(file)
    copy = tmp_path / "copy.jsonl"
    assert write_export(copy, stored_threads(one.kb, REPO)) == 20
    two.run(copy)
    assert two.contents() == one.contents()


def test_a_second_import_changes_nothing(bench, file):
    one = bench()
    one.run(file)
    before = one.contents()
    report = one.run(file)
    assert (report.index.indexed, report.index.unchanged) == (0, 20)
    assert one.contents() == before


def test_of_one_number_twice_the_last_line_counts_and_stays(bench, tmp_path):
    one = bench()
    path = tmp_path / "twice.jsonl"
    write_export(path, [thread(1, body="Old"), thread(2), thread(1, body="New")])
    assert one.run(path).threads == 2
    assert next(stored_threads(one.kb, REPO)).body == "New"
    assert one.run(path).index.indexed == 0


def test_unreadable_lines_are_told_and_the_rest_is_imported(bench, tmp_path):
    one = bench()
    path = tmp_path / "mixed.jsonl"
    lines = [thread(n).model_dump_json() for n in range(1, 4)]
    path.write_text("\n".join([lines[0], "{", *lines[1:], json.dumps({"number": 9})]))
    report = one.run(path)
    assert (report.threads, report.errors) == (3, 2)
    assert [e.line for e in one.errors] == [2, 5]
    assert one.state.repository(REPO).is_complete


def test_a_damaged_file_makes_nothing_complete(bench, file):
    one = bench()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"history\.jsonl\.gz, line \d+: the gzip file is damaged"):
        one.run(file)
    row = one.state.repository(REPO)
    assert (row.status, row.completed_at) == (Status.FAILED, None)
    assert "damaged" in row.error
    file.write_bytes(whole)
    one.run(file)
    assert one.state.repository(REPO).is_complete
    # What is complete stays so: a damaged file takes nothing away.
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError):
        one.run(file)
    assert one.state.repository(REPO).is_complete


def test_a_crash_is_remembered_without_its_words(bench, file, monkeypatch):
    one = bench()

    def crashes(*_, **__):
        raise ValueError("words of an issue")

    monkeypatch.setattr("indexer.importing.index_threads", crashes)
    with pytest.raises(ValueError, match="words"):
        one.run(file)
    row = one.state.repository(REPO)
    assert (row.status, row.error_reason) == (Status.FAILED, "crashed")
    assert row.error == "It met ValueError, which nobody expected."


def test_template_lines_stay_until_asked_for_or_outgrown(bench, tmp_path):
    one = bench()
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    write_export(first, [thread(n, body=f"One line\n{n}") for n in range(1, 11)])
    write_export(second, [thread(n, body=f"Other line\n{n}") for n in range(1, 11)])
    one.run(first)
    one.run(second)
    assert one.state.templates(REPO) == {"one line"}
    one.run(second, full=True)
    assert one.state.templates(REPO) == {"other line"}
    write_export(second, [thread(n, body=f"Third line\n{n}") for n in range(1, 31)])
    one.run(second)
    assert one.state.repository(REPO).templates.number == 3
