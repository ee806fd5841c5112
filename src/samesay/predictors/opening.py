"""From what a user calls a model to something that answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from samesay.bundle import Manifest, open_bundle
from samesay.decision import Decision, Predictions
from samesay.errors import NotABundle, UsageError
from samesay.pairs import Answers, LabelSet, Pair, Predictor, Sides
from samesay.scoring import Scorer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Backend = Literal["auto", "onnx", "keras"]

Kind = Literal["onnx", "keras", "transformers", "sentence-transformers", "baseline"]
"""By what a model answers; also what may stand, with a colon, before its name."""


@dataclass(frozen=True)
class Opened:
    """Something that answers.

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

    def renamed(self, names: Mapping[str, str]) -> Opened:
        """The same with other label names; those that it does not have are passed over.

        Raises:
            UsageError: If two labels would have one name.
        """
        if not set(self.answers.names) & set(names):
            return self
        return replace(self, predictor=_Renamed(self.predictor, names))


def open_predictor(model: str | Path, *, backend: Backend = "auto", threads: int | None = None) -> Opened:
    """Open a saved model by its verified ONNX part, or by Keras.

    Args:
        model: The bundle's folder, or a built-in model.
        backend: ``onnx``, ``keras``, or ``auto``: ONNX where that part is verified, else Keras.
        threads: For ONNX Runtime; all physical cores where absent.

    Raises:
        BundleError: If it is no bundle, is damaged, or lacks the part.
        ExtraMissing: If Keras is needed and not installed.
    """
    if backend not in get_args(Backend):
        raise UsageError(f"There is no backend {backend!r}.", where="backend", expected="auto, onnx or keras")
    if str(model).endswith(".keras"):
        raise NotABundle(
            f"{str(model)!r} is a Keras file, which SameSay's commands do not open.",
            where=str(model),
            expected="the folder of a saved model",
            hint="in Python: samesay.load('model.keras').save('folder')",
        )
    bundle = open_bundle(model, verify=False)
    manifest = bundle.manifest
    kind = "onnx" if backend == "onnx" or (backend == "auto" and bundle.has("onnx")) else "keras"
    predictor = Scorer.open(model, threads=threads) if kind == "onnx" else _by_keras(model, manifest)
    n_bytes = sum(record.bytes for record in manifest.parts[kind].files.values())
    return Opened(str(model), kind, predictor, n_bytes, manifest)


def _by_keras(model: str | Path, manifest: Manifest) -> Predictor:
    from samesay.model.opening import open_model
    from samesay.model.predictor import KerasPredictor

    return KerasPredictor(open_model(model).classifier, decision=manifest.decision)


def open_named(model: str, *, reads: Sides | None = None) -> Opened:
    """Open what takes part in a comparison and is no baseline.

    Args:
        model: A saved model's folder, or a Hugging Face or sentence-transformers folder with a sequence classifier. One
            of ``Kind`` and a colon before it says by what it answers; else a saved model answers by its ONNX part
            where that is verified, and a foreign folder by the library that wrote it.
        reads: The sides in the order in which a folder reads that does not say it; the data's order where absent.

    Raises:
        BundleError, ModelError: If it cannot be opened.
        ExtraMissing: If the library by which it answers is not installed.
    """
    kind, name = kind_and_name(model)
    folder = Path(name)
    if kind is None and folder.is_dir() and not (folder / "samesay.json").exists():
        from samesay.model.foreign import library_of

        kind = library_of(folder)
    if kind == "transformers" or kind == "sentence-transformers":
        from samesay.model.foreign import open_foreign, sides_of

        # Sides of no known role are read in the data's order, which the table then notes.
        predictor = open_foreign(folder, kind, sides=sides_of(folder) or reads or Sides())
        return Opened(model, kind, predictor, _foreign_size(folder))
    return replace(open_predictor(name, backend=kind or "auto"), model=model)  # type: ignore[arg-type]


def _foreign_size(folder: Path) -> int:
    """What such a library reads: configuration, tokenizer and weights in safetensors, and no other copies of these."""
    files = [file for file in folder.iterdir() if file.suffix in (".safetensors", ".json", ".txt", ".model")]
    return sum(file.stat().st_size for file in files)


def kind_and_name(model: str) -> tuple[Kind | None, str]:
    """``onnx:my-model`` in its two parts; None where it does not say by what it answers."""
    kind, colon, name = model.partition(":")
    return next(((known, name) for known in get_args(Kind) if colon and kind == known), (None, model))


def short_names(models: Sequence[str]) -> list[str]:
    """Names for tables: the last part of a path where that tells the models apart, and a number where nothing does."""
    shortened = []
    for model in models:
        kind, name = kind_and_name(model)
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


class _Renamed:
    """A predictor whose labels are called otherwise."""

    def __init__(self, predictor: Any, names: Mapping[str, str]) -> None:
        self._predictor = predictor
        self.answers = LabelSet(tuple(names.get(name, name) for name in predictor.answers.names))
        self.sides: Sides = predictor.sides
        self.decision = getattr(predictor, "decision", Decision()).renamed(names)

    def predict(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        return self._predictor.predict(pairs)

    def read(self, pairs: Sequence[Pair]) -> Predictions:
        return self._predictor.read(pairs)
