"""The texts of a file to a file of vectors, one a row, in their order; whole or absent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from samesay.data.texts import TextList, load_texts
from samesay.embedder import Embedder
from samesay.errors import ExtraMissing, FormatUnknown, RowMalformed, TargetExists
from samesay.pairs import CHUNK_PAIRS, Progress, ProgressListener
from samesay.storage import destination, new_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

VECTOR_COLUMN = "vector"


@dataclass(frozen=True, slots=True)
class EmbedReport:
    """What became of a file.

    Attributes:
        output: Where the vectors are.
        rows: How many.
        dimension: Numbers of each.
        column: The column that the texts are from.
        seconds: Wall time, reading and writing included.
        notes: What was decided in reading the texts that a user may want to know.
    """

    output: str
    rows: int
    dimension: int
    column: str
    seconds: float
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The facts as JSON types."""
        return asdict(self)


def embed_file(
    source: str | Path,
    output: str | Path,
    *,
    model: str | Path | None = None,
    overwrite: bool = False,
    threads: int | None = None,
    progress: ProgressListener | None = None,
    **reading: Any,
) -> EmbedReport:
    """Write the vectors of a file's texts.

    Args:
        source: Lines of a ``.txt`` file or of standard input (``-``), or a table.
        output: ``.npy``, an array of shape ``(rows, dimension)``; or ``.parquet``, the columns of the table and
            ``vector``, a list of floats. A row without text has a vector, too.
        model: What ``Embedder.open`` takes; ``builtin:embed`` where absent.
        overwrite: Replace a file that is there.
        threads: Runs side by side.
        progress: Hears the stage ``"embed"``.
        **reading: How the source is read: ``column``, ``format`` and the others of ``load_texts``.

    Raises:
        FormatUnknown: If the output is neither.
        TargetExists: If there is something at ``output`` and ``overwrite`` is false.
        DataError, ModelError, BundleError, MachineError: Their leaves; nothing is written then.
    """
    started = time.perf_counter()
    target = destination(output)
    write = {".npy": _write_npy, ".parquet": _write_parquet}.get(target.suffix.lower())
    if write is None:
        raise FormatUnknown(
            f"Vectors cannot be written to {target.name!r}.",
            where="--output",
            expected="a .npy or .parquet file",
        )
    if target.exists() and not overwrite:
        raise TargetExists(
            f"{target} exists already.",
            where=str(target),
            hint="name another output, or replace it with --overwrite (overwrite=True)",
        )
    texts = load_texts(source, keep_empty=True, **reading)
    embedder = Embedder.open(model, threads=threads)

    def vectors() -> Iterator[NDArray[np.float32]]:
        for begin in range(0, len(texts), CHUNK_PAIRS):
            found = embedder.encode(texts.texts[begin : begin + CHUNK_PAIRS])
            yield found
            if progress is not None:
                progress(Progress("embed", begin + len(found), len(texts)))

    with new_file(target, replace=overwrite) as stream:
        write(stream, texts, vectors(), embedder.dimension)
    return EmbedReport(
        str(output),
        len(texts),
        embedder.dimension,
        texts.column,
        round(time.perf_counter() - started, 3),
        texts.notes,
    )


def _write_npy(
    stream: BinaryIO, texts: TextList, vectors: Iterator[NDArray[np.float32]], dimension: int
) -> None:
    head = {"descr": "<f4", "fortran_order": False, "shape": (len(texts), dimension)}
    np.lib.format.write_array_header_1_0(stream, head)
    for part in vectors:
        stream.write(part.astype("<f4").tobytes())


def _write_parquet(
    stream: BinaryIO, texts: TextList, vectors: Iterator[NDArray[np.float32]], dimension: int
) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise ExtraMissing.of("parquet", "pyarrow", "Writing Parquet") from None

    try:
        table = pa.Table.from_pylist(texts.rows)
    except (
        TypeError,
        OverflowError,
        ValueError,
        NotImplementedError,
    ) as problem:  # Arrow's own are among them
        raise RowMalformed(
            f"The rows hold what Parquet cannot: {problem}.",
            where=texts.name,
            hint="name an output ending in .npy, which holds the vectors alone",
        ) from problem
    taken = set(table.column_names)
    name = next(
        one for one in (VECTOR_COLUMN, *(f"{VECTOR_COLUMN}_{n}" for n in range(2, 10**6))) if one not in taken
    )
    schema = table.schema.append(pa.field(name, pa.list_(pa.float32(), dimension)))
    with pq.ParquetWriter(stream, schema) as writer:
        begin = 0
        for part in vectors:
            column = pa.FixedSizeListArray.from_arrays(pa.array(part.reshape(-1)), dimension)
            rows = table.slice(begin, len(part)).append_column(schema.field(name), column)
            writer.write_table(rows)
            begin += len(part)
