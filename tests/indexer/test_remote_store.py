import socket
import threading

import pytest

from indexer.edge_store import EdgeStore
from indexer.errors import StoreError, StoreUnavailable
from indexer.remote_store import RemoteStore
from indexer.store import Where
from tests.fakes_store import fingerprint, local_socket, point, point_id

# httpcore forgets to close the socket of a connection that was refused; collected, it is closed.
refused = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


class Failing:
    """A store whose every answer is one error."""

    fingerprint = fingerprint()

    def __init__(self, error):
        self.error = error

    def count(self, where=None):
        raise self.error


@refused
def test_nobody_behind_the_socket(tmp_path):
    with pytest.raises(StoreUnavailable, match="does not answer"):
        RemoteStore.open(tmp_path / "intern.sock", fingerprint())


@pytest.mark.parametrize("error", [StoreUnavailable("the disk is full"), StoreError("damaged")])
def test_the_owners_errors_arrive(tmp_path, error):
    with local_socket(Failing(error), tmp_path) as path:
        kb = RemoteStore.open(path, fingerprint())
        with pytest.raises(type(error), match=str(error)):
            kb.count(Where(("o/r",)))
        kb.close()


def test_an_unknown_failure_of_the_owner_is_told_as_such(tmp_path):
    with local_socket(Failing(RuntimeError("bug")), tmp_path) as path:
        kb = RemoteStore.open(path, fingerprint())
        with pytest.raises(StoreUnavailable, match="HTTP 500"):
            kb.count()
        kb.close()


@refused
def test_a_server_that_stops_is_noticed_and_one_that_starts_again_is_found(tmp_path):
    behind = EdgeStore.open(tmp_path / "collection", fingerprint())
    with local_socket(behind, tmp_path) as path:
        kb = RemoteStore.open(path, fingerprint())
        kb.upsert([point("a")])
    with pytest.raises(StoreUnavailable, match="does not answer"):
        kb.count()
    with local_socket(behind, tmp_path):
        assert [one.id for one in kb.fetch([point_id("a")])] == [point_id("a")]
    kb.close()
    behind.close()


def test_something_else_behind_the_socket(tmp_path):
    path = tmp_path / "intern.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(StoreUnavailable, match="another version"):
            RemoteStore.open(path, fingerprint())
        thread.join()
