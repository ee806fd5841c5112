"""``samesay student``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from samesay.cli.options import PLACE, Command, Layers, data_options, option, output_options
from samesay.cli.plain import present, visible

if TYPE_CHECKING:
    from samesay.jobs.student import StudentResult


@click.command("student", cls=Command, most_used=("output", "layers", "vocabulary", "columns", "overwrite"))
@click.argument("model", type=PLACE)
@option("--output", "-o", required=True, help="The new folder of the smaller model.")
@option(
    "--layers",
    type=Layers(),
    help="How many layers to keep, evenly spread from the first to the last, or which ones: 1,4,6 [all].",
)
@option(
    "--vocabulary",
    metavar="DATA",
    help="Keep only the tokens that occur in these pairs, labelled or not, and single characters.",
)
@data_options
@option("--overwrite", is_flag=True, help="Replace a saved model at --output, once the new one is whole.")
@output_options
def command(model: str, *, output: str, quiet: bool, as_json: bool, **options: Any) -> None:
    """Make a smaller model of the saved model MODEL: fewer layers, fewer tokens, the remaining weights unchanged.

    It is where a student starts, and predicts badly until it is trained. The options for reading data are for
    --vocabulary.

    \b
    samesay student my-model --layers 3 --vocabulary pairs --output small
    samesay train pairs --preset small --teacher my-model --output my-small-model
    """  # noqa: D301 - click reads \b
    from samesay.cli.progress import progress_display
    from samesay.jobs.student import make_student

    with progress_display(quiet=quiet) as progress:
        result = make_student(model, output, progress=progress, **options)
    present(result, _show, output, as_json=as_json)


def _show(result: StudentResult) -> None:
    from samesay.cli import render

    share = result.weights / result.all_weights
    render.facts(
        {
            "layers": f"{', '.join(map(str, result.layers))} of {result.all_layers}",
            "tokens": f"{result.tokens:,} of {result.all_tokens:,}",
            "weights": f"{result.weights:,} of {result.all_weights:,} ({share:.0%})",
            "ONNX part": result.onnx["status"],
        },
        title=f"A student of {visible(result.teacher)}",
    )
    render.saved(result.path, result.onnx, result.notes)
