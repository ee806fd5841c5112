"""``Scorer`` and ``SimilarityScorer``: a saved model's ONNX part as a `Predictor` or a `SimilarityPredictor`.

Knows no Keras and no files of pairs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

import numpy as np

from samesay.bundle import Decision, Manifest, open_bundle
from samesay.bundle.canonical import parse
from samesay.data.python.inputs import texts_from, texts_in_chunks
from samesay.encoding import EncodedPairs, PairEncoder
from samesay.errors import BundleDamaged, SameSayError, UsageError
from samesay.evaluation.policy import Decisions, decide
from samesay.pairs import (
    LabelSet,
    Prediction,
    Progress,
    ProgressListener,
    Scale,
    Sides,
    SimilarityPrediction,
)
from samesay.scoring.judging import (
    LabelPredictions,
    SimilarityPredictions,
    predictions,
    probabilities_under,
    scores_of,
    similarity_predictions,
)
from samesay.scoring.pending import Pending, PendingLogits
from samesay.scoring.session import Graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

PredictionT = TypeVar("PredictionT")

# Tokens of one run, measured on MiniLM-L6 with 1,024 SNLI pairs on 2 cores of an AMD EPYC: 256 tokens gave 168 pairs a
# second, 512 to 2,048 gave 185 to 223 in no steady order, 3,072 gave 172. On one thread, rows of 26 tokens, 400 to
# 1,700 tokens a run gave 3,700 to 3,900 tokens a second of CPU time, 3,300 and more gave 3,100.
BATCH_TOKENS = 1024

# Pairs of a stream that are encoded and sorted by length together: enough that batches hold rows of like
# length, few enough that memory stays small whatever the stream's length.
CHUNK_PAIRS = 4096


class GraphAnswers(ABC, Generic[PredictionT]):
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
        self._folder: Path | None = None
        self._threads_asked: int | None = None

    @classmethod
    @abstractmethod
    def open(
        cls,
        path: str | Path,
        *,
        threads: int | None = None,
        batch_tokens: int = BATCH_TOKENS,
        verify: bool = True,
    ) -> Self:
        """Open a saved model."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as the saved model's folder, from which it is opened and verified again.

        Raises:
            UsageError: If it was made of a graph that is in no saved model.
        """
        if self._folder is None:
            raise UsageError(
                f"A {type(self).__name__} made of its parts cannot be pickled: it knows of no saved model.",
                hint=f"make it in each process, or open a saved model: {type(self).__name__}.open(path)",
            )
        how = (type(self), str(self._folder), self.checksum, self._threads_asked, self.batch_tokens)
        # What its user may have set since.
        state = {
            name: vars(self)[name] for name in ("labels", "sides", "decision", "scale") if name in vars(self)
        }
        return _opened_again, how, state

    def score(self, pairs: Any) -> list[PredictionT]:
        """One answer a pair, in the order of ``pairs``, with what was not read and which sides are empty.

        Args:
            pairs: Pairs, tuples of two texts, two columns in a tuple, a DataFrame and more: what ``PairModel.predict``
                takes; see ``samesay.PairTable.from_inputs``.

        Raises:
            UsageError: If they are no pairs, or could be read in two ways.
            EncodingInvalid: If a text holds half a character.
        """
        return self._predictions(*texts_from(pairs, sides=self.sides))

    @abstractmethod
    def _predictions(self, first: list[str], second: list[str]) -> list[PredictionT]:
        """``score`` of texts that were read."""

    @property
    def max_length(self) -> int:
        """The most tokens of a pair that are read, special ones included."""
        return self.encoder.max_length

    def logits(self, pairs: Any) -> NDArray[np.float32]:
        """The graph's own answers, before temperature and softmax, shape ``(n_pairs, n_labels)``."""
        return self._logits(*texts_from(pairs, sides=self.sides))[0]

    def stream(self, pairs: Any, *, chunk: int = CHUNK_PAIRS) -> Iterator[PredictionT]:
        """Predictions of pairs as they come, in their order, in bounded memory.

        Args:
            pairs: Any iterator, endless ones too, or what ``score`` takes.
            chunk: Pairs that are taken before the first of them is answered; fewer are answered sooner, more
                are answered faster.

        Raises:
            UsageError, EncodingInvalid: As ``score``, when such a pair is met; the chunks before it were answered.
        """
        for first, second in texts_in_chunks(pairs, chunk, sides=self.sides):
            yield from self._predictions(first, second)

    def _logits(
        self, first: list[str], second: list[str], progress: ProgressListener | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        total, done = len(first), 0
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
            for encoded in self.encoder.encode_in_parts(first, second):
                # Encoded while the part before it is computed; computed while the one after it is encoded.
                before, computing = computing, self._pending(encoded)
                if before is not None:
                    gather(before)
            if computing is not None:
                gather(computing)
        finally:
            if computing is not None:
                computing.cancel()
        return np.concatenate(logits), np.concatenate(tokens_lost)

    def _opened_from(self, path: str | Path, checksum: str, threads: int | None) -> None:
        self.checksum = checksum
        self._folder, self._threads_asked = Path(path).absolute(), threads

    def _begun(self, pairs: Any) -> PendingLogits:
        return self._pending(self.encoder.encode(*texts_from(pairs, sides=self.sides)))

    def _pending(self, encoded: EncodedPairs) -> PendingLogits:
        return PendingLogits(self._graph, encoded, batch_tokens=self.batch_tokens, pad_id=self.encoder.pad_id)


class Scorer(GraphAnswers[Prediction]):
    """A saved model, ready to answer; a `Predictor`, and safe to share between threads.

    The model's decision policy is applied: its temperature and biases to every probability, its thresholds and its
    abstention to every prediction.

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
                f"The model gives similarity scores from {manifest.scale}; it has no labels.",
                where=str(path),
                hint="SimilarityScorer.open(path), or open_scorer(path) for a model of either task",
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
        scorer._opened_from(path, manifest.checksum, threads)
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
        """A scorer from a graph that is not in a bundle yet; for the parity check that decides whether it will be.

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

    def predict(self, pairs: Any) -> NDArray[np.float32]:
        """Probabilities, shape ``(n_pairs, n_labels)``, in the order of ``pairs``; also for one, or none.

        Args:
            pairs: As for ``score``.
        """
        return self.read(pairs).probabilities

    def decide(self, probabilities: NDArray[np.floating]) -> Decisions:
        """The labels that these probabilities mean to this model, and where it abstains."""
        return decide(probabilities, self.labels, self.decision)

    def read(self, pairs: Any, *, progress: ProgressListener | None = None) -> LabelPredictions:
        """Probabilities and truncation of every pair, as arrays.

        Args:
            pairs: As for ``score``.
            progress: Told of the stage ``"score"`` after every run of the graph.
        """
        return self._scores(*self._logits(*texts_from(pairs, sides=self.sides), progress))

    def begin(self, pairs: Any) -> Pending[LabelPredictions]:
        """What ``read`` gives, begun and not waited for: computed while the caller does something else.

        All pairs are encoded before it returns, so many thousands at a time belong to ``read``.
        """
        return Pending(self._begun(pairs), self._scores)

    def _predictions(self, first: list[str], second: list[str]) -> list[Prediction]:
        scores = self._scores(*self._logits(first, second))
        return predictions(scores, first, second, self.labels, self.sides, self.decision)

    def _scores(self, logits: NDArray[np.float32], tokens_lost: NDArray[np.int32]) -> LabelPredictions:
        return LabelPredictions(probabilities_under(self.decision, logits, self.labels), tokens_lost)


class SimilarityScorer(GraphAnswers[SimilarityPrediction]):
    """A saved similarity model similarity, ready to answer; a `SimilarityPredictor`, and safe to share between threads.

    A score is ``low + (high - low) * sigmoid(logit)``, so none is outside the scale; of some imported models it is the
    logit as it is.

    >>> scorer = SimilarityScorer.open("my-model")                               # doctest: +SKIP
    >>> scorer.score([Pair("A dog runs.", "An animal moves.")])[0].score    # doctest: +SKIP
    3.4

    Attributes:
        scale: The lowest and the highest score there is.
        sides: What the first and the second text of a pair are called.
        encoder: Text to token ids.
    """

    def __init__(
        self,
        graph: Graph,
        encoder: PairEncoder,
        scale: Scale,
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
    ) -> SimilarityScorer:
        """Open a saved model through its ONNX part; arguments and errors are those of ``Scorer.open``.

        Raises:
            UsageError: If the model has labels.
        """
        manifest, onnx_file, encoder = _onnx_part(path, verify)
        if manifest.scale is None:
            raise UsageError(
                f"The model answers with labels ({', '.join(manifest.labels)}) and not with scores.",
                where=str(path),
                hint="Scorer.open(path), or open_scorer(path) for a model of either task",
            )
        scorer = cls.from_parts(
            onnx_file, encoder, manifest.scale, manifest.sides, threads=threads, batch_tokens=batch_tokens
        )
        scorer._opened_from(path, manifest.checksum, threads)
        return scorer

    @classmethod
    def from_parts(
        cls,
        onnx_file: str | Path,
        encoder: PairEncoder,
        scale: Scale,
        sides: Sides,
        *,
        threads: int | None = None,
        batch_tokens: int = BATCH_TOKENS,
    ) -> SimilarityScorer:
        """A scorer from a graph that is not in a bundle yet; errors are those of ``Scorer.from_parts``."""
        graph = Graph(Path(onnx_file), n_labels=1, vocabulary_size=encoder.vocabulary_size, threads=threads)
        return cls(graph, encoder, scale, sides, batch_tokens=batch_tokens)

    def predict(self, pairs: Any) -> NDArray[np.float32]:
        """SimilarityPredictions, shape ``(n_pairs,)``, in the order of ``pairs``, which are as for ``score``."""
        return self.read(pairs).scores

    def read(self, pairs: Any, *, progress: ProgressListener | None = None) -> SimilarityPredictions:
        """Scores and truncation of every pair, as arrays; ``progress`` hears the stage ``"score"``."""
        return self._scores(*self._logits(*texts_from(pairs, sides=self.sides), progress))

    def begin(self, pairs: Any) -> Pending[SimilarityPredictions]:
        """What ``read`` gives, begun and not waited for; see ``Scorer.begin``."""
        return Pending(self._begun(pairs), self._scores)

    def _predictions(self, first: list[str], second: list[str]) -> list[SimilarityPrediction]:
        return similarity_predictions(
            self._scores(*self._logits(first, second)), first, second, self.scale, self.sides
        )

    def _scores(self, logits: NDArray[np.float32], tokens_lost: NDArray[np.int32]) -> SimilarityPredictions:
        return SimilarityPredictions(scores_of(self.scale, logits), tokens_lost)


def open_scorer(
    path: str | Path,
    *,
    threads: int | None = None,
    batch_tokens: int = BATCH_TOKENS,
    verify: bool = True,
) -> Scorer | SimilarityScorer:
    """Open a saved model of either task through its ONNX part; arguments and errors are those of ``Scorer.open``."""
    similarity = open_bundle(path, verify=False, parts=("onnx",)).manifest.scale is not None
    chosen = SimilarityScorer if similarity else Scorer
    return chosen.open(path, threads=threads, batch_tokens=batch_tokens, verify=verify)


def _opened_again(
    kind: type[GraphAnswers[Any]], folder: str, checksum: str, threads: int | None, batch_tokens: int
) -> GraphAnswers[Any]:
    """A pickled scorer, from the folder that it was opened from."""
    scorer = kind.open(folder, threads=threads, batch_tokens=batch_tokens)
    if scorer.checksum != checksum:
        raise BundleDamaged(
            "Another model lies where the pickled one was opened.",
            where=folder,
            expected=f"the manifest with the checksum {checksum}",
            hint=f"open the model that is there now: {kind.__name__}.open({folder!r})",
        )
    return scorer


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
        return PairEncoder.from_dict(parse(path.read_bytes()))
    except (OSError, ValueError, RecursionError, SameSayError) as error:
        raise BundleDamaged(
            f"{path.name} does not describe a tokenizer: {str(error).splitlines()[0]}",
            where=str(path),
            hint="restore the bundle from a copy, or export the model again",
        ) from error
