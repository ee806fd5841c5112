"""A table of pairs in memory, and the record of where they came from. Knows no files and no models."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.data.columns import order_of
from samesay.data.filters import REPEATED_HEADER
from samesay.data.labels.column import GoldReading, Place, read_labels
from samesay.data.labels.scores import holds_scores, read_scores
from samesay.data.options import ReadOptions
from samesay.data.python.inputs import Parts, parts_of
from samesay.data.rows import SkippedRow, folded
from samesay.errors import LabelMissing, NoRows, OneClassOnly, UsageError
from samesay.pairs import CHUNK_PAIRS, Answers, LabelSet, Pair, Scale, Sides, Task

_CHUNK_LETTERS = 4_000_000
# By task: what is missing, and what would do.
_MISSING: dict[Task, tuple[str, str]] = {
    "classification": ("labels", "a label for every pair"),
    "similarity": (
        "scores",
        "a similarity score for every pair, in a column that goes by its name or is named: "
        "--task similarity --columns score=NAME",
    ),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What ``load_pairs`` was called with, and what of the answer depends on it.

    Attributes:
        source: The source with its split and slice; a path is absolute.
        reading: How it was read; columns by role, where they were given.
        sides: What the two texts were called when they were read.
        labels: The label names in the order in which they were read; ``None`` for similarity scores and without labels.
        given_labels: Whether they were given.
        numbered: Whether numbers of the data stand for them, so that their order matters.
    """

    source: str
    reading: ReadOptions
    sides: Sides
    labels: LabelSet | None = None
    given_labels: bool = False
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """Where pairs came from and what was done on the way.

    Attributes:
        source: What the user wrote, or what kind of object it was.
        split: The split, where there is one.
        slice: The slice of it, such as ``[:20%]``.
        format: ``csv``, ``tsv``, ``jsonl``, ``parquet``, TFDS' own, or ``None`` for pairs that were never in a file.
        files: The files read, in order.
        columns: Role (``first``, ``second``, ``label``) to column.
        rows_read: How many rows the slice of the source has.
        rows_dropped: Reason to how many of them were left out.
        notes: What was decided that a user may want to know.
        skipped: The first of the rows that were left out because they could not be used.
        asked: How to ask for the very same pairs again; ``None`` for pairs of no source, or chosen out of one since.
    """

    source: str
    split: str | None = None
    slice: str | None = None
    format: str | None = None
    files: tuple[str, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    rows_read: int = 0
    rows_dropped: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    skipped: tuple[SkippedRow, ...] = ()
    asked: Asked | None = None

    def __str__(self) -> str:
        split = f":{self.split}" if self.split and f":{self.split}" not in self.source else ""
        cut = self.slice if self.slice and self.slice not in self.source else ""
        return f"{self.source}{split}{cut}"

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON types."""
        return {
            "source": self.source,
            "split": self.split,
            "slice": self.slice,
            "format": self.format,
            "files": list(self.files),
            "columns": dict(self.columns),
            "rows_read": self.rows_read,
            "rows_dropped": dict(self.rows_dropped),
            "notes": list(self.notes),
            "skipped": [row.to_dict() for row in self.skipped],
        }


@dataclass(frozen=True)
class PairTable:
    """The pairs of one split, in the order of their source.

    Attributes:
        first: The texts that a model reads first.
        second: The other texts.
        sides: What the two sides are called.
        origin: Where the pairs came from.
        answers: What the gold answers are: names of classes, or a scale of scores; ``None`` without gold answers.
        gold: Shape ``(n_pairs,)``: int32 indices into the names, or float32 scores; ``None`` without gold answers.
        columns: The source's other columns, as texts.
        row_numbers: Shape ``(n_pairs,)``, int64: every pair's row in its file, from 1, counted before any row
            was dropped; ``None`` where there was no source with rows.
    """

    first: Sequence[str]
    second: Sequence[str]
    sides: Sides
    origin: Origin
    answers: Answers | None = None
    gold: NDArray[Any] | None = None
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    row_numbers: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        n_pairs = len(self.first)
        lengths = {"second": len(self.second)} | {name: len(column) for name, column in self.columns.items()}
        if self.gold is not None:
            lengths["gold"] = len(self.gold)
        for name, length in lengths.items():
            if length != n_pairs:
                raise UsageError(
                    f"A table of pairs has {n_pairs} texts in first and {length} values in {name}."
                )
        if (self.answers is None) != (self.gold is None):
            raise UsageError("A table of pairs has gold answers and what they are, or neither.")
        if self.labels is not None and self.gold is not None and n_pairs:
            low, high = int(self.gold.min()), int(self.gold.max())
            if low < 0 or high >= len(self.labels):
                raise UsageError(
                    f"Label indices run from {low} to {high}.", expected=f"0 to {len(self.labels) - 1}"
                )

    def __len__(self) -> int:
        return len(self.first)

    @property
    def labels(self) -> LabelSet | None:
        """The names of the classes; ``None`` where the pairs have no gold labels."""
        return None if self.answers is None else self.answers.labels

    @property
    def scale(self) -> Scale | None:
        """The lowest and the highest score; ``None`` where the pairs have no gold scores."""
        return None if self.answers is None else self.answers.scale

    def require_gold(self, task: Task | None = None) -> NDArray[Any]:
        """The gold answers, shape ``(n_pairs,)``: indices into the labels, or scores on the scale.

        Raises:
            LabelMissing: If the pairs carry none, or none of ``task``.
        """
        if self.answers is not None and self.gold is not None and task in (None, self.answers.task):
            return self.gold
        what, expected = _MISSING[task or "classification"]
        raise LabelMissing(
            f"The pairs of {self.origin} carry no {what}.", where=str(self.origin), expected=expected
        )

    def label_names(self) -> list[str]:
        """Every pair's label by name.

        Raises:
            LabelMissing: If the pairs are unlabelled.
        """
        ids = self.require_gold("classification")
        return [] if self.labels is None else self.labels.in_texts(ids)

    def label_counts(self) -> dict[str, int]:
        """How many pairs carry each label, in the order of the labels, with 0 for those that none carries.

        Raises:
            LabelMissing: If the pairs are unlabelled.
        """
        ids, names = self.require_gold("classification"), self.labels or ()
        return dict(zip(names, np.bincount(ids, minlength=len(names)).tolist(), strict=True))

    def pairs(self) -> list[Pair]:
        """The pairs as objects, labels by name."""
        names: Sequence[str | None] = [None] * len(self) if self.labels is None else self.label_names()
        return [Pair(*triple) for triple in zip(self.first, self.second, names, strict=True)]

    def chunks(self) -> Iterator[list[Pair]]:
        """The pairs without their labels, ``CHUNK_PAIRS`` at a time: fewer where texts are long."""
        chunk: list[Pair] = []
        n_letters = 0
        for pair in map(Pair, self.first, self.second):
            chunk.append(pair)
            n_letters += len(pair.first) + len(pair.second)
            if len(chunk) == CHUNK_PAIRS or n_letters > _CHUNK_LETTERS:
                yield chunk
                chunk, n_letters = [], 0
        if chunk:
            yield chunk

    def row_number(self, place: int) -> int:
        """The row of one pair in its source, from 1; its place in the table where the source has no rows."""
        return place + 1 if self.row_numbers is None else int(self.row_numbers[place])

    def select(self, indices: Sequence[int] | NDArray[Any]) -> PairTable:
        """The pairs at ``indices`` (or where a mask is true), in their order; label names stay whole."""
        rows = np.asarray(indices)
        if rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        rows = rows.astype(np.int64)
        places = rows.tolist()
        return replace(
            self,
            first=[self.first[place] for place in places],
            second=[self.second[place] for place in places],
            gold=None if self.gold is None else self.gold[rows],
            columns={name: [column[place] for place in places] for name, column in self.columns.items()},
            row_numbers=None if self.row_numbers is None else self.row_numbers[rows],
            origin=replace(self.origin, asked=None),
        )

    def with_sides(self, sides: Sides) -> PairTable:
        """The same pairs as a model reads them whose sides are ``sides``.

        Names that are reversed swap the texts; other names are matched by role (``sentence1`` is to
        ``sentence2`` as ``premise`` is to ``hypothesis``). Where the roles are not known the order stays, and
        a note says so.
        """
        if sides == self.sides:
            return self
        if set(sides) == set(self.sides):
            return self._renamed(sides, swap=True)
        mine, theirs = order_of(self.sides), order_of(sides)
        if mine is None or theirs is None:
            return self._renamed(
                sides, swap=False, note=f"read {self.sides} as {sides}: their roles are not known"
            )
        swap = mine != theirs
        return self._renamed(
            sides, swap=swap, note=f"read {self.sides} as {sides}{', swapped' if swap else ''}"
        )

    def with_answers(self, answers: Answers) -> PairTable:
        """The same pairs, their labels indexed into other names by name, or their scores on another scale.

        Raises:
            LabelMissing: If the pairs have no gold answers of this kind.
            LabelMismatch: If a pair carries a name that ``answers`` lacks.
            ScoreInvalid: If a score is outside the scale.
        """
        gold = self.require_gold(answers.task)
        assert self.answers is not None
        return replace(self, answers=answers, gold=answers.adopt(gold, self.answers, where=str(self.origin)))

    def fingerprint(self) -> str:
        """SHA-256 of texts and gold answers in order, in hexadecimal: equal data, equal fingerprint."""
        gold = [""] * len(self)
        if self.answers is not None and self.gold is not None:
            gold = self.answers.in_texts(self.gold)
        return _fingerprint(zip(self.first, self.second, gold, strict=True))

    def text_fingerprint(self) -> str:
        """SHA-256 of the texts alone, in order and side by side, in hexadecimal."""
        return _fingerprint(zip(self.first, self.second, strict=True))

    def pair_hashes(self) -> NDArray[np.uint64]:
        """A short hash of every pair, shape ``(n_pairs,)``, to find pairs that were trained on.

        Case, runs of blanks and which text comes first make no difference, since a pair leaks all the same.
        """
        return np.fromiter(map(_pair_number, self.first, self.second), np.uint64, len(self))

    @classmethod
    def from_inputs(
        cls,
        x: Any,
        y: Any = None,
        *,
        labels: LabelSet | Sequence[str] | None = None,
        scale: Scale | None = None,
        sides: Sides | None = None,
        need_labels: bool | None = None,
        allow_empty_sides: bool = False,
        prefer: Sequence[str] = (),
    ) -> PairTable:
        """Make a table of what Python users pass.

        Args:
            x: An iterable of pairs, each a ``Pair`` or a tuple or list of two texts, or an array of shape
                ``(n_pairs, 2)``; a tuple of two columns of texts, first sides and second sides; a DataFrame, an Arrow
                table or a dict of columns; a ``PairTable``; a dataset of ``tf.data``, grain or Hugging Face
                (``samesay.data.python.objects``), or a dict of them by split. Bytes are read as UTF-8. A column is a
                list or an array of shape ``(n_pairs,)`` or ``(n_pairs, 1)`` of any library.
            y: A label (by name or number) or a score for every pair, a column; not with a table or with pairs that
                carry their own. Where there are two ``labels``, False is the first of them and True the second.
            labels: The label names, if known; numbers index them.
            scale: The scale of the scores, if the answers are scores; where neither it nor ``labels`` is given, numbers
                of which some lie between whole numbers are scores.
            sides: The names and reading order of the sides. A DataFrame's columns are found by them or by their
                roles; texts without names are already in reading order.
            need_labels: ``True`` to refuse pairs without labels, ``False`` to leave labels aside, ``None`` to
                take them where they are.
            allow_empty_sides: Keep pairs whose first or second text is empty.
            prefer: Of datasets by split, the first of these that exists is taken.

        Returns:
            The pairs in their order. Those without a gold label (-1, "-", empty, None) are dropped and counted.

        Raises:
            UsageError: If the inputs are of another type, could be read in two ways, or their lengths differ.
            ColumnNotFound: If a DataFrame's columns do not show the sides.
            SplitNotFound: If there are several splits, and none of them is preferred.
            LabelMissing, LabelUnknown, EmptySide, EncodingInvalid, NoRows: As for files.
        """
        labels = None if labels is None else LabelSet.of(labels)
        if isinstance(x, PairTable):
            return x._adapted(y, labels, scale, sides, need_labels)
        parts = parts_of(x, y, sides, need_labels, "similarity" if scale else None, prefer)
        if not allow_empty_sides:
            parts.refuse_empty()
        n_rows = len(parts.first)
        if need_labels and parts.labels is None:
            raise LabelMissing(
                "The pairs carry no labels.", expected="labels as y, in the pairs, or in a column"
            )
        # Where labels are left aside every pair is to be answered, one as good as the other.
        rows = list(range(n_rows)) if need_labels is False else parts.leave_out_headers()
        reading = None
        if parts.labels is not None and need_labels is not False:
            reading = _read_gold(parts, parts.labels, rows, labels, scale)
        reasons = reading.reasons if reading else [None] * len(rows)
        keep = [index for index, reason in enumerate(reasons) if reason is None]
        if not keep and rows:
            raise NoRows(f"None of the {len(rows):,} pairs has a gold answer.", where=parts.source)
        dropped = Counter({REPEATED_HEADER: n_rows - len(rows)} if len(rows) < n_rows else {})
        dropped.update(reason for reason in reasons if reason is not None)
        origin = Origin(
            source=parts.source,
            split=parts.split,
            columns=parts.mapping,
            rows_read=n_rows,
            rows_dropped=dict(dropped),
            notes=(*parts.notes, *(reading.notes if reading else ()), *parts.splits_note()),
        )
        return cls(
            [parts.first[index] for index in keep],
            [parts.second[index] for index in keep],
            sides=parts.sides,
            origin=origin,
            answers=reading and reading.answers,
            gold=reading and reading.gold[keep],
            columns={name: [column[index] for index in keep] for name, column in parts.columns.items()},
            row_numbers=np.array([rows[index] for index in keep], dtype=np.int64) + 1,
        )

    def _adapted(
        self,
        y: Any,
        labels: LabelSet | None,
        scale: Scale | None,
        sides: Sides | None,
        need_labels: bool | None,
    ) -> PairTable:
        """These pairs, as ``from_inputs`` is asked for them."""
        if y is not None:
            raise UsageError(
                "Labels were passed beside a table that is read with its own.", expected="y=None"
            )
        if need_labels and self.answers is None:
            raise LabelMissing(f"The pairs of {self.origin} carry no labels.", where=str(self.origin))
        table = self if sides is None else self.with_sides(sides)
        wanted = (answers for answers in (labels, scale) if answers is not None and need_labels is not False)
        for answers in wanted:
            if table.answers is not None and table.answers.task == answers.task:
                table = table.with_answers(answers)
        return table

    def _renamed(self, sides: Sides, *, swap: bool, note: str | None = None) -> PairTable:
        origin = self.origin
        if swap and "first" in origin.columns and "second" in origin.columns:
            columns = origin.columns | {"first": origin.columns["second"], "second": origin.columns["first"]}
            origin = replace(origin, columns=columns)
        if note:
            origin = replace(origin, notes=(*origin.notes, note))
        first, second = (self.second, self.first) if swap else (self.first, self.second)
        return replace(self, first=first, second=second, sides=sides, origin=origin)


def _read_gold(
    parts: Parts, values: Sequence[Any], rows: Sequence[int], labels: LabelSet | None, scale: Scale | None
) -> GoldReading:
    """Scores where a scale is given, the column is one of scores or the values are; else labels."""
    place: Place = lambda index: f"{parts.source} row {rows[index] + 1}"  # noqa: E731
    if scale or "score" in parts.mapping or (labels is None and holds_scores(values)):
        return read_scores(values, place=place, scale=scale)
    column = parts.mapping.get("label", "y")
    declared = labels or parts.class_names
    return read_labels(values, sides=parts.sides, place=place, declared=declared, column=column)


def _fingerprint(rows: Iterable[tuple[str, ...]]) -> str:
    digest = hashlib.sha256()
    for text in chain.from_iterable(rows):
        raw = text.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


def _pair_number(first: str, second: str) -> int:
    return text_number(*sorted(map(folded, (first, second))))


def text_number(*texts: str) -> int:
    """A short hash of texts that are ``folded``, in their order, 64 bits: millions of them are held in an array."""
    raw = "\0".join(texts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(raw, digest_size=8).digest(), "big")


def require_contrast(table: PairTable) -> None:
    """Refuse to train on pairs whose gold answers are all the same.

    Raises:
        LabelMissing: If the pairs carry none.
        OneClassOnly: If fewer than two labels, or two scores, occur.
    """
    if table.scale is None:
        require_classes(table)
    elif len(np.unique(table.require_gold())) < 2:
        raise OneClassOnly(
            f"All {len(table):,} pairs carry one score: there is nothing to distinguish.",
            where=str(table.origin),
            expected="pairs of two scores or more",
        )


def require_classes(table: PairTable) -> None:
    """Refuse to train on pairs that all carry one label.

    Raises:
        LabelMissing: If the pairs are unlabelled.
        OneClassOnly: If fewer than two labels occur.
    """
    counts = {name: count for name, count in table.label_counts().items() if count}
    if len(counts) < 2:
        only = next(iter(counts), None)
        raise OneClassOnly(
            f"All {len(table):,} pairs carry the label {only!r}: there is nothing to distinguish.",
            where=str(table.origin),
            expected="pairs of two labels or more",
            hint="a slice of a sorted file may hold one class only; shuffle the file, or take a wider slice",
            details={"label_counts": counts},
        )
