"""``samesay verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from samesay.cli.options import (
    OF_DATA,
    PLACE,
    Command,
    data_options,
    output_options,
    refuse_idle,
    sides_option,
    threads_option,
)
from samesay.cli.plain import note, present, say

if TYPE_CHECKING:
    from samesay.jobs.verify import Verification

_CHANGED_SHOWN = 5


@click.command("verify", cls=Command, most_used=("split", "columns", "labels", "sides", "threads"))
@click.argument("model", type=PLACE)
@click.argument("data", type=PLACE, required=False)
@sides_option()
@data_options
@threads_option
@output_options
def command(model: str, data: str | None, *, quiet: bool, as_json: bool, **options: Any) -> int:
    """Check again that MODEL's ONNX part predicts as Keras does, on texts of the check's own and on DATA.

    Both read raw texts, Keras through KerasHub's own tokenizer, and their logits are compared. The model is not
    changed. The exit status is 37 if they differ. Needs samesay[train].

    \b
    samesay verify my-model
    samesay verify my-model pairs.csv --json
    """  # noqa: D301 - click reads \b
    from samesay.cli.progress import progress_display
    from samesay.errors import ParityFailed
    from samesay.jobs.verify import verify

    if data is None:
        refuse_idle(OF_DATA, "is for DATA, and none is named")
    with progress_display(quiet=quiet) as progress:
        found = verify(model, data, progress=progress, **options)
    present(found, show, as_json=as_json)
    if found.holds:
        return 0
    note("the two parts do not answer alike: see what changed, or save the model again with samesay train")
    return ParityFailed.exit_code


def show(found: Verification) -> None:
    """Print a verification for people."""
    from samesay.cli import render

    probe, data = found.probe, found.data
    rows = [
        (
            "the parity check's own texts",
            probe.pairs_checked,
            probe.max_difference,
            probe.tolerance,
            probe.changed_decisions,
        )
    ]
    if data is not None:
        rows.append((data.source, data.pairs, data.max_difference, data.tolerance, data.changed))
    render.table(
        ["", "pairs", "largest difference of a logit", "allowed", "other answers"],
        [
            (name, f"{pairs:,}", _small(largest), _small(allowed), f"{changed:,}")
            for name, pairs, largest, allowed, changed in rows
        ],
        title=f"{found.model}: {'as Keras' if found.holds else 'NOT as Keras'}",
        numbers_from=1,
    )
    if data is not None and data.shown:
        render.table(
            ["pair", "Keras", "ONNX", "difference", "texts"],
            [
                (
                    f"{one.place + 1:,}",
                    one.keras,
                    one.onnx,
                    _small(one.difference),
                    f"{one.pair.first} / {one.pair.second}",
                )
                for one in data.shown[:_CHANGED_SHOWN]
            ],
        )
    if data is not None:
        render.notes(data.notes)
    if probe.status != "verified":
        say(probe.detail)
    then = {name: text for name, text in found.versions_recorded.items() if found.versions.get(name) != text}
    if then:
        render.facts(
            {
                name: f"{text} when it was saved, {found.versions.get(name, 'not used')} now"
                for name, text in then.items()
            }
        )


def _small(number: float | None) -> str:
    return "" if number is None else f"{number:.2g}"
