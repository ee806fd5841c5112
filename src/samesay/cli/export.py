"""``samesay export``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from samesay.cli.options import (
    OF_DATA,
    PLACE,
    Command,
    data_options,
    option,
    output_options,
    refuse_idle,
    sides_option,
)
from samesay.cli.plain import present, say, visible

if TYPE_CHECKING:
    from samesay.jobs.export import ExportFormat, ExportResult


@click.command("export", cls=Command, most_used=("to", "quantize", "data", "max_changed", "overwrite"))
@click.argument("model", type=PLACE)
@click.argument("path", type=PLACE)
@option(
    "--to",
    type=click.Choice(["huggingface", "bundle", "onnx", "keras"]),
    default="huggingface",
    show_default=True,
    help="huggingface: a folder for transformers; bundle: a saved model without its Keras part, for scoring only; "
    "onnx: the graph with its tokenizer, in a folder; keras: one .keras file.",
)
@option(
    "--quantize",
    type=click.Choice(["int8", "compact", "float16"]),
    help="For bundle and onnx: store weights in 8 or 16 bits, compute in 32; compact is int8 in coarser steps, of "
    "which a zip or wheel keeps 5 bits. Its cost is measured on --data first.",
)
@option("--data", metavar="DATA", help="Labelled pairs to measure the cost of --quantize on.")
@option(
    "--max-changed",
    type=click.FloatRange(0, 1),
    default=0.01,
    show_default=True,
    metavar="SHARE",
    help="Largest share of predictions that --quantize may change; beyond it nothing is written.",
)
@sides_option()
@data_options
@option("--overwrite", is_flag=True, help="Replace an earlier export at PATH.")
@output_options
def command(
    model: str,
    path: str,
    *,
    to: ExportFormat,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Write the saved model MODEL to PATH in another format, whole or not at all.

    \b
    samesay export my-model my-model-hf
    samesay export my-model small --to bundle --quantize int8 --data pairs.csv
    samesay export my-model my-model.keras --to keras
    """  # noqa: D301 - click reads \b
    from samesay.cli.progress import progress_display
    from samesay.jobs.export import export

    if options["data"] is None:
        refuse_idle(OF_DATA, "is for --data, and none is named")
    if options["quantize"] is None:
        refuse_idle({"max_changed"}, "is for --quantize")
    with progress_display(quiet=quiet) as progress:
        result = export(model, path, to=to, progress=progress, **options)
    present(result, _show, path, as_json=as_json)


def _show(result: ExportResult) -> None:
    from samesay.cli import render

    say(f"Exported to {visible(result.path)}")
    render.facts(
        {
            "format": result.format,
            "labels": result.labels,
            "sides": f"{result.sides[0]}, then {result.sides[1]}",
            **{name: render.size(size) for name, size in result.files.items()},
        }
    )
    render.notes(result.notes)
    cost = result.quantization
    if cost is not None:
        metrics = list(cost["before"])
        render.table(
            ["", *(name.replace("_", " ") for name in metrics), "graph"],
            [
                ("before", *(cost["before"][name] for name in metrics), render.size(cost["bytes_before"])),
                (
                    cost["storage"],
                    *(cost["after"][name] for name in metrics),
                    render.size(cost["bytes_after"]),
                ),
            ],
            title=f"{cost['changed']:,} of {cost['pairs']:,} answers changed on {cost['source']}",
            numbers_from=1,
        )
