"""``samesay repair``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from samesay.cli.options import PLACE, Command, data_options, option, output_options
from samesay.cli.plain import note, present, visible

if TYPE_CHECKING:
    from samesay.jobs.repair import RepairResult


@click.command(
    "repair", cls=Command, most_used=("output", "validation", "capabilities", "below", "overwrite")
)
@click.argument("model", type=PLACE)
@click.argument("data", type=PLACE, required=False)
@option("--output", "-o", required=True, metavar="DIR", help="The new folder of the repaired model.")
@option("--validation", metavar="DATA", help="Labelled pairs on which it must not get worse.")
@option(
    "--capability",
    "capabilities",
    multiple=True,
    metavar="NAME",
    help="Repair this capability, such as negation; may be repeated [all that fail].",
)
@option(
    "--below",
    type=click.FloatRange(0, 1),
    default=0.95,
    show_default=True,
    metavar="SHARE",
    help="A capability fails if it passes less than this share of its tests.",
)
@option(
    "--pairs",
    "n_pairs",
    type=click.IntRange(100, 100_000),
    default=4000,
    show_default=True,
    metavar="N",
    help="How many pairs are generated.",
)
@option("--seed", type=int, default=0, show_default=True, help="Random seed of the pairs and of training.")
@data_options
@option("--overwrite", is_flag=True, help="Replace a saved model at --output, once the new one is whole.")
@output_options
def command(model: str, data: str | None, *, output: str, quiet: bool, as_json: bool, **options: Any) -> int:
    """Teach the saved model MODEL what samesay check finds missing, and keep it only if nothing else got worse.

    It learns from generated pairs, of other templates and words than the check's, while it is held to its old answers
    on DATA: pairs of the kind that it is for, labelled or not. Exit status 38 if the old model was kept.

    \b
    samesay repair my-model pairs.csv --validation validation.csv --output repaired
    samesay repair my-model --capability negation --output repaired
    """  # noqa: D301 - click reads \b
    from samesay.cli.progress import progress_display
    from samesay.errors import CheckFailed
    from samesay.jobs.repair import repair

    with progress_display(quiet=quiet) as progress:
        result = repair(model, data, output=output, progress=progress, **options)
    present(result, _show, output, as_json=as_json)
    if result.path is None and result.n_pairs:
        note(f"the old model was kept: {result.reason}")
        return CheckFailed.exit_code
    return 0


def _show(result: RepairResult) -> None:
    from samesay.cli import render

    render.table(
        ["capability", "taught", "tests", "before", "after", ""],
        [
            (
                one.capability,
                "yes" if one.taught else "",
                f"{one.n_tests:,}",
                f"{one.before:.1%}",
                f"{one.after:.1%}",
                one.change,
            )
            for one in result.capabilities
        ],
    )
    if result.validation is not None:
        render.facts(
            {
                name: f"{one.value:+.3f}"
                + (f" ({one.low:+.3f} to {one.high:+.3f})" if one.low is not None else "")
                for name, one in result.validation.items()
            },
            title="On the validation pairs",
        )
    facts = {
        "taught by": f"{result.n_pairs:,} generated pairs",
        "held to its answers on": f"{result.n_rehearsed:,} pairs",
        "time in steps": render.duration(result.seconds),
    }
    if result.n_pairs:
        render.facts(facts, title=f"Repairing {visible(result.model)}")
    render.notes([*([f"saved to {result.path}"] if result.path else [result.reason]), *result.notes])
