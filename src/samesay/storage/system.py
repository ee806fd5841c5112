"""What the system offers to writers: an advisory lock, and putting a file or folder in its place in one step."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import sys
import time
from pathlib import Path

from samesay.errors import TargetExists

# Where a file system knows no locks, a hidden file this old belongs to nobody.
_ABANDONED_AFTER_SECONDS = 24 * 3600
# Flags of renameat2(2) on Linux and renamex_np(2) on macOS.
_NO_REPLACE, _EXCHANGE = (4, 2) if sys.platform == "darwin" else (1, 2)
_AT_FDCWD = -100


class Claim:
    """An advisory lock on a file or folder, held while its writer is alive, however it ends.

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


def exchange(source: Path, target: Path) -> bool:
    """Let two folders change places in one system call.

    Returns:
        False, with nothing done, if the system or the file system has no such call.
    """
    return _rename_with(source, target, _EXCHANGE)


def rename_new(source: Path, target: Path) -> None:
    """Rename, refusing to replace anything but an empty folder."""
    if target.is_dir() and not target.is_symlink():
        try:
            source.rename(target)  # the system replaces an empty folder and refuses any other
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                raise taken(target) from error
            raise
        return
    try:
        if _rename_with(source, target, _NO_REPLACE):
            return
    except FileExistsError as error:
        raise taken(target) from error
    if os.path.lexists(target):
        raise taken(target)
    source.rename(target)


def taken(target: Path) -> TargetExists:
    """The error for a place that is taken."""
    return TargetExists(
        f"{target} exists already.",
        where=str(target),
        hint="name another output, or replace it with --overwrite (overwrite=True)",
    )


def _rename_with(source: Path, target: Path, flag: int) -> bool:
    """Rename in one system call with a flag.

    Returns:
        False if the system or the file system has no such call.
    """
    try:
        library = ctypes.CDLL(None, use_errno=True)
    except (OSError, TypeError):
        return False
    names = os.fsencode(source), os.fsencode(target)
    if sys.platform == "darwin" and hasattr(library, "renamex_np"):
        failed = library.renamex_np(*names, ctypes.c_uint(flag))
    elif sys.platform == "linux" and hasattr(library, "renameat2"):
        failed = library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], ctypes.c_uint(flag))
    else:
        return False
    if not failed:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP):
        return False
    raise OSError(code, os.strerror(code), str(source), None, str(target))
