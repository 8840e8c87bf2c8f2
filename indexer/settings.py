"""Settings of the indexer; with app/settings.py the only readers of the environment."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, DotEnvSettingsSource, NoDecode, SettingsConfigDict

from indexer.errors import SettingError


def _split_words(value: object) -> object:
    """`a, b c` from an environment variable becomes `["a", "b", "c"]`."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def checked_address(value: str) -> str:
    """The same, if it is a web address.

    Raises:
        ValueError: it is none.
    """
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port that is no number, of brackets that do not close
        good = False
    if not good or not value.isprintable() or " " in value:
        raise ValueError("not an http or https address")
    return value


def _without_user(value: str) -> str:
    if "@" in urlsplit(value).netloc:
        raise ValueError("leave name and password out, for links in comments begin with it")
    return value


# What pydantic says of the commonest mistakes, in words for whoever wrote the setting.
_SAID = {
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "literal_error": "must be {expected}",
    "string_pattern_mismatch": "must match {pattern}",
}

S = TypeVar("S", bound="IndexSettings")

WordList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_words)]
Address = Annotated[str, AfterValidator(checked_address)]
PublicAddress = Annotated[Address, AfterValidator(_without_user)]


class IndexSettings(BaseSettings):
    """What the indexer reads from the environment or from `.env`; each field's name upper-cased."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    data_dir: Path = Field(Path("data"), description="Where everything is kept on disk.")
    qdrant_url: Address | None = Field(
        None,
        description="A Qdrant server; without it the embedded engine keeps its files in DATA_DIR.",
    )
    qdrant_api_key: SecretStr | None = Field(None, description="The Qdrant server's API key.")
    qdrant_collection: str = Field(
        "oncall-intern", pattern=r"^[\w.-]{1,120}$", description="The collection's name."
    )
    database_url: str | None = Field(
        None,
        description="Postgres for jobs and records; without it SQLite files in DATA_DIR.",
    )
    embedding_model: str = Field(
        "intfloat/multilingual-e5-small", description="Any model that fastembed knows."
    )
    embedding_model_path: Path | None = Field(
        None,
        description="A folder with the model's ONNX file and tokenizer, used before any download.",
    )
    embedding_threads: int = Field(
        0, ge=0, description="Threads for embedding; 0 means one per core."
    )
    rerank_model: str | None = Field(
        None,
        description="A cross-encoder that fastembed knows, to reorder the best 20; empty for none.",
    )
    rerank_model_path: Path | None = Field(
        None,
        description="A folder with that model's ONNX file and tokenizer, used before any download.",
    )
    github_url: PublicAddress = Field(
        "https://github.com",
        description="GitHub's web address: github.com, a GHES host, or https://SUB.ghe.com. "
        "Where only GITHUB_API_URL is set, it is told from that.",
    )
    github_api_url: PublicAddress | None = Field(
        None, description="The REST root, where it cannot be told from GITHUB_URL."
    )
    github_api_version: str = Field(
        "2022-11-28", description="X-GitHub-Api-Version; an old GHES refuses newer ones."
    )
    github_token: SecretStr | None = Field(
        None, description="A token for the command line, in place of the App's key."
    )
    github_app_id: int | None = Field(None, gt=0, description="The App's id.")
    github_private_key: SecretStr | None = Field(
        None, description="The App's private key, as PEM text."
    )
    github_private_key_path: Path | None = Field(
        None, description="A file with the App's private key."
    )

    @property
    def api_url(self) -> str:
        """The root of the REST API, without a slash at its end."""
        if self.github_api_url:
            return self.github_api_url.rstrip("/")
        parts = urlsplit(self.github_url)
        host = parts.netloc.lower()
        if host in {"github.com", "www.github.com"}:
            return "https://api.github.com"
        if host.endswith(".ghe.com"):
            return f"{parts.scheme}://api.{host}"
        return f"{self.github_url.rstrip('/')}/api/v3"

    @property
    def web_url(self) -> str:
        """The root of GitHub's pages, without a slash at its end."""
        if self.github_api_url and "github_url" not in self.model_fields_set:
            api = self.api_url
            parts = urlsplit(api)
            host = parts.netloc.lower()
            if parts.path.endswith("/api/v3"):
                return api.removesuffix("/api/v3")
            if host.startswith("api.") and host.endswith(".ghe.com"):
                return f"{parts.scheme}://{host.removeprefix('api.')}"
        return self.github_url.rstrip("/")

    @property
    def place(self) -> str:
        """Where the knowledge base is, as a sentence names it."""
        if self.qdrant_url:
            return f"QDRANT_COLLECTION ({self.qdrant_collection})"
        return f"DATA_DIR ({self.data_dir.absolute()})"

    def made_data_dir(self) -> Path:
        """DATA_DIR, made where it is missing: for this user alone, as it will hold issues' text.

        Raises:
            SettingError: it cannot be made.
        """
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingError(
                f"DATA_DIR: {self.data_dir} cannot be made ({error.strerror})."
            ) from error
        return self.data_dir

    def private_key(self) -> str:
        """The App's private key as PEM text.

        Raises:
            SettingError: there is none, or its file cannot be read.
        """
        if self.github_private_key:
            return self.github_private_key.get_secret_value().replace("\\n", "\n")
        if self.github_private_key_path is None:
            raise SettingError(
                "GITHUB_PRIVATE_KEY_PATH is not set: it names the App's private key."
            )
        try:
            return self.github_private_key_path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingError(
                "GITHUB_PRIVATE_KEY_PATH: "
                f"{self.github_private_key_path} cannot be read as a PEM file."
            ) from error


def load(kind: type[S], **overrides: Any) -> S:  # noqa: ANN401
    """Settings from the environment and `.env`, with `overrides` before both.

    Raises:
        SettingError: a sentence for each wrong setting, which begins with its name.
    """
    with _told(kind):
        return kind(**overrides)


def names_in_file(kind: type[IndexSettings]) -> tuple[str, ...]:
    """The names that have a value in `.env`, in upper case, whether or not anything reads them.

    Raises:
        SettingError: the file cannot be read.
    """
    with _told(kind):
        return tuple(name.upper() for name in DotEnvSettingsSource(kind).env_vars)


@contextmanager
def _told(kind: type[IndexSettings]) -> Iterator[None]:
    """What goes wrong with reading, as ours."""
    try:
        yield
    except ValidationError as error:
        raise SettingError(" ".join(map(_sentence, error.errors()))) from error
    except UnicodeDecodeError as error:
        raise SettingError(f"{kind.model_config['env_file']} is not text in UTF-8.") from error
    except OSError as error:
        raise SettingError(f"{error.filename} cannot be read: {error.strerror}.") from error


def _sentence(error: ErrorDetails) -> str:
    """What is wrong with one setting; its value is not told, for it may be a secret."""
    name = "_".join(str(part) for part in error["loc"]).upper()
    said = _SAID.get(error["type"])
    message = error["msg"].removeprefix("Value error, ")
    if said is not None:
        message = said.format(**error.get("ctx", {}))
    return f"{name}: {message}." if name else f"{message}."
