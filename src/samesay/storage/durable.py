"""Files and folders that appear whole or not at all, whatever kills the process that writes them.

Both are written in a hidden folder beside their target, flushed to the disk, and renamed. A replaced folder is
*exchanged* with the new one in a single system call where the system has one (Linux, macOS); elsewhere the old one is
moved aside first and put back by `restore_previous` if the process dies between the two renames. The hidden folder is
locked while its writer lives, so that `clear_leftovers` can tell a killed run's remains from another run's work; of
what lies by such a name only a folder of this user's is looked into, and only what a run puts there is removed.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from samesay.errors import DiskFull, OutputUnwritable, SameSayError
from samesay.storage.own import is_own
from samesay.storage.system import Claim, exchange, rename_new, taken

# In the hidden folder: what is written, its name followed by a library's suffix, and what it replaces.
_NEW, _PREVIOUS = "new", "previous"
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
# A file system that cannot reserve room says nothing of how much there is.
_NOT_RESERVED = {errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS}
_REFUSED = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
    errno.EBUSY,
    errno.EXDEV,
    errno.EISDIR,
    errno.EEXIST,
    errno.EFBIG,
    errno.EIO,
    errno.ELOOP,
}


@contextmanager
def new_folder(
    target: Path, *, replace: bool, check: Callable[[], None] = lambda: None, by_umask: bool = True
) -> Iterator[Path]:
    """A folder to fill, which becomes ``target`` when the block ends well and vanishes when it does not.

    Args:
        target: The folder to be, not followed where it is a link; its parents are made (and removed again on failure).
        replace: Whether an existing folder may be exchanged for the new one and removed.
        check: Called right before the exchange; raise there to refuse it.
        by_umask: Give what lies in it the rights that new files have; libraries write some for their user alone.

    Yields:
        The hidden folder to write into.

    Raises:
        TargetExists: If ``target`` is there and ``replace`` is false.
        DiskFull: If the disk is full; nothing is left behind.
        OutputUnwritable: If the system refuses to write there; nothing is left behind.
    """
    with said_plainly(target), made_parents(target):
        _require_kind(target, stat.S_ISDIR, "no folder")
        clear_leftovers(target)
        with _hidden(target) as hidden:
            folder = hidden / _NEW
            folder.mkdir()
            mode = stat.S_IMODE(folder.lstat().st_mode)
            yield folder
            if by_umask:
                _give_modes(folder, mode)
            flush_tree(folder)
            check()
            # After an exchange the hidden folder holds the replaced one.
            _put_in_place(folder, target, replace=replace)
            flush_folder(target.parent)


@contextmanager
def new_file(target: Path, *, replace: bool) -> Iterator[BinaryIO]:
    """A binary file to write, which becomes ``target`` if the block ends well and vanishes if it does not.

    Raises:
        TargetExists: If ``target`` is there and ``replace`` is false.
        DiskFull: If the disk is full; nothing is left behind.
        OutputUnwritable: If the system refuses to write there; nothing is left behind.
    """
    with new_file_by_name(target, replace=replace) as hidden, hidden.open("wb") as stream:
        yield stream


@contextmanager
def new_file_by_name(target: Path, *, replace: bool, suffix: str = "") -> Iterator[Path]:
    """The same for a library that opens its file itself: yields the hidden file's name, which ends with ``suffix``."""
    with said_plainly(target), made_parents(target):
        if not replace and os.path.lexists(target):
            raise taken(target)
        _require_kind(target, stat.S_ISREG, "no plain file")
        clear_leftovers(target)
        with _hidden(target) as folder:
            hidden = folder / f"{_NEW}{suffix}"
            hidden.touch(exist_ok=False)
            mode = stat.S_IMODE(hidden.lstat().st_mode)
            yield hidden
            _give_mode(hidden, mode)  # a library may have put another file there
            # A handle open for writing: Windows refuses to flush through any other.
            with hidden.open("rb+") as stream:
                os.fsync(stream.fileno())
            if replace:
                hidden.replace(target)
            else:
                rename_new(hidden, target)
            flush_folder(target.parent)


def _require_kind(target: Path, is_kind: Callable[[int], bool], otherwise: str) -> None:
    """Refuse to replace a device or a pipe, a folder by a file, or a file by a folder; a link itself may be."""
    try:
        mode = target.lstat().st_mode
    except OSError:  # which says itself later what it is about
        return
    if not is_kind(mode) and not stat.S_ISLNK(mode):
        raise OutputUnwritable(
            f"{target} is {otherwise}, and is not replaced.", where=str(target), hint="name another output"
        )


class _Writable(Exception):
    pass


def require_writable(target: Path) -> None:
    """Refuse a place that `new_folder` could not write to, before hours of work and not after; nothing is left there.

    Raises:
        DiskFull: If the disk is full.
        OutputUnwritable: If the system refuses to write there.
    """
    with contextlib.suppress(_Writable), new_folder(target, replace=True):
        raise _Writable


def require_room(folder: Path, n_bytes: int) -> None:
    """Refuse to write ``n_bytes`` into ``folder`` where they do not fit, for libraries that do not survive a full disk.

    HDF5 ends the process by a segmentation fault: it closes its file again after the close has failed.

    Raises:
        OSError: As writing them would.
    """
    reserve = folder / ".reserve"
    try:
        with reserve.open("xb") as stream:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(stream.fileno(), 0, n_bytes)
            elif shutil.disk_usage(folder).free < n_bytes:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as problem:
        if problem.errno not in _NOT_RESERVED:
            raise
    finally:
        reserve.unlink(missing_ok=True)


def clear_leftovers(target: Path) -> None:
    """Remove the drafts that killed runs left beside ``target``; what a living writer holds stays."""
    restore_previous(target)
    for path, claim in _abandoned(target):
        _remove_hidden(path, claim, target)


def restore_previous(target: Path) -> None:
    """Put the old folder back if a process died between moving it aside and putting the new one in its place."""
    if os.path.lexists(target):
        return
    for path, claim in _abandoned(target):
        if is_own(path / _PREVIOUS, folder=True) and not os.path.lexists(target):
            with contextlib.suppress(OSError):
                (path / _PREVIOUS).rename(target)
                _remove_hidden(path, claim, target)


def _abandoned(target: Path) -> Iterator[tuple[Path, Claim]]:
    """The drafts beside ``target`` that no living process writes, each locked until the next is asked for."""
    beside: list[Path] = []
    with contextlib.suppress(OSError):
        beside = sorted(target.parent.glob(f"{glob.escape(_prefix(target))}draft-*"))
    for path in beside:
        if not is_own(path, folder=True):
            continue
        claim = Claim.take(path)
        try:
            if claim.free and claim.in_place:
                yield path, claim
        finally:
            claim.release()


def _give_modes(folder: Path, mode: int) -> None:
    """Give ``folder`` and all in it the rights that the umask gave to it, whatever was copied or a library chose."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            _give_mode(path, mode if path.is_dir() else mode & 0o666)


def _give_mode(path: Path, mode: int) -> None:
    with contextlib.suppress(OSError):  # a share that knows no rights
        if stat.S_IMODE(path.lstat().st_mode) != mode:
            path.chmod(mode)


def flush_tree(folder: Path) -> None:
    """Flush all under ``folder`` to the disk, so that the rename after it exposes no empty files."""
    for path in folder.rglob("*"):
        if path.is_symlink():
            continue
        if path.is_dir():
            flush_folder(path)
        else:
            # A handle open for writing: Windows refuses to flush through any other.
            with path.open("rb+") as stream:
                os.fsync(stream.fileno())
    flush_folder(folder)


def flush_folder(folder: Path) -> None:
    """Flush a folder's own entries, where the system lets a folder be opened."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file or a folder with all it holds; that it is not there, or resists, is no error."""
    with contextlib.suppress(OSError):
        if stat.S_ISDIR(path.lstat().st_mode):
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


def as_output_error(
    error: BaseException, target: Path, *, kept: str = "nothing of it was kept"
) -> SameSayError | None:
    """What ``error``, met while writing ``target``, means to a user: a full disk, no right to write, or None.

    ``kept`` says what becomes of what was written so far. Libraries wrap the system's error or only quote it (HDF5), so
    causes and messages are read too.
    """
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    if any(
        (isinstance(e, OSError) and e.errno in _FULL) or os.strerror(errno.ENOSPC) in str(e) for e in chain
    ):
        return DiskFull(
            f"No space left on the disk while writing {target.name}; {kept}.",
            where=str(target),
            hint=f"free some space beside {target.parent}, or name an output on another disk",
        )
    if isinstance(error, OSError) and error.errno == errno.ENOENT and _is_hidden(error, target):
        return OutputUnwritable(
            f"What was to become {target.name} was removed or moved while it was written.",
            where=str(error.filename),
            hint="run it again, and leave alone what lies hidden beside the output while it runs",
        )
    if isinstance(error, OSError) and error.errno in _REFUSED and _concerns(error, target):
        return OutputUnwritable(
            f"{target} cannot be written: {error.strerror or error}.",
            where=str(error.filename or target),
            expected="a place where this user may create, rename and remove files",
            hint=f"check the rights on {target.parent}, or name another output",
        )
    return None


def _concerns(error: OSError, target: Path) -> bool:
    """Whether an error is about the target or what lies beside it, and not about some file read meanwhile."""
    if error.filename is None:
        return error.errno in (errno.EFBIG, errno.EIO)  # a write or a flush; an open names its file
    named = Path(os.fsdecode(error.filename))
    return named in target.parents or named.is_relative_to(target) or _is_hidden(error, target)


def _is_hidden(error: OSError, target: Path) -> bool:
    """Whether an error is about what lies hidden beside the target."""
    named = Path(os.fsdecode(error.filename or ""))
    return any(one.name.startswith(_prefix(target)) for one in (named, *named.parents))


@contextmanager
def said_plainly(target: Path, *, kept: str = "nothing of it was kept") -> Iterator[None]:
    """Turn the system's errors about writing ``target`` into `DiskFull` and `OutputUnwritable`; let others pass.

    ``kept`` says what becomes of what was written so far.
    """
    try:
        yield
    except SameSayError:
        raise
    except Exception as error:
        plain = as_output_error(error, target, kept=kept)
        if plain is None:
            raise
        for note in getattr(error, "__notes__", ()):
            plain.add_note(note)
        raise plain from error


@contextmanager
def made_parents(target: Path) -> Iterator[None]:
    """Make the target's missing parents; take back those that are still empty if the block fails."""
    missing = [parent for parent in target.parents if not parent.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for parent in missing:
            with contextlib.suppress(OSError):
                parent.rmdir()
        raise


def hidden_beside(target: Path, purpose: str) -> Path:
    """The hidden place beside ``target`` for one ``purpose``; always the same, for what one run leaves to the next."""
    return target.parent / f"{_prefix(target)}{purpose}"


def _prefix(target: Path) -> str:
    # The name is cut, so that the hidden one is not too long where the target's own is not; the digest tells
    # cut ones apart.
    digest = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:8]
    return f".{target.name[:32]}.{digest}.samesay-"


@contextmanager
def _hidden(target: Path) -> Iterator[Path]:
    """A new hidden folder beside ``target``, locked, and removed with what a run puts there when the block ends."""
    while True:
        path = target.parent / f"{_prefix(target)}draft-{secrets.token_hex(6)}"
        path.mkdir(0o700)  # nobody else is to put anything there
        claim = Claim.take(path)
        # Between its making and the lock, another run's clearing may have taken it for a leftover.
        if not claim.taken and claim.in_place:
            break
        claim.release()
    try:
        yield path
    finally:
        _remove_hidden(path, claim, target)
        claim.release()


def _remove_hidden(path: Path, claim: Claim, target: Path) -> None:
    """Remove a draft; not what stands by its name since it was locked, nor what no run puts there.

    What was moved aside stays where nothing is in its place: it is the only one then.
    """
    if not claim.in_place:
        return
    with contextlib.suppress(OSError):
        for entry in path.iterdir():
            if entry.name.split(".")[0] == _NEW or (entry.name == _PREVIOUS and os.path.lexists(target)):
                remove(entry)
        path.rmdir()


def _put_in_place(folder: Path, target: Path, *, replace: bool) -> None:
    if not os.path.lexists(target) or not replace:
        rename_new(folder, target)
        return
    if exchange(folder, target):
        return
    previous = folder.parent / _PREVIOUS
    target.rename(previous)
    try:
        folder.rename(target)
    except BaseException:
        previous.rename(target)
        raise
