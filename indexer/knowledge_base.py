"""The one way to open the knowledge base, for every command and for the server."""

from pathlib import Path

from indexer.edge_store import EdgeStore
from indexer.errors import StoreBusy
from indexer.remote_store import RemoteStore
from indexer.settings import IndexSettings
from indexer.socket_path import is_served
from indexer.store import Fingerprint, KnowledgeBase


def collection_folder(settings: IndexSettings) -> Path:
    """Where the embedded store keeps its files."""
    return settings.data_dir / "collection"


def socket_path(settings: IndexSettings) -> Path:
    """Where a running server listens for the other commands."""
    return settings.data_dir / "intern.sock"


def open_knowledge_base(
    settings: IndexSettings, fingerprint: Fingerprint, *, own: bool = False
) -> KnowledgeBase:
    """The Qdrant server of QDRANT_URL, else the store of a running server, else the embedded one.

    Args:
        settings: where to look.
        fingerprint: what the caller's vectors come from.
        own: never go through another process; for the server, which has to own what it serves.

    Raises:
        StoreBusy: a process without a socket has the embedded store open; the text names it.
        StoreMismatch: the collection was built with another model or pipeline.
        StoreUnavailable: the server or the disk cannot be used.
    """
    if settings.qdrant_url:
        from indexer.server_store import ServerStore  # its client takes a second to import

        return ServerStore.open(settings, fingerprint)
    socket = socket_path(settings)
    if not own and is_served(socket):
        return RemoteStore.open(socket, fingerprint)
    settings.made_data_dir()
    try:
        return EdgeStore.open(collection_folder(settings), fingerprint)
    except StoreBusy:
        if not own and is_served(socket):  # a server that began to listen meanwhile
            return RemoteStore.open(socket, fingerprint)
        raise
