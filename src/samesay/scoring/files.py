"""A table of pairs in, the same table with the model's answers out: streamed, in order, whole or absent.

Added to every row: the label and one probability a label, or the grade, and whether part of the pair was not
read. All other
columns are carried through. This module knows rows and the `Scorer`, no formats (`samesay.scoring.tables`)
and no models.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from samesay.bundle.durable import as_output_error, new_file
from samesay.data import ColumnMap, Row, SourceRows, find_columns, side_text
from samesay.data.readers import FORMATS, format_of
from samesay.errors import (
    FormatUnknown,
    OutputUnwritable,
    RowMalformed,
    TargetExists,
    TruncationRefused,
    UsageError,
)
from samesay.pairs import Pair, Progress, ProgressListener
from samesay.scoring.scorer import CHUNK_PAIRS, GradeScorer, Scorer
from samesay.scoring.tables import table_writer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OnTruncate = Literal["error", "warn", "allow"]
ON_TRUNCATE: tuple[OnTruncate, ...] = ("error", "warn", "allow")
STANDARD_STREAM = "-"
_PLACES_KEPT = 5


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of a file.

    Attributes:
        rows: Rows read, which are the rows written.
        labels: How often each label was given, in the order of the model's labels; empty for grades.
        truncated: Rows of which part was not read.
        truncated_places: Where the first of them stand, ``file:line``.
        tokens_lost: Tokens of the first and of the second side that were not read, in all rows.
        empty_sides: Rows with an empty first or second text; they are scored like others.
        columns: Role (``first``, ``second``) to the column it was read from.
        added: What the added columns are called, by what they hold.
        seconds: Wall time.
        notes: What its user should know.
        abstained: Rows of whose label the model is not confident.
        mean_grade: Of the grades that were given; None for labels.
    """

    rows: int
    labels: dict[str, int]
    truncated: int
    truncated_places: tuple[str, ...]
    tokens_lost: tuple[int, int]
    empty_sides: int
    columns: dict[str, str]
    added: dict[str, str]
    seconds: float
    notes: tuple[str, ...]
    mean_grade: float | None = None
    abstained: int = 0

    @property
    def pairs_per_second(self) -> float:
        """Rows a second, reading and writing included."""
        return self.rows / self.seconds if self.seconds else 0.0


def score_file(
    scorer: Scorer | GradeScorer,
    input: str | Path,
    output: str | Path,
    *,
    overwrite: bool = False,
    on_truncate: OnTruncate = "warn",
    columns: Mapping[str, str] | None = None,
    input_format: str | None = None,
    output_format: str | None = None,
    chunk_rows: int = CHUNK_PAIRS,
    progress: ProgressListener | None = None,
) -> FileReport:
    """Score every row of a table.

    The output is written beside its place and renamed at the end. Standard output and devices are written to
    directly.

    Args:
        scorer: The model.
        input: A file, ``"-"`` for standard input, or any other source of `samesay.data.load_pairs`.
        output: Where the table goes, its format told by its name; ``"-"`` for standard output.
        overwrite: Replace a file that is there.
        on_truncate: What to do about pairs that are longer than the model reads: refuse the file, note it in
            the report, or only count it.
        columns: Columns by role, where their names do not tell: ``first``, ``second`` or the names of the
            sides.
        input_format: Where the input's name does not tell it.
        output_format: Where the output's name does not tell it; the input's for standard output.
        chunk_rows: Rows held in memory at a time.
        progress: Told of the stage ``"score"`` after every chunk.

    Raises:
        DataError: One of its leaves, with file and line, if the input cannot be read.
        TruncationRefused: With ``on_truncate="error"``, naming the first such row; nothing is written.
        TargetExists: If there is something at ``output`` and ``overwrite`` is false.
        DiskFull: If the disk is full; nothing is left behind.
        OutputUnwritable: If the system refuses to write there.
        ExtraMissing: For Parquet without pyarrow.
    """
    if on_truncate not in ON_TRUNCATE:
        raise UsageError(f"on_truncate is {on_truncate!r}.", expected=f"one of {', '.join(ON_TRUNCATE)}")
    if chunk_rows < 1:
        raise UsageError(f"chunk_rows is {chunk_rows}.", expected="at least 1")
    started = time.perf_counter()
    _require_free(output, overwrite=overwrite)
    with SourceRows(input, format=input_format) as rows:
        mapped = find_columns(
            rows.columns, where=rows.name, sides=scorer.sides, columns=columns, need_label=False
        )
        added = added_columns(rows.columns, scorer, where=rows.name)
        kind, gzipped = _output_format(output, output_format, rows)
        tally = _Tally(scorer, mapped, added, on_truncate)
        names, schema = [*rows.columns, *added.values()], _schema(rows, input, kind)
        with (
            _opened(output, overwrite=overwrite) as stream,
            table_writer(stream, kind, names, gzipped=gzipped, schema=schema) as writer,
        ):
            source = iter(rows)
            while chunk := [(row, rows.place(row)) for row in islice(source, chunk_rows)]:
                places = [place for _, place in chunk]
                writer.write(tally.answer([row for row, _ in chunk], places), places)
                if progress is not None:
                    rate = tally.rows / (time.perf_counter() - started)
                    progress(Progress("score", tally.rows, None, {"pairs_per_second": round(rate, 1)}))
    return tally.report(seconds=time.perf_counter() - started)


def added_columns(existing: Sequence[str], scorer: Scorer | GradeScorer, *, where: str) -> dict[str, str]:
    """What the added columns are called: ``label``, ``probability_<label>`` (of a grader ``grade``), ``truncated``.

    A model that may abstain adds ``abstained`` behind the label: its label stays, for who wants it all the same.

    One whose name the table uses already, such as a gold ``label``, is called ``predicted_<name>``.

    Returns:
        From what a column holds, by its usual name, to its name in this table, in order.

    Raises:
        UsageError: If that name is taken too.
    """
    names = (
        ["grade"]
        if isinstance(scorer, GradeScorer)
        else [
            "label",
            *(["abstained"] if _may_abstain(scorer) else []),
            *(f"probability_{name}" for name in scorer.labels),
        ]
    )
    usual = [*names, "truncated"]
    taken = set(existing)
    added = {name: f"predicted_{name}" if name in taken else name for name in usual}
    clash = [name for name in added.values() if name in taken]
    if clash or len(set(added.values())) != len(added):
        raise UsageError(
            f"The table has a column {(clash or usual)[0]!r}, as the model's answers would be called.",
            where=where,
            expected=f"columns other than {', '.join(usual)} and predicted_…",
            hint="rename or drop that column, or score the table from which this one was made",
        )
    return added


@dataclass
class _Tally:
    """Rows to rows with answers, and what there is to report of them."""

    scorer: Scorer | GradeScorer
    mapped: ColumnMap
    added: dict[str, str]
    on_truncate: OnTruncate
    rows: int = 0
    empty_sides: int = 0
    truncated: int = 0
    lost: list[int] = field(default_factory=lambda: [0, 0])
    places: list[str] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    grade_sum: float = 0.0
    abstained: int = 0

    def answer(self, chunk: Sequence[Row], places: Sequence[str]) -> list[dict[str, Any]]:
        pairs = [
            Pair(
                side_text(row.values, self.mapped.first, place=place),
                side_text(row.values, self.mapped.second, place=place),
            )
            for row, place in zip(chunk, places, strict=True)
        ]
        answers, tokens_lost = self._answers(pairs)
        cut = [first > 0 or second > 0 for first, second in tokens_lost.tolist()]
        self._count(pairs, cut, tokens_lost.sum(axis=0).tolist(), places)
        answered = []
        for row, place, answer, is_cut in zip(chunk, places, answers, cut, strict=True):
            values = dict(row.values)
            self._refuse_taken(values, place)
            values |= zip(self.added.values(), (*answer, is_cut), strict=True)
            answered.append(values)
        self.rows += len(chunk)
        return answered

    def _answers(self, pairs: Sequence[Pair]) -> tuple[list[list[Any]], NDArray[np.int32]]:
        """For every pair what goes into the added columns but the last one, and the tokens that were not read.

        A number is the shortest text that is this float32 again, and not the 17 digits of its float64.
        """
        if isinstance(self.scorer, GradeScorer):
            grades, tokens_lost = self.scorer.read(pairs)
            self.grade_sum += float(grades.sum())
            return [[float(str(grade))] for grade in grades], tokens_lost
        scores = self.scorer.read(pairs)
        decided = self.scorer.decide(scores.probabilities)
        self.abstained += int(decided.abstained.sum())
        answers: list[list[Any]] = []
        for best, unsure, row in zip(
            decided.label_ids.tolist(), decided.abstained.tolist(), scores.probabilities, strict=True
        ):
            name = self.scorer.labels.names[best]
            self.labels[name] = self.labels.get(name, 0) + 1
            said = [name, unsure] if _may_abstain(self.scorer) else [name]
            answers.append([*said, *(float(str(probability)) for probability in row)])
        return answers, scores.tokens_lost

    def report(self, *, seconds: float) -> FileReport:
        notes = list(self.mapped.notes)
        renamed = [f"{usual} is {name}" for usual, name in self.added.items() if usual != name]
        if renamed:
            notes.append(f"the table has columns of these names already: {', '.join(renamed)}")
        if self.truncated and self.on_truncate == "warn":
            notes.append(
                f"{self.truncated:,} of {self.rows:,} pairs were cut to the {self.scorer.max_length} tokens "
                f"that the model reads, the first at {self.places[0]}"
            )
        if self.abstained:
            where = self.added["abstained"]
            notes.append(f"the model abstains from {self.abstained:,} of {self.rows:,} rows: column {where}")
        if self.empty_sides:
            notes.append(f"{self.empty_sides:,} pairs have an empty side and were scored all the same")
        return FileReport(
            rows=self.rows,
            labels=(
                {}
                if isinstance(self.scorer, GradeScorer)
                else {name: self.labels.get(name, 0) for name in self.scorer.labels}
            ),
            mean_grade=self.grade_sum / self.rows
            if isinstance(self.scorer, GradeScorer) and self.rows
            else None,
            abstained=self.abstained,
            truncated=self.truncated,
            truncated_places=tuple(self.places),
            tokens_lost=(self.lost[0], self.lost[1]),
            empty_sides=self.empty_sides,
            columns={"first": self.mapped.first, "second": self.mapped.second},
            added=dict(self.added),
            seconds=seconds,
            notes=tuple(notes),
        )

    def _count(
        self, pairs: Sequence[Pair], cut: Sequence[bool], lost: Sequence[int], places: Sequence[str]
    ) -> None:
        self.empty_sides += sum(not pair.first.strip() or not pair.second.strip() for pair in pairs)
        here = [place for place, is_cut in zip(places, cut, strict=True) if is_cut]
        if here and self.on_truncate == "error":
            raise TruncationRefused(
                f"The pair is longer than the {self.scorer.max_length} tokens that the model reads.",
                where=here[0],
                expected=f"at most {self.scorer.max_length} tokens of both sides together",
                hint="--on-truncate warn scores what fits, and marks these rows",
                details={"rows": len(here), "places": here[:_PLACES_KEPT]},
            )
        self.truncated += len(here)
        self.places += here[: _PLACES_KEPT - len(self.places)]
        self.lost = [self.lost[0] + lost[0], self.lost[1] + lost[1]]

    def _refuse_taken(self, values: Mapping[str, Any], place: str) -> None:
        """In JSON Lines a later row may bring a key that the first, from which names were chosen, lacks."""
        taken = [name for name in self.added.values() if name in values]
        if taken:
            raise RowMalformed(
                f"The row has {taken[0]!r}, as the model's answer is called; the first row has not.",
                where=place,
                expected="the same keys in every row",
            )


def _may_abstain(scorer: Scorer) -> bool:
    return scorer.decision.abstain_below is not None


def _require_free(output: str | Path, *, overwrite: bool) -> None:
    """Refuse an output before any work, and not after all of it."""
    if _is_direct(output):
        return
    path = Path(output)
    if path.is_dir():
        raise OutputUnwritable(
            f"{path} is a folder.", where=str(path), expected="the name of a file", hint=f"{path}/scored.csv"
        )
    if not overwrite and os.path.lexists(path):
        raise TargetExists(
            f"{path} exists already.",
            where=str(path),
            hint="name another output, or replace it with --overwrite (overwrite=True)",
        )


def _is_direct(output: str | Path) -> bool:
    """Whether the output is a stream: standard output, a pipe or a device, which no file may replace."""
    if str(output) == STANDARD_STREAM:
        return True
    try:
        mode = Path(output).stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


@contextmanager
def _opened(output: str | Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    if not _is_direct(output):
        with new_file(Path(output).resolve(), replace=overwrite) as stream:
            yield stream
        return
    standard = str(output) == STANDARD_STREAM
    stream: BinaryIO = sys.stdout.buffer if standard else Path(output).open("wb")  # noqa: SIM115
    try:
        yield stream
        stream.flush()
    except OSError as error:
        plain = as_output_error(error, Path("standard output") if standard else Path(output))
        if plain is None:
            raise
        raise plain from error
    finally:
        if not standard:
            with suppress(OSError):  # what could not be flushed above cannot be flushed now
                stream.close()


def _output_format(output: str | Path, told: str | None, rows: SourceRows) -> tuple[str, bool]:
    gzipped = str(output).lower().endswith(".gz")
    if told is not None:
        if told not in FORMATS:
            raise FormatUnknown(f"{told!r} is not a format.", expected=f"one of {', '.join(FORMATS)}")
        return told, gzipped
    # Generated pairs come from no file and have no format of their own.
    return ((rows.format or "jsonl") if _is_direct(output) else format_of(Path(output))), gzipped


def _schema(rows: SourceRows, input: str | Path, kind: str) -> Any:
    """The column types of a Parquet input for a Parquet output; Python's values do not tell all of them."""
    if rows.format != "parquet" or kind != "parquet" or not Path(input).is_file():
        return None
    import pyarrow
    import pyarrow.parquet as pq

    try:
        return pq.read_schema(str(input))
    except (pyarrow.ArrowException, OSError):  # gzipped as a whole: the types are told from the values
        return None
