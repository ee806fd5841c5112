"""A predictor asked about many pairs: one loop in chunks, timed, truncation counted, whatever the answers are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from samesay.evaluation.metrics import require_values
from samesay.pairs import Pair, Predictor, Progress, ProgressListener, per_second

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Asked(NamedTuple):
    """A predictor's answers to some pairs.

    Attributes:
        values: Probabilities ``(n_pairs, n_labels)`` or scores ``(n_pairs,)``, float64, in the order of the pairs.
        truncated: ``(n_pairs,)`` bool, whether a part of the pair was not read; None if the predictor cannot tell.
        seconds: Time spent answering.
    """

    values: NDArray[np.float64]
    truncated: NDArray[np.bool_] | None
    seconds: float


def ask(
    predictor: Predictor,
    chunks: Iterable[Sequence[Pair]],
    total: int,
    *,
    stage: str = "evaluate",
    facts: Callable[[int, NDArray[np.float64]], Mapping[str, float]] = lambda _, __: {},
    progress: ProgressListener | None = None,
) -> Asked:
    """Ask ``predictor`` about pairs in its reading order.

    Args:
        predictor: Answers by ``predict``, or by ``read``, if it has that, which also says what it cut.
        chunks: The pairs.
        total: How many they are.
        stage: What ``progress`` hears, in pairs, with ``pairs_per_second``.
        facts: From a chunk's first place and its values to what is reported beside the speed.
        progress: The listener.

    Raises:
        ModelError: If an answer is not a distribution over the labels, or no number.
    """
    answers = predictor.answers
    read: Any = getattr(predictor, "read", None)
    tell = progress or (lambda _: None)
    shape = (0,) if answers.task == "similarity" else (0, len(answers.outputs))
    values: list[NDArray[np.float64]] = [np.zeros(shape)]
    cut: list[NDArray[np.bool_]] = [np.zeros(0, np.bool_)]
    seconds, done = 0.0, 0
    tell(Progress(stage, done, total))
    for chunk in chunks:
        began = time.perf_counter()
        found, lost = read(chunk) if read else (predictor.predict(chunk), None)
        seconds += time.perf_counter() - began
        if lost is not None:
            cut.append(np.asarray(lost).sum(axis=1) > 0)
        values.append(require_values(found, answers, n_pairs=len(chunk)))
        start, done = done, done + len(chunk)
        speed = {"pairs_per_second": round(per_second(done, seconds), 1)}
        tell(Progress(stage, done, total, {**facts(start, values[-1]), **speed}))
    return Asked(np.concatenate(values), np.concatenate(cut) if read else None, seconds)
