"""What a GraphQL query costs and the limits it must keep, as GitHub documents both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    get_variable_values,
    value_from_ast_untyped,
)

MOST_NODES = 500_000
MOST_A_PAGE = 100
CONNECTIONS = {"issues", "discussions", "comments", "labels", "reactors", "timelineItems"}
# Of these only the total is asked for, which takes a request and no `first`.
COUNTED = {"reactions"}


class Complaint(GraphQLError):
    """An error with GitHub's `type` beside the message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Cost:
    """What a query asks for: requests, by which GitHub counts points, and nodes."""

    requests: int
    nodes: int

    @property
    def points(self) -> int:
        return max(1, round(self.requests / 100))


def cost_of(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> Cost:
    """Requests and nodes of a query, as GitHub documents its counting.

    A connection takes one request for each of its parents; what it may return are its nodes.

    Raises:
        Complaint: a connection has no `first` or `last`, one of more than 100, or all of them
            together could return too many nodes.
    """
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    fragments = {
        d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
    }
    values = get_variable_values(schema, operation.variable_definitions or (), dict(variables))
    known = getattr(values, "coerced", None) or (values if isinstance(values, dict) else variables)
    requests, nodes = _count(operation, 1, dict(known), fragments)
    if nodes > MOST_NODES:
        raise Complaint(
            "MAX_NODE_LIMIT_EXCEEDED",
            f"This query requests up to {nodes:,} possible nodes which exceeds the maximum limit "
            f"of {MOST_NODES:,}.",
        )
    return Cost(requests, nodes)


def _count(
    node: Any, parents: int, variables: Mapping[str, Any], fragments: Mapping[str, Any]
) -> tuple[int, int]:
    requests = nodes = 0
    for selection in node.selection_set.selections if node.selection_set else ():
        inner, each = selection, parents
        if isinstance(selection, FragmentSpreadNode):
            inner = fragments[selection.name.value]
        elif isinstance(selection, FieldNode) and selection.name.value in CONNECTIONS:
            each = parents * _asked_for(selection, variables)
            requests += parents
            nodes += each
        elif isinstance(selection, FieldNode) and selection.name.value in COUNTED:
            requests += parents
        elif not isinstance(selection, FieldNode | InlineFragmentNode):
            continue
        deeper = _count(inner, each, variables, fragments)
        requests += deeper[0]
        nodes += deeper[1]
    return requests, nodes


def _asked_for(field: FieldNode, variables: Mapping[str, Any]) -> int:
    name = field.name.value
    given = {
        argument.name.value: value_from_ast_untyped(argument.value, dict(variables))
        for argument in field.arguments or ()
    }
    size = next((given[n] for n in ("first", "last") if isinstance(given.get(n), int)), None)
    if size is None:
        raise Complaint(
            "MISSING_PAGINATION_BOUNDARIES",
            f"You must provide a `first` or `last` value to properly paginate the `{name}` "
            "connection.",
        )
    if size > MOST_A_PAGE:
        raise Complaint(
            "EXCESSIVE_PAGINATION",
            f"Requesting {size} records on the `{name}` connection exceeds the `first` limit of "
            f"{MOST_A_PAGE} records.",
        )
    if size < 0:
        raise Complaint("INVALID", f"`first` on the `{name}` connection cannot be less than zero.")
    return int(size)
