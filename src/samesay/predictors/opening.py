"""From what a user calls a model to something that answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from samesay.bundle import Manifest, open_bundle
from samesay.errors import NotABundle, UsageError
from samesay.pairs import Predictor
from samesay.scoring import Scorer

Backend = Literal["auto", "onnx", "keras"]


@dataclass(frozen=True)
class OpenedPredictor:
    """A model that answers.

    Attributes:
        predictor: What answers.
        backend: By which part of the bundle.
        manifest: What the bundle says of itself.
    """

    predictor: Predictor
    backend: Literal["onnx", "keras"]
    manifest: Manifest


def open_predictor(
    model: str | Path, *, backend: Backend = "auto", threads: int | None = None
) -> OpenedPredictor:
    """Open a saved model by its verified ONNX part, or by Keras.

    Args:
        model: The bundle's folder.
        backend: ``onnx``, ``keras``, or ``auto``: ONNX where that part is verified, else Keras.
        threads: For ONNX Runtime; all physical cores where absent.

    Raises:
        BundleError: If it is no bundle, is damaged, or lacks the part.
        ExtraMissing: If Keras is needed and not installed.
    """
    if backend not in ("auto", "onnx", "keras"):
        raise UsageError(f"There is no backend {backend!r}.", where="backend", expected="auto, onnx or keras")
    if str(model).endswith(".keras"):
        raise NotABundle(
            f"{str(model)!r} is a Keras file, which SameSay's commands do not open.",
            where=str(model),
            expected="the folder of a saved model",
            hint="in Python: samesay.load('model.keras').save('folder')",
        )
    bundle = open_bundle(model, verify=False)
    if backend == "onnx" or (backend == "auto" and bundle.has("onnx")):
        return OpenedPredictor(Scorer.open(model, threads=threads), "onnx", bundle.manifest)
    from samesay.model.opening import open_model
    from samesay.model.predictor import KerasPredictor

    opened = open_model(model)
    decision = bundle.manifest.decision
    return OpenedPredictor(KerasPredictor(opened.classifier, decision=decision), "keras", bundle.manifest)
