"""Fitting a decision policy to pairs: a temperature, biases, thresholds and when to abstain; or a line for scores.

In this order, each on what the one before it gives. Arrays in, numbers out; ``samesay.decision`` applies them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from samesay.decision import Decision, of_answers, values_of
from samesay.errors import ExtraMissing
from samesay.evaluation import metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samesay.pairs import Scale

TEMPERATURES = (0.05, 20.0)
"""Where a temperature is looked for; beyond the upper one, probabilities of usual logits are all equal."""

CONFIDENCE = 0.95
"""How sure a wanted precision is to be."""

MOST_LABELS = 20
"""Labels above which no biases or thresholds are looked for: there would be more than the pairs can tell."""

LARGEST_BIAS = 10.0
"""Beyond it a label would be given never, or always."""

_FOLDS = 5
_CANDIDATES = 25
_SWEEPS = 3


@dataclass(frozen=True, slots=True)
class Abstention:
    """From which probability on the answers are as precise as was wanted.

    Attributes:
        abstain_below: The least probability of a confident answer.
        coverage: Share of the pairs that are answered confidently.
        precision: Share of right ones among these answers.
        precision_bound: What it is at least, at a confidence of ``CONFIDENCE``.
    """

    abstain_below: float
    coverage: float
    precision: float
    precision_bound: float


def fit_temperature(logits: NDArray[np.floating], label_ids: NDArray[np.integer]) -> tuple[float, str | None]:
    """The temperature of least log loss (Guo et al. 2017, "On Calibration of Modern Neural Networks").

    Log loss is convex in the inverse of the temperature, so there is one minimum. It lies at 0 where every answer is
    right: then nothing tells how sure the model may be, and the temperature stays 1.

    Args:
        logits: Shape ``(n_pairs, n_labels)``, before any temperature.
        label_ids: The right answers, shape ``(n_pairs,)``.

    Returns:
        The temperature, within ``TEMPERATURES``, and what is to be known of it.

    Raises:
        ExtraMissing: If SciPy is not installed.
    """
    try:
        from scipy.optimize import minimize_scalar
        from scipy.special import logsumexp
    except ImportError as error:
        raise ExtraMissing.of("evaluation", "scipy", "Fitting a temperature") from error
    wide = logits.astype(np.float64)
    of_truth = of_answers(wide, label_ids.astype(np.int64))
    if (of_truth >= wide.max(axis=1)).all():
        return 1.0, "every answer is right, so no temperature is the best one: it stays 1"

    def loss(log_temperature: float) -> float:
        cold = math.exp(-log_temperature)
        return float((np.asarray(logsumexp(wide * cold, axis=1)) - of_truth * cold).mean())

    low, high = (math.log(end) for end in TEMPERATURES)
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-6})
    temperature = math.exp(float(found.x))
    note = None
    if temperature > 0.99 * TEMPERATURES[1]:
        note = "the answers are hardly better than chance: the temperature is at its upper limit"
    elif temperature < 1.01 * TEMPERATURES[0]:
        note = "the logits are very small: the temperature is at its lower limit"
    return temperature, note


def fit_biases(
    logits: NDArray[np.floating], label_ids: NDArray[np.integer]
) -> tuple[float, NDArray[np.float64]]:
    """A temperature and a bias for every label, together of the least log loss.

    Bias-corrected temperature scaling (Alexandari et al. 2020, "Maximum Likelihood with Bias-Corrected Calibration is
    Hard-To-Beat at Label Shift Adaptation", arXiv 1901.06852): softmax(logits / temperature + biases). Log loss is
    convex in the biases and the inverse of the temperature, so there is one minimum.

    Args:
        logits: Shape ``(n_pairs, n_labels)``, before any temperature.
        label_ids: The right answers, shape ``(n_pairs,)``; every label should occur.

    Returns:
        The temperature, within ``TEMPERATURES``, and the biases, shape ``(n_labels,)``, in nats; they sum to 0.

    Raises:
        ExtraMissing: If SciPy is not installed.
    """
    try:
        from scipy.optimize import minimize
        from scipy.special import log_softmax
    except ImportError as error:
        raise ExtraMissing.of("evaluation", "scipy", "Fitting biases") from error
    wide = logits.astype(np.float64)
    ids = label_ids.astype(np.int64)
    n_pairs, n_labels = wide.shape
    shares = np.bincount(ids, minlength=n_labels) / n_pairs
    of_truth = of_answers(wide, ids).mean()

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        cold, biases = point[0], point[1:]
        log = log_softmax(wide * cold + biases, axis=1)
        given = np.exp(log)
        slope = np.concatenate([[(given * wide).sum() / n_pairs - of_truth], given.mean(axis=0) - shares])
        return float(-of_answers(log, ids).mean()), slope

    low, high = TEMPERATURES
    bounds = [(1 / high, 1 / low), *[(-LARGEST_BIAS, LARGEST_BIAS)] * n_labels]
    start = np.concatenate([[1.0], np.zeros(n_labels)])
    settings = {"maxiter": 1000, "ftol": 1e-13, "gtol": 1e-8}
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B", options=settings).x
    return 1 / float(found[0]), found[1:] - found[1:].mean()


def fit_line(
    logits: NDArray[np.floating], scores: NDArray[np.floating], scale: Scale, *, biased: bool = True
) -> tuple[float, float]:
    """A temperature and a bias for a similarity model's one output: a rising line, so the order of pairs stays.

    For an output that goes through a sigmoid the line has the least cross-entropy with the gold shares of the scale, as
    in Platt 1999, "Probabilistic Outputs for Support Vector Machines", with shares in the place of 0 and 1; for an
    output that is the score itself, the least squared error. Both losses are convex, and lowest where the score is the
    mean gold score of such pairs.

    Args:
        logits: Shape ``(n_pairs, 1)``, before any temperature.
        scores: Gold scores on ``scale``, shape ``(n_pairs,)``.
        scale: The model's.
        biased: Fit a bias, too, and not the temperature alone.

    Returns:
        The temperature, within ``TEMPERATURES``, and the bias.

    Raises:
        ExtraMissing: If SciPy is not installed.
    """
    try:
        from scipy.optimize import minimize
    except ImportError as error:
        raise ExtraMissing.of("evaluation", "scipy", "Fitting a calibration") from error
    outputs = logits[:, 0].astype(np.float64)
    bounded = scale.activation == "sigmoid"
    gold = scores.astype(np.float64)
    if bounded:
        gold = (gold - scale.low) / (scale.high - scale.low)

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        changed = outputs * point[0] + point[1]
        said = 0.5 * (1.0 + np.tanh(changed / 2)) if bounded else changed
        losses = np.logaddexp(0.0, changed) - gold * changed if bounded else (changed - gold) ** 2 / 2
        slope = said - gold
        return float(losses.mean()), np.array([(slope * outputs).mean(), slope.mean()])

    low, high = TEMPERATURES
    limit = 0.0 if not biased else LARGEST_BIAS if bounded else None
    found = minimize(
        loss,
        np.array([1.0, 0.0]),
        jac=True,
        bounds=[(1 / high, 1 / low), (None if limit is None else -limit, limit)],
        method="L-BFGS-B",
        options={"maxiter": 1000, "ftol": 1e-13, "gtol": 1e-8},
    ).x
    return 1 / float(found[0]), float(found[1])


def gain_of_line(
    logits: NDArray[np.floating], scores: NDArray[np.floating], scale: Scale, *, seed: int = 0
) -> tuple[float, float]:
    """How much lower the squared error is with ``fit_line`` than without, on pairs left out of the fit.

    Five folds, as ``gain_of_biases``.

    Returns:
        The mean gain over the pairs, in squared units of the scale, above 0 where the line is better; and its standard
        error.
    """
    fold_of = np.random.default_rng(seed).permutation(len(logits)) % _FOLDS
    plain = values_of(logits, scale, Decision())
    fitted = np.empty_like(plain)
    for fold in range(_FOLDS):
        kept, out = fold_of != fold, fold_of == fold
        temperature, bias = fit_line(logits[kept], scores[kept], scale)
        fitted[out] = values_of(logits[out], scale, Decision(temperature, biases={"score": bias}))
    gains = (plain - scores.astype(np.float64)) ** 2 - (fitted - scores.astype(np.float64)) ** 2
    return float(gains.mean()), float(gains.std(ddof=1)) / math.sqrt(len(gains))


def gain_of_biases(
    logits: NDArray[np.floating], label_ids: NDArray[np.integer], *, seed: int = 0
) -> tuple[float, float]:
    """How much lower the log loss is with biases than with a temperature alone, on pairs left out of both fits.

    Five folds; every pair is answered by the fits to the other four.

    Args:
        logits: Shape ``(n_pairs, n_labels)``, before any temperature.
        label_ids: The right answers, shape ``(n_pairs,)``.
        seed: Decides the folds.

    Returns:
        The mean gain over the pairs, in nats, above 0 where biases are better; and its standard error.

    Raises:
        ExtraMissing: If SciPy is not installed.
    """
    fold_of = np.random.default_rng(seed).permutation(len(logits)) % _FOLDS
    gains = np.empty(len(logits))
    for fold in range(_FOLDS):
        kept, out = fold_of != fold, fold_of == fold
        alone, _ = fit_temperature(logits[kept], label_ids[kept])
        temperature, biases = fit_biases(logits[kept], label_ids[kept])
        plain = _log_of_truth(logits[out] / alone, label_ids[out])
        gains[out] = _log_of_truth(logits[out] / temperature + biases, label_ids[out]) - plain
    return float(gains.mean()), float(gains.std(ddof=1)) / math.sqrt(len(gains))


def _log_of_truth(logits: NDArray[np.floating], label_ids: NDArray[np.integer]) -> NDArray[np.float64]:
    from scipy.special import log_softmax

    log = log_softmax(logits.astype(np.float64), axis=1)
    return np.asarray(of_answers(log, label_ids.astype(np.int64)), np.float64)


def fit_thresholds(
    probabilities: NDArray[np.floating], label_ids: NDArray[np.integer], *, seed: int = 0
) -> tuple[NDArray[np.float64] | None, str]:
    """Thresholds of the highest macro F1, if they hold on pairs that they were not fitted to.

    One threshold after the other is moved to the best of a few places, the others kept. They are taken only if, over
    five folds, the gain on the fold that was left out is larger than its standard error (the rule of one standard
    error, Breiman et al. 1984).

    Args:
        probabilities: Shape ``(n_pairs, n_labels)``, calibrated.
        label_ids: The right answers, shape ``(n_pairs,)``.
        seed: Decides the folds.

    Returns:
        Shape ``(n_labels,)``, summing to 1, or None to give the most probable label; and why.
    """
    n_labels = probabilities.shape[1]
    if n_labels > MOST_LABELS:
        return None, f"no thresholds for {n_labels} labels: at most {MOST_LABELS} are fitted"
    # A probability of 0 in float32 is a small one all the same.
    log = np.log(np.clip(probabilities.astype(np.float64), 1e-30, None))
    fold_of = np.random.default_rng(seed).permutation(len(log)) % _FOLDS
    gains = []
    for fold in range(_FOLDS):
        kept, out = fold_of != fold, fold_of == fold
        offsets = _best_offsets(log[kept], label_ids[kept])
        gains.append(_macro_f1(log[out] + offsets, label_ids[out]) - _macro_f1(log[out], label_ids[out]))
    gain, error = float(np.mean(gains)), float(np.std(gains, ddof=1)) / math.sqrt(_FOLDS)
    measured = f"macro F1 {gain:+.4f} ± {error:.4f} on pairs left out of the fit"
    if gain <= error:
        return None, f"no thresholds: they do not help ({measured})"
    weights = np.exp(-_best_offsets(log, label_ids))
    return weights / weights.sum(), f"thresholds are taken: {measured}"


def fit_abstention(
    probabilities: NDArray[np.floating],
    label_ids: NDArray[np.integer],
    answers: NDArray[np.int64],
    *,
    precision: float,
) -> tuple[Abstention | None, float]:
    """The least probability from which on answers have the wanted precision.

    That is: from which on Clopper and Pearson's lower bound (1934; one-sided, 95 %) of the share of right answers is at
    least ``precision``, so that the precision is kept on other pairs of the same kind, too. The bound is that of one
    threshold and not of the choice among many, so it is a little bold.

    Args:
        probabilities: Shape ``(n_pairs, n_labels)``, calibrated.
        label_ids: The right answers, shape ``(n_pairs,)``.
        answers: The labels given, shape ``(n_pairs,)``.
        precision: Above 0 and below 1.

    Returns:
        The threshold, or None where there is no such; and the highest bound that any threshold reaches.

    Raises:
        ExtraMissing: If SciPy is not installed.
    """
    try:
        from scipy.special import betaincinv
    except ImportError as error:
        raise ExtraMissing.of("evaluation", "scipy", "Fitting an abstention threshold") from error
    confidence = of_answers(probabilities, answers)
    order = np.argsort(-confidence, kind="stable")
    ranked = confidence[order]
    right = np.cumsum((answers == label_ids)[order])
    taken = np.arange(1, len(order) + 1)
    bounds = np.where(right > 0, betaincinv(np.maximum(right, 1), taken - right + 1, 1 - CONFIDENCE), 0.0)
    # A threshold takes all answers of one confidence or none of them.
    ends = np.append(ranked[1:] < ranked[:-1], True)
    good = np.flatnonzero(ends & (bounds >= precision))
    best = float(bounds[ends].max())
    if not good.size:
        return None, best
    last = int(good[-1])
    n = last + 1
    return Abstention(float(ranked[last]), n / len(ranked), int(right[last]) / n, float(bounds[last])), best


def _best_offsets(log: NDArray[np.float64], label_ids: NDArray[np.integer]) -> NDArray[np.float64]:
    """What to add to the logarithms of the probabilities, shape ``(n_labels,)``, for the highest macro F1."""
    n_labels = log.shape[1]
    offsets = np.zeros(n_labels)
    best = _macro_f1(log, label_ids)
    for _ in range(_SWEEPS):
        before = best
        for label in range(n_labels):
            others = np.delete(log + offsets, label, axis=1).max(axis=1)
            # Where an answer changes to this label or from it; far out, thresholds would rest on single pairs.
            margins = others - log[:, label]
            near = margins[np.abs(margins - offsets[label]) < math.log(4)]
            if not near.size:
                continue
            for candidate in np.unique(np.quantile(near, np.linspace(0.02, 0.98, _CANDIDATES))):
                moved = offsets.copy()
                moved[label] = candidate
                score = _macro_f1(log + moved, label_ids)
                if score > best:
                    best, offsets = score, moved
        if best == before:
            break
    return offsets


def _macro_f1(scores: NDArray[np.float64], label_ids: NDArray[np.integer]) -> float:
    confusion = metrics.confusion_matrix(label_ids, scores.argmax(axis=1), scores.shape[1])
    return metrics.macro_f1(confusion) or 0.0
