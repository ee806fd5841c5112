"""A predictor asked about many pairs: one loop in chunks, timed, truncation counted, whatever the answers are."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from samesay.pairs import Progress, ProgressListener, per_second

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samesay.data import PairTable

# Enough pairs for a predictor to sort them by length, few enough that progress moves and that the tokens of a
# million pairs are never in memory at once. Fixed, so that a metric does not depend on who is watching.
CHUNK = 1024


class Answers(NamedTuple):
    """A predictor's answers to some pairs.

    Attributes:
        rows: ``(n_pairs, n_labels)`` probabilities or ``(n_pairs,)`` scores, float64, in the order of the pairs.
        truncated: Pairs of which a part was not read; None if the predictor cannot tell.
        seconds: Time spent answering.
    """

    rows: NDArray[np.float64]
    truncated: int | None
    seconds: float


def ask(
    predictor: Any,
    table: PairTable,
    *,
    method: str,
    check: Callable[[Any, int], NDArray[np.float64]],
    facts: Callable[[int, NDArray[np.float64]], Mapping[str, float]] = lambda _, __: {},
    progress: ProgressListener | None = None,
) -> Answers:
    """Ask ``predictor`` about the pairs of ``table``, in its reading order.

    Args:
        predictor: Answers by ``method``; if it has ``read``, by that, which also says what it cut.
        table: The pairs, at least one.
        method: ``predict``.
        check: The answers to a chunk of so many pairs as float64, or an error.
        facts: Given a chunk's first place and its rows: what to report beside the speed.
        progress: Hears the stage ``evaluate``, in pairs.
    """
    says_what_it_cut = hasattr(predictor, "read")
    answer = predictor.read if says_what_it_cut else getattr(predictor, method)
    tell = progress or (lambda _: None)
    rows: list[NDArray[np.float64]] = []
    truncated, seconds = 0, 0.0
    done, total = 0, len(table)
    tell(Progress("evaluate", done, total))
    for chunk in table.chunks(CHUNK):
        began = time.perf_counter()
        answers = answer(chunk)
        seconds += time.perf_counter() - began
        if says_what_it_cut:
            answers, lost = answers
            truncated += int((np.asarray(lost) > 0).any(axis=1).sum())
        rows.append(check(answers, len(chunk)))
        start, done = done, done + len(chunk)
        speed = {"pairs_per_second": round(per_second(done, seconds), 1)}
        tell(Progress("evaluate", done, total, {**facts(start, rows[-1]), **speed}))
    return Answers(np.concatenate(rows), truncated if says_what_it_cut else None, seconds)
