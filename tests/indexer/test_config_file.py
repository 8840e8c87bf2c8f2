"""What maintainers write in their config, and what they are told when it is wrong."""

import base64
from typing import Any

import pytest

from indexer.config_file import CONFIG_PATH, MAX_BYTES, parse, read
from indexer.errors import Forbidden, GitHubUnavailable, NotFound
from indexer.repo_config import RepoConfig

FULL = """
enabled: true
mode: shadow
language: ko
daily_budget: 0.5
labels:
  again: "please look again"
  ignore: no robots
  possible_duplicate: possible duplicate
answer:
  related: false
  duplicates: false
  resolution: false
thresholds:
  duplicate: 0.97
  related: 0.2
sources:
  docs: ["README.md", "docs/*"]
  releases: false
  discussions: true
  repositories: [octo/hull, mast]
  without_labels: [discussion]
ignore:
  authors: [renovate, dependabot]
  titles: ["Release *", "[Tracking]*"]
  labels: [internal]
share_with: [hull]
"""


def test_every_key_is_read():
    file = parse(FULL)
    assert file.state == "ok"
    assert file.config is not None
    assert file.config.mode == "shadow"
    assert file.config.language == "ko"
    assert file.config.labels.again == "please look again"
    assert not file.config.answer.duplicates
    assert file.config.ignore.authors == ("renovate", "dependabot")
    assert _without_defaults(file.config.model_dump(), RepoConfig().model_dump()) == [
        "enabled"  # which is meant to be the same in both
    ]


def _without_defaults(given: dict[str, Any], default: dict[str, Any]) -> list[str]:
    """The keys, dotted, that have their default: those that FULL leaves out."""
    same = []
    for key, value in given.items():
        if isinstance(value, dict):
            same += [f"{key}.{inner}" for inner in _without_defaults(value, default[key])]
        elif value == default[key]:
            same.append(key)
    return same


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_an_empty_file_means_the_defaults(text):
    assert parse(text).config == RepoConfig()


def test_mode_on_is_a_word_and_not_yes():
    file = parse("mode: on\nenabled: false\n")
    assert file.config is not None
    assert (file.config.mode, file.config.enabled) == ("on", False)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("enabled: true\nmodus: on\n", 2, "modus: there is no such key"),
        ("enabled: perhaps\n", 1, "enabled"),
        ("thresholds:\n  related: 40\n", 2, "thresholds.related: Input should be less"),
        (f"{'k' * 1000}: 1\n", 1, "there is no such key"),
        ("answer:\n  related: true\n  everything: true\n", 3, "answer.everything"),
        ("ignore:\n  authors:\n    - ada\n    - ''\n", 4, "ignore.authors.1"),
        ("mode: loud\n", 1, "mode"),
        ("enabled: true\nenabled: false\n", 2, "twice"),
        ("enabled: [\n", 2, "YAML"),
        ("a: &x [1]\nb: *x\n", 2, "aliases"),
        ("- a\n- b\n", 1, "mapping"),
        ("just words", 1, "mapping"),
        ("enabled: !!python/object/apply:os.system ['true']\n", 1, "YAML"),
        ("\x00", None, "YAML"),
        ("enabled: true\n? [a, b]\n: 1\n", 2, ""),
    ],
)
def test_a_broken_file_names_its_line(text, line, words):
    file = parse(text)
    assert file.state == "broken"
    assert file.config is None
    assert file.line == line
    assert words in (file.problem or "")
    assert len(file.problem or "") < 400


def test_deep_nesting_is_an_error_and_no_crash():
    assert parse("[" * 5000).state == "broken"
    assert parse("a: " + "{b: " * 5000).state == "broken"


def content(text: bytes, **more: Any) -> dict[str, Any]:
    encoded = base64.encodebytes(text).decode()
    return {"type": "file", "size": len(text), "content": encoded, **more}


async def fetched(answer: Any, common: Any = None) -> Any:
    """What is read where GitHub gives these answers for the repository and its owner's."""
    answers = {"octo/tools": answer, "octo/.github": common or NotFound("none")}

    async def get(path: str) -> Any:
        repo = path.removeprefix("repos/").removesuffix(f"/contents/{CONFIG_PATH}")
        if isinstance(answers[repo], Exception):
            raise answers[repo]
        return answers[repo]

    return await read(get, "octo/tools")


async def test_the_three_states_of_the_file():
    assert (await fetched(NotFound("no"))).state == "absent"
    assert (await fetched(content(b"mode: shadow"))).state == "ok"
    assert (await fetched(content(b"mode: loud"))).state == "broken"


async def test_the_owners_file_holds_where_the_repository_has_none():
    common = content(b"mode: shadow")
    assert (await fetched(NotFound("no"), common)).config.mode == "shadow"
    assert (await fetched(content(b"mode: on"), common)).config.mode == "on"
    assert (await fetched(content(b"mode: loud"), common)).state == "broken"
    assert (await fetched(NotFound("no"), Forbidden("not installed"))).state == "absent"


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"type": "symlink"},
        content(b"\xff\xfe"),
        content(b"x", size=MAX_BYTES + 1),
        content(b"x", content="***"),
    ],
)
async def test_a_file_that_is_no_text_is_broken(answer):
    file = await fetched(answer)
    assert file.state == "broken"
    assert CONFIG_PATH in (file.problem or "")


async def test_trouble_with_github_is_not_a_broken_file():
    with pytest.raises(GitHubUnavailable):
        await fetched(GitHubUnavailable("502"))
