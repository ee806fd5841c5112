"""``samesay train``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from samesay import interrupts
from samesay.cli.habits import TYPED
from samesay.cli.options import (
    OF_DATA,
    PLACE,
    Command,
    declared_options,
    option,
    output_options,
)
from samesay.cli.plain import counted, note, present, say
from samesay.data.options import ReadOptions
from samesay.declaration import settings_of
from samesay.printable import command as command_line
from samesay.recipes.run import Run, gather, require_whole
from samesay.training.recipe import Recipe, RunFiles

if TYPE_CHECKING:
    from samesay.jobs.few import Search
    from samesay.jobs.train import TrainResult

_MOST_EPOCHS = 12


@click.command(
    "train",
    cls=Command,
    epilog="Ctrl-C ends the run after the step at hand, saves the best so far (exit status 130) and prints the command "
    "that resumes it; a second Ctrl-C ends it at once and saves nothing.",
)
@click.argument("data", type=PLACE, required=False)
@option(
    "--config",
    group="Data and encoder",
    metavar="FILE",
    help="A recipe, .yaml or .toml, with DATA or any of these options, which override it; samesay config prints one.",
)
@declared_options(Run, [name for name in settings_of(Run) if name not in OF_DATA])
@declared_options(Recipe)
@declared_options(ReadOptions)
@option(
    "--resume",
    group="Checkpoints and logs",
    is_flag=True,
    help="Resume an interrupted run from its last checkpoint, where there is one: to the very same weights.",
)
@option(
    "--overwrite",
    group="Checkpoints and logs",
    is_flag=True,
    help="Replace a saved model at --output once the new one is whole; start over instead of resuming.",
)
@declared_options(RunFiles)
@output_options
def command(
    *,
    config: str | None,
    resume: bool,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> int | None:
    """Fine-tune a pretrained encoder on DATA and save it.

    DATA is a file of pairs (CSV, TSV, JSON Lines, Parquet, also gzipped), a folder with files called train,
    validation and test, - for standard input, or generated:5000. A split and a slice may follow:
    pairs.csv[:20%], folder:train[:1000]. DATA and --output are needed, here or in the recipe. Of fewer than 2,000
    pairs a few recipes are tried first, unless --preset says what to start from; a warning says if the model is
    no better than one that needs no training.

    \b
    samesay train my-200-pairs.csv --output my-model
    samesay train pairs.csv --preset minilm --output my-model
    samesay train snli --preset minilm --sides hypothesis,premise --epochs 1 -o nli
    samesay train --config my-model/recipe.yaml --output the-same-again
    """  # noqa: D301 - click reads \b
    from samesay.cli.progress import progress_display
    from samesay.model.runtime.allocator import use_one_arena

    # Before what follows starts threads of its own.
    use_one_arena()
    from samesay.jobs.train import train

    files = RunFiles(**{name: options.pop(name) for name in settings_of(RunFiles)})
    # A flag that was not given is no "no" that would override the recipe's "yes", and a default is nobody's word.
    source = click.get_current_context().get_parameter_source
    given = {
        name: None if value is False or source(name) is ParameterSource.DEFAULT else value
        for name, value in options.items()
    }
    run, recipe = gather(config, given)
    require_whole(run, config, given)
    try:
        with progress_display(quiet=quiet) as progress:
            result = train(run, recipe, files=files, resume=resume, overwrite=overwrite, progress=progress)
    except KeyboardInterrupt as stop:
        if getattr(stop, "__notes__", None):  # of a state that is kept
            note(f"To resume: {_command_to_resume('--resume')}")
        raise
    present(result, show, result.path, as_json=as_json)
    # A script must be able to tell what was stopped, also where a usable model was saved.
    if result.interrupted and result.checkpoints is not None:
        # The model of what was reached is at --output by now.
        note(f"To resume: {_command_to_resume('--resume', '--overwrite')}")
    return interrupts.status() if result.interrupted else None


def _command_to_resume(*flags: str) -> str:
    """What was typed, with ``flags`` among its options."""
    typed = list(click.get_current_context().meta[TYPED])
    end = typed.index("--") if "--" in typed else len(typed)
    missing = [flag for flag in flags if flag not in typed[:end]]
    return command_line("samesay", *typed[:end], *missing, *typed[end:])


def show(result: TrainResult) -> None:
    """Print a training run for people."""
    from samesay.cli import render

    if result.few_pairs is not None:
        _show_search(result.few_pairs)
    recipe = result.recipe
    trained, of = result.trained_weights
    speed = f"{result.pairs_per_second:,.0f} pairs a second, {result.padding_share:.1%} padding"
    render.facts(
        {
            "pairs": f"{result.n_pairs:,} ("
            + (render.cell(result.label_counts) if result.label_counts else result.answers.in_words)
            + ")",
            "sides": f"{result.sides.first}, then {result.sides.second}",
            "preset": f"{result.preset} ({result.head} head)",
            "recipe": f"{recipe.optimizer}, {recipe.learning_rate:g} {recipe.schedule}, batches of "
            f"{recipe.batch_size}, seed {recipe.seed}",
            "time": f"{render.duration(result.seconds)}, {speed}",
            "step": result.step.in_words(),
            "weights": f"{trained:,} of {of:,} were trained ({trained / of:.2%})",
        },
        title="Interrupted: the best so far was saved" if result.interrupted else "Trained",
    )
    named = (
        "epoch",
        "loss",
        "accuracy",
        "validation_loss",
        "validation_accuracy",
        "validation_spearman",
        "seconds",
    )
    present = [name for name in named if any(entry.get(name) is not None for entry in result.history)]
    render.table(
        [*(name.replace("_", " ") for name in present), ""],
        [
            [
                *(
                    render.duration(entry[name])
                    if name == "seconds" and entry.get(name) is not None
                    else entry.get(name)
                    for name in present
                ),
                "kept" if entry["epoch"] == result.best_epoch else "",
            ]
            for entry in _some_of(result.history, result.best_epoch)
        ],
        numbers_from=0,
    )
    if result.evaluation is not None:
        measured = result.evaluation
        metrics = ", ".join(
            f"{name.replace('_', ' ')} {value:.4f}" for name, value in measured.metrics.items()
        )
        beaten = ", ".join(f"{name} {value:.4f}" for name, value in measured.constant.metrics.items())
        always = f"always {measured.constant.answer}: {beaten}"
        where = {
            "validation": counted(measured.n_pairs, "validation pair"),
            "held out": counted(measured.n_pairs, "held-out pair"),
            "cross-validation": f"{counted(measured.n_pairs, 'pair')} in cross-validation",
        }
        say(f"On {where[str(result.measured_on)]}: {metrics} ({always})")
    for one in result.alternatives:
        if one.use is not None:
            metrics = ", ".join(
                f"{name.replace('_', ' ')} {value:.4f}" for name, value in one.metrics.items()
            )
            say(f"Beside it {one.name}: {metrics}")
    for text in result.warnings:
        say(f"WARNING: {text}")
    if result.seeds is not None:
        _show_seeds(result.seeds)
    render.notes(result.notes)
    if result.onnx.status != "verified":
        render.notes([f"the ONNX part is {result.onnx.status}: {result.onnx.detail}"])
    say(f"Saved to {result.path}")
    say()
    say(f"Next: {command_line('samesay', 'evaluate', result.path)} DATA")
    say(f"      {command_line('samesay', 'score', result.path, *result.sides)}")


def _some_of(history: list[dict[str, Any]], best_epoch: float) -> list[dict[str, Any]]:
    """All entries, or of many about a dozen, the first, the last and the best among them."""
    every = -(-len(history) // _MOST_EPOCHS)
    last = len(history) - 1
    return [
        entry
        for place, entry in enumerate(history)
        if place in (0, last) or (place + 1) % every == 0 or entry["epoch"] == best_epoch
    ]


def _show_search(search: Search) -> None:
    from samesay.cli import render

    names = list(dict.fromkeys(name for one in search.tried for name in one.metrics))
    render.table(
        ["recipe", *(name.replace("_", " ") for name in names), "folds", "seconds", ""],
        [
            [one.name, *(one.metrics.get(name) for name in names), one.folds, f"{one.seconds:.0f}", one.note]
            for one in search.tried
        ],
        title=f"Tried in {search.seconds:.0f} of {search.budget:.0f} seconds, cross-validated in "
        f"{search.folds} parts; no text of {search.grouped_by} is in two of them",
        numbers_from=1,
    )


def _show_seeds(seeds: dict[str, Any]) -> None:
    from samesay.cli import render

    names = list(seeds["mean"])
    rows = [
        [str(run["seed"]), *(run[name] for name in names), "kept" if run["seed"] == seeds["kept"] else ""]
        for run in seeds["runs"]
    ]
    rows.append(["mean", *seeds["mean"].values(), ""])
    rows.append(["standard deviation", *seeds["spread"].values(), ""])
    render.table(["seed", *(name.replace("_", " ") for name in names), ""], rows, numbers_from=1)
