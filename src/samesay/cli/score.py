"""``samesay score``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from samesay.bundle.builtin import is_builtin
from samesay.cli.options import (
    PLACE,
    ModelFirst,
    input_options,
    option,
    output_options,
    refuse_idle,
    threads_option,
)
from samesay.cli.plain import bars, counted, note, or_builtin, print_json, remarks, say, visible
from samesay.data.options import OF_FILES, ReadOptions
from samesay.errors import TruncationRefused, UsageError
from samesay.pairs import Progress
from samesay.printable import command as command_line

if TYPE_CHECKING:
    from samesay.jobs.score import ScoredPair
    from samesay.pairs import Prediction
    from samesay.scoring import FileReport

_STANDARD_STREAM = "-"
_LONGEST_PATH = 4096
_FILE_ENDINGS = (
    ".csv",
    ".tsv",
    ".txt",
    ".jsonl",
    ".json",
    ".parquet",
    ".xlsx",
    ".gz",
    ".onnx",
    ".keras",
    ".zip",
)
_OF_INPUT = ("columns", *(name for name in OF_FILES if name != "on_error"))
_OF_ROWS = (
    "input_format",
    *_OF_INPUT,
    "output_format",
    "overwrite",
    "restart",
    "on_error",
    "jobs",
    "batch_tokens",
    "symmetric",
)


class _Score(ModelFirst):
    """One pair or files: what is given as a text has to be one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As ``ModelFirst`` does, and refuses what cannot be scored."""
        rest = super().parse_args(ctx, args)
        model, first, second = (ctx.params[name] for name in ("model", "first", "second"))
        if ctx.resilient_parsing:
            return rest
        if not ctx.params["inputs"]:
            _require_texts(model, first, second)
        elif model is None and second is None:
            ctx.params |= {"model": first, "first": None}  # beside --input a single word is a model
        return rest


@click.command("score", cls=_Score, least=0, most_used=("inputs", "output", "columns", "window", "threads"))
@click.argument("model", type=PLACE, required=False)
@click.argument("first", required=False)
@click.argument("second", required=False)
@option(
    "--input",
    "-i",
    "inputs",
    type=PLACE,
    multiple=True,
    help="Label every row of a file instead; - is standard input. Several times, or with a pattern such as "
    "'parts/*.csv', rows of several files go into one output with a column that names the file.",
)
@option(
    "--output",
    "-o",
    help="Where the labelled rows go; the name shows the format. Without it, or with -, standard output.",
)
@partial(input_options, names=_OF_INPUT)
@option(
    "--output-format",
    type=click.Choice(["csv", "tsv", "jsonl", "parquet"]),
    help="Output format, if the file name does not show it.",
)
@option("--overwrite", is_flag=True, help="Replace a file at --output, once the new one is whole.")
@option(
    "--restart",
    is_flag=True,
    help="Start over, even if an interrupted run can be resumed.",
)
@option(
    "--on-error",
    type=click.Choice(["stop", "skip"]),
    default="stop",
    show_default=True,
    help="What to do with a row that cannot be used: stop, or skip it and list it with the reason in "
    "OUTPUT.skipped.jsonl; with standard output the first ones are noted.",
)
@option(
    "--on-truncate",
    type=click.Choice(["error", "warn", "allow"]),
    default="warn",
    show_default=True,
    help="What to do with pairs longer than the model reads: refuse them, or truncate them with or without a note. "
    "Truncated rows are marked in any case.",
)
@threads_option
@option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes for --input, each with its own copy of the model; they share the cores.",
)
@option(
    "--batch-tokens",
    type=click.IntRange(min=1),
    default=1024,
    show_default=True,
    help="Most tokens of one run of the graph, padding included; fewer need less memory.",
)
@option(
    "--symmetric",
    is_flag=True,
    help="Read every row of --input in both orders and take the mean of the probabilities or scores.",
)
@option(
    "--window",
    type=click.IntRange(min=1),
    is_flag=False,
    flag_value=2,
    metavar="[N]",
    help="Read the long side of one pair in overlapping windows of N sentences [2]; the deciding one is shown. "
    "Give it last if N is left out.",
)
@output_options
def command(
    model: str | None,
    first: str | None,
    second: str | None,
    *,
    window: int | None,
    inputs: tuple[str, ...],
    output: str | None,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Label one pair of texts, FIRST and SECOND, or every row of --input, with MODEL or builtin:nli.

    The two texts are given in the order in which the model reads them (see `samesay inspect MODEL`).
    The probability of every label is shown. No Keras is needed.

    \b
    samesay score "The shop opens at nine." "The shop is closed at eight."
    samesay score my-model "Can I pay by card?" "Do you take cards?"
    samesay score my-model --input pairs.csv --output labelled.csv

    If it is interrupted, the same command resumes it.
    """  # noqa: D301 - click reads \b
    if not inputs:
        assert first is not None, "the parser refuses it"
        assert second is not None
        if output is not None:
            raise UsageError("--output is for --input; the answer for one pair is printed.", where="--output")
        refuse_idle(_OF_ROWS, "is for --input, and one pair is given")
        named = or_builtin(model, "score")
        if window is not None:
            _in_windows(named, first, second, sentences=window, as_json=as_json, options=options)
            return
        _one_pair(
            named,
            first,
            second,
            as_json=as_json,
            on_truncate=options["on_truncate"],
            threads=options["threads"],
        )
        return
    if first is not None:
        raise UsageError("Two texts and --input are given.", expected="one of them")
    if window is not None:
        raise UsageError("--window is for one pair, and --input is given.", where="--window")
    output = output or _STANDARD_STREAM
    if as_json and output == _STANDARD_STREAM:
        raise UsageError(
            "The rows and the report of --json would both go to standard output.",
            where="--output",
            expected="a file",
            hint="name one with --output, or leave --json out",
        )
    _files(or_builtin(model, "score"), inputs, output, quiet=quiet, as_json=as_json, options=options)


def _require_texts(model: str | None, first: str | None, second: str | None) -> None:
    """Refuse to score fewer than two texts, and files and folders that were given as texts."""
    named = () if model is None else (model,)
    for text in (first, second):
        if text is not None and _looks_like_place(text):
            raise UsageError(
                f"{text!r} is a file or a folder, and would be read as a text.",
                where=text,
                expected="two texts, or --input FILE",
                hint=command_line("samesay", "score", *named, "--input", text),
            )
    if first is None or second is None:
        raise UsageError(
            "There is nothing to label." if first is None else "There is one text, and a pair has two.",
            expected="two texts, or --input FILE",
            hint=command_line("samesay", "score", *named, first or "first text", "second text"),
        )


def _looks_like_place(text: str) -> bool:
    """Whether ``text`` is there as a file or folder, or a word spelled as one."""
    if not text.split() or len(text) > _LONGEST_PATH:
        return False
    try:
        if Path(text).exists():
            return True
    except (OSError, ValueError):
        return False
    return len(text.split()) == 1 and (
        text.startswith(("./", "../", "~/", "/", "builtin:", "hf://"))
        or text.casefold().endswith(_FILE_ENDINGS)
    )


def _one_pair(
    model: str, first: str, second: str, *, as_json: bool, on_truncate: str, threads: int | None
) -> None:
    from samesay.jobs.score import score_pair

    scored = score_pair(model, first, second, threads=threads)
    if scored.prediction.truncated and on_truncate == "error":
        raise TruncationRefused(
            f"The pair is longer than the {scored.max_length} tokens that the model reads: {_cut(scored)}.",
            hint="--on-truncate warn labels what fits",
        )
    if as_json:
        print_json({"model": model, **scored.to_dict()})
        return
    _say(scored.prediction)
    if is_builtin(model):
        note(f"note: read as {scored.sides.first}, then {scored.sides.second}")
    if scored.prediction.truncated and on_truncate == "warn":
        note(f"note: longer than the {scored.max_length} tokens that the model reads: {_cut(scored)}")
    for text in scored.notes:
        note(f"note: {text}")


def _in_windows(
    model: str, first: str, second: str, *, sentences: int, as_json: bool, options: dict[str, Any]
) -> None:
    from samesay.jobs.score import score_windows

    found = score_windows(model, first, second, sentences=sentences, threads=options["threads"])
    cut = f"{counted(found.n_truncated, 'window')} of {found.n_windows:,} longer than the model reads"
    if found.n_truncated and options["on_truncate"] == "error":
        raise TruncationRefused(f"{cut}.", hint="--window 1 makes them shorter")
    if as_json:
        print_json({"model": model, **found.to_dict()})
        return
    _say(found.prediction)
    say(f"decided by characters {found.start:,} to {found.end:,} of the {visible(found.side)}:")
    say(f"  {visible(found.window)}")
    if found.n_truncated and options["on_truncate"] == "warn":
        note(f"note: {cut}")


def _say(prediction: Prediction) -> None:
    if prediction.label is None:
        say(f"{prediction.score:.2f} on the scale from {prediction.scale}")
        return
    say(visible(prediction.label))
    say(bars(prediction.probabilities.items()))
    if prediction.abstained:
        say("The model abstains: it is not sure enough of this label to stand by it.")


def _cut(scored: ScoredPair) -> str:
    lost = zip(scored.sides, scored.prediction.tokens_lost, strict=True)
    return (
        " and ".join(f"{counted(count, 'token')} of the {name}" for name, count in lost if count)
        + " not read"
    )


def _files(
    model: str, inputs: tuple[str, ...], output: str, *, quiet: bool, as_json: bool, options: dict[str, Any]
) -> None:
    from samesay.cli.progress import progress_display
    from samesay.jobs.score import score_file

    asked = inputs[0] if len(inputs) == 1 else inputs
    reading = ReadOptions(
        format=options.pop("input_format"),
        on_error=options.pop("on_error"),
        **{name: options.pop(name) for name in _OF_INPUT if name != "format"},
    )
    with progress_display(quiet=quiet) as display:

        def listen(progress: Progress) -> None:
            if progress.stage == "resume":
                note(f"going on after {counted(progress.done, 'row')} of an interrupted run")
            elif display is not None:
                display(progress)

        report = score_file(
            model, asked, output, reading=reading, progress=None if quiet else listen, **options
        )
    with remarks(None if output == _STANDARD_STREAM else output):
        _say_of_files(model, report, output, quiet=quiet, as_json=as_json)


def _say_of_files(model: str, report: FileReport, output: str, *, quiet: bool, as_json: bool) -> None:
    if as_json:
        print_json({"model": model, "output": output, **report.to_dict()})
        return
    for text in report.notes:
        note(f"note: {text}")
    if not quiet and output != _STANDARD_STREAM:
        labels = ", ".join(f"{visible(name)} {count:,}" for name, count in report.labels.items())
        if report.mean_score is not None:
            say(
                f"{counted(report.rows, 'row')} scored in {report.seconds:.1f} s: {report.mean_score:.2f} in the mean"
            )
        else:
            say(f"{counted(report.rows, 'row')} labelled in {report.seconds:.1f} s: {labels}")
        say(f"Written to {visible(output)}")
