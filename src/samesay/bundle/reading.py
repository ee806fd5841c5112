"""Opening a saved model: what is opened is verified first, and what cannot be opened is refused with the reason.

Files that the manifest does not declare: beside the parts they are ignored and listed in `Bundle.undeclared`
(a note, a plot); *inside* a part's folder they are refused, because what loads a part finds its files by name
and could pick them up, hidden ones too. What desktops drop (``.DS_Store``) is ignored.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from samesay.bundle.builtin import damaged, located, name_of_builtin
from samesay.bundle.layout import MANIFEST_NAME, PARTS
from samesay.bundle.manifest import FileRecord, Manifest
from samesay.bundle.recognition import not_a_bundle
from samesay.bundle.writing import DROPPINGS, record_of
from samesay.errors import BundleDamaged, BundleError, PartUnavailable, UsageError
from samesay.storage import restore_previous

_LARGEST_MANIFEST = 8_000_000
"""Bytes; with metrics of every epoch and a long recipe a manifest has some 100,000."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A saved model on disk.

    Attributes:
        path: Its folder.
        manifest: What it says of itself.
        undeclared: Files and folders beside its parts that the manifest does not know, relative to ``path``.
    """

    path: Path
    manifest: Manifest
    undeclared: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        """Whether the part ``name`` is there and may be used."""
        part = self.manifest.parts.get(name)
        return name in PARTS and part is not None and bool(part.files) and PARTS[name].usable(part.verdict)

    def part(self, name: str) -> Path:
        """The folder or file of the part ``name``.

        Raises:
            PartUnavailable: If it was not saved, or its verdict is that it is not to be used; with the verdict
                and why.
            UsageError: If there is no part by this name.
        """
        if name not in PARTS:
            raise UsageError(f"A bundle has no such part: {name!r}.", expected=f"one of {', '.join(PARTS)}")
        part = self.manifest.parts.get(name)
        if self.has(name):
            return self.path / PARTS[name].place
        if part is None or (not part.files and part.verdict is None):
            message = f"This bundle was saved without the part {name!r}."
        else:
            reason = part.detail.get("reason") if isinstance(part.detail, dict) else part.detail
            why = " ".join(str(reason).split())
            message = f"The part {name!r} of this bundle is marked {part.verdict!r} and is not used: {why}"
        raise PartUnavailable(
            message,
            where=str(self.path),
            expected=f"a part {name!r} that was verified" if PARTS[name].needs_verdict else None,
            hint=_ELSEWHERE.get(name),
            details={
                "part": name,
                "verdict": part.verdict if part else None,
                "detail": part.detail if part else None,
                "usable": [other for other in self.manifest.parts if self.has(other)],
            },
        )


_ELSEWHERE = {
    "onnx": "use its Keras part, through samesay.load(…) in Python: pip install 'samesay[train]'",
    "keras": "use its ONNX part, which needs no Keras: samesay score --help, of vectors samesay embed --help",
}


def open_bundle(path: str | Path, *, verify: bool = True, parts: Iterable[str] | None = None) -> Bundle:
    """Open a saved model.

    The manifest is always checked against its own checksum, and every declared file for its presence and
    size.

    Args:
        path: The bundle's folder, or its ``samesay.json``; or a built-in model by its name.
        verify: Also compute the SHA-256 of every declared file; about a second for each gigabyte.
        parts: Check the files of these parts alone, for a use that reads no other; all of them if left out.

    Raises:
        NotABundle: If there is no saved model at ``path``; says what is there instead and what to do with it.
        BundleVersionUnknown: If it is of another format version.
        BundleDamaged: If a byte of it is not as it was written; names the file.
        BuiltinUnknown, BuiltinUnusable: If no built-in model has this name, or the installation has to be repaired.
    """
    asked = located(path)
    try:
        return _opened(asked, verify, parts)
    except BundleError as problem:
        name = name_of_builtin(asked)
        if name is None:
            raise
        raise damaged(name, problem.message) from problem


def _opened(asked: Path, verify: bool, parts: Iterable[str] | None) -> Bundle:
    root = asked.parent if asked.name == MANIFEST_NAME and asked.is_file() else asked
    if not root.exists():
        restore_previous(root.absolute())
    # A bundle's folder may be reached through a link; from there on, links are refused.
    root = root.resolve()
    content = _manifest_bytes(root, asked)
    manifest = Manifest.from_json(content, where=str(root / MANIFEST_NAME))
    wanted = set(manifest.parts) if parts is None else set(parts)
    for name, part in manifest.parts.items():
        if name not in wanted:
            continue
        for relative, record in part.files.items():
            _check_file(root, relative, record, verify=verify)
    undeclared = _undeclared(root, manifest, wanted)
    return Bundle(root, manifest, undeclared)


def _manifest_bytes(root: Path, asked: Path) -> bytes:
    place = root / MANIFEST_NAME
    try:
        size = _require_plain_file(root, MANIFEST_NAME)
        if size > _LARGEST_MANIFEST:
            raise _damaged(
                f"{MANIFEST_NAME} holds {size:,} bytes; {_LARGEST_MANIFEST:,} are read at most.", place
            )
        return place.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise not_a_bundle(asked) from None
    except PermissionError as error:
        raise _unreadable(place, error) from error


def _check_file(root: Path, relative: str, record: FileRecord, *, verify: bool) -> None:
    place = root / relative
    try:
        size = _require_plain_file(root, relative)
        if size != record.bytes:
            raise _damaged(f"{relative} holds {size:,} bytes; {record.bytes:,} were written.", place)
        if verify and record_of(place) != record:
            raise _damaged(f"{relative} is not as it was written: its SHA-256 does not fit.", place)
    except (FileNotFoundError, NotADirectoryError):
        raise _damaged(f"{relative} is missing.", place) from None
    except PermissionError as error:
        raise _unreadable(place, error) from error


def _require_plain_file(root: Path, relative: str) -> int:
    """The size of a file reached without links, and which is no pipe, whose reading might never end."""
    place = root
    for step in relative.split("/"):
        place /= step
        if stat.S_ISLNK(place.lstat().st_mode):
            raise _damaged(
                f"{place.relative_to(root).as_posix()} is a symbolic link; a bundle holds its files itself.",
                place,
                hint="copy the bundle with its links resolved: cp -rL",
            )
    status = place.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise _damaged(f"{relative} is not a file.", place)
    return status.st_size


def _undeclared(root: Path, manifest: Manifest, wanted: set[str]) -> tuple[str, ...]:
    declared = {relative for part in manifest.parts.values() for relative in part.files}
    tops = {relative.split("/")[0] for relative in declared} | {MANIFEST_NAME}
    beside = [
        name
        for name in sorted(path.name for path in root.iterdir())
        if name not in tops and not name.startswith(".")
    ]
    for name in sorted(wanted & set(PARTS)):
        layout = PARTS[name]
        place = root / layout.place
        if not layout.is_folder or layout.place not in tops or not place.is_dir():
            continue
        for found in sorted(place.rglob("*")):
            relative = found.relative_to(root).as_posix()
            link = found.is_symlink()
            if relative in declared or (not link and (found.is_dir() or found.name in DROPPINGS)):
                continue
            raise _damaged(
                f"{relative} was not there when the bundle was written.",
                found,
                hint="remove it, or keep it beside the bundle's parts and not inside one",
            )
    return tuple(beside)


def _unreadable(place: Path, error: OSError) -> BundleError:
    return BundleError(
        f"{place.name} cannot be read: {error.strerror}.",
        where=str(place),
        hint="check the rights on the bundle's files",
    )


def _damaged(message: str, place: Path, *, hint: str | None = None) -> BundleDamaged:
    return BundleDamaged(
        message,
        where=str(place),
        hint=hint or "restore the bundle from a copy, or train it again",
        details={"file": str(place)},
    )
