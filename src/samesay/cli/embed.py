"""``samesay embed``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from samesay.cli.options import (
    PLACE,
    Command,
    option,
    output_options,
    text_options,
    threads_option,
)
from samesay.cli.plain import counted, note, or_builtin, present, say, visible

if TYPE_CHECKING:
    from samesay.jobs.embed import EmbedReport


@click.command("embed", cls=Command, most_used=("output", "model", "column", "format", "threads"))
@click.argument("source", type=PLACE, metavar="FILE")
@option(
    "--output",
    "-o",
    required=True,
    help="Where the embeddings go: an array (rows, dimension) as .npy, or .parquet.",
)
@option(
    "--model",
    type=PLACE,
    help="A preset, a folder in Hugging Face layout, or a saved embedding model [builtin:embed].",
)
@partial(text_options, skipping=False)
@option("--overwrite", is_flag=True, help="Replace a file at --output, once the new one is whole.")
@threads_option
@output_options
def command(
    source: str, *, output: str, model: str | None, quiet: bool, as_json: bool, **options: Any
) -> None:
    """Write a sentence embedding for every text of FILE, in its order: lines of text, or one column of a table.

    \b
    samesay embed questions.txt --output vectors.npy
    samesay embed questions.csv --column title --model mpnet --output vectors.parquet
    """  # noqa: D301 - click reads \b
    from samesay.cli.progress import progress_display
    from samesay.jobs.embed import embed_file

    named = or_builtin(model, "embed")
    with progress_display(quiet=quiet) as progress:
        report = embed_file(source, output, model=named, progress=progress, **options)
    shown = {"model": named, **report.to_dict()} if as_json else report
    present(shown, _show, output, as_json=as_json)


def _show(report: EmbedReport) -> None:
    for one in report.notes:
        note(one)
    embeddings = counted(report.rows, "embedding")
    say(f"{embeddings} of dimension {report.dimension} written to {visible(report.output)}")
