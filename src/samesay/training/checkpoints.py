"""The whole state of a run at one step, on disk, so that a run that was killed resumes where it stood.

A checkpoint holds every trainable, other (dropout seeds, too) and optimizer variable, the epoch's metrics and the
history. It is written beside its place, synced and renamed: whole or absent. Of a run the last two that were whole are
kept: what damages the newer one leaves the older.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samesay.errors import CheckpointDamaged, CheckpointMismatch, DiskFull, OutputUnwritable
from samesay.storage import OwnFolder, is_own, open_own

if TYPE_CHECKING:
    from samesay.model.classifier import PairClassifier

# What else lies in a folder of checkpoints is somebody's, and stays.
_NAME = re.compile(r"checkpoint-\d{9,}\.npz")
_FOLDER = re.compile(r"seed-\d+")
# One name for all drafts: what a kill leaves is overwritten by the next one.
_DRAFT = ".checkpoint.draft"
# What reading cut or altered bytes raises: every array has a CRC-32 of its own in the archive, what tells of the arrays
# has none, and zipfile has a word of its own for each of its fields.
_DAMAGE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    RuntimeError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
_LOG = logging.getLogger("samesay")


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stood.

    Attributes:
        run: What the run was asked to do; a checkpoint of another run is refused.
        step: Steps finished in all.
        epoch: The epoch it stood in, from 0.
        history: One entry for each validation so far.
        best: The weights of the best entry so far, where there is one.
        arrays: The model's and optimizer's variables.
        path: The file that holds it.
    """

    run: Mapping[str, Any]
    step: int
    epoch: int
    history: list[dict[str, Any]]
    arrays: dict[str, NDArray[Any]]
    best: list[NDArray[Any]] | None
    path: Path


def checkpoints_in(folder: Path) -> list[Path]:
    """The checkpoints in ``folder``, the last written first; links, and what another user put there, are none."""
    found = []
    with suppress(OSError):
        for path in folder.iterdir():
            if _NAME.fullmatch(path.name) and is_own(path, folder=False):
                found.append((path.lstat().st_mtime_ns, path.name, path))
    return [path for *_, path in sorted(found, reverse=True)]


def folders_of_runs(folder: Path) -> list[Path]:
    """The folders in ``folder`` in which the runs of its seeds keep their checkpoints."""
    with suppress(OSError):
        return [
            one
            for one in sorted(folder.iterdir())
            if _FOLDER.fullmatch(one.name) and is_own(one, folder=True)
        ]
    return []


def remove_checkpoints(folder: Path) -> None:
    """Remove the checkpoints of the runs of all seeds in ``folder``, and the seeds' folders that are empty then.

    What else lies there stays, and so does what the system does not let us remove.
    """
    for one in folders_of_runs(folder):
        with suppress(OSError):
            for path in (*checkpoints_in(one), one / _DRAFT):
                path.unlink(missing_ok=True)
            one.rmdir()


def save_checkpoint(
    folder: Path,
    classifier: PairClassifier,
    *,
    run: Mapping[str, Any],
    step: int,
    epoch: int,
    history: list[dict[str, Any]],
    best: list[NDArray[Any]] | None,
    before: Path | None,
) -> Path:
    """Write the state; all but it and ``before``, the last one that was whole, are removed when it is whole.

    Returns:
        Where it lies.

    Raises:
        DiskFull: If there is no room; the checkpoints before stay.
        OutputUnwritable: If the system refuses; the checkpoints before stay.
    """
    arrays = {f"{group}/{index}": np.asarray(value) for group, index, value in _variables(classifier)}
    arrays |= {f"best/{index}": value for index, value in enumerate(best or [])}
    state = {"run": dict(run), "step": step, "epoch": epoch, "history": history, "arrays": sorted(arrays)}
    arrays["state"] = np.frombuffer(json.dumps(state).encode(), np.uint8)
    name = f"checkpoint-{step:09}.npz"
    place = folder / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with closing(OwnFolder(folder, make=True)) as held:
            try:
                held.remove([_DRAFT])
                with held.open(_DRAFT, "xb") as file:
                    np.savez(file, **arrays)  # pyright: ignore[reportArgumentType]
                    file.flush()
                    os.fsync(file.fileno())
                held.rename(_DRAFT, name)
                held.flush()
            finally:
                held.remove([_DRAFT])
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"No space for the checkpoint of step {step}; the one before is intact.", where=str(folder)
            ) from problem
        raise OutputUnwritable(
            f"The checkpoint of step {step} cannot be written ({problem.strerror}); the one before is intact.",
            where=str(folder),
        ) from problem
    # By name and not by time: clocks are set back, and the damaged one that was passed over is the newest but for this.
    for old in {*checkpoints_in(folder)} - {place, before}:
        with suppress(OSError):  # one too many is no reason to end a run
            old.unlink()
    return place


def load_checkpoint(folder: Path, *, run: Mapping[str, Any]) -> Checkpoint | None:
    """The last whole checkpoint in ``folder``, or nothing where there is none; a damaged one is warned of.

    Raises:
        CheckpointMismatch: If it belongs to another run, naming the fields that differ.
        CheckpointDamaged: If none of those that are there is whole.
    """
    paths = checkpoints_in(folder)
    for path in paths:
        try:
            checkpoint = _read(path)
        except _DAMAGE as problem:
            _LOG.warning("the checkpoint %s is damaged (%s); looking for the one before", path, problem)
            continue
        _require_of(run, checkpoint, path)
        return checkpoint
    if paths:
        raise CheckpointDamaged(
            f"No checkpoint here can be read: {', '.join(path.name for path in paths)}.",
            where=str(folder),
            hint="remove the folder to start over",
        )
    return None


def restore(classifier: PairClassifier, checkpoint: Checkpoint, *, metrics: bool) -> None:
    """Put a checkpoint's arrays back into the variables they came from.

    Args:
        classifier: Compiled as it was.
        checkpoint: From ``load_checkpoint``.
        metrics: Only the metrics (which Keras resets at the start of an epoch), or only all else.
    """
    for group, index, variable in _variables(classifier):
        if (group == "metrics") == metrics:
            variable.assign(checkpoint.arrays[f"{group}/{index}"])


def _read(path: Path) -> Checkpoint:
    # NumPy would leave a damaged file open.
    with os.fdopen(open_own(path, os.O_RDONLY), "rb") as stream, np.load(stream, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    state = json.loads(arrays.pop("state").tobytes())
    if state["arrays"] != sorted(arrays):
        raise ValueError("its arrays are not those that were written")
    n_best = sum(name.startswith("best/") for name in arrays)
    best = [arrays.pop(f"best/{index}") for index in range(n_best)] or None
    return Checkpoint(state["run"], state["step"], state["epoch"], state["history"], arrays, best, path)


def _require_of(run: Mapping[str, Any], checkpoint: Checkpoint, path: Path) -> None:
    asked, kept = (_fields(json.loads(json.dumps(dict(one)))) for one in (run, checkpoint.run))
    differing = sorted(name for name in {*asked, *kept} if asked.get(name) != kept.get(name))
    if differing:
        raise CheckpointMismatch(
            f"The checkpoint belongs to another run: {', '.join(differing)} differ.",
            where=str(path),
            expected="; ".join(f"{name} {kept.get(name)!r}, not {asked.get(name)!r}" for name in differing),
            hint="repeat the run as it was, or start over: remove the folder, or name another",
            details={"differing": differing},
        )


def _fields(run: Mapping[str, Any]) -> dict[str, Any]:
    """``run`` with the fields of its mappings as ``recipe.epochs``."""
    flat: dict[str, Any] = {}
    for name, value in run.items():
        flat |= (
            {f"{name}.{key}": one for key, one in value.items()} if isinstance(value, dict) else {name: value}
        )
    return flat


def _variables(classifier: PairClassifier) -> list[tuple[str, int, Any]]:
    groups = {
        "trainable": classifier.trainable_variables,
        "other": classifier.non_trainable_variables,
        "optimizer": classifier.optimizer.variables,
        "metrics": classifier.metrics_variables,
    }
    return [(group, index, value) for group, values in groups.items() for index, value in enumerate(values)]
