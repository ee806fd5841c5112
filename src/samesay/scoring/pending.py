"""Logits on their way: batches of like length, handed to a graph's threads, and gathered in the order of the pairs.

Several runs of one thread each, side by side, not one run on several threads: nobody waits for anybody within a run,
and whoever asks has time to encode what comes next (docs/decisions/0026-runs-side-by-side.md). Knows no texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from samesay.encoding import Batch, EncodedPairs, PairEncoder, plan_scoring
from samesay.pairs import Progress, ProgressListener

if TYPE_CHECKING:
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from samesay.scoring.session import Graph

AnswersT = TypeVar("AnswersT")

# A few pairs are cut into this many batches, so that every thread has some, but into none of fewer tokens than these.
# Not by the number of threads: the same pairs have to stand in the same batches on every machine.
_SHARES = 8
_LEAST_TOKENS = 128


class Pending(Generic[AnswersT]):
    """Answers to encoded pairs on their way; computing begins at once.

    Args:
        graph: What computes their logits.
        encoded: The pairs.
        finish: Logits ``(n_pairs, n_outputs)`` and tokens of both texts that were not read ``(n_pairs, 2)`` to the
            answers.
        batch_tokens: The most tokens of one run, padding included.
        pad_id: The id of padding.
    """

    def __init__(
        self,
        graph: Graph,
        encoded: EncodedPairs,
        finish: Callable[[NDArray[np.float32], NDArray[np.int32]], AnswersT],
        *,
        batch_tokens: int,
        pad_id: int,
    ) -> None:
        self._tokens_lost = encoded.tokens_lost
        self._finish = finish
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

    def result(self, heard: Callable[[int], None] = lambda _: None) -> AnswersT:
        """The answers, in the order of the pairs; waits for them, while ``heard`` hears of pairs that are done.

        Raises:
            MachineError: If memory runs out.
            BundleDamaged: If the graph cannot be run.
        """
        if self._alone is not None:
            self._alone()
            heard(len(self._logits))
        try:
            for rows, future in self._futures:
                future.result()
                heard(rows)
        finally:
            self.cancel()
        return self._finish(self._logits, self._tokens_lost)

    def cancel(self) -> None:
        """Begin no further run; what was not computed is lost."""
        for _, future in self._futures:
            future.cancel()


def logits_of(
    graph: Graph,
    encoder: PairEncoder,
    parts: Iterable[EncodedPairs],
    *,
    batch_tokens: int,
    total: int,
    stage: str,
    progress: ProgressListener | None,
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """The graph's answers to what ``encoder`` encodes in parts, each while the one before it is computed.

    Args:
        graph: What computes them.
        encoder: Whose parts they are.
        parts: At least one.
        batch_tokens: The most tokens of one run, padding included.
        total: How many rows there are in all.
        stage: What ``progress`` hears after every run.
        progress: The listener, if there is one.

    Returns:
        ``(n_rows, n_outputs)``, and the tokens of the first and of the second text that were not read, ``(n_rows, 2)``.
    """
    done = 0

    def heard(rows: int) -> None:
        nonlocal done
        done += rows
        if progress is not None:
            progress(Progress(stage, done, total))

    found = []
    computing = None
    try:
        for encoded in parts:
            before = computing
            computing = Pending(
                graph, encoded, lambda *both: both, batch_tokens=batch_tokens, pad_id=encoder.pad_id
            )
            if before is not None:
                found.append(before.result(heard))
        if computing is not None:
            found.append(computing.result(heard))
    finally:
        if computing is not None:
            computing.cancel()
    logits, tokens_lost = zip(*found, strict=True)
    return np.concatenate(logits), np.concatenate(tokens_lost)
