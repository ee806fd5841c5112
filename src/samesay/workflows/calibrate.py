"""Fit a saved model's decision policy to labelled pairs, and store it in the model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from samesay.bundle import Decision, require_replaceable, write_decision
from samesay.data import PairTable, Reading, require_classes
from samesay.errors import DataError, PairsLeaked, UsageError
from samesay.evaluation import metrics
from samesay.evaluation.calibration import brier_score, expected_calibration_error
from samesay.evaluation.fitting import (
    CONFIDENCE,
    Abstention,
    fit_abstention,
    fit_temperature,
    fit_thresholds,
)
from samesay.evaluation.policy import decide
from samesay.pairs import Grader, Progress, ProgressListener
from samesay.scoring import softmax
from samesay.workflows.labelled import load_labelled
from samesay.workflows.overlap import Overlap, overlap_with
from samesay.workflows.predictors import Backend, open_predictor

LEAST_PAIRS = 100
"""Below this a temperature says more about the pairs than about the model."""

_CHUNK = 1024


@dataclass(frozen=True)
class CalibratedModel:
    """A policy that was fitted and stored.

    Attributes:
        path: The model that has it now.
        decision: The policy.
        before: Figures on these pairs without a policy: ``log_loss``, ``expected_calibration_error``,
            ``brier_score``, ``accuracy``, ``macro_f1``.
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
    precision: float | None = None,
    thresholds: bool = True,
    max_overlap: float = 0.01,
    output: str | Path | None = None,
    overwrite: bool = False,
    backend: Backend = "auto",
    progress: ProgressListener | None = None,
    **reading: Unpack[Reading],
) -> CalibratedModel:
    """Fit a policy to ``data`` and store it: temperature, thresholds, and with ``precision`` when to abstain.

    A policy that the model has already is replaced and makes no difference to the new one.

    Args:
        model: A saved model's folder.
        data: A source of labelled pairs that the model was not trained on; of several splits ``validation``.
        precision: The wanted share of right answers among those that the model stands by; it always answers where
            absent.
        thresholds: Look for thresholds of the highest macro F1, which may cost accuracy where labels are rare; without
            them the most probable label is given.
        max_overlap: The largest share of pairs that the model may have been trained on.
        output: Where the calibrated model goes; in its own place where absent, whole or as before.
        overwrite: Replace a saved model at ``output``.
        backend: Which part of the bundle answers.
        progress: Hears the stage ``score``.
        **reading: How the data is read, where it does not tell: see ``samesay.data.Reading``.

    Raises:
        PairsLeaked: If the model was trained on more of the pairs than ``max_overlap``.
        OneClassOnly: If all pairs carry one label.
        DataError: If there are fewer than ``LEAST_PAIRS``, or one of its leaves.
        UsageError: If the model grades similarity, or no threshold reaches the precision.
        ExtraMissing: If SciPy is not installed.
        BundleError: If the model cannot be used or written.
    """
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
    predictor = opened.predictor
    if isinstance(predictor, Grader):
        raise UsageError(
            f"The model grades similarity from {predictor.scale}: it has no probabilities to calibrate.",
            where=str(model),
            expected="a model of classes",
        )
    table, notes = load_labelled(data, predictor.labels, prefer=("validation",), **reading)
    table = table.with_sides(predictor.sides).with_labels(predictor.labels)
    require_classes(table)
    if len(table) < LEAST_PAIRS:
        raise DataError(
            f"{table.origin} holds {len(table):,} pairs, too few to fit a decision policy to.",
            where=str(table.origin),
            expected=f"at least {LEAST_PAIRS} labelled pairs",
        )
    overlap = overlap_with(model, table)
    _require_unseen(overlap, max_overlap, table)
    logits = _logits(predictor, table, progress)
    decision, before, after, abstention, told = _fit(logits, table, precision, thresholds)
    write_decision(model, decision, output=output, overwrite=overwrite)
    return CalibratedModel(
        path=str(model if output is None else output),
        decision=decision,
        before=before,
        after=after,
        abstention=abstention,
        overlap=overlap,
        notes=(*notes, *told, *(overlap.notes() if overlap else [_NO_HASHES])),
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
    write_decision(model, Decision(), output=output, overwrite=overwrite)


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


def _logits(predictor: Any, table: PairTable, progress: ProgressListener | None) -> NDArray[np.float32]:
    """Of the Scorer or the Keras predictor; before any temperature, so an older policy has no part in the new one."""
    pairs = table.pairs()
    rows = np.empty((len(pairs), len(predictor.labels)), np.float32)
    for start in range(0, len(pairs), _CHUNK):
        chunk = pairs[start : start + _CHUNK]
        rows[start : start + len(chunk)] = predictor.logits(chunk)
        if progress is not None:
            progress(Progress("score", start + len(chunk), len(pairs)))
    return rows


def _fit(
    logits: NDArray[np.float32], table: PairTable, precision: float | None, with_thresholds: bool
) -> tuple[Decision, dict[str, float], dict[str, float], Abstention | None, list[str]]:
    labels, ids = table.labels, table.label_ids
    assert labels is not None
    assert ids is not None
    notes = []
    temperature, note = fit_temperature(logits, ids)
    if note:
        notes.append(note)
    probabilities = softmax(logits, temperature)
    shares = None
    absent = [name for name, count in table.label_counts().items() if not count]
    if with_thresholds and absent:
        notes.append(f"no thresholds: the pairs have none of the label {', '.join(absent)}")
    elif with_thresholds:
        shares, note = fit_thresholds(probabilities, ids)
        notes.append(note)
    thresholds = {} if shares is None else dict(zip(labels, shares.tolist(), strict=True))
    decision = Decision(temperature, thresholds)
    answers = decide(probabilities, labels, decision).label_ids
    abstention = None
    if precision is not None:
        abstention, best = fit_abstention(probabilities, ids, answers, precision=precision)
        if abstention is None:
            raise UsageError(
                f"No threshold makes the answers right in {100 * precision:g} % of cases, "
                f"at a confidence of {100 * CONFIDENCE:g} %.",
                where="--precision",
                expected=f"at most {best:.3f}, which is the most that these pairs can show",
                hint="ask for less, or calibrate on more pairs",
                details={"reached": best},
            )
    before = _figures(softmax(logits), logits.argmax(axis=1), ids)
    after = _figures(probabilities, answers, ids)
    return (
        Decision(
            temperature,
            thresholds,
            None if abstention is None else abstention.abstain_below,
            calibration={
                "source": str(table.origin),
                "pairs": len(table),
                "fingerprint": table.fingerprint(),
                "before": before,
                "after": after,
                **(
                    {}
                    if abstention is None
                    else {
                        "wanted_precision": precision,
                        "coverage": abstention.coverage,
                        "precision": abstention.precision,
                        "precision_bound": abstention.precision_bound,
                    }
                ),
            },
        ),
        before,
        after,
        abstention,
        notes,
    )


def _figures(
    probabilities: NDArray[np.float32], answers: NDArray[np.int64], ids: NDArray[np.int32]
) -> dict[str, float]:
    confusion = metrics.confusion_matrix(ids, answers, probabilities.shape[1])
    found = {
        "log_loss": metrics.log_loss(ids, probabilities),
        "expected_calibration_error": expected_calibration_error(probabilities, ids, predicted_ids=answers),
        "brier_score": brier_score(probabilities, ids),
        "accuracy": metrics.accuracy(confusion),
        "macro_f1": metrics.macro_f1(confusion),
    }
    return {name: value for name, value in found.items() if value is not None}
