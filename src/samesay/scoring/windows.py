"""A long source held against a short claim: read in overlapping windows of sentences, one of which decides.

Sentences are found by `sentencex` (docs/decisions/0016-sentences-by-sentencex.md). Knows no files.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from samesay.data.python.inputs import texts_from
from samesay.decision import Decision, Predictions, decisions_of
from samesay.errors import ExtraMissing, UsageError
from samesay.pairs import Answers, Pair, Prediction, Sides, empty_sides, labels_of
from samesay.scoring.matching import PairReader, asking_side, positive_label

if TYPE_CHECKING:
    from numpy.typing import NDArray

Rule = Literal["nearest", "any"]
RULES: tuple[Rule, ...] = ("nearest", "any")
_CONTRADICTION = "contradiction"
# Chosen on the tuning half of SNLI validation, each premise among 19 others (decision 0024): from which probability on
# a yes decides by itself, and what an answer weighs beside nearness.
_SURE = 0.8
_WEIGHT_OF_ANSWERS = 0.375
# A letter of a script that is written without blanks is a word of its own.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")


@dataclass(frozen=True, slots=True)
class Span:
    """Part of a text, as offsets in characters: ``text[start:end]``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WindowPrediction:
    """The verdict on a pair with a long side, and where it comes from.

    Attributes:
        prediction: The answer for the deciding window and the short side.
        side: The side that was read in windows.
        window: The deciding window's text.
        start: Where it begins in that side, in characters from 0.
        end: Where it ends; ``source[start:end] == window``.
        n_windows: How many windows were read.
        n_truncated: How many of them were longer than the model reads.
    """

    prediction: Prediction
    side: str
    window: str
    start: int
    end: int
    n_windows: int
    n_truncated: int

    def to_dict(self) -> dict[str, Any]:
        """The verdict as JSON types."""
        return {
            "label": self.prediction.label,
            "probabilities": self.prediction.probabilities,
            "abstained": self.prediction.abstained,
            "truncated": self.prediction.truncated,
            "empty_sides": list(self.prediction.empty_sides),
            "side": self.side,
            "window": self.window,
            "start": self.start,
            "end": self.end,
            "windows": self.n_windows,
            "windows_truncated": self.n_truncated,
        }


class WindowedScorer:
    """A `Predictor` around another one that reads one side in windows of sentences.

    The rule, where *positive* is the label by which the model says yes (``entailment``, ``same`` …):

    1. Of the windows whose positive probability is above 0.8, the one decides in which that probability and nearness
       add up to most. The maximum over a document's sentences is the rule of SummaC-ZS (Laban et al. 2022, "SummaC:
       Re-Visiting NLI-based Models for Inconsistency Detection in Summarization").
    2. Where there is none, the one that is highest in nearness + 0.375 · (positive - negative probability), where
       *negative* is ``contradiction``, or the other one of two labels.

    *Nearness* is in words and in spelling: see ``nearness``. A window about something else says nothing, but models
    trained on captions, where both sentences are of one picture, call it a contradiction: therefore a contradiction
    decides only where the window is near. The verdict is the deciding window's own answer, so its probabilities are
    the model's and sum to 1. With ``rule="any"`` the highest negative answer of any window decides before rule 2.

    >>> windowed = WindowedScorer(Scorer.open("my-model"), sentences=2)            # doctest: +SKIP
    >>> windowed.score([Pair(page, "The shop is open on Sundays.")])[0].window          # doctest: +SKIP

    Args:
        scorer: What answers for one window.
        side: The side that is long, by name, or ``first`` or ``second``. Where absent, the one that the other is held
            against (premise, evidence, context, passage …); where the names do not tell, the longer text.
        sentences: Sentences of a window. One is measured to be best where sentences stand for themselves; take more
            where they refer to one another.
        overlap: Sentences that a window shares with the next; half of them where absent.
        label: The positive label, where its name does not tell.
        rule: ``"nearest"`` or ``"any"``.
        language: Whose abbreviations are known when sentences are found, as an ISO 639 code.
    """

    def __init__(
        self,
        scorer: PairReader,
        *,
        side: str | None = None,
        sentences: int = 1,
        overlap: int | None = None,
        label: str | None = None,
        rule: Rule = "nearest",
        language: str = "en",
    ) -> None:
        self._scorer = scorer
        self.sentences = sentences
        self.overlap = sentences // 2 if overlap is None else overlap
        if sentences < 1 or not 0 <= self.overlap < sentences:
            raise UsageError(
                f"Windows of {sentences} sentences cannot share {self.overlap}.",
                where="sentences, overlap",
                expected="at least 1 sentence, and an overlap of at least 0 and less than that",
            )
        if rule not in RULES:
            raise UsageError(f"There is no rule {rule!r}.", where="rule", expected=" or ".join(RULES))
        asking = asking_side(scorer.sides)
        self.side = (
            scorer.sides.named(side, where="side")
            if side is not None
            else scorer.sides.other(asking)
            if asking is not None
            else None
        )
        self.labels = labels_of(scorer.answers)
        self.positive = positive_label(self.labels, label)
        others = [name for name in self.labels if name != self.positive]
        self.negative = (
            _CONTRADICTION if _CONTRADICTION in others else others[0] if len(others) == 1 else None
        )
        self.rule = rule
        self.language = language

    @property
    def answers(self) -> Answers:
        """The names of the columns of ``predict``."""
        return self.labels

    @property
    def sides(self) -> Sides:
        """What the first and the second text of a pair are called."""
        return self._scorer.sides

    def predict(self, pairs: Any) -> NDArray[np.float32]:
        """The probabilities of every pair's deciding window, shape ``(n_pairs, n_labels)``."""
        return self.read(pairs).values

    def read(self, pairs: Any) -> Predictions:
        """The deciding windows' probabilities, ``(n_pairs, n_labels)``, and lost tokens, ``(n_pairs, 2)``."""
        verdicts = [found.prediction for found in self.score(pairs)]
        probabilities = [list(one.probabilities.values()) for one in verdicts]
        lost = [one.tokens_lost for one in verdicts]
        return Predictions(
            np.array(probabilities, np.float32).reshape(len(verdicts), len(self.labels)),
            np.array(lost, np.int32).reshape(len(verdicts), 2),
        )

    @property
    def decision(self) -> Decision:
        """The model's policy."""
        return getattr(self._scorer, "decision", Decision())

    def score(self, pairs: Any) -> list[WindowPrediction]:
        """The verdict on every pair, in any form that ``Scorer.score`` takes; all windows are read together."""
        asked: list[Pair] = []
        cuts: list[tuple[str, str, str, list[Span]]] = []
        for first, second in zip(*texts_from(pairs, sides=self.sides), strict=True):
            side = self.side or (self.sides.first if len(first) >= len(second) else self.sides.second)
            source, claim = (first, second) if side == self.sides.first else (second, first)
            spans = windows(
                source, sentences=self.sentences, overlap=self.overlap, language=self.language
            ) or [Span(0, len(source))]
            asked += [self.sides.pair(side, source[span.start : span.end], claim) for span in spans]
            cuts.append((side, source, claim, spans))
        rows, lost = self._scorer.read(asked)
        found = []
        begin = 0
        for side, source, claim, spans in cuts:
            texts = [source[span.start : span.end] for span in spans]
            part = slice(begin, begin + len(spans))
            best = self._deciding(rows[part], texts, claim)
            found.append(
                WindowPrediction(
                    self._prediction(
                        rows[part][best], lost[part][best], self.sides.pair(side, source, claim)
                    ),
                    side,
                    texts[best],
                    spans[best].start,
                    spans[best].end,
                    n_windows=len(spans),
                    n_truncated=int(lost[part].any(axis=1).sum()),
                )
            )
            begin += len(spans)
        return found

    def _deciding(self, rows: NDArray[np.float32], texts: Sequence[str], claim: str) -> int:
        near = nearness(texts, claim)
        yes = rows[:, self.labels.index(self.positive)]
        no = rows[:, self.labels.index(self.negative)] if self.negative else np.zeros_like(yes)
        sure = yes > _SURE
        if sure.any():
            return int(np.where(sure, yes + near, -np.inf).argmax())
        if self.rule == "any" and self.negative is not None:
            against = decisions_of(self, rows).label_ids == self.labels.index(self.negative)
            if against.any():
                return int(np.where(against, no, -np.inf).argmax())
        return int((near + _WEIGHT_OF_ANSWERS * (yes - no)).argmax())

    def _prediction(self, row: NDArray[np.float32], lost: NDArray[np.int32], pair: Pair) -> Prediction:
        decided = decisions_of(self, row[None])
        return Prediction(
            self.labels.names[int(decided.label_ids[0])],
            dict(zip(self.labels, row.tolist(), strict=True)),
            (int(lost[0]), int(lost[1])),
            abstained=bool(decided.abstained[0]),
            empty_sides=empty_sides(pair.first, pair.second, self.sides),
        )


def sentence_spans(text: str, *, language: str = "en") -> list[Span]:
    """Where the sentences of a text stand, blanks around them left out; none for a text of blanks."""
    try:
        import sentencex
    except ModuleNotFoundError:
        raise ExtraMissing.of("windows", "sentencex", "Reading a long text in windows") from None

    spans = []
    for found in sentencex.get_sentence_boundaries(language, text):  # type: ignore[attr-defined]
        sentence = text[found["start_index"] : found["end_index"]]
        if sentence.strip():
            start = found["start_index"] + len(sentence) - len(sentence.lstrip())
            spans.append(Span(start, start + len(sentence.strip())))
    return spans


def windows(text: str, *, sentences: int, overlap: int, language: str = "en") -> list[Span]:
    """Windows over a text, the last of which ends with it; one that covers all where there are few sentences."""
    found = sentence_spans(text, language=language)
    if len(found) <= sentences:
        return [Span(found[0].start, found[-1].end)] if found else []
    starts = list(range(0, len(found) - sentences + 1, sentences - overlap))
    if starts[-1] + sentences < len(found):
        starts.append(len(found) - sentences)
    return [Span(found[start].start, found[start + sentences - 1].end) for start in starts]


def nearness(texts: Sequence[str], claim: str) -> NDArray[np.float64]:
    """How near each text is to the claim, shape ``(n_texts,)``, in [0, 1].

    The mean of two metrics, each over that of the nearest text: the weight of the claim's words that the text has, and
    the cosine of the weights of runs of 3 to 5 characters, in which *running* is near to *runs*. A word or run weighs
    log((1 + n) / (1 + n_with)) + 1 of the n texts, as in TF-IDF with smoothing.
    """
    claim_words, claim_runs = _words(claim), _runs(claim)
    words, runs = [_words(text) for text in texts], [_runs(text) for text in texts]
    of_words = _weights([*words, claim_words], len(texts))
    of_runs = _weights([*runs, claim_runs], len(texts), squared=True)
    # Summed in one order everywhere: the order of a set differs from run to run.
    shared = [math.fsum(of_words[word] for word in claim_words & one) for one in words]
    cosines = [
        math.fsum(of_runs[run] for run in claim_runs & one)
        / math.sqrt(
            math.fsum(of_runs[run] for run in one) * math.fsum(of_runs[run] for run in claim_runs) or 1.0
        )
        for one in runs
    ]
    return np.mean([np.array(each) / (max(each) or 1.0) for each in (shared, cosines)], axis=0)


def _weights(sets: Sequence[set[str]], n_texts: int, *, squared: bool = False) -> dict[str, float]:
    """The weight of everything that occurs; the last of ``sets`` is the claim's, and counts for none."""
    having = Counter(each for one in sets[:-1] for each in one)
    power = 2 if squared else 1
    return {each: (math.log((1 + n_texts) / (1 + having[each])) + 1) ** power for one in sets for each in one}


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _runs(text: str) -> set[str]:
    spaced = f" {' '.join(_WORD.findall(text.casefold()))} "
    return {spaced[at : at + length] for length in (3, 4, 5) for at in range(len(spaced) - length + 1)}
