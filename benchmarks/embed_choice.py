"""What the small model of sentence vectors should be: a table of tokens, MiniLM's first layers, letters, or MiniLM.

Measured on what no candidate learned from, one half to choose by and the other to report:

``sts``        Sentences of STS-B (validation) that people scored 4 or more find each other among all of them; and
               Spearman's correlation of the cosine with the scores.
``captions``   SNLI's hypotheses find the premise that entails them among all premises of `snli_halves`.
``medical``    Long medical questions find the short ones that ask the same among all of `rqe_medical`; the pairs are
               those that `recipes/builtin/embed.py` leaves out.
``questions``  Generated questions find the one that asks the same, among those that only look alike.

    python -m benchmarks.embed_choice --work FOLDER

FOLDER holds what `recipes/builtin/embed.py` made; MiniLM's vectors of the measured texts are kept there, too.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import measuring

sys.path.insert(0, str(measuring.ROOT / "recipes" / "builtin"))

import embed
from mix import read

HALVES = ("choose", "report")
SAME_SCORE = 4.0
RANKS = (5, 10)

Encode = Callable[[Sequence[str]], Any]
"""Texts to rows of length 1, an array or a sparse matrix."""


@dataclass(frozen=True)
class Search:
    """Texts that look for their like.

    Attributes:
        pool: All texts that can be found, each once.
        pairs: Places in ``asking`` and in ``pool``.
        asking: The texts that look; one that is in the pool does not find itself.
    """

    asking: list[str]
    pool: list[str]
    pairs: NDArray[np.int64]

    @classmethod
    def of(cls, pairs: Sequence[tuple[str, str]], pool: Sequence[str]) -> Search:
        asking, pool = list(dict.fromkeys(first for first, _ in pairs)), list(dict.fromkeys(pool))
        place, there = ({text: at for at, text in enumerate(texts)} for texts in (asking, pool))
        found = {(place[first], there[second]) for first, second in pairs if first != second}
        return cls(asking, pool, np.array(sorted(found)))

    def recall(self, encode: Encode) -> list[float]:
        """The share of pairs whose second text is among the nearest 5 and 10 of the first."""
        rows = encode([*self.asking, *self.pool])
        asking, pool = rows[: len(self.asking)], rows[len(self.asking) :]
        cosines = asking @ pool.T
        cosines = np.asarray(cosines.todense() if hasattr(cosines, "todense") else cosines)
        there = {text: at for at, text in enumerate(self.pool)}
        for at, text in enumerate(self.asking):
            if text in there:
                cosines[at, there[text]] = -np.inf
        ask, aim = self.pairs.T
        # Texts just as near as the one that is looked for count as nearer, so that a tie wins nothing.
        ranks = (cosines[ask] >= cosines[ask, aim][:, None]).sum(axis=1)
        return [float((ranks <= rank).mean()) for rank in RANKS]


@dataclass(frozen=True)
class Half:
    """One half of all that is measured on."""

    searches: dict[str, Search]
    scored: list[tuple[str, str, float]]

    def measure(self, encode: Encode) -> dict[str, float]:
        """Recall at 5 and 10 of each search, their means, and Spearman's correlation."""
        from scipy.stats import spearmanr

        found = {name: search.recall(encode) for name, search in self.searches.items()}
        figures = {f"{name}@{rank}": round(of[at], 4) for name, of in found.items() for at, rank in enumerate(RANKS)}
        for at, rank in enumerate(RANKS):
            figures[f"mean@{rank}"] = round(float(np.mean([of[at] for of in found.values()])), 4)
        rows = encode([text for first, second, _ in self.scored for text in (first, second)])
        one, other = rows[::2], rows[1::2]
        product = one.multiply(other).sum(axis=1) if hasattr(one, "multiply") else (one * other).sum(axis=1)
        figures["spearman"] = round(float(spearmanr(np.asarray(product).ravel(), [row[2] for row in self.scored])[0]), 4)
        return figures


def halves(data: Path) -> dict[str, Half]:
    """All that is measured on, cut in two by texts' hashes."""
    from samesay.synthetic.repair import questions

    scored = list(read(data, "stsb", "validation"))
    sentences = [text for row in scored for text in row[:2]]
    medical = embed.questions_held_out(data)[0]
    short = [row[1] for row in read(data, "rqe_medical")]
    made = {}
    for at, half in enumerate(HALVES):
        mine = [row for row in scored if _half(row[0]) == at]
        alike = [row[:2] for row in mine if row[2] >= SAME_SCORE]
        captions = [row for row in read(data, "snli_halves", ("tune", "report")[at])]
        asked = [pair for pair, _ in islice(questions.iter_pairs(seed=1900 + at), 1200)]
        made[half] = Half(
            {
                "sts": Search.of(alike + [(second, first) for first, second in alike], sentences),
                "captions": Search.of(
                    [(row[1], row[0]) for row in captions if row[2] == 0], [row[0] for row in captions]
                ),
                "medical": Search.of([pair for pair in medical if _half(pair[1]) == at], short),
                "questions": Search.of(
                    [(pair.first, pair.second) for pair in asked if pair.label == questions.SAME],
                    [text for pair in asked for text in (pair.first, pair.second)],
                ),
            },
            mine,
        )
    return made


def _half(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0] % 2


def letters(texts: Sequence[str]) -> Any:
    """Today's first pass: TF-IDF of runs of 2 to 4 characters."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    fitted = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, dtype=np.float32)
    return fitted.fit_transform(texts)
