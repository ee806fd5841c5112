"""The ``Scorer``: a saved model's ONNX part as a ``Predictor``. Knows no Keras and no files of pairs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.bundle import Manifest, default_model, located, open_bundle
from samesay.bundle.canonical import parse
from samesay.data.python.inputs import texts_from, texts_in_chunks
from samesay.decision import Decision, Predictions, mean_of_orders, predictions_of, values_of
from samesay.encoding import PairEncoder
from samesay.errors import BundleDamaged, SameSayError, UsageError, require_at_least
from samesay.pairs import (
    CHUNK_PAIRS,
    Answers,
    LabelSet,
    Prediction,
    Progress,
    ProgressListener,
    Sides,
    labels_of,
)
from samesay.scoring.pending import Pending, logits_of
from samesay.scoring.session import Graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Tokens of one run, measured on MiniLM-L6 with 1,024 SNLI pairs on 2 cores of an AMD EPYC: 256 tokens gave 168 pairs a
# second, 512 to 2,048 gave 185 to 223 in no steady order, 3,072 gave 172. On one thread, rows of 26 tokens, 400 to
# 1,700 tokens a run gave 3,700 to 3,900 tokens a second of CPU time, 3,300 and more gave 3,100.
BATCH_TOKENS = 1024


class Scorer:
    """A saved model, ready to answer; a ``Predictor``, and safe to share between threads.

    The model's decision policy is applied: its temperature and biases to every probability and score, its thresholds
    and its abstention to every label. A score is ``low + (high - low) * sigmoid(logit)``, so none is outside the scale;
    of some imported models it is the logit as it is.

    >>> scorer = Scorer.open("my-model")                                    # doctest: +SKIP
    >>> scorer.score([Pair("A dog runs.", "An animal moves.")])[0].label    # doctest: +SKIP
    'entailment'

    Attributes:
        answers: The names of the columns of every answer, or the scale of the scores.
        sides: What the first and the second text of a pair are called.
        encoder: Text to token ids.
        decision: How a label or a score comes out of logits.
        batch_tokens: The most tokens of one run of the graph, padding included.
        threads: Runs side by side, of one thread each.
    """

    def __init__(
        self,
        graph: Graph,
        encoder: PairEncoder,
        answers: Answers,
        sides: Sides,
        *,
        decision: Decision | None = None,
        batch_tokens: int = BATCH_TOKENS,
    ) -> None:
        require_at_least(1, batch_tokens=batch_tokens)
        self._graph = graph
        self.encoder = encoder
        self.answers = answers
        self.sides = sides
        self.decision = decision or Decision()
        self.decision.require_fit(answers)
        self.batch_tokens = batch_tokens
        self.threads = graph.threads
        # Of the saved model's manifest, empty where the graph comes from none: by it a model is known again.
        self.checksum = ""
        self._folder: Path | None = None
        self._threads_asked: int | None = None

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        *,
        threads: int | None = None,
        batch_tokens: int = BATCH_TOKENS,
        verify: bool = True,
    ) -> Scorer:
        """Open a saved model through its ONNX part; its other parts are neither needed nor read.

        Args:
            path: The bundle, or a built-in model by its name; ``builtin:nli`` where absent.
            threads: Runs side by side, of one thread each; the physical cores if left out.
            batch_tokens: The most tokens of one run; more need more memory and are not faster.
            verify: Compute the checksums of the part's files first.

        Raises:
            PartUnavailable: If the part is absent, or its verdict is that it is not to be used.
            BundleError: If the bundle is none, is of another version, or is damaged.
            UsageError: If it is a model of sentence embeddings.
        """
        if path is None:
            path = default_model("score")
        manifest, onnx_file, encoder = read_onnx_part(path, verify)
        if manifest.dimension is not None:
            raise UsageError(
                "The model gives vectors of single texts, and no answers about pairs.",
                where=str(path),
                hint="samesay embed --help",
            )
        scorer = cls.from_parts(
            onnx_file,
            encoder,
            manifest.answers,
            manifest.sides,
            decision=manifest.decision,
            threads=threads,
            batch_tokens=batch_tokens,
        )
        scorer.checksum = manifest.checksum
        scorer._folder, scorer._threads_asked = located(path).absolute(), threads
        return scorer

    @classmethod
    def from_parts(
        cls,
        onnx_file: str | Path,
        encoder: PairEncoder,
        answers: Answers,
        sides: Sides,
        *,
        decision: Decision | None = None,
        threads: int | None = None,
        batch_tokens: int = BATCH_TOKENS,
    ) -> Scorer:
        """A scorer from a graph that is not in a bundle yet; for the parity check that decides whether it will be.

        Raises:
            BundleDamaged: If the file is no graph, or not one for these answers and this encoder.
        """
        size = encoder.vocabulary_size
        graph = Graph(Path(onnx_file), n_labels=len(answers.outputs), vocabulary_size=size, threads=threads)
        return cls(graph, encoder, answers, sides, decision=decision, batch_tokens=batch_tokens)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as the saved model's folder, from which it is opened and verified again.

        Raises:
            UsageError: If it was made of a graph that is in no saved model.
        """
        if self._folder is None:
            raise UsageError(
                "A Scorer made of its parts cannot be pickled: it knows of no saved model.",
                hint="make it in each process, or open a saved model: Scorer.open(path)",
            )
        how = (str(self._folder), self.checksum, self._threads_asked, self.batch_tokens)
        # What its user may have set since.
        return _opened_again, how, {name: vars(self)[name] for name in ("answers", "sides", "decision")}

    @property
    def labels(self) -> LabelSet:
        """The names of the columns of ``predict``.

        Raises:
            UsageError: If it is a similarity model.
        """
        return labels_of(self.answers)

    @property
    def max_length(self) -> int:
        """The most tokens of a pair that are read, special ones included."""
        return self.encoder.max_length

    def score(self, pairs: Any) -> list[Prediction]:
        """One prediction a pair, in the order of ``pairs``, with what was not read and which sides are empty.

        Args:
            pairs: Pairs, tuples of two texts, two columns in a tuple, a DataFrame and more: what ``PairModel.predict``
                takes; see ``samesay.PairTable.from_inputs``.

        Raises:
            UsageError: If they are no pairs, or could be read in two ways.
            EncodingInvalid: If a text holds half a character.
        """
        return self._predictions(*texts_from(pairs, sides=self.sides))

    def stream(self, pairs: Any, *, chunk: int = CHUNK_PAIRS) -> Iterator[Prediction]:
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

    def predict(self, pairs: Any) -> NDArray[np.float32]:
        """Probabilities ``(n_pairs, n_labels)`` or scores ``(n_pairs,)``, in the order of ``pairs``."""
        return self.read(pairs).values

    def read(self, pairs: Any, *, progress: ProgressListener | None = None) -> Predictions:
        """Probabilities or scores, and the truncation, of every pair, as arrays.

        Args:
            pairs: As for ``score``.
            progress: Hears the stage ``"score"`` after every run of the graph.
        """
        return self._values(*self._logits(*texts_from(pairs, sides=self.sides), progress))

    def begin(self, pairs: Any) -> Pending[Predictions]:
        """What ``read`` gives, begun and not waited for: computed while the caller does something else.

        All pairs are encoded before it returns, so many thousands at a time belong to ``read``.
        """
        encoded = self.encoder.encode(*self._as_read(*texts_from(pairs, sides=self.sides)))
        size, pad_id = self.batch_tokens, self.encoder.pad_id
        return Pending(
            self._graph,
            encoded,
            lambda *read: self._values(*self._answered(*read)),
            batch_tokens=size,
            pad_id=pad_id,
        )

    def logits(self, pairs: Any) -> NDArray[np.float32]:
        """The graph's own answers, before temperature and biases, shape ``(n_pairs, n_outputs)``.

        Of a symmetric model their mean over both orders.
        """
        return self._logits(*texts_from(pairs, sides=self.sides))[0]

    def _predictions(self, first: list[str], second: list[str]) -> list[Prediction]:
        read = self._values(*self._logits(first, second))
        return predictions_of(read, first, second, self.answers, self.sides, self.decision)

    def _values(self, logits: NDArray[np.float32], tokens_lost: NDArray[np.int32]) -> Predictions:
        return Predictions(values_of(logits, self.answers, self.decision), tokens_lost)

    def _logits(
        self, first: list[str], second: list[str], progress: ProgressListener | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        read_as = self._as_read(first, second)
        orders = len(read_as[0]) // max(len(first), 1)

        def of_pairs(heard: Progress) -> None:
            if progress is not None:
                progress(replace(heard, done=heard.done // orders, total=len(first)))

        read = logits_of(
            self._graph,
            self.encoder,
            self.encoder.encode_in_parts(*read_as),
            batch_tokens=self.batch_tokens,
            total=len(read_as[0]),
            stage="score",
            progress=of_pairs,
        )
        return self._answered(*read)

    def _as_read(self, first: list[str], second: list[str]) -> tuple[list[str], list[str]]:
        return (first + second, second + first) if self.decision.symmetric else (first, second)

    def _answered(
        self, logits: NDArray[np.float32], tokens_lost: NDArray[np.int32]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        return mean_of_orders(logits, tokens_lost) if self.decision.symmetric else (logits, tokens_lost)


def _opened_again(folder: str, checksum: str, threads: int | None, batch_tokens: int) -> Scorer:
    """A pickled scorer, from the folder that it was opened from."""
    scorer = Scorer.open(folder, threads=threads, batch_tokens=batch_tokens)
    if scorer.checksum != checksum:
        raise BundleDamaged(
            "Another model lies where the pickled one was opened.",
            where=folder,
            expected=f"the manifest with the checksum {checksum}",
            hint=f"open the model that is there now: Scorer.open({folder!r})",
        )
    return scorer


def read_onnx_part(path: str | Path, verify: bool) -> tuple[Manifest, Path, PairEncoder]:
    """What a saved model says of itself, its graph's file, and its tokenizer."""
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
