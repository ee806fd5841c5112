"""What lies at a foreseeable name, only if SameSay can have made it: a plain file or folder of this user's, no link.

Whoever may write to a folder can put something at the name of a draft, a lock or a cache before it is made: a link to
a folder of the user's, a pipe that nobody writes to, a file of their own. None of these is opened, followed or removed.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from samesay.errors import OutputUnwritable
from samesay.storage.system import rename_new

# A pipe without a writer must not be waited for; both are 0 where the system does not know them (Windows).
_AS_IT_LIES = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
# Junctions of Windows lead elsewhere as links do, and are no links to `stat`.
_JUNCTION = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)
# Where a folder cannot be held (Windows), its files are reached by name, and what lies there is looked at before.
_HELD = {os.open, os.stat, os.unlink, os.rename} <= os.supports_dir_fd and os.listdir in os.supports_fd
_FLAGS = {
    "rb": os.O_RDONLY,
    "r+b": os.O_RDWR,
    "ab": os.O_WRONLY | os.O_APPEND | os.O_CREAT,
    "xb": os.O_WRONLY | os.O_CREAT | os.O_EXCL,
}


def fault_in(status: os.stat_result, path: Path, *, folder: bool) -> str | None:
    """What shows that SameSay did not make what ``status`` tells of ``path``, in words; None for its own."""
    if _is_link(status):
        return "is a link"
    if folder and not stat.S_ISDIR(status.st_mode):
        return "is no folder"
    if not folder and not stat.S_ISREG(status.st_mode):
        return "is no plain file"
    if not _is_ours(status, path):
        return "belongs to another user"
    if not folder and status.st_nlink > 1:
        return "is a file with a second name"
    return None


def is_own(path: Path, *, folder: bool) -> bool:
    """Whether a plain file, or a folder, of this user's lies there, and no link to one."""
    try:
        return fault_in(path.lstat(), path, folder=folder) is None
    except OSError:
        return False


def require_own_or_absent(path: Path, *, folder: bool) -> None:
    """Refuse what SameSay cannot have put there.

    Raises:
        OutputUnwritable: Naming it.
    """
    try:
        fault = fault_in(path.lstat(), path, folder=folder)
    except FileNotFoundError:
        return
    if fault is not None:
        raise refused(path, fault)


def open_own(path: Path, flags: int, *, folder: bool = False, inside: int | None = None) -> int:
    """Open a file or folder of this user's, as it lies there.

    Args:
        path: Where.
        flags: Of ``os.open``.
        folder: Whether it has to be a folder.
        inside: The descriptor of the folder that ``path`` lies in, to be reached through it whatever has been put at
            that folder's name meanwhile.

    Returns:
        The descriptor.

    Raises:
        OutputUnwritable: If it is a link, another user's, or no such thing.
        OSError: If the system refuses.
    """
    name = path if inside is None else path.name
    if not hasattr(os, "O_NOFOLLOW"):
        require_own_or_absent(path, folder=folder)
    try:
        descriptor = os.open(name, flags | _AS_IT_LIES, 0o666, dir_fd=inside)
    except FileExistsError:
        raise  # asked for by O_EXCL
    except OSError as problem:
        # The system's words differ for links, pipes and folders; what lies there says it.
        try:
            there = os.stat(name, dir_fd=inside, follow_symlinks=False)
            fault = fault_in(there, path, folder=folder)
        except OSError:
            fault = None
        if fault is None:
            problem.filename = str(path)
            raise
        raise refused(path, fault) from problem
    fault = fault_in(os.fstat(descriptor), path, folder=folder)
    if fault is not None:
        os.close(descriptor)
        raise refused(path, fault)
    return descriptor


def read_own(path: Path) -> bytes | None:
    """The bytes of a plain file of this user's; None where there is none, or something else."""
    try:
        with os.fdopen(open_own(path, os.O_RDONLY), "rb") as stream:
            return stream.read()
    except (OSError, OutputUnwritable):
        return None


def destination(output: str | Path) -> Path:
    """Where an output goes: where it leads if it is a link, so that a file kept elsewhere is replaced there.

    The link has to be this user's own, or the system's: through somebody else's they would choose what is replaced.

    Raises:
        OutputUnwritable: If it is another user's link, leads in a circle, or the system does not let us look.
    """
    path = Path(output)
    try:
        status = path.lstat()
    except FileNotFoundError:
        status = None
    except OSError as problem:
        raise OutputUnwritable(
            f"{path} cannot be written: {problem.strerror}.",
            where=str(path),
            expected="a place where this user may create, rename and remove files",
            hint=f"check the rights on {path.parent}, or name another output",
        ) from problem
    if status is not None and _is_link(status) and status.st_uid != 0 and not _is_ours(status, path):
        raise refused(path, "is a link of another user's")
    try:
        return path.resolve()
    except RuntimeError as circle:  # Python before 3.13
        raise refused(path, "is a link that leads to itself") from circle


def refused(path: Path, fault: str) -> OutputUnwritable:
    """The error for something at ``path`` that SameSay did not put there."""
    return OutputUnwritable(
        f"{path} {fault}: SameSay did not make it, and leaves it as it is.",
        where=str(path),
        expected="nothing, or what an earlier run of this user's left there",
        hint="see what it is and who put it there, then remove it or name another place",
    )


class OwnFolder:
    """Files are reached through the open folder and never through a link, whatever is put at its name meanwhile.

    Args:
        path: The folder.
        make: Make it where it is absent; its parent is there.

    Raises:
        OutputUnwritable: If what is there is a link, another user's, or no folder.
        FileNotFoundError: If it is absent and not to be made.
        OSError: If the system refuses.
    """

    def __init__(self, path: Path, *, make: bool = False) -> None:
        self.path = path
        if make:
            with contextlib.suppress(FileExistsError):
                path.mkdir(0o700)  # nobody else is to put anything there
        self._descriptor: int | None = None
        if _HELD:
            self._descriptor = open_own(path, os.O_RDONLY | os.O_DIRECTORY, folder=True)
        else:
            require_own_or_absent(path, folder=True)
            path.lstat()

    @property
    def descriptor(self) -> int | None:
        """Of the open folder; None where the system has none."""
        return self._descriptor

    @property
    def is_in_place(self) -> bool:
        """Whether it still is what lies at its path; a lock on what was removed or moved away protects nothing."""
        try:
            there = self.path.lstat()
        except OSError:
            return False
        return self._descriptor is None or os.path.samestat(os.fstat(self._descriptor), there)

    def open(self, name: str, mode: str) -> BinaryIO:
        """A file in it: ``rb``, ``r+b``, ``ab`` or ``xb``.

        Raises:
            OutputUnwritable: If it is a link, another user's, has a second name, or is no plain file.
        """
        descriptor = open_own(self.path / name, _FLAGS[mode], inside=self._descriptor)
        # What is added to is not buffered: what a full disk refused must not be tried again when the file is closed.
        return os.fdopen(descriptor, mode.replace("x", "w"), buffering=0 if mode == "ab" else -1)  # type: ignore[return-value]

    def size(self, name: str) -> int | None:
        """Bytes of the file by this name; None where there is none.

        Raises:
            OutputUnwritable: As ``open`` does.
        """
        try:
            status = os.stat(self._at(name), dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None
        fault = fault_in(status, self.path / name, folder=False)
        if fault is not None:
            raise refused(self.path / name, fault)
        return status.st_size

    def truncate(self, name: str, length: int) -> None:
        """Cut a file."""
        with self.open(name, "r+b") as stream:
            stream.truncate(length)

    def rename(self, name: str, new: str) -> None:
        """Give a file another name in the same folder."""
        with self._naming(name):
            held = self._descriptor
            os.replace(self._at(name), self._at(new), src_dir_fd=held, dst_dir_fd=held)

    def move_out(self, name: str, target: Path, *, replace: bool) -> None:
        """Put a file in its place.

        Raises:
            TargetExists: If the place is taken and ``replace`` is false.
        """
        with self._naming(name):
            if replace:
                os.replace(self._at(name), target, src_dir_fd=self._descriptor)
            else:
                rename_new(self.path / name, target)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files by their names; what is not there, or resists, is no error."""
        for name in names:
            with contextlib.suppress(OSError):
                os.unlink(self._at(name), dir_fd=self._descriptor)

    def flush(self) -> None:
        """Flush its entries to the disk, where the system lets a folder be flushed."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.fsync(self._descriptor)

    def close(self) -> None:
        """Let go of it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @contextlib.contextmanager
    def _naming(self, name: str) -> Iterator[None]:
        """Within it the system's error names the file in full."""
        try:
            yield
        except OSError as problem:
            problem.filename = str(self.path / name)
            raise

    def _at(self, name: str) -> str | Path:
        return self.path / name if self._descriptor is None else name


def _is_ours(status: os.stat_result, path: Path) -> bool:
    # Windows knows no numbers of users.
    if not hasattr(os, "geteuid") or status.st_uid == os.geteuid():
        return True
    return status.st_uid == _owner_of_new(path.parent)


def _owner_of_new(folder: Path) -> int | None:
    """The number under which what this user makes in ``folder`` lies there: on some shares it is another's."""
    try:
        probe = Path(tempfile.mkdtemp(prefix=".samesay-", dir=folder))
    except OSError:
        return None
    try:
        return probe.lstat().st_uid
    finally:
        probe.rmdir()


def _is_link(status: os.stat_result) -> bool:
    tag = getattr(status, "st_reparse_tag", 0)
    return stat.S_ISLNK(status.st_mode) or (tag != 0 and tag == _JUNCTION)
