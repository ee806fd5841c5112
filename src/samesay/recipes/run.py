"""A training run as one declaration: every key of a recipe file with its type, default and meaning.

The declaration is three dataclasses, ``Run`` (data and encoder), ``samesay.data.ReadOptions`` (how the data is read)
and ``samesay.training.Recipe`` (settings), and what their docstrings say of each field. What a file may say, the file
that is printed and its JSON schema come from nothing else.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from samesay.data.options import ReadOptions, meanings_of, types_of
from samesay.errors import RecipeInvalid, RecipeVersionUnknown, UsageError, near
from samesay.pairs import Scale, Sides
from samesay.recipes.text import RecipeText, read_recipe_text
from samesay.training import Recipe

RECIPE_VERSION = 1
VERSION_KEY = "version"
AS_LISTS: dict[type, Any] = {Sides: tuple[str, str], Scale: tuple[float, float]}
"""Types whose values are lists in a file."""

# What belongs to a call and not to a run: where its state lies, what it may replace.
_COMMAND_LINE_ONLY = (
    "checkpoints",
    "checkpoint_every",
    "resume",
    "tensorboard",
    "overwrite",
    "config",
    "quiet",
    "json",
)


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything of a training run but its settings.

    Attributes:
        data: The pairs to learn from: a file, a folder of splits or a name, as ``samesay train`` takes it. Paths are
            relative to the folder that the command is run in.
        validation: Pairs to choose the best epoch by; the data's own validation split where absent.
        reading: How the data is read, where it does not tell; in a file each of its fields is a key of its own.
        preset: The encoder to start from: ``minilm``, a KerasHub name, an hf:// or kaggle:// address, a folder, a saved
            model.
        teacher: A saved model with the same labels whose answers are learned beside the gold labels.
        unlabelled: More pairs to learn the teacher's answers from; their labels are not looked at.
        new_head: Make a new head although the preset is a saved model.
        output: The new folder of the saved model.
        seeds: Train so many times, with the seed and those after it, and keep what does best on validation.
        data_fingerprint: Of the training pairs of the run that this recipe was saved by; a run on other pairs says so.
        validation_fingerprint: The same of the validation pairs.
        lacks: What the run that this recipe was saved by had, and what no file can hold: what it was, by name. Such a
            recipe is refused until something else is named on the command line, or the entry is removed.
    """

    data: str | None = None
    validation: str | None = None
    reading: ReadOptions = field(default_factory=ReadOptions)
    preset: str | None = None
    teacher: str | None = None
    unlabelled: str | None = None
    new_head: bool = False
    output: str | None = None
    seeds: int = 1
    data_fingerprint: str | None = None
    validation_fingerprint: str | None = None
    lacks: dict[str, str] | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Run:
        """The run that keys with their values say."""
        reading = {key.name: values[key.name] for key in _keys_of(ReadOptions) if key.name in values}
        rest = {name: value for name, value in values.items() if name not in reading}
        return cls(**rest, reading=ReadOptions(**reading))

    def to_dict(self) -> dict[str, Any]:
        """Every key with its value, as JSON types."""
        own = {one.name: getattr(self, one.name) for one in dataclasses.fields(self) if one.name != "reading"}
        read = {key.name: getattr(self.reading, key.name) for key in _keys_of(ReadOptions)}
        values = {**own, **read}
        return {
            key.name: tuple(value) if isinstance(value := values[key.name], tuple(AS_LISTS)) else value
            for key in _keys_of(Run)
        }

    def given(self) -> dict[str, Any]:
        """The values that are not the default."""
        values = self.to_dict()
        return {key.name: values[key.name] for key in _keys_of(Run) if values[key.name] != key.default}


@dataclass(frozen=True)
class Key:
    """A key that a recipe file may have.

    Attributes:
        name: The key.
        kind: Its type, as a type hint.
        default: What holds where the key is absent.
        meaning: What it is for, in words.
    """

    name: str
    kind: Any
    default: Any
    meaning: str


def sections() -> tuple[tuple[str, tuple[Key, ...]], ...]:
    """The keys in the order of a printed recipe, under the headings that they stand below."""
    return ("Data and encoder", _keys_of(Run)), ("Settings", _keys_of(Recipe))


def keys() -> dict[str, Key]:
    """All keys but ``version``, by name."""
    return {key.name: key for _, section in sections() for key in section}


def defaults() -> dict[str, Any]:
    """Every key with its default, ``version`` first."""
    return {VERSION_KEY: RECIPE_VERSION, **{key.name: key.default for key in keys().values()}}


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """The settings that a saved recipe holds: those that have an effect and a value."""
    void = recipe.without_effect()
    return {name: value for name, value in recipe.to_dict().items() if name not in void and value is not None}


def read_recipe(path: str | Path) -> dict[str, Any]:
    """Check a recipe file, and complete it.

    Returns:
        Every key with its value or default, ``version`` first; ``None`` for a setting that does nothing in it.

    Raises:
        RecipeInvalid: With file and line, see ``gather``.
        RecipeVersionUnknown: If it is of a newer version.
    """
    run, settings = gather(path, {})
    void = dict.fromkeys(settings.without_effect())  # their defaults would contradict the others
    return {VERSION_KEY: RECIPE_VERSION, **run.to_dict(), **settings.to_dict(), **void}


def gather(config: str | Path | None, options: Mapping[str, Any]) -> tuple[Run, Recipe]:
    """One run from a recipe file and the options that override it.

    Args:
        config: A recipe file, or nothing.
        options: Values by key; ``None`` stands for an option that was not given.

    Raises:
        RecipeInvalid: If the file has an unknown key (with the near one), a value of a wrong type or out of range, or
            a setting that another one makes void; with file and line.
        RecipeVersionUnknown: If the file is of a newer version.
        UsageError: The same for options.
    """
    text = read_recipe_text(config) if config is not None else None
    of_file = _checked(text) if text is not None else {}
    of_call = {name: value for name, value in options.items() if value is not None}
    settings = _settings(text, of_file, of_call)
    for name, cause in settings.without_effect().items():
        if name not in of_call and cause in of_call:
            of_file.pop(name, None)  # the command line decided otherwise than the file: no slip of its writer
        value = of_call.get(name, of_file.get(name))
        if value:
            raise _void(name, value, cause, getattr(settings, cause), text if name not in of_call else None)
    names = [key.name for key in _keys_of(Run)]
    run = Run.of({name: value for name, value in {**of_file, **of_call}.items() if name in names})
    return run, _settings(text, of_file, of_call)


def require_whole(run: Run, config: str | Path | None, options: Mapping[str, Any]) -> None:
    """Refuse a recipe of a run that had what no file can hold, and nothing is named in its place.

    Args:
        run: From ``gather``.
        config: The recipe file.
        options: Values by key; ``None`` stands for an option that was not given.

    Raises:
        RecipeInvalid: Naming what is missing, with file and line.
    """
    missing = {name: what for name, what in (run.lacks or {}).items() if options.get(name) is None}
    if not missing or config is None:
        return
    # Of classes the command line takes no loss.
    known = {name for name in keys() if name != "loss" or run.reading.task == "similarity"}
    named = ["DATA" if name == "data" else _option(name) for name in missing if name in known]
    raise RecipeInvalid(
        "This recipe does not repeat the run that it was saved by, which had what no file can hold: "
        f"{'; '.join(f'{name}, {what}' for name, what in missing.items())}.",
        where=read_recipe_text(config).place("lacks"),
        expected=f"{', '.join(named)} on the command line" if named else "a run in Python: PairModel.fit",
        hint="without its entries under lacks the file trains by the rest, which is another run",
        details={"lacks": missing},
    )


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _settings(text: RecipeText | None, of_file: Mapping[str, Any], of_call: Mapping[str, Any]) -> Recipe:
    names = [key.name for key in _keys_of(Recipe)]
    values = {name: value for name, value in {**of_file, **of_call}.items() if name in names}
    try:
        return Recipe.from_mapping(values)
    except UsageError as problem:
        name = problem.where or ""
        if text is None or name not in of_file or name in of_call:
            raise
        place = text.place(name)
        raise RecipeInvalid(
            problem.message, where=place, expected=problem.expected, hint=problem.hint
        ) from None


def _void(name: str, value: Any, cause: str, reason: Any, text: RecipeText | None) -> UsageError:
    kind = UsageError if text is None else RecipeInvalid
    return kind(
        f"{name} {value!r} does nothing where {cause} is {reason!r}.",
        where=name if text is None else text.place(name),
        expected=f"{name} left out or 0, or another {cause}",
    )


def _checked(text: RecipeText) -> dict[str, Any]:
    """The values of a file, each of its key's type; ``None`` where it says null, as if it were absent."""
    _require_version(text)
    known = keys()
    found: dict[str, Any] = {}
    for name, value in text.values.items():
        if name == VERSION_KEY or (value is None and name in known):
            continue
        if name not in known:
            raise _unknown(text, name)
        try:
            found[name] = fitted(value, known[name].kind)
        except ValueError as expected:
            raise RecipeInvalid(
                f"{name} cannot be {value!r}.", where=text.place(name), expected=str(expected)
            ) from None
    return found


def _require_version(text: RecipeText) -> None:
    version = text.values.get(VERSION_KEY, RECIPE_VERSION)
    if type(version) is not int or version < 1:
        raise RecipeInvalid(
            f"version cannot be {version!r}.",
            where=text.place(VERSION_KEY),
            expected=f"version: {RECIPE_VERSION}",
        )
    if version > RECIPE_VERSION:
        raise RecipeVersionUnknown(
            f"The recipe is of version {version}; this SameSay reads version {RECIPE_VERSION}.",
            where=text.place(VERSION_KEY),
            hint="upgrade: pip install --upgrade samesay",
            details={"found": version, "known": [RECIPE_VERSION]},
        )


def _unknown(text: RecipeText, name: str) -> RecipeInvalid:
    known = [VERSION_KEY, *keys()]
    word = name.replace("-", "_")
    if word in _COMMAND_LINE_ONLY:
        hint = f"it is an option of the command line alone: {_option(word)}"
    else:
        close = [word] if word in known else near(word, known)
        hint = f"did you mean {close[0]!r}?" if close else "samesay config prints a recipe with every key"
    return RecipeInvalid(
        f"A recipe has no key {name!r}.",
        where=text.place(name),
        expected=f"one of {', '.join(known)}",
        hint=hint,
    )


def fitted(value: Any, kind: Any) -> Any:
    """``value``, as a file holds it, as a value of the type hint ``kind``.

    Raises:
        ValueError: If it is none; the message says what would be.
    """
    if kind in AS_LISTS:
        return value if isinstance(value, kind) else kind(*fitted(value, AS_LISTS[kind]))
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in inner:
            return None
        choices = [one for one in inner if one is not type(None)]
        for one in choices:
            try:
                return fitted(value, one)
            except ValueError:
                continue
    elif origin is Literal:
        if isinstance(value, str | int) and value in inner:
            return value
    elif origin is tuple and isinstance(value, list):
        of_each = [inner[0]] * len(value) if inner[1:] == (Ellipsis,) else list(inner)
        if len(of_each) == len(value):
            return tuple(fitted(one, of) for one, of in zip(value, of_each, strict=True))
    elif origin is dict and isinstance(value, dict):
        return {fitted(name, inner[0]): fitted(one, inner[1]) for name, one in value.items()}
    elif kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif type(value) is kind:  # True is an int, too
        return value
    raise ValueError(in_words(kind))


def in_words(kind: Any) -> str:
    """What a value of a type hint is, for people."""
    kind = AS_LISTS.get(kind, kind)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return " or ".join(in_words(one) for one in inner if one is not type(None))
    if origin is Literal:
        return f"one of {', '.join(map(str, inner))}"
    if origin is tuple:
        number = "" if inner[1:] == (Ellipsis,) else f" of {len(inner)}"
        return f"a list{number}, each {in_words(inner[0])}"
    if origin is dict:
        return f"names, each with {in_words(inner[1])}"
    return _WORDS[kind]


_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text (quoted, if it looks otherwise)",
}


def _keys_of(declaration: type) -> tuple[Key, ...]:
    kinds, meanings = types_of(declaration), meanings_of(declaration)
    found: list[Key] = []
    for one in dataclasses.fields(declaration):
        if kinds[one.name] is ReadOptions:
            found += _keys_of(ReadOptions)
        else:
            found.append(Key(one.name, kinds[one.name], one.default, meanings.get(one.name, "")))
    return tuple(found)
