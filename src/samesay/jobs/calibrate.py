"""Fit a saved model's decision policy to labelled pairs, and store it in the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from samesay.bundle import open_bundle, require_replaceable, write_decision
from samesay.data import PairTable, ReadOptions, require_contrast
from samesay.decision import Decision, decide, softmax, values_of
from samesay.errors import DataError, PairsLeaked, UsageError
from samesay.evaluation import metrics
from samesay.evaluation.calibration import measure_calibration
from samesay.evaluation.fitting import (
    CONFIDENCE,
    MOST_LABELS,
    Abstention,
    fit_abstention,
    fit_biases,
    fit_line,
    fit_temperature,
    fit_thresholds,
    gain_of_biases,
    gain_of_line,
)
from samesay.pairs import Progress, ProgressListener
from samesay.predictors.labelled import Overlap, load_for, overlap_with
from samesay.predictors.opening import Backend, open_predictor

LEAST_PAIRS = 100
"""Below this a temperature says more about the pairs than about the model."""

Method = Literal["auto", "temperature", "bias"]
"""How probabilities are made honest: by a temperature alone, with biases, or by whichever holds."""


@dataclass(frozen=True)
class CalibratedModel:
    """A policy that was fitted and stored.

    Attributes:
        path: The model that has it now.
        decision: The policy.
        before: Metrics on these pairs without a policy; of labels ``log_loss``, ``expected_calibration_error``,
            ``calibration_error_bound`` (what 95 % of simulated perfectly calibrated models stay below, with these
            confidences at this size), ``brier_score``, ``accuracy``, ``macro_f1``; of scores those of
            ``similarity_metrics`` and ``bias``.
        after: The same with it; the pairs are those that it was fitted to.
        abstention: What is answered and how precisely; None where the model always answers.
        overlap: How many of the pairs the model had seen; None where it keeps no hashes.
        notes: What was decided on the way.
    """

    path: str
    decision: Decision
    before: dict[str, float]
    after: dict[str, float]
    abstention: Abstention | None
    overlap: Overlap | None
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON types."""
        decision = self.decision.to_dict()
        return {
            "path": self.path,
            "temperature": decision["temperature"],
            "biases": dict(self.decision.biases),
            "thresholds": decision["thresholds"],
            "abstain_below": decision["abstain_below"],
            "calibration": decision["calibration"],
            "overlap": None if self.overlap is None else self.overlap.to_dict(),
            "notes": list(self.notes),
        }


def calibrate(
    model: str | Path,
    data: str | Path,
    *,
    method: Method = "auto",
    precision: float | None = None,
    thresholds: bool = True,
    max_overlap: float = 0.01,
    output: str | Path | None = None,
    overwrite: bool = False,
    backend: Backend = "auto",
    progress: ProgressListener | None = None,
    **options: Any,
) -> CalibratedModel:
    """Fit a policy to ``data`` and store it: temperature, biases, thresholds, and with ``precision`` when to abstain.

    A policy that the model has already is replaced and makes no difference to the new one. A similarity model gets a
    temperature and a bias for its one output, by which its scores come nearer to the gold ones and keep their order.

    Args:
        model: A saved model's folder.
        data: Pairs with labels or scores that the model was not trained on; of several splits ``validation``.
        method: ``temperature`` alone; ``bias`` for a bias beside it for every label; ``auto`` takes biases where they
            lower the log loss of pairs left out of the fit by more than its standard error. Of a similarity model
            likewise both or nothing, by the squared error.
        precision: The wanted share of right answers among those that the model stands by; it always answers where
            absent.
        thresholds: Look for thresholds of the highest macro F1, which may cost accuracy where labels are rare; without
            them the most probable label is given.
        max_overlap: The largest share of pairs that the model may have been trained on.
        output: Where the calibrated model goes; in its own place where absent, whole or as before.
        overwrite: Replace a saved model at ``output``.
        backend: Which part of the bundle answers.
        progress: Hears the stage ``score``.
        **options: How the data is read, where it does not tell: fields of ``samesay.data.ReadOptions``.

    Raises:
        PairsLeaked: If the model was trained on more of the pairs than ``max_overlap``.
        OneClassOnly: If all pairs carry one label.
        DataError: If there are fewer than ``LEAST_PAIRS``, or one of its leaves.
        UsageError: If no threshold reaches the precision, a similarity model is asked for one, or biases are asked for
            and a label does not occur.
        ExtraMissing: If SciPy is not installed.
        BundleError: If the model cannot be used or written.
    """
    reading = ReadOptions(**options)
    if method not in get_args(Method):
        raise UsageError(
            f"There is no method {method!r}.", where="--method", expected=" or ".join(get_args(Method))
        )
    if precision is not None and not 0 < precision < 1:
        raise UsageError(
            f"The precision is {precision:g}.", where="--precision", expected="above 0 and below 1"
        )
    if not 0 <= max_overlap <= 1:
        raise UsageError(
            f"The overlap is {max_overlap:g}.", where="--max-overlap", expected="a share from 0 to 1"
        )
    if output is not None:
        require_replaceable(output, overwrite=overwrite)
    opened = open_predictor(model, backend=backend)
    predictor, answers = opened.predictor, opened.predictor.answers
    table = load_for(answers, data, reading, prefer=("validation",)).with_sides(predictor.sides)
    require_contrast(table)
    if len(table) < LEAST_PAIRS:
        raise DataError(
            f"{table.origin} holds {len(table):,} pairs, too few to fit a decision policy to.",
            where=str(table.origin),
            expected=f"at least {LEAST_PAIRS} pairs with labels or scores",
        )
    overlap = overlap_with(model, table)
    _require_unseen(overlap, max_overlap, table)
    asked = _Asked(method, precision, thresholds, str(table.origin))
    fitted = _BY_TASK[answers.task](_logits(predictor, table, progress), table, asked)
    decision = replace(
        fitted.decision,
        symmetric=open_bundle(model, verify=False).manifest.decision.symmetric,
        calibration={
            "source": str(table.origin),
            "pairs": len(table),
            "fingerprint": table.fingerprint(),
            "before": fitted.before,
            "after": fitted.after,
            **fitted.more,
        },
    )
    write_decision(model, decision, output=output, overwrite=overwrite)
    return CalibratedModel(
        path=str(model if output is None else output),
        decision=decision,
        before=fitted.before,
        after=fitted.after,
        abstention=fitted.abstention,
        overlap=overlap,
        notes=(*table.origin.notes, *fitted.notes, *(overlap.notes() if overlap else [_NO_HASHES])),
    )


_NO_HASHES = "the model keeps no hashes of its training pairs, so whether it has seen these is not known"


def reset(model: str | Path, *, output: str | Path | None = None, overwrite: bool = False) -> None:
    """Take a model's decision policy away: it gives its most probable label again, by an untempered softmax.

    Args:
        model: A saved model's folder.
        output: Where the model without a policy goes; in its own place where absent.
        overwrite: Replace a saved model at ``output``.

    Raises:
        BundleError: If the model cannot be used or written.
    """
    kept = Decision(symmetric=open_bundle(model, verify=False).manifest.decision.symmetric)
    write_decision(model, kept, output=output, overwrite=overwrite)


def _require_unseen(overlap: Overlap | None, limit: float, table: PairTable) -> None:
    if overlap is None or overlap.share <= limit:
        return
    raise PairsLeaked(
        f"The model was trained on {overlap.train:,} of these {overlap.pairs:,} pairs "
        f"({100 * overlap.share:.1f} %), and is surer of them than of others.",
        where=str(table.origin),
        expected=f"a share of at most {limit:g}",
        hint="calibrate on pairs that were kept back, or raise --max-overlap",
        details=overlap.to_dict(),
    )


class _Asked(NamedTuple):
    """How to fit."""

    method: Method
    precision: float | None
    thresholds: bool
    where: str


class _Fitted(NamedTuple):
    """A policy, the metrics without and with it, and what there is to say of it."""

    decision: Decision
    before: dict[str, float]
    after: dict[str, float]
    notes: list[str]
    abstention: Abstention | None = None
    more: dict[str, Any] = {}  # noqa: RUF012 - never changed


def _logits(predictor: Any, table: PairTable, progress: ProgressListener | None) -> NDArray[np.float32]:
    """Of the Scorer or the Keras predictor; before any temperature, so an older policy has no part in the new one."""
    rows: list[NDArray[np.float32]] = []
    done = 0
    for chunk in table.chunks():
        rows.append(predictor.logits(chunk))
        done += len(chunk)
        if progress is not None:
            progress(Progress("score", done, len(table)))
    return np.concatenate(rows)


def _fit_labels(logits: NDArray[np.float32], table: PairTable, asked: _Asked) -> _Fitted:
    labels, ids = table.labels, table.require_gold("classification")
    assert labels is not None
    absent = [name for name, count in table.label_counts().items() if not count]
    temperature, biases, notes = _fit_probabilities(logits, ids, asked.method, absent, asked.where)
    probabilities = softmax(logits, temperature, biases)
    shares = None
    if asked.thresholds and absent:
        notes.append(f"no thresholds: the pairs have none of the label {', '.join(absent)}")
    elif asked.thresholds:
        shares, note = fit_thresholds(probabilities, ids)
        notes.append(note)
    decision = Decision(
        temperature,
        {} if shares is None else dict(zip(labels, shares.tolist(), strict=True)),
        biases={} if biases is None else dict(zip(labels, biases, strict=True)),
    )
    answers = decide(probabilities, labels, decision).label_ids
    before = _metrics_of_labels(softmax(logits), logits.argmax(axis=1), ids)
    after = _metrics_of_labels(probabilities, answers, ids)
    if asked.precision is None:
        return _Fitted(decision, before, after, notes)
    abstention, best = fit_abstention(probabilities, ids, answers, precision=asked.precision)
    if abstention is None:
        raise UsageError(
            f"No threshold makes the answers right in {100 * asked.precision:g} % of cases, "
            f"at a confidence of {100 * CONFIDENCE:g} %.",
            where="--precision",
            expected=f"at most {best:.3f}, which is the most that these pairs can show",
            hint="ask for less, or calibrate on more pairs",
            details={"reached": best},
        )
    more = {
        "wanted_precision": asked.precision,
        "coverage": abstention.coverage,
        "precision": abstention.precision,
        "precision_bound": abstention.precision_bound,
    }
    decision = replace(decision, abstain_below=abstention.abstain_below)
    return _Fitted(decision, before, after, notes, abstention, more)


def _fit_scores(logits: NDArray[np.float32], table: PairTable, asked: _Asked) -> _Fitted:
    scale, gold = table.scale, table.require_gold("similarity")
    assert scale is not None
    if asked.precision is not None:
        raise UsageError(
            "A similarity score is more or less off, and never right or wrong: there is no share of right ones.",
            where="--precision",
            hint="leave it out",
        )
    before = _metrics_of_scores(values_of(logits, scale, Decision()), gold)
    notes = []
    if asked.method == "auto":
        gain, error = gain_of_line(logits, gold, scale)
        measured = f"squared error {-gain:+.4f} ± {error:.4f} on pairs left out of the fit"
        if gain <= error:
            return _Fitted(Decision(), before, before, [f"nothing is changed: it does not help ({measured})"])
        notes = [f"a temperature and a bias: {measured}"]
    temperature, bias = fit_line(logits, gold, scale, biased=asked.method != "temperature")
    decision = Decision(temperature, biases={"score": bias} if bias else {})
    return _Fitted(decision, before, _metrics_of_scores(values_of(logits, scale, decision), gold), notes)


_BY_TASK = {"classification": _fit_labels, "similarity": _fit_scores}


def _fit_probabilities(
    logits: NDArray[np.float32], ids: NDArray[np.int32], method: Method, absent: list[str], where: str
) -> tuple[float, list[float] | None, list[str]]:
    """The temperature, the biases or None, and why."""
    temperature, note = fit_temperature(logits, ids)
    notes = [note] if note else []
    if method == "temperature":
        return temperature, None, notes
    if absent and method == "bias":
        raise UsageError(
            f"The pairs have none of the label {', '.join(absent)}, so it can have no bias.",
            where=where,
            expected="pairs of every label, or --method temperature",
        )
    if absent:
        return temperature, None, [*notes, f"no biases: the pairs have none of the label {', '.join(absent)}"]
    if (logits.argmax(axis=1) == ids).all():
        return temperature, None, [*notes, "no biases: every answer is right"]
    if method == "auto":
        if logits.shape[1] > MOST_LABELS:
            measured = f"no biases for {logits.shape[1]} labels: without --method bias at most {MOST_LABELS} are fitted"
            return temperature, None, [*notes, measured]
        gain, error = gain_of_biases(logits, ids)
        measured = f"log loss {-gain:+.4f} ± {error:.4f} on pairs left out of the fit"
        if gain <= error:
            return temperature, None, [*notes, f"no biases: they do not help ({measured})"]
        notes = [f"a bias for every label: {measured}"]
    temperature, biases = fit_biases(logits, ids)
    return temperature, biases.tolist(), notes


def _metrics_of_labels(
    probabilities: NDArray[np.float32], answers: NDArray[np.int64], ids: NDArray[np.int32]
) -> dict[str, float]:
    confusion = metrics.confusion_matrix(ids, answers, probabilities.shape[1])
    calibration = measure_calibration(probabilities, ids, answers)
    assert calibration is not None, "there are pairs"
    found = {
        "log_loss": metrics.log_loss(ids, probabilities),
        "expected_calibration_error": calibration.expected_calibration_error,
        "calibration_error_bound": calibration.simulated_bound,
        "brier_score": calibration.brier_score,
        "accuracy": metrics.accuracy(confusion),
        "macro_f1": metrics.macro_f1(confusion),
    }
    return {name: value for name, value in found.items() if value is not None}


def _metrics_of_scores(scores: NDArray[np.float32], gold: NDArray[np.float32]) -> dict[str, float]:
    bias = float(np.mean(scores.astype(np.float64) - gold))
    return {**metrics.similarity_metrics(gold, scores), "bias": bias}
