import os
import socket

import pytest

from indexer.edge_store import EdgeStore
from indexer.errors import StoreBusy, StoreMismatch, StoreUnavailable
from indexer.knowledge_base import collection_folder, open_knowledge_base, socket_path
from indexer.remote_store import RemoteStore
from indexer.settings import IndexSettings
from tests.fakes_store import fingerprint, local_socket, point


@pytest.fixture
def settings(tmp_path):
    return IndexSettings(data_dir=tmp_path / "data", qdrant_url=None)


def test_the_embedded_store_is_opened_in_place(settings):
    kb = open_knowledge_base(settings, fingerprint())
    assert isinstance(kb, EdgeStore)
    kb.close()
    assert collection_folder(settings).is_dir()


def test_a_running_server_is_asked_instead(settings):
    owner = open_knowledge_base(settings, fingerprint(), own=True)
    with local_socket(owner, settings.data_dir):
        kb = open_knowledge_base(settings, fingerprint())
        assert isinstance(kb, RemoteStore)
        kb.upsert([point("a")])
        kb.close()
        with pytest.raises(StoreBusy, match=f"process {os.getpid()}"):
            open_knowledge_base(settings, fingerprint(), own=True)
        with pytest.raises(StoreMismatch, match="stop the server"):
            open_knowledge_base(settings, fingerprint(pipeline=2))
    assert owner.count() == 1
    owner.close()


def test_an_owner_without_a_socket_is_named(settings):
    owner = open_knowledge_base(settings, fingerprint())
    with pytest.raises(StoreBusy, match=f"process {os.getpid()}"):
        open_knowledge_base(settings, fingerprint())
    owner.close()


def test_the_socket_that_a_killed_server_left_is_no_obstacle(settings):
    settings.data_dir.mkdir()
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(socket_path(settings)))
        killed.listen()
    assert socket_path(settings).exists()
    kb = open_knowledge_base(settings, fingerprint())
    assert isinstance(kb, EdgeStore)
    with local_socket(kb, settings.data_dir) as path:
        RemoteStore.open(path, fingerprint()).close()
    kb.close()


def test_a_server_that_opens_its_socket_meanwhile_is_found(settings, monkeypatch):
    owner = open_knowledge_base(settings, fingerprint())
    with local_socket(owner, settings.data_dir):
        answers = iter([False, True])
        monkeypatch.setattr("indexer.knowledge_base.is_served", lambda _: next(answers))
        kb = open_knowledge_base(settings, fingerprint())
        assert isinstance(kb, RemoteStore)
        kb.close()
    owner.close()


def test_a_qdrant_url_comes_first(settings):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(StoreUnavailable, match="QDRANT_URL"):
        open_knowledge_base(settings.model_copy(update={"qdrant_url": url}), fingerprint())
    assert not settings.data_dir.exists()
