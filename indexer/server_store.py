"""The store on a Qdrant server or cluster, for more than one process or machine."""

import warnings
from collections.abc import Callable, Sequence
from json import JSONDecodeError
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

import httpx
from qdrant_client import QdrantClient, models
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from indexer.errors import SettingError, StoreError, StoreMismatch, StoreUnavailable
from indexer.server_values import (
    filter_of,
    hit_of,
    payload_wanted,
    point_of,
    request_of,
    struct_of,
)
from indexer.settings import IndexSettings
from indexer.store import DENSE_CHANNELS, ChannelQuery, Fingerprint, Hit, Point, Where
from indexer.store_rules import (
    INTEGER_FIELDS,
    KEYWORD_FIELDS,
    META_ID,
    TENANT_FIELD,
    UPSERT_SIZE,
    check_fingerprint,
    checked_id,
    checked_points,
    checked_vector,
    fingerprint_of,
    meta_payload,
    page_of,
    settled,
)

T = TypeVar("T")

TIMEOUT_SECONDS = 30
CONNECT_SECONDS = 5
MAX_REPOS = 100_000
IDS_A_CALL = 1000
MISSING = 404
CONFLICT = 409
REFUSED = frozenset({401, 403})
TRY_LATER = frozenset({408, 429, 500, 502, 503, 504})


class ServerStore:
    """A knowledge base in one collection of a Qdrant server."""

    def __init__(
        self, client: QdrantClient, collection: str, fingerprint: Fingerprint, *, place: str
    ) -> None:
        self._client = client
        self._collection = collection
        self._fingerprint = fingerprint
        self._place = place
        self._closed = False

    @classmethod
    def open(cls, settings: IndexSettings, fingerprint: Fingerprint) -> Self:
        """Open QDRANT_COLLECTION on the server of QDRANT_URL; make it if there is none.

        Raises:
            StoreMismatch: it was built with another model or pipeline, or by something else.
            StoreUnavailable: the server does not answer, or refuses the key.
        """
        if not settings.qdrant_url:
            raise SettingError("QDRANT_URL is not set: it names the Qdrant server.")
        first = _connect(settings, CONNECT_SECONDS)  # an absent server is to fail soon
        try:
            place = _place(settings.qdrant_url)
            _guarded(lambda: first.collection_exists(settings.qdrant_collection), place, again=True)
        finally:
            first.close()
        client = _connect(settings, TIMEOUT_SECONDS)
        try:
            return cls.over(client, settings.qdrant_collection, fingerprint, place=place)
        except BaseException:  # whatever ended it, closed and raised again
            client.close()
            raise

    @classmethod
    def over(
        cls,
        client: QdrantClient,
        collection: str,
        fingerprint: Fingerprint,
        *,
        place: str = "memory",
    ) -> Self:
        """The same over a client that the caller made, which `close` closes."""
        store = cls(client, collection, fingerprint, place=place)
        store._prepare()
        return store

    @property
    def fingerprint(self) -> Fingerprint:
        """What the collection was built with."""
        return self._fingerprint

    def upsert(self, points: Sequence[Point]) -> None:
        """Write points, replacing those with the same ids whole."""
        checked = checked_points(points, self._fingerprint.dimension)
        for start in range(0, len(checked), UPSERT_SIZE):
            batch = [struct_of(point) for point in checked[start : start + UPSERT_SIZE]]
            self._put(batch)

    def delete(self, ids: Sequence[str]) -> None:
        """Delete points by id; unknown ids are no error."""
        checked = [identity for identity in map(checked_id, ids) if identity != META_ID]
        for start in range(0, len(checked), IDS_A_CALL):
            self._delete(models.PointIdsList(points=[*checked[start : start + IDS_A_CALL]]))

    def delete_where(self, where: Where) -> None:
        """Delete every point that matches."""
        self._delete(models.FilterSelector(filter=filter_of(where)))

    def query(self, queries: Sequence[ChannelQuery], fields: Sequence[str] = ()) -> list[list[Hit]]:
        """Answer several channel queries in one go, best first, each with those payload fields."""
        for query in queries:
            checked_vector(query.channel, query.vector, self._fingerprint.dimension)

        def ask(batch: list[ChannelQuery]) -> list[list[Hit]]:
            requests = [request_of(query, fields) for query in batch]
            answers = self._read(
                lambda: self._client.query_batch_points(self._collection, requests)
            )
            return [[hit_of(found) for found in answer.points] for answer in answers]

        return settled(queries, ask)

    def fetch(
        self,
        ids: Sequence[str],
        *,
        fields: Sequence[str] | None = None,
        vectors: bool = False,
    ) -> list[Point]:
        """Points by id, in the order of `ids`, unknown ones left out; `fields=None` means all."""
        checked = [identity for identity in map(checked_id, ids) if identity != META_ID]
        unique = list(dict.fromkeys(checked))
        found: dict[str, Point] = {}
        for start in range(0, len(unique), IDS_A_CALL):
            for point in self._retrieve(
                unique[start : start + IDS_A_CALL], fields, vectors=vectors
            ):
                found[point.id] = point
        return [found[identity] for identity in checked if identity in found]

    def scroll(
        self,
        where: Where | None,
        *,
        limit: int,
        after: str | None = None,
        fields: Sequence[str] | None = None,
        vectors: bool = False,
    ) -> tuple[list[Point], str | None]:
        """A page of points in the order of their ids, and the `after` of the next page."""
        start = None if after is None else checked_id(after)
        records, _ = self._read(
            lambda: self._client.scroll(
                self._collection,
                scroll_filter=filter_of(where),
                limit=limit + 2,
                offset=start,
                with_payload=payload_wanted(fields),
                with_vectors=vectors,
            )
        )
        return page_of([point_of(record) for record in records], start, limit)

    def count(self, where: Where | None = None) -> int:
        """How many points match, exactly."""
        return self._read(
            lambda: self._client.count(self._collection, filter_of(where), exact=True).count
        )

    def repos(self) -> dict[str, int]:
        """Each repository in the collection and how many points it has."""
        response = self._read(
            lambda: self._client.facet(self._collection, TENANT_FIELD, limit=MAX_REPOS, exact=True)
        )
        return dict(sorted((str(hit.value), hit.count) for hit in response.hits if hit.count))

    def flush(self) -> None:
        """Nothing is left to do: each write waited until the server had it in its log."""

    def compact(self) -> None:
        """Nothing is left to do: the server vacuums its own files."""

    def close(self) -> None:
        """Let go of the connection."""
        self._closed = True
        self._client.close()

    def _prepare(self) -> None:
        """Make the collection, or check that it is ours; whatever was left half done is redone."""
        if not self._read(lambda: self._client.collection_exists(self._collection)):
            self._create()
        records = self._read(lambda: self._client.retrieve(self._collection, [META_ID]))
        if not records:
            if self._read(lambda: self._client.count(self._collection, exact=True).count):
                raise StoreMismatch(
                    f"QDRANT_COLLECTION: the collection {self._collection} on {self._place} was "
                    "not made by Oncall Intern; name another."
                )
            self._describe()
            return
        try:
            recorded = fingerprint_of((records[0].payload or {})["fingerprint"])
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"The collection {self._collection} on {self._place} does not say what it was "
                "built with: restore it from a snapshot, or set another QDRANT_COLLECTION and "
                "run `intern backfill` again."
            ) from error
        check_fingerprint(
            recorded,
            self._fingerprint,
            place=f"{self._place}, collection {self._collection},",
            rebuild="delete that collection or set another QDRANT_COLLECTION",
        )

    def _create(self) -> None:
        dense = models.VectorParams(
            size=self._fingerprint.dimension, distance=models.Distance.COSINE
        )

        def create() -> None:
            try:
                self._client.create_collection(
                    self._collection,
                    vectors_config=dict.fromkeys(DENSE_CHANNELS, dense),
                    sparse_vectors_config={"bm25": models.SparseVectorParams()},
                    # Besides the whole graph, links within each repository; and as many
                    # candidates looked at, building and searching, as search asks for twice over.
                    hnsw_config=models.HnswConfigDiff(payload_m=16, ef_construct=256),
                    on_disk_payload=True,
                )
            except UnexpectedResponse as error:
                if error.status_code != CONFLICT:  # another process was quicker
                    raise

        self._write(create)

    def _describe(self) -> None:
        """Indexes and, last, the fingerprint: where it stands, the collection is complete."""
        tenant = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
        schemas: list[tuple[str, Any]] = [(TENANT_FIELD, tenant)]
        schemas += [(name, models.PayloadSchemaType.KEYWORD) for name in KEYWORD_FIELDS]
        schemas += [(name, models.PayloadSchemaType.INTEGER) for name in INTEGER_FIELDS]
        for name, schema in schemas:
            self._index(name, schema)
        meta = models.PointStruct(id=META_ID, vector={}, payload=meta_payload(self._fingerprint))
        self._put([meta])

    def _index(self, name: str, schema: Any) -> None:  # noqa: ANN401 - any of the schema types
        self._write(
            lambda: self._client.create_payload_index(self._collection, name, schema, wait=True)
        )

    def _put(self, points: list[models.PointStruct]) -> None:
        self._write(lambda: self._client.upsert(self._collection, points, wait=True))

    def _delete(self, selector: models.PointIdsList | models.FilterSelector) -> None:
        self._write(lambda: self._client.delete(self._collection, selector, wait=True))

    def _retrieve(
        self, ids: Sequence[str], fields: Sequence[str] | None, *, vectors: bool
    ) -> list[Point]:
        records = self._read(
            lambda: self._client.retrieve(
                self._collection,
                [*ids],
                with_payload=payload_wanted(fields),
                with_vectors=vectors,
            )
        )
        return [point_of(record) for record in records]

    def _read(self, action: Callable[[], T]) -> T:
        self._check_open()
        return _guarded(action, self._place, again=True)

    def _write(self, action: Callable[[], object]) -> None:
        self._check_open()
        _guarded(action, self._place, again=False)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"The knowledge base on {self._place} was closed.")


def _connect(settings: IndexSettings, timeout: int) -> QdrantClient:
    key = settings.qdrant_api_key
    try:
        with warnings.catch_warnings():
            # Two lines that are no sentence of ours; in Compose nobody listens in between.
            warnings.filterwarnings("ignore", "Api key is used with an insecure connection")
            return QdrantClient(
                url=settings.qdrant_url,
                api_key=key.get_secret_value() if key else None,
                timeout=timeout,
                check_compatibility=False,  # it only warns, and costs a request
            )
    except ValueError as error:
        raise SettingError("QDRANT_URL is not an http or https address.") from error


def _place(url: str) -> str:
    """The address as it may be shown: without a user's name and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _guarded(action: Callable[[], T], place: str, *, again: bool) -> T:
    """The client's exceptions as ours; a read is tried once more when the line broke."""
    try:
        return action()
    except ResponseHandlingException as error:
        if again and isinstance(error.source, httpx.TransportError):
            return _guarded(action, place, again=False)
        raise StoreUnavailable(
            f"QDRANT_URL: the Qdrant server at {place} does not answer "
            f"({type(error.source).__name__})."
        ) from error
    except JSONDecodeError as error:
        raise StoreUnavailable(
            f"QDRANT_URL: what answers at {place} is no Qdrant server."
        ) from error
    except ResourceExhaustedResponse as error:
        raise StoreUnavailable(f"QDRANT_URL: the Qdrant server at {place} is busy.") from error
    except UnexpectedResponse as error:
        if error.status_code in REFUSED:
            raise StoreUnavailable(
                f"QDRANT_API_KEY: the Qdrant server at {place} refuses it."
            ) from error
        if error.status_code in TRY_LATER:
            if again:
                return _guarded(action, place, again=False)
            raise StoreUnavailable(
                f"QDRANT_URL: the Qdrant server at {place} answers HTTP {error.status_code}."
            ) from error
        if error.status_code == MISSING and not error.content.lstrip().startswith(b"{"):
            raise StoreUnavailable(
                f"QDRANT_URL: what answers at {place} is no Qdrant server."
            ) from error
        raise StoreError(f"The Qdrant server at {place} refused a call: {error}.") from error
