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
    [("port", "http"), ("log_format", "xml"), ("worker_id", "a b"), ("github_url", "github.com")],
)
def test_a_wrong_value_is_named_in_one_sentence(name, value):
    with pytest.raises(SettingError) as failed:
        load(Settings, **{name: value})
    assert name.upper() in str(failed.value)
    assert "\n" not in str(failed.value)


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
