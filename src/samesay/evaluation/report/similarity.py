"""What a report says of a similarity model: bias, answers by score, slices, the largest errors, findings, a verdict.

Needs the extra ``evaluation``. It knows nothing of models, pages or files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from samesay.evaluation.evaluation import Finding
from samesay.evaluation.report.examination import MOST_PAIRS_SHOWN, NOTABLE, Examiner, caution, fault
from samesay.evaluation.report.slices import Slice, SliceResult, error_of_slices
from samesay.evaluation.similarity import SimilarityEvaluation

_BINS = 10
# More dots than these are a stain, and make report.json long.
_MOST_POINTS = 400


class ScoreExaminer(Examiner):
    """Of scores."""

    metrics = "these metrics"
    evaluation: SimilarityEvaluation

    def measure(self, slices: Sequence[Slice]) -> list[SliceResult]:
        """By mean absolute error."""
        found = self.evaluation
        self.truth, self.answers = (array.astype(np.float64) for array in (found.truth, found.scores))
        self.errors = self.answers - self.truth
        self.span = found.scale.high - found.scale.low
        by_words = self.baselines.get("word overlap")
        self.overlap = None if by_words is None else by_words.metrics.get("spearman")
        return error_of_slices(slices, self.errors)

    @property
    def least_notable(self) -> float:
        """A twentieth of the scale."""
        return NOTABLE * self.span

    def described(self, one: SliceResult) -> str:
        """As in ``Examiner``."""
        bias = "" if one.bias is None else f", {_signed(one.bias)} on balance"
        rest = "" if one.rest is None else f", against {one.rest:.2f} on the others"
        return f"{one.value:.2f} off on {one.n:,} pairs{bias}{rest}"

    def parts(self, findings: Sequence[Finding]) -> dict[str, Any]:
        """Everything of scores."""
        chosen = np.sort(np.random.default_rng(0).permutation(len(self.truth))[:_MOST_POINTS])
        largest = np.argsort(-np.abs(self.errors), kind="stable")[:MOST_PAIRS_SHOWN]
        return {
            "bias": float(self.errors.mean()),
            "bins": self._bins(),
            "points": [[float(self.truth[place]), float(self.answers[place])] for place in chosen],
            "largest_errors": [
                self.shown(
                    place,
                    score=float(self.truth[place]),
                    answer=float(self.answers[place]),
                    error=float(self.errors[place]),
                )
                for place in largest.tolist()
            ],
        }

    def _bins(self) -> list[dict[str, Any]]:
        """The answers by right score, in spans of equal width; the end of one belongs to the next but for the last."""
        low, high = self.evaluation.scale
        edges = np.linspace(low, high, _BINS + 1)
        places = np.clip(np.searchsorted(edges, self.evaluation.truth, side="right") - 1, 0, _BINS - 1)
        bins = []
        for place in range(_BINS):
            inside = places == place
            truth, answers = self.truth[inside], self.answers[inside]
            numbers = (
                [truth.mean(), answers.mean(), *np.quantile(answers, (0.25, 0.75))] if len(truth) else []
            )
            names = ("score", "answer", "quarter", "three_quarters")
            bins.append(
                {"low": float(edges[place]), "high": float(edges[place + 1]), "n": int(inside.sum())}
                | dict.fromkeys(names)
                | dict(zip(names, map(float, numbers), strict=False))
            )
        return bins

    def verdict(self, findings: Sequence[Finding], parts: Mapping[str, Any]) -> list[str]:
        """As in ``Examiner``."""
        found = self.evaluation
        spearman, interval = found.metrics.get("spearman"), self.intervals.get("spearman")
        said = []
        if spearman is None:
            said.append(
                f"How well it orders pairs cannot be said of these {self.pairs}: the scores, or the answers, are all "
                "alike."
            )
        else:
            kind = "for other pairs of this kind expect"
            span = f"; {kind} {interval.low:.3f} to {interval.high:.3f} (95 % interval)" if interval else ""
            said.append(
                f"Its order agrees with the given scores at a rank correlation (Spearman) of {spearman:.3f} on "
                f"{self.pairs}{span}. 1 is the same order, 0 is none."
            )
            if self.overlap is not None:
                said.append(f"Counting the words that both texts have in common reaches {self.overlap:.3f}.")
        said.append(
            f"On the scale from {found.scale} it is {found.metrics['mae']:.2f} off on average; always answering the "
            f"mean, {found.mean_score:.2f}, would be {found.mean_metrics['mae']:.2f} off."
        )
        said += self.in_summary(findings)
        if weak := self.weak_slices():
            worst = weak[0]
            said.append(
                f"It is weakest on {worst.group}, {worst.name}: {worst.value:.2f} off ({_signed(worst.bias or 0.0)} "
                f"on balance) on {worst.n:,} pairs."
            )
        return said

    def findings(self) -> Iterator[Finding | None]:
        """As in ``Examiner``."""
        interval = self.intervals.get("spearman")
        yield self.trained_on_pairs()
        if self.evaluation.n_pairs > 1:
            yield from self._of_order()
            yield self._of_distance()
        yield self._of_bias()
        yield self.few_pairs(
            f"the rank correlation may be anything from {interval.low:.2f} to {interval.high:.2f}"
            if interval
            else "too few for a rank correlation"
        )
        yield from self.slice_findings()

    def _of_order(self) -> Iterator[Finding]:
        """Answers, or scores, that are all alike; turned round; without order; or no better than counting words."""
        found = self.evaluation
        if np.ptp(found.truth) < 1e-6 * self.span:
            yield fault(
                "scores-all-alike",
                f"Every given score is {found.truth[0]:g}: these pairs cannot show whether the model orders any.",
            )
        if np.ptp(found.scores) < 1e-6 * self.span:
            yield fault(
                "constant-answers",
                f"Every answer is {found.scores[0]:.2f}: the model does not tell these pairs apart.",
            )
        spearman, interval = found.metrics.get("spearman"), self.intervals.get("spearman")
        if spearman is None or interval is None:
            return
        measured = f"rank correlation {spearman:.3f}, 95 % interval {interval.low:.3f} to {interval.high:.3f}"
        if interval.high < 0:
            yield fault(
                "scale-reversed",
                f"The scores look turned round: what is given as alike the model scores as different ({measured}). "
                "Check whether high means alike in the data as in training.",
            )
        elif interval.low <= 0:
            yield fault(
                "no-order", f"These pairs do not show that the model orders them at all ({measured})."
            )
        elif self.overlap is not None and interval.low <= self.overlap:
            yield caution(
                "no-better-than-word-overlap",
                f"Counting common words orders these pairs at {self.overlap:.3f}, which lies within or above the "
                f"model's interval ({measured}).",
            )

    def _of_distance(self) -> Finding | None:
        mine, mean = self.evaluation.metrics["mse"], self.evaluation.mean_metrics["mse"]
        if mine < mean:
            return None
        return caution(
            "no-better-than-mean",
            f"Its squared error, {mine:.3f}, is no smaller than that of always answering the mean, {mean:.3f}: "
            "whatever the order is worth, the scores themselves cannot be taken at their word.",
        )

    def _of_bias(self) -> Finding | None:
        bias, interval = float(self.errors.mean()), self.intervals.get("bias")
        if interval is None or abs(bias) < self.least_notable or interval.low <= 0 <= interval.high:
            return None
        low, high = sorted((abs(interval.low), abs(interval.high)))
        return caution(
            "biased",
            f"On average the model scores {_signed(bias)} (95 % interval {low:.2f} to {high:.2f}) on the scale from "
            f"{self.evaluation.scale}.",
        )


def _signed(value: float) -> str:
    """``0.314`` as ``0.31 too high``."""
    return f"{abs(value):.2f} too {'high' if value >= 0 else 'low'}"
