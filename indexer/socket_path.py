"""A Unix socket in a folder of any depth.

A socket's address holds about a hundred bytes, and data folders are often deeper. A short
symbolic link to the folder, in a private temporary folder, is an address that always fits:
the socket itself still lies in the data folder, where everyone looks for it.
"""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.errors import StoreUnavailable

MAX_ADDRESS_BYTES = 100
SHORT_FOLDERS = (None, "/tmp")  # noqa: S108 - the folder made in it is private and unguessable


@contextmanager
def short_address(path: Path) -> Iterator[str]:
    """An address of the socket at `path` that is short enough, good until the block ends.

    Raises:
        StoreUnavailable: no short enough address can be made.
    """
    address = str(path)
    if len(address.encode()) <= MAX_ADDRESS_BYTES:
        yield address
        return
    for parent in SHORT_FOLDERS:
        with tempfile.TemporaryDirectory(prefix="intern-", dir=parent) as folder:
            link = Path(folder, "data")
            address = str(link / path.name)
            if len(address.encode()) <= MAX_ADDRESS_BYTES:
                link.symlink_to(path.parent.resolve(), target_is_directory=True)
                yield address
                return
    raise StoreUnavailable(f"DATA_DIR: the path {path} is too long for a socket; choose another.")


def is_served(path: Path) -> bool:
    """Whether a process listens on the socket; a file left by a dead one does not count.

    Raises:
        StoreUnavailable: one may be listening, but this user may not ask it.
    """
    with short_address(path) as address, socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(address)
        except PermissionError as error:
            raise StoreUnavailable(
                f"DATA_DIR: {path} belongs to another user; run this as that user."
            ) from error
        except (ConnectionRefusedError, FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise StoreUnavailable(
                f"DATA_DIR: the server behind {path} does not answer ({error})."
            ) from error
    return True
