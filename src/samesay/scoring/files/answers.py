"""Rows with a model's answers, and what there is to report of them. Knows rows and answers, no files and no formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from samesay.data.rows import SkippedRow
from samesay.data.stream import PairRow
from samesay.decision import Predictions, decide
from samesay.errors import DataError, RowMalformed, TruncationRefused, UsageError
from samesay.pairs import LabelSet, Scale, is_empty
from samesay.scoring.files.intake import Chunk
from samesay.scoring.files.workers import Model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PLACES_KEPT = 5
FILE_COLUMN = "file"


@dataclass(frozen=True, slots=True)
class AnsweredRow:
    """A row as it will be written, and what is counted of it.

    Attributes:
        taken: The row that was read.
        values: Its columns and the added ones.
        answer: The label, or the score.
        abstained: Whether the model is not confident of its label.
        tokens_lost: Tokens of the first and of the second text that were not read.
        empty_side: Whether there is nothing to read in one of the texts.
    """

    taken: PairRow
    values: dict[str, Any]
    answer: str | float
    abstained: bool
    tokens_lost: tuple[int, int]
    empty_side: bool


@dataclass
class Tally:
    """Counts of answered rows; adds up, and goes through JSON.

    Attributes:
        rows: Rows written.
        labels: How often each label was given.
        score_sum: Of all scores.
        abstained: Rows of whose label the model is not confident.
        truncated: Rows of which part was not read.
        truncated_places: Where the first of them stand.
        tokens_lost: Tokens of the first and of the second text that were not read.
        empty_sides: Rows with an empty text.
        skipped: Rows left out.
        skipped_codes: How often for which reason, by the errors' codes.
    """

    rows: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    score_sum: float = 0.0
    abstained: int = 0
    truncated: int = 0
    truncated_places: list[str] = field(default_factory=list)
    tokens_lost: tuple[int, int] = (0, 0)
    empty_sides: int = 0
    skipped: int = 0
    skipped_codes: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Sequence[AnsweredRow], skipped: Sequence[SkippedRow]) -> Tally:
        """The counts of a chunk."""
        answers = [row.answer for row in rows]
        cut = [row for row in rows if any(row.tokens_lost)]
        return cls(
            rows=len(rows),
            labels=dict(Counter(answer for answer in answers if isinstance(answer, str))),
            score_sum=sum(answer for answer in answers if isinstance(answer, float)),
            abstained=sum(row.abstained for row in rows),
            truncated=len(cut),
            truncated_places=[row.taken.place for row in cut[:_PLACES_KEPT]],
            tokens_lost=(sum(row.tokens_lost[0] for row in cut), sum(row.tokens_lost[1] for row in cut)),
            empty_sides=sum(row.empty_side for row in rows),
            skipped=len(skipped),
            skipped_codes=dict(Counter(row.code for row in skipped)),
        )

    def add(self, other: Tally) -> None:
        """Add the counts of rows that follow these."""
        for name in ("rows", "score_sum", "abstained", "truncated", "empty_sides", "skipped"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.truncated_places = (self.truncated_places + other.truncated_places)[:_PLACES_KEPT]
        mine, theirs = self.tokens_lost, other.tokens_lost
        self.tokens_lost = (mine[0] + theirs[0], mine[1] + theirs[1])
        for name in ("labels", "skipped_codes"):
            setattr(self, name, dict(Counter(getattr(self, name)) + Counter(getattr(other, name))))


@dataclass(frozen=True, slots=True)
class Answering:
    """How answers become columns of a table.

    Attributes:
        model: Whose answers they are.
        added: What the added columns are called, by what they hold, in order.
        refuse_truncated: Whether a pair that is longer than the model reads is refused.
        skip: Whether a refused row is left out instead of ending everything.
    """

    model: Model
    added: dict[str, str]
    refuse_truncated: bool
    skip: bool

    def rows(self, chunk: Chunk, answers: Predictions) -> tuple[list[AnsweredRow], list[SkippedRow]]:
        """The rows of a chunk with their answers, and those that were left out, in their order."""
        kept, skipped = [], list(chunk.skipped)
        columns = _answer_columns(answers.values, self.model)
        may_abstain = self.model.decision.may_abstain
        lost = [(first, second) for first, second in answers.tokens_lost.tolist()]
        if self.refuse_truncated and not self.skip:
            self._refuse_all([row for row, each in zip(chunk.rows, lost, strict=True) if any(each)])
        for taken, pair, answer, tokens_lost in zip(chunk.rows, chunk.pairs, columns, lost, strict=True):
            try:
                self._require_free_names(taken)
                if self.refuse_truncated and any(tokens_lost):
                    raise self._too_long(taken)
            except DataError as error:
                if not self.skip:
                    raise
                skipped.append(taken.skipped(error))
                continue
            file = [taken.file] if FILE_COLUMN in self.added else []
            empty_side = is_empty(pair.first) or is_empty(pair.second)
            added = (*file, *answer, any(tokens_lost), empty_side)
            values = {**taken.row.values, **dict(zip(self.added.values(), added, strict=True))}
            kept.append(
                AnsweredRow(taken, values, answer[0], may_abstain and answer[1], tokens_lost, empty_side)
            )
        return kept, skipped

    def _require_free_names(self, row: PairRow) -> None:
        """Refuse a row that has a key as an answer is called and the first row, which named them, has not."""
        clash = next((name for name in self.added.values() if name in row.row.values), None)
        if clash is not None:
            raise RowMalformed(
                f"The row has {clash!r}, as the model's answer is called; the first row has not.",
                where=row.place,
                expected="the same keys in every row",
            )

    def _refuse_all(self, too_long: Sequence[PairRow]) -> None:
        if too_long:
            error = self._too_long(too_long[0])
            places = [row.place for row in too_long[:_PLACES_KEPT]]
            error.details.update(rows=len(too_long), places=places)
            raise error

    def _too_long(self, row: PairRow) -> TruncationRefused:
        return TruncationRefused(
            f"The pair is longer than the {self.model.max_length} tokens that the model reads.",
            where=row.place,
            expected=f"at most {self.model.max_length} tokens of both sides together",
            hint="--on-truncate warn scores what fits, and marks these rows",
        )


def added_columns(
    existing: Sequence[str], model: Model, *, where: str, tell_file: bool = False
) -> dict[str, str]:
    """What the added columns are called.

    ``label`` and ``probability_<label>``, or ``score``; then ``truncated`` and ``empty_side``.
    A model that may abstain adds ``abstained`` after the label: its label stays, for who wants it all the same.
    One whose name the table uses already, such as a gold ``label``, is called ``predicted_<name>``. Before them comes,
    where there are several inputs, the ``file`` that a row is from, or ``source_file``.

    Returns:
        From what a column holds, by its usual name, to its name in this table, in order.
    """
    taken = set(existing)
    answer = ["score"]
    if isinstance(model.answers, LabelSet):
        answer = [
            "label",
            *["abstained"] * model.decision.may_abstain,
            *(f"probability_{name}" for name in model.answers),
        ]
    usual = [*answer, "truncated", "empty_side"]
    added = {name: f"predicted_{name}" if name in taken else name for name in usual}
    if tell_file:
        added = {FILE_COLUMN: f"source_{FILE_COLUMN}" if FILE_COLUMN in taken else FILE_COLUMN} | added
    clash = [name for name in added.values() if name in taken]
    if clash or len(set(added.values())) != len(added):
        raise UsageError(
            f"The table has a column {(clash or usual)[0]!r}, as the model's answers would be called.",
            where=where,
            expected=f"columns other than {', '.join(usual)} and predicted_…",
            hint="rename or drop that column, or score the table from which this one was made",
        )
    return added


def _answer_columns(values: NDArray[np.float32], model: Model) -> list[list[Any]]:
    """The label, whether the model abstains, and every probability; or the score: the shortest text of this float32."""
    if isinstance(model.answers, Scale):
        return [[float(str(score))] for score in values]
    decided = decide(values, model.answers, model.decision)
    return [
        [
            model.answers.names[best],
            *[unsure] * model.decision.may_abstain,
            *(float(str(share)) for share in row),
        ]
        for best, unsure, row in zip(
            decided.label_ids.tolist(), decided.abstained.tolist(), values, strict=True
        )
    ]


def renamed(added: Mapping[str, str]) -> str | None:
    """A note about the added columns that could not be called as usual."""
    others = [f"{usual} is {name}" for usual, name in added.items() if usual != name]
    return f"the table has columns of these names already: {', '.join(others)}" if others else None
