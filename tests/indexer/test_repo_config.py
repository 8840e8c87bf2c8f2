"""What maintainers write in their config, and what they are told when it is wrong."""

import base64
from typing import Any

import pytest

from indexer.errors import GitHubUnavailable, NotFound
from indexer.repo_config import CONFIG_PATH, MAX_BYTES, RepoConfig, parse, read

FULL = """
enabled: true
mode: shadow
language: ko
labels:
  again: "please look again"
answer:
  related: true
  duplicates: false
  resolution: false
ignore:
  authors: [renovate, dependabot]
  titles: ["Release *", "[Tracking]*"]
  labels: [internal]
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


def test_deep_nesting_is_an_error_and_no_crash():
    assert parse("[" * 5000).state == "broken"
    assert parse("a: " + "{b: " * 5000).state == "broken"


@pytest.mark.parametrize(
    ("title", "ignored"),
    [
        ("Release 2.0", True),
        ("release notes are wrong", True),
        ("[Tracking] widgets", False),
        ("A release", False),
        ("", False),
    ],
)
def test_title_patterns(title, ignored):
    assert (
        RepoConfig.model_validate({"ignore": {"titles": ["Release *"]}}).ignore.has_title(title)
        == ignored
    )


def test_a_title_pattern_cannot_hang():
    ignore = RepoConfig.model_validate({"ignore": {"titles": ["*a" * 99]}}).ignore
    assert not ignore.has_title("a" * 98 + "b" * 158)


def content(text: bytes, **more: Any) -> dict[str, Any]:
    encoded = base64.encodebytes(text).decode()
    return {"type": "file", "size": len(text), "content": encoded, **more}


async def fetched(answer: Any) -> Any:
    async def get(path: str) -> Any:
        assert path == f"/repos/octo/tools/contents/{CONFIG_PATH}"
        if isinstance(answer, Exception):
            raise answer
        return answer

    return await read(get, "octo/tools")


async def test_the_three_states_of_the_file():
    assert (await fetched(NotFound("no"))).state == "absent"
    assert (await fetched(content(b"mode: shadow"))).state == "ok"
    assert (await fetched(content(b"mode: loud"))).state == "broken"


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
