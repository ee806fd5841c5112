"""Predictors for tests of what is asked of a model: they answer by a function of two texts and keep the questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from samesay.pairs import LabelSet, Pair, Sides


class Asked:
    """Answers every pair by ``answer``, from the first and second text to probabilities by label name."""

    def __init__(
        self,
        answer: Callable[[str, str], Mapping[str, float]],
        labels: Sequence[str],
        sides: tuple[str, str] = ("premise", "hypothesis"),
        *,
        most_words: int = 10**6,
    ) -> None:
        self.answers = LabelSet(tuple(labels))
        self.sides = Sides(*sides)
        self.asked: list[tuple[str, str]] = []
        self._answer = answer
        self._most_words = most_words

    def predict(self, pairs: Sequence[Pair]) -> np.ndarray:
        return self.read(pairs)[0]

    def read(self, pairs: Sequence[Pair]) -> tuple[np.ndarray, np.ndarray]:
        rows = np.zeros((len(pairs), len(self.answers)), np.float32)
        lost = np.zeros((len(pairs), 2), np.int32)
        for index, pair in enumerate(pairs):
            self.asked.append((pair.first, pair.second))
            answer = self._answer(pair.first, pair.second)
            rest = (1 - sum(answer.values())) / max(1, len(self.answers) - len(answer))
            rows[index] = [answer.get(name, rest) for name in self.answers]
            lost[index] = [max(0, len(side.split()) - self._most_words) for side in (pair.first, pair.second)]
        return rows, lost


def nli(entailment: float, contradiction: float) -> dict[str, float]:
    """The three probabilities, neutral making up the sum."""
    return {
        "entailment": entailment,
        "neutral": 1 - entailment - contradiction,
        "contradiction": contradiction,
    }
