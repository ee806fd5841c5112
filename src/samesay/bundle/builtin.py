"""The models that come with SameSay, each declared once, and the one place where a model's name becomes a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from samesay.bundle.layout import MANIFEST_NAME
from samesay.errors import BuiltinUnknown, BuiltinUnusable, near
from samesay.pairs import Answers, Scale

PREFIX = "builtin:"
FOLDER_VARIABLE = "SAMESAY_BUILTIN"
"""An environment variable that names another folder of built-in models; for tests of SameSay's own."""

_FOLDER = Path(__file__).with_name("models")
_REPAIR = "pip install --force-reinstall samesay"


@dataclass(frozen=True, slots=True)
class BuiltinModel:
    """A model that comes with the package.

    Attributes:
        name: What it is called, with ``builtin:``.
        task: ``classification``, ``similarity`` or ``embedding``.
        purpose: What it is for, in a line.
        default_of: The commands that use it where no model is named.
    """

    name: str
    task: str
    purpose: str
    default_of: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where it lies, if the installation is whole."""
        return place_of(self.name)


BUILTIN_MODELS: Sequence[BuiltinModel] = (
    BuiltinModel(
        "builtin:nli",
        "classification",
        "whether one text follows from another: entailment, neutral or contradiction",
        ("score", "check"),
    ),
    BuiltinModel(
        "builtin:same",
        "similarity",
        "whether two texts say the same, in either order: duplicates, paraphrases, search",
        ("rank", "duplicates"),
    ),
    BuiltinModel("builtin:nli-fast", "classification", "as builtin:nli, in less time and less exactly"),
    BuiltinModel(
        "builtin:embed", "embedding", "vectors of single texts, for the first pass of a search", ("embed",)
    ),
)
_NAMES = tuple(one.name for one in BUILTIN_MODELS)


def default_model(command: str) -> str:
    """The name of the built-in model that ``command`` uses where none is named."""
    return next(one.name for one in BUILTIN_MODELS if command in one.default_of)


def model_for(answers: Answers) -> str | None:
    """The name of the built-in model that answers the question of data with these gold answers; None where none does.

    Scores, and two labels that are none of NLI's, ask whether two texts say the same. Three or more labels are
    answered where all of them are NLI's, however they are spelled.
    """
    from samesay.data.labels.spellings import NLI_NAMES, Spelling

    if isinstance(answers, Scale):
        return "builtin:same"
    spelled = [Spelling.of(name) for name in answers]
    of_nli = [one is not None and one.key in {*NLI_NAMES, "not entailment"} for one in spelled]
    if len(answers) > 2:
        return "builtin:nli" if all(of_nli) else None
    return "builtin:nli" if any(of_nli) else "builtin:same"


def is_builtin(model: str | Path) -> bool:
    """Whether ``model`` is spelled as a built-in model is; whether there is one is not looked at."""
    return str(model).startswith(PREFIX)


def place_of(model: str | Path) -> Path:
    """Where a model would lie: of ``builtin:NAME`` in the package, of a path there; nothing is checked."""
    if not is_builtin(model):
        return Path(model)
    return _folder() / str(model).removeprefix(PREFIX)


def located(model: str | Path) -> Path:
    """The folder of a model that is named, or its path as it is.

    Raises:
        BuiltinUnknown: If it is spelled as a built-in model and there is none by this name, with the near ones.
        BuiltinUnusable: If the installation lacks it.
    """
    if not is_builtin(model):
        return Path(model)
    name = str(model)
    if name not in _NAMES:
        short = [known.removeprefix(PREFIX) for known in _NAMES]
        close = [f"{PREFIX}{one}" for one in near(name.removeprefix(PREFIX), short)]
        raise BuiltinUnknown(
            f"There is no built-in model {name!r}.",
            where=name,
            expected=", ".join(_NAMES),
            hint=f"did you mean {' or '.join(close)}?" if close else "samesay models",
            details={"near": close},
        )
    place = place_of(name)
    if not _folder().is_dir():
        raise BuiltinUnusable(
            "This version of SameSay comes without built-in models.",
            where=name,
            expected="a saved model, by its folder",
            hint="samesay models",
        )
    if not (place / MANIFEST_NAME).is_file():
        raise BuiltinUnusable(
            f"This installation of SameSay lacks its model {name}.", where=str(place), hint=_REPAIR
        )
    return place


def name_of_builtin(root: Path) -> str | None:
    """The name of the built-in model whose folder is ``root``; None for any other folder."""
    return next((name for name in _NAMES if place_of(name).resolve() == root.resolve()), None)


def damaged(name: str, problem: str) -> BuiltinUnusable:
    """The error for a built-in model that cannot be opened because of ``problem``."""
    return BuiltinUnusable(
        f"The built-in model {name} is damaged: {problem}", where=str(place_of(name)), hint=_REPAIR
    )


def _folder() -> Path:
    return Path(os.environ.get(FOLDER_VARIABLE) or _FOLDER)
