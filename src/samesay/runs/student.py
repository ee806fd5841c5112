"""A smaller model out of a larger one, to be taught by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from samesay.bundle import Manifest
from samesay.data import PairTable
from samesay.errors import UsageError
from samesay.runs.record import anywhere
from samesay.runs.saving import known_facts
from samesay.runs.token_cache import encoded_pairs
from samesay.runs.trainable import TrainableModel

if TYPE_CHECKING:
    from samesay.model.student import Student

Model = TypeVar("Model", bound=TrainableModel)


def student_of(
    model: Model, *, layers: int | Sequence[int] | None, vocabulary: PairTable | None
) -> tuple[Model, Student]:
    """The smaller model, whose metrics and policy nobody knows yet, and what it was left.

    Args:
        model: The teacher.
        layers: How many of its layers stay, evenly spread from the first to the last, or their numbers, from 1.
        vocabulary: Pairs; tokens that do not come up there are left out.

    Raises:
        UsageError: If nothing is to be left out, or there are no such layers.
        ModelError: If it cannot be made smaller.
    """
    from samesay.model import student

    require_less(layers, vocabulary)
    used = None
    if vocabulary is not None:
        used = encoded_pairs(model.classifier.encoder, vocabulary.with_sides(model.sides)).distinct_ids()
    made = student.student_of(model.classifier, layers=layers, used=used)
    kept = {
        "layers": f"{', '.join(map(str, made.layers))} of {made.all_layers}",
        "tokens": f"{made.tokens:,} of {made.all_tokens:,}",
    }
    smaller = type(model)(
        classifier=made.classifier,
        preset=model.preset,
        head="kept",
        note=f"layers {kept['layers']} and {kept['tokens']} tokens of {model.preset}",
        began=f"a student of {anywhere(model.preset)} that was not saved before it was fitted",
        manifest=Manifest(
            task=model.answers.task,
            answers=model.answers,
            sides=model.sides,
            max_length=model.max_length,
            data=known_facts(model, None).get("data", {}),
            recipe={"preset": model.preset, "head": "kept", **kept},
        ),
    )
    return smaller, made


def require_less(layers: int | Sequence[int] | None, vocabulary: object) -> None:
    """Refuse a student from which nothing is left out.

    Raises:
        UsageError: Naming what would leave something out.
    """
    if layers is None and vocabulary is None:
        raise UsageError(
            "The student would be its teacher once more.",
            where="layers",
            expected="a number of layers (--layers), or texts for a smaller vocabulary (--vocabulary DATA)",
        )
