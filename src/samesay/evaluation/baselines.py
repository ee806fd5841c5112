"""What a model has to beat: always the most frequent label, and a model that reads one side of the pair only.

Both are ``Predictor``s, so the code that measures a model measures them too. That one side alone can give
the label away is a known flaw of data sets of this kind (Gururangan et al. 2018, "Annotation Artifacts in
Natural Language Inference Data"; Poliak et al. 2018, "Hypothesis Only Baselines in Natural Language
Inference").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.data import require_classes
from samesay.data.python.inputs import texts_from
from samesay.errors import EmptySide, ExtraMissing, NoRows, UsageError
from samesay.pairs import Answers, LabelSet, Sides

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samesay.data import PairTable

# Letters of a text that are read: its words and word pairs take a hundred times their room.
_READ_LETTERS = 10_000
# Every word counts, one-letter ones too: "a" against "no" is just what a shortcut feeds on.
_WORD = r"(?u)\b\w+\b"


class MajorityBaseline:
    """Answers with the label frequencies of the pairs it was given, so always the most frequent label.

    Args:
        labels: The names of the columns of ``predict``.
        sides: What the sides of a pair are called.
        shares: Frequency of each label, shape ``(n_labels,)``, summing to 1.
    """

    def __init__(self, labels: LabelSet, sides: Sides, shares: NDArray[Any]) -> None:
        self._labels = labels
        self._sides = sides
        self._shares = np.asarray(shares, dtype=np.float32)

    @classmethod
    def train(cls, table: PairTable) -> MajorityBaseline:
        """Count the labels of ``table``.

        Raises:
            LabelMissing: If the pairs carry no labels.
            NoRows: If there are none.
        """
        counts = np.array(list(table.label_counts().values()), dtype=np.float64)
        labels = table.labels
        if labels is None or not counts.sum():
            raise NoRows(f"There are no pairs in {table.origin} to count labels in.", where=str(table.origin))
        return cls(labels, table.sides, counts / counts.sum())

    @property
    def answers(self) -> Answers:
        """The names of the columns of ``predict``."""
        return self._labels

    @property
    def sides(self) -> Sides:
        """What the first and the second text of a pair are called; neither is read."""
        return self._sides

    def predict(self, pairs: Any) -> NDArray[np.float32]:
        """The label frequencies for every pair, shape ``(n_pairs, n_labels)``."""
        return np.tile(self._shares, (len(texts_from(pairs, sides=self.sides)[0]), 1))


class OneSideBaseline:
    """A logistic regression on the words and word pairs (TF-IDF) of one side; it never sees the other.

    Made by ``train``. What it scores above the majority is what the data give away without any relation
    being read.
    """

    def __init__(self, pipeline: Any, labels: LabelSet, sides: Sides, *, reads_first: bool) -> None:
        self._pipeline = pipeline
        self._labels = labels
        self._sides = sides
        self._reads_first = reads_first

    @classmethod
    def train(cls, table: PairTable, side: str, *, seed: int = 0) -> OneSideBaseline:
        """Fit on one side of ``table``.

        Args:
            table: Labelled pairs.
            side: ``"first"``, ``"second"``, or a side's own name, such as ``"hypothesis"``.
            seed: Passed to the solver.

        Raises:
            ExtraMissing: If scikit-learn is not installed.
            UsageError: If ``side`` is not one of the sides.
            LabelMissing, OneClassOnly: If there is nothing to tell apart.
            EmptySide: If there is no word on that side.
        """
        reads_first = _reads_first(table.sides, side)
        require_classes(table)
        try:
            from sklearn.feature_extraction.text import TfidfVectorizer
            from sklearn.linear_model import LogisticRegression
            from sklearn.pipeline import make_pipeline
        except ImportError as error:
            raise ExtraMissing.of("train", "scikit-learn", "The one-side baseline") from error
        assert table.labels is not None
        texts = [text[:_READ_LETTERS] for text in (table.first if reads_first else table.second)]
        pipeline = make_pipeline(
            TfidfVectorizer(token_pattern=_WORD, ngram_range=(1, 2), sublinear_tf=True),
            LogisticRegression(max_iter=1000, random_state=seed),
        )
        if not any(any(letter.isalnum() or letter == "_" for letter in text) for text in texts):
            raise EmptySide(
                f"No text on the side {side!r} holds a word.",
                where=str(table.origin),
                expected="words to learn from",
            )
        pipeline.fit(texts, table.gold)
        return cls(pipeline, table.labels, table.sides, reads_first=reads_first)

    @property
    def answers(self) -> Answers:
        """The names of the columns of ``predict``."""
        return self._labels

    @property
    def sides(self) -> Sides:
        """What the first and the second text of a pair are called."""
        return self._sides

    @property
    def side(self) -> str:
        """The name of the side that is read."""
        return self._sides.first if self._reads_first else self._sides.second

    def predict(self, pairs: Any) -> NDArray[np.float32]:
        """Probabilities, shape ``(n_pairs, n_labels)``; 0 for a label that training never showed."""
        texts = texts_from(pairs, sides=self.sides)[0 if self._reads_first else 1]
        rows = np.zeros((len(texts), len(self._labels)), dtype=np.float32)
        if texts:
            texts = [text[:_READ_LETTERS] for text in texts]
            rows[:, self._pipeline.classes_] = self._pipeline.predict_proba(texts)
        return rows


def _reads_first(sides: Sides, side: str) -> bool:
    if side in ("first", sides.first):
        return True
    if side in ("second", sides.second):
        return False
    raise UsageError(
        f"The pairs have no side called {side!r}.", expected=f"{sides.first} or {sides.second}", where="side"
    )
