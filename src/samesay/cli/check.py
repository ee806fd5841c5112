"""``samesay check``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from samesay.cli.options import (
    PLACE,
    Command,
    Mapping,
    backend_option,
    input_options,
    option,
    output_options,
)
from samesay.cli.plain import counted, note, or_builtin, present, say, visible
from samesay.data.options import OF_FILES

if TYPE_CHECKING:
    from samesay.evaluation.behaviour.results import BehaviourOutcome, CapabilityResult
    from samesay.jobs.check import CheckedModel


@click.command(
    "check", cls=Command, most_used=("capabilities", "suites", "fail_under", "output", "rename_labels")
)
@click.argument("model", type=PLACE, required=False)
@option(
    "--capability",
    "capabilities",
    multiple=True,
    metavar="NAME",
    help="Test only this capability, such as negation; may be repeated [all].",
)
@option(
    "--suite",
    "suites",
    multiple=True,
    metavar="FILE",
    help="Add tests of your own: a table with first, second, expected and capability; may be repeated.",
)
@partial(input_options, names=[name for name in OF_FILES if name != "no_header"])
@option(
    "--rename-labels",
    type=Mapping(),
    help="What the model's labels mean, if their names do not show it: 0=different,1=same.",
)
@option("--seed", type=int, default=0, show_default=True, help="Random seed of the pairs.")
@option(
    "--fail-under",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="Exit with status 38 if any capability passes less than this share of its tests, such as 0.8.",
)
@option("--output", "-o", metavar="FILE", help="Write all tests with their predictions there.")
@option("--overwrite", is_flag=True, help="Replace a file at --output.")
@backend_option
@output_options
def command(
    model: str | None,
    *,
    output: str | None,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Test what MODEL, or builtin:nli, understands, on pairs whose labels are true by construction.

    Negation, antonyms, kinds of things, numbers, quantifiers, who did what to whom and so on, each with 200 pairs or
    more, and changes that should change nothing: case, typos, names. The hand-written pairs are reported separately.

    \b
    samesay check
    samesay check my-model
    samesay check my-model --capability negation --capability roles --fail-under 0.8
    samesay check my-model --suite my-tests.csv --output predictions.csv
    """  # noqa: D301 - click reads \b
    from samesay.cli.progress import progress_display
    from samesay.errors import CheckFailed
    from samesay.jobs.check import check

    with progress_display(quiet=quiet) as progress:
        checked = check(or_builtin(model, "check"), output=output, progress=progress, **options)
    present(checked, partial(_show, output=output), output, as_json=as_json)
    if checked.below:
        named = ", ".join(result.capability for result in checked.below)
        note(f"below --fail-under {checked.fail_under:g}: {named}")
    return 0 if checked.passed else CheckFailed.exit_code


def _show(checked: CheckedModel, output: str | None) -> None:
    from itertools import groupby

    from samesay.cli import render

    for section, results in groupby(checked.behaviour.results, key=lambda result: result.section):
        render.table(
            [section, "tests", "failed", "95 %", "one of the failures"],
            [_row(result) for result in results],
        )
    summary = f"{counted(len(checked.behaviour.outcomes), 'test')} of {visible(checked.model)}"
    say(
        f"{summary}; {render.duration(checked.behaviour.seconds)}"
        + (f"; written to {output}" if output else "")
    )
    render.notes(checked.notes)


def _row(result: CapabilityResult) -> tuple[str, ...]:
    low, high = result.interval
    example = _example(result.examples[0]) if result.examples else ""
    return (
        result.capability,
        f"{result.n_tests:,}",
        f"{result.failure_rate:.1%}",
        f"{low:.1%} to {high:.1%}",
        example,
    )


def _example(outcome: BehaviourOutcome) -> str:
    """``First text / Second text: neutral, not entailment``."""
    pair = outcome.test.pair
    answer = outcome.answer if isinstance(outcome.answer, str) else f"{outcome.answer:.3g}"
    return f"{pair.first} / {pair.second}: {answer}, not {outcome.expected}"
