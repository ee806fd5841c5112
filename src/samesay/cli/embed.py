"""``samesay embed``."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from samesay.cli.options import (
    PLACE,
    Command,
    json_option,
    option,
    quiet_option,
    text_options,
    threads_option,
)
from samesay.cli.plain import counted, note, print_json, remarks, say, visible


@click.command("embed", cls=Command, most_used=("output", "model", "column", "format", "threads"))
@click.argument("source", type=PLACE, metavar="FILE")
@option(
    "--output",
    "-o",
    type=PLACE,
    required=True,
    help="Where the vectors go: a .npy file (rows, dimension), or .parquet.",
)
@option(
    "--model",
    type=PLACE,
    default="minilm",
    show_default=True,
    help="A preset, a folder in Hugging Face layout, or a saved embedding model.",
)
@partial(text_options, skipping=False)
@option("--overwrite", is_flag=True, help="Replace a file at --output, once the new one is whole.")
@threads_option
@quiet_option
@json_option
def command(source: str, *, output: str, quiet: bool, as_json: bool, **options: Any) -> None:
    """Write a vector for every text of FILE, in its order: lines of text, or one column of a table.

    \b
    samesay embed questions.txt --output vectors.npy
    samesay embed questions.csv --column title --model mpnet --output vectors.parquet
    """  # noqa: D301 - click reads \b
    from samesay.cli.progress import progress_display
    from samesay.jobs.embed import embed_file

    with progress_display(quiet=quiet) as progress:
        report = embed_file(source, output, progress=progress, **options)
    with remarks(output):
        if as_json:
            print_json(report.to_dict())
        else:
            for one in report.notes:
                note(one)
            vectors = counted(report.rows, "vector")
            say(f"{vectors} of {report.dimension} numbers written to {visible(report.output)}")
