import gzip
import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from indexer.errors import InputError
from indexer.sources.export import LineError, look_over, read_export, write_export
from indexer.threads import Thread
from tests.fakes_threads import comment, event, thread

LINE = {"number": 1, "title": "Packing fails", "created_at": "2024-01-01T00:00:00Z"}


def written(tmp_path, *lines):
    path = tmp_path / "history.jsonl"
    path.write_bytes(
        b"\n".join(x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines) + b"\n"
    )
    return path


def read(path):
    return [item for _, item in read_export(path)]


def test_a_file_comes_back_as_it_was_written(tmp_path):
    threads = [thread(1, comment("한글 ✓"), closed=3, events=(event("closed"),)), thread(2)]
    for name in ("a.jsonl", "a.jsonl.gz"):
        assert write_export(tmp_path / name, threads) == 2
        assert read(tmp_path / name) == threads
    assert (tmp_path / "a.jsonl.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.jsonl", "a.jsonl.gz"]


def test_equal_threads_give_equal_files(tmp_path):
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        write_export(tmp_path / name, [thread()])
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


def test_gzip_is_told_by_its_bytes_not_by_its_name(tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_bytes(gzip.compress(json.dumps(LINE).encode()))
    assert [t.number for t in read(path)] == [1]
    plain = tmp_path / "plain.gz"
    plain.write_text(json.dumps(LINE), encoding="utf-8")
    assert [t.number for t in read(plain)] == [1]


def test_marks_and_blank_lines_are_passed_over(tmp_path):
    path = written(tmp_path, b"\xef\xbb\xbf" + json.dumps(LINE).encode(), b"", b"  \r", LINE)
    assert [t.number for t in read(path)] == [1, 1]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"not json", "no JSON"),
        (b'{"number": 1, "title"', "no JSON"),
        (b'{"number": 1, "title": "\xff\xfe"}', "no JSON"),
        (b"\xed\xa0\x80", "no JSON"),
        (b"[1, 2]", "should be an object"),
        (b"null", "should be an object"),
        (b"[" * 100_000, "no JSON"),
        (LINE | {"number": 0}, "number: Input should be greater than 0"),
        (LINE | {"number": 2**60}, "number: too large"),
        (LINE | {"number": "x"}, "number:"),
        ({"number": 1, "created_at": "2024-01-01"}, "title: Field required"),
        (LINE | {"created_at": "yesterday"}, "created_at:"),
        (LINE | {"created_at": "0001-01-01T00:00:00+14:00"}, "no thread"),
        (LINE | {"comments": [{"body": "x"}]}, "comments.0.created_at: Field required"),
        (b'{"number": 1, "title": "\\u0000", "created_at": 1e999}', "created_at"),
        (b'{"number": 1' + b"1" * 5000 + b', "title": "\\u0000"}', "no"),
    ],
)
def test_an_unreadable_line_is_told_and_the_others_are_read(tmp_path, line, why):
    first, second, third = read(written(tmp_path, LINE, line, LINE | {"number": 3}))
    assert (first.number, third.number) == (1, 3)
    assert isinstance(second, LineError)
    assert second.line == 2
    assert why in second.reason


def test_any_unicode_is_read(tmp_path):
    hostile = b'{"number": 4, "title": "a\\u0000b\\ud800c", "created_at": "2024-01-01T00:00:00Z", '
    hostile += b'"labels": ["x\\u0000\\udfff"], "body": null, "more": {"deep": ["\\ud83d"]}}'
    raw = b'{"number": 5, "title": "tab\there \x00nul", "created_at": "2024-01-01T00:00:00Z"}'
    fourth, fifth = read(written(tmp_path, hostile, raw))
    assert (fourth.title, fourth.labels, fourth.body) == ("ab?c", ("x?",), "")
    assert fifth.title == "tab\there nul"


def test_a_pair_of_surrogates_is_one_character(tmp_path):
    line = json.dumps(LINE | {"title": "🦀 crab"}).encode()
    assert b"\\ud83e" in line
    assert read(written(tmp_path, line))[0].title == "🦀 crab"


def test_a_huge_body_is_read(tmp_path):
    body = "한" * 65_536
    assert read(written(tmp_path, LINE | {"body": body}))[0].body == body


def test_a_damaged_gzip_file_gives_what_can_be_read(tmp_path):
    lines = "\n".join(json.dumps(LINE | {"number": n, "body": "x" * n}) for n in range(1, 2000))
    data = gzip.compress(lines.encode())
    path = tmp_path / "history.jsonl.gz"
    path.write_bytes(data[: len(data) // 2])
    items = read(path)
    assert isinstance(items[0], Thread)
    assert isinstance(items[-1], LineError)
    assert "damaged" in items[-1].reason


def test_what_is_no_file_is_a_clear_error(tmp_path):
    for path in (tmp_path, tmp_path / "none.jsonl"):
        with pytest.raises(InputError, match=path.name):
            read(path)
    utf16 = tmp_path / "wide.jsonl"
    utf16.write_text(json.dumps(LINE), encoding="utf-16")
    with pytest.raises(InputError, match="UTF-16"):
        read(utf16)
    with pytest.raises(InputError, match="cannot be written"):
        write_export(tmp_path / "none" / "x.jsonl", [thread()])


def test_a_first_look_finds_the_last_line_of_each_number_and_the_bodies(tmp_path):
    path = written(tmp_path, LINE, b"x", LINE | {"number": 2, "body": "b"}, LINE | {"body": "c"})
    bodies: list[str] = []
    last_lines = look_over(path, bodies)
    assert last_lines == {1: 4, 2: 3}
    assert bodies == ["b", "c"]


def test_an_export_goes_where_a_link_leads_and_into_a_pipe(tmp_path):
    link, pipe = tmp_path / "link.jsonl", tmp_path / "pipe"
    link.symlink_to(tmp_path / "real.jsonl")
    write_export(link, [thread()])
    assert link.is_symlink()
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as reader:
        items = reader.submit(read, pipe)
        assert write_export(pipe, [thread()]) == 1
        assert items.result(10) == read(tmp_path / "real.jsonl") == [thread()]
    assert {path.name for path in tmp_path.iterdir()} == {"link.jsonl", "real.jsonl", "pipe"}


def test_a_name_that_no_file_can_have_is_a_clear_error(tmp_path):
    with pytest.raises(InputError, match="cannot be written: File name too long"):
        write_export(tmp_path / ("x" * 300), [thread()])
