"""Settings that are declared once: name, type, default, range and meaning of each.

A declaration is a dataclass. Its fields are the settings, made with ``setting`` where there is more to say than type
and default; the section ``Attributes`` of its docstring says what each means. Checks, options of a command, keys of a
recipe file, its JSON schema and the tables of the documentation come from it.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
import os
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from numbers import Integral, Real
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from samesay.errors import UsageError
from samesay.pairs import Scale, Sides

AS_LISTS: dict[type, Any] = {Sides: tuple[str, str], Scale: tuple[float, float]}
"""Types whose values are lists in a file."""

_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text (quoted, if it looks otherwise)",
}
_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The range of a number; NaN and infinity are in none."""

    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None

    def hold(self, number: float) -> bool:
        """Whether ``number`` lies within them."""
        return (
            math.isfinite(number)
            and (self.at_least is None or number >= self.at_least)
            and (self.above is None or number > self.above)
            and (self.at_most is None or number <= self.at_most)
            and (self.below is None or number < self.below)
        )

    def __str__(self) -> str:
        if self.at_least is not None and self.at_most is not None:
            return f", from {self.at_least:g} to {self.at_most:.10g}"
        bounds = {
            "at least": self.at_least,
            "above": self.above,
            "at most": self.at_most,
            "below": self.below,
        }
        words = [f"{word} {bound:.10g}" for word, bound in bounds.items() if bound is not None]
        return f", {' and '.join(words)}" if words else ""

    def json_schema(self) -> dict[str, float]:
        """As JSON Schema has them."""
        found = {
            "minimum": self.at_least,
            "exclusiveMinimum": self.above,
            "maximum": self.at_most,
            "exclusiveMaximum": self.below,
        }
        return {name: bound for name, bound in found.items() if bound is not None}


def setting(
    default: Any,
    *,
    group: str | None = None,
    metavar: str | None = None,
    unset: str | None = None,
    short: str | None = None,
    option: bool = True,
    **limits: float,
) -> Any:
    """A field of a declaration.

    Args:
        default: Its default.
        group: The group of options that it stands in; that of the field before where absent.
        metavar: What stands for its value in the help.
        unset: What holds where the default is None, in words.
        short: A second, short name of its option.
        option: Whether a command has an option for it.
        **limits: ``at_least``, ``above``, ``at_most``, ``below``: of its number, or each of its numbers.
    """
    facts = {"group": group, "metavar": metavar, "unset": unset, "short": short, "is_option": option}
    return field(default=default, metadata={**facts, "limits": Limits(**limits)})


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting, as it was declared.

    Attributes:
        name: In Python and in files.
        kind: Its type, as a type hint.
        default: What holds where it is absent.
        meaning: What it is for, in Markdown, on one line.
        limits: The range of its numbers.
        group: The group of options that it stands in.
        metavar: What stands for its value in the help.
        unset: What holds where the default is None, in words.
        short: A second, short name of its option.
        is_option: Whether a command has an option for it.
    """

    name: str
    kind: Any
    default: Any
    meaning: str
    limits: Limits = Limits()
    group: str | None = None
    metavar: str | None = None
    unset: str | None = None
    short: str | None = None
    is_option: bool = True

    @property
    def option(self) -> str:
        """The name of its option: ``--batch-size``."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def plain_meaning(self) -> str:
        """Its meaning without Markdown."""
        return self.meaning.replace("`", "")

    def checked(self, value: Any) -> Any:
        """``value`` as the setting holds it: a list as a tuple, 1 as 1.0 where it is a float.

        Raises:
            UsageError: If it is of another type, or out of range.
        """
        try:
            return _fitted(value, self.kind, self.limits)
        except ValueError as expected:
            raise UsageError(
                f"{self.name} cannot be {value!r}.", where=self.name, expected=str(expected)
            ) from None

    def json_schema(self) -> dict[str, Any]:
        """What a file may say for it, as JSON Schema; null stands for the default."""
        schema = _schema_of(self.kind | None, self.limits)
        return {**schema, "default": self.default, "description": self.plain_meaning}


@lru_cache
def settings_of(declaration: type) -> dict[str, Setting]:
    """The settings of a declaration by name, in order; a field that is itself a declaration gives its own."""
    hints, meanings = get_type_hints(declaration), _meanings_of(declaration)
    found: dict[str, Setting] = {}
    group = None
    for one in dataclasses.fields(declaration):
        if one.default_factory is hints[one.name]:
            found |= settings_of(hints[one.name])
            continue
        group = one.metadata.get("group") or group
        found[one.name] = Setting(
            name=one.name,
            kind=hints[one.name],
            default=one.default,
            meaning=meanings.get(one.name, ""),
            **{**one.metadata, "group": group},
        )
    return found


def check(declared: Any) -> None:
    """Check every setting of a frozen declaration, for its ``__post_init__``; each becomes what ``checked`` gives.

    Raises:
        UsageError: Naming the first setting that cannot be what it is.
    """
    declaration = settings_of(type(declared))
    for one in dataclasses.fields(declared):
        if one.name in declaration:
            value = declaration[one.name].checked(getattr(declared, one.name))
            object.__setattr__(declared, one.name, value)


def _meanings_of(declaration: type) -> dict[str, str]:
    """What the section ``Attributes`` of a class' docstring says of each name, in Markdown on one line."""
    section = re.search(
        r"^Attributes:\n(?P<rows>(?: {4}.*\n?|\n)+)", inspect.getdoc(declaration) or "", re.MULTILINE
    )
    if section is None:  # python -OO keeps no docstrings
        return {}
    rows = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", section["rows"], re.MULTILINE)
    return {name: " ".join(text.replace("``", "`").split()) for name, text in rows}


def _fitted(value: Any, kind: Any, limits: Limits) -> Any:
    """``value`` as a value of the type hint ``kind``.

    Raises:
        ValueError: If it is none; the message says what would be.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if kind in AS_LISTS:
        return value if isinstance(value, kind) else kind(*_fitted(value, AS_LISTS[kind], limits))
    if origin in (Union, types.UnionType):
        if value is None and type(None) in inner:
            return None
        for one in inner:
            if one is type(None):
                continue
            try:
                return _fitted(value, one, limits)
            except ValueError:
                continue
    elif origin is Literal:
        if isinstance(value, str | int) and value in inner:
            return value
    elif origin is tuple and isinstance(value, list | tuple):
        of_each = [inner[0]] * len(value) if inner[1:] == (Ellipsis,) else list(inner)
        if len(of_each) == len(value):
            return tuple(_fitted(one, of, limits) for one, of in zip(value, of_each, strict=True))
    elif origin is dict and isinstance(value, Mapping):
        return {
            _fitted(name, inner[0], limits): _fitted(one, inner[1], limits) for name, one in value.items()
        }
    elif kind is str and isinstance(value, str | os.PathLike):
        return os.fspath(value)
    elif kind is bool and isinstance(value, bool):
        return value
    elif (
        kind in (int, float)
        and isinstance(value, Integral if kind is int else Real)
        and not isinstance(value, bool)
        and limits.hold(float(value))
    ):
        return kind(value)  # pyright: ignore[reportArgumentType]
    raise ValueError(_in_words(kind, limits))


def _in_words(kind: Any, limits: Limits) -> str:
    """What a value of a type hint is, for people."""
    kind = AS_LISTS.get(kind, kind)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return " or ".join(_in_words(one, limits) for one in inner if one is not type(None))
    if origin is Literal:
        return f"one of {', '.join(map(str, inner))}" if inner[1:] else str(inner[0])
    if origin is tuple:
        number = "" if inner[1:] == (Ellipsis,) else f" of {len(inner)}"
        return f"a list{number}, each {_in_words(inner[0], limits)}"
    if origin is dict:
        return f"names, each with {_in_words(inner[1], limits)}"
    return f"{_WORDS[kind]}{limits if kind in (int, float) else ''}"


def _schema_of(kind: Any, limits: Limits) -> dict[str, Any]:
    kind = AS_LISTS.get(kind, kind)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema_of(one, limits) for one in inner]}
    if origin is Literal:
        return {"enum": list(inner)}
    if origin is tuple:
        if inner[1:] == (Ellipsis,):
            return {"type": "array", "items": _schema_of(inner[0], limits)}
        items = [_schema_of(one, limits) for one in inner]
        return {"type": "array", "prefixItems": items, "minItems": len(inner), "maxItems": len(inner)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema_of(inner[1], limits)}
    return {"type": _JSON_TYPES[kind], **(limits.json_schema() if kind in (int, float) else {})}
