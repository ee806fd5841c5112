"""Putting a finished file or folder in its place in one step, as far as the system has such a step."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path

from samesay.errors import TargetExists

# Flags of renameat2(2) on Linux and renamex_np(2) on macOS.
_NO_REPLACE, _EXCHANGE = (4, 2) if sys.platform == "darwin" else (1, 2)
_AT_FDCWD = -100


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
