"""The search command: one query for a person, or a file of queries for a program."""

import time
from datetime import datetime
from json import JSONDecodeError
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from indexer.console import complain, printable, say, say_json
from indexer.opening import Parts
from indexer.settings import IndexSettings
from indexer.sources.export import LineError, read_lines
from indexer.threads import Moment, Text

if TYPE_CHECKING:
    from indexer.candidate import Candidate
    from indexer.search import Searcher


def _as_tuple(value: object) -> object:
    if value is None:
        return ()
    return (value,) if isinstance(value, int) else value


class BatchQuery(BaseModel):
    """A line of a batch. `number` is the query's own issue, which is left out as `exclude` is."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int | str | None = None
    title: Text = ""
    body: Text = ""
    before: Moment | None = None
    exclude: Annotated[tuple[int, ...], BeforeValidator(_as_tuple)] = ()
    number: int | None = None


def open_searcher(parts: Parts, settings: IndexSettings) -> "Searcher":
    """The search over a knowledge base; queries lose the same template lines as threads did.

    Raises:
        SettingError, ModelError: as `open_reranker`.
    """
    from indexer.reranking import open_reranker
    from indexer.search import Searcher

    return Searcher(
        parts.kb, parts.embedder, parts.state.templates, reranker=open_reranker(settings)
    )


def run_one(  # noqa: PLR0913 - one for each option
    searcher: "Searcher",
    repo: str,
    text: str,
    *,
    before: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """Answer one query, as a table or as JSON."""
    found, took_ms = _ask(searcher, repo, BatchQuery(title=text, before=before), before, limit)
    if as_json:
        say_json({"candidates": [as_plain(c) for c in found], "took_ms": took_ms})
        return
    if not found:
        say("Nothing found.")
    for candidate in found:
        name = f"#{candidate.number}" if candidate.number else candidate.kind
        head = [name, candidate.state or "", f"{candidate.probability:.0%}"]
        say(f"{'  '.join(part for part in head if part)}  {printable(candidate.title)}")
        details = [candidate.why, candidate.url or ""]
        for detail in filter(None, details):
            say(f"      {printable(detail)}")


def run_batch(
    searcher: "Searcher", repo: str, path: Path, *, before: datetime | None, limit: int
) -> int:
    """Answer a file of queries, a JSON line each as soon as it is known.

    Returns:
        How many lines could not be read.
    """
    wrong = 0
    for number, line in read_lines(path):
        query = _parse(number, line)
        if isinstance(query, LineError):
            wrong += 1
            complain(f"{path.name}, {query}")
            continue
        found, took_ms = _ask(searcher, repo, query, before, limit)
        say_json({"id": query.id, "candidates": [as_plain(c) for c in found], "took_ms": took_ms})
    return wrong


def as_plain(candidate: "Candidate") -> dict[str, Any]:
    """A candidate as programs read it."""
    return {
        "number": candidate.number,
        "kind": candidate.kind,
        "title": candidate.title,
        "score": round(candidate.score, 6),
        "probability": round(candidate.probability, 6),
        "state": candidate.state,
        "why": candidate.why,
        "url": candidate.url,
        "linked": candidate.linked,
    }


def _ask(
    searcher: "Searcher", repo: str, line: BatchQuery, before: datetime | None, limit: int
) -> tuple[list["Candidate"], float]:
    """The candidates, and the milliseconds of this query alone, its embedding included."""
    from indexer.query import Query

    own = () if line.number is None else (line.number,)
    query = Query(
        repo=repo,
        title=line.title,
        body=line.body,
        before=line.before or before,
        exclude_numbers=(*line.exclude, *own),
    )
    started = time.perf_counter()
    found = searcher.search(query, limit)
    took_ms = round((time.perf_counter() - started) * 1000, 3)
    # Behind the best threads stand originals of duplicates: an answer needs them, a list of at most
    # so many threads has no place for them.
    threads = [candidate for candidate in found if candidate.kind == "issue"]
    return threads[:limit] + found[len(threads) :], took_ms


def _parse(number: int, line: bytes | LineError) -> BatchQuery | LineError:
    if isinstance(line, LineError):
        return line
    from indexer.sources.export import load_line, sentence

    try:
        return BatchQuery.model_validate(load_line(line))
    except ValidationError as error:
        return LineError(number, sentence(error))
    except JSONDecodeError as error:
        return LineError(number, f"no JSON: {error.msg} (column {error.colno})")
    except (ValueError, OverflowError, RecursionError) as error:
        return LineError(number, f"no query: {error}")
