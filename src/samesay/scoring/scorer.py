"""``Scorer`` and ``GradeScorer``: a saved model's ONNX part as a `Predictor` or a `Grader`.

Knows no Keras and no files of pairs.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np

from samesay.bundle import Decision, Manifest, open_bundle
from samesay.encoding import EncodedPairs, PairEncoder
from samesay.errors import BundleDamaged, EncodingInvalid, SameSayError, UsageError
from samesay.evaluation.policy import Decisions, decide
from samesay.pairs import Grade, GradeScale, Judgement, LabelSet, Pair, Progress, ProgressListener, Sides
from samesay.scoring.pending import Pending, PendingLogits
from samesay.scoring.session import Graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

JudgementT = TypeVar("JudgementT")

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


class Grades(NamedTuple):
    """What a grader says of a list of pairs, rows in its order.

    Attributes:
        grades: ``(n_pairs,)`` float32, on the model's scale.
        tokens_lost: ``(n_pairs, 2)`` int32, tokens of the first and of the second text that were not read.
    """

    grades: NDArray[np.float32]
    tokens_lost: NDArray[np.int32]


class GraphAnswers(ABC, Generic[JudgementT]):
    """An ONNX graph with its tokenizer: pairs to logits, in batches of like length; what they mean is left to heirs."""

    def __init__(
        self, graph: Graph, encoder: PairEncoder, sides: Sides, *, batch_tokens: int = BATCH_TOKENS
    ) -> None:
        if batch_tokens < 1:
            raise UsageError(f"batch_tokens is {batch_tokens}.", where="batch_tokens", expected="at least 1")
        self._graph = graph
        self.encoder = encoder
        self.sides = sides
        self.batch_tokens = batch_tokens
        self.threads = graph.threads
        # Of the saved model's manifest, empty where the graph comes from none: by it a model is known again.
        self.checksum = ""

    @abstractmethod
    def score(self, pairs: Sequence[Pair]) -> list[JudgementT]:
        """One answer a pair, in the order of ``pairs``, with the tokens that were not read."""

    @property
    def max_length(self) -> int:
        """The most tokens of a pair that are read, special ones included."""
        return self.encoder.max_length

    def logits(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """The graph's own answers, before temperature and softmax, shape ``(n_pairs, n_labels)``."""
        return self._logits(pairs)[0]

    def stream(self, pairs: Iterable[Pair], *, chunk: int = CHUNK_PAIRS) -> Iterator[JudgementT]:
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
        total, done = len(pairs), 0
        logits: list[NDArray[np.float32]] = []
        tokens_lost: list[NDArray[np.int32]] = []

        def heard(rows: int) -> None:
            nonlocal done
            done += rows
            if progress is not None:
                progress(Progress("score", done, total))

        def gather(part: PendingLogits) -> None:
            logits.append(part.result(heard))
            tokens_lost.append(part.tokens_lost)

        computing: PendingLogits | None = None
        try:
            for encoded in self.encoder.encode_in_parts(*_sides_of(pairs)):
                # Encoded while the part before it is computed; computed while the one behind it is encoded.
                before, computing = computing, self._pending(encoded)
                if before is not None:
                    gather(before)
            if computing is not None:
                gather(computing)
        finally:
            if computing is not None:
                computing.cancel()
        return np.concatenate(logits), np.concatenate(tokens_lost)

    def _begun(self, pairs: Sequence[Pair]) -> PendingLogits:
        return self._pending(self.encoder.encode(*_sides_of(pairs)))

    def _pending(self, encoded: EncodedPairs) -> PendingLogits:
        return PendingLogits(self._graph, encoded, batch_tokens=self.batch_tokens, pad_id=self.encoder.pad_id)


class Scorer(GraphAnswers[Judgement]):
    """A saved model, ready to answer; a `Predictor`, and safe to share between threads.

    The model's decision policy is applied: its temperature and biases to every probability, its thresholds and its
    abstention to every judgement.

    >>> scorer = Scorer.open("my-model")                                    # doctest: +SKIP
    >>> scorer.score([Pair("A dog runs.", "An animal moves.")])[0].label    # doctest: +SKIP
    'entailment'

    Attributes:
        labels: The names of the columns of every answer.
        sides: What the first and the second text of a pair are called.
        encoder: Text to token ids.
        decision: How a label comes out of logits.
        batch_tokens: The most tokens of one run of the graph, padding included.
        threads: Runs side by side, of one thread each.
    """

    def __init__(
        self,
        graph: Graph,
        encoder: PairEncoder,
        labels: LabelSet,
        sides: Sides,
        *,
        decision: Decision | None = None,
        batch_tokens: int = BATCH_TOKENS,
    ) -> None:
        super().__init__(graph, encoder, sides, batch_tokens=batch_tokens)
        self.labels = labels
        self.decision = decision or Decision()
        self.decision.require_labels(labels)

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
            threads: Runs side by side, of one thread each; the physical cores if left out.
            batch_tokens: The most tokens of one run; more need more memory and are not faster.
            verify: Compute the checksums of the part's files first.

        Raises:
            PartUnavailable: If the part is absent, or its verdict is that it is not to be used.
            BundleError: If the bundle is none, is of another version, or is damaged.
        """
        manifest, onnx_file, encoder = _onnx_part(path, verify)
        if manifest.scale is not None:
            raise UsageError(
                f"The model grades similarity from {manifest.scale}; it has no labels.",
                where=str(path),
                hint="GradeScorer.open(path), or open_scorer(path) for a model of either task",
            )
        scorer = cls.from_parts(
            onnx_file,
            encoder,
            manifest.labels,
            manifest.sides,
            decision=manifest.decision,
            threads=threads,
            batch_tokens=batch_tokens,
        )
        scorer.checksum = manifest.checksum
        return scorer

    @classmethod
    def from_parts(
        cls,
        onnx_file: str | Path,
        encoder: PairEncoder,
        labels: LabelSet,
        sides: Sides,
        *,
        decision: Decision | None = None,
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
        return cls(graph, encoder, labels, sides, decision=decision, batch_tokens=batch_tokens)

    def predict(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """Probabilities, shape ``(n_pairs, n_labels)``, in the order of ``pairs``; also for one, or none.

        Raises:
            EncodingInvalid: If a text holds a lone surrogate.
        """
        return self.read(pairs).probabilities

    def score(self, pairs: Sequence[Pair]) -> list[Judgement]:
        """A judgement for every pair, in the order of ``pairs``, with the tokens that were not read."""
        return judgements(self.read(pairs), self.labels, self.decision)

    def decide(self, probabilities: NDArray[np.floating]) -> Decisions:
        """The labels that these probabilities mean to this model, and where it abstains."""
        return decide(probabilities, self.labels, self.decision)

    def read(self, pairs: Sequence[Pair], *, progress: ProgressListener | None = None) -> Scores:
        """Probabilities and truncation of every pair, as arrays.

        Args:
            pairs: Any number of pairs.
            progress: Told of the stage ``"score"`` after every run of the graph.
        """
        return self._scores(*self._logits(pairs, progress))

    def begin(self, pairs: Sequence[Pair]) -> Pending[Scores]:
        """What ``read`` gives, begun and not waited for: computed while the caller does something else.

        All pairs are encoded before it returns, so many thousands at a time belong to ``read``.

        Raises:
            EncodingInvalid: If a text holds a lone surrogate.
        """
        return Pending(self._begun(pairs), self._scores)

    def _scores(self, logits: NDArray[np.float32], tokens_lost: NDArray[np.int32]) -> Scores:
        return Scores(probabilities_under(self.decision, logits, self.labels), tokens_lost)


class GradeScorer(GraphAnswers[Grade]):
    """A saved model that grades similarity, ready to answer; a `Grader`, and safe to share between threads.

    A grade is ``low + (high - low) * sigmoid(logit)``, so none is outside the scale.

    >>> scorer = GradeScorer.open("my-model")                               # doctest: +SKIP
    >>> scorer.score([Pair("A dog runs.", "An animal moves.")])[0].grade    # doctest: +SKIP
    3.4

    Attributes:
        scale: The lowest and the highest grade there is.
        sides: What the first and the second text of a pair are called.
        encoder: Text to token ids.
    """

    def __init__(
        self,
        graph: Graph,
        encoder: PairEncoder,
        scale: GradeScale,
        sides: Sides,
        *,
        batch_tokens: int = BATCH_TOKENS,
    ) -> None:
        super().__init__(graph, encoder, sides, batch_tokens=batch_tokens)
        self.scale = scale

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        threads: int | None = None,
        batch_tokens: int = BATCH_TOKENS,
        verify: bool = True,
    ) -> GradeScorer:
        """Open a saved model through its ONNX part; arguments and errors are those of ``Scorer.open``.

        Raises:
            UsageError: If the model has labels.
        """
        manifest, onnx_file, encoder = _onnx_part(path, verify)
        if manifest.scale is None:
            raise UsageError(
                f"The model answers with labels ({', '.join(manifest.labels)}) and not with grades.",
                where=str(path),
                hint="Scorer.open(path), or open_scorer(path) for a model of either task",
            )
        scorer = cls.from_parts(
            onnx_file, encoder, manifest.scale, manifest.sides, threads=threads, batch_tokens=batch_tokens
        )
        scorer.checksum = manifest.checksum
        return scorer

    @classmethod
    def from_parts(
        cls,
        onnx_file: str | Path,
        encoder: PairEncoder,
        scale: GradeScale,
        sides: Sides,
        *,
        threads: int | None = None,
        batch_tokens: int = BATCH_TOKENS,
    ) -> GradeScorer:
        """A scorer from a graph that is not in a bundle yet; errors are those of ``Scorer.from_parts``."""
        graph = Graph(Path(onnx_file), n_labels=1, vocabulary_size=encoder.vocabulary_size, threads=threads)
        return cls(graph, encoder, scale, sides, batch_tokens=batch_tokens)

    def grade(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """Grades, shape ``(n_pairs,)``, in the order of ``pairs``."""
        return self.read(pairs).grades

    def score(self, pairs: Sequence[Pair]) -> list[Grade]:
        """A grade for every pair, in the order of ``pairs``, with the tokens that were not read."""
        read = self.read(pairs)
        return [
            Grade(grade, self.scale, (lost[0], lost[1]))
            for grade, lost in zip(read.grades.tolist(), read.tokens_lost.tolist(), strict=True)
        ]

    def read(self, pairs: Sequence[Pair], *, progress: ProgressListener | None = None) -> Grades:
        """Grades and truncation of every pair, as arrays; ``progress`` hears the stage ``"score"``."""
        return self._grades(*self._logits(pairs, progress))

    def begin(self, pairs: Sequence[Pair]) -> Pending[Grades]:
        """What ``read`` gives, begun and not waited for; see ``Scorer.begin``."""
        return Pending(self._begun(pairs), self._grades)

    def _grades(self, logits: NDArray[np.float32], tokens_lost: NDArray[np.int32]) -> Grades:
        return Grades(self.scale.from_unit(sigmoid(logits[:, 0])), tokens_lost)


def open_scorer(
    path: str | Path,
    *,
    threads: int | None = None,
    batch_tokens: int = BATCH_TOKENS,
    verify: bool = True,
) -> Scorer | GradeScorer:
    """Open a saved model of either task through its ONNX part; arguments and errors are those of ``Scorer.open``."""
    graded = open_bundle(path, verify=False, parts=("onnx",)).manifest.scale is not None
    chosen = GradeScorer if graded else Scorer
    return chosen.open(path, threads=threads, batch_tokens=batch_tokens, verify=verify)


def judgements(scores: Scores, labels: LabelSet, decision: Decision) -> list[Judgement]:
    """Every pair's answer under a decision policy, in the order of ``scores``."""
    decided = decide(scores.probabilities, labels, decision)
    return [
        Judgement(
            labels.names[best], dict(zip(labels, row, strict=True)), (lost[0], lost[1]), abstained=unsure
        )
        for best, unsure, row, lost in zip(
            decided.label_ids.tolist(),
            decided.abstained.tolist(),
            scores.probabilities.tolist(),
            scores.tokens_lost.tolist(),
            strict=True,
        )
    ]


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """The share of the scale that each logit stands for, in [0, 1], computed in float64 so that none overflows."""
    half = logits.astype(np.float64) / 2
    return (0.5 * (1.0 + np.tanh(half))).astype(np.float32)


def probabilities_under(
    decision: Decision, logits: NDArray[np.float32], labels: LabelSet
) -> NDArray[np.float32]:
    """What a model makes of logits, shape ``(n_pairs, n_labels)``: softmax over its temperature, with its biases."""
    return softmax(logits, decision.temperature, decision.biases_of(labels))


def softmax(
    logits: NDArray[np.float32], temperature: float = 1.0, biases: Sequence[float] | None = None
) -> NDArray[np.float32]:
    """Probabilities of every row, computed in float64, so that float32 rows sum to 1 within 1e-6.

    Args:
        logits: Shape ``(n_pairs, n_labels)``.
        temperature: Divides the logits; above 0.
        biases: Added after that, shape ``(n_labels,)``; nothing where absent.
    """
    scaled = logits.astype(np.float64) / temperature
    if biases is not None:
        scaled += np.asarray(biases, np.float64)
    scaled -= scaled.max(axis=1, keepdims=True, initial=-np.inf)
    np.exp(scaled, out=scaled)
    return (scaled / scaled.sum(axis=1, keepdims=True)).astype(np.float32)


def _sides_of(pairs: Sequence[Pair]) -> tuple[list[str], list[str]]:
    return [pair.first for pair in pairs], [pair.second for pair in pairs]


def _onnx_part(path: str | Path, verify: bool) -> tuple[Manifest, Path, PairEncoder]:
    """The part of a model that answers about pairs."""
    manifest, onnx_file, encoder = read_onnx_part(path, verify)
    if manifest.dimension is not None:
        raise UsageError(
            "The model gives vectors of single texts, and no answers about pairs.",
            where=str(path),
            hint="samesay embed --help",
        )
    return manifest, onnx_file, encoder


def read_onnx_part(path: str | Path, verify: bool) -> tuple[Manifest, Path, PairEncoder]:
    """What a saved model says of itself, its graph's file, and its tokenizer.

    Raises:
        PartUnavailable: If the part is absent, or its verdict is that it is not to be used.
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
    return manifest, folder / "model.onnx", encoder


def _read_encoder(path: Path) -> PairEncoder:
    try:
        return PairEncoder.from_dict(json.loads(path.read_bytes()))
    except (OSError, ValueError, AttributeError, RecursionError, SameSayError) as error:
        raise BundleDamaged(
            f"{path.name} does not describe a tokenizer: {str(error).splitlines()[0]}",
            where=str(path),
            hint="restore the bundle from a copy, or export the model again",
        ) from error
