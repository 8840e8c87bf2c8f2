"""A repository's history as a file: one thread a line as JSON, gzipped or not."""

import gzip
import json
import os
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pydantic_core
from pydantic import ValidationError

from indexer.errors import InputError
from indexer.threads import Thread, clean_text

MAX_LINE = 64 * 1024 * 1024
"""Bytes of a line; a longer one is no thread."""

MAX_NUMBER = 2**53
_GZIP_MAGIC = b"\x1f\x8b"
_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class LineError:
    """A line that holds no thread, and why; nothing can be read after `is_the_end`."""

    line: int
    reason: str
    is_the_end: bool = False

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


def read_lines(path: Path) -> Iterator[tuple[int, bytes | LineError]]:
    """The lines of a file that are not blank, with their numbers; unzipped where needed.

    Raises:
        InputError: the file cannot be read at all.
    """
    number = 0
    try:
        with _open(path) as file:
            while raw := file.readline(MAX_LINE):
                number += 1
                if len(raw) >= MAX_LINE:
                    while raw and not raw.endswith(b"\n"):
                        raw = file.readline(MAX_LINE)
                    yield number, LineError(number, f"longer than {MAX_LINE >> 20} MB")
                    continue
                if number == 1:
                    raw = raw.removeprefix(_UTF8_BOM)
                line = raw.strip()
                if line:
                    yield number, line
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        damage = f"the gzip file is damaged from here on ({error})"
        yield number + 1, LineError(number + 1, damage, is_the_end=True)
    except OSError as error:
        why = str(error.strerror or error).rstrip(".")
        raise InputError(f"{path} cannot be read: {why}.") from error


def read_export(path: Path) -> Iterator[tuple[int, Thread | LineError]]:
    """Each line's number, and the line as a thread or why it is none.

    Raises:
        InputError: the file cannot be read at all.
    """
    for number, line in read_lines(path):
        yield number, line if isinstance(line, LineError) else parse_line(number, line)


def look_over(path: Path, bodies: list[str] | None = None) -> dict[int, int]:
    """Which line holds the last version of each issue; the bodies too, if a list is given.

    Raises:
        InputError: the file cannot be read at all.
    """
    last_lines: dict[int, int] = {}
    for number, line in read_lines(path):
        if isinstance(line, LineError):
            continue
        try:
            found = pydantic_core.from_json(line, cache_strings=False)
        except ValueError:
            found = _loads_anyhow(line)
        if not isinstance(found, dict) or not isinstance(found.get("number"), int):
            continue
        last_lines[found["number"]] = number
        if bodies is not None and isinstance(body := found.get("body"), str):
            bodies.append(body)
    return last_lines


def parse_line(number: int, line: bytes) -> Thread | LineError:
    """A line as a thread, or why it is none."""
    try:
        if _needs_cleaning(line):
            thread = Thread.model_validate(load_line(line))
        else:
            thread = Thread.model_validate_json(line)
    except ValidationError as error:
        return LineError(number, sentence(error))
    except UnicodeDecodeError:
        return LineError(number, "not UTF-8")
    except json.JSONDecodeError as error:
        return LineError(number, f"no JSON: {error.msg} (column {error.colno})")
    except (ValueError, OverflowError, RecursionError) as error:
        return LineError(number, f"no thread: {error}")
    if thread.number > MAX_NUMBER:
        return LineError(number, "number: too large for an issue")
    return thread


def load_line(line: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """A line's JSON, without what no store takes: NUL bytes and lone surrogates.

    Raises:
        ValueError: it is no JSON.
    """
    found = json.loads(line, strict=False)
    return _cleaned(found) if _needs_cleaning(line) else found


def _needs_cleaning(line: bytes) -> bool:
    """Whether the line escapes NULs or surrogates, which is legal JSON, or has a bare NUL."""
    return any(mark in line for mark in (b"\\u0000", b"\\ud", b"\\uD", b"\x00"))


def write_export(path: Path | None, threads: Iterable[Thread]) -> int:
    """Write threads to a file, gzipped if its name ends in `.gz`, or to standard output (None).

    A file appears whole or not at all, where its name leads if that is a link; a device or a
    pipe is written to as it is.

    Returns:
        How many were written.

    Raises:
        InputError: the file cannot be written.
    """
    if path is None:
        return _write(sys.stdout.buffer, threads)
    zipped = path.suffix == ".gz"
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            return _write_to(path, threads, zipped=zipped)
        target = Path(os.path.realpath(path))
        partial = target.with_name(f"{target.name}.partial")
        try:
            count = _write_to(partial, threads, zipped=zipped)
            partial.replace(target)
        finally:
            with suppress(OSError):
                partial.unlink()
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error
    return count


def _write_to(path: Path, threads: Iterable[Thread], *, zipped: bool) -> int:
    with path.open("wb") as raw:
        if not zipped:
            return _write(raw, threads)
        # No time and no name inside: equal threads give equal files.
        with gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
            return _write(file, threads)


def _write(file: IO[bytes] | gzip.GzipFile, threads: Iterable[Thread]) -> int:
    count = 0
    for thread in threads:
        file.write(thread.model_dump_json().encode() + b"\n")
        count += 1
    return count


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a file.")
    with path.open("rb") as raw:
        start = raw.peek(2)[:2]  # a pipe cannot be wound back
        if start in _UTF16_BOMS:
            raise InputError(f"{path} is UTF-16; save it as UTF-8.")
        if start == _GZIP_MAGIC:
            with gzip.GzipFile(fileobj=raw, mode="rb") as file:
                yield file
        else:
            yield raw


def _loads_anyhow(line: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(line, strict=False)
    except (ValueError, RecursionError):
        return None


def _cleaned(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, list):
        return [_cleaned(inner) for inner in value]
    if isinstance(value, dict):
        return {key: _cleaned(inner) for key, inner in value.items()}
    return clean_text(value) if isinstance(value, str) else value


def sentence(error: ValidationError) -> str:
    """The first thing that is wrong with a value, and where in it."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "json_invalid":
        return "no JSON: " + first["msg"].removeprefix("Invalid JSON: ")
    if first["type"] == "model_type":
        return "Input should be an object"
    return f"{where}: {first['msg']}" if where else first["msg"]
