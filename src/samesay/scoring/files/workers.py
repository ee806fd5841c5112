"""Chunks of pairs to answers, in order: in this process, or in several with one open model each.

Knows pairs and scorers, nothing of files.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeVar

from samesay.bundle import open_bundle
from samesay.decision import Decision, Predictions, mean_of_orders
from samesay.errors import WorkerDied, require_at_least
from samesay.pairs import Answers, Pair, Sides
from samesay.scoring.pending import Pending
from samesay.scoring.scorer import BATCH_TOKENS, Scorer
from samesay.scoring.session import default_threads

# Chunks that wait for each process beside the one in its hands: enough that none is idle, few enough for memory.
_WAITING = 1


class HasPairs(Protocol):
    """Whatever is answered together."""

    @property
    def pairs(self) -> list[Pair]:
        """In the model's reading order."""
        ...


ChunkT = TypeVar("ChunkT", bound=HasPairs)
BegunT = TypeVar("BegunT")


class Model(Protocol):
    """What a table has to know of a model: an open one, or the manifest of a saved one."""

    @property
    def answers(self) -> Answers:
        """The names of its labels, or the scale of its scores."""
        ...

    @property
    def sides(self) -> Sides:
        """What its two texts are called."""
        ...

    @property
    def max_length(self) -> int:
        """The most tokens that it reads."""
        ...

    @property
    def checksum(self) -> str:
        """Of the saved model's manifest; empty where it comes from none."""
        ...

    @property
    def decision(self) -> Decision:
        """How a label comes out of probabilities."""
        ...


class OneProcess:
    """A scorer of this process.

    Args:
        scorer: The scorer.
        ahead: Take and encode the next chunk while one is computed; not where the next may be long in coming.
    """

    def __init__(self, scorer: Scorer, *, ahead: bool = True) -> None:
        self._scorer = scorer
        self._ahead = ahead
        self.model: Model = scorer
        self.batch_tokens = scorer.batch_tokens

    def answered(
        self, chunks: Iterable[ChunkT], *, symmetric: bool = False
    ) -> Iterator[tuple[ChunkT, Predictions]]:
        """Every chunk with its answers, in their order. What was answered before a chunk fails comes first."""
        # A symmetric model reads both by itself.
        symmetric = symmetric and not self.model.decision.symmetric

        def begin(chunk: ChunkT) -> Pending[Predictions]:
            return self._scorer.begin(_both_orders(chunk.pairs) if symmetric else chunk.pairs)

        def give_up(pending: Pending[Predictions]) -> None:
            pending.cancel()

        with closing(_in_order(chunks, begin, give_up, at_once=2 if self._ahead else 1)) as begun:
            for chunk, pending in begun:
                answers = pending.result()
                yield chunk, Predictions(*mean_of_orders(*answers)) if symmetric else answers


class WorkerPool:
    """Several processes with the model open in each; a context manager.

    Answers come in the order of the chunks, of which few are in memory. The processes are spawned, so a program that
    uses this keeps its own start under ``if __name__ == "__main__":``. They end with this process, however it ends.

    Args:
        model: The saved model's folder.
        jobs: How many.
        threads: Of each; the physical cores shared among them if left out.
        batch_tokens: The most tokens of one run.

    Raises:
        UsageError: If ``jobs`` is below 1.
        BundleError: If the model cannot be used.
    """

    def __init__(
        self,
        model: str | Path,
        jobs: int,
        *,
        threads: int | None = None,
        batch_tokens: int = BATCH_TOKENS,
    ) -> None:
        require_at_least(1, jobs=jobs)
        bundle = open_bundle(model, parts=("onnx",))
        bundle.part("onnx")
        self.model: Model = bundle.manifest
        self.batch_tokens = batch_tokens
        self._jobs = jobs
        threads = threads or max(1, default_threads() // jobs)
        context = multiprocessing.get_context("spawn")
        # Nobody writes to it: it is the end of this process, or of the work, that the others see at their end.
        self._alive_here, self._alive = context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(
            jobs, context, _begin, (str(model), threads, batch_tokens, self._alive_here)
        )

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._pool.shutdown()
        self._alive.close()
        self._pool.shutdown(cancel_futures=True)
        self._alive_here.close()

    def answered(
        self, chunks: Iterable[ChunkT], *, symmetric: bool = False
    ) -> Iterator[tuple[ChunkT, Predictions]]:
        """Every chunk with its answers, in their order. What was answered before a chunk fails comes first.

        Raises:
            WorkerDied: If one of the processes was killed.
        """

        def begin(chunk: ChunkT) -> Future[Predictions]:
            texts = [(pair.first, pair.second) for pair in chunk.pairs]
            return self._pool.submit(_answer, texts, symmetric)

        def give_up(future: Future[Predictions]) -> None:
            """The pool lets them be when it ends: cancelled here, the death of a process would leave it hanging."""

        try:
            for chunk, future in _in_order(chunks, begin, give_up, at_once=self._jobs * (1 + _WAITING)):
                yield chunk, future.result()
        except BrokenProcessPool as error:
            # The others may wait for what the dead one held, and the pool for them: it asks by a signal they ignore.
            self._alive.close()
            raise WorkerDied(
                "A process that was scoring ended early: it was killed, by the system if memory ran out.",
                where="--jobs",
                hint="fewer --jobs, or a smaller --batch-tokens, if memory was short",
            ) from error


def _in_order(
    chunks: Iterable[ChunkT],
    begin: Callable[[ChunkT], BegunT],
    give_up: Callable[[BegunT], None],
    *,
    at_once: int,
) -> Generator[tuple[ChunkT, BegunT], None, None]:
    """Every chunk with what was begun on it, in their order, ``at_once`` of them begun and not yet taken.

    Where a chunk cannot be had or begun, those before it come first.
    """
    begun: deque[tuple[ChunkT, BegunT]] = deque()
    source, failure = iter(chunks), None
    try:
        while True:
            while failure is None and len(begun) < at_once:
                try:
                    chunk = next(source, None)
                    if chunk is None:
                        break
                    begun.append((chunk, begin(chunk)))
                except Exception as error:
                    failure = error
            if not begun:
                break
            yield begun.popleft()
    finally:
        for _, each in begun:
            give_up(each)
    if failure is not None:
        raise failure


def read_both_orders(scorer: Scorer, pairs: Sequence[Pair]) -> Predictions:
    """The mean of what is said of (first, second) and of (second, first), so that the order does not matter.

    Probabilities (or scores) are averaged, and the label is the one whose mean is highest. Of a text's tokens those
    count as not read that were not in one of the two orders.
    """
    # As one, not in parts as `read` has them: batches are then the same in any number of processes.
    if scorer.decision.symmetric:
        return scorer.begin(pairs).result()
    return Predictions(*mean_of_orders(*scorer.begin(_both_orders(pairs)).result()))


def _both_orders(pairs: Sequence[Pair]) -> list[Pair]:
    return [*pairs, *(Pair(pair.second, pair.first) for pair in pairs)]


class _Worker:
    """What a spawned process keeps between chunks."""

    model: str
    settings: dict[str, Any]
    scorer: Scorer | None = None


def _begin(model: str, threads: int, batch_tokens: int, alive: Any) -> None:
    # Ctrl-C and a scheduler's end reach every process of a group; the first one decides what becomes of it.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(alive,), daemon=True).start()
    _Worker.model = model
    _Worker.settings = {"threads": threads, "batch_tokens": batch_tokens}


def _end_with(alive: Any) -> None:
    alive.poll(None)
    os._exit(1)


def _answer(texts: list[tuple[str, str]], symmetric: bool) -> Predictions:
    if _Worker.scorer is None:
        _Worker.scorer = Scorer.open(_Worker.model, verify=False, **_Worker.settings)
    pairs = [Pair(*each) for each in texts]
    return read_both_orders(_Worker.scorer, pairs) if symmetric else _Worker.scorer.begin(pairs).result()
