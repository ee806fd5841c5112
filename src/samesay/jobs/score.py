"""Ask a saved model: one pair, one claim against a long text, or every row of a file. No Keras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samesay.bundle import BUILTIN_MODELS, default_model, is_builtin, located
from samesay.errors import EmptySide
from samesay.pairs import Pair, Prediction, Sides, empty_sides
from samesay.scoring import BATCH_TOKENS, Scorer
from samesay.scoring.language import language_notes

if TYPE_CHECKING:
    from samesay.scoring import FileReport, WindowPrediction


@dataclass(frozen=True)
class ScoredPair:
    """A prediction, with what its reader needs to trust it.

    Attributes:
        prediction: Label and probabilities, or the score; what was cut.
        sides: What the two texts are called, in reading order.
        max_length: The most tokens that are read.
        notes: What its reader should know.
    """

    prediction: Prediction
    sides: Sides
    max_length: int
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The prediction as JSON types."""
        return {
            **self.prediction.to_dict(),
            "tokens_lost": dict(zip(self.sides, self.prediction.tokens_lost, strict=True)),
            "sides": list(self.sides),
            "max_length": self.max_length,
            "notes": list(self.notes),
        }


def score_pair(model: str | Path, first: str, second: str, *, threads: int | None = None) -> ScoredPair:
    """Score one pair.

    Args:
        model: A saved model's folder.
        first: The text of the model's first side.
        second: The text of its second side.
        threads: For ONNX Runtime.

    Raises:
        EmptySide: If one of the texts is empty.
        BundleError: If the model cannot be used.
    """
    scorer = Scorer.open(model, threads=threads)
    _refuse_empty(first, second, scorer.sides)
    prediction = scorer.score([Pair(first, second)])[0]
    return ScoredPair(prediction, scorer.sides, scorer.max_length, language_notes(model, (first, second)))


def score(first: Any, second: str | None = None, *, model: str | Path | None = None) -> Any:
    """Score one pair, or many, with a saved model or the built-in one that fits.

    A built-in model stays open for the next call.

    >>> samesay.score("The shop opens at nine.", "The shop is closed at eight.").label       # doctest: +SKIP
    'entailment'

    Args:
        first: The text of the model's first side; or, without ``second``, pairs as ``Scorer.score`` takes them.
        second: The text of its second side.
        model: A saved model's folder, or a built-in model; ``builtin:nli`` where absent.

    Returns:
        A ``Prediction`` for two texts, a list of them for pairs. Empty sides are named in ``empty_sides``.

    Raises:
        UsageError: If ``first`` holds no pairs.
        BundleError: If the model cannot be used.
    """
    name = default_model("score") if model is None else model
    scorer = _open_builtin(located(name)) if is_builtin(name) else Scorer.open(name)
    if second is None:
        return scorer.score(first)
    return scorer.score([Pair(first, second)])[0]


@lru_cache(maxsize=len(BUILTIN_MODELS))
def _open_builtin(folder: Path) -> Scorer:
    return Scorer.open(folder)


def score_windows(
    model: str | Path, first: str, second: str, *, sentences: int = 1, threads: int | None = None
) -> WindowPrediction:
    """Score one pair of which one side is read in overlapping windows of sentences: the passage that decides.

    Args:
        model: A saved model's folder.
        first: The text of the model's first side.
        second: The text of its second side.
        sentences: Of a window; half of them are shared with the next.
        threads: For ONNX Runtime.

    Raises:
        EmptySide: If one of the texts is empty.
        UsageError: If no label of the model says yes by its name.
        BundleError: If the model cannot be used.
    """
    from samesay.scoring import WindowedScorer

    scorer = Scorer.open(model, threads=threads)
    _refuse_empty(first, second, scorer.sides)
    return WindowedScorer(scorer, sentences=sentences).score([Pair(first, second)])[0]


def score_file(
    model: str | Path,
    input: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    jobs: int = 1,
    threads: int | None = None,
    batch_tokens: int = BATCH_TOKENS,
    **options: Any,
) -> FileReport:
    """Score every row of ``input`` and write it, with its answer, to ``output``.

    Args:
        model: A saved model's folder.
        input: One source or several, patterns among them.
        output: Where the table goes.
        jobs: Processes, each with the model open; with more than one, the program's own start has to stand under
            ``if __name__ == "__main__":``.
        threads: Of each of them; the physical cores shared among them if left out.
        batch_tokens: The most tokens of one run of the model.
        options: Of ``samesay.scoring.score_file``, which says what is raised too.
    """
    from samesay.scoring import WorkerPool
    from samesay.scoring import score_file as score_rows

    options["english_only"] = is_builtin(model)
    if jobs == 1:
        scorer = Scorer.open(model, threads=threads, batch_tokens=batch_tokens)
        return score_rows(scorer, input, output, **options)
    with WorkerPool(model, jobs, threads=threads, batch_tokens=batch_tokens) as pool:
        return score_rows(pool, input, output, **options)


def _refuse_empty(first: str, second: str, sides: Sides) -> None:
    for name in empty_sides(first, second, sides):
        raise EmptySide(f"The {name} is empty.", where=name, expected="two texts")
