"""``samesay calibrate``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from samesay.cli.options import (
    PLACE,
    Command,
    backend_option,
    data_options,
    option,
    output_options,
    sides_option,
)
from samesay.cli.plain import present, print_json, remarks, say, visible
from samesay.errors import UsageError
from samesay.printable import command as command_line

if TYPE_CHECKING:
    from samesay.jobs.calibrate import CalibratedModel


@click.command("calibrate", cls=Command, most_used=("precision", "output", "method", "reset", "sides"))
@click.argument("model", type=PLACE)
@click.argument("data", type=PLACE, required=False)
@option(
    "--method",
    type=click.Choice(["auto", "temperature", "bias"]),
    default="auto",
    show_default=True,
    help="Temperature alone, with a bias for every label, or (auto) biases where they hold on pairs left out.",
)
@option(
    "--precision",
    type=float,
    metavar="SHARE",
    help="Abstain where fewer than this share of answers would be right, such as 0.95 [always answer].",
)
@option(
    "--thresholds/--no-thresholds",
    default=True,
    help="Look for thresholds of the highest macro F1, or give the most probable label always.",
)
@option(
    "--max-overlap",
    type=float,
    default=0.01,
    show_default=True,
    metavar="SHARE",
    help="The largest share of DATA that MODEL may have been trained on.",
)
@option(
    "--output",
    "-o",
    metavar="DIR",
    help="Write a calibrated copy there [MODEL itself is changed].",
)
@option("--overwrite", is_flag=True, help="Replace a saved model at --output.")
@option("--reset", is_flag=True, help="Take the decision policy away instead; without DATA.")
@sides_option()
@data_options
@backend_option
@output_options
def command(
    model: str,
    data: str | None,
    *,
    reset: bool,
    output: str | None,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Fit how MODEL decides to the labelled pairs of DATA, and store it in MODEL.

    A temperature, with a bias for every label where that helps, makes its probabilities honest; a threshold for every
    label is kept if it helps on pairs left out of the fit; with --precision the model abstains from answers that are
    not sure enough. Every later answer is given so.
    A similarity model's scores are brought nearer to those of DATA, in the same order.
    DATA must not be what MODEL was trained on. Of a folder of splits, validation is taken.

    \b
    samesay calibrate my-model pairs --precision 0.95
    samesay calibrate my-model --reset
    """  # noqa: D301 - click reads \b
    if reset == (data is not None):
        raise UsageError(
            "--reset takes the policy away and reads no data."
            if reset
            else "There is nothing to calibrate on.",
            expected="DATA, or --reset",
            hint=command_line("samesay", "calibrate", model, "--reset" if reset else "DATA"),
        )
    if data is None:
        from samesay.jobs.calibrate import reset as take_away

        take_away(model, output=output, overwrite=overwrite)
        with remarks(output or model):
            if as_json:
                print_json({"path": output or model})
            else:
                say(
                    f"{visible(output or model)} has no decision policy any more: it gives its most probable label"
                )
        return
    from samesay.cli.progress import progress_display
    from samesay.jobs.calibrate import calibrate

    with progress_display(quiet=quiet) as progress:
        calibrated = calibrate(model, data, output=output, overwrite=overwrite, progress=progress, **options)
    present(calibrated, show, output or model, as_json=as_json)


def show(calibrated: CalibratedModel) -> None:
    """Print a calibration for people."""
    from samesay.cli import render

    decision = calibrated.decision
    fitted = decision.calibration
    render.table(
        ["on these pairs", "before", "after"],
        [
            (name.replace("_", " "), calibrated.before[name], value)
            for name, value in calibrated.after.items()
        ],
        title=f"{calibrated.path}, fitted to {fitted['pairs']:,} pairs of {fitted['source']}",
        numbers_from=1,
    )
    shown: dict[str, Any] = {"temperature": decision.temperature}
    if decision.biases:
        shown["biases"] = decision.biases
    if decision.thresholds:
        shown["thresholds"] = decision.thresholds
    if calibrated.abstention is not None:
        found = calibrated.abstention
        shown["abstains below"] = found.abstain_below
        shown["stands by"] = (
            f"{100 * found.coverage:.1f} % of its answers, of which {100 * found.precision:.1f} % are right "
            f"(at least {100 * found.precision_bound:.1f} %)"
        )
    render.facts(shown)
    render.notes([*calibrated.notes, "how well this holds on other pairs says samesay evaluate"])
