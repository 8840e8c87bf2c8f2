"""What can be known of deploy/ without Docker: it names files, settings and paths that exist."""

import configparser
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
CONTEXT_ONLY = {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
BUILD_ONLY = {"PIP_DISABLE_PIP_VERSION_CHECK", "PIP_NO_CACHE_DIR"}


@pytest.fixture(scope="module")
def settings() -> set[str]:
    from app.settings import Settings

    return {name.upper() for name in Settings.model_fields}


@pytest.fixture(scope="module")
def stages() -> list[list[tuple[str, str]]]:
    """The Dockerfile's instructions, a list for each stage."""
    text = re.sub(
        r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    found: list[list[tuple[str, str]]] = []
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip():
            continue
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest.strip()))
    return found


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    for service in compose["services"].values():
        for volume in service["volumes"]:
            name = volume.split(":")[0]
            assert name in compose["volumes"]
    return compose["services"]


def copied(stage: list[tuple[str, str]]) -> set[str]:
    """What a stage copies from the build context."""
    lines = [rest for word, rest in stage if word == "COPY" and not rest.startswith("--from")]
    return {source for line in lines for source in line.split()[:-1]}


def environment(stage: list[tuple[str, str]]) -> dict[str, str]:
    pairs = [pair for word, rest in stage if word == "ENV" for pair in shlex.split(rest)]
    return dict(pair.split("=", 1) for pair in pairs)


def test_image_copies_only_files_that_exist_and_reach_the_builder(
    stages: list[list[tuple[str, str]]],
) -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines, "everything is left out but what is named"
    sent = {line[1:] for line in lines if line.startswith("!")}
    used = {source for stage in stages for source in copied(stage)}
    assert used == sent
    for source in used:
        assert (ROOT / source).exists(), source


def test_image_installs_the_lock_with_hashes_and_nothing_for_development(
    stages: list[list[tuple[str, str]]],
) -> None:
    installs = [rest for word, rest in stages[0] if word == "RUN" and "pip install" in rest]
    assert "--require-hashes -r requirements.lock" in installs[0]
    unit = (DEPLOY / "oncall-intern.service").read_text(encoding="utf-8")
    ours = [*installs[1:], *re.findall(r"pip install .*--no-deps.*", unit)]
    assert len(ours) == 2
    # What builds the App comes out of the lock as well.
    assert all("--no-deps --no-build-isolation ." in rest for rest in ours)
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "--hash=sha256:" in lock
    assert re.search(r"^setuptools==.* \\$", lock, flags=re.MULTILINE)
    assert not re.search(r"^(pytest|ruff|mypy)==", lock, flags=re.MULTILINE)


def test_image_has_the_weights_where_its_setting_looks(
    stages: list[list[tuple[str, str]]],
) -> None:
    from indexer.weights import CONVERTED

    build = " ".join(rest for _, rest in stages[0])
    pattern = re.search(r"mv /tmp/weights/models/(\S+)\* (\S+)", build)
    assert pattern is not None
    assert CONVERTED.startswith(pattern[1])
    assert environment(stages[-1])["EMBEDDING_MODEL_PATH"] == pattern[2]
    assert ("COPY", f"--from=build {pattern[2]} {pattern[2]}") in stages[-1]


def test_image_runs_without_root_and_says_whether_it_is_well(
    stages: list[list[tuple[str, str]]],
) -> None:
    last = dict(stages[-1])
    assert last["USER"] == "intern"
    assert "/healthz" in last["HEALTHCHECK"]
    assert last["ENTRYPOINT"] == '["intern"]'
    words = [word for word, _ in stages[-1]]
    assert "RUN" not in words[words.index("USER") :]


def test_image_sets_only_known_settings(
    stages: list[list[tuple[str, str]]], settings: set[str]
) -> None:
    assert set(environment(stages[-1])) - CONTEXT_ONLY <= settings
    assert set(environment(stages[0])) - CONTEXT_ONLY <= BUILD_ONLY


def test_compose_runs_the_app_alone_and_the_rest_by_profile(services: dict[str, Any]) -> None:
    always = [name for name, service in services.items() if not service.get("profiles")]
    assert always == ["intern"]
    assert {name for name, s in services.items() if s.get("profiles") == ["scale"]} == {
        "qdrant",
        "postgres",
    }
    for name, needed in services["intern"]["depends_on"].items():
        assert needed["required"] is False, f"the app alone must start without {name}"


def test_compose_names_known_settings_and_files(
    services: dict[str, Any], settings: set[str]
) -> None:
    intern = services["intern"]
    assert set(intern["environment"]) <= settings
    assert (DEPLOY / intern["build"]["context"] / intern["build"]["dockerfile"]).is_file()
    notes = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    named = set(re.findall(r"^#   (\w+)=", notes, flags=re.MULTILINE))
    assert {"QDRANT_URL", "DATABASE_URL"} <= named <= settings | {"POSTGRES_PASSWORD"}


def test_compose_is_told_where_the_settings_are(services: dict[str, Any]) -> None:
    assert "${" in str(services), "else nothing is filled in"
    for page in (DEPLOY / "compose.yaml", ROOT / "docs" / "deployment.md", ROOT / "README.md"):
        commands = re.findall(r"docker compose .*", page.read_text(encoding="utf-8"))
        assert all("--env-file .env " in command for command in commands), page
        assert commands or page.name == "README.md"


def test_compose_pins_images_and_publishes_on_loopback_only(services: dict[str, Any]) -> None:
    for name in ("qdrant", "postgres"):
        assert re.search(r":v?\d", services[name]["image"])
        assert "ports" not in services[name]
    assert all(port.startswith("127.0.0.1:") for port in services["intern"]["ports"])


def test_compose_and_unit_give_jobs_time_to_finish(services: dict[str, Any]) -> None:
    from app.settings import Settings

    needed = Settings.model_fields["shutdown_seconds"].default
    assert int(services["intern"]["stop_grace_period"].rstrip("s")) > needed
    assert int(_unit()["Service"]["TimeoutStopSec"]) > needed


def test_unit_is_confined_and_names_known_settings(settings: set[str]) -> None:
    service = _unit()["Service"]
    assert service["ExecStart"].endswith("/intern serve")
    named = {pair.split("=")[0] for pair in shlex.split(service["Environment"])}
    assert named - CONTEXT_ONLY <= settings
    for option in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "DynamicUser"):
        assert service[option] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""


def _unit() -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment, method-assign]  # systemd minds the case
    unit.read_string((DEPLOY / "oncall-intern.service").read_text(encoding="utf-8"))
    return unit
