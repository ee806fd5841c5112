"""From a source to tables of pairs: read, cut, filtered, mapped, labelled, checked, and all of it recorded.

Knows no formats (``readers``), no spellings of labels (``labels``) and no names of columns (``columns``).
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from samesay.data.asked import Asked
from samesay.data.columns import LABEL, ColumnMap, Rows, as_scores, find_columns
from samesay.data.conditions import conditions_in
from samesay.data.formats.readers import STANDARD_INPUT, RowStream
from samesay.data.labels.column import LabelReading, read_labels
from samesay.data.labels.gold import GoldReading, gold_columns
from samesay.data.labels.scores import holds_decimal_commas, holds_scores, read_scores, with_point
from samesay.data.odd_rows import HeaderWatch
from samesay.data.options import ReadOptions
from samesay.data.raw_split import RawSplit, require_learned
from samesay.data.row_store import RowStore
from samesay.data.rows import Row, SkippedRow, reason_of, side_text, with_reason
from samesay.data.sources import builtin
from samesay.data.sources.corpora import Corpus
from samesay.data.sources.locate import Source, locate
from samesay.data.splits import SPLITS
from samesay.data.table import Origin, PairTable
from samesay.errors import (
    ColumnNotFound,
    DataError,
    EmptySide,
    LabelMissing,
    NoRows,
    SliceInvalid,
    SplitNotFound,
)
from samesay.pairs import LabelSet, Scale, is_empty
from samesay.printable import command


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

    A file in which a column tells every row's split (train, dev, test) is read as a folder of these splits is.

    Args:
        source: A file, a folder of splits, ``-``, or a built-in name; ``:split`` and a slice may follow
            (``samesay.data.sources.locate`` lists the words).
        reading: How it is read where it does not tell.
        need_labels: ``True``: pairs without gold label are dropped and counted, and a source without labels
            is refused. ``False``: labels are not looked at, every pair stays. ``None``: as ``True`` where
            there is a label column, else as ``False``.
        prefer: Where ``source`` has several splits and none is named, the first of these that exists is
            taken.
        texts_in: A folder: beyond 10,000 rows the texts lie in an unnamed file there, as long as the table lives,
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

    A file is a train split, unless a column tells every row's; where a split is named, by the source or by ``split``,
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
        self.told = self.options

    def tables(
        self, source: Source, splits: list[str], *, parts: Sequence[str] = (), all_parts: bool = False
    ) -> dict[str, PairTable]:
        """The tables of ``splits``; or of a file whose column tells splits the first of ``parts`` in it, or all."""
        if source.corpus is not None:
            self._follow(source.corpus)
        raws = [self._raw(source, split) for split in splits]
        if source.is_file:
            raws = self._parted(source, raws[0], parts, all_parts=all_parts)
        answered = [raw for raw in raws if raw.map.gold is not None]
        gold: dict[str, tuple[GoldReading, int]] = {}
        if answered:
            reading = self._gold(answered)
            start = 0
            for raw in answered:
                gold[raw.split] = (reading, start)
                start += len(raw)
            if self.require_learned and isinstance(reading, LabelReading) and self.options.labels is None:
                require_learned(answered, reading)
        return {raw.split: self._table(source, raw, *gold.get(raw.split, (None, 0))) for raw in raws}

    def _parted(
        self, source: Source, raw: RawSplit, parts: Sequence[str], *, all_parts: bool
    ) -> list[RawSplit]:
        """The rows by split where a column tells it, and no condition is on that column; else all as they are."""
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

    def _gold(self, raws: list[RawSplit]) -> GoldReading:
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
                    value = row.values.get(raw.map.gold or "")
                    value = named.get(value, value) if isinstance(value, int) else value
                    yield with_point(value) if commas else value

        commas = False
        commas = options.decimal_comma or holds_decimal_commas(values())
        if commas and not options.decimal_comma:
            raws[0].notes.append("numbers such as 3,8 were read with a decimal comma")
        told_names = (
            options.labels is not None
            or options.rename_labels is not None
            or options.task == "classification"
        )
        if raws[0].map.label is not None and not told_names and holds_scores(islice(values(), len(raws[0]))):
            for raw in raws:
                raw.map = as_scores(raw.map)
        if raws[0].map.score is not None:
            return read_scores(values(), place=place, scale=options.scale, skip=options.skip)
        return read_labels(
            values(),
            sides=raws[0].map.sides,
            place=place,
            declared=declared,
            target=self.target,
            rename=options.rename_labels,
            column=raws[0].map.gold or LABEL,
        )

    def _raw(self, source: Source, split: str) -> RawSplit:
        if source.tfds is not None:
            raw = self._from_tfds(source, split)
        elif source.is_generated:
            raw = self._from_generator(source, split)
        else:
            raw = self._from_files(source, split)
        if not len(raw):
            raise NoRows(
                f"The split {split!r} of {source.name} has columns but no rows.",
                where=raw.files[0],
                expected="at least one pair",
            )
        raw.rows_read = len(raw)
        # Of a split that is a part of a file, the slice is of the part.
        if source.slice is not None and source.tfds is None and not (source.is_file and source.split):
            raw.cut(source.slice)
        raw.leave_out_headers()
        if self.options.skip:
            self._skip(raw)
        for condition in conditions_in(self.options.where):
            raw.leave_out_unmet(condition)
        return raw

    def _skip(self, raw: RawSplit) -> None:
        """Leave out the rows that could not be read, and those whose sides are no texts."""
        keep = array("q")
        for index, row in enumerate(raw.rows()):
            broken = reason_of(row)
            if broken is None:
                try:
                    texts = [
                        side_text(row.values, side, place="") for side in (raw.map.first, raw.map.second)
                    ]
                    if not self.options.allow_empty_sides and any(map(is_empty, texts)):
                        raise EmptySide("The text of a side is empty.")
                except DataError as error:
                    broken = error.code, error.message
                else:
                    keep.append(index)
                    continue
            raw.skipped.add(SkippedRow(raw.file(index), row.line, row.number, *broken))
        raw.keep(keep)
        raw.dropped |= raw.skipped.counts
        raw.notes += raw.skipped.notes()
        if not len(raw):
            raise NoRows(
                f"None of the {raw.rows_read:,} rows can be used: {raw.skipped.rows[0].reason}",
                where=raw.skipped.rows[0].place,
                expected="at least one pair",
                details={"rows_dropped": dict(raw.dropped)},
            )

    def _from_generator(self, source: Source, split: str) -> RawSplit:
        columns, rows = builtin.generated_rows(source.name, split, whole=source.split is None)
        mapped = self._mapped(columns, source.name)
        return RawSplit(split, None, (source.name,), mapped, columns, None, *_stored(rows))

    def _from_tfds(self, source: Source, split: str) -> RawSplit:
        """The rows of the slice alone: the split may be large, and tells how many it has."""
        assert source.tfds is not None
        rows = source.tfds.split(split)
        start, stop = source.slice.bounds(len(rows), where=rows.name) if source.slice else (0, len(rows))
        mapped = self._mapped(rows.columns, rows.name)
        names = rows.class_names.get(mapped.label or "")
        return RawSplit(
            split,
            rows.format,
            (rows.name,),
            mapped,
            rows.columns,
            names,
            *_stored(rows.rows(start, stop), self.texts_in),
        )

    def _from_files(self, source: Source, split: str) -> RawSplit:
        files = (builtin.HANDWRITTEN,) if source.built_in else source.files(split)
        names = tuple("standard input" if str(path) == STANDARD_INPUT else str(path) for path in files)
        raw: RawSplit | None = None
        store = RowStore(self.texts_in)
        for path in files:
            with RowStream(path, self.options) as stream:
                if raw is None:
                    mapped = self._mapped(stream.columns, stream.name, stream.first_rows)
                    class_names = stream.class_names.get(mapped.label) if mapped.label else None
                    raw = RawSplit(
                        split, stream.format, names, mapped, stream.columns, class_names, store, [], []
                    )
                elif set(raw.columns) != set(stream.columns):
                    raise ColumnNotFound(
                        f"The columns of {path} are not those of {files[0]}: {', '.join(stream.columns)}.",
                        where=str(path),
                        expected=", ".join(raw.columns),
                    )
                raw.file_starts.append(len(raw.store))
                watch = HeaderWatch(raw.columns, raw.map, stream.place)
                raw.store.extend(watch.passed(map(with_reason, stream), len(raw.store), raw.headers))
                raw.notes += stream.notes
        assert raw is not None  # a split has a file
        raw.chosen = range(len(raw.store))
        return raw

    def _mapped(self, names: list[str], where: str, rows: Rows = tuple) -> ColumnMap:
        return find_columns(
            names,
            where=where,
            sides=self.options.sides,
            columns=self.options.columns,
            need_label=self.need_labels,
            task=self.options.task,
            rows=rows,
        )

    def _table(self, source: Source, raw: RawSplit, reading: GoldReading | None, start: int) -> PairTable:
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
        first, second = raw.column(raw.map.first), raw.column(raw.map.second)
        if not self.options.allow_empty_sides:
            raw.refuse_empty(first, second)
        used = {raw.map.first, raw.map.second, raw.map.gold}
        origin = Origin(
            source=source.text,
            split=raw.split if source.is_folder or source.built_in or source.published else None,
            slice=None if source.slice is None else str(source.slice),
            format=raw.format,
            files=raw.files,
            columns=raw.map.to_dict(),
            rows_read=raw.rows_read,
            rows_dropped={reason: count for reason, count in raw.dropped.items() if count},
            notes=(
                *source.provenance(raw.files[0]),
                *raw.notes,
                *raw.map.notes,
                *(reading.notes if reading else ()),
            ),
            skipped=tuple(raw.skipped.rows),
            asked=self._asked(source, raw, reading),
        )
        return PairTable(
            first,
            second,
            sides=raw.map.sides,
            origin=origin,
            columns={name: raw.column(name) for name in raw.columns if name not in used},
            row_numbers=numbers,
            **gold_columns(reading, (start + index for index in keep)),
        )

    def _asked(self, source: Source, raw: RawSplit, reading: GoldReading | None) -> Asked | None:
        name = source.name_of(raw.split)
        if name is None:
            return None
        of_labels = reading if isinstance(reading, LabelReading) else None
        return Asked(
            name,
            # By roles and not by the sides' names: a model may call the sides otherwise.
            replace(
                self.told,
                split=None,
                columns=raw.map.to_dict() if self.told.columns else None,
                where=self._where_of(source, raw),
            ),
            raw.map.sides,
            labels=of_labels.labels if of_labels else None,
            told_labels=self.told.labels is not None,
            numbered=of_labels.numbered if of_labels else False,
        )

    def _where_of(self, source: Source, raw: RawSplit) -> str | tuple[str, ...] | None:
        """The conditions that the rows meet, that of their split among them where the source does not name it."""
        told = (self.told.where,) if isinstance(self.told.where, str) else tuple(self.told.where or ())
        texts = told if raw.part is None or source.split else (*told, raw.part)
        return texts[0] if len(texts) == 1 else texts or None


def _stored(rows: Iterable[Row], folder: Path | None = None) -> tuple[RowStore, list[int], range]:
    """Rows of one file, or of none, as the last fields of ``RawSplit``."""
    store = RowStore(folder)
    store.extend(rows)
    return store, [0], range(len(store))
