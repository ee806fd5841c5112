"""The whole state of a run at one step, on disk, so that a run that was killed goes on where it stood.

A checkpoint holds every trainable, other (dropout seeds, too) and optimizer variable, the epoch's metrics and the
history. It is written beside its place, synced and renamed: whole or absent.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samesay.errors import DiskFull, UsageError

if TYPE_CHECKING:
    from samesay.model.classifier import PairClassifier

FILE_NAME = "checkpoint.npz"


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stood.

    Attributes:
        run: What the run was asked to do; a checkpoint of another run is refused.
        step: Steps finished in all.
        epoch: The epoch it stood in, from 0.
        history: One entry for each finished epoch.
        best: The weights of the best epoch so far, where there is one.
        arrays: The model's and optimizer's variables.
    """

    run: Mapping[str, Any]
    step: int
    epoch: int
    history: list[dict[str, Any]]
    arrays: dict[str, NDArray[Any]]
    best: list[NDArray[Any]] | None


def save_checkpoint(
    folder: Path,
    classifier: PairClassifier,
    *,
    run: Mapping[str, Any],
    step: int,
    epoch: int,
    history: list[dict[str, Any]],
    best: list[NDArray[Any]] | None,
) -> None:
    """Write the state; the one before is replaced when this one is whole.

    Raises:
        DiskFull: If there is no room; the checkpoint before stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = {"run": dict(run), "step": step, "epoch": epoch, "history": history}
    arrays = {f"{group}/{index}": np.asarray(value) for group, index, value in _variables(classifier)}
    arrays |= {f"best/{index}": value for index, value in enumerate(best or [])}
    arrays["state"] = np.frombuffer(json.dumps(state).encode(), np.uint8)
    # One name for all drafts: what a kill leaves behind is overwritten by the next one.
    draft = folder / f".{FILE_NAME}.draft"
    try:
        with draft.open("wb") as file:
            np.savez(file, **arrays)  # pyright: ignore[reportArgumentType]
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / FILE_NAME)
    except OSError as problem:
        draft.unlink(missing_ok=True)
        if problem.errno == errno.ENOSPC:
            raise DiskFull(
                "No space for a checkpoint; the one before is intact.", where=str(folder)
            ) from problem
        raise


def load_checkpoint(folder: Path, *, run: Mapping[str, Any]) -> Checkpoint | None:
    """The checkpoint in ``folder``, or nothing.

    Raises:
        UsageError: If it belongs to another run, naming the fields that differ.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    state = json.loads(arrays.pop("state").tobytes())
    asked = json.loads(json.dumps(dict(run)))
    differing = sorted(name for name in {*asked, *state["run"]} if asked.get(name) != state["run"].get(name))
    if differing:
        raise UsageError(
            f"The checkpoint belongs to another run: {', '.join(differing)} differ.",
            where=str(path),
            expected="; ".join(f"{name} = {state['run'].get(name)!r}" for name in differing),
            hint="repeat the run as it was, or choose another folder for checkpoints",
        )
    n_best = sum(name.startswith("best/") for name in arrays)
    best = [arrays.pop(f"best/{index}") for index in range(n_best)] or None
    return Checkpoint(state["run"], state["step"], state["epoch"], state["history"], arrays, best)


def restore(classifier: PairClassifier, checkpoint: Checkpoint, *, metrics: bool) -> None:
    """Put a checkpoint's arrays back into the variables they came from.

    Args:
        classifier: Compiled as it was.
        checkpoint: From ``load_checkpoint``.
        metrics: Only the metrics (which Keras resets as an epoch begins), or only all else.
    """
    for group, index, variable in _variables(classifier):
        if (group == "metrics") == metrics:
            variable.assign(checkpoint.arrays[f"{group}/{index}"])


def _variables(classifier: PairClassifier) -> list[tuple[str, int, Any]]:
    groups = {
        "trainable": classifier.trainable_variables,
        "other": classifier.non_trainable_variables,
        "optimizer": classifier.optimizer.variables,
        "metrics": classifier.metrics_variables,
    }
    return [(group, index, value) for group, values in groups.items() for index, value in enumerate(values)]
