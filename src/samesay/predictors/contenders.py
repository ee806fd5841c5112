"""Whatever takes part in a comparison, by the word a user has for it, to something that answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from samesay.bundle import Manifest
from samesay.decision import Decisions, Predictions, decisions_of
from samesay.errors import UsageError
from samesay.evaluation import MajorityBaseline, OneSideBaseline, WordOverlap
from samesay.pairs import Answers, LabelSet, Pair, Predictor, Scale, Sides
from samesay.predictors.opening import open_predictor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from samesay.data import PairTable

Kind = Literal["onnx", "keras", "transformers", "sentence-transformers", "baseline"]
"""By what it answers; also what may stand, with a colon, before a name."""

CLASS_BASELINES = ("majority", "first", "second")
SIMILARITY_BASELINES = ("word-overlap",)


@dataclass(frozen=True)
class Contender:
    """Something that answers, and what it costs on disk.

    Attributes:
        model: What the user wrote.
        kind: By what it answers.
        predictor: What answers.
        n_bytes: Size of the files that it needs; None where it has none.
        manifest: What its bundle says of it; None where it is none.
        notes: What a reader should know of it.
    """

    model: str
    kind: Kind
    predictor: Predictor
    n_bytes: int | None = None
    manifest: Manifest | None = None
    notes: tuple[str, ...] = ()

    @property
    def answers(self) -> Answers:
        """The names it answers with, or the scale of its scores."""
        return self.predictor.answers


def is_baseline(model: str) -> bool:
    """Whether ``model`` names a baseline, which is made and not opened."""
    return _parsed(model)[0] == "baseline"


def open_contender(model: str, *, reads: Sides | None = None) -> Contender:
    """Open what is no baseline.

    Args:
        model: A saved model's folder, or a Hugging Face or sentence-transformers folder with a sequence classifier. One
            of ``Kind`` and a colon before it says by what it answers; else a saved model answers by its ONNX part
            where that is verified, and a foreign folder by the library that wrote it.
        reads: The sides in the order in which a folder reads that does not say it; the data's order where absent.

    Raises:
        BundleError, ModelError: If it cannot be opened.
        ExtraMissing: If the library by which it answers is not installed.
    """
    kind, name = _parsed(model)
    folder = Path(name)
    if kind in ("transformers", "sentence-transformers"):
        return _foreign(model, folder, kind, reads)
    if kind is None and folder.is_dir() and not (folder / "samesay.json").exists():
        from samesay.model.foreign import library_of

        library = library_of(folder)
        if library is not None:
            return _foreign(model, folder, library, reads)
    opened = open_predictor(name, backend="auto" if kind is None else kind)  # type: ignore[arg-type]
    files = opened.manifest.parts[opened.backend].files
    n_bytes = sum(record.bytes for record in files.values())
    return Contender(model, opened.backend, opened.predictor, n_bytes, opened.manifest)


def make_baseline(
    model: str, answers: Answers, sides: Sides, training_pairs: Callable[[], PairTable]
) -> Contender:
    """Make a baseline: ``baseline:majority``, ``baseline:word-overlap``, or of one side: ``baseline:first``.

    First and second are meant in the order of ``sides``; a side's own name, ``baseline:hypothesis``, says which it is.

    Args:
        model: Which.
        answers: What the models beside it answer with.
        sides: As the models beside it read them.
        training_pairs: Gives the pairs from which it is made; not called for word overlap.

    Raises:
        UsageError: If there is none by this name for such models.
    """
    _, name = _parsed(model)
    if isinstance(answers, Scale):
        _require_baseline(model, name, SIMILARITY_BASELINES, "give similarity scores")
        return Contender(model, "baseline", WordOverlap(answers, sides))
    _require_baseline(model, name, (*CLASS_BASELINES, *sides), "answer with labels")
    table = training_pairs().with_answers(answers).with_sides(sides)
    made = f"made from {len(table):,} pairs of {table.origin}"
    if name == "majority":
        return Contender(model, "baseline", MajorityBaseline.train(table), notes=(made,))
    predictor = OneSideBaseline.train(table, name)
    return Contender(model, "baseline", predictor, notes=(f"{made}; sees the {predictor.side} alone",))


def short_names(models: Sequence[str]) -> list[str]:
    """Names for tables: the last part of a path where that tells the models apart, and a number where nothing does."""
    shortened = []
    for model in models:
        kind, name = _parsed(model)
        last = Path(name).name or name
        shortened.append(last if kind is None else f"{kind}:{last}")
    names = [
        short if shortened.count(short) == 1 else model
        for short, model in zip(shortened, models, strict=True)
    ]
    return [
        name if names.index(name) == place else f"{name} ({names[: place + 1].count(name)})"
        for place, name in enumerate(names)
    ]


def renamed(contender: Contender, names: Mapping[str, str]) -> Contender:
    """The same with other label names; those that it does not have are passed over.

    Raises:
        UsageError: If two labels would have one name.
    """
    if not set(contender.answers.names) & set(names):
        return contender
    labels = LabelSet(tuple(names.get(name, name) for name in contender.answers.names))
    return replace(contender, predictor=_Renamed(contender.predictor, labels))


class _Renamed:
    """A predictor whose labels are called otherwise."""

    def __init__(self, predictor: Any, labels: LabelSet) -> None:
        self._predictor = predictor
        self.answers = labels
        self.sides: Sides = predictor.sides

    def predict(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        return self._predictor.predict(pairs)

    def read(self, pairs: Sequence[Pair]) -> Predictions:
        return self._predictor.read(pairs)

    def decide(self, probabilities: NDArray[np.floating]) -> Decisions:
        return decisions_of(self._predictor, probabilities)


def _parsed(model: str) -> tuple[Kind | None, str]:
    kind, colon, name = model.partition(":")
    for known in get_args(Kind):
        if colon and kind == known:
            return known, name
    return None, model


def _foreign(
    model: str, folder: Path, library: Literal["transformers", "sentence-transformers"], reads: Sides | None
) -> Contender:
    from samesay.model.foreign import open_foreign, sides_of

    # Sides of no known role are read in the data's order, which the table then notes.
    predictor = open_foreign(folder, library, sides=sides_of(folder) or reads or Sides())
    n_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Contender(model, library, predictor, n_bytes)


def _require_baseline(model: str, name: str, known: Sequence[str], do: str) -> None:
    if name not in known:
        raise UsageError(
            f"There is no baseline {name!r} for models that {do}.",
            where=model,
            expected=", ".join(f"baseline:{one}" for one in known),
        )
