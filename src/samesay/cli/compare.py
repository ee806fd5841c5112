"""``samesay compare``."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from samesay.cli import render
from samesay.cli.options import (
    PLACE,
    Command,
    Mapping,
    SidesOption,
    data_options,
    option,
    output_options,
    sides_option,
)
from samesay.cli.plain import note_builtin, present, say
from samesay.cli.progress import progress_display
from samesay.errors import UsageError

if TYPE_CHECKING:
    from samesay.predictors.comparison import Comparison

_CHANGED_SHOWN = 5


@click.command("compare", cls=Command, most_used=("data", "baselines", "changed", "markdown", "columns"))
@click.argument("models", type=PLACE, metavar="MODEL [MODEL]...", nargs=-1)
@option(
    "--data",
    metavar="DATA",
    required=True,
    help="Pairs with labels or scores, to measure all models on.",
)
@sides_option()
@data_options
@option(
    "--rename-model-labels",
    type=Mapping(),
    help="Other names for the labels of models: LABEL_0=contradiction,LABEL_1=entailment.",
)
@option(
    "--reads",
    type=SidesOption(),
    help="What a model of another library reads first and second, if it does not say [the data's order].",
)
@option(
    "--baselines",
    metavar="SOURCE",
    default="trained-on",
    help="Train the baselines on SOURCE [what the first saved model was trained on].",
)
@option(
    "--resamples",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="Bootstrap resamples: more give steadier intervals and take longer.",
)
@option(
    "--rounds",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    help="Rounds of measuring speed, the models in turn; 0 skips speed, size and memory.",
)
@option(
    "--changed", metavar="FILE", help="Write the pairs whose predicted label changes, with every prediction."
)
@option("--markdown", metavar="FILE", help="Write the table and the verdicts as Markdown.")
@option("--plot", metavar="FILE", help="Plot quality over pairs per second, as FILE.png or FILE.svg.")
@option("--overwrite", is_flag=True, help="Replace files at --changed, --markdown and --plot.")
@output_options
def command(
    models: tuple[str, ...],
    data: str,
    *,
    plot: str | None,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Compare every MODEL with the first, or a single one with the built-in one that fits, on the same pairs.

    Metrics, paired tests of their differences, changed predictions, speed, size and memory. A MODEL is
    a saved model, a Hugging Face or sentence-transformers folder with a sequence classifier (through its own
    library), or a baseline: baseline:majority, baseline:first, baseline:second; of similarity models
    baseline:word-overlap. onnx:MODEL and keras:MODEL name the part that predicts. Needs samesay[evaluation].

    \b
    samesay compare my-model old-model baseline:second --data pairs.csv
    samesay compare onnx:my-model keras:my-model --data pairs.csv --changed changed.csv
    """  # noqa: D301 - click reads \b
    from samesay.evaluation.plots import require_plot
    from samesay.jobs.compare import compare_models

    if plot is not None:
        if not options["rounds"]:
            raise UsageError("The plot shows what models cost.", where="--plot", hint="leave out --rounds 0")
        require_plot(plot, overwrite=overwrite)
    with progress_display(quiet=quiet) as progress:
        compared = compare_models(models, data, overwrite=overwrite, progress=progress, **options)
    if len(models) == 1:
        note_builtin(compared.models[1].model)
    present(compared, show, plot, options["changed"], options["markdown"], as_json=as_json)
    if plot is not None:
        # After the metrics: a plot that cannot be written must not cost them.
        from samesay.evaluation import save_cost_plot

        title = f"{len(compared.table):,} pairs of {compared.table.origin}"
        save_cost_plot(compared.cost_points(), plot, quality=compared.headline, title=title)


def show(compared: Comparison) -> None:
    """Print a comparison for people."""
    from samesay.predictors.comparison import verdict

    render.parts(compared.tables())
    names = [one.name for one in compared.models]
    for row in islice(compared.changed_rows(), _CHANGED_SHOWN):
        answers = {name: f"{row[f'answer {name}']} {row[f'probability {name}']:.2f}" for name in names}
        render.facts(
            {**{side: row[side] for side in compared.table.sides}, "label": row["label"], **answers},
            title=f"row {row['row']}",
        )
    render.parts(verdict(one, compared.reference) for one in compared.models[1:])
    say()
    if compared.cost_pairs is not None:
        render.parts([compared.cost_table()])
    render.left_out(compared.table.origin.rows_dropped)
    render.notes([*compared.notes, *(f"{one.name}: {note}" for one in compared.models for note in one.notes)])
