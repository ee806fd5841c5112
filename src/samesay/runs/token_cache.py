"""Training pairs as token ids on the disk: encoded once in blocks, then read through memory maps.

An entry is a folder of plain ``.npy`` files with a small JSON of their checksums, found by a fingerprint of texts and
tokenizer. Gold answers are no part of it: the same texts serve other labels. Nothing here is needed for a result: what
cannot be kept is encoded in memory, to the very same ids.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from samesay.data import PairTable
from samesay.encoding import EncodedPairs, PairEncoder
from samesay.errors import BundleDamaged, DiskFull, OutputUnwritable, TargetExists
from samesay.model.runtime.backend import cache_folder
from samesay.storage import OwnFolder, is_own, new_folder, require_own_or_absent

if TYPE_CHECKING:
    from samesay.model.encoders import PreprocessorEncoder

FORMAT = 1
"""Another one where what lies in an entry, or how it is named, changes."""

WORTH_KEEPING = 10_000
"""Fewer pairs are encoded in less time than it takes to flush files to a disk."""

MOST_BYTES = 8_000_000_000
"""Of all entries together; beyond it those go that were not used for longest. 1 million SNLI pairs take 75 MB."""

_FACTS = "entry.json"
_ARRAYS = ("token_ids", "offsets", "second_starts", "tokens_lost")
_FILES = (_FACTS, *(f"{name}.npy" for name in _ARRAYS))
_NAME = re.compile(r"[0-9a-f]{64}")
_NARROW = np.iinfo(np.uint16).max
_LOG = logging.getLogger("samesay")


def encoded_pairs(
    encoder: PairEncoder | PreprocessorEncoder, table: PairTable, *, folder: Path | None = None
) -> EncodedPairs:
    """``encoder.encode`` of the texts of ``table``, from the cache where they were encoded before.

    A damaged entry is made again; if the disk is full or cannot be written, the pairs are encoded in memory. Both are
    logged. Few pairs, and what a preprocessor of the user's own encodes, are not kept.

    Args:
        encoder: Of the model.
        table: The pairs, in the order in which the model reads them.
        folder: Of the cache; ``tokens`` in ``$SAMESAY_CACHE`` where absent.

    Returns:
        ``n_pairs`` rows. Its arrays are memory maps where the cache served, ``token_ids`` uint16 for vocabularies
        that allow it.

    Raises:
        EncodingInvalid: If a text holds a lone surrogate.
    """
    if len(table) < WORTH_KEEPING or not isinstance(encoder, PairEncoder):
        return encoder.encode(table.first, table.second)
    folder = cache_folder() / "tokens" if folder is None else folder
    entry = folder / _name_of(encoder, table)
    found = _found(entry)
    if found is not None:
        return found
    replace = is_own(entry, folder=True)
    try:
        require_own_or_absent(folder, folder=True)
        with suppress(TargetExists):  # another run was faster, and its entry is the same
            _write(entry, encoder, table, replace=replace)
        _keep_within(folder, MOST_BYTES, keep=entry)
        return _opened(entry)
    except (DiskFull, OutputUnwritable, BundleDamaged) as problem:
        _LOG.warning("%s The pairs are encoded in memory.", problem.message)
        return encoder.encode(table.first, table.second)


def _name_of(encoder: PairEncoder, table: PairTable) -> str:
    """The fingerprint of all that decides the ids: texts in reading order, tokenizer, limit, versions."""
    decisive = {
        "format": FORMAT,
        "pairs": table.text_fingerprint(),
        "encoder": encoder.to_dict(),
        # The rules are code, and letters are folded by Unicode's tables.
        "versions": [version("samesay"), version("tokenizers"), unicodedata.unidata_version],
    }
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode("ascii")).hexdigest()


def _found(entry: Path) -> EncodedPairs | None:
    if not is_own(entry, folder=True):
        return None
    try:
        found = _opened(entry)
    except BundleDamaged as problem:
        _LOG.warning("%s It is made again.", problem.message)
        return None
    with suppress(OSError):
        os.utime(entry)
    _LOG.info("the tokens of %d pairs come from the cache: %s", len(found), entry)
    return found


def _opened(entry: Path) -> EncodedPairs:
    """An entry, verified.

    Raises:
        BundleDamaged: If it is not what was written.
    """
    try:
        lacking = [name for name in _FILES if not is_own(entry / name, folder=False)]
        if lacking:
            raise ValueError(f"{', '.join(lacking)} lacks, or was put there by somebody else")
        facts = json.loads((entry / _FACTS).read_text(encoding="utf-8"))
        for name, expected in facts["sha256"].items():
            if _sha256(entry / name) != expected:
                raise ValueError(f"{name} is not what was written")
        arrays = {
            # A plain array over the map: NumPy's own class for it costs time in every batch.
            name: np.asarray(np.load(entry / f"{name}.npy", mmap_mode="r", allow_pickle=False))
            for name in _ARRAYS
        }
        return EncodedPairs(**arrays, specials=tuple(facts["specials"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise BundleDamaged(f"The cached tokens are damaged: {problem}.", where=str(entry)) from problem


def _write(entry: Path, encoder: PairEncoder, table: PairTable, *, replace: bool) -> None:
    """Encode into a new entry, whole or absent.

    Raises:
        TargetExists: If another run has written it meanwhile.
        DiskFull: If there is no room; nothing is left.
        OutputUnwritable: If the system refuses; nothing is left.
    """
    specials: tuple[int, int] | None = None
    ids = np.dtype(np.uint16 if encoder.vocabulary_size - 1 <= _NARROW else np.int32)
    with new_folder(entry, replace=replace) as draft:
        with (
            _GrowingArray.open(draft / "token_ids.npy", ids) as token_ids,
            _GrowingArray.open(draft / "offsets.npy", np.dtype(np.int64)) as offsets,
            _GrowingArray.open(draft / "second_starts.npy", np.dtype(np.int32)) as second_starts,
            _GrowingArray.open(draft / "tokens_lost.npy", np.dtype(np.int32), columns=2) as tokens_lost,
        ):
            offsets.extend(np.zeros(1, np.int64))
            for part in encoder.encode_in_parts(table.first, table.second):
                offsets.extend(part.offsets[1:] + token_ids.length)
                token_ids.extend(part.token_ids)
                second_starts.extend(part.second_starts)
                tokens_lost.extend(part.tokens_lost)
                specials = part.specials
        written = sorted(path.name for path in draft.iterdir())
        facts = {
            "format": FORMAT,
            "pairs": len(table),
            "specials": specials,
            "sha256": {name: _sha256(draft / name) for name in written},
        }
        (draft / _FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


class _GrowingArray:
    """A ``.npy`` file that is written block by block; its length stands in its header once it is known."""

    def __init__(self, stream: Any, dtype: np.dtype[Any], columns: int | None) -> None:
        self._stream = stream
        self._dtype = dtype
        self._columns = columns
        self.length = 0
        self._write_header()
        self._start = stream.tell()

    @classmethod
    @contextmanager
    def open(cls, path: Path, dtype: np.dtype[Any], columns: int | None = None) -> Iterator[_GrowingArray]:
        """The array in a new file, finished when the block ends well."""
        with path.open("wb") as stream:
            array = cls(stream, dtype, columns)
            yield array
            stream.seek(0)
            array._write_header()
            # NumPy leaves room in a header for an array to grow along its first axis.
            assert stream.tell() == array._start

    def extend(self, values: NDArray[Any]) -> None:
        self._stream.write(np.ascontiguousarray(values, self._dtype).data)
        self.length += len(values)

    def _write_header(self) -> None:
        shape = (self.length,) if self._columns is None else (self.length, self._columns)
        header = {"descr": self._dtype.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._stream, header)


def _keep_within(folder: Path, most_bytes: int, *, keep: Path) -> None:
    """Remove the entries that were not used for longest until all are within ``most_bytes``.

    A run that has one open keeps it: its maps hold the files until it ends.
    """
    entries = []
    with suppress(OSError):
        for path in folder.iterdir():
            if _NAME.fullmatch(path.name) and is_own(path, folder=True):
                size = sum(each.lstat().st_size for each in path.iterdir())
                entries.append((path.lstat().st_mtime, size, path))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= most_bytes:
            return
        if path != keep:
            with closing(OwnFolder(path)) as old, suppress(OSError):
                old.remove(_FILES)
                path.rmdir()  # unless something else is in it
            total -= size
            _LOG.info("cached tokens were removed to keep within %d bytes: %s", most_bytes, path)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
