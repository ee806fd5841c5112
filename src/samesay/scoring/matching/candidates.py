"""The cheap first pass: which texts of a list, or of two lists, are alike enough in writing to ask a model about.

TF-IDF of the runs of 2 to 4 characters within words, and the nearest neighbours by cosine, both by scikit-learn
(docs/decisions/0015-first-pass-of-duplicates.md). Knows no models: what is alike need not mean the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.errors import ExtraMissing, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# scikit-learn holds this many megabytes of similarities at a time; its own default is a gigabyte.
_WORKING_MEMORY_MB = 64


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs worth asking about.

    Attributes:
        pairs: ``(n_pairs, 2)`` int64, in ascending order: indices into the list, the lower one first; of two lists,
            into the first and into the second.
        similarities: ``(n_pairs,)`` float32, cosines above 0 and at most 1.
    """

    pairs: NDArray[np.int64]
    similarities: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.pairs)


def nearest_texts(texts: Sequence[str], others: Sequence[str] | None = None, *, k: int = 5) -> Candidates:
    """Every text with its ``k`` nearest, whichever of the two is near to the other.

    Args:
        texts: One list, whose texts are all different and none of which is blank.
        others: The other list, the same; where absent, pairs are within ``texts``.
        k: Neighbours of each text that are kept; texts that share nothing are none.

    Raises:
        ExtraMissing: If scikit-learn is not installed.
    """
    if k < 1:
        raise UsageError(f"{k} candidates cannot be kept.", where="--candidates", expected="at least 1")
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
    return Candidates(pairs[alike], similarities[alike])


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
