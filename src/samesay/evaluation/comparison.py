"""Whether one model is better than another, or was luckier: paired tests on answers to the same pairs.

What is uncertain is the sample of pairs. Both models answered the same ones, so their metrics rise and fall together
and two intervals that overlap say little; only the pairs on which the models differ tell them apart. It knows nothing
of models, only of their evaluations.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.errors import ExtraMissing, UsageError
from samesay.evaluation.classification import ClassificationEvaluation
from samesay.evaluation.evaluation import Evaluation
from samesay.evaluation.intervals import LEVEL, RESAMPLES
from samesay.evaluation.metrics import log_losses, similarity_metrics
from samesay.evaluation.similarity import SimilarityEvaluation

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIGNIFICANT = 0.05
"""Below it a (corrected) p-value is called a difference."""

CLASS_METRICS = ("accuracy", "macro_f1", "loss")
SIMILARITY_METRICS = ("spearman", "pearson", "mse", "mae")

# Rows of a bootstrap that are drawn at once hold this many numbers together: 32 MB an array, whatever the data's size.
_DRAWN_AT_ONCE = 4_000_000

Statistic = Callable[["NDArray[np.int64]"], "NDArray[np.float64]"]
"""From places of drawn pairs, shape ``(n_draws, n_pairs)``, to metrics, shape ``(n_metrics, n_draws)``."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How much higher a metric of a model is than that of the reference.

    Attributes:
        value: The model's metric minus the reference's.
        low: Lower end of its 95 % interval; None where it has none: a single pair, or a metric that is not defined.
        high: Upper end.
    """

    value: float
    low: float | None
    high: float | None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True)
class Decisions:
    """How two classifiers' decisions on the same pairs go together.

    Attributes:
        changed: Pairs on which they differ.
        both_right: Pairs that both answer rightly.
        only_model: Pairs that the model alone answers rightly.
        only_reference: Pairs that the reference alone answers rightly.
        both_wrong: Pairs that neither answers rightly, be it alike or not.
        p_value: Of McNemar's exact test: how probable so uneven a split of the pairs that one of them alone answers
            rightly is, were both equally accurate. 1 where there is no such pair.
        p_adjusted: The same by Holm's correction for all models that were tested against the reference.
    """

    changed: int
    both_right: int
    only_model: int
    only_reference: int
    both_wrong: int
    p_value: float
    p_adjusted: float


@dataclass(frozen=True, slots=True)
class Contrast:
    """One model against the reference, on the same pairs.

    Attributes:
        differences: By metric: ``accuracy``, ``macro_f1`` and ``loss``, or of scores ``spearman``, ``pearson``,
            ``mse`` and ``mae``.
        decisions: Of classifiers; None of similarity models.
    """

    differences: dict[str, Difference]
    decisions: Decisions | None = None

    def to_dict(self) -> dict[str, Any]:
        """The contrast as JSON types."""
        return asdict(self)


def contrast(
    reference: Evaluation, others: Sequence[Evaluation], *, resamples: int = RESAMPLES, seed: int = 0
) -> list[Contrast]:
    """Test models against one of them.

    Intervals of the differences of all metrics are percentiles of the paired bootstrap (Efron & Tibshirani 1993; for
    language tasks Koehn 2004, Berg-Kirkpatrick et al. 2012). Accuracies of classifiers are also compared by McNemar's
    test in its exact form (McNemar 1947, "Note on the sampling error of the difference between correlated proportions
    or percentages"; recommended by Dietterich 1998, "Approximate Statistical Tests for Comparing Supervised
    Classification Learning Algorithms"), corrected by Holm (1979, "A Simple Sequentially Rejective Multiple Test
    Procedure").

    Args:
        reference: What the others are tested against.
        others: Evaluations on the same pairs in the same order, with the same label names in any order, or on the same
            scale.
        resamples: How often pairs are drawn for the intervals.
        seed: Of the drawing.

    Raises:
        ExtraMissing: If scipy is not installed.
        UsageError: If the evaluations are not of the same pairs, labels or scale.
    """
    require_scipy()
    found = []
    for other in others:
        if isinstance(reference, ClassificationEvaluation) and isinstance(other, ClassificationEvaluation):
            statistic, names, decisions = *_classifiers(reference, other), _decisions(reference, other)
        elif isinstance(reference, SimilarityEvaluation) and isinstance(other, SimilarityEvaluation):
            statistic, names, decisions = *_similarity(reference, other), None
        else:
            raise UsageError("One model gives labels and the other scores.", expected="models of one task")
        differences = _bootstrapped(statistic, names, reference.n_pairs, resamples=resamples, seed=seed)
        found.append(Contrast(differences, decisions))
    adjusted = iter(holm([one.decisions.p_value for one in found if one.decisions is not None]))
    return [
        replace(one, decisions=replace(one.decisions, p_adjusted=next(adjusted))) if one.decisions else one
        for one in found
    ]


def decided(evaluation: ClassificationEvaluation, labels: Sequence[str]) -> NDArray[np.int64]:
    """The answers as indices into ``labels``, which are the evaluation's own in any order; shape ``(n_pairs,)``."""
    return _places(evaluation.labels, labels)[evaluation.predicted_ids]


def mcnemar(only_one: int, only_other: int) -> float:
    """The two-sided p-value of McNemar's exact test from the counts of pairs that one of two alone answers rightly."""
    require_scipy()
    from scipy.stats import binomtest

    discordant = only_one + only_other
    return float(binomtest(only_one, discordant).pvalue) if discordant else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values as Holm's (1979) step-down correction raises them, in the order of ``p_values``."""
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    raised = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1)).clip(max=1)
    adjusted = np.empty_like(values)
    adjusted[order] = raised
    return adjusted.tolist()


def require_scipy() -> None:
    """Refuse to go on without scipy.

    Raises:
        ExtraMissing: If it is not installed.
    """
    try:
        import scipy.stats  # noqa: F401 - whether it is there is the question
    except ImportError as error:
        raise ExtraMissing.of("evaluation", "scipy", "Comparing models") from error


def _decisions(reference: ClassificationEvaluation, model: ClassificationEvaluation) -> Decisions:
    truth, names = reference.label_ids, reference.labels
    ours, theirs = decided(model, names), decided(reference, names)
    of_reference, of_model = theirs == truth, ours == truth
    only_model = int((of_model & ~of_reference).sum())
    only_reference = int((of_reference & ~of_model).sum())
    p_value = mcnemar(only_model, only_reference)
    return Decisions(
        changed=int((theirs != ours).sum()),
        both_right=int((of_reference & of_model).sum()),
        only_model=only_model,
        only_reference=only_reference,
        both_wrong=int((~of_reference & ~of_model).sum()),
        p_value=p_value,
        p_adjusted=p_value,
    )


def _classifiers(
    reference: ClassificationEvaluation, other: ClassificationEvaluation
) -> tuple[Statistic, tuple[str, ...]]:
    """Accuracy, macro F1 and log loss of ``other`` minus the reference's, of any drawn pairs."""
    from scipy.sparse import csr_array

    truth, n_labels = reference.label_ids.astype(np.int64), len(reference.labels)
    places = _places(other.labels, reference.labels)
    if not np.array_equal(places[other.label_ids], truth):
        raise _other_pairs(reference, other)
    # All that accuracy and F1 need of a drawing is how often each combination of right label and two answers came.
    combined, cell_of = np.unique(
        (truth * n_labels + decided(reference, reference.labels)) * n_labels + places[other.predicted_ids],
        return_inverse=True,
    )
    true, said, said_by_other = combined // n_labels**2, combined // n_labels % n_labels, combined % n_labels
    n_cells = len(combined)

    def membership(classes: NDArray[np.int64], where: NDArray[np.bool_]) -> csr_array:
        """1 where a cell counts for a class, shape ``(n_cells, n_labels)``; dense it would be huge for 1,000 labels."""
        cells = np.flatnonzero(where)
        return csr_array((np.ones(len(cells)), (cells, classes[cells])), shape=(n_cells, n_labels))

    everywhere = np.ones(n_cells, bool)
    sizes = [
        membership(true, everywhere) + membership(answer, everywhere) for answer in (said, said_by_other)
    ]
    hits = [membership(true, answer == true) for answer in (said, said_by_other)]
    loss = log_losses(other.label_ids, other.probabilities) - log_losses(truth, reference.probabilities)

    def differences(drawn: NDArray[np.int64]) -> NDArray[np.float64]:
        n_draws, n_pairs = drawn.shape
        cells = cell_of[drawn] + (np.arange(n_draws) * n_cells)[:, None]
        counts = np.bincount(cells.ravel(), minlength=n_draws * n_cells).reshape(n_draws, n_cells)
        accuracies, scores = [], []
        for size, hit in zip(sizes, hits, strict=True):
            involved, right = counts @ size, counts @ hit  # (n_draws, n_labels)
            f1 = 2 * right / np.maximum(involved, 1)
            accuracies.append(right.sum(axis=1) / n_pairs)
            scores.append(f1.sum(axis=1) / (involved > 0).sum(axis=1))
        return np.stack(
            [accuracies[1] - accuracies[0], scores[1] - scores[0], loss[drawn].mean(axis=1)]
        )  # (3, n_draws)

    return differences, CLASS_METRICS


def _similarity(
    reference: SimilarityEvaluation, other: SimilarityEvaluation
) -> tuple[Statistic, tuple[str, ...]]:
    """All metrics of ``other`` minus the reference's, of any drawn pairs; NaN where one has none."""
    if reference.scale != other.scale:
        raise UsageError(
            "The models score on different scales.",
            expected=f"one scale; received: {reference.scale} and {other.scale}",
        )
    if not np.array_equal(reference.truth, other.truth):
        raise _other_pairs(reference, other)

    def differences(drawn: NDArray[np.int64]) -> NDArray[np.float64]:
        rows = []
        for places in drawn:
            ours, theirs = (
                similarity_metrics(reference.truth[places], one.scores[places]) for one in (other, reference)
            )
            rows.append([ours.get(name, np.nan) - theirs.get(name, np.nan) for name in SIMILARITY_METRICS])
        return np.array(rows).T  # (4, n_draws)

    return differences, SIMILARITY_METRICS


def _bootstrapped(
    statistic: Statistic, names: Sequence[str], n_pairs: int, *, resamples: int, seed: int
) -> dict[str, Difference]:
    from scipy.stats import DegenerateDataWarning, bootstrap

    if resamples < 1:
        raise UsageError(f"resamples is {resamples}.", where="resamples", expected="at least 1")
    everything = np.arange(n_pairs)
    values = statistic(everything[None, :])[:, 0]
    lows = highs = np.full(len(names), np.nan)
    if n_pairs > 1:
        with warnings.catch_warnings():
            # Raised where a metric is not defined for some drawing; it then has no interval, which is said.
            warnings.simplefilter("ignore", DegenerateDataWarning)
            interval = bootstrap(
                (everything,),
                lambda drawn, axis=-1: statistic(np.atleast_2d(drawn)),
                n_resamples=resamples,
                batch=max(1, _DRAWN_AT_ONCE // n_pairs),
                vectorized=True,
                confidence_level=LEVEL,
                method="percentile",
                # Called rng since scipy 1.15, which takes both.
                random_state=np.random.default_rng(seed),  # pyright: ignore[reportCallIssue]
            ).confidence_interval
        lows, highs = interval.low, interval.high

    def number(value: float) -> float | None:
        return float(value) if np.isfinite(value) else None

    return {
        name: Difference(float(value), number(low), number(high))
        for name, value, low, high in zip(names, values, lows, highs, strict=True)
        if np.isfinite(value)
    }


def _places(names: Sequence[str], labels: Sequence[str]) -> NDArray[np.int64]:
    if set(names) != set(labels):
        raise UsageError(
            "The models have different labels.", expected=f"{', '.join(labels)}; received: {', '.join(names)}"
        )
    return np.array([list(labels).index(name) for name in names])


def _other_pairs(reference: Evaluation, other: Evaluation) -> UsageError:
    return UsageError(
        "The models were not measured on the same pairs, so nothing can be said of their difference.",
        where=f"{reference.source}; {other.source}",
        expected="evaluations of one table, in one order",
    )
