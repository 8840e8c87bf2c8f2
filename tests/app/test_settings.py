"""Settings: what is missing is named, secrets are not printed, the sample shows every key."""

import pytest

from app.settings import Settings
from indexer.errors import SettingError
from indexer.settings import load
from tests.app.env_example import PATH, example

SERVING = {
    "github_webhook_secret": "one,two",
    "github_app_id": 5,
    "github_private_key": "PEM",
    "allowed_accounts": "octo, Kit",
}


def test_the_sample_shows_every_setting():
    assert PATH.read_text(encoding="utf-8") == example(), "run python -m tests.app.env_example"
    assert all(field.description for field in Settings.model_fields.values())


def test_the_sample_as_it_stands_changes_nothing(tmp_path, monkeypatch):
    uncommented = tmp_path / "env"
    lines = [line.removeprefix("#") for line in example().splitlines() if line[:2] != "# "]
    uncommented.write_text("\n".join(lines), encoding="utf-8")
    assert load(Settings, _env_file=uncommented) == Settings()


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("github_webhook_secret", "GITHUB_WEBHOOK_SECRET"),
        ("github_app_id", "GITHUB_APP_ID"),
        ("github_private_key", "GITHUB_PRIVATE_KEY"),
        ("allowed_accounts", "ALLOWED_ACCOUNTS"),
    ],
)
def test_a_server_without_what_it_needs_names_it(missing, named):
    assert load(Settings, **SERVING).require_serving().github_app_id == 5
    less = {name: value for name, value in SERVING.items() if name != missing}
    with pytest.raises(SettingError, match=named):
        load(Settings, **less).require_serving()


def test_empty_secrets_are_none():
    with pytest.raises(SettingError, match="GITHUB_WEBHOOK_SECRET"):
        load(Settings, **{**SERVING, "github_webhook_secret": ", ,"}).require_serving()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "http"),
        ("log_format", "xml"),
        ("worker_id", "a b"),
        ("github_url", "github.com"),
        ("github_url", "http://localhost:abc"),
        ("github_url", "http://local host"),
        ("github_url", "https://ann:secret@github.example"),
        ("github_api_url", "https://ann@github.example/api/v3"),
        ("qdrant_url", "http://[bad"),
        ("qdrant_url", "http://"),
        ("anthropic_base_url", "nonsense"),
    ],
)
def test_a_wrong_value_is_named_in_one_sentence(name, value):
    with pytest.raises(SettingError) as failed:
        load(Settings, **{name: value})
    assert str(failed.value).startswith(f"{name.upper()}: ")
    assert "\n" not in str(failed.value)
    assert "secret" not in str(failed.value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("github_app_id", "abc", "must be a whole number"),
        ("github_app_id", "1.5", "must be a whole number"),
        ("github_app_id", "0", "must be above 0"),
        ("port", "70000", "must be at most 65535"),
        ("job_retention_days", "1", "must be at least 4"),
        ("llm_issue_limit_dollars", "$1", "must be a number"),
        ("log_format", "xml", "must be 'console' or 'json'"),
    ],
)
def test_what_is_wrong_is_said_in_words_for_people(name, value, said):
    with pytest.raises(SettingError) as failed:
        load(Settings, **{name: value})
    assert str(failed.value) == f"{name.upper()}: {said}."


def test_a_file_of_settings_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    file = tmp_path / ".env"
    file.write_bytes(b"WORKER_ID=caf\xe9\n")
    monkeypatch.setitem(Settings.model_config, "env_file", str(file))
    with pytest.raises(SettingError, match=r"\.env is not text in UTF-8\.$"):
        load(Settings)


def test_a_qdrant_server_may_want_a_name_and_a_password():
    address = "https://ann:secret@qdrant.example:6333"
    assert load(Settings, qdrant_url=address).qdrant_url == address


def test_lists_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", "new words, old,")
    monkeypatch.setenv("ALLOWED_ACCOUNTS", "octo kit")
    settings = load(Settings)
    assert [s.get_secret_value() for s in settings.github_webhook_secret] == ["new words", "old"]
    assert settings.allowed_accounts == ("octo", "kit")


def test_secrets_are_not_printed():
    settings = load(Settings, **SERVING, anthropic_api_key="key-value")
    for secret in ("one", "two", "PEM", "key-value"):
        assert secret not in repr(settings).replace("none", "").replace("None", "")


def test_whom_it_serves():
    settings = load(Settings, **SERVING)
    assert settings.serves("OCTO")
    assert settings.serves("kit")
    assert not settings.serves("stranger")
    assert not Settings().serves("octo")
    assert Settings(allowed_accounts=("*",)).serves("anyone")
