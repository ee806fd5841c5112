"""``samesay duplicates``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from samesay.cli.options import (
    PLACE,
    ModelFirst,
    option,
    output_options,
    text_options,
    threads_option,
)
from samesay.cli.plain import counted, note, or_builtin, present, say, visible

if TYPE_CHECKING:
    from samesay.jobs.duplicates import Duplicates

_GROUPS_SHOWN = 20
_READ_AS = {
    "mutual": "each entails the other",
    "mean": "the mean of both orders",
    "one": "in the order of the list",
}


class _TextLists(ModelFirst):
    """Two words are a model and a list of texts, or two lists of texts: the first is then a file."""

    def begins_with_model(self, words: Sequence[str], most: int) -> bool:
        if super().begins_with_model(words, most):
            return True
        # A list may be a part of a file: texts.csv[:100].
        files = (words[0], words[0].partition("[")[0])
        return len(words) == 2 and words[0] != "-" and not any(Path(file).is_file() for file in files)


@click.command(
    "duplicates", cls=_TextLists, most_used=("threshold", "column", "label", "output", "groups_output")
)
@click.argument("model", type=PLACE, required=False)
@click.argument("file", type=PLACE, metavar="FILE", required=False)
@click.argument("other", type=PLACE, metavar="[FILE2]", required=False)
@option(
    "--threshold",
    type=float,
    help="The lowest score of a pair [0.5 for probabilities; four fifths up the scale of a similarity model].",
)
@option("--label", help="The label that means the same [entailment, same or the like, by its name].")
@option(
    "--symmetric/--one-way",
    default=True,
    show_default=True,
    help="Read a pair in both orders and take the mean, or for entailment the minimum; or in one order only.",
)
@option(
    "--candidates",
    type=click.IntRange(min=1),
    default=5,
    show_default=True,
    help="Nearest neighbours of every text that MODEL reads: more find more and take longer.",
)
@option(
    "--measure-recall",
    type=click.IntRange(min=2),
    metavar="N",
    help="Also read all pairs of N random texts, and report the share of same pairs that were candidates.",
)
@text_options
@option("--output", "-o", help="Write the pairs there.")
@option("--groups", "groups_output", type=PLACE, help="Write the groups there, one row a text.")
@option("--overwrite", is_flag=True, help="Replace files at --output and --groups.")
@threads_option
@output_options
def command(
    model: str | None, file: str, other: str | None, *, quiet: bool, as_json: bool, **options: Any
) -> None:
    """Find texts of FILE that say the same by MODEL, or texts of FILE2 that say the same as one of FILE.

    Without MODEL, builtin:same is used. A file is a .txt file of lines, a table with a column of texts, or - for
    standard input. A first pass finds the
    texts that are spelled most alike; MODEL reads only those pairs. Needs samesay[duplicates].

    \b
    samesay duplicates questions.txt
    samesay duplicates my-model questions.txt
    samesay duplicates my-model old.csv new.csv --column title --output pairs.csv --groups groups.csv
    """  # noqa: D301 - click reads \b
    from samesay.cli.progress import progress_display
    from samesay.jobs.duplicates import DuplicateOptions, find_duplicates

    names = [one.name for one in fields(DuplicateOptions) if one.name in options]
    search = DuplicateOptions(**{name: options.pop(name) for name in names})
    named = or_builtin(model, "duplicates")
    with progress_display(quiet=quiet) as progress:
        found = find_duplicates(named, file, other, search=search, progress=progress, **options)
    written = [place for place in (options["output"], options["groups_output"]) if place is not None]
    shown = {"model": named, **found.to_dict()} if as_json else found
    present(shown, partial(_show, written=[] if quiet else written), *written, as_json=as_json)


def _show(found: Duplicates, written: list[str]) -> None:
    from samesay.cli import render

    for number, group in enumerate(found.groups[:_GROUPS_SHOWN], start=1):
        render.facts({member.place: member.text for member in group}, title=f"group {number}")
    hidden = len(found.groups) - _GROUPS_SHOWN
    if hidden > 0:
        say(f"… and {counted(hidden, 'group')} more (--groups FILE, --json)")
    say(
        f"{counted(len(found.pairs), 'pair')} in {counted(len(found.groups), 'group')}, by "
        f"{visible(found.label or 'similarity score')} at {found.threshold:g} or more, {_READ_AS[found.orders]}"
    )
    texts = " and ".join(f"{count:,}" for count in found.n_texts)
    say(
        f"{texts} texts, {counted(found.n_candidates, 'candidate pair')}, "
        f"{counted(found.n_asked, 'pair')} read by the model in {found.seconds['total']:.1f} s"
    )
    if found.recall is not None:
        sample = found.recall
        share = "no pair of the sample is the same" if sample.value is None else f"{sample.value:.3f}"
        say(
            f"recall of the first pass: {share} ({sample.n_candidates:,} of {sample.n_same:,} same pairs "
            f"among all {sample.n_pairs:,} of {sample.n_texts:,} texts)"
        )
    for text in found.notes:
        note(f"note: {visible(text)}")
    if found.n_empty:
        note(f"note: {counted(found.n_empty, 'empty text')} left out")
    if found.n_truncated:
        note(f"note: {counted(found.n_truncated, 'pair')} truncated: longer than the model reads")
    for place in written:
        say(f"Written to {visible(place)}")
