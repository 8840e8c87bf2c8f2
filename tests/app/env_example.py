"""`.env.example` as it should be; `python -m tests.app.env_example` writes it."""

from pathlib import Path

from pydantic import SecretStr

from app.settings import Settings
from indexer.settings import IndexSettings

PATH = Path(__file__).parents[2] / ".env.example"
HEAD = """\
# Copy to .env before `intern setup`, never over what it wrote. Real environment variables win.
# To run the server: the webhook's secret, the App's id and key, and the accounts to serve.
# For the command line alone: GITHUB_TOKEN, or nothing but an imported history.
"""


def example() -> str:
    """Every setting of both classes, its description, and its default commented out."""
    own = [n for n in Settings.model_fields if n not in IndexSettings.model_fields]
    parts = [HEAD, "# --- The App ---\n", *map(_entry, own)]
    parts += ["# --- The knowledge base and GitHub ---\n", *map(_entry, IndexSettings.model_fields)]
    return "\n".join(parts)


def _entry(name: str) -> str:
    field = Settings.model_fields[name]
    value = field.default
    if isinstance(value, SecretStr) or value is None or value == ():
        value = ""
    return f"# {field.description}\n#{name.upper()}={value}\n"


if __name__ == "__main__":
    PATH.write_text(example(), encoding="utf-8")
