"""Where the state of a training run lies, who may write there, and what is left of it when the run fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from samesay.errors import (
    CheckpointDamaged,
    CheckpointMismatch,
    OutputBusy,
    TargetExists,
    TrainingDiverged,
    UsageError,
)
from samesay.model.runtime.backend import chosen_backend
from samesay.storage import Claim, destination, made_parents, require_own_or_absent, said_plainly
from samesay.training.checkpoints import checkpoints_in, folders_of_runs

# After these the same command with --resume would end in the same way.
_NOT_RESUMED = (CheckpointDamaged, CheckpointMismatch, OutputBusy, TrainingDiverged)
_LOG = logging.getLogger("samesay")


def place_of_checkpoints(
    given: str | Path | None, output: Path, *, resume: bool, overwrite: bool, seeds: range
) -> Path | None:
    """The folder for the state of the run; none on a backend whose runs cannot be repeated, unless it was asked for.

    Raises:
        TargetExists: If another run's state is there, and neither resuming nor starting over was asked for.
        CheckpointMismatch: If a run of another seed is to be resumed.
        OutputUnwritable: If a link or another user's folder lies there, and the folder was not named.
    """
    if given is None and not resume and chosen_backend() != "jax":
        return None
    if given is None:
        place = output.with_name(f"{output.name}.checkpoints")
        # Nobody named it, and its name can be foretold.
        require_own_or_absent(place, folder=True)
    else:
        place = destination(given)
    for seed in seeds:
        require_own_or_absent(place / f"seed-{seed}", folder=True)
    if place.exists() and not place.is_dir():
        raise UsageError(f"{place} is no folder.", where="checkpoints", expected="a folder for checkpoints")
    found = _runs_in(place)
    if resume and found - {f"seed-{seed}" for seed in seeds}:
        raise CheckpointMismatch(
            f"The checkpoints in {place} are of another seed: {', '.join(sorted(found))}.",
            where="recipe.seed",
            expected=f"seeds from {seeds[0]} to {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]}",
            hint="give the same --seed and --seeds, or name another folder with --checkpoints, or start over with "
            "--overwrite and without --resume",
        )
    if resume and not found:
        _LOG.warning("there is no checkpoint in %s: the run starts from the beginning", place)
    if found and not resume and not overwrite:
        raise TargetExists(
            f"An interrupted run left its checkpoints in {place}.",
            where=str(place),
            hint="resume it with --resume, or start over with --overwrite",
        )
    return place


@contextmanager
def held(place: Path | None) -> Iterator[None]:
    """Within it no other run may write to ``place``, which is gone afterwards if no checkpoint is in it.

    A failure, Ctrl-C too, gets a note that says what is kept there.

    Raises:
        OutputBusy: If another run is writing there.
        OutputUnwritable: If the system refuses to write there.
    """
    if place is None:
        yield
        return
    with ExitStack() as during:
        with said_plainly(place):
            during.enter_context(made_parents(place))
            place.mkdir(exist_ok=True)
        claim = Claim.take(place)
        try:
            if claim.taken:
                raise OutputBusy(
                    f"Another run is writing its checkpoints to {place}.",
                    where=str(place),
                    hint="wait until it is done, or name another --output or --checkpoints",
                )
            yield
        except BaseException as problem:
            if _runs_in(place) and not isinstance(problem, _NOT_RESUMED):
                problem.add_note(
                    f"the run's state is kept in {place}: the same command with --resume goes on from there"
                )
            raise
        finally:
            for folder in (*folders_of_runs(place), place):
                with suppress(OSError):  # something is in it
                    folder.rmdir()
            claim.release()


def _runs_in(place: Path) -> set[str]:
    """The names of the folders of seeds in which a checkpoint lies."""
    return {one.name for one in folders_of_runs(place) if checkpoints_in(one)}
