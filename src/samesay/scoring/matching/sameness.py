"""Which candidates say the same, by a model that reads both orders, and how many the first pass had missed.

What "the same" is: for labels such as ``same`` or ``duplicate`` the mean of the label's probability in both orders; for
``entailment``, which holds in one direction, the lower of the two, so that each text has to entail the other.
Knows lists of texts, no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from samesay.errors import UsageError
from samesay.pairs import Pair, ProgressListener, labels_of
from samesay.scoring.matching.roles import ENTAILMENT, PairReader, positive_label, read_label

if TYPE_CHECKING:
    from numpy.typing import NDArray

Orders = Literal["mutual", "mean", "one"]


@dataclass(frozen=True, slots=True)
class Recall:
    """What the first pass found of what asking about all pairs finds.

    Attributes:
        n_texts: Texts of the sample.
        n_pairs: Pairs of them, all of which the model was asked about.
        n_same: Those that say the same by the model.
        n_candidates: Those of these that the first pass had found.
    """

    n_texts: int
    n_pairs: int
    n_same: int
    n_candidates: int

    @property
    def value(self) -> float | None:
        """The share that was found, in [0, 1]; ``None`` where no pair of the sample says the same."""
        return self.n_candidates / self.n_same if self.n_same else None

    def to_dict(self) -> dict[str, int | float | None]:
        """The figures as JSON types."""
        return {"value": self.value, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Answers:
    """What the model said of pairs, in their order.

    Attributes:
        probabilities: ``(n_pairs,)`` float32; exact from the threshold up, below it an upper bound that is below it.
        truncated: ``(n_pairs,)`` bool, whether part of the pair was not read.
        n_asked: How often the model was asked, each order counted.
    """

    probabilities: NDArray[np.float32]
    truncated: NDArray[np.bool_]
    n_asked: int


class SamePredictor:
    """Asks a model whether two texts say the same.

    Args:
        reader: The model.
        label: The label that means it; where absent, see ``positive_label``.
        threshold: The lowest probability of pairs that do.
        symmetric: Read both orders; otherwise the order of the list alone.
    """

    def __init__(
        self,
        reader: PairReader,
        *,
        label: str | None = None,
        threshold: float = 0.5,
        symmetric: bool = True,
    ) -> None:
        if not 0 < threshold <= 1:
            raise UsageError(
                f"The threshold is {threshold}.",
                where="--threshold",
                expected="a probability above 0, at most 1",
            )
        self._reader = reader
        self.label = positive_label(labels_of(reader.answers), label)
        self.threshold = threshold
        self.orders: Orders = (
            "one" if not symmetric else "mutual" if self.label.casefold() == ENTAILMENT else "mean"
        )

    def ask(
        self,
        texts: Sequence[str],
        others: Sequence[str],
        pairs: NDArray[np.int64],
        *,
        progress: ProgressListener | None = None,
    ) -> Answers:
        """Whether the texts of every pair say the same.

        The second order is read only where it can still matter: where the first one's probability, taken together
        with a certain second one, reaches the threshold.

        Args:
            texts: What the first column of ``pairs`` points into.
            others: What the second points into.
            pairs: ``(n_pairs, 2)``.
            progress: Told of the stage ``"score"``, once from 0 to the end for each order.
        """
        there = [Pair(texts[int(one)], others[int(other)]) for one, other in pairs]
        probabilities, truncated = read_label(self._reader, there, self.label, progress=progress)
        if self.orders == "one":
            return Answers(probabilities, truncated, len(there))
        best = self._combined(probabilities, np.ones_like(probabilities))
        (open_,) = np.nonzero(best >= self.threshold)
        back, cut = read_label(
            self._reader,
            [Pair(there[row].second, there[row].first) for row in open_],
            self.label,
            progress=progress,
        )
        best[open_] = self._combined(probabilities[open_], back)
        truncated[open_] |= cut
        return Answers(best, truncated, len(there) + len(open_))

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
        answers = self.ask(texts, texts if others is None else others, every, progress=progress)
        same = every[answers.probabilities >= self.threshold]
        known = set(map(tuple, candidates.tolist()))
        found = sum(pair in known for pair in map(tuple, same.tolist()))
        return Recall(n_texts, len(every), len(same), found)

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
