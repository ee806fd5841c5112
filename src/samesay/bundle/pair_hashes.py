"""The hashes of the pairs a model has seen: later data can be checked for leaks without the texts themselves.

A gzipped text file of lines ``split<TAB>hash``, sorted, each once; the same hashes give the same bytes on one
zlib.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samesay.errors import BundleDamaged, UsageError

_AT_ONCE = 1 << 16
_LONGEST_LINE = 1_000


def write_pair_hashes(path: str | Path, hashes: Mapping[str, Iterable[str] | NDArray[np.uint64]]) -> int:
    """Write the hashes of each split.

    Args:
        path: The file, by custom ``draft.file("pair_hashes")``.
        hashes: By split (``"train"``, ``"validation"``), as `PairTable.pair_hashes` gives them, or as numbers
            (`PairTable.pair_numbers`), which take less memory.

    Returns:
        How many different ones there are.

    Raises:
        UsageError: If a split or a hash holds white space.
    """
    n_lines = 0
    with (
        Path(path).open("wb") as file,
        # No file name and no time in the header, or equal content would not be equal bytes.
        gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=9, mtime=0) as stream,
    ):
        for split in sorted(hashes):
            for values in _sorted_blocks(hashes[split]):
                lines = [f"{split}\t{value}" for value in values]
                wrong = next((line for line in lines if len(line.split()) != 2), None)
                if wrong is not None:
                    raise UsageError(
                        f"Cannot write the pair hash {wrong!r}.", expected="a split and a hash, no spaces"
                    )
                stream.write("".join(f"{line}\n" for line in lines).encode("utf-8"))
                n_lines += len(lines)
    return n_lines


def _sorted_blocks(values: Iterable[str] | NDArray[np.uint64]) -> Iterator[list[str]]:
    """Each once, ascending, as texts, some at a time."""
    if not isinstance(values, np.ndarray):
        yield sorted(set(values))
        return
    numbers = np.unique(values)
    for begin in range(0, len(numbers), _AT_ONCE):
        yield [f"{number:016x}" for number in numbers[begin : begin + _AT_ONCE].tolist()]


def read_pair_hashes(path: str | Path) -> dict[str, frozenset[str]]:
    """The hashes by split, as `write_pair_hashes` wrote them.

    Raises:
        BundleDamaged: If the file is something else.
    """
    splits: dict[str, set[str]] = {}
    for split, value in _lines(path):
        splits.setdefault(split, set()).add(value)
    return {split: frozenset(values) for split, values in splits.items()}


def read_pair_numbers(path: str | Path) -> Iterator[tuple[str, NDArray[np.uint64]]]:
    """The same as numbers, some of one split at a time: a model of many pairs has more than are held in memory.

    Raises:
        BundleDamaged: While iterating, if the file is something else.
    """
    for split, lines in groupby(_lines(path), key=itemgetter(0)):
        values = (value for _, value in lines)
        while block := list(islice(values, _AT_ONCE)):
            try:
                numbers = np.fromiter((int(value, 16) for value in block), np.uint64, len(block))
            except (ValueError, OverflowError) as error:
                raise _damaged(path, error) from error
            yield split, numbers


def _lines(path: str | Path) -> Iterator[tuple[str, str]]:
    try:
        with gzip.open(path, "rb") as stream:
            last = b""
            while line := stream.readline(_LONGEST_LINE):
                # What is repeated could unpack to gigabytes; what is different and sorted cannot.
                if line <= last:
                    raise ValueError("its lines are not sorted, each once")
                last = line
                split, value = line.decode("utf-8").removesuffix("\n").split("\t")
                yield split, value
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise _damaged(path, error) from error


def _damaged(path: str | Path, error: Exception) -> BundleDamaged:
    return BundleDamaged(f"The pair hashes cannot be read: {error}.", where=str(path))
