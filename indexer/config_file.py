"""`.github/oncall-intern.yml` → RepoConfig, from the repository or from its owner's `.github`.

A file can be absent, good or broken. A broken one never takes effect: the last good one stays in
force (app/records.py remembers it), and the problem is told with its line.
"""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Literal

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from indexer.errors import Forbidden, InputError, NotFound
from indexer.repo_config import RepoConfig

CONFIG_PATH = ".github/oncall-intern.yml"
OWNERS_REPOSITORY = ".github"
MAX_BYTES = 64 * 1024
LONGEST_PLACE = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """One sentence for a maintainer, and where that stands, counted from 1, if that is known."""

    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What stands in the repository: `config` if the file is good, `problems` if it is broken.

    Attributes:
        state: absent, ok or broken.
        config: what the file says; None unless it is ok.
        problems: all that is wrong with it; of what is no YAML only the first.
    """

    state: Literal["absent", "ok", "broken"]
    config: RepoConfig | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def problem(self) -> str | None:
        """The first problem's sentence."""
        return self.problems[0].text if self.problems else None

    @property
    def line(self) -> int | None:
        """The first problem's line."""
        return self.problems[0].line if self.problems else None


def _broken(text: str, line: int | None = None) -> ConfigFile:
    return ConfigFile("broken", problems=(Problem(text, line),))


class _Loader(yaml.SafeLoader):
    """Plain YAML that also refuses what the reader of a config does not expect."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        # Aliases of aliases grow without bound ("billion laughs"), and a config needs none.
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # the stubs lack it
            raise yaml.composer.ComposerError(None, None, "aliases are not allowed", mark)
        return super().compose_node(parent, index)

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002  PyYAML's own signature
    ) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, "a key that is no word, or stands here twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


# YAML 1.1 reads the bare words on and off as booleans, and `mode: on` is what people write:
# only true and false are booleans here.
_Loader.yaml_implicit_resolvers = {
    letter: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:bool"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


def parse(text: str) -> ConfigFile:
    """The config that a file's text says, or what is wrong with it."""
    try:
        node = yaml.compose(text, Loader=_Loader)
        data = yaml.load(text, Loader=_Loader)  # noqa: S506  _Loader is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        return _broken(f"Not valid YAML: {error.problem}.", line)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return _broken(f"Not valid YAML: {error}.")
    if data is None:
        return ConfigFile("ok", RepoConfig())
    if not isinstance(data, dict):
        return _broken("The file is not a mapping of keys.", 1)
    try:
        return ConfigFile("ok", RepoConfig.model_validate(data))
    except ValidationError as error:
        problems = (_problem(node, each) for each in error.errors())
        return ConfigFile("broken", problems=tuple(sorted(problems, key=lambda p: p.line or 0)))


def _problem(node: yaml.Node | None, error: ErrorDetails) -> Problem:
    """What is wrong with one key of the file."""
    path = tuple(str(part) for part in error["loc"])
    said = {"extra_forbidden": "there is no such key", "tuple_type": "must be a list"}
    message = said.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    place = ".".join(path)[:LONGEST_PLACE]
    return Problem(f"{place}: {message}.", _line(node, path))


def _line(node: yaml.Node | None, path: tuple[str, ...]) -> int | None:
    """The line of the deepest part of `path` that stands in the file."""
    line = node.start_mark.line + 1 if node else None
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == part]
            if not found:
                break
            line = found[0][0].start_mark.line + 1
            node = found[0][1]
        elif isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
            node = node.value[int(part)]
            line = node.start_mark.line + 1
        else:
            break
    return line


async def read(get: Callable[..., Awaitable[Any]], repo: str) -> ConfigFile:
    """The config file of a repository's default branch, else that of its owner's `.github`.

    Args:
        get: fetches a REST path as JSON.
        repo: `owner/name`.
    """
    own = await read_at(get, repo)
    if own.state != "absent":
        return own
    common = f"{repo.partition('/')[0]}/{OWNERS_REPOSITORY}"
    if common.casefold() == repo.casefold():
        return own
    try:
        return await read_at(get, common)
    except Forbidden:  # the App is not installed on it
        return own


async def read_at(
    get: Callable[..., Awaitable[Any]], repo: str, ref: str | None = None
) -> ConfigFile:
    """The config file of one repository, on its default branch or at a commit."""
    path = f"repos/{repo}/contents/{CONFIG_PATH}"
    try:
        answer = await (get(path) if ref is None else get(path, {"ref": ref}))
    except NotFound:
        return ConfigFile("absent")
    try:
        return parse(_text_of(answer))
    except InputError as error:
        return _broken(str(error))


def _text_of(answer: object) -> str:
    """The text in GitHub's answer about a file."""
    if not isinstance(answer, dict) or answer.get("type") != "file":
        raise InputError(f"{CONFIG_PATH} is not a file.")
    if int(answer.get("size") or 0) > MAX_BYTES:
        raise InputError(f"{CONFIG_PATH} is larger than {MAX_BYTES // 1024} KB.")
    content = "".join(str(answer.get("content") or "").split())
    try:
        return base64.b64decode(content, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InputError(f"{CONFIG_PATH} is not UTF-8 text.") from error
