"""Rules that every store keeps: valid points, conditions, the order of hits, the fingerprint.

Pure functions; edge_store, server_store and remote_store share them, so that one contract
holds for all three.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np

from indexer.errors import StoreMismatch
from indexer.store import (
    DENSE_CHANNELS,
    Channel,
    ChannelQuery,
    DenseVector,
    Fingerprint,
    Hit,
    Point,
    SparseVector,
    Where,
)

UPSERT_SIZE = 100
META_ID = str(uuid5(NAMESPACE_URL, "oncall-intern:collection"))
META_KIND = "meta"
KEYWORD_FIELDS = ("kind", "path", "signatures")
INTEGER_FIELDS = ("number", "created")
TENANT_FIELD = "repo"

# Equal scores come in no stable order, so a few hits more than asked for are fetched; where
# equal scores reach beyond those, ask again with more. Past the last step order is left open.
TIE_MARGINS = (16, 256, 4096)
MAX_TOKEN = 2**32 - 1


def checked_points(points: Sequence[Point], dimension: int) -> list[Point]:
    """Points as a store can keep them; of several with one id the last counts.

    Raises:
        ValueError: an id is no UUID, or a vector is not what its channel holds.
    """
    kept: dict[str, Point] = {}
    for point in points:
        identity = checked_id(point.id)
        if identity == META_ID:
            raise ValueError(f"the id {META_ID} is reserved for the fingerprint")
        kept.pop(identity, None)
        kept[identity] = Point(
            identity,
            {name: checked_vector(name, v, dimension) for name, v in point.vectors.items()},
            clean_json(point.payload),
        )
    return list(kept.values())


def checked_id(identity: str) -> str:
    """The id in the one spelling that stores use.

    Raises:
        ValueError: it is no UUID.
    """
    return str(UUID(identity))


def checked_vector(
    channel: Channel, vector: DenseVector | SparseVector, dimension: int
) -> DenseVector | SparseVector:
    """The vector if its channel can hold it: a store would keep NaN and never find it.

    Raises:
        ValueError: wrong kind, dimension or value.
    """
    if isinstance(vector, SparseVector):
        if channel in DENSE_CHANNELS:
            raise ValueError(f"channel {channel} holds dense vectors")
        if len(vector.indices) != len(vector.values):
            raise ValueError("a sparse vector has as many values as indices")
        if len(set(vector.indices)) != len(vector.indices):
            raise ValueError("the indices of a sparse vector are unique")
        if vector.indices and not 0 <= min(vector.indices) <= max(vector.indices) <= MAX_TOKEN:
            raise ValueError("the indices of a sparse vector fit in 32 bits")
        if not all(map(math.isfinite, vector.values)):
            raise ValueError("a sparse vector holds a value that is not a number")
        return vector
    if channel not in DENSE_CHANNELS:
        raise ValueError(f"channel {channel} does not hold dense vectors")
    dense = np.ascontiguousarray(vector, dtype=np.float32)
    if dense.shape != (dimension,):
        raise ValueError(f"a vector of shape {dense.shape} where the dimension is {dimension}")
    if not np.isfinite(dense).all():
        raise ValueError("a dense vector holds a value that is not a number")
    return dense


def clean_json(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The same JSON without lone surrogates, which no engine takes.

    Raises:
        ValueError: it holds something that JSON has no word for.
    """
    if isinstance(value, str):
        if value.isascii():
            return value
        return value.encode("utf-8", "replace").decode("utf-8")
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Mapping):
        return {clean_json(str(key)): clean_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(inner) for inner in value]
    raise ValueError(f"a payload holds a {type(value).__name__} that JSON has no word for")


class Conditions(NamedTuple):
    """A `Where` as the engines see it: fields and the values one of which they must have."""

    any_of: dict[str, list[str] | list[int]]
    none_of: dict[str, list[int]]
    created_before: int | None


def conditions(where: Where) -> Conditions:
    """What a point's payload must and must not hold to match."""
    wanted: dict[str, list[str] | list[int]] = {TENANT_FIELD: clean_json(where.repos)}
    if where.kinds:
        wanted["kind"] = clean_json(where.kinds)
    if where.numbers:
        wanted["number"] = list(where.numbers)
    if where.path is not None:
        wanted["path"] = [clean_json(where.path)]
    if where.signatures:
        wanted["signatures"] = clean_json(where.signatures)
    unwanted = {"number": list(where.not_numbers)} if where.not_numbers else {}
    return Conditions(wanted, unwanted, where.created_before)


def settled(
    queries: Sequence[ChannelQuery], ask: Callable[[list[ChannelQuery]], list[list[Hit]]]
) -> list[list[Hit]]:
    """The best hits of each query by (−score, id), whatever order the engine gives equals in.

    `ask` answers several queries at once. Asked again only where equal scores run past what it
    returned.
    """
    answers: list[list[Hit]] = [[] for _ in queries]
    pending = [index for index, query in enumerate(queries) if query.limit > 0]
    for margin in TIE_MARGINS:
        if not pending:
            break
        wider = [replace(queries[i], limit=queries[i].limit + margin) for i in pending]
        undecided = []
        for index, query, hits in zip(pending, wider, ask(wider), strict=True):
            hits.sort(key=lambda hit: (-hit.score, hit.id))
            limit = queries[index].limit
            answers[index] = hits[:limit]
            if len(hits) >= query.limit and hits[limit - 1].score == hits[-1].score:
                undecided.append(index)
        pending = undecided
    return answers


def page_of(found: list[Point], after: str | None, limit: int) -> tuple[list[Point], str | None]:
    """A page out of `limit + 2` points from `after` on, and the next page's `after`."""
    rest = [point for point in found if point.id != after]
    page = rest[:limit]
    return page, page[-1].id if page and len(rest) > limit else None


def meta_payload(fingerprint: Fingerprint) -> dict[str, Any]:
    """What the fingerprint's point holds. Without a repository no `Where` ever matches it."""
    return {"kind": META_KIND, "fingerprint": fingerprint_json(fingerprint)}


def fingerprint_json(fingerprint: Fingerprint) -> dict[str, Any]:
    """The fingerprint as plain JSON."""
    return {
        "model": fingerprint.model,
        "dimension": fingerprint.dimension,
        "files": dict(fingerprint.files),
        "pipeline": fingerprint.pipeline,
    }


def fingerprint_of(record: Mapping[str, Any]) -> Fingerprint:
    """The fingerprint from what `fingerprint_json` gave.

    Raises:
        ValueError: it is not from there.
    """
    try:
        return Fingerprint(
            model=str(record["model"]),
            dimension=int(record["dimension"]),
            files={str(name): str(digest) for name, digest in record["files"].items()},
            pipeline=int(record["pipeline"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"this is no fingerprint: {error}") from error


def check_fingerprint(
    recorded: Fingerprint, wanted: Fingerprint, *, place: str, rebuild: str
) -> None:
    """Nothing if the two agree.

    Raises:
        StoreMismatch: a sentence with what differs and how to build the collection again.
    """
    if fingerprint_json(recorded) == fingerprint_json(wanted):
        return
    differences = []
    if recorded.model != wanted.model:
        differences.append(f"model {recorded.model}, now {wanted.model}")
    elif recorded.dimension != wanted.dimension:
        differences.append(f"dimension {recorded.dimension}, now {wanted.dimension}")
    else:
        names = sorted(recorded.files.keys() | wanted.files.keys())
        changed = [n for n in names if recorded.files.get(n) != wanted.files.get(n)]
        if changed:
            differences.append(f"another version of the model's {', '.join(changed)}")
    # Only a setting can be set back; another version of this program stays another.
    back = "set EMBEDDING_MODEL or EMBEDDING_MODEL_PATH back, or " if differences else ""
    if recorded.pipeline != wanted.pipeline:
        differences.append(f"pipeline version {recorded.pipeline}, now {wanted.pipeline}")
    raise StoreMismatch(
        f"The knowledge base in {place} was built with {' and '.join(differences)}: "
        f"{back}{rebuild} and run `intern backfill` or `intern import` again."
    )
