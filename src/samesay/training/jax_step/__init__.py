"""A training step in JAX alone that computes what Keras' does in fewer products; taken where its layers are known.

The step stands in for ``train_function`` of the Keras model, so that Keras' ``fit`` goes on around it: its epochs,
callbacks, metrics and stops. The loss, the metrics and the optimizer are Keras' objects in both; only the logits and
their gradients are computed another way, and dropout draws other numbers. ``chosen_step`` is the only way in, and
``ENABLED`` switches all of it off; ``internals`` lists what it touches of Keras that is private.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from samesay.model.classifier import PairClassifier
from samesay.training.jax_step.internals import unlike_expected
from samesay.training.jax_step.steps_ahead import StepsAhead

__all__ = ["ENABLED", "KERAS", "OWN", "ChosenStep", "StepsAhead", "chosen_step"]

ENABLED = True
"""Set it to False, and every run takes Keras' own step."""

OWN, KERAS = "samesay", "keras"


@dataclass(frozen=True)
class ChosenStep:
    """Which step a run took.

    Attributes:
        name: ``"samesay"`` or ``"keras"``.
        why: What decided, as the end of a sentence.
        token_rows: Rows of the token table that are trained, of all of them; None for Keras' step.
    """

    name: str
    why: str
    token_rows: tuple[int, int] | None = None

    def in_words(self) -> str:
        """For people."""
        if self.token_rows is None:
            return f"Keras' own: {self.why}"
        rows, of = self.token_rows
        return f"SameSay's own: {self.why}, and {rows:,} of {of:,} rows of the token table can change"

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        rows = list(self.token_rows) if self.token_rows else None
        return {"name": self.name, "why": self.why, "token_rows": rows}


@contextmanager
def chosen_step(
    classifier: PairClassifier, used: NDArray[np.integer], *, precision: str, rows_may_stay: bool
) -> Iterator[ChosenStep]:
    """Within it Keras' ``fit`` of ``classifier`` takes the step that is given; afterwards its own.

    Args:
        classifier: Compiled, its optimizer built.
        used: The ids that occur in the pairs, the padding's too.
        precision: What layers compute in.
        rows_may_stay: Whether nothing but the recipe's optimizer changes weights or rates.
    """
    refusal = _refusal(classifier, precision)
    if refusal is not None:
        yield ChosenStep(KERAS, refusal)
        return
    with _taken(classifier, used, rows_may_stay=rows_may_stay) as chosen:
        yield chosen


def _refusal(classifier: PairClassifier, precision: str) -> str | None:
    """Why the step of our own is not taken, as the end of a sentence."""
    if not ENABLED:
        return "the step of SameSay's own is switched off"
    if keras.backend.backend() != "jax":
        return f"the step of SameSay's own is in JAX, and Keras runs on {keras.backend.backend()}"
    if keras.distribution.distribution() is not None:
        return "the run is distributed over devices"
    if precision != "float32":
        return f"the run computes in {precision}"
    if classifier.run_eagerly or classifier.losses:
        return (
            "the model is run eagerly" if classifier.run_eagerly else "the model has losses of its own layers"
        )
    # JAX alone has what this imports.
    from samesay.training.jax_step.forward import unknown_layers

    unknown = unknown_layers(classifier.task)
    if unknown is None and (different := unlike_expected(classifier)):
        return f"the installed Keras has no {different[0]} as it is known here"
    return unknown


@contextmanager
def _taken(
    classifier: PairClassifier, used: NDArray[np.integer], *, rows_may_stay: bool
) -> Iterator[ChosenStep]:
    from samesay.training.jax_step.forward import OnePosition
    from samesay.training.jax_step.step import OwnStep

    step = OwnStep(classifier, OnePosition(classifier.task), used if rows_may_stay else None)
    # Past Keras' attribute tracking: both belong to this run and not to the model. Keras makes no function of its own
    # where there is one, and calls the second before it reads its variables.
    object.__setattr__(classifier, "train_function", step)
    object.__setattr__(classifier, "jax_state_sync", step.put_back)
    try:
        yield ChosenStep(OWN, "its layers are known", step.token_rows)
    finally:
        object.__delattr__(classifier, "jax_state_sync")
        object.__setattr__(classifier, "train_function", None)
