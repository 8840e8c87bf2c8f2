import os
import socket
from pathlib import Path

import pytest

from indexer.errors import StoreUnavailable
from indexer.socket_path import MAX_ADDRESS_BYTES, is_served, short_address


def test_a_short_path_is_its_own_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with short_address(Path("intern.sock")) as address:
        assert address == "intern.sock"


def test_a_deep_folder_has_a_short_address_and_the_socket_lies_in_it(tmp_path):
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    path = deep / "intern.sock"
    with socket.socket(socket.AF_UNIX) as server:
        with short_address(path) as address:
            assert len(address) <= MAX_ADDRESS_BYTES
            assert Path(address).parent.parent.stat().st_mode & 0o077 == 0
            server.bind(address)
        assert not Path(address).parent.exists()
        server.listen()
        assert path.is_socket()
        assert is_served(path)
    assert not is_served(path)


def test_a_deep_temporary_folder_is_no_obstacle(tmp_path, monkeypatch):
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with short_address(deep / "intern.sock") as address:
        assert len(address) <= MAX_ADDRESS_BYTES


def test_a_name_that_never_fits_names_the_setting(tmp_path):
    with (
        pytest.raises(StoreUnavailable, match="DATA_DIR"),
        short_address(tmp_path / ("n" * MAX_ADDRESS_BYTES)),
    ):
        pass


def test_nothing_and_a_plain_file_are_not_served(tmp_path):
    assert not is_served(tmp_path / "intern.sock")
    (tmp_path / "intern.sock").write_text("")
    assert not is_served(tmp_path / "intern.sock")


def test_the_server_of_another_user_is_named_as_such(tmp_path):
    path = tmp_path / "intern.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        path.chmod(0)
        user = os.geteuid()
        if user == 0:  # root may connect to anything
            os.seteuid(65534)
        try:
            with pytest.raises(StoreUnavailable, match="another user"):
                is_served(path)
        finally:
            os.seteuid(user)
