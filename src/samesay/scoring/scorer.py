"""``Scorer``: a saved model's verified ONNX part as a `Predictor`. Knows no Keras and no files of pairs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from samesay.bundle import open_bundle
from samesay.encoding import PairEncoder, plan_scoring
from samesay.errors import BundleDamaged, EncodingInvalid, SameSayError, UsageError
from samesay.pairs import Judgement, LabelSet, Pair, Progress, ProgressListener, Sides
from samesay.scoring.session import Graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Tokens of one run, measured on MiniLM-L6 with 1,024 SNLI pairs on 2 cores of an AMD EPYC: 256 tokens gave 168 pairs a
# second, 512 to 2,048 gave 185 to 223 in no steady order, 3,072 gave 172. On one thread, rows of 26 tokens, 400 to
# 1,700 tokens a run gave 3,700 to 3,900 tokens a second of CPU time, 3,300 and more gave 3,100.
BATCH_TOKENS = 1024

# Pairs of a stream that are encoded and sorted by length together: enough that batches hold rows of like
# length, few enough that memory stays small whatever the stream's length.
CHUNK_PAIRS = 4096


class Scores(NamedTuple):
    """What came of a list of pairs, rows in its order.

    Attributes:
        probabilities: ``(n_pairs, n_labels)`` float32, rows sum to 1.
        tokens_lost: ``(n_pairs, 2)`` int32, tokens of the first and of the second text that were not read.
    """

    probabilities: NDArray[np.float32]
    tokens_lost: NDArray[np.int32]


class Scorer:
    """A saved model, ready to answer; a `Predictor`, and safe to share between threads.

    A pair's label is the one of the highest probability; the manifest's temperature is applied, its thresholds and
    its abstention are left to whoever asked.

    >>> scorer = Scorer.open("my-model")                                    # doctest: +SKIP
    >>> scorer.score([Pair("A dog runs.", "An animal moves.")])[0].label    # doctest: +SKIP
    'entailment'

    Attributes:
        labels: The names of the columns of every answer.
        sides: What the first and the second text of a pair are called.
        encoder: Text to token ids.
        temperature: The logits are divided by it before the softmax.
        batch_tokens: The most tokens of one run of the graph, padding included.
        threads: Threads of one run.
    """

    def __init__(
        self,
        graph: Graph,
        encoder: PairEncoder,
        labels: LabelSet,
        sides: Sides,
        *,
        temperature: float = 1.0,
        batch_tokens: int = BATCH_TOKENS,
    ) -> None:
        if batch_tokens < 1:
            raise UsageError(f"batch_tokens is {batch_tokens}.", where="batch_tokens", expected="at least 1")
        self._graph = graph
        self.encoder = encoder
        self.labels = labels
        self.sides = sides
        self.temperature = temperature
        self.batch_tokens = batch_tokens
        self.threads = graph.threads

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        threads: int | None = None,
        batch_tokens: int = BATCH_TOKENS,
        verify: bool = True,
    ) -> Scorer:
        """Open a saved model through its ONNX part; its other parts are neither needed nor read.

        Args:
            path: The bundle.
            threads: Threads of one run; the physical cores if left out.
            batch_tokens: The most tokens of one run; more need more memory and are not faster.
            verify: Compute the checksums of the part's files first.

        Raises:
            PartUnavailable: If the part is absent, or its proof did not end in ``"verified"``.
            BundleError: If the bundle is none, is of another version, or is damaged.
        """
        bundle = open_bundle(path, verify=verify, parts=("onnx",))
        folder = bundle.part("onnx")
        manifest = bundle.manifest
        encoder = _read_encoder(folder / "encoder.json")
        if encoder.max_length != manifest.max_length:
            raise BundleDamaged(
                f"The tokenizer reads {encoder.max_length} tokens, the manifest says {manifest.max_length}.",
                where=str(folder / "encoder.json"),
                expected=f"max_length {manifest.max_length}",
            )
        return cls.from_parts(
            folder / "model.onnx",
            encoder,
            manifest.labels,
            manifest.sides,
            temperature=manifest.decision.temperature,
            threads=threads,
            batch_tokens=batch_tokens,
        )

    @classmethod
    def from_parts(
        cls,
        onnx_file: str | Path,
        encoder: PairEncoder,
        labels: LabelSet,
        sides: Sides,
        *,
        temperature: float = 1.0,
        threads: int | None = None,
        batch_tokens: int = BATCH_TOKENS,
    ) -> Scorer:
        """A scorer from a graph that is not in a bundle yet; for the proof that decides whether it will be.

        Raises:
            BundleDamaged: If the file is no graph, or not one for these labels and this encoder.
        """
        graph = Graph(
            Path(onnx_file),
            n_labels=len(labels),
            vocabulary_size=encoder.vocabulary_size,
            threads=threads,
        )
        return cls(graph, encoder, labels, sides, temperature=temperature, batch_tokens=batch_tokens)

    @property
    def max_length(self) -> int:
        """The most tokens of a pair that are read, special ones included."""
        return self.encoder.max_length

    def predict(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """Probabilities, shape ``(n_pairs, n_labels)``, in the order of ``pairs``; also for one, or none.

        Raises:
            EncodingInvalid: If a text holds a lone surrogate.
        """
        return self.read(pairs).probabilities

    def logits(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """The graph's own answers, before temperature and softmax, shape ``(n_pairs, n_labels)``."""
        return self._logits(pairs)[0]

    def score(self, pairs: Sequence[Pair]) -> list[Judgement]:
        """A judgement for every pair, in the order of ``pairs``, with the tokens that were not read."""
        scores = self.read(pairs)
        names = self.labels.names
        return [
            Judgement(
                label=names[best],
                probabilities=dict(zip(names, row, strict=True)),
                tokens_lost=(lost[0], lost[1]),
            )
            for best, row, lost in zip(
                scores.probabilities.argmax(axis=1).tolist(),
                scores.probabilities.tolist(),
                scores.tokens_lost.tolist(),
                strict=True,
            )
        ]

    def read(self, pairs: Sequence[Pair], *, progress: ProgressListener | None = None) -> Scores:
        """Probabilities and truncation of every pair, as arrays.

        Args:
            pairs: Any number of pairs.
            progress: Told of the stage ``"score"`` after every run of the graph.
        """
        logits, tokens_lost = self._logits(pairs, progress)
        return Scores(softmax(logits, self.temperature), tokens_lost)

    def stream(self, pairs: Iterable[Pair], *, chunk: int = CHUNK_PAIRS) -> Iterator[Judgement]:
        """Judgements of pairs as they come, in their order, in bounded memory.

        Args:
            pairs: Any iterable, endless ones too.
            chunk: Pairs that are taken before the first of them is answered; fewer are answered sooner, more
                are answered faster.

        Raises:
            EncodingInvalid: If a text holds a lone surrogate; the pairs of the chunks before it were
                answered.
        """
        if chunk < 1:
            raise UsageError(f"chunk is {chunk}.", where="chunk", expected="at least 1")
        source, done = iter(pairs), 0
        while taken := list(islice(source, chunk)):
            try:
                judged = self.score(taken)
            except EncodingInvalid as error:
                row = done + error.details["row"]
                raise EncodingInvalid(
                    f"The {error.details['side']} text of pair {row} of the stream holds a lone surrogate.",
                    where=f"pair {row} (from 0), {error.details['side']} text",
                    expected=error.expected,
                    hint=error.hint,
                    details=error.details | {"row": row},
                ) from error
            yield from judged
            done += len(taken)

    def _logits(
        self, pairs: Sequence[Pair], progress: ProgressListener | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        encoded = self.encoder.encode([pair.first for pair in pairs], [pair.second for pair in pairs])
        logits = np.empty((len(pairs), len(self.labels)), np.float32)
        done = 0
        for batch in plan_scoring(encoded.lengths, batch_tokens=self.batch_tokens):
            dense = encoded.dense(batch.rows, batch.width, pad_id=self.encoder.pad_id)
            logits[batch.rows] = self._graph.run(dense)
            done += len(batch)
            if progress is not None:
                progress(Progress("score", done, len(pairs)))
        return logits, encoded.tokens_lost


def softmax(logits: NDArray[np.float32], temperature: float = 1.0) -> NDArray[np.float32]:
    """Probabilities of every row, computed in float64, so that float32 rows sum to 1 within 1e-6.

    Args:
        logits: Shape ``(n_pairs, n_labels)``.
        temperature: Divides the logits; above 0.
    """
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True, initial=-np.inf)
    np.exp(scaled, out=scaled)
    return (scaled / scaled.sum(axis=1, keepdims=True)).astype(np.float32)


def _read_encoder(path: Path) -> PairEncoder:
    try:
        return PairEncoder.from_dict(json.loads(path.read_bytes()))
    except (OSError, ValueError, AttributeError, RecursionError, SameSayError) as error:
        raise BundleDamaged(
            f"{path.name} does not describe a tokenizer: {str(error).splitlines()[0]}",
            where=str(path),
            hint="restore the bundle from a copy, or export the model again",
        ) from error
