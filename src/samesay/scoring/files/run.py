"""Tables of pairs in, one table with the model's answers out: streamed, in order, whole or absent, resumable.

Added to every row: the label and one probability a label, or the score; whether part of the pair was not read, and
whether one of its texts is empty. All other columns are carried through. This module joins the parts of that: rows
(`intake`), answers (`workers`, `answers`), formats (`data.formats.writers`) and the draft that outlives a killed
process (`journal`).
"""

from __future__ import annotations

import io
import os
import secrets
import stat
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, Literal

from samesay.data import ReadOptions
from samesay.data.formats.readers import FORMATS, format_of
from samesay.data.formats.writers import join_parquet, parquet_schema, require_new, table_writer
from samesay.data.rows import SkippedRow, SkippedRows
from samesay.data.sources.locate import is_standard_input
from samesay.data.stream import PairRows
from samesay.errors import FormatUnknown, TruncationRefused, UsageError, require_at_least
from samesay.pairs import CHUNK_PAIRS, Progress, ProgressListener, per_second
from samesay.scoring.files.answers import AnsweredRow, Answering, Tally, added_columns, renamed
from samesay.scoring.files.intake import Chunk, chunks_of, found_sources
from samesay.scoring.files.journal import Journal, changed, clear_finished, mismatch, open_journal
from samesay.scoring.files.workers import Model, OneProcess, WorkerPool
from samesay.scoring.language import note_on_language
from samesay.scoring.matching import ENTAILMENT, asking_side
from samesay.scoring.scorer import Scorer
from samesay.storage import as_output_error, destination, taken

OnTruncate = Literal["error", "warn", "allow"]
ON_TRUNCATE: tuple[OnTruncate, ...] = ("error", "warn", "allow")
STANDARD_STREAM = "-"
SKIPPED_SUFFIX = ".skipped.jsonl"
# What decides the last digit of a probability, beside the model.
_VERSIONS = ("samesay", "onnxruntime", "tokenizers", "numpy")


@dataclass
class FileReport(Tally):
    """What became of a file: the counts of all its rows, those of an interrupted run among them.

    Attributes:
        columns: Role (``first``, ``second``) to the column it was read from.
        added: What the added columns are called, by what they hold.
        seconds: Wall time of this run.
        notes: What its user should know.
        skipped_file: Where the skipped rows are listed, each with its reason; None where nothing was skipped.
        resumed_rows: How many of ``rows`` an interrupted run had done before.
    """

    columns: dict[str, str] = field(default_factory=dict)
    added: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    skipped_file: str | None = None
    resumed_rows: int = 0

    @property
    def pairs_per_second(self) -> float:
        """Rows of this run a second, reading and writing included."""
        return per_second(self.rows - self.resumed_rows, self.seconds)

    @property
    def mean_score(self) -> float | None:
        """Of the scores that were given; None for labels."""
        return self.score_sum / self.rows if self.rows and not self.labels else None

    def to_dict(self) -> dict[str, Any]:
        """As JSON types."""
        found = asdict(self) | {"pairs_per_second": self.pairs_per_second}
        del found["score_sum"], found["skipped_codes"]
        return found if self.mean_score is None else found | {"mean_score": self.mean_score}


def score_file(
    scorer: Scorer | WorkerPool,
    input: str | Path | Sequence[str | Path],
    output: str | Path,
    reading: ReadOptions | None = None,
    *,
    output_format: str | None = None,
    overwrite: bool = False,
    restart: bool = False,
    on_truncate: OnTruncate = "warn",
    symmetric: bool = False,
    english_only: bool = False,
    chunk_rows: int = CHUNK_PAIRS,
    progress: ProgressListener | None = None,
    **options: Any,
) -> FileReport:
    """Score every row of a table, or of several.

    The output comes into being whole, at the end. Until then it grows in a hidden folder beside its place; if this
    ends early, however it ends, the same call resumes there, and what comes out is what an undisturbed run writes.
    Standard output and devices are written to directly, and a run over standard input cannot be resumed.

    Args:
        scorer: The model; a `WorkerPool` for several processes.
        input: A file, ``"-"`` for standard input, or any other source of `samesay.data.load_pairs`; a pattern such as
            ``"parts/*.csv"``; or several of these. Where it can be more than one file, a column ``file`` says which.
        output: Where the table goes, its format shown by its name; ``"-"`` for standard output.
        reading: How the input is read where it does not show it. With ``on_error="skip"`` a row that cannot be used is
            left out, its place and the reason written to ``<output>.skipped.jsonl``; of standard output the first
            places are a note. Rows with an empty text are scored and marked.
        output_format: Where the output's name does not show it; the input's for standard output.
        overwrite: Replace a file that is there.
        restart: Start over, even if an interrupted run can be resumed.
        on_truncate: What to do about pairs that are longer than the model reads: refuse them, note it in
            the report, or only count it.
        symmetric: Read every pair in both orders and take the mean; see ``scoring.files.workers.read_both_orders``.
        english_only: Note if many of the first texts look like another language.
        chunk_rows: Rows held in memory at a time, and lost at most if the run is killed.
        progress: Hears the stage ``"resume"`` with the number of rows that an interrupted run has done, and ``"score"``
            after every chunk.
        **options: Fields of ``ReadOptions`` that differ from ``reading``: ``columns``, ``format``, ``on_error`` and so
            on.

    Raises:
        DataError: One of its leaves, with file and line, if the input cannot be read.
        TruncationRefused: With ``on_truncate="error"``, naming the first such row.
        TargetExists: If there is something at ``output`` and ``overwrite`` is false.
        ResumeMismatch: If an interrupted run left its part of this output, made of another input, by another model or
            with other options.
        OutputBusy: If another process is writing this output.
        WorkerDied: If a process of the pool was killed.
        DiskFull: If the disk is full; what is done so far waits beside the output.
        OutputUnwritable: If the system refuses to write there.
        ExtraMissing: For Parquet without pyarrow.
    """
    if on_truncate not in ON_TRUNCATE:
        raise UsageError(f"on_truncate is {on_truncate!r}.", expected=f"one of {', '.join(ON_TRUNCATE)}")
    require_at_least(1, chunk_rows=chunk_rows)
    reading = replace(reading or ReadOptions(), **{**options, "allow_empty_sides": True})
    started = time.perf_counter()
    direct = _is_direct(output)
    if not direct:
        if not overwrite and os.path.lexists(output):
            clear_finished(destination(output))
        require_new(output, overwrite=overwrite)
    sources, several = found_sources(input, leave_out=() if direct else (Path(output), _skipped_file(output)))
    piped = any(map(is_standard_input, sources))
    # Who writes to a pipe may wait for the answers to what was written.
    reader = scorer if isinstance(scorer, WorkerPool) else OneProcess(scorer, ahead=not piped)
    model = reader.model
    with PairRows(sources, reading, sides=model.sides) as rows:
        added = added_columns(rows.columns, model, where=rows.name, tell_file=several)
        answering = Answering(model, added, on_truncate == "error", reading.skip)
        table = _table(rows, added, output, output_format)
        run = _Run(rows, chunk_rows, answering, table, started, progress, english_only=english_only)
        answered = partial(reader.answered, symmetric=symmetric)
        if direct:
            _to_stream(run, answered, output)
        else:
            made_of = {
                "model": model.checksum or secrets.token_hex(),
                "input": [str(source) for source in sources],
                "columns": table.names,
                "sides": [rows.mapped.first, rows.mapped.second],
                "output_format": f"{table.format}{'.gz' * table.gzipped}",
                "symmetric": symmetric,
                "batch_tokens": reader.batch_tokens,
                "chunk_rows": chunk_rows,
                **{name: version(name) for name in _VERSIONS},
                "resumable": not piped,
            }
            _to_file(run, answered, output, made_of, overwrite=overwrite, restart=restart)
        return run.report(on_truncate, None if direct else _skipped_file(output), symmetric=symmetric)


@dataclass(frozen=True, slots=True)
class _Table:
    """The table that is written."""

    names: list[str]
    format: str
    gzipped: bool
    schema: Any


class _Run:
    """One pass over the input, and what was counted on the way."""

    def __init__(
        self,
        rows: PairRows,
        chunk_rows: int,
        answering: Answering,
        table: _Table,
        started: float,
        progress: ProgressListener | None,
        *,
        english_only: bool,
    ) -> None:
        self.rows = rows
        self.chunks = chunks_of(rows, chunk_rows)
        if english_only:
            self.chunks = self._looked_at(self.chunks)
        self.note_on_language: str | None = None
        self.answering = answering
        self.table = table
        self.total = Tally()
        self.resumed_rows = 0
        # What was skipped where no file beside the output can list it.
        self.listed = SkippedRows()
        self._started = started
        self._progress = progress

    def _looked_at(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        for number, chunk in enumerate(chunks):
            if number == 0:
                texts = (text for pair in chunk.pairs for text in (pair.first, pair.second))
                self.note_on_language = note_on_language(texts)
            yield chunk

    def resumed(self, tally: Tally) -> None:
        """Count what a former run did."""
        self.total = tally
        self.resumed_rows = tally.rows
        if self._progress is not None:
            self._progress(Progress("resume", tally.rows))

    def count(self, tally: Tally) -> None:
        """Count a chunk that is written, and say so."""
        self.total.add(tally)
        if self._progress is not None:
            rate = per_second(self.total.rows - self.resumed_rows, time.perf_counter() - self._started)
            self._progress(Progress("score", self.total.rows, None, {"pairs_per_second": round(rate, 1)}))

    def report(self, on_truncate: OnTruncate, skipped_file: Path | None, *, symmetric: bool) -> FileReport:
        """All of it, for the user."""
        model, total = self.answering.model, self.total
        notes = [*self.rows.notes, renamed(self.answering.added)]
        if total.truncated and on_truncate == "warn":
            notes.append(
                f"{total.truncated:,} of {total.rows:,} pairs were cut to the {model.max_length} tokens "
                f"that the model reads, the first at {total.truncated_places[0]}"
            )
        if total.abstained:
            column = self.answering.added["abstained"]
            notes.append(
                f"the model abstains from {total.abstained:,} of {total.rows:,} rows: column {column}"
            )
        if total.empty_sides:
            notes.append(
                f"{total.empty_sides:,} of {total.rows:,} pairs have an empty side, and what is said of them says "
                f"nothing: column {self.answering.added['empty_side']}"
            )
        notes += [*self.listed.notes(), self.note_on_language]
        if total.skipped and skipped_file is not None:
            reasons = ", ".join(f"{code} {count:,}" for code, count in total.skipped_codes.items())
            notes.append(
                f"{total.skipped:,} rows were skipped ({reasons}); they are listed in {skipped_file}"
            )
        if symmetric:
            notes.append(_directed(model))
        total.labels = {name: total.labels.get(name, 0) for name in model.answers.names}
        return FileReport(
            **asdict(total),
            columns={"first": self.rows.mapped.first, "second": self.rows.mapped.second},
            added=dict(self.answering.added),
            seconds=time.perf_counter() - self._started,
            notes=tuple(note for note in notes if note),
            skipped_file=str(skipped_file) if total.skipped and skipped_file else None,
            resumed_rows=self.resumed_rows,
        )


def _to_stream(run: _Run, answered: Any, output: str | Path) -> None:
    table = run.table
    with (
        _opened(output) as stream,
        table_writer(stream, table.format, table.names, gzipped=table.gzipped, schema=table.schema) as writer,
    ):
        for chunk, answers in answered(run.chunks):
            rows, skipped = run.answering.rows(chunk, answers)
            writer.write([row.values for row in rows], [row.taken.place for row in rows])
            for row in skipped:
                run.listed.add(row)
            run.count(Tally.of(rows, skipped))


def _to_file(
    run: _Run,
    answered: Any,
    output: str | Path,
    made_of: Mapping[str, Any],
    *,
    overwrite: bool,
    restart: bool,
) -> None:
    target = destination(output)
    with open_journal(target, made_of, restart=restart) as journal:
        if not overwrite and os.path.lexists(target):
            raise taken(target)  # by a run that ended while this one began
        segments = _Segments(run.table, journal)
        for chunk, answers in answered(_not_done(journal, run, target)):
            rows, skipped = run.answering.rows(chunk, answers)
            content, rows = segments.content(rows, skipped if run.answering.skip else None)
            tally = Tally.of(rows, skipped)
            listed = [row.to_dict() for row in chunk.in_order(skipped)]
            journal.add(content, listed, taken=chunk.digest, tally=asdict(tally))
            run.count(tally)
        if not any(segment.n_bytes for segment in journal.segments):
            journal.add(segments.content([], None, even_none=True)[0], [], taken="", tally=asdict(Tally()))
        join = partial(join_parquet, gzipped=run.table.gzipped) if run.table.format == "parquet" else None
        journal.finish(replace=overwrite, skipped_to=_skipped_file(target), join=join)


def _not_done(journal: Journal, run: _Run, target: Path) -> Iterator[Chunk]:
    """The chunks that are not in the journal yet; those that are must be the ones that it was made of."""
    done = [segment for segment in journal.segments if segment.taken]
    total = Tally()
    if done:
        for segment in done:
            total.add(Tally(**segment.tally))
        _require_wanted(total, run.answering, target)
        run.resumed(total)
    for number, segment in enumerate(done, start=1):
        chunk = next(run.chunks, None)
        if chunk is None:
            raise changed(target, "it has fewer rows than before")
        if chunk.digest != segment.taken:
            first = chunk.taken[0].place
            raise changed(
                target, f"part {number} of {len(done)}, which begins at {first}, is not what it was"
            )
    yield from run.chunks


def _require_wanted(done: Tally, answering: Answering, target: Path) -> None:
    """Refuse rows that would not be there, or were left out that would, by what is asked now.

    What became of broken and of long rows may be changed after one of them ended a run: those before it are the
    same either way.
    """
    too_long = done.skipped_codes.get(TruncationRefused.code, 0)
    if done.skipped and not answering.skip:
        raise mismatch(
            target, f"{done.skipped:,} rows were skipped, and are to end the run now", ["on_error"]
        )
    if done.truncated and answering.refuse_truncated:
        raise mismatch(
            target, f"{done.truncated:,} rows were cut, and are to be refused now", ["on_truncate"]
        )
    if too_long and not answering.refuse_truncated:
        found = f"{too_long:,} rows were skipped for their length, and are to be cut now"
        raise mismatch(target, found, ["on_truncate"])


class _Segments:
    """Rows to the bytes that follow those of the rows before them."""

    def __init__(self, table: _Table, journal: Journal) -> None:
        self._table = table
        self._schema = table.schema
        self._first = not any(segment.n_bytes for segment in journal.segments)
        if table.format == "parquet" and not self._first:
            self._schema = parquet_schema(next(filter(None, journal.read())))

    def content(
        self, rows: list[AnsweredRow], skipped: list[SkippedRow] | None, *, even_none: bool = False
    ) -> tuple[bytes, list[AnsweredRow]]:
        """The bytes, and the rows that are in them.

        Args:
            rows: What to write.
            skipped: Where rows go that the format cannot hold; None to raise.
            even_none: Write a table without rows.
        """
        if not rows and not even_none:
            return b"", rows
        parquet = self._table.format == "parquet"
        refused: set[int] = set()

        def refuse(index: int, error: Any) -> None:
            refused.add(index)
            assert skipped is not None
            skipped.append(rows[index].taken.skipped(error))

        stream = io.BytesIO()
        with table_writer(
            stream,
            self._table.format,
            self._table.names,
            gzipped=self._table.gzipped and not parquet,  # joined first, and then as a whole
            schema=self._schema,
            header=self._first,
        ) as writer:
            values, places = [row.values for row in rows], [row.taken.place for row in rows]
            writer.write(values, places, None if skipped is None else refuse)
        self._first = False
        if parquet:
            self._schema = parquet_schema(stream.getvalue())
        return stream.getvalue(), [row for index, row in enumerate(rows) if index not in refused]


def _directed(model: Model) -> str | None:
    """A note where reading a pair in both orders goes against what the model was taught."""
    if ENTAILMENT in [name.casefold() for name in model.answers.outputs]:
        why = f"its labels ({model.answers.in_words}) say something of an order"
    elif asking_side(model.sides) is not None:
        why = f"its sides ({model.sides.first}, {model.sides.second}) are not of one kind"
    else:
        return None
    return f"every pair was read in both orders, which is not what the model was taught: {why}"


def _skipped_file(output: str | Path) -> Path:
    """Beside the file itself, where the output is a link to it."""
    path = Path(output)
    return Path(f"{destination(path) if path.is_symlink() else path}{SKIPPED_SUFFIX}")


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
def _opened(output: str | Path) -> Iterator[BinaryIO]:
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


def _table(rows: PairRows, added: Mapping[str, str], output: str | Path, given: str | None) -> _Table:
    if given is not None and given not in FORMATS:
        raise FormatUnknown(f"{given!r} is not a format.", expected=f"one of {', '.join(FORMATS)}")
    # Generated pairs and those of TFDS come in no format that is written.
    own = {"xlsx": "csv"}.get(rows.format or "", rows.format if rows.format in FORMATS else "jsonl")
    format = given or (own if _is_direct(output) else format_of(Path(output)))
    return _Table(
        names=[*rows.columns, *added.values()],
        format=format,
        gzipped=str(output).lower().endswith(".gz"),
        schema=rows.schema if format == "parquet" else None,
    )
