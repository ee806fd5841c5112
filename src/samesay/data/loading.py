"""From a source to tables of pairs: read, cut, filtered, mapped, labelled, checked, and all of it recorded.

Knows no formats (``formats``), no spellings of labels (``labels``) and no names of columns (``columns``).
"""

from __future__ import annotations

import shlex
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.data.bounds import require_few_rows
from samesay.data.columns import LABEL, ColumnMap, as_scores
from samesay.data.filters import (
    DECIDING_ROWS,
    REPEATED_HEADER,
    RowFilter,
    conditions_in,
    decoded_literal,
    literals_note,
    most_are_literals,
)
from samesay.data.labels.column import GoldReading, read_labels
from samesay.data.labels.scores import (
    holds_decimal_commas,
    holds_scores,
    read_scores,
    with_point,
)
from samesay.data.options import ReadOptions
from samesay.data.rows import Row, RowColumn, RowStore, SkippedRow, SkippedRows, place, side_text, text_of
from samesay.data.sources.corpora import Corpus
from samesay.data.sources.locate import Source, locate
from samesay.data.splits import SPLITS, Slice, split_column, split_of, splits_note
from samesay.data.stream import PairRows
from samesay.data.table import Asked, Origin, PairTable
from samesay.errors import EmptySide, LabelMissing, NoRows, SliceInvalid, SplitNotFound
from samesay.pairs import LabelSet, Scale, is_empty
from samesay.printable import command

_MOST_PLACES_SHOWN = 5


def load_pairs(
    source: str | Path,
    reading: ReadOptions | None = None,
    *,
    need_labels: bool | None = True,
    prefer: Sequence[str] = (),
    texts_in: Path | None = None,
    target_labels: LabelSet | None = None,
    **options: Any,
) -> PairTable:
    """Load one split of a source.

    A file in which a column names every row's split (train, dev, test) is read as a folder of these splits is.

    Args:
        source: A file, a folder of splits, ``-``, or a built-in name; ``:split`` and a slice may follow
            (``samesay.data.sources.locate`` lists the words).
        reading: How it is read where it does not show it.
        need_labels: ``True``: pairs without gold label are dropped and counted, and a source without labels
            is refused. ``False``: labels are not looked at, every pair stays. ``None``: as ``True`` where
            there is a label column, else as ``False``.
        prefer: Where ``source`` has several splits and none is named, the first of these that exists is
            taken.
        texts_in: A folder: beyond 64 MB of rows the texts lie in an unnamed file there, as long as the table lives,
            and not in memory. Where the disk fills they come back to memory, with a warning.
        target_labels: The labels of a model, or of training pairs, that the data should have: it is read as without
            them where that gives these names, else as if they were ``labels``.
        **options: Fields of ``ReadOptions`` that differ from ``reading``: ``columns``, ``labels``, ``split`` and so on.

    Returns:
        The pairs in the order of the source.

    Raises:
        DataError: One of its leaves, with file and line where there is one.
        ExtraMissing: For a Parquet file without pyarrow, or a workbook without openpyxl.
    """
    reading = replace(reading or ReadOptions(), **options)
    located = locate(source, split=reading.split)
    asked = SPLITS[0] if located.part else located.only_split(prefer)
    if need_labels and located.corpus is not None and asked in located.corpus.unlabelled:
        raise LabelMissing(
            f"The authors of {located.name} keep the labels of its split {asked!r}.",
            where=f"{located.name}:{asked}",
            expected="a split with labels",
            hint=command(f"{located.name}:validation"),
        )
    tables = _Reading(reading, need_labels, texts_in, target_labels).tables(located, [asked], parts=prefer)
    (table,) = tables.values()
    return table


def load_splits(
    source: str | Path,
    reading: ReadOptions | None = None,
    *,
    need_labels: bool | None = True,
    texts_in: Path | None = None,
    require_learned: bool = False,
    **options: Any,
) -> dict[str, PairTable]:
    """Load the splits called train, validation and test, those that exist, with one set of labels for all.

    A file is a train split, unless a column names every row's; where a split is named, by the source or by ``split``,
    it is the only one. Arguments as for ``load_pairs``, and ``require_learned`` refuses labels of validation that no
    training pair has.

    Raises:
        LabelMismatch: If there are such labels.
        SplitNotFound: If none of the three exists.
        SliceInvalid: If a slice is given for several splits at once.
        DataError: As ``load_pairs``.
    """
    reading = replace(reading or ReadOptions(), **options)
    located = locate(source, split=reading.split)
    if located.part:
        wanted = [SPLITS[0]]
    elif located.split is not None or len(located.splits) == 1:
        wanted = [located.only_split()]
    else:
        kept_back = located.corpus.unlabelled if located.corpus is not None and need_labels else ()
        wanted = [name for name in SPLITS if name in located.splits and name not in kept_back]
    if not wanted:
        raise SplitNotFound(
            f"The folder {located.name} has no file called train, validation or test; "
            f"it has {', '.join(located.splits)}.",
            where=located.name,
            expected="a split by one of these names",
            hint=f"name the one that you mean: {command(f'{located.name}:{next(iter(located.splits))}')}",
        )
    if located.slice is not None and len(wanted) > 1:
        raise SliceInvalid(
            f"{located.text!r} cuts {len(wanted)} splits at once: {', '.join(wanted)}.",
            where=located.name,
            expected="a slice of one split",
            hint=command(f"{located.name}:{wanted[0]}{located.slice}"),
        )
    asked = _Reading(reading, need_labels, texts_in, None, require_learned)
    return asked.tables(located, wanted, parts=SPLITS, all_parts=True)


def split_names(source: str | Path) -> list[str]:
    """The splits that a source has, train, validation and test first; no file is opened."""
    return list(locate(source).splits)


@dataclass
class _Reading:
    """What was asked of a source, applied to its splits."""

    options: ReadOptions
    need_labels: bool | None
    texts_in: Path | None
    target: LabelSet | None = None
    require_learned: bool = False

    def __post_init__(self) -> None:
        # What was asked for; of the options that are followed a corpus may decide some later.
        self.given = self.options

    def tables(
        self, source: Source, splits: list[str], *, parts: Sequence[str] = (), all_parts: bool = False
    ) -> dict[str, PairTable]:
        """The tables of ``splits``; or of a file whose column names splits the first of ``parts`` in it, or all."""
        if source.corpus is not None:
            self._follow(source.corpus)
        raws = [self._raw(source, split) for split in splits]
        if source.kind == "file":
            raws = self._parted(source, raws[0], parts, all_parts=all_parts)
        answered = [raw for raw in raws if raw.mapped.gold is not None]
        gold: dict[str, tuple[GoldReading, int]] = {}
        if answered:
            reading = self._gold(answered)
            start = 0
            for raw in answered:
                gold[raw.split] = (reading, start)
                start += len(raw)
            if self.require_learned and reading.answers.labels and self.options.labels is None:
                _require_learned(answered, reading)
        return {raw.split: self._table(source, raw, *gold.get(raw.split, (None, 0))) for raw in raws}

    def _parted(
        self, source: Source, raw: _RawSplit, parts: Sequence[str], *, all_parts: bool
    ) -> list[_RawSplit]:
        """The rows by split where a column names it, and no condition is on that column; else all as they are."""
        named = source.split if source.split in SPLITS else None
        found = raw.by_split(
            [named] if named else parts,
            aside={condition.column for condition in conditions_in(self.options.where)},
        )
        if source.part is not None and source.part not in found:
            source.only_split()  # refuses it
        if named and source.slice is not None:
            for part in found.values():
                part.cut(source.slice)
        return list(found.values())[: None if all_parts else 1]

    def _follow(self, corpus: Corpus) -> None:
        """Take a published corpus' labels, or its scale, where nothing else was asked for; sides go by their names."""
        options = self.options
        similarity = not corpus.labels or options.task == "similarity"
        # One with labels has its scores in a column that says so by its name.
        if options.columns is None and not (similarity and corpus.labels):
            options = replace(options, columns={LABEL: corpus.columns[LABEL]})
        if options.labels is None and not similarity:
            options = replace(options, labels=corpus.labels)
        if options.scale is None and similarity and corpus.scale is not None:
            options = replace(options, scale=Scale(*corpus.scale))
        self.options = options

    def _gold(self, raws: list[_RawSplit]) -> GoldReading:
        starts = [0]
        for raw in raws:
            starts.append(starts[-1] + len(raw))

        def place(index: int) -> str:
            which = bisect_right(starts, index) - 1
            return raws[which].place(index - starts[which])

        options = self.options
        names = raws[0].class_names
        declared = options.labels or names
        # A number of a source that names its classes is that name, whatever order they are wanted in.
        named = dict(enumerate(names)) if names and set(names) <= set(declared or ()) else {}

        def values() -> Iterator[object]:
            for raw in raws:
                for row in raw.rows():
                    value = row.values.get(raw.mapped.gold or "")
                    value = named.get(value, value) if isinstance(value, int) else value
                    yield with_point(value) if commas else value

        commas = False
        commas = options.decimal_comma or holds_decimal_commas(values())
        if commas and not options.decimal_comma:
            raws[0].notes.append("numbers such as 3,8 were read with a decimal comma")
        names_given = (
            options.labels is not None
            or options.rename_labels is not None
            or options.task == "classification"
        )
        if (
            raws[0].mapped.label is not None
            and not names_given
            and holds_scores(islice(values(), len(raws[0])))
        ):
            for raw in raws:
                raw.mapped = as_scores(raw.mapped)
        if raws[0].mapped.score is not None:
            return read_scores(values(), place=place, scale=options.scale, skip=options.skip)
        return read_labels(
            values(),
            sides=raws[0].mapped.sides,
            place=place,
            declared=declared,
            target=self.target,
            rename=options.rename_labels,
            column=raws[0].mapped.gold or LABEL,
        )

    def _raw(self, source: Source, split: str) -> _RawSplit:
        with PairRows(source, self.options, need_label=self.need_labels, split=split) as rows:
            names = rows.class_names.get(rows.mapped.label or "")
            raw = _RawSplit(split, rows.format, rows.mapped, rows.columns, names, RowStore(self.texts_in))
            has_headers, is_header = False, rows.filter.is_header

            def watched(read: Iterator[Row]) -> Iterator[Row]:
                nonlocal has_headers
                for row in read:
                    if is_header(row):
                        has_headers = True
                    yield row

            for file, read in rows.by_file():
                raw.files.append(file)
                raw.file_starts.append(len(raw.store))
                raw.store.extend(require_few_rows(watched(read), source.text, before=len(raw.store)))
            raw.notes += rows.reading_notes
        raw.chosen = range(len(raw.store))
        if not len(raw):
            raise NoRows(
                f"The split {split!r} of {source.name} has columns but no rows.",
                where=raw.files[0],
                expected="at least one pair",
            )
        raw.rows_read = len(raw)
        # Of a split that is a part of a file, the slice is of the part.
        if (
            source.slice is not None
            and not source.is_counted
            and not (source.kind == "file" and source.split)
        ):
            raw.cut(source.slice)
        if has_headers or not rows.filter.is_idle:
            raw.leave_out(rows.filter)
        return raw

    def _table(self, source: Source, raw: _RawSplit, reading: GoldReading | None, start: int) -> PairTable:
        keep: Sequence[int] = range(len(raw))
        if reading is not None:
            reasons = reading.reasons[start : start + len(keep)]
            for reason in reasons:
                if reason is not None:
                    raw.dropped[reason] = raw.dropped.get(reason, 0) + 1
            if any(reason is not None for reason in reasons):
                keep = array("q", (index for index, reason in enumerate(reasons) if reason is None))
            if not keep:
                raise NoRows(
                    f"None of the {raw.rows_read:,} rows has a gold answer "
                    f"({', '.join(f'{count:,} {reason}' for reason, count in raw.dropped.items())}).",
                    where=raw.files[0],
                    expected="at least one row with a label, or a score",
                    details={"rows_dropped": dict(raw.dropped)},
                )
        raw.keep(keep)
        numbers = raw.checked_numbers()
        first, second = raw.column(raw.mapped.first), raw.column(raw.mapped.second)
        if not self.options.allow_empty_sides:
            raw.refuse_empty(first, second)
        used = {raw.mapped.first, raw.mapped.second, raw.mapped.gold}
        origin = Origin(
            source=source.text,
            split=None if source.kind == "file" else raw.split,
            slice=None if source.slice is None else str(source.slice),
            format=raw.format,
            files=tuple(raw.files),
            columns=raw.mapped.to_dict(),
            rows_read=raw.rows_read,
            rows_dropped={reason: count for reason, count in raw.dropped.items() if count},
            notes=(
                *source.provenance(raw.files[0]),
                *raw.notes,
                *raw.mapped.notes,
                *(reading.notes if reading else ()),
            ),
            skipped=tuple(raw.skipped.rows),
            asked=self._asked(source, raw, reading),
        )
        return PairTable(
            first,
            second,
            sides=raw.mapped.sides,
            origin=origin,
            columns={name: raw.column(name) for name in raw.columns if name not in used},
            row_numbers=numbers,
            answers=reading.answers if reading else None,
            gold=reading.gold[start:][np.asarray(keep)] if reading else None,
        )

    def _asked(self, source: Source, raw: _RawSplit, reading: GoldReading | None) -> Asked | None:
        name = source.name_of(raw.split)
        if name is None:
            return None
        return Asked(
            name,
            # By roles and not by the sides' names: a model may call the sides otherwise.
            replace(
                self.given,
                split=None,
                columns=raw.mapped.to_dict() if self.given.columns else None,
                where=self._where_of(source, raw),
            ),
            raw.mapped.sides,
            labels=reading.answers.labels if reading else None,
            given_labels=self.given.labels is not None,
            numbered=reading.numbered if reading else False,
        )

    def _where_of(self, source: Source, raw: _RawSplit) -> str | tuple[str, ...] | None:
        """The conditions that the rows meet, that of their split among them where the source does not name it."""
        given = (self.given.where,) if isinstance(self.given.where, str) else tuple(self.given.where or ())
        texts = given if raw.part is None or source.split else (*given, raw.part)
        return texts[0] if len(texts) == 1 else texts or None


@dataclass
class _RawSplit:
    """The rows of a split before their labels are read: cut, filtered, divided, their texts checked."""

    split: str
    format: str | None
    mapped: ColumnMap
    columns: list[str]
    class_names: list[str] | None
    store: RowStore
    files: list[str] = field(default_factory=list)
    file_starts: list[int] = field(default_factory=list)
    chosen: Sequence[int] = ()
    rows_read: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    skipped: SkippedRows = field(default_factory=SkippedRows)
    # Sides whose texts are Python bytes literals.
    literals: set[str] = field(default_factory=set)
    # The condition that a column of splits amounts to.
    part: str | None = None

    def __len__(self) -> int:
        return len(self.chosen)

    def rows(self) -> Iterator[Row]:
        """The rows that are left."""
        return self.store.chosen(self.chosen)

    def keep(self, indices: Sequence[int]) -> None:
        """Keep the rows at ``indices`` of those that are left."""
        if isinstance(indices, range):
            self.chosen = self.chosen[indices.start : indices.stop]
        else:
            self.chosen = array("q", (self.chosen[index] for index in indices))

    def column(self, name: str) -> Sequence[str]:
        """The values of a column as texts, in memory where the rows are."""
        column = RowColumn(self.store, self.chosen, name, _decoded if name in self.literals else text_of)
        return list(column) if self.store.in_memory else column

    def place(self, index: int) -> str:
        """Where a row stands, for messages."""
        row = self.store[self.chosen[index]]
        return place(self.file(index), row.line, row.number)

    def file(self, index: int) -> str:
        """The file that a row is from."""
        return self.files[bisect_right(self.file_starts, self.chosen[index]) - 1]

    def cut(self, slice: Slice) -> None:
        """Keep a slice of the rows, which is all that was read then."""
        start, stop = slice.bounds(len(self), where=self.files[0])
        self.keep(range(start, stop))
        self.rows_read = len(self)

    def leave_out(self, through: RowFilter) -> None:
        """Leave out what does not pass, and count it.

        Raises:
            NoRows: If nothing is left.
        """
        kept = array("q")
        for index, row in enumerate(self.rows()):
            found = through.passed(row)
            if found is not None and found.error is not None:
                self.skipped.add(SkippedRow.of(self.file(index), row, found.error))
            elif found is not None:
                kept.append(index)
        left = self.rows_read
        self.keep(kept)
        n_headers = through.left_out.get(REPEATED_HEADER, 0)
        self.dropped = {REPEATED_HEADER: n_headers, **self.skipped.counts}
        self.notes += self.skipped.notes()
        left -= sum(self.dropped.values())
        if not left and self.skipped.rows:
            raise NoRows(
                f"None of the {self.rows_read:,} rows can be used: {self.skipped.rows[0].reason}",
                where=self.skipped.rows[0].place,
                expected="at least one pair",
                details={"rows_dropped": dict(self.dropped)},
            )
        for condition in through.conditions:
            reason = f"not {condition}"
            self.dropped[reason] = through.left_out.get(reason, 0)
            if left and left == self.dropped[reason]:
                raise NoRows(
                    f"None of the {left:,} rows meets the condition {condition}.", where=self.files[0]
                )
            left -= self.dropped[reason]

    def refuse_empty(self, first: Sequence[str], second: Sequence[str]) -> None:
        """Refuse empty texts.

        Raises:
            EmptySide: With the first places.
        """
        texts = enumerate(zip(first, second, strict=True))
        empty = [place for place, (one, other) in texts if is_empty(one) or is_empty(other)]
        if not empty:
            return
        place = empty[0]
        column = self.mapped.first if is_empty(first[place]) else self.mapped.second
        others = [self.place(other) for other in empty[1:_MOST_PLACES_SHOWN]]
        more = f" {len(empty):,} rows have an empty side." if others else ""
        raise EmptySide(
            f"The text in {column!r} is empty.{more}",
            where=self.place(place),
            expected="two texts in every row; or --allow-empty-sides, which keeps such rows as they are",
            hint="--on-error skip",
            details={"rows": len(empty), "first_places": [self.place(place), *others]},
        )

    def by_split(self, wanted: Sequence[str], *, aside: Collection[str]) -> dict[str, _RawSplit]:
        """The rows of each of ``wanted``, in its order, where a column names splits; else all, by their own name.

        Args:
            wanted: Splits; where the column has none of them all rows stay together, and a note says so.
            aside: Columns that are not looked at, besides those of sides and gold answers.
        """
        used = {self.mapped.first, self.mapped.second, self.mapped.gold, *aside}
        others = [name for name in self.columns if name not in used]
        found = split_column(others, (row.values for row in self.rows()))
        if found is None:
            return {self.split: self}
        column, spellings = found
        names = splits_note(column, spellings)
        conditions = {
            split: f"{column}={max(rows, key=rows.__getitem__)}" for split, rows in spellings.items()
        }
        if not set(wanted) & set(spellings):
            example = shlex.quote(next(iter(conditions.values())))
            self.notes.append(f"{names}, and all of them were read as one: --where {example} reads one")
            return {self.split: self}
        parts: dict[str, _RawSplit] = {}
        for split in wanted:
            if split not in spellings:
                continue
            rows = [
                index for index, row in enumerate(self.rows()) if split_of(row.values.get(column))[0] == split
            ]
            note = f"{names}: these are the rows of {split}, as by --where {shlex.quote(conditions[split])}"
            part = replace(
                self,
                split=split,
                part=conditions[split],
                dropped=dict(self.dropped),
                notes=[*self.notes, note],
            )
            part.keep(rows)
            part.rows_read = len(part) + sum(part.dropped.values())
            parts[split] = part
        return parts

    def checked_numbers(self) -> NDArray[np.int64]:
        """The numbers of the rows, whose sides are texts; one of which the first are mostly bytes literals is decoded.

        Raises:
            RowMalformed: If a side is missing, or no text.
            EncodingInvalid: If it holds bytes that are no text.
        """
        numbers = np.empty(len(self), np.int64)
        literals = dict.fromkeys((self.mapped.first, self.mapped.second), 0)
        deciding = literals
        for index, row in enumerate(self.rows()):
            numbers[index] = row.number
            for column in literals:
                value = row.values.get(column)
                if not isinstance(value, str):
                    side_text(row.values, column, place=self.place(index))
                elif decoded_literal(value) is not None:
                    literals[column] += 1
            if index + 1 == DECIDING_ROWS:
                deciding = dict(literals)
        for column, count in literals.items():
            if count:
                decode = most_are_literals(deciding[column], min(len(self), DECIDING_ROWS))
                self.literals |= {column} if decode else set()
                self.notes.append(literals_note(column, count, len(self), decoded=decode))
        return numbers


def _decoded(value: object) -> str:
    decoded = decoded_literal(value)
    return text_of(value) if decoded is None else decoded


def _require_learned(raws: Sequence[_RawSplit], reading: GoldReading) -> None:
    """Refuse labels of validation that no training pair has.

    Args:
        raws: The splits; nothing is refused where train is not the first of them.
        reading: Of all their labels, in this order.

    Raises:
        LabelMismatch: With the place of the first.
    """
    if raws[0].split != SPLITS[0]:
        return
    ids: list[int] = reading.gold.tolist()
    learned = set(ids[: len(raws[0])])
    start = len(raws[0])
    for raw in raws[1:]:
        for index in range(len(raw) if raw.split == SPLITS[1] else 0):
            label = ids[start + index]
            if label >= 0 and label not in learned:
                all_names = reading.answers.names
                names = LabelSet(tuple(name for at, name in enumerate(all_names) if at in learned))
                names.require_same_names(LabelSet((all_names[label],)), where=raw.place(index))
        start += len(raw)
