"""``samesay rank``."""

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
    from samesay.jobs.rank import Ranking

_SHOWN = 10


@click.command("rank", cls=Command, most_used=("query", "input_", "column", "top", "output"))
@click.argument("model", type=PLACE, required=False)
@option("--query", required=True, help="The text that every other one is paired with.")
@option(
    "--input",
    "-i",
    "input_",
    type=PLACE,
    required=True,
    help="The texts: lines of a .txt file or of standard input (-), or a column of a table.",
)
@text_options
@option("--label", help="Rank by the probability of this label [entailment, same or the like, by its name].")
@option(
    "--query-side",
    metavar="NAME",
    help="The side of the model that the query is [hypothesis, claim, query or question, else the first].",
)
@option("--top", type=click.IntRange(min=1), help=f"How many to show or write [{_SHOWN}; all with --output].")
@option("--output", "-o", help="Write the ranked rows there, with all their columns.")
@option("--overwrite", is_flag=True, help="Replace a file at --output.")
@threads_option
@output_options
def command(
    model: str | None,
    *,
    input_: str,
    top: int | None,
    output: str | None,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Rank texts by the probability that MODEL gives a label of each text with a query.

    By a model of similarity they are ranked by their score. Without MODEL, builtin:same is used; with --label,
    builtin:nli.

    \b
    samesay rank my-model --query "The shop is open on Sundays." --input notices.txt
    samesay rank my-model --query "Can I pay by card?" --input questions.csv --column title --top 3
    """  # noqa: D301 - click reads \b
    from samesay.cli.progress import progress_display
    from samesay.jobs.rank import rank_texts

    if top is None and output is None:
        top = _SHOWN
    # A label other than yes is one of NLI's.
    named = or_builtin(model, "rank" if options["label"] is None else "score")
    with progress_display(quiet=quiet) as progress:
        ranking = rank_texts(named, source=input_, top=top, output=output, progress=progress, **options)
    shown = {"model": named, **ranking.to_dict()} if as_json else ranking
    present(shown, partial(_show, output=output), output, as_json=as_json)


def _show(ranking: Ranking, output: str | None) -> None:
    from samesay.cli import render

    for text in ranking.notes:
        note(f"note: {visible(text)}")
    if ranking.n_empty:
        note(f"note: {counted(ranking.n_empty, 'empty text')} left out")
    if ranking.n_truncated:
        note(f"note: {counted(ranking.n_truncated, 'text')} truncated: longer than the model reads")
    if output is not None:
        by = visible(ranking.label or "similarity score")
        say(f"{counted(len(ranking.texts), 'text')} ranked by {by} and written to {output}")
        return
    render.table(
        ["rank", ranking.label or "score", "text"],
        [(text.rank, text.score, text.text) for text in ranking.texts],
    )
