"""A training run as one declaration: every key of a recipe file, and what a file and options together make of it.

The keys are the settings of ``Run`` (data and encoder), of the ``ReadOptions`` in it (how the data is read) and of
``samesay.training.Recipe``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from samesay.data.options import ReadOptions
from samesay.declaration import AS_LISTS, Setting, check, setting, settings_of
from samesay.errors import RecipeInvalid, RecipeVersionUnknown, UsageError, near
from samesay.recipes.text import RecipeText, read_recipe_text
from samesay.training.recipe import Recipe, RunFiles

RECIPE_VERSION = 1
VERSION_KEY = "version"

# What belongs to a call and not to a run: where its state lies, what it may replace.
_COMMAND_LINE_ONLY = (*settings_of(RunFiles), "resume", "overwrite", "config", "quiet", "json")

_TIME = re.compile(r"(?P<number>\d{1,6}(\.\d{1,3})?) ?(?P<unit>[smh]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, kw_only=True)
class Run:
    """Everything of a training run but its settings.

    Attributes:
        data: The pairs to learn from: a file, a folder of splits or a name, as ``samesay train`` takes it. Paths are
            relative to the folder that the command is run in.
        validation: Pairs to choose the best epoch by.
        reading: How the data is read; in a file each of its fields is a key of its own.
        preset: The model to start from; by default the built-in model that answers such labels, or else ``minilm``. It
            is ``minilm``, a built-in model such as ``builtin:nli``, a KerasHub name such as ``bert_tiny_en_uncased``,
            an ``hf://`` or ``kaggle://`` address, a folder in KerasHub or Hugging Face layout, or a saved model.
        teacher: A saved model with the same labels, or the same scale, whose answers are learned as well
            (distillation).
        unlabelled: More pairs, to learn the teacher's answers from; their labels are not looked at.
        new_head: Make a new head although the preset is a saved model, as other labels need it.
        carry_head: Start a new head for other labels from what the saved head answers to the training pairs, and not
            from random weights.
        hold_out: Share of the pairs that is not trained on but measured on, where no validation pairs are given: no
            text is in both parts. 0 for none.
        time_budget: Try a few recipes on fewer than 2,000 pairs for at most about this long, such as ``90s`` or ``5m``,
            and train by what does best in cross-validation.
        output: The new folder of the saved model.
        seeds: Train so many times, with the seed and those after it, and keep what does best on validation; mean and
            spread are shown.
        data_fingerprint: Of the training pairs of the run that this recipe was saved by; a run on other pairs says so.
        validation_fingerprint: The same of the validation pairs.
        lacks: What the run that this recipe was saved by had, and what no file can hold: what it was, by name. Such a
            recipe is refused until something else is named on the command line, or the entry is removed.
    """

    data: str | None = setting(None, group="Data and encoder", option=False)
    validation: str | None = setting(None, metavar="DATA", unset="the validation split of DATA")
    reading: ReadOptions = field(default_factory=ReadOptions)
    preset: str | None = setting(None, group="Most used options")
    teacher: str | None = setting(None, group="Teacher", metavar="MODEL", unset="no teacher")
    unlabelled: str | None = setting(None, metavar="DATA", unset="no more pairs")
    new_head: bool = setting(False, group="Model")
    carry_head: bool = False
    hold_out: float | None = setting(
        None, at_least=0, below=1, metavar="SHARE", group="Few pairs", unset="0.1, of few pairs 0.2"
    )
    time_budget: str | None = setting(
        None, metavar="TIME", unset="5m where pairs are few and no preset is given"
    )
    output: str | None = setting(None, group="Most used options", short="-o", metavar="DIR")
    seeds: int = setting(1, at_least=1, at_most=100, group="Randomness", metavar="N")
    data_fingerprint: str | None = setting(None, option=False)
    validation_fingerprint: str | None = setting(None, option=False)
    lacks: dict[str, str] | None = setting(None, option=False)

    def __post_init__(self) -> None:
        check(self)
        if self.new_head and self.carry_head:
            raise UsageError(
                "A new head starts at random, or from the saved one.",
                where="carry_head",
                expected="new_head or carry_head, not both",
            )
        _ = self.budget

    @cached_property
    def budget(self) -> float | None:
        """The time budget in seconds.

        Raises:
            UsageError: If it is none.
        """
        if self.time_budget is None:
            return None
        found = _TIME.fullmatch(self.time_budget.strip())
        seconds = float(found["number"]) * _SECONDS[found["unit"]] if found else 0.0
        if seconds <= 0:
            raise UsageError(
                f"time_budget cannot be {self.time_budget!r}.",
                where="time_budget",
                expected="a number with s, m or h, such as 90s or 5m",
            )
        return seconds

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Run:
        """The run that keys with their values say."""
        reading = {name: value for name, value in values.items() if name in settings_of(ReadOptions)}
        rest = {name: value for name, value in values.items() if name not in reading}
        return cls(**rest, reading=ReadOptions(**reading))

    def to_dict(self) -> dict[str, Any]:
        """Every key with its value, as JSON types."""
        values: dict[str, Any] = {
            name: getattr(self if hasattr(self, name) else self.reading, name) for name in settings_of(Run)
        }
        return {name: tuple(value) if type(value) in AS_LISTS else value for name, value in values.items()}

    def given(self) -> dict[str, Any]:
        """The values that are not the default."""
        declared = settings_of(Run)
        return {name: value for name, value in self.to_dict().items() if value != declared[name].default}


def sections() -> dict[str, dict[str, Setting]]:
    """The keys in the order of a printed recipe, under the headings that they stand below."""
    return {"Data and encoder": settings_of(Run), "Settings": settings_of(Recipe)}


def keys() -> dict[str, Setting]:
    """All keys but ``version``, by name."""
    return settings_of(Run) | settings_of(Recipe)


def defaults() -> dict[str, Any]:
    """Every key with its default, ``version`` first."""
    return {VERSION_KEY: RECIPE_VERSION, **{name: key.default for name, key in keys().items()}}


def saved_settings(recipe: Recipe) -> dict[str, Any]:
    """The settings that a saved recipe holds: those that have an effect and a value."""
    void = recipe.without_effect()
    return {name: value for name, value in recipe.to_dict().items() if name not in void and value is not None}


def read_recipe(path: str | Path) -> dict[str, Any]:
    """Check a recipe file, and complete it.

    Returns:
        Every key with its value or default, ``version`` first; ``None`` for a setting that has no effect in it.

    Raises:
        RecipeInvalid: With file and line, see ``gather``.
        RecipeVersionUnknown: If it is of a newer version.
    """
    run, recipe = gather(path, {})
    void = dict.fromkeys(recipe.without_effect())  # their defaults would contradict the others
    return {VERSION_KEY: RECIPE_VERSION, **run.to_dict(), **recipe.to_dict(), **void}


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
    values = {**of_file, **of_call}
    known = settings_of(Recipe)
    settings = {name: value for name, value in values.items() if name in known}
    try:
        for name, cause in Recipe.from_mapping(settings).without_effect().items():
            if name not in of_call and cause in of_call:
                settings.pop(name, None)  # the command line decided otherwise: no slip of the file's writer
        recipe = Recipe.of(None, settings)
        run = Run.of({name: value for name, value in values.items() if name not in known})
    except UsageError as problem:
        name = problem.where or ""
        if text is None or name not in of_file or name in of_call:
            raise
        raise RecipeInvalid(
            problem.message, where=text.place(name), expected=problem.expected, hint=problem.hint
        ) from None
    return run, recipe


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
    # For classes the command line takes no loss.
    known = {name: key for name, key in keys().items() if name != "loss" or run.reading.task == "similarity"}
    named = ["DATA" if name == "data" else known[name].option for name in missing if name in known]
    raise RecipeInvalid(
        "This recipe does not repeat the run that it was saved by, which had what no file can hold: "
        f"{'; '.join(f'{name}, {what}' for name, what in missing.items())}.",
        where=read_recipe_text(config).place("lacks"),
        expected=f"{', '.join(named)} on the command line" if named else "a run in Python: PairModel.fit",
        hint="without its entries under lacks the file trains by the rest, which is another run",
        details={"lacks": missing},
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
            found[name] = known[name].checked(value)
        except UsageError as problem:
            raise RecipeInvalid(problem.message, where=text.place(name), expected=problem.expected) from None
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
        hint = f"it is an option of the command line alone: --{word.replace('_', '-')}"
    else:
        close = [word] if word in known else near(word, known)
        hint = f"did you mean {close[0]!r}?" if close else "samesay config prints a recipe with every key"
    return RecipeInvalid(
        f"A recipe has no key {name!r}.",
        where=text.place(name),
        expected=f"one of {', '.join(known)}",
        hint=hint,
    )
