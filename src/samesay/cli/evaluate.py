"""``samesay evaluate``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from samesay.cli import render
from samesay.cli.options import (
    PLACE,
    ModelFirst,
    backend_option,
    data_options,
    option,
    output_options,
    sides_option,
)
from samesay.cli.plain import note_builtin, present, say
from samesay.cli.progress import progress_display

if TYPE_CHECKING:
    from samesay.jobs.evaluate import MeasuredModel

_OWN_TRAINING_DATA = "trained-on"


class _Evaluate(ModelFirst):
    def taken_by_option(self, ctx: click.Context) -> str | None:
        """``evaluate my-model --baselines pairs.csv`` names DATA, and no SOURCE of baselines."""
        source = ctx.params["baselines"]
        if source in (None, _OWN_TRAINING_DATA):
            return None
        ctx.params["baselines"] = _OWN_TRAINING_DATA
        return source


@click.command(
    "evaluate", cls=_Evaluate, most_used=("report", "baselines", "slices", "split", "rename_labels")
)
@click.argument("model", type=PLACE, required=False)
@click.argument("data", type=PLACE, metavar="DATA", required=False)
@sides_option()
@data_options
@option(
    "--baselines",
    is_flag=False,
    flag_value=_OWN_TRAINING_DATA,
    metavar="[SOURCE]",
    help="Also measure baselines trained on SOURCE, or without it on the training data of MODEL: the majority label, "
    "and two models that see one side only. Needs scikit-learn and time.",
)
@backend_option
@option(
    "--plot",
    metavar="FILE",
    help="Also plot the confusion matrix, or predicted over gold scores, as FILE.png or FILE.svg.",
)
@option(
    "--report",
    metavar="FOLDER",
    help="Also write report.html and report.json: calibration, slices, abstention, mistakes, doubtful labels. Needs "
    "samesay[evaluation].",
)
@option(
    "--slice",
    "slices",
    metavar="COLUMN",
    multiple=True,
    help="In the report, also break metrics down by the values of this column of DATA; may be repeated.",
)
@option("--overwrite", is_flag=True, help="Replace a report at --report and a file at --plot.")
@output_options
def command(
    model: str | None,
    data: str,
    *,
    plot: str | None,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Measure MODEL, or the built-in one that fits the labels, on the labelled pairs of DATA.

    Accuracy, macro F1, log loss, every label's precision and recall, the confusion matrix, and the same for always
    predicting the most frequent label. Of a folder of splits, test is used, else validation.
    Labels are matched by name. A model of similarity is measured by Spearman's and Pearson's correlation and its
    errors on its scale, beside the mean score and the overlap of words.

    \b
    samesay evaluate pairs.csv
    samesay evaluate my-model pairs.csv
    samesay evaluate my-model snli --split validation --baselines --json
    samesay evaluate my-model pairs.csv --report report --slice genre
    """  # noqa: D301 - click reads \b
    from samesay.evaluation.plots import require_plot
    from samesay.jobs.evaluate import evaluate_model

    if plot is not None:
        require_plot(plot, overwrite=overwrite)
    with progress_display(quiet=quiet) as progress:
        # With a plot alone there is no report that --overwrite could mean.
        replaces = overwrite and (options["report"] is not None or plot is None)
        measured = evaluate_model(model, data, overwrite=replaces, progress=progress, **options)
    if model is None:
        note_builtin(measured.model)
    present(measured, show, plot, measured.report, as_json=as_json)
    if plot is not None:
        # After the metrics: a plot that cannot be written must not cost them.
        from samesay.evaluation import save_answers_plot

        save_answers_plot(measured.evaluation, plot)


def show(measured: MeasuredModel) -> None:
    """Print a measured model for people."""
    evaluation, constant = measured.evaluation, measured.evaluation.constant
    compared = {
        "model": evaluation.metrics,
        **{name: one.metrics for name, one in measured.baselines.items()},
        f"always {constant.answer}": constant.metrics,
    }
    titles = {name: name.replace("_f1", " F1") for name in evaluation.metrics}
    render.table(
        ["", *titles.values()],
        [(name, *(metrics.get(metric) for metric in titles)) for name, metrics in compared.items()],
        title=f"{measured.model} on {evaluation.n_pairs:,} pairs of {evaluation.source} ({measured.backend})",
        numbers_from=1,
    )
    render.parts(evaluation.tables())
    spans = [
        f"{title} {render.cell(one.low)} to {render.cell(one.high)}"
        for name, title in titles.items()
        if (one := measured.intervals.get(name)) is not None
    ]
    if spans:
        say(f"95 % intervals: {', '.join(spans)}")
    render.left_out(evaluation.rows_dropped)
    say(
        f"Read as {evaluation.sides.first}, then {evaluation.sides.second}; {render.duration(evaluation.seconds)}, "
        f"{evaluation.pairs_per_second:,.0f} pairs a second"
    )
    render.notes([*evaluation.notes, *measured.notes])
    if measured.report is not None:
        say(f"The report: {measured.report}")
