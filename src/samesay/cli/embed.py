"""``samesay embed``."""

from __future__ import annotations

from functools import partial
from typing import Any, get_args

import click

from samesay.cli.options import input_options, json_option, quiet_option
from samesay.cli.plain import counted, note, print_json, say, visible
from samesay.cli.streams import remarks
from samesay.data.options import OF_FILES, Format


@click.command("embed")
@click.argument("source", metavar="FILE")
@click.option(
    "--output", "-o", required=True, help="Where the vectors go: a .npy file (rows, dimension), or .parquet."
)
@click.option(
    "--model",
    default="minilm",
    show_default=True,
    help="A preset, a folder in Hugging Face layout, or a saved embedding model.",
)
@click.option("--column", help="The column that holds the texts, where its name does not tell.")
@click.option(
    "--input-format",
    "--format",
    "input_format",
    type=click.Choice(["lines", *get_args(Format)]),
    help="Input format, if the file name does not show it.",
)
@partial(input_options, names=[name for name in OF_FILES if name not in ("format", "on_error")])
@click.option("--overwrite", is_flag=True, help="Replace a file at --output, once the new one is whole.")
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="Runs side by side, of one thread each [the physical cores].",
)
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
