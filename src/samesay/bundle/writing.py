"""Saving a model: a transaction into which others put parts, whole at the end or absent."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from samesay.bundle.canonical import plain
from samesay.bundle.card import Upstream, model_card
from samesay.bundle.layout import (
    MANIFEST_NAME,
    PARTS,
    VERDICTS,
    PartLayout,
    Verdict,
)
from samesay.bundle.manifest import FileRecord, Manifest, Part
from samesay.errors import TargetExists, UsageError
from samesay.printable import command
from samesay.storage import destination, new_folder, require_writable, said_plainly

# What desktops and tools drop into any folder; it neither makes a folder somebody's nor is it worth keeping.
DROPPINGS = {".DS_Store", "Thumbs.db", "desktop.ini"}


@contextmanager
def write_bundle(path: str | Path, *, overwrite: bool = False) -> Iterator[BundleDraft]:
    """Save a model: fill the draft, `BundleDraft.finish` it, leave the block.

    The draft is a hidden folder beside ``path``. It is flushed to the disk and renamed when the block ends
    well, and removed when it does not. A process killed at any moment leaves either what was at ``path``
    before or the new bundle, whole; what it left under a hidden name is removed by the next
    `write_bundle` to the same place.

    >>> with write_bundle("my-model") as draft:                      # doctest: +SKIP
    ...     save_preset(draft.folder("keras"))
    ...     draft.finish(Manifest("classification", labels, sides, max_length=128))

    Args:
        path: Where the bundle will be. Missing parents are made; an empty folder is used.
        overwrite: Replace a bundle that is there. Anything else that is there is refused either way.

    Yields:
        The draft.

    Raises:
        TargetExists: If something is there that may not be replaced.
        DiskFull: If the disk is full; nothing is left.
        OutputUnwritable: If the system refuses to write there; nothing is left.
    """
    target = destination(path)

    def check() -> None:
        _require_replaceable(target, overwrite=overwrite)

    with said_plainly(target):
        check()
    with new_folder(target, replace=overwrite, check=check) as folder:
        draft = BundleDraft(folder, target)
        yield draft
        if draft.manifest is None:
            raise RuntimeError("write_bundle's block ended without draft.finish(…)")


def require_replaceable(path: str | Path, *, overwrite: bool) -> None:
    """Refuse a place that `write_bundle` would refuse, before hours of work and not after.

    Raises:
        TargetExists: If something is there that may not be replaced.
        DiskFull: If the disk is full.
        OutputUnwritable: If the system does not let us look, or write.
    """
    target = destination(path)
    with said_plainly(target):
        _require_replaceable(target, overwrite=overwrite)
    require_writable(target)


def _require_replaceable(target: Path, *, overwrite: bool) -> None:
    if not target.is_symlink() and not target.exists():
        return
    if not target.is_dir():
        raise TargetExists(
            f"{target} is a file; a model is saved as a folder.",
            where=str(target),
            expected="a folder that does not exist yet",
            hint="name another output",
        )
    names = {entry.name for entry in target.iterdir()} - DROPPINGS
    if not names:
        return
    if MANIFEST_NAME not in names:
        raise TargetExists(
            f"{target} is a folder with other content; only an empty one or a saved model is ever replaced.",
            where=str(target),
            expected=f"a new folder, or with --overwrite one that holds {MANIFEST_NAME}",
            hint=f"name a folder inside it, such as {command(target / 'model')}",
            details={"found": sorted(names)[:10]},
        )
    if not overwrite:
        raise TargetExists(
            f"There is a saved model at {target}.",
            where=str(target),
            hint="name another output, or replace it with --overwrite (overwrite=True)",
        )
    ours = {MANIFEST_NAME} | {part.place for part in PARTS.values()}
    strange = sorted(names - ours)
    if strange:
        raise TargetExists(
            f"Replacing the saved model would delete what is not its own: {', '.join(strange[:5])}.",
            where=str(target),
            hint="move them elsewhere, or name another output",
            details={"found": strange},
        )


class BundleDraft:
    """A bundle being written.

    Attributes:
        path: The hidden folder that will be the bundle; what a part holds may be tried out there.
        target: Where it will be.
        manifest: What was written of it, once finished.
    """

    def __init__(self, path: Path, target: Path) -> None:
        self.path = path
        self.target = target
        self.manifest: Manifest | None = None
        self._declared: dict[str, tuple[Verdict | None, Any]] = {}

    def folder(self, part: str) -> Path:
        """Make the folder of ``part`` and declare it; every file in it at the end belongs to the bundle."""
        layout = _layout(part, is_folder=True)
        self._declared.setdefault(part, (None, None))
        place = self.path / layout.place
        place.mkdir(exist_ok=True)
        return place

    def remove(self, part: str) -> None:
        """Take the folder of ``part`` out again."""
        shutil.rmtree(self.path / _layout(part, is_folder=True).place)
        del self._declared[part]

    def file(self, part: str) -> Path:
        """Declare a part that is a single file, and say where to write it."""
        layout = _layout(part, is_folder=False)
        self._declared.setdefault(part, (None, None))
        return self.path / layout.place

    def add(self, part: str, *, verdict: Verdict | None = None, detail: Any = None) -> None:
        """Declare ``part``, with what its parity check found.

        A part that is not ``"verified"`` may hold no file at all: the verdict and its reason are the part.

        Args:
            part: Its name.
            verdict: One of `samesay.bundle.layout.VERDICTS`; needed for ``"onnx"``.
            detail: Why, and with which numbers; JSON types. A text, or the entry ``reason``, is shown to users.

        Raises:
            UsageError: If there is no such part or no such verdict.
        """
        _layout(part)
        if verdict is not None and verdict not in VERDICTS:
            raise UsageError(f"No verdict {verdict!r}.", expected=f"one of {', '.join(VERDICTS)}")
        self._declared[part] = (verdict, plain(detail, f"detail of {part}"))

    def finish(self, facts: Manifest, *, upstream: Upstream | None = None) -> Manifest:
        """Write the model card, then, last, the manifest with the checksums of all files.

        Args:
            facts: What the model is, without its parts; of the data, metrics, recipe and versions arrays become lists,
                and a number that is not finite null. It was created now where it does not say when.
            upstream: Where the pretrained weights come from, for the model card.

        Raises:
            UsageError: If a declared part lacks a file or a verdict, nothing that can answer was put in, or a
                fact has no JSON form.
        """
        self._require_complete()
        now = datetime.now(UTC).isoformat(timespec="seconds")
        written = {
            name: plain(getattr(facts, name), name) for name in ("metrics", "data", "recipe", "versions")
        }
        facts = replace(facts, **written, parts=self._parts(), created=facts.created or now)
        if "card" not in facts.parts:
            facts.to_dict()  # refuses what has no JSON form before anything of it is written
            # A folder's name may hold bytes that are no text.
            name = self.target.name.encode("utf-8", "replace").decode("utf-8")
            card = model_card(facts, name=name, upstream=upstream)
            self.file("card").write_text(card, encoding="utf-8", newline="\n")
            parts = dict(sorted((facts.parts | self._parts(only="card")).items()))
            facts = replace(facts, parts=parts)
        self.manifest = facts
        (self.path / MANIFEST_NAME).write_bytes(facts.to_json())
        return facts

    def _require_complete(self) -> None:
        if not any(PARTS[name].answers for name in self._declared):
            raise UsageError(
                "A model needs a part that can answer.", expected="the part 'keras', 'onnx', or both"
            )
        for name, (verdict, _) in self._declared.items():
            layout = PARTS[name]
            if layout.needs_verdict and verdict is None:
                raise UsageError(
                    f"The part {name!r} was put in without a verdict.",
                    expected=f"draft.add({name!r}, verdict=…)",
                )
            if layout.usable(verdict):
                lacking = [
                    file for file in layout.required if not (self.path / layout.place / file).is_file()
                ]
                if lacking:
                    raise UsageError(f"The part {name!r} lacks {', '.join(lacking)}.", where=layout.place)

    def _parts(self, *, only: str | None = None) -> dict[str, Part]:
        return {
            name: Part(name=name, files=_records(self.path, PARTS[name]), verdict=verdict, detail=detail)
            for name, (verdict, detail) in sorted(self._declared.items())
            if only in (None, name)
        }


def _layout(part: str, *, is_folder: bool | None = None) -> PartLayout:
    layout = PARTS.get(part)
    if layout is None or is_folder not in (None, layout.is_folder):
        known = [name for name, it in PARTS.items() if is_folder in (None, it.is_folder)]
        raise UsageError(f"A bundle has no such part: {part!r}.", expected=f"one of {', '.join(known)}")
    return layout


def _records(root: Path, layout: PartLayout) -> dict[str, FileRecord]:
    place = root / layout.place
    if not layout.is_folder:
        return {layout.place: record_of(place)} if place.is_file() else {}
    files = sorted(path for path in place.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): record_of(path) for path in files}


def record_of(path: Path) -> FileRecord:
    """The SHA-256 and the size of a file."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return FileRecord(digest, stream.tell())
