"""Logits on their way: batches of like length, handed to a graph's threads, and gathered in the order of the pairs.

Several runs of one thread each, side by side, not one run on several threads: nobody waits for anybody within a run,
and whoever asks has time to encode what comes next (docs/decisions/0026-runs-side-by-side.md). Knows no texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from samesay.encoding import Batch, EncodedPairs, plan_scoring

if TYPE_CHECKING:
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from samesay.scoring.session import Graph

AnswersT = TypeVar("AnswersT")

# A few pairs are cut into this many batches, so that every thread has some, but into none of fewer tokens than these.
# Not by the number of threads: the same pairs have to stand in the same batches on every machine.
_SHARES = 8
_LEAST_TOKENS = 128


class PendingLogits:
    """The logits of encoded pairs; computing begins at once.

    Args:
        graph: What computes them.
        encoded: The pairs.
        batch_tokens: The most tokens of one run, padding included.
        pad_id: The id of padding.

    Attributes:
        tokens_lost: ``(n_pairs, 2)`` int32, tokens of the first and of the second text that were not read.
    """

    def __init__(self, graph: Graph, encoded: EncodedPairs, *, batch_tokens: int, pad_id: int) -> None:
        self.tokens_lost = encoded.tokens_lost
        self._logits = np.empty((len(encoded), graph.n_outputs), np.float32)

        def compute(batch: Batch) -> None:
            # Rows of an array that no other batch writes to.
            self._logits[batch.rows] = graph.run(encoded.dense(batch.rows, batch.width, pad_id=pad_id))

        share = -(-int(encoded.lengths.sum()) // _SHARES)
        plan = plan_scoring(encoded.lengths, batch_tokens=min(batch_tokens, max(_LEAST_TOKENS, share)))
        self._futures: list[tuple[int, Future[None]]] = []
        # One run of few pairs is over sooner than a thread has taken it up.
        self._alone = (lambda: compute(plan[0])) if len(plan) == 1 else None
        if self._alone is None:
            self._futures = [(len(batch), graph.callers.submit(compute, batch)) for batch in plan]

    def result(self, heard: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """The logits, shape ``(n_pairs, n_labels)``; waits for them.

        Args:
            heard: Hears how many pairs were done since the last time.
        """
        if self._alone is not None:
            self._alone()
            if heard is not None:
                heard(len(self._logits))
        try:
            for rows, future in self._futures:
                future.result()
                if heard is not None:
                    heard(rows)
        finally:
            self.cancel()
        return self._logits

    def cancel(self) -> None:
        """Begin no further run; what was not computed is lost."""
        for _, future in self._futures:
            future.cancel()


class Pending(Generic[AnswersT]):
    """Answers on their way.

    Args:
        logits: What they are made of.
        finish: Logits and tokens lost to the answers.
    """

    def __init__(
        self,
        logits: PendingLogits,
        finish: Callable[[NDArray[np.float32], NDArray[np.int32]], AnswersT],
    ) -> None:
        self._logits = logits
        self._finish = finish

    def result(self) -> AnswersT:
        """The answers, in the order of the pairs; waits for them. Errors are those of ``PendingLogits.result``."""
        return self._finish(self._logits.result(), self._logits.tokens_lost)

    def cancel(self) -> None:
        """Begin no further run."""
        self._logits.cancel()


def logits_of(
    graph: Graph,
    parts: Iterable[EncodedPairs],
    *,
    batch_tokens: int,
    pad_id: int,
    heard: Callable[[int], None] = lambda _: None,
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """The graph's answers to what is encoded in parts; each is encoded while the one before it is computed.

    Args:
        graph: What computes them.
        parts: At least one.
        batch_tokens: The most tokens of one run, padding included.
        pad_id: The id of padding.
        heard: Hears after every run how many rows it had.

    Returns:
        ``(n_rows, n_outputs)``, and the tokens of the first and of the second text that were not read, ``(n_rows, 2)``.
    """
    found: list[NDArray[np.float32]] = []
    lost: list[NDArray[np.int32]] = []
    computing: PendingLogits | None = None
    try:
        for encoded in parts:
            before = computing
            computing = PendingLogits(graph, encoded, batch_tokens=batch_tokens, pad_id=pad_id)
            lost.append(computing.tokens_lost)
            if before is not None:
                found.append(before.result(heard))
        if computing is not None:
            found.append(computing.result(heard))
    finally:
        if computing is not None:
            computing.cancel()
    return np.concatenate(found), np.concatenate(lost)
