"""Results to a file, a table or a text, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from samesay.data.formats.readers import STANDARD_INPUT, format_of
from samesay.data.formats.writers import table_writer
from samesay.errors import OutputUnwritable, TargetExists, UsageError
from samesay.storage import destination, new_file

_GZIPPED = ".gz"


def require_file(output: str | Path, *, overwrite: bool) -> None:
    """Refuse an output that could not be written, before any work.

    Raises:
        UsageError: For standard output, on which results are printed anyway.
        FormatUnknown: If the name does not tell the format.
        OutputUnwritable: If it is a folder.
        TargetExists: If it is there and ``overwrite`` is false.
    """
    if str(output) == STANDARD_INPUT:
        raise UsageError(
            "A list of results goes to a file.",
            where="--output",
            expected="the name of a file",
            hint="--json prints it",
        )
    format_of(Path(output))
    require_new(output, overwrite=overwrite)


def require_apart(outputs: Mapping[str, str | Path | None]) -> None:
    """Refuse outputs of which one would replace another.

    Args:
        outputs: By the option that names each; None for those not asked for.

    Raises:
        UsageError: If two are one file.
    """
    options: dict[Path, str] = {}
    for option, output in outputs.items():
        other = option if output is None else options.setdefault(Path(output).resolve(), option)
        if other != option:
            raise UsageError(
                f"{output} was named twice: by {other} and by {option}.",
                where=option,
                expected="a file of its own for each",
            )


def require_new(output: str | Path, *, overwrite: bool) -> None:
    """Refuse a file that could not be written, before any work.

    Raises:
        OutputUnwritable: If it is a folder.
        TargetExists: If it is there and ``overwrite`` is false.
    """
    path = Path(output)
    destination(path)
    if path.is_dir():
        raise OutputUnwritable(f"{path} is a folder.", where=str(path), expected="the name of a file")
    if not overwrite and path.exists():
        raise TargetExists(
            f"{path} exists already.",
            where=str(path),
            hint="name another output, or replace it with --overwrite (overwrite=True)",
        )


def write_rows(
    output: str | Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, overwrite: bool
) -> None:
    """Write rows in the format that the name of ``output`` tells.

    Raises:
        DiskFull, OutputUnwritable: If it cannot be written; nothing is left behind.
        ExtraMissing: For Parquet without pyarrow.
        RowMalformed: If the format cannot hold a value.
    """
    path = Path(output)
    with new_file(destination(path), replace=overwrite) as stream:
        gzipped = path.suffix.lower() == _GZIPPED
        with table_writer(stream, format_of(path), columns, gzipped=gzipped) as writer:
            writer.write(rows, [f"result {number}" for number in range(1, len(rows) + 1)])


def write_text(output: str | Path, text: str, *, overwrite: bool) -> None:
    """Write ``text`` as UTF-8.

    Raises:
        TargetExists, DiskFull, OutputUnwritable: If it cannot be written; nothing is left behind.
    """
    with new_file(destination(output), replace=overwrite) as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))


def rounded(probability: float) -> float:
    """A probability with the digits that a float32 has, and not the 17 of its float64."""
    return float(f"{probability:.7g}")
