"""The knowledge base's commands: those that fill it, ask it, measure it and tell of it.

Heavy libraries are imported inside the commands, so that `--help` answers at once.
"""

import re
import stat
from dataclasses import asdict
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from indexer import config_command
from indexer.console import complain, printable, say, say_json, watched
from indexer.errors import InputError
from indexer.opening import (
    load_settings,
    nothing_of,
    opened,
    opened_both,
    opened_store,
    require_data,
    require_indexed,
)

if TYPE_CHECKING:
    from indexer.progress import BackfillReport

app = typer.Typer(
    name="indexer",
    help="The knowledge base: build it, keep it fresh, search it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
model_app = typer.Typer(help="The embedding model.", no_args_is_help=True)
app.add_typer(model_app, name="model")
app.add_typer(config_command.app, name="config")

_REPO = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,98}[A-Za-z0-9])?/[A-Za-z0-9._-]{1,100}")


def checked_repo(value: str) -> str:
    """`owner/name` in lower case.

    Raises:
        InputError: it is no such thing.
    """
    if not _REPO.fullmatch(value) or value.endswith(("/.", "/..")):
        raise InputError(f"{printable(value)!r} is no repository: write OWNER/NAME.")
    return value.lower()


def checked_moment(value: str | None, option: str) -> datetime | None:
    """An ISO 8601 moment; without a zone it is UTC.

    Raises:
        InputError: it is no moment.
    """
    from indexer.threads import in_utc

    if value is None:
        return None
    try:
        return in_utc(datetime.fromisoformat(value))
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{option} {printable(value)!r} is no moment: write it as 2024-05-31T12:00:00Z."
        ) from error


def checked_file(path: Path, *, again: bool = False) -> Path:
    """A file that is there.

    Args:
        path: its name.
        again: it is read more than once, which a pipe is not good for.

    Raises:
        InputError: it is not there, or is none.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    if stat.S_ISDIR(mode):
        raise InputError(f"{path} is a folder, not a file.")
    if again and not stat.S_ISREG(mode):
        raise InputError(f"{path} is a pipe or a device: save it as a file, it is read twice.")
    return path


Repo = Annotated[str, typer.Option("--repo", help="OWNER/NAME of the repository.")]
Json = Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")]


@app.command()
def backfill(
    repo: Annotated[str, typer.Argument(help="OWNER/NAME of the repository.")],
    *,
    since: Annotated[
        str | None, typer.Option(help="Only issues updated since this moment (ISO 8601).")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again.")] = False,
    docs: Annotated[bool, typer.Option(help="Read its docs and releases too.")] = True,
    as_json: Json = False,
) -> None:
    """Read a repository's history from GitHub; go on where a former run stopped."""
    repo = checked_repo(repo)
    moment = checked_moment(since, "--since")
    if full and moment:
        raise InputError("--full and --since do not go together: --full reads everything.")
    settings = load_settings()
    from indexer.reading import read_history

    watch = partial(watched, as_json=as_json)
    report = read_history(settings, repo, watch, full=full, docs=docs, since=moment)
    _summarise(repo, report, as_json=as_json)


@app.command()
def sync(
    repo: Annotated[str, typer.Argument(help="OWNER/NAME of the repository.")],
    *,
    docs: Annotated[bool, typer.Option(help="Read its docs and releases too.")] = True,
    as_json: Json = False,
) -> None:
    """Read what changed in a repository since it was last read."""
    repo = checked_repo(repo)
    settings = load_settings()
    from indexer.reading import read_changes

    report = read_changes(settings, repo, partial(watched, as_json=as_json), docs=docs)
    _summarise(repo, report, as_json=as_json)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="One thread a line as JSON, gzipped or not.")],
    repo: Repo,
    *,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Also find anew which lines are only the issue template's; the file is read whole "
            "without it too.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Read a repository's history from a file; unreadable lines are told and passed over."""
    repo = checked_repo(repo)
    checked_file(file, again=True)
    settings = load_settings()
    from indexer.reading import read_file

    watch = partial(watched, as_json=as_json)
    report, errors = read_file(settings, repo, file, watch, full=full)
    for error in errors:
        complain(f"{file.name}, {error}")
    if report.errors > len(errors):
        complain(f"… and {report.errors - len(errors):,} more lines that cannot be read.")
    _summarise(repo, report, as_json=as_json)
    if report.errors:
        raise typer.Exit(1)


def _summarise(repo: str, report: "BackfillReport", *, as_json: bool) -> None:
    index = report.index
    per_second = round(index.seen / max(index.seconds, 0.001), 1)
    if as_json:
        say_json(
            {
                "event": "done",
                "repo": repo,
                "threads": report.threads,
                "indexed": index.indexed,
                "unchanged": index.unchanged,
                "points": index.points,
                "removed": index.removed,
                "gone": report.gone,
                "docs": report.docs.seen,
                "warning": report.warning,
                "errors": report.errors,
                "seconds": round(index.seconds, 2),
                "per_second": per_second,
            }
        )
        return
    gone = f", {report.gone:,} no longer there" if report.gone else ""
    docs = f", {report.docs.seen:,} docs and releases" if report.docs.seen else ""
    wrong = f", {report.errors:,} lines not readable" if report.errors else ""
    say(
        f"{repo}: {report.threads:,} threads ({index.indexed:,} new or changed, "
        f"{index.unchanged:,} unchanged){gone}{docs}{wrong}; {per_second:,} threads/s."
    )
    if report.warning:
        complain(report.warning)


@app.command()
def export(
    repo: Repo,
    file: Annotated[
        str, typer.Argument(help="Where to; gzipped if it ends in .gz. - is standard output.")
    ] = "-",
) -> None:
    """Write a repository's threads to a file that `import` reads."""
    repo = checked_repo(repo)
    settings = load_settings()
    from indexer.indexing import stored_threads
    from indexer.sources.export import write_export

    require_data(settings, repo)
    with opened_store(settings) as kb:
        threads = stored_threads(kb, repo)
        first = next(threads, None)
        if first is None:  # and no empty file takes the place of one that is there
            raise nothing_of(repo, settings)
        count = write_export(None if file == "-" else Path(file), chain((first,), threads))
    if file != "-":
        say(f"{count:,} threads of {repo} written to {file}.")


@app.command()
def migrate(
    *,
    to_qdrant: Annotated[
        str, typer.Option("--to-qdrant", metavar="URL", help="The Qdrant server to copy to.")
    ],
    as_json: Json = False,
) -> None:
    """Copy what is indexed in DATA_DIR to a Qdrant server, and check the copy.

    Nothing is read from GitHub or embedded again. If it was interrupted, or something was indexed
    since, run it again: it copies what is missing. The server's key is QDRANT_API_KEY, the
    collection's name there QDRANT_COLLECTION.
    """
    settings = load_settings()
    from indexer.migration import migrate as run_migration

    with (
        opened_both(settings, to_qdrant) as (source, target),
        watched(as_json=as_json) as on_progress,
    ):
        report = run_migration(source, target, on_progress)
    if as_json:
        say_json({"event": "done", "ok": report.ok, **asdict(report)})
    else:
        say(
            f"{report.points:,} points ({report.written:,} written, {report.removed:,} removed); "
            f"{report.asked} searches agree in {report.agreement:.1%} of what they find."
        )
    for repo, missing in report.missing.items():
        complain(f"{repo}: {abs(missing):,} points too {'few' if missing > 0 else 'many'}.")
    if not report.ok:
        complain("The copy is not complete: run this again while nothing else writes.")
        raise typer.Exit(1)
    if not as_json:
        say("Set QDRANT_URL to this server for every process, then restart them.")


@app.command()
def search(  # noqa: PLR0913 - one for each option
    repo: Repo,
    text: Annotated[list[str] | None, typer.Argument(help="What to look for.")] = None,
    *,
    before: Annotated[
        str | None, typer.Option(help="Only what existed before this moment (ISO 8601).")
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=1000, help="At most so many threads; docs follow them.")
    ] = 10,
    as_json: Json = False,
    batch: Annotated[
        Path | None,
        typer.Option(help="Many queries: JSON lines of id, title, body, before, exclude."),
    ] = None,
) -> None:
    """Find past issues and docs."""
    repo = checked_repo(repo)
    moment = checked_moment(before, "--before")
    words = " ".join(text or ()).strip()
    if (batch is None) == (not words):
        raise InputError("Say what to look for: either words or --batch FILE.")
    if batch is not None:
        checked_file(batch)
    settings = load_settings()
    from indexer import searching

    require_data(settings, repo)
    with opened(settings) as parts:
        require_indexed(parts.kb, settings, repo)
        searcher = searching.open_searcher(parts, settings)
        if batch is not None:
            wrong = searching.run_batch(searcher, repo, batch, before=moment, limit=limit)
            if wrong:
                raise typer.Exit(1)
            return
        searching.run_one(searcher, repo, words, before=moment, limit=limit, as_json=as_json)


@app.command("eval")
def eval_(  # noqa: PLR0913 - one for each option
    repo: Repo,
    *,
    precision: Annotated[
        float, typer.Option(min=0.5, max=1.0, help="How often a likely duplicate has to be one.")
    ] = 0.9,
    noise: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, help="Share of other issues that may be shown a related one."
        ),
    ] = 0.1,
    limit: Annotated[int, typer.Option(min=1, help="Ask at most so many duplicates.")] = 1000,
    plot: Annotated[Path | None, typer.Option(help="Draw the figures into this SVG file.")] = None,
    as_json: Json = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Let the App follow the thresholds found.")
    ] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Go back to the shipped thresholds; measures nothing.")
    ] = False,
) -> None:
    """Measure on a repository's own known duplicates, and find the thresholds that fit it."""
    repo = checked_repo(repo)
    if apply and reset:
        raise InputError("--apply and --reset do not go together.")
    settings = load_settings()
    if reset:
        from contextlib import closing

        from indexer.state import State

        with closing(State.open(settings)) as state:
            state.save_thresholds(repo, None)
        say(f"The shipped thresholds stand again for {repo}.")
        return
    from indexer import evaluating

    wanted = evaluating.Wanted(precision, noise, limit, plot, apply)
    require_data(settings, repo)
    with opened(settings) as parts:
        evaluating.run(parts, settings, repo, wanted, as_json=as_json)


@app.command()
def status(
    *,
    as_json: Json = False,
) -> None:
    """What is indexed, how fresh it is, and what failed."""
    from indexer.status import report_status

    report_status(load_settings(), as_json=as_json)


@model_app.command()
def prepare() -> None:
    """Make the models ready: convert or download them, and note the embedding's hashes."""
    from indexer import weights
    from indexer.reranking import open_reranker

    settings = load_settings()
    found = weights.prepare(settings)
    say(f"{found.name} is ready in {found.folder} (from the {found.source}).")
    if open_reranker(settings) is not None:
        say(f"{settings.rerank_model} is ready.")
