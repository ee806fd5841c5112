"""``samesay rank``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, get_args

import click

from samesay.cli.options import input_options, json_option, quiet_option
from samesay.cli.plain import counted, note, print_json, say, visible
from samesay.cli.streams import remarks
from samesay.data.options import OF_FILES, Format

if TYPE_CHECKING:
    from samesay.jobs.rank import Ranking

_SHOWN = 10


@click.command("rank")
@click.argument("model")
@click.option("--query", required=True, help="The text that every other one is held against.")
@click.option(
    "--input",
    "-i",
    "input_",
    required=True,
    help="The texts: lines of a .txt file or of standard input (-), or a column of a table.",
)
@click.option("--column", help="The column that holds them, where its name does not tell.")
@click.option(
    "--input-format",
    "--format",
    "input_format",
    type=click.Choice(["lines", *get_args(Format)]),
    help="Where it is not told.",
)
@partial(input_options, names=[name for name in OF_FILES if name != "format"])
@click.option(
    "--label", help="Rank by this label's probability [entailment, same or the model's other word for yes]."
)
@click.option(
    "--query-side",
    metavar="NAME",
    help="As which side of the model the query is read [hypothesis, claim, query or question, else the first].",
)
@click.option(
    "--top", type=click.IntRange(min=1), help=f"Only the first of them [{_SHOWN}, or all for --output]."
)
@click.option("--output", "-o", help="Write the ranked rows there, with all their columns.")
@click.option("--overwrite", is_flag=True, help="Replace a file at --output.")
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    help="Runs side by side, of one thread each [the physical cores].",
)
@quiet_option
@json_option
def command(
    model: str,
    *,
    input_: str,
    top: int | None,
    output: str | None,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Rank texts by how probable MODEL finds one label of each of them beside a query.

    \b
    samesay rank my-model --query "The shop is open on Sundays." --input notices.txt
    samesay rank my-model --query "Can I pay by card?" --input questions.csv --column title --top 3
    """  # noqa: D301 - click reads \b
    from samesay.cli.progress import progress_display
    from samesay.jobs.rank import rank_texts

    if top is None and output is None:
        top = _SHOWN
    with progress_display(quiet=quiet) as progress:
        ranking = rank_texts(model, source=input_, top=top, output=output, progress=progress, **options)
    with remarks(output):
        if as_json:
            print_json(ranking.to_dict())
            return
        _show(ranking, output)


def _show(ranking: Ranking, output: str | None) -> None:
    from samesay.cli import render

    for text in ranking.notes:
        note(f"note: {visible(text)}")
    if ranking.n_empty:
        note(f"note: {counted(ranking.n_empty, 'empty text')} left out")
    if ranking.n_truncated:
        note(
            f"note: {counted(ranking.n_truncated, 'text')} longer than the model reads; what fits was ranked"
        )
    if output is not None:
        say(
            f"{counted(len(ranking.texts), 'text')} ranked by {visible(ranking.label)} and written to {output}"
        )
        return
    render.table(
        ["rank", ranking.label, "text"],
        [(text.rank, text.probability, text.text) for text in ranking.texts],
    )
