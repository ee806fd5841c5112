"""Options that several commands share, and how their words are read."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from samesay.errors import UsageError
from samesay.pairs import TASKS, GradeScale, Sides

Command = TypeVar("Command", bound=Callable[..., Any])


class Names(click.ParamType):
    """``a,b,c`` as a tuple; a name that holds a comma goes in double quotes."""

    name = "a,b,c"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The names, without the blanks around them."""
        if isinstance(value, tuple):
            return value
        names = tuple(name.strip() for name in _parts(value))
        if not all(names):
            raise UsageError(
                f"Cannot read the names from {value!r}.", where=_option(param), expected="names such as a,b,c"
            )
        return names


class Mapping(click.ParamType):
    """``a=b,c=d`` as a dictionary; a part that holds a comma goes in double quotes."""

    name = "a=b,c=d"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, str]:
        """The assignments, without the blanks around names."""
        if isinstance(value, dict):
            return value
        found: dict[str, str] = {}
        for part in _parts(value):
            name, sign, meaning = (word.strip() for word in part.partition("="))
            if not sign or not name or not meaning:
                raise UsageError(
                    f"Cannot read {part!r}.", where=_option(param), expected="assignments such as a=b,c=d"
                )
            if name in found:
                raise UsageError(f"{name!r} is assigned twice.", where=_option(param))
            found[name] = meaning
        return found


class ClassWeights(Mapping):
    """``balanced``, or weights by label: ``same=3,different=1``."""

    name = "balanced|label=weight,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The word, or the weights."""
        if value == "balanced" or isinstance(value, dict):
            return value
        try:
            return {name: float(weight) for name, weight in super().convert(value, param, ctx).items()}
        except ValueError:
            raise UsageError(
                f"Cannot read the weights from {value!r}.",
                where=_option(param),
                expected="balanced, or weights such as same=3,different=1",
            ) from None


class Frozen(click.ParamType):
    """``embeddings``, or a number of layers."""

    name = "embeddings|N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | int:
        """The word or the number; the recipe refuses another word."""
        return int(value) if isinstance(value, str) and value.isdecimal() else value


class Layers(click.ParamType):
    """A number of layers, or which ones: ``3``, or ``1,4,6``."""

    name = "N|a,b,c"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | tuple[int, ...]:
        """The number, or the numbers."""
        if not isinstance(value, str):
            return value
        numbers = [part.strip() for part in value.split(",")]
        if not all(number.isdecimal() for number in numbers):
            raise UsageError(
                f"Cannot read the layers from {value!r}.",
                where=_option(param),
                expected="a number of layers such as 3, or which ones, counted from 1, such as 1,4,6",
            )
        return int(numbers[0]) if len(numbers) == 1 else tuple(map(int, numbers))


class SidesOption(click.ParamType):
    """``hypothesis,premise`` as ``Sides``."""

    name = "first,second"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Sides:
        """The sides in reading order."""
        return value if isinstance(value, Sides) else Sides.parse(value)


OF_DATA = ("sides", "split", "columns", "labels", "rename_labels", "where", "format_", "allow_empty_sides")
"""The parameters of ``data_options`` and ``sides_option``."""


def refuse_idle(names: Collection[str], why: str) -> None:
    """Refuse those of the parameters ``names`` that were given to the command at hand and would do nothing.

    Args:
        names: Of parameters.
        why: What follows the option's name in the message: ``is for --input``.

    Raises:
        UsageError: For the first of them.
    """
    asked = click.get_current_context()
    for param in asked.command.params:
        given = param.name and asked.get_parameter_source(param.name) is ParameterSource.COMMANDLINE
        if param.name in names and given:
            raise UsageError(f"{param.opts[0]} {why}.", where=param.opts[0])


def data_options(command: Command, *, empty_sides: bool = True) -> Command:
    """How a source of pairs is read: split, columns, labels, conditions, format, and whether texts may be empty."""
    options = [
        click.option("--split", help="Split of the source, with a slice if wanted: validation, train[:20%]."),
        click.option(
            "--columns",
            type=Mapping(),
            help="Columns by role where their names do not tell: first=text_a,second=text_b,label=gold; "
            "grade=NAME for grades.",
        ),
        click.option(
            "--labels",
            type=Names(),
            help="Names of the labels where the data holds numbers: the name of 0 first.",
        ),
        click.option(
            "--rename-labels",
            type=Mapping(),
            help="Other names for the data's labels: entails=entailment,none=neutral.",
        ),
        click.option(
            "--where",
            multiple=True,
            callback=lambda _, __, texts: texts[0] if len(texts) == 1 else texts or None,
            help="Keep rows that meet a condition: column=value, column~part, column!=value, column!~part; more than "
            "once: all of them.",
        ),
        click.option(
            "--format",
            "format_",
            type=click.Choice(["csv", "tsv", "jsonl", "parquet"]),
            help="Format where the name does not tell, as for standard input (-).",
        ),
    ]
    if empty_sides:
        told = "Keep pairs with an empty text; by default the first one is an error with its line."
        options.append(click.option("--allow-empty-sides", is_flag=True, help=told))
    for option in reversed(options):
        command = option(command)
    return command


class ScaleOption(click.ParamType):
    """``0,5`` as ``GradeScale``."""

    name = "low,high"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> GradeScale:
        """The lowest and the highest grade."""
        return value if isinstance(value, GradeScale) else GradeScale.parse(value)


def task_options(command: Command) -> Command:
    """``--task`` and ``--scale``: whether the data's answers are labels or grades."""
    command = click.option(
        "--scale",
        type=ScaleOption(),
        help="The lowest and the highest grade: 0,5 [the whole numbers around those found].",
    )(command)
    return click.option(
        "--task",
        type=click.Choice(TASKS),
        help="Labels, or grades of similarity [told from the data, and said].",
    )(command)


def sides_option(help: str) -> Callable[[Command], Command]:
    """``--sides``, whose meaning differs between training and the use of a trained model."""
    return click.option("--sides", type=SidesOption(), help=help)


def quiet_option(command: Command) -> Command:
    """``--quiet``."""
    return click.option(
        "--quiet", "-q", is_flag=True, help="No progress; results and errors are still printed."
    )(command)


def json_option(command: Command) -> Command:
    """``--json``."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        help='One JSON document on standard output and nothing else; errors as {"error": …}.',
    )(command)


def _parts(text: str) -> list[str]:
    return next(csv.reader([text], skipinitialspace=True), [])


def _option(param: click.Parameter | None) -> str | None:
    return param.opts[0] if param is not None and param.opts else None
