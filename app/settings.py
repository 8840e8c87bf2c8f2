"""Settings of the GitHub App; with indexer/settings.py the only readers of the environment."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from app.models_table import DEFAULT_MODEL
from indexer.errors import SettingError
from indexer.settings import Address, IndexSettings, WordList


def _split_secrets(value: object) -> object:
    """`a, b c` becomes `["a", "b c"]`: a secret may hold spaces, and its words are not secrets."""
    if not isinstance(value, str):
        return value
    return [secret.strip() for secret in value.split(",") if secret.strip()]


SecretList = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split_secrets)]


class Settings(IndexSettings):
    """What the App reads beside the indexer's settings; each field's name upper-cased."""

    github_webhook_secret: SecretList = Field(
        (), description="The webhook's secret; several, separated by commas, while you rotate it."
    )
    allowed_accounts: WordList = Field(
        (), description="Users and organisations to serve, separated by commas; * serves all."
    )
    anthropic_api_key: SecretStr | None = Field(
        None, description="Key for Claude; without it the comment quotes instead of drafting."
    )
    anthropic_base_url: Address | None = Field(
        None, description="Another address for Claude's API, such as a gateway."
    )
    anthropic_model: str = Field(DEFAULT_MODEL, description="Which Claude judges and drafts.")
    llm_issue_limit_dollars: float = Field(
        0.5, ge=0, description="The most that Claude may cost for one issue, all its runs together."
    )
    llm_daily_limit_dollars: float = Field(
        10, ge=0, description="The most that Claude may cost a day (UTC) for one repository."
    )
    host: str = Field("127.0.0.1", description="The address the server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="The port the server listens on.")
    again_label: str = Field(
        "intern: again",
        min_length=1,
        max_length=50,
        description="The label that asks for another answer; a repository's config may rename it.",
    )
    first_backfill_wait_minutes: float = Field(
        360, ge=0, description="How long a new issue waits for its repository's first backfill."
    )
    backfill_max_repositories: int = Field(
        100,
        ge=0,
        description="How many repositories of one installation are read ahead, the most recently "
        "active first; others when an issue is opened there, or by `intern backfill`.",
    )
    sync_interval_hours: float = Field(
        6,
        ge=0,
        description="How often each repository is looked through for what no webhook told; 0 for "
        "never.",
    )
    respond_concurrency: int = Field(
        4, ge=1, le=64, description="How many issues one server answers at the same time."
    )
    worker_id: str = Field(
        "intern",
        pattern=r"^[\w.-]{1,64}$",
        description="This server's name, the same after a restart; of several servers on one "
        "DATABASE_URL each needs its own.",
    )
    worker_silent_minutes: float = Field(
        5,
        gt=0,
        description="After how long without a sign of life a server's unfinished jobs go to the "
        "others on its DATABASE_URL.",
    )
    job_retention_days: float = Field(
        14, ge=4, description="How long finished jobs are kept; GitHub redelivers for three days."
    )
    shutdown_seconds: int = Field(
        20, ge=1, le=600, description="How long a stopping server lets running jobs finish."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least serious message to log: debug, info, warning or error."
    )
    log_format: Literal["console", "json"] = Field(
        "console", description="console for people, json for machines."
    )

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    def serves(self, account: str) -> bool:
        """Whether this installation's owner is one the operator wants to serve."""
        return "*" in self.allowed_accounts or account.lower() in {
            name.lower() for name in self.allowed_accounts
        }

    @property
    def only_reads(self) -> bool:
        """Whether this is the command line with a token, and no App was begun to be set up."""
        of_an_app = (
            self.github_app_id,
            self.github_private_key,
            self.github_private_key_path,
            *self.github_webhook_secret,
        )
        return self.github_token is not None and not any(of_an_app)

    def as_app(self) -> Self:
        """These settings without GITHUB_TOKEN: the App writes, and knows its comments again."""
        return self.model_copy(update={"github_token": None})

    def missing_to_serve(self) -> tuple[str, ...]:
        """A sentence for each setting that the server needs and does not have, by its name."""
        missing = []
        if not any(secret.get_secret_value() for secret in self.github_webhook_secret):
            missing.append(
                "GITHUB_WEBHOOK_SECRET is not set: deliveries could not be told from forgeries."
            )
        if self.github_app_id is None:
            missing.append("GITHUB_APP_ID is not set: it is the number on the App's page.")
        try:
            self.private_key()
        except SettingError as error:
            missing.append(str(error))
        if not self.allowed_accounts:
            missing.append(
                "ALLOWED_ACCOUNTS is not set: it names the accounts to serve, or * for all."
            )
        return tuple(missing)

    def require_serving(self) -> Self:
        """These settings, if they are enough to run the server.

        Raises:
            SettingError: what is missing, a sentence for each setting.
        """
        if missing := self.missing_to_serve():
            raise SettingError(" ".join(missing))
        return self
