"""The options of commands: groups of them in the help, those that several commands share, how their words are read."""

from __future__ import annotations

import csv
import types
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from samesay.data.options import OF_FILES, Format, ReadOptions
from samesay.declaration import Setting, settings_of
from samesay.errors import UsageError
from samesay.pairs import Scale, Sides

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

# Headings of the help. A command's own groups come after the most used options, in the order of its declarations.
MOST_USED, OTHERS = "Most used options", "Options"
READING, FILES, RUNNING = _LAST = "Reading the data", "File format", "Running and output"

_NAMES_WIDTH = 32
# What the shell completes as a path.
_PLACES = {"DATA", "DIR", "FILE", "FOLDER", "MODEL", "SOURCE", "[SOURCE]"}
_NUMBERS = {"integer": "N", "integer range": "N", "float": "NUMBER", "float range": "NUMBER"}


class Place(click.ParamType):
    """A path, or a word that stands for one; the shell completes files and folders."""

    name = "path"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """What the shell itself finds."""
        return [CompletionItem(incomplete, type="file")]


PLACE = Place()


class Option(click.Option):
    """An option with the group that it stands in; a number is shown as N, and what names a place is a `Place`."""

    def __init__(self, *names: Any, group: str = OTHERS, **settings: Any) -> None:
        super().__init__(*names, **settings)
        self.group = group
        if self.type is click.STRING and (self.metavar in _PLACES or self.name in ("output", "preset")):
            self.type = PLACE
        self.metavar = self.metavar or _NUMBERS.get(self.type.name)

    def get_help_extra(self, ctx: click.Context) -> Any:
        """As click does, but for ``[x>=1]``."""
        extra = super().get_help_extra(ctx)
        if getattr(self.type, "max", None) is None:
            extra.pop("range", None)
        return extra


option = partial(click.option, cls=Option)


class Command(click.Command):
    """A command whose help shows options in groups, the most used ones first.

    Args:
        settings: Of click, and ``most_used``: names of parameters in the order in which they are shown.
    """

    def __init__(self, *names: Any, most_used: Sequence[str] = (), **settings: Any) -> None:
        super().__init__(*names, **settings)
        self.most_used = tuple(most_used)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One section a group; names are of one width in all of them."""
        shown = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        groups: dict[str, list[tuple[str, str]]] = {MOST_USED: []}
        for one in sorted(shown, key=self._place):
            group = MOST_USED if one.name in self.most_used else getattr(one, "group", OTHERS)
            if (record := one.get_help_record(ctx)) is not None:
                groups.setdefault(RUNNING if one.is_eager else group, []).append(record)
        width = min(_NAMES_WIDTH, max(len(names) for records in groups.values() for names, _ in records))
        for group in sorted(groups, key=lambda group: _LAST.index(group) if group in _LAST else -1):
            if groups[group]:
                with formatter.section(group):
                    formatter.write_dl([(names.ljust(width), text) for names, text in groups[group]], width)

    def _place(self, one: click.Parameter) -> int:
        return self.most_used.index(one.name) if one.name in self.most_used else len(self.most_used)


class ModelFirst(Command):
    """A command whose first argument, the model, may be left out: it is then None, and a built-in one is used.

    Args:
        settings: Of ``Command``, and ``least``: how many of the arguments after the model have to be there.
    """

    def __init__(self, *names: Any, least: int = 1, **settings: Any) -> None:
        super().__init__(*names, **settings)
        self.least = least

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, and then the words are given to the arguments that they are meant for."""
        rest = super().parse_args(ctx, args)
        arguments = [one for one in self.params if isinstance(one, click.Argument)]
        words = [word for one in arguments if (word := ctx.params[str(one.name)]) is not None]
        if not self.begins_with_model(words, len(arguments)):
            words.insert(0, None)
        if len(words) <= self.least and (taken := self.taken_by_option(ctx)) is not None:
            words.append(taken)
        if len(words) <= self.least and not ctx.resilient_parsing:
            raise click.MissingParameter(ctx=ctx, param=arguments[len(words)])
        words += [None] * (len(arguments) - len(words))
        ctx.params.update({str(one.name): word for one, word in zip(arguments, words, strict=True)})
        return rest

    def taken_by_option(self, ctx: click.Context) -> str | None:
        """The last argument, where an option whose value may be left out has taken it for its value."""
        return None

    def begins_with_model(self, words: Sequence[str], most: int) -> bool:
        """Whether the first of ``words``, of at most ``most``, names a model."""
        from samesay.bundle import is_builtin, is_bundle

        return bool(words) and (len(words) == most or is_builtin(words[0]) or is_bundle(words[0]))


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
        self.name = "|".join([*words, other.name])
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
    """``0,5`` as ``Scale``."""

    name = "low,high"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Scale:
        """The lowest and the highest score."""
        return Scale.parse(value) if isinstance(value, str) else value


_TYPES: dict[Any, click.ParamType] = {
    int: click.INT,
    float: click.FLOAT,
    str: click.STRING,
    Sides: SidesOption(),
    Scale: ScaleOption(),
    dict[str, str]: Mapping(),
    dict[str, float]: Mapping(float),
    tuple[str, ...]: Names(),
}


def declared_options(
    declaration: type, names: Collection[str] | None = None, **renamed: str
) -> Callable[[Decorated], Decorated]:
    """An option for each setting of a declaration (``samesay.declaration``), in the group that it declares.

    Args:
        declaration: A dataclass.
        names: Which settings, in the order of the help; all that are options where absent.
        **renamed: Other names of options; the setting's own name is understood in any case, since errors name it.
    """
    settings = settings_of(declaration)

    def decorated(command: Decorated) -> Decorated:
        for one in reversed([settings[name] for name in names or settings]):
            if one.is_option:
                command = _declared_option(one, renamed.get(one.name, one.name))(command)
        return command

    return decorated


def _declared_option(one: Setting, parameter: str) -> Callable[[Decorated], Decorated]:
    words = [f"--{parameter.replace('_', '-')}", one.option, one.short]
    words = [word for at, word in enumerate(words) if word and word not in words[:at]]
    settings: dict[str, Any] = {"is_flag": True}
    if one.kind is not bool:
        settings = {"type": _type_of(one.kind), "metavar": one.metavar, "default": one.default}
        settings["show_default"] = one.unset or one.default is not None
    if {str, tuple[str, ...]} <= set(get_args(one.kind)):  # may be given more than once
        settings |= {"type": click.STRING, "multiple": True, "default": ()}
    return option(*words, parameter, group=one.group or OTHERS, help=one.plain_meaning, **settings)


def _type_of(kind: Any) -> click.ParamType:
    """How a word of the command line becomes a value of the type hint ``kind``."""
    kinds = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    words = [word for one in kinds if get_origin(one) is Literal for word in get_args(one)]
    others = [one for one in kinds if get_origin(one) is not Literal and one is not type(None)]
    if not others:
        return click.Choice(words)
    return WordOr(words, _TYPES[others[0]]) if words else _TYPES[others[0]]


def data_options(command: Decorated, *, without: Collection[str] = ()) -> Decorated:
    """How a source of pairs is read, where it does not tell: most of ``samesay.data.ReadOptions``."""
    apart = ("sides", "task", "scale", *without)
    return declared_options(ReadOptions, [name for name in OF_DATA if name not in apart])(command)


def task_options(command: Decorated) -> Decorated:
    """``--task`` and ``--scale``: whether the data's answers are labels or scores."""
    return declared_options(ReadOptions, ["task", "scale"])(command)


def input_options(command: Decorated, *, names: Collection[str] = OF_FILES) -> Decorated:
    """How files are read that are not named DATA, by commands which call the format ``--input-format``."""
    return declared_options(ReadOptions, names, format="input_format")(command)


def threads_option(command: Decorated) -> Decorated:
    """``--threads``."""
    return option(
        "--threads",
        type=click.IntRange(min=1),
        help="Threads of ONNX Runtime [the physical cores]; fewer leave room for other work.",
        group=RUNNING,
    )(command)


def backend_option(command: Decorated) -> Decorated:
    """``--backend``."""
    return option(
        "--backend",
        type=click.Choice(["auto", "onnx", "keras"]),
        default="auto",
        show_default=True,
        help="The part of the model that predicts: onnx is lean and starts at once, keras needs samesay[train]; auto "
        "takes onnx where it is verified.",
        group=RUNNING,
    )(command)


def text_options(command: Decorated, *, skipping: bool = True) -> Decorated:
    """``--column``, ``--input-format`` and how files are read, of commands that read single texts.

    Args:
        command: What takes them.
        skipping: Whether rows that cannot be used may be left out.
    """
    without = {"format"} if skipping else {"format", "on_error"}
    command = input_options(command, names=[name for name in OF_FILES if name not in without])
    command = option(
        "--input-format",
        "--format",
        "format",
        type=click.Choice(["lines", *get_args(Format)]),
        help="Input format, if the file name does not show it.",
        group=FILES,
    )(command)
    return option(
        "--column", help="The column that holds the texts, if its name does not show it.", group=READING
    )(command)


def sides_option(
    help: str = "What the data's two columns are called, in their order, if their names do not show it.",
) -> Callable[[Decorated], Decorated]:
    """``--sides``, whose meaning differs between training and the use of a trained model."""
    return option("--sides", type=SidesOption(), help=help, group=READING)


def output_options(command: Decorated) -> Decorated:
    """``--quiet`` and ``--json``."""
    return option(
        "--quiet",
        "-q",
        is_flag=True,
        help="No progress; results and errors are still printed.",
        group=RUNNING,
    )(json_option(command))


def json_option(command: Decorated) -> Decorated:
    """``--json``."""
    return option(
        "--json",
        "as_json",
        is_flag=True,
        help='One JSON document on standard output and nothing else; errors as {"error": ...}.',
        group=RUNNING,
    )(command)


def _parts(text: str) -> list[str]:
    return next(csv.reader([text], skipinitialspace=True), [])


def _option(param: click.Parameter | None) -> str | None:
    return param.opts[0] if param is not None and param.opts else None
