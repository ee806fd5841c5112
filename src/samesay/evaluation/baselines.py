"""What a model has to beat: the most frequent label, a model that reads one side of the pair only, and word overlap.

All are ``Predictor``s, so the code that measures a model measures them too. That one side alone can give
the label away is a known flaw of data sets of this kind (Gururangan et al. 2018, "Annotation Artifacts in
Natural Language Inference Data"; Poliak et al. 2018, "Hypothesis Only Baselines in Natural Language
Inference").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.data import require_classes
from samesay.data.python.inputs import texts_from
from samesay.errors import EmptySide, ExtraMissing, NoRows, UsageError
from samesay.pairs import LabelSet, Scale, Sides

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samesay.data import PairTable

# Letters of a text that are read: its words and word pairs take a hundred times their room.
_READ_LETTERS = 10_000
# Every word counts, one-letter ones too: "a" against "no" is just what a shortcut feeds on.
_WORD = r"(?u)\b\w+\b"


@dataclass(frozen=True, eq=False)
class MajorityBaseline:
    """Answers with the label frequencies of the pairs it was given, so always the most frequent label.

    Attributes:
        answers: The names of the columns of ``predict``.
        sides: What the sides of a pair are called; neither is read.
        shares: Frequency of each label, shape ``(n_labels,)``, summing to 1.
    """

    answers: LabelSet
    sides: Sides
    shares: NDArray[Any]

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
        return cls(labels, table.sides, np.asarray(counts / counts.sum(), np.float32))

    def predict(self, pairs: Any) -> NDArray[np.float32]:
        """The label frequencies for every pair, shape ``(n_pairs, n_labels)``."""
        return np.tile(self.shares, (len(texts_from(pairs, sides=self.sides)[0]), 1))


@dataclass(frozen=True, eq=False)
class OneSideBaseline:
    """A logistic regression on the words and word pairs (TF-IDF) of one side; it never sees the other.

    Made by ``train``. What it scores above the majority is what the data give away without any relation
    being read.

    Attributes:
        answers: The names of the columns of ``predict``.
        sides: What the first and the second text of a pair are called.
        side: The name of the side that is read.
        pipeline: Texts to probabilities.
    """

    answers: LabelSet
    sides: Sides
    side: str
    pipeline: Any

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
        sides = table.sides
        if side not in ("first", "second", *sides):
            raise UsageError(
                f"The pairs have no side called {side!r}.",
                expected=f"{sides.first} or {sides.second}",
                where="side",
            )
        reads_first = side in ("first", sides.first)
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
        return cls(table.labels, sides, sides.first if reads_first else sides.second, pipeline)

    def predict(self, pairs: Any) -> NDArray[np.float32]:
        """Probabilities, shape ``(n_pairs, n_labels)``; 0 for a label that training never showed."""
        texts = texts_from(pairs, sides=self.sides)[tuple(self.sides).index(self.side)]
        rows = np.zeros((len(texts), len(self.answers)), dtype=np.float32)
        if texts:
            texts = [text[:_READ_LETTERS] for text in texts]
            rows[:, self.pipeline.classes_] = self.pipeline.predict_proba(texts)
        return rows


@dataclass(frozen=True)
class WordOverlap:
    """Scores by the words that occur in both texts, as a share of those in either (Jaccard), put on the scale."""

    answers: Scale
    sides: Sides

    def predict(self, pairs: Any) -> NDArray[np.float32]:
        """Scores, shape ``(n_pairs,)``; two texts without a word are the same."""
        texts = list(zip(*texts_from(pairs, sides=self.sides), strict=True))
        shares = np.ones(len(texts), np.float32)
        for place, pair in enumerate(texts):
            first, second = ({word[0] for word in re.finditer(r"\w+", text.casefold())} for text in pair)
            if first | second:
                shares[place] = len(first & second) / len(first | second)
        return self.answers.from_targets(shares)
