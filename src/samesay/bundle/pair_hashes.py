"""The hashes of the pairs a model has seen: later data can be checked for leaks without the texts themselves.

A gzipped text file of lines ``split<TAB>hash``, sorted, each once; the same hashes give the same bytes on one
zlib.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from samesay.errors import BundleDamaged, UsageError


def write_pair_hashes(path: str | Path, hashes: Mapping[str, Iterable[str]]) -> int:
    """Write the hashes of each split.

    Args:
        path: The file, by custom ``draft.file("pair_hashes")``.
        hashes: By split (``"train"``, ``"validation"``), as `PairTable.pair_hashes` gives them.

    Returns:
        How many different ones there are.

    Raises:
        UsageError: If a split or a hash holds white space.
    """
    lines = sorted({f"{split}\t{value}" for split, values in hashes.items() for value in values})
    for line in lines:
        if len(line.split()) != 2:
            raise UsageError(
                f"Cannot write the pair hash {line!r}.", expected="a split and a hash, no spaces"
            )
    buffer = io.BytesIO()
    # No file name and no time in the header, or equal content would not be equal bytes.
    with gzip.GzipFile(filename="", fileobj=buffer, mode="wb", compresslevel=9, mtime=0) as stream:
        stream.write("".join(f"{line}\n" for line in lines).encode("utf-8"))
    Path(path).write_bytes(buffer.getvalue())
    return len(lines)


def read_pair_hashes(path: str | Path) -> dict[str, frozenset[str]]:
    """The hashes by split, as `write_pair_hashes` wrote them.

    Raises:
        BundleDamaged: If the file is something else.
    """
    splits: dict[str, set[str]] = {}
    try:
        text = gzip.decompress(Path(path).read_bytes()).decode("utf-8")
        for line in text.splitlines():
            split, value = line.split("\t")
            splits.setdefault(split, set()).add(value)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise BundleDamaged(f"The pair hashes cannot be read: {error}.", where=str(path)) from error
    return {split: frozenset(values) for split, values in splits.items()}
