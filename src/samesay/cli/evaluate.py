"""``samesay evaluate``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

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

if TYPE_CHECKING:
    from samesay.evaluation import ClassificationEvaluation, Evaluation
    from samesay.jobs.evaluate import MeasuredModel

# Above this many labels the matrix is wider than a screen; --json has it whole, and so has --plot.
_MOST_LABELS_IN_A_TABLE = 8


@click.command(
    "evaluate", cls=ModelFirst, most_used=("report", "baselines", "slices", "split", "rename_labels")
)
@click.argument("model", type=PLACE, required=False)
@click.argument("data", type=PLACE, metavar="DATA", required=False)
@sides_option()
@data_options
@option(
    "--baselines",
    is_flag=False,
    flag_value="trained-on",
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
@option("--overwrite", is_flag=True, help="Replace a report at --report.")
@output_options
def command(
    model: str | None,
    data: str,
    *,
    plot: str | None,
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
    from samesay.cli.progress import progress_display
    from samesay.jobs.evaluate import evaluate_model

    with progress_display(quiet=quiet) as progress:
        measured = evaluate_model(model, data, progress=progress, **options)
    if model is None:
        note_builtin(measured.model)
    present(measured, show, plot, measured.report, as_json=as_json)
    if plot is not None:
        # After the metrics: a plot that cannot be written must not cost them.
        from samesay.evaluation import save_answers_plot

        save_answers_plot(measured.evaluation, plot)


def show(measured: MeasuredModel) -> None:
    """Print a measured model for people."""
    from samesay.cli import render
    from samesay.evaluation import ClassificationEvaluation, SimilarityEvaluation

    evaluation = measured.evaluation
    _show_metrics(measured, evaluation)
    if isinstance(evaluation, ClassificationEvaluation):
        _show_labels(evaluation)
    elif isinstance(evaluation, SimilarityEvaluation):
        say(f"Scores from {evaluation.scale}.")
    _show_intervals(measured)
    dropped = sum(evaluation.rows_dropped.values())
    if dropped:
        say(f"{dropped:,} rows were left out: {render.cell(evaluation.rows_dropped)}")
    say(
        f"Read as {evaluation.sides.first}, then {evaluation.sides.second}; {render.duration(evaluation.seconds)}, "
        f"{evaluation.pairs_per_second:,.0f} pairs a second"
    )
    render.notes([*evaluation.notes, *measured.notes])
    if measured.report is not None:
        say(f"The report: {measured.report}")


def _show_metrics(measured: MeasuredModel, evaluation: Evaluation) -> None:
    from samesay.cli import render

    constant = evaluation.constant
    compared = {
        "model": evaluation.metrics,
        **{name: one.metrics for name, one in measured.baselines.items()},
        f"always {constant.answer}": constant.metrics,
    }
    names = list(evaluation.metrics)
    render.table(
        ["", *(name.replace("_f1", " F1") for name in names)],
        [(name, *(metrics.get(metric) for metric in names)) for name, metrics in compared.items()],
        title=f"{measured.model} on {evaluation.n_pairs:,} pairs of {evaluation.source} ({measured.backend})",
        numbers_from=1,
    )


def _show_labels(evaluation: ClassificationEvaluation) -> None:
    from samesay.cli import render

    render.table(
        ["label", "precision", "recall", "F1", "pairs", "answers"],
        [
            (name, score.precision, score.recall, score.f1, score.support, score.predicted)
            for name, score in zip(evaluation.labels, evaluation.per_class, strict=True)
        ],
        numbers_from=1,
    )
    _show_confusion(evaluation)
    if evaluation.abstention is not None:
        found = evaluation.abstention
        right = found["accuracy_of_answered"]
        say(
            f"The model abstains from {found['abstained']:,} answers and stands by {100 * found['coverage']:.1f} %"
            + ("" if right is None else f", of which {100 * right:.1f} % are right")
        )


def _show_intervals(measured: MeasuredModel) -> None:
    from samesay.cli import render

    spans = [
        f"{name.replace('_f1', ' F1')} {render.cell(one.low)} to {render.cell(one.high)}"
        for name, one in measured.intervals.items()
        # Of the metrics that stand above.
        if one is not None and name in measured.evaluation.metrics
    ]
    if spans:
        say(f"95 % intervals: {', '.join(spans)}")


def _show_confusion(evaluation: ClassificationEvaluation) -> None:
    from samesay.cli import render

    if len(evaluation.labels) > _MOST_LABELS_IN_A_TABLE:
        say(f"The confusion matrix of {len(evaluation.labels)} labels is in --json and --plot.")
        return
    render.table(
        ["true \\ answer", *evaluation.labels],
        [(name, *row) for name, row in zip(evaluation.labels, evaluation.confusion, strict=True)],
        numbers_from=1,
    )
