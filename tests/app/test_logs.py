"""Where the log goes."""

import json

import pytest
import structlog

from app.logs import log_to_stderr
from app.settings import Settings
from indexer.console import say_json


@pytest.fixture(autouse=True)
def _defaults():
    yield
    structlog.reset_defaults()


def test_a_commands_output_is_not_mixed_with_its_log(capsys):
    log_to_stderr(Settings())
    structlog.get_logger().warning("llm failed", reason="llm_exported")
    say_json({"body": None})
    out, err = capsys.readouterr()
    assert json.loads(out) == {"body": None}
    assert "llm_exported" in err


def test_a_command_logs_from_the_level_of_the_settings_on(capsys):
    log_to_stderr(Settings(log_level="error"))
    structlog.get_logger().warning("llm failed")
    structlog.get_logger().error("worse")
    err = capsys.readouterr().err
    assert "worse" in err
    assert "llm failed" not in err
