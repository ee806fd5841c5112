"""Whose a hidden file or folder is: a lock that lives as long as its writer, whatever is written."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

# Where a file system knows no locks, a hidden file this old belongs to nobody.
_ABANDONED_AFTER_SECONDS = 24 * 3600


class Claim:
    """An advisory lock on a file or folder, which the system drops when its process ends, however it ends.

    Attributes:
        taken: Whether another writer holds it.
    """

    def __init__(self, path: Path, descriptor: int | None, *, taken: bool) -> None:
        self._path = path
        self._descriptor = descriptor
        self.taken = taken

    @classmethod
    def take(cls, path: Path, descriptor: int | None = None) -> Claim:
        """Try to lock ``path``; whether that worked is in `taken` and `free`.

        Args:
            path: What lies there; a link is not followed.
            descriptor: Of it, where it is open already.
        """
        try:
            import fcntl
        except ImportError:
            return cls(path, None, taken=False)
        try:
            # A pipe that was put there must not be waited for.
            flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            descriptor = os.open(path, flags) if descriptor is None else os.dup(descriptor)
        except OSError:
            return cls(path, None, taken=False)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return cls(path, None, taken=True)
        except OSError:  # a file system without locks
            os.close(descriptor)
            return cls(path, None, taken=False)
        return cls(path, descriptor, taken=False)

    @property
    def free(self) -> bool:
        """Whether no living writer can hold the path: we have locked it, or it is old and knows no locks."""
        if self.taken:
            return False
        if self._descriptor is not None:
            return True
        with contextlib.suppress(OSError):
            return time.time() - self._path.lstat().st_mtime > _ABANDONED_AFTER_SECONDS
        return False

    @property
    def in_place(self) -> bool:
        """Whether what was locked still lies at the path; True where it cannot be told."""
        try:
            there = self._path.lstat()
        except OSError:
            return False
        return self._descriptor is None or os.path.samestat(os.fstat(self._descriptor), there)

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            import fcntl

            # Another descriptor of the same open file would keep it.
            with contextlib.suppress(OSError):
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            os.close(self._descriptor)
            self._descriptor = None
