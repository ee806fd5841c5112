"""Which texts say the same, or answer each other: near neighbours in writing, and what a model says of them.

The first pass is TF-IDF of the runs of 2 to 4 characters within words and the nearest neighbours by cosine, both by
scikit-learn (docs/decisions/0015-first-pass-of-duplicates.md). What "the same" is: for labels such as ``same`` or
``duplicate`` the mean of the label's probability in both orders, for a similarity model the mean of both scores; for
``entailment``, which holds in one direction, the lower of the two, so that each text has to entail the other. Knows
lists of texts, the names of labels and sides, no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np

from samesay.errors import ExtraMissing, UsageError, require_at_least
from samesay.evaluation.evaluation import ask
from samesay.pairs import LabelSet, Pair, Predictor, ProgressListener, Scale, Sides, in_chunks
from samesay.printable import command

if TYPE_CHECKING:
    from numpy.typing import NDArray

Orders = Literal["mutual", "mean", "one"]

ENTAILMENT = "entailment"
# Labels by which corpora say yes; the first that a model has is what "the same" means to it.
_POSITIVE = (ENTAILMENT, "same", "duplicate", "paraphrase", "equivalent", "similar", "yes", "true", "1")
# Sides that make a claim or ask; the other side of such a pair is what they are held against.
_ASKING = ("hypothesis", "claim", "query", "question")


class PairReader(Predictor, Protocol):
    """A `Predictor` that also says what it did not read, as the `Scorer` and the Keras predictor do."""

    def read(self, pairs: Sequence[Pair]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Probabilities or scores, and lost tokens ``(n_pairs, 2)``, in the order of ``pairs``."""
        ...


def positive_label(labels: LabelSet, asked: str | None = None) -> str:
    """The label by which a model says that two texts agree.

    Args:
        labels: The model's.
        asked: The one that was named; where absent, ``entailment``, ``same``, ``duplicate``, ``paraphrase`` or
            another usual word for yes.
    """
    if asked is not None:
        return labels.names[labels.index(asked)]
    by_spelling = {name.casefold(): name for name in labels}
    for name in _POSITIVE:
        if name in by_spelling:
            return by_spelling[name]
    raise UsageError(
        f"Cannot tell which of the labels {', '.join(labels)} means that two texts agree.",
        where="--label",
        expected="the name of that label",
        hint=command("--label", labels.names[-1]),
    )


def asking_side(sides: Sides) -> str | None:
    """The side that claims or asks something of the other; ``None`` where the names do not tell."""
    asking = [name for name in sides if name.casefold() in _ASKING]
    return asking[0] if len(asking) == 1 else None


class Agreement:
    """How far a model says that two texts agree: by the probability of a label, or by its similarity score.

    Args:
        model: A model of either task.
        label: Of a model with labels, the one that says so; see ``positive_label``.

    Attributes:
        label: That label; None for a similarity model.
        low, high: The lowest and the highest value that it gives.
        usual: The value from which on two texts agree, where nobody says another.
    """

    def __init__(self, model: PairReader, label: str | None = None) -> None:
        self._model = model
        self.label: str | None = None
        self._column: tuple[int, ...] = ()
        answers = model.answers
        if isinstance(answers, Scale):
            if label is not None:
                raise UsageError(
                    "A similarity model has no labels.", where="--label", hint="leave --label out"
                )
            self.low, self.high = answers
            if answers.activation == "identity":  # its scores may lie beyond the scale
                self.high = float("inf")
            self.usual = answers.at(0.8)
        else:
            self.label = positive_label(answers, label)
            self._column = (answers.index(self.label),)
            self.low, self.high, self.usual = 0.0, 1.0, 0.5

    def read(
        self, pairs: Sequence[Pair], *, progress: ProgressListener | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """How far the texts of many pairs agree, in bounded memory.

        Args:
            pairs: Any number of pairs.
            progress: Hears the stage ``"score"``, with the rate, after every few thousand pairs.

        Returns:
            The value of every pair, shape ``(n_pairs,)``, and whether part of the pair was not read, the same.
        """
        asked = ask(self._model, in_chunks(pairs), len(pairs), stage="score", progress=progress)
        assert asked.truncated is not None  # it has `read`
        return asked.values[(slice(None), *self._column)].astype(np.float32), asked.truncated


# scikit-learn holds this many megabytes of similarities at a time; its own default is a gigabyte.
_WORKING_MEMORY_MB = 64


def nearest_texts(
    texts: Sequence[str], others: Sequence[str] | None = None, *, k: int = 5
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Every text with its ``k`` nearest in writing, whichever of the two is near to the other.

    Args:
        texts: One list, whose texts are all different and none of which is blank.
        others: The other list, the same; where absent, pairs are within ``texts``.
        k: Neighbours of each text that are kept; texts that share nothing are none.

    Returns:
        Pairs in ascending order, ``(n_pairs, 2)``: indices into the list, the lower one first; of two lists, into the
        first and into the second. And their cosines, ``(n_pairs,)``, above 0 and at most 1.
    """
    require_at_least(1, candidates=k)
    try:
        import sklearn
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError as error:
        raise ExtraMissing.of("duplicates", "scikit-learn", "Finding candidates") from error
    kind: Any = np.float32  # scikit-learn's types know float64 alone
    fitted = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, dtype=kind)
    fitted.fit([*texts, *(others or ())])
    one = fitted.transform(texts)
    with sklearn.config_context(working_memory=_WORKING_MEMORY_MB):
        if others is None:
            found = [_near(one, one, min(k, len(texts) - 1), within=True)]
        else:
            other = fitted.transform(others)
            there = _near(one, other, min(k, len(others)))
            back = _near(other, one, min(k, len(texts)))
            found = [there, (back[0][:, ::-1], back[1])]
    pairs = np.concatenate([pairs for pairs, _ in found])
    similarities = np.concatenate([similarities for _, similarities in found])
    if others is None:
        pairs = np.sort(pairs, axis=1)
    pairs, first = np.unique(pairs, axis=0, return_index=True)
    similarities = similarities[first]
    alike = similarities > 0
    return pairs[alike], similarities[alike]


def _near(
    asking: Any, among: Any, k: int, *, within: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Pairs of a row of ``asking`` and one of its ``k`` nearest rows of ``among``, with their cosines."""
    if k < 1:
        return np.empty((0, 2), np.int64), np.empty(0, np.float32)
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=k, metric="cosine", algorithm="brute").fit(among)
    # Without a question scikit-learn asks every row about the others, and leaves the row itself out.
    distances, found = index.kneighbors(None if within else asking)
    rows = np.repeat(np.arange(len(found)), k)
    pairs = np.stack([rows, found.ravel()], axis=1).astype(np.int64)
    return pairs, np.clip(1 - distances.ravel(), 0, 1).astype(np.float32)


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
