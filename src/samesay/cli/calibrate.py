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
from samesay.cli.plain import present, say, visible
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
    help="Fit a temperature alone, or with a bias for every label; auto keeps biases that help on held-out pairs.",
)
@option(
    "--precision",
    type=float,
    metavar="SHARE",
    help="Abstain so that at least this share of the other predictions is right, such as 0.95 [never abstain].",
)
@option(
    "--thresholds/--no-thresholds",
    default=True,
    help="Look for the thresholds of the best macro F1; or always predict the most probable label.",
)
@option(
    "--max-overlap",
    type=float,
    default=0.01,
    show_default=True,
    metavar="SHARE",
    help="Largest share of DATA that MODEL may have been trained on.",
)
@option(
    "--output",
    "-o",
    metavar="DIR",
    help="Write a calibrated copy there [MODEL itself is changed].",
)
@option("--overwrite", is_flag=True, help="Replace a saved model at --output.")
@option("--reset", is_flag=True, help="Remove the decision policy instead; without DATA.")
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

    A temperature, and a bias for every label where that helps, make its probabilities honest; thresholds are kept if
    they help on held-out pairs; with --precision the model abstains from predictions of low confidence. The scores of
    a similarity model are brought nearer to those of DATA, in the same order. Every later prediction follows this
    policy. DATA must not be what MODEL was trained on. Of a folder of splits, validation is used.

    \b
    samesay calibrate my-model pairs --precision 0.95
    samesay calibrate my-model --reset
    """  # noqa: D301 - click reads \b
    if reset == (data is not None):
        raise UsageError(
            "--reset removes the policy and reads no data." if reset else "There is nothing to calibrate on.",
            expected="DATA, or --reset",
            hint=command_line("samesay", "calibrate", model, "--reset" if reset else "DATA"),
        )
    if data is None:
        from samesay.jobs.calibrate import reset as take_away

        take_away(model, output=output, overwrite=overwrite)
        path = output or model
        gone = f"{visible(path)} has no decision policy any more: it predicts its most probable label"
        present({"path": path}, lambda _: say(gone), path, as_json=as_json)
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
