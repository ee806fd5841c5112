"""A folder of SameSay's own at a foreseeable name, held open while it is used."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from samesay.storage.ownership import fault_in, open_own, refused, require_own_or_absent
from samesay.storage.renaming import rename_new

# Where a folder cannot be held (Windows), its files are reached by name, and what lies there is looked at before.
_HELD = {os.open, os.stat, os.unlink, os.rename} <= os.supports_dir_fd and os.listdir in os.supports_fd
_FLAGS = {
    "rb": os.O_RDONLY,
    "r+b": os.O_RDWR,
    "ab": os.O_WRONLY | os.O_APPEND | os.O_CREAT,
    "xb": os.O_WRONLY | os.O_CREAT | os.O_EXCL,
}


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
