"""Whether what lies at a foreseeable name is what SameSay made: a plain file or folder of this user's, and no link.

Whoever may write to a folder can put something at the name of a draft, a lock or a cache before it is made: a link to
a folder of the user's, a pipe that nobody writes to, a file of their own. None of these is opened, followed or removed.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from samesay.errors import OutputUnwritable

# A pipe without a writer must not be waited for; both are 0 where the system does not know them (Windows).
_AS_IT_LIES = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
# Junctions of Windows lead elsewhere as links do, and are no links to `stat`.
_JUNCTION = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)


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
