"""Which candidates say the same, by a model that reads both orders, and how many the first pass had missed.

What "the same" is: for labels such as ``same`` or ``duplicate`` the mean of the label's probability in both orders, for
a similarity model the mean of both scores; for ``entailment``, which holds in one direction, the lower of the two, so
that each text has to entail the other. Knows lists of texts, no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from samesay.errors import UsageError
from samesay.pairs import Pair, ProgressListener
from samesay.scoring.matching.roles import ENTAILMENT, Agreement, PairReader

if TYPE_CHECKING:
    from numpy.typing import NDArray

Orders = Literal["mutual", "mean", "one"]


@dataclass(frozen=True, slots=True)
class Recall:
    """What the first pass found of what asking about all pairs finds.

    Attributes:
        value: The share of same pairs that are candidates, in [0, 1]; ``None`` where no pair says the same.
        n_texts: Texts of the sample.
        n_pairs: Pairs of them, all of which the model was asked about.
        n_same: Those that say the same by the model.
        n_candidates: Those of these that the first pass had found.
    """

    value: float | None
    n_texts: int
    n_pairs: int
    n_same: int
    n_candidates: int


class Found(NamedTuple):
    """What the model said of pairs, in their order.

    Attributes:
        scores: ``(n_pairs,)`` float32; exact from the threshold up, below it an upper bound that is below it.
        truncated: ``(n_pairs,)`` bool, whether part of the pair was not read.
        n_asked: How often the model was asked, each order counted.
    """

    scores: NDArray[np.float32]
    truncated: NDArray[np.bool_]
    n_asked: int


class Sameness:
    """Asks a model of either task whether two texts say the same.

    Args:
        model: The model.
        label: The label that means it; see ``positive_label``.
        threshold: The lowest score of pairs that do; half for probabilities, four fifths up the scale of a similarity
            model, where absent.
        symmetric: Read both orders; otherwise the order of the list alone.

    Raises:
        LabelUnknown, UsageError: If the label or the threshold is none of the model's.
    """

    def __init__(
        self,
        model: PairReader,
        *,
        label: str | None = None,
        threshold: float | None = None,
        symmetric: bool = True,
    ) -> None:
        self._agreement = Agreement(model, label)
        self.label = self._agreement.label
        self.threshold = self._agreement.usual if threshold is None else threshold
        low, high = self._agreement.low, self._agreement.high
        if not low < self.threshold <= high:
            kind = "similarity score" if self.label is None else "probability"
            raise UsageError(
                f"The threshold is {threshold}.",
                where="--threshold",
                expected=f"a {kind} above {low:g}, at most {high:g}",
            )
        mutual = self.label is not None and self.label.casefold() == ENTAILMENT
        self.orders: Orders = "one" if not symmetric else "mutual" if mutual else "mean"

    def ask(
        self,
        texts: Sequence[str],
        others: Sequence[str],
        pairs: NDArray[np.int64],
        *,
        progress: ProgressListener | None = None,
    ) -> Found:
        """Whether the texts of every pair say the same.

        The second order is read only where it can still matter: where the first one's score, taken together with the
        highest second one, reaches the threshold.

        Args:
            texts: What the first column of ``pairs`` points into.
            others: What the second points into.
            pairs: ``(n_pairs, 2)``.
            progress: Hears the stage ``"score"``, once from 0 to the end for each order.
        """
        there = [Pair(texts[int(one)], others[int(other)]) for one, other in pairs]
        scores, truncated = self._agreement.read(there, progress=progress)
        if self.orders == "one":
            return Found(scores, truncated, len(there))
        best = self._combined(scores, np.full_like(scores, self._agreement.high))
        (undecided,) = np.nonzero(best >= self.threshold)
        back, cut = self._agreement.read(
            [Pair(there[row].second, there[row].first) for row in undecided], progress=progress
        )
        best[undecided] = self._combined(scores[undecided], back)
        truncated[undecided] |= cut
        return Found(best, truncated, len(there) + len(undecided))

    def recall(
        self,
        texts: Sequence[str],
        others: Sequence[str] | None,
        candidates: NDArray[np.int64],
        *,
        sample: Sequence[int],
        other_sample: Sequence[int] | None = None,
        progress: ProgressListener | None = None,
    ) -> Recall:
        """Ask about all pairs of a sample, and count which of those that say the same are candidates.

        Args:
            texts: The list.
            others: The other list, if there are two.
            candidates: What the first pass found in the whole of them, ``(n_candidates, 2)``.
            sample: Indices into ``texts``.
            other_sample: Indices into ``others``.
            progress: As for ``ask``.
        """
        if others is None or other_sample is None:
            ordered = np.sort(np.asarray(sample, np.int64))
            one, other = np.triu_indices(len(ordered), k=1)
            every = np.stack([ordered[one], ordered[other]], axis=1)
            n_texts = len(ordered)
        else:
            mesh = np.meshgrid(np.asarray(sample), np.asarray(other_sample), indexing="ij")
            every = np.stack([side.ravel() for side in mesh], axis=1).astype(np.int64)
            n_texts = len(sample) + len(other_sample)
        found = self.ask(texts, texts if others is None else others, every, progress=progress)
        same = set(map(tuple, every[found.scores >= self.threshold].tolist()))
        hits = len(same.intersection(map(tuple, candidates.tolist())))
        return Recall(hits / len(same) if same else None, n_texts, len(every), len(same), hits)

    def _combined(self, there: NDArray[np.float32], back: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.minimum(there, back) if self.orders == "mutual" else (there + back) * np.float32(0.5)


def groups_of(n_texts: int, pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Texts that are connected by pairs, each group and the list of groups in ascending order; singles left out.

    Two texts of a group need not say the same themselves: a chain of pairs connects them.
    """
    if not pairs:
        return []
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = np.array(pairs, np.int64)
    graph = coo_array((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(n_texts, n_texts))
    _, component = connected_components(graph, directed=False)
    members: dict[int, list[int]] = {}
    for text, number in enumerate(component.tolist()):
        members.setdefault(number, []).append(text)
    return [group for group in members.values() if len(group) > 1]
