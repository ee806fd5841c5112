"""``samesay import``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from samesay.cli.options import (
    PLACE,
    Command,
    Names,
    ScaleOption,
    option,
    output_options,
    sides_option,
)
from samesay.cli.plain import present, visible

if TYPE_CHECKING:
    from samesay.jobs.importing import ImportResult


@click.command("import", cls=Command, most_used=("output", "sides", "labels", "scale", "max_length"))
@click.argument("source", type=PLACE)
@option("--output", "-o", required=True, help="The new folder of the saved model.")
@option("--labels", type=Names(), help="Names of its outputs, in their order: a,b,c [the names it has].")
@option("--scale", type=ScaleOption(), help="Of a head with one output, the lowest and highest score [0,1].")
@sides_option("What its first and its second text are called, such as premise,hypothesis [first,second].")
@option("--max-length", type=int, help="Maximum sequence length, in tokens of a pair [the folder's].")
@option("--overwrite", is_flag=True, help="Replace a saved model at --output, once the new one is whole.")
@output_options
def command(source: str, *, output: str, quiet: bool, as_json: bool, **options: Any) -> None:
    """Save a Hugging Face sequence classifier as a saved model, with its head and without training.

    SOURCE is a folder with config.json and model.safetensors, or hf://owner/model[@revision]. A head with one output,
    as of cross-encoders, becomes a similarity model.

    \b
    samesay import nli-folder --output imported --sides premise,hypothesis
    """  # noqa: D301 - click reads \b
    from samesay.cli.progress import progress_display
    from samesay.jobs.importing import import_model

    with progress_display(quiet=quiet) as progress:
        result = import_model(source, output, progress=progress, **options)
    present(result, _show, output, as_json=as_json)


def _show(result: ImportResult) -> None:
    from samesay.cli import render

    render.facts(
        {
            **(
                {"scores": "from {:g} to {:g}".format(*result.scale)}
                if result.scale
                else {"labels": result.labels}
            ),
            "sides": f"{result.sides[0]}, then {result.sides[1]}",
            "reads": f"{result.max_length:,} tokens of a pair",
            **_compared(result.parity),
            "ONNX part": result.onnx["status"],
        },
        title=f"Imported from {visible(result.source)}",
    )
    render.saved(result.path, result.onnx, result.notes)


def _compared(parity: dict[str, Any]) -> dict[str, str]:
    """What the import was compared with, in words."""
    facts = {}
    if "tokenizer" in parity:
        facts["token ids"] = f"as by {parity['tokenizer']['compared_with']}"
    if "logits" in parity:
        largest = parity["logits"]["largest_difference"]
        facts["logits"] = f"as by {parity['logits']['compared_with']}, within {largest:.1g}"
    return facts
