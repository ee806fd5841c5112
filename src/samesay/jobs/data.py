"""Look at a source of pairs, or write generated ones to files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from samesay.data import Description, PairTable, describe, load_pairs
from samesay.data.formats.readers import format_of
from samesay.data.formats.writers import table_writer
from samesay.data.rows import temporary_folder
from samesay.data.sources.builtin import DEFAULT_PAIRS, generate, share_of
from samesay.data.sources.corpora import CORPORA, Corpus
from samesay.errors import TargetExists
from samesay.pairs import Sides
from samesay.storage import destination, new_file, new_folder
from samesay.synthetic.captions.generator import SIDES, SPLITS


@dataclass(frozen=True)
class WrittenFile:
    """A file of generated pairs."""

    path: Path
    split: str
    n_pairs: int
    label_counts: dict[str, int]


@dataclass(frozen=True)
class GeneratedData:
    """Files of generated pairs.

    Attributes:
        path: The file or the folder that was asked for.
        files: What was written, train first.
        sides: The columns of the two texts; the label's column is ``label``.
        seed: What the pairs were drawn by.
    """

    path: Path
    files: tuple[WrittenFile, ...]
    sides: Sides
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON types."""
        files = [{**vars(file), "path": str(file.path)} for file in self.files]
        return {**vars(self), "path": str(self.path), "files": files, "sides": list(self.sides)}


def show_data(
    source: str | Path,
    *,
    n_samples: int = 4,
    **options: Any,
) -> Description:
    """Describe what ``source`` holds, labelled or not; of several splits train.

    ``options`` are fields of ``samesay.data.ReadOptions``, and ``n_samples`` says how many pairs to show.

    Raises:
        DataError: One of its leaves, if the source cannot be read.
    """
    table = load_pairs(source, need_labels=None, prefer=SPLITS, texts_in=temporary_folder(), **options)
    return describe(table, n_samples=n_samples)


def list_corpora() -> tuple[Corpus, ...]:
    """The published corpora that go by a name, in the order of their table; nothing is fetched."""
    return tuple(CORPORA.values())


def generate_data(
    output: str | Path,
    *,
    n_pairs: int = DEFAULT_PAIRS,
    seed: int = 0,
    split: str | None = None,
    overwrite: bool = False,
) -> GeneratedData:
    """Write generated pairs to one file, or to a folder with a CSV file for each split; whole or not at all.

    Args:
        output: A file whose name shows its format, or a folder (a name without a suffix).
        n_pairs: How many; in a folder of all splits the train split's, and a fifth of it in each of the
            others.
        seed: The same seed gives the same pairs.
        split: The only split to write; of a file, train where absent.
        overwrite: Replace the file, or a folder that holds nothing but such files.

    Raises:
        FormatUnknown: If the file's name shows no format.
        TargetExists: If the place is taken.
        DiskFull, OutputUnwritable: If it cannot be written; nothing is left over.
    """
    target = Path(output)
    place = destination(target)
    if target.suffix and not target.is_dir():
        table = generate(n_pairs, split=split or SPLITS[0], seed=seed)
        kind = format_of(target)
        with new_file(place, replace=overwrite) as stream:
            _write(stream, table, kind, gzipped=target.suffix.lower() == ".gz")
        return GeneratedData(target, (_written(target, table),), SIDES, seed)
    if overwrite:
        _require_only_splits(target)
    sizes = {split: n_pairs} if split else {name: share_of(name, n_pairs) for name in SPLITS}
    files = []
    with new_folder(place, replace=overwrite) as folder:
        for name, size in sizes.items():
            table = generate(size, split=name, seed=seed)
            with (folder / f"{name}.csv").open("wb") as stream:
                _write(stream, table, "csv", gzipped=False)
            files.append(_written(target / f"{name}.csv", table))
    return GeneratedData(target, tuple(files), SIDES, seed)


def _write(stream: BinaryIO, table: PairTable, kind: str, *, gzipped: bool) -> None:
    columns: dict[str, Sequence[str]] = {
        table.sides.first: table.first,
        table.sides.second: table.second,
        "label": table.label_names(),
        **table.columns,
    }
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    with table_writer(stream, kind, list(columns), gzipped=gzipped) as writer:
        writer.write(rows, [f"generated pair {number}" for number in range(1, len(rows) + 1)])


def _written(path: Path, table: PairTable) -> WrittenFile:
    return WrittenFile(path, table.origin.split or SPLITS[0], len(table), table.label_counts())


def _require_only_splits(folder: Path) -> None:
    """Refuse to replace a folder in which something else than generated splits would be lost."""
    if not folder.is_dir():
        return
    others = sorted(
        entry.name for entry in folder.iterdir() if entry.name not in {f"{name}.csv" for name in SPLITS}
    )
    if others:
        raise TargetExists(
            f"The folder {folder} holds other files: {', '.join(others[:3])}.",
            where=str(folder),
            expected="a new name, or a folder with nothing but train.csv, validation.csv and test.csv",
        )
