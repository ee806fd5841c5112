"""The hashes of the pairs a model has seen: later data can be checked for leaks without the texts themselves.

A gzipped text file of lines ``split<TAB>hash``, sorted, each once; the same hashes give the same bytes on one
zlib.
"""

from __future__ import annotations

import gzip
import zlib
from array import array
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samesay.errors import BundleDamaged

_AT_ONCE = 1 << 16
_LONGEST_LINE = 1_000


def write_pair_hashes(path: str | Path, hashes: Mapping[str, NDArray[np.uint64]]) -> None:
    """Write the hashes of each split (``"train"``, ``"validation"``), as `PairTable.pair_hashes` gives them."""
    with (
        Path(path).open("wb") as file,
        # No file name and no time in the header, or equal content would not be equal bytes.
        gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=9, mtime=0) as stream,
    ):
        for split in sorted(hashes):
            numbers = np.unique(hashes[split])
            for begin in range(0, len(numbers), _AT_ONCE):
                block = numbers[begin : begin + _AT_ONCE].tolist()
                stream.write("".join(f"{split}\t{number:016x}\n" for number in block).encode())


def read_pair_hashes(path: str | Path) -> dict[str, NDArray[np.uint64]]:
    """The hashes by split, ascending, each once.

    Raises:
        BundleDamaged: If the file is not as `write_pair_hashes` writes it.
    """
    splits: dict[str, array[int]] = {}
    try:
        with gzip.open(path, "rb") as stream:
            last = b""
            while line := stream.readline(_LONGEST_LINE):
                # What is repeated could unpack to gigabytes; what is different and sorted cannot.
                if line <= last:
                    raise ValueError("its lines are not sorted, each once")
                last = line
                split, value = line.decode("utf-8").split("\t")
                splits.setdefault(split, array("Q")).append(int(value, 16))
    except (OSError, EOFError, ValueError, OverflowError, zlib.error) as error:
        raise BundleDamaged(f"The pair hashes cannot be read: {error}.", where=str(path)) from error
    return {split: np.array(values, np.uint64) for split, values in splits.items()}
