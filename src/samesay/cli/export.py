"""``samesay export``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from samesay.cli.options import json_option
from samesay.cli.plain import print_json, say, visible

if TYPE_CHECKING:
    from samesay.workflows.export import ExportFormat


@click.command("export")
@click.argument("model")
@click.argument("path")
@click.option(
    "--to",
    type=click.Choice(["huggingface", "onnx", "keras"]),
    default="huggingface",
    show_default=True,
    help="huggingface: a folder for transformers and servers of its models; onnx: the verified graph with its "
    "tokenizer, in a folder; keras: one .keras file.",
)
@click.option("--overwrite", is_flag=True, help="Replace what was exported to PATH before.")
@json_option
def command(model: str, path: str, *, to: ExportFormat, overwrite: bool, as_json: bool) -> None:
    """Write the saved model MODEL to PATH in another format, whole or not at all.

    \b
    samesay export my-model my-model-hf
    samesay export my-model my-model-onnx --to onnx
    samesay export my-model my-model.keras --to keras
    """  # noqa: D301 - click reads \b
    from samesay.workflows.export import export

    result = export(model, path, to=to, overwrite=overwrite)
    if as_json:
        print_json(result.to_dict())
        return
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
