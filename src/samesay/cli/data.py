"""``samesay data show``, ``samesay data list`` and ``samesay data generate``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from samesay.cli.options import PLACE, Command, data_options, json_option, option, sides_option, task_options
from samesay.cli.plain import counted, present, print_json, say, visible

if TYPE_CHECKING:
    from samesay.data import Description
    from samesay.jobs.data import GeneratedData


@click.group("data")
def command() -> None:
    """Look at pairs, or generate some."""


@command.command("show", cls=Command, short_help="Show columns, labels, lengths and a few pairs of DATA.")
@click.argument("source", type=PLACE, metavar="DATA")
@option("-n", "n_samples", type=click.IntRange(min=0), default=4, show_default=True, help="Pairs to show.")
@sides_option("The order in which to show the two sides, such as hypothesis,premise [the data's own].")
@data_options
@task_options
@json_option
def show_command(source: str, *, n_samples: int, as_json: bool, **options: Any) -> None:
    """Show what DATA holds as SameSay reads it.

    The role of each column, how many rows were left out and why, labels, lengths, and a few pairs from all over the
    table. Labels are not required.

    \b
    samesay data show pairs.csv
    samesay data show snli --split validation -n 8
    """  # noqa: D301 - click reads \b
    from samesay.jobs.data import show_data

    described = show_data(source, n_samples=n_samples, **options)
    present(described, show, as_json=as_json)


@command.command("list", cls=Command, short_help="List the published corpora that go by a name.")
@json_option
def list_command(*, as_json: bool) -> None:
    """List the published corpora that go by a name, with licence, labels and published sizes.

    They are fetched from the Hugging Face hub when they are first used, and found in its cache after that. Any other
    dataset there goes by its address, and those of TensorFlow Datasets by their names there.

    \b
    samesay data show snli:validation[:100]
    samesay data show hf://datasets/owner/name:config:train
    samesay data show tfds:glue/mrpc:validation
    """  # noqa: D301 - click reads \b
    from samesay.jobs.data import list_corpora

    corpora = list_corpora()
    if as_json:
        print_json({"corpora": [corpus.to_dict() for corpus in corpora]})
        return
    from samesay.cli import render

    render.table(
        ["name", "labels or scores", "pairs", "licence", "what"],
        [
            (
                corpus.name,
                " ".join(corpus.labels) or "from {:g} to {:g}".format(*corpus.scale or (0, 1)),
                ", ".join(f"{split} {size:,}" for split, size in corpus.sizes.items()),
                corpus.licence,
                corpus.about,
            )
            for corpus in corpora
        ],
    )


@command.command(
    "generate", cls=Command, short_help="Write made-up pairs whose labels are true by construction."
)
@option(
    "--pairs",
    "n_pairs",
    type=click.IntRange(min=1),
    default=5000,
    show_default=True,
    help="How many; for a folder, of its train split.",
)
@option(
    "--output",
    "-o",
    required=True,
    help="A file for one split (the name shows the format), or a new folder for train, validation and test.",
)
@option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Random seed: the same seed gives the same pairs.",
)
@option(
    "--split",
    type=click.Choice(["train", "validation", "test"]),
    help="Whose words and sentence patterns to use; test has some that train never shows [train, for a file].",
)
@option("--overwrite", is_flag=True, help="Replace what is at --output.")
@json_option
def generate_command(output: str, *, as_json: bool, **options: Any) -> None:
    """Write made-up pairs like image captions, whose labels are true by construction.

    They are enough to try everything out, and no measure of quality on real texts.

    \b
    samesay data generate --pairs 5000 --output pairs.csv
    samesay data generate --pairs 20000 --seed 7 --output folder
    """  # noqa: D301 - click reads \b
    from samesay.jobs.data import generate_data

    present(generate_data(output, **options), _show_generated, output, as_json=as_json)


def _show_generated(written: GeneratedData) -> None:
    for file in written.files:
        say(f"{counted(file.n_pairs, 'pair')} of the {file.split} split written to {visible(str(file.path))}")


def show(described: Description) -> None:
    """Print a description of a table for people."""
    from samesay.cli import render

    origin = described.origin
    name = origin["source"]
    if origin["split"] and f":{origin['split']}" not in name:
        name += f":{origin['split']}"
    if origin["slice"] and origin["slice"] not in name:
        name += origin["slice"]
    render.facts(
        {
            "pairs": f"{described.n_pairs:,} of {counted(origin['rows_read'], 'row')}",
            "left out": origin["rows_dropped"],
            "format": origin["format"],
            "columns": ", ".join(f"{role} = {column}" for role, column in origin["columns"].items()),
            "other columns": list(described.other_columns),
            "repeated pairs": described.repeated_pairs,
        },
        title=name,
    )
    if described.label_counts is not None:
        render.table(
            ["label", "pairs", "share"],
            [
                (label, count, count / max(described.n_pairs, 1))
                for label, count in described.label_counts.items()
            ],
            numbers_from=1,
        )
    if described.scores is not None:
        low, high = described.scores["scale"]
        metrics = {name: described.scores[name] for name in ("mean", "lowest", "highest")}
        render.facts({"scale": f"{low:g} to {high:g}", **metrics}, title="Scores")
    render.table(
        ["length in words", "mean", "median", "99 in 100 below", "longest"],
        [
            (side, f"{of.mean:.1f}", f"{of.median:.0f}", f"{of.percentile_99:.0f}", of.longest)
            for side, of in described.words.items()
        ],
        numbers_from=1,
    )
    first, second = described.sides
    for sample in described.samples:
        row = {"row": sample.row, first: sample.first, second: sample.second, "label": sample.label}
        row["score"] = sample.score
        render.facts({key: value for key, value in row.items() if value is not None})
    render.notes(origin["notes"])
