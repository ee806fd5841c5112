"""A smaller model out of a saved one, to be taught by it: ``samesay train DATA --preset STUDENT --teacher MODEL``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samesay.bundle import open_bundle, require_replaceable
from samesay.data import ReadOptions, load_pairs
from samesay.errors import UsageError
from samesay.model.runtime.backend import cache_folder
from samesay.pairs import ProgressListener
from samesay.printable import command

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class StudentResult:
    """A bundle that was written.

    Attributes:
        path: Its folder.
        teacher: What it was made of.
        layers: The numbers of the layers that stayed, from 1.
        all_layers: How many layers the teacher has.
        tokens: How many tokens its vocabulary has.
        all_tokens: How many the teacher's has.
        weights: How many numbers it consists of.
        all_weights: How many the teacher consists of.
        labels: The names of its classes; none for a similarity model.
        onnx: What the parity check of its ONNX part said.
        notes: What its user has to know.
    """

    path: str
    teacher: str
    layers: list[int]
    all_layers: int
    tokens: int
    all_tokens: int
    weights: int
    all_weights: int
    labels: list[str]
    onnx: dict[str, Any]
    notes: list[str]

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return asdict(self)


def make_student(
    teacher: str | Path,
    output: str | Path,
    *,
    layers: int | Sequence[int] | None = None,
    vocabulary: str | Path | None = None,
    overwrite: bool = False,
    progress: ProgressListener | None = None,
    **options: Any,
) -> StudentResult:
    """Save a smaller model, at first a saved one without some of its layers and tokens.

    Args:
        teacher: A saved model.
        output: The new bundle's folder.
        layers: How many of its layers stay, evenly spread from the first to the last, or their numbers, from 1.
        vocabulary: A source of pairs, whose labels are not looked at: tokens that do not come up there are left out.
        overwrite: Replace a bundle at ``output``.
        progress: Hears the stage ``save``.
        **options: How ``vocabulary`` is read, where it does not tell: fields of ``samesay.data.ReadOptions``.

    Raises:
        UsageError: If nothing is to be left out, or there are no such layers.
        BundleError: If ``teacher`` cannot be used, or ``output`` is taken.
        ModelError: If it cannot be made smaller.
        DataError: If ``vocabulary`` cannot be read.
    """
    from samesay.pair_model import PairModel
    from samesay.runs.saving import save_model
    from samesay.runs.student import require_less, student_of

    require_less(layers, vocabulary)
    reading = ReadOptions(**options)
    if vocabulary is None and reading.given():
        raise UsageError(
            "There are no pairs to be read in this way.",
            where="vocabulary",
            expected="--vocabulary DATA, too",
        )
    require_replaceable(output, overwrite=overwrite)
    open_bundle(teacher, verify=False)
    texts = None
    if vocabulary is not None:
        folder = cache_folder() / "reading"
        texts = load_pairs(vocabulary, reading, need_labels=False, prefer=("train",), texts_in=folder)
    model = PairModel.load(teacher)
    student, made = student_of(model, layers=layers, vocabulary=texts)
    saved = save_model(student, Path(output), overwrite=overwrite, progress=progress)
    return StudentResult(
        str(output),
        str(teacher),
        list(made.layers),
        made.all_layers,
        made.tokens,
        made.all_tokens,
        student.task.count_params(),
        model.task.count_params(),
        [] if model.scale else list(student.labels),
        {"status": saved.onnx.status, **saved.onnx.to_dict()},
        [
            *(texts.origin.notes if texts is not None else ()),
            "it has not been taught yet and answers worse than its teacher: "
            + command(
                "samesay", "train", "DATA", "--preset", output, "--teacher", teacher, "--output", "TAUGHT"
            ),
        ],
    )
