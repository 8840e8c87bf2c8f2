"""One process owns a folder, and the others learn which."""

import fcntl
import os
from pathlib import Path
from typing import Self

from indexer.errors import StoreBusy


class FolderLock:
    """A `flock` on a file of the folder that holds the owner's process id.

    The kernel lets go of it when the owner dies, however it dies.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, folder: Path) -> Self:
        """Own the folder, which must exist.

        Raises:
            StoreBusy: another opener owns it; the text names its process.
        """
        descriptor = os.open(folder / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(descriptor, 32).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise StoreBusy(
                f"The knowledge base in {folder} is in use by "
                f"{f'process {owner}' if owner else 'another process'}: "
                "wait for it to end, or stop it."
            ) from None
        except BaseException:  # whatever ended it, closed and raised again
            os.close(descriptor)
            raise
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Let others have it; a second call does nothing."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None
