"""``samesay audit``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from samesay.cli.options import PLACE, Command, data_options, option, output_options, sides_option
from samesay.cli.plain import present, say, visible
from samesay.errors import AuditFindings

if TYPE_CHECKING:
    from samesay.evaluation.audit.audit import Audit


@click.command("audit", cls=Command, most_used=("strict", "hard", "preset", "columns", "labels"))
@click.argument("data", type=PLACE)
@option(
    "--preset",
    metavar="NAME",
    help="Also count the pairs that this saved model, or this preset, would truncate.",
)
@option(
    "--hard",
    metavar="FILE",
    help="Write the pairs on which the strongest shortcut fails, as a hard test set.",
)
@option("--overwrite", is_flag=True, help="Replace a file at --hard.")
@option("--strict", is_flag=True, help="Exit with status 28 if there is a serious finding.")
@sides_option()
@partial(data_options, without=("allow_empty_sides",))
@output_options
def command(
    data: str,
    *,
    strict: bool,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Look for mistakes in the pairs of DATA, a folder of splits or one table, and for shortcuts.

    Pairs that are repeated, nearly alike, contradict each other or are shared between splits; empty texts; balance and
    lengths; and the shortcut test: how much of the label one side alone gives away. Pairs with an empty text are
    counted and not refused.

    \b
    samesay audit pairs
    samesay audit pairs --strict --hard hard.csv
    """  # noqa: D301 - click reads \b
    from samesay.cli.progress import progress_display
    from samesay.jobs.audit import audit

    with progress_display(quiet=quiet) as progress:
        found = audit(data, progress=progress, **options)
    present(found, show, options["hard"], as_json=as_json)
    serious = any(finding.is_fault for finding in found.findings)
    return AuditFindings.exit_code if strict and serious else 0


def show(audit: Audit) -> None:
    """Print an audit for people."""
    from samesay.cli import render

    render.table(
        ["split", "pairs", "left out", "repeated", "empty", "labels"],
        [
            (
                split,
                facts["pairs"],
                sum(facts["rows_dropped"].values()),
                facts["repeated"],
                sum(facts["empty"].values()),
                facts["labels"] and _shares(facts["labels"]),
            )
            for split, facts in audit.splits.items()
        ],
        title=f"{audit.source}: {audit.verdict}",
    )
    render.table(
        ["split", "side", "words in the mean", "median", "99 % have at most"],
        [
            (split, side, words["mean"], int(words["median"]), int(words["percentile_99"]))
            for split, facts in audit.splits.items()
            for side, words in facts["words"].items()
        ],
        numbers_from=2,
    )
    if audit.shortcuts:
        render.table(
            ["from one side alone", "accuracy", "95 % interval", "most frequent label", "verdict"],
            [
                (one.side, one.accuracy, f"{one.low:.4f} – {one.high:.4f}", one.majority, one.verdict)
                for one in audit.shortcuts
            ],
        )
    for finding in audit.findings:
        say(f"{'!' if finding.is_fault else '·'} {visible(finding.text)}")
        if finding.places:
            say(f"    {visible('; '.join(finding.places))}")
    notes = dict.fromkeys(note for facts in audit.splits.values() for note in facts["notes"])
    render.notes([*notes, *audit.skipped, f"looked at in {render.duration(audit.seconds)}"])


def _shares(counts: dict[str, int]) -> str:
    total = max(sum(counts.values()), 1)
    return ", ".join(f"{name} {100 * count / total:.1f} %" for name, count in counts.items())
