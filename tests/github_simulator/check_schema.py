"""Compares our part of GitHub's GraphQL schema with GitHub's own, and tries our queries on it.

GitHub publishes its schema as the npm package @octokit/graphql-schema, fetched here with npm:
`python -m tests.github_simulator.check_schema`. Exits 1 with a list where something differs.
"""

import argparse
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    is_required_argument,
    is_required_input_field,
    parse,
    validate,
)
from graphql.type import GraphQLArgument

from app import feedback_poll
from indexer.sources import queries
from tests.github_simulator.graph import SCHEMA_FILE

PACKAGE = "@octokit/graphql-schema"
NPM_SECONDS = 180
QUERIES = {**queries.ALL, "feedback": feedback_poll.query((1, 2))}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.github_simulator.check_schema")
    parser.add_argument("--theirs", type=Path, help="a schema file instead of the npm package's")
    given = parser.parse_args()
    try:
        version, text = ("given", given.theirs.read_text("utf-8")) if given.theirs else fetch()
    except (OSError, subprocess.SubprocessError, tarfile.TarError, KeyError) as error:
        sys.exit(f"npm could not fetch {PACKAGE}: {error}")
    theirs = build_schema(text, assume_valid=True)
    ours = build_schema(SCHEMA_FILE.read_text("utf-8"))
    wrong = [*differences(ours, theirs), *refused_queries(theirs, QUERIES)]
    for line in wrong:
        sys.stdout.write(f"✗ {line}\n")
    kinds = sum(not name.startswith("__") for name in ours.type_map)
    summary = f"{kinds} types and {len(QUERIES)} queries against {PACKAGE} ({version})"
    if wrong:
        sys.exit(f"{len(wrong)} differences in {summary}")
    sys.stdout.write(f"✓ {summary}\n")


def fetch() -> tuple[str, str]:
    """The package's version and its schema, through npm."""
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            ["npm", "pack", PACKAGE, "--silent", "--pack-destination", folder],
            check=True,
            capture_output=True,
            text=True,
            timeout=NPM_SECONDS,
            cwd=folder,
        )
        name = packed.stdout.strip().splitlines()[-1]
        with tarfile.open(Path(folder, name)) as archive:
            member = archive.extractfile("package/schema.graphql")
            if member is None:
                raise KeyError("package/schema.graphql")
            return name.removesuffix(".tgz").rpartition("-")[2], member.read().decode("utf-8")


def differences(ours: GraphQLSchema, theirs: GraphQLSchema) -> Iterator[str]:
    """What our file says that GitHub does not, and what GitHub demands that ours leaves out."""
    for name, kind in ours.type_map.items():
        if name.startswith("__"):
            continue
        real = theirs.type_map.get(name)
        if real is None:
            yield f"{name}: GitHub has no such type"
        elif type(real) is not type(kind):
            yield f"{name}: {type(real).__name__} at GitHub, {type(kind).__name__} here"
        else:
            yield from _compare(kind, real)


def _compare(kind: GraphQLNamedType, real: GraphQLNamedType) -> Iterator[str]:
    """Two types of the same sort and name."""
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        assert isinstance(real, GraphQLObjectType | GraphQLInterfaceType)
        yield from _fields(kind, real)
    elif isinstance(kind, GraphQLInputObjectType):
        assert isinstance(real, GraphQLInputObjectType)
        yield from _inputs(kind.name, kind.fields, real.fields)
    elif isinstance(kind, GraphQLEnumType):
        assert isinstance(real, GraphQLEnumType)
        for value in kind.values.keys() - real.values.keys():
            yield f"{kind.name}.{value}: GitHub has no such value"
    elif isinstance(kind, GraphQLUnionType):
        assert isinstance(real, GraphQLUnionType)
        for member in {m.name for m in kind.types} - {m.name for m in real.types}:
            yield f"{kind.name}: {member} is no member at GitHub"


def _fields(
    kind: GraphQLObjectType | GraphQLInterfaceType, real: GraphQLObjectType | GraphQLInterfaceType
) -> Iterator[str]:
    for name in {i.name for i in kind.interfaces} - {i.name for i in real.interfaces}:
        yield f"{kind.name}: does not implement {name} at GitHub"
    for name, field in kind.fields.items():
        where = f"{kind.name}.{name}"
        theirs = real.fields.get(name)
        if theirs is None:
            yield f"{where}: GitHub has no such field"
            continue
        if str(field.type) != str(theirs.type):
            yield f"{where}: {theirs.type} at GitHub, {field.type} here"
        if theirs.deprecation_reason:
            yield f"{where}: deprecated by GitHub: {theirs.deprecation_reason}"
        yield from _inputs(where, field.args, theirs.args)


def _inputs(
    where: str,
    ours: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField],
    theirs: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField],
) -> Iterator[str]:
    for name, given in ours.items():
        if name not in theirs:
            yield f"{where}({name}:): GitHub has no such argument"
        elif str(given.type) != str(theirs[name].type):
            yield f"{where}({name}:): {theirs[name].type} at GitHub, {given.type} here"
    for name, wanted in theirs.items():
        required = (
            is_required_argument(wanted)
            if isinstance(wanted, GraphQLArgument)
            else is_required_input_field(wanted)
        )
        if required and name not in ours:
            yield f"{where}({name}:): GitHub requires it, and it is not here"


def refused_queries(schema: GraphQLSchema, texts: Mapping[str, str]) -> Iterator[str]:
    """Our queries that a schema does not accept."""
    for name, text in texts.items():
        try:
            wrong = validate(schema, parse(text))
        except GraphQLError as error:
            yield f"query {name}: {error.message}"
            continue
        yield from (f"query {name}: {complaint.message}" for complaint in wrong)


if __name__ == "__main__":
    main()
