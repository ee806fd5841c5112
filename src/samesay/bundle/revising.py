"""Another decision policy for a saved model: the same parts, a new manifest and card, whole or as before."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from samesay.bundle.builtin import name_of_builtin
from samesay.bundle.card import with_decision
from samesay.bundle.layout import MANIFEST_NAME
from samesay.bundle.manifest import Manifest
from samesay.bundle.reading import Bundle, open_bundle
from samesay.bundle.writing import record_of, require_replaceable
from samesay.decision import Decision
from samesay.errors import UsageError
from samesay.storage import destination, new_folder


def write_decision(
    path: str | Path, decision: Decision, *, output: str | Path | None = None, overwrite: bool = False
) -> Manifest:
    """Save the model at ``path`` with another decision policy; checksums are renewed, and format version if need be.

    Args:
        path: The bundle.
        decision: Its policy from now on.
        output: Where to; the bundle itself is exchanged for the new one where absent.
        overwrite: Replace a bundle at ``output``.

    Raises:
        BundleError: If there is no bundle at ``path``, or it is damaged.
        TargetExists: If ``output`` is taken.
        UsageError: If it is a built-in model, which is not exchanged.
        DiskFull, OutputUnwritable: If it cannot be written; nothing is left, the bundle is as before.
    """
    bundle = open_bundle(path)
    if output is None and name_of_builtin(bundle.path) is not None:
        raise UsageError(
            "A built-in model stays as it was installed.",
            where=str(path),
            hint="name a folder for the new one: --output my-model",
        )
    target = bundle.path if output is None else destination(output)
    in_place = target == bundle.path

    def check() -> None:
        if not in_place:
            require_replaceable(target, overwrite=overwrite)

    check()
    # What is copied has the rights that it has.
    with new_folder(target, replace=in_place or overwrite, check=check, by_umask=False) as folder:
        # What its owner keeps beside the parts stays where it is, and is not copied elsewhere.
        _copy(bundle, folder, beside=in_place)
        manifest = _revised(bundle.manifest, decision, folder)
        (folder / MANIFEST_NAME).write_bytes(manifest.to_json())
    return manifest


def _copy(bundle: Bundle, folder: Path, *, beside: bool) -> None:
    for part in bundle.manifest.parts.values():
        for relative in part.files:
            place = folder / relative
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(bundle.path / relative, place)
    if not beside:
        return
    known = {entry.name for entry in folder.iterdir()} | {MANIFEST_NAME}
    for entry in bundle.path.iterdir():
        if entry.name in known:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.copytree(entry, folder / entry.name, symlinks=True)
        else:
            shutil.copy2(entry, folder / entry.name, follow_symlinks=False)


def _revised(manifest: Manifest, decision: Decision, folder: Path) -> Manifest:
    revised = replace(manifest, decision=decision)
    card = manifest.parts.get("card")
    if card is None:
        return revised
    files = dict(card.files)
    for relative in files:
        place = folder / relative
        text = with_decision(place.read_text(encoding="utf-8"), revised)
        place.write_text(text, encoding="utf-8", newline="\n")
        files[relative] = record_of(place)
    return replace(revised, parts={**manifest.parts, "card": replace(card, files=files)})
