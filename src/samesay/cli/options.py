"""Options that several commands share, and how their words are read."""

from __future__ import annotations

import csv
import types
from collections.abc import Callable, Collection, Sequence
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import click
from click.core import ParameterSource

from samesay.data.options import OF_FILES, ReadOptions
from samesay.declaration import settings_of
from samesay.errors import UsageError
from samesay.pairs import GradeScale, Sides

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
    """``a=b,c=d`` as a dictionary; a part that holds a comma goes in double quotes.

    Args:
        of: What each value is read as.
    """

    def __init__(self, of: Callable[[str], Any] = str) -> None:
        self.name = "a=b,c=d" if of is str else "a=1,b=2"
        self._of = of

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        """The assignments, without the blanks around names."""
        if isinstance(value, dict):
            return value
        found: dict[str, Any] = {}
        for part in _parts(value):
            name, sign, meaning = (word.strip() for word in part.partition("="))
            if name in found:
                raise UsageError(f"{name!r} is assigned twice.", where=_option(param))
            try:
                if not (name and sign and meaning):
                    raise ValueError
                found[name] = self._of(meaning)
            except ValueError:
                raise UsageError(
                    f"Cannot read {part!r}.",
                    where=_option(param),
                    expected=f"assignments such as {self.name}",
                ) from None
        return found


class WordOr(click.ParamType):
    """One of some words, or a value of another type: ``balanced``, or weights.

    Args:
        words: The words.
        other: What everything else is read as.
    """

    def __init__(self, words: Sequence[str], other: click.ParamType) -> None:
        self.name = "|".join([*words, "N" if other is click.INT else other.name])
        self._words = words
        self._other = other

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The word, or the value."""
        return value if value in self._words else self._other.convert(value, param, ctx)


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


OF_DATA = tuple(settings_of(ReadOptions))
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


class ScaleOption(click.ParamType):
    """``0,5`` as ``GradeScale``."""

    name = "low,high"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> GradeScale:
        """The lowest and the highest grade."""
        return value if isinstance(value, GradeScale) else GradeScale.parse(value)


_TYPES: dict[Any, click.ParamType] = {
    int: click.INT,
    float: click.FLOAT,
    str: click.STRING,
    Sides: SidesOption(),
    GradeScale: ScaleOption(),
    dict[str, str]: Mapping(),
    dict[str, float]: Mapping(float),
    tuple[str, ...]: Names(),
}


class GroupedOption(click.Option):
    """An option that knows the group it stands in.

    Args:
        group: The title of the group.
        **settings: As of ``click.Option``.
    """

    def __init__(self, *words: Any, group: str | None = None, **settings: Any) -> None:
        super().__init__(*words, **settings)
        self.group = group


def declared_options(
    declaration: type, names: Collection[str] | None = None, **renamed: str
) -> Callable[[Command], Command]:
    """An option for each setting of a declaration, as ``samesay.declaration`` has it.

    Args:
        declaration: A dataclass.
        names: Which settings, in the order of the help; all that are options where absent.
        **renamed: Other names of options; the setting's own name is understood in any case, since errors name it.
    """
    settings = settings_of(declaration)
    chosen = [
        one
        for one in (settings.values() if names is None else [settings[name] for name in names])
        if one.is_option
    ]

    def decorated(command: Command) -> Command:
        for one in reversed(chosen):
            parameter = renamed.get(one.name, one.name)
            words = dict.fromkeys(
                [f"--{parameter.replace('_', '-')}", one.option, *filter(None, [one.short])]
            )
            more: dict[str, Any] = {"is_flag": True}
            if one.kind is not bool:
                more = {"type": _type_of(one.kind), "metavar": one.metavar, "default": one.default}
                more["show_default"] = one.unset or one.default is not None
            if tuple[str, ...] in get_args(one.kind) and str in get_args(
                one.kind
            ):  # may be given more than once
                more |= {"type": click.STRING, "multiple": True, "default": ()}
            option = click.option(
                *words, parameter, cls=GroupedOption, group=one.group, help=one.plain_meaning, **more
            )
            command = option(command)
        return command

    return decorated


def _type_of(kind: Any) -> click.ParamType:
    """How a word of the command line becomes a value of the type hint ``kind``."""
    kinds = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    words = [word for one in kinds if get_origin(one) is Literal for word in get_args(one)]
    others = [one for one in kinds if get_origin(one) is not Literal and one is not type(None)]
    if not others:
        return click.Choice(words)
    return WordOr(words, _TYPES[others[0]]) if words else _TYPES[others[0]]


def data_options(command: Command, *, without: Collection[str] = ()) -> Command:
    """How a source of pairs is read, where it does not tell: most of ``samesay.data.ReadOptions``."""
    apart = ("sides", "task", "scale", *without)
    return declared_options(ReadOptions, [name for name in OF_DATA if name not in apart])(command)


def task_options(command: Command) -> Command:
    """``--task`` and ``--scale``: whether the data's answers are labels or grades."""
    return declared_options(ReadOptions, ["task", "scale"])(command)


def input_options(command: Command, *, names: Collection[str] = OF_FILES) -> Command:
    """How files are read that are not named DATA, by commands which call the format ``--input-format``."""
    return declared_options(ReadOptions, names, format="input_format")(command)


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
