"""`intern config …`: the schema of a repository's file, and whether a file is good."""

from pathlib import Path
from typing import Annotated

import typer

from indexer.console import complain, say, say_json
from indexer.errors import InputError

app = typer.Typer(help="A repository's `.github/oncall-intern.yml`.", no_args_is_help=True)


@app.command()
def schema() -> None:
    """Print the file's JSON Schema, for editors that complete it."""
    from indexer import repo_config

    say_json(repo_config.schema())


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The file; its name does not matter.")],
) -> None:
    """Say whether a file is good; exit 2 and each line that is wrong if it is not."""
    from indexer import config_file

    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text.") from error
    found = config_file.parse(text)
    for problem in found.problems:
        place = f"{file}:{problem.line}" if problem.line else str(file)
        complain(f"{place}: {problem.text}")
    if found.problems:
        raise typer.Exit(InputError.exit_code)
    say(f"{file} is good.")
