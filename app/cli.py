"""`intern …`: setup, serve, respond and doctor; and the indexer's commands beside them."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from app.settings import Settings
from app.version import VERSION
from indexer import cli as indexer_cli
from indexer.console import complain, run, say, say_json
from indexer.errors import InputError
from indexer.settings import load, names_in_file

if TYPE_CHECKING:  # `--help` need not load the engines
    from app.respond_command import Responded

app = typer.Typer(
    name="intern",
    help="Answers new issues from the issues and docs your team already wrote.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
# At the same level as our own, which typer's add_typer does only for apps without a name.
app.registered_commands += indexer_cli.app.registered_commands
app.registered_groups += indexer_cli.app.registered_groups


def _show_version(wanted: bool) -> None:  # noqa: FBT001  typer hands a flag's value on
    if wanted:
        say(f"oncall-intern {VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Answers new issues from the issues and docs your team already wrote."""


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on.")] = None,
) -> None:
    """Run the server: webhooks, jobs, health and metrics."""
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = load(Settings, **given).require_serving()
    # Late: whoever asks for help or gets a setting wrong need not wait for the engines.
    from app.logs import configure_logging
    from app.main import create_app
    from app.serving import serve as run

    configure_logging(settings)
    asyncio.run(run(create_app(settings), settings))


@app.command()
def setup(
    *,
    url: Annotated[str, typer.Option(help="The address at which GitHub reaches the server.")],
    organization: Annotated[
        str | None,
        typer.Option(help="The organisation that is to own the App; without it, your account."),
    ] = None,
    key: Annotated[Path, typer.Option(help="The file to write the App's key to.")] = Path(
        "oncall-intern.pem"
    ),
    manifest: Annotated[
        Path | None, typer.Option(help="What the App asks for; by default the checkout's app.yml.")
    ] = None,
    port: Annotated[
        int,
        typer.Option(
            min=0,
            max=65535,
            help="The port of the page on this machine from which GitHub makes the App; 0 takes "
            "one that is free.",
        ),
    ] = 0,
) -> None:
    """Have GitHub make the App, and write its id, key and webhook secret into .env.

    Open the page that it serves in a browser. The .env is that of the folder you are in.
    """
    from app.setup_command import Wanted, run

    wanted = Wanted(url, organization, key, port, manifest)
    asyncio.run(run(load(Settings), wanted, say))


@app.command()
def respond(  # noqa: PLR0913  options of one command
    issue: Annotated[
        str | None, typer.Argument(metavar="OWNER/REPO#NUMBER", help="The issue to answer.")
    ] = None,
    *,
    file: Annotated[
        Path | None, typer.Option(help="An issue as a JSON file, in place of one on GitHub.")
    ] = None,
    repo: Annotated[str | None, typer.Option(help="With --file: whose history to search.")] = None,
    before: Annotated[
        str | None, typer.Option(help="Only what was known before this moment (ISO 8601).")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the comment and post nothing.")
    ] = False,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Also tell why: candidates, verdicts, what was left out."),
    ] = False,
    export_prompt: Annotated[
        Path | None,
        typer.Option(help="Write what Claude would be asked to this file, and ask nobody."),
    ] = None,
    use_answer: Annotated[
        Path | None, typer.Option(help="Take the model's answer from this file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Answer one issue: post the comment, or print it with --dry-run or --file."""
    if (issue is None) == (file is None):
        raise InputError("Name an issue as OWNER/REPO#NUMBER, or give --file and --repo.")
    if file is None and repo is not None:
        raise InputError("--repo only goes with --file: OWNER/REPO#NUMBER names the repository.")
    posts = file is None and not dry_run
    if posts and (before or explain or export_prompt or use_answer):
        raise InputError(
            "--before, --explain, --export-prompt and --use-answer only go with --dry-run or "
            "--file."
        )
    from app import respond_command as command
    from app.logs import log_to_stderr

    settings = load(Settings)
    log_to_stderr(settings)
    moment = indexer_cli.checked_moment(before, "--before")
    model = command.offline_model(use_answer, export_prompt)
    if file is not None:
        if repo is None:
            raise InputError("--repo is missing: it says whose history to search.")
        repo = indexer_cli.checked_repo(repo)
        work = command.dry_run(settings, repo, command.thread_of(file), moment, model)
    else:
        name, number = command.issue_of(issue or "")
        work = (
            command.post(settings, name, number)
            if posts
            else command.dry_run(settings, name, number, moment, model)
        )
    responded = asyncio.run(work)
    if as_json:
        say_json(
            {
                "body": responded.body,
                "reason": responded.reason,
                "url": responded.url,
                **responded.details,
            }
        )
    else:
        _tell(responded, explain=explain)


def _tell(responded: "Responded", *, explain: bool) -> None:
    """Print the comment, or why there is none, for a person."""
    from app import respond_command as command

    console = Console()
    if responded.body is None:
        say(responded.url or f"No comment: {responded.reason}.")
    elif console.is_terminal:
        console.print(Markdown(responded.body))
    else:
        say(responded.body)
    if responded.body is not None and responded.reason == command.SHADOW:
        complain("It would be kept back: the repository's config has mode: shadow.")
    if explain:
        for line in command.explained(responded.details):
            console.print(line, highlight=False, markup=False, soft_wrap=True)


@app.command()
def report(
    *,
    repo: Annotated[str | None, typer.Option(help="Only this repository.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Only what was said since this moment (ISO 8601).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """How the answers turned out, what shadow mode kept back, and what Claude cost."""
    from app import report_command as command

    moment = indexer_cli.checked_moment(since, "--since")
    name = indexer_cli.checked_repo(repo) if repo is not None else None
    made = command.report(load(Settings), name, moment)
    if as_json:
        say_json(made)
    else:
        for line in command.told(made):
            say(line)


@app.command()
def doctor() -> None:
    """Check settings, model, store and credentials; exit 1 if something is wrong.

    A name in .env that is no setting is told with a "!", and no reason to exit with 1.
    """
    from app.doctor import examine, strange

    # First: a name that is wrong explains the setting that is missing.
    for sentence in strange(names_in_file(Settings)):
        say(f"! .env: {sentence}")

    async def report(settings: Settings) -> bool:
        good = True
        async for finding in examine(settings):
            say(f"{'✓' if finding.ok else '✗'} {finding.name}: {finding.text}")
            good = good and finding.ok
        return good

    if not asyncio.run(report(load(Settings))):
        raise typer.Exit(1)


def main() -> None:
    """The `intern` command: expected failures are one sentence and an exit code."""
    run(app)
