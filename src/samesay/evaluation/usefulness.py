"""Whether a trained model is better than what costs no training: one answer for all, or the model it started from.

A metric alone does not say so: 70 % right is nothing where 70 % of the pairs carry one label. Only what the pairs can
show counts as better; on few of them luck is large.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from samesay.evaluation.classification import ClassificationEvaluation
from samesay.evaluation.comparison import SIGNIFICANT, contrast
from samesay.evaluation.evaluation import Evaluation
from samesay.pairs import Answers, Pair, Sides

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_NORMAL = 1.645
"""The one-sided 95 % point of the normal distribution."""


class GivenAnswers:
    """A ``Predictor`` whose answers are known: of pairs asked once, in their order."""

    def __init__(self, answers: Answers, sides: Sides, values: NDArray[Any]) -> None:
        self.answers = answers
        self.sides = sides
        self._values = np.asarray(values, np.float32)
        self._asked = 0

    def predict(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """The next rows: probabilities ``(n_pairs, n_labels)``, or scores ``(n_pairs,)``."""
        begin, self._asked = self._asked, self._asked + len(pairs)
        return self._values[begin : self._asked]


@dataclass(frozen=True)
class Alternative:
    """What needs no training, beside the trained model on the same pairs.

    Attributes:
        name: ``one answer for all``, or what it is.
        metrics: Its own.
        verdict: Whether the trained model is ``better`` or ``worse``, as far as the pairs can show, or ``not better``.
        why: The test in words.
        use: The command that uses it instead; None where there is none.
    """

    name: str
    metrics: dict[str, float]
    verdict: Literal["better", "not better", "worse"]
    why: str
    use: str | None = None
    preferred: bool = field(default=False)

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "name": self.name,
            "metrics": self.metrics,
            "trained_model_is": self.verdict,
            "why": self.why,
            "use": self.use,
        }

    @property
    def warning(self) -> str | None:
        """What has to be said loudly; None where the trained model is better."""
        if self.verdict == "better":
            return None
        said = f"it is {self.verdict} than {self.name} on these pairs: {self.why}"
        if self.use is None:
            return f"{said}. Do not rely on it: it needs more pairs, or other ones (samesay audit)"
        if not self.preferred:
            return f"{said}. It may be better all the same: more pairs would tell"
        return f"{said}. Use that instead: {self.use}"


def alternatives(trained: Evaluation, others: Mapping[str, tuple[Evaluation, str]]) -> list[Alternative]:
    """The trained model against one answer for all, and against each of ``others``.

    Against one answer: by the mean recall of the labels, which one answer has at one part of their number, however
    frequent it is; for scores by Spearman's correlation, which is 0. Against another model: McNemar's exact test, for
    scores the paired bootstrap of Spearman's correlation, both as in ``comparison``.

    Args:
        trained: On pairs that it has not learned from.
        others: By name: an evaluation on the same pairs, and the command that uses it.

    Raises:
        ExtraMissing: If scipy is not installed.
    """
    found = [_against_one_answer(trained)]
    for name, (other, use) in others.items():
        result = contrast(other, [trained])[0]
        if result.decisions is not None:
            gain, p_value = (
                result.decisions.only_model - result.decisions.only_reference,
                result.decisions.p_value,
            )
            clear = p_value < SIGNIFICANT
            mine, theirs = (one.metrics["accuracy"] for one in (trained, other))
            why = f"accuracy {mine:.3f} against {theirs:.3f}, p = {p_value:.2g}"
        else:
            difference = result.differences.get("spearman")
            mine, theirs = (one.metrics.get("spearman", 0.0) for one in (trained, other))
            gain, clear = mine - theirs, difference is not None and difference.is_clear
            why = f"Spearman {mine:.3f} against {theirs:.3f}"
            if difference is not None and difference.low is not None:
                why += f", difference from {difference.low:+.3f} to {difference.high:+.3f}"
        verdict = "not better" if not clear else "better" if gain > 0 else "worse"
        found.append(Alternative(name, dict(other.metrics), verdict, why, use, preferred=gain <= 0))
    return found


def _against_one_answer(trained: Evaluation) -> Alternative:
    constant = trained.constant
    if isinstance(trained, ClassificationEvaluation):
        name = f"always answering {constant.answer}"
        shown = [score for score in trained.per_class if score.support]
        rights = np.array([trained.confusion[score.index][score.index] for score in shown])
        of = np.array([score.support for score in shown])
        shares = (rights + 0.5) / (of + 1)  # so that a share of 0 or 1 has an error, too
        recall, chance = float((rights / of).mean()), 1 / len(shown)
        low = recall - _NORMAL * math.sqrt(float((shares * (1 - shares) / of).sum())) / len(shown)
        why = f"mean recall of the labels {recall:.3f} against {chance:.3f}"
    else:
        name = f"always answering {constant.answer}"
        recall, chance = trained.metrics.get("spearman", 0.0), 0.0
        interval = trained.intervals().get("spearman")
        low = interval.low if interval is not None else chance
        why = f"Spearman {recall:.3f} against 0"
    verdict = "better" if low > chance else "worse" if recall < chance else "not better"
    return Alternative(name, dict(constant.metrics), verdict, why)
