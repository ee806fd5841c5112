"""Pairs of sources in chunks that are always cut at the same rows, with what cannot be read set aside.

Knows rows with their pairs, nothing of what a model says of them.
"""

from __future__ import annotations

import glob
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from samesay.data.rows import SkippedRow
from samesay.data.stream import PairRow, PairRows
from samesay.errors import SourceNotFound, UsageError
from samesay.pairs import Pair

_CHUNK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Chunk:
    """Rows that are answered together: ``rows`` with their ``pairs``, and what is to be ``skipped``."""

    taken: Sequence[PairRow]

    @cached_property
    def rows(self) -> list[PairRow]:
        """Those that could be read."""
        return [each for each in self.taken if each.pair is not None]

    @cached_property
    def pairs(self) -> list[Pair]:
        """Their pairs."""
        return [each.pair for each in self.taken if each.pair is not None]

    @property
    def skipped(self) -> list[SkippedRow]:
        """Those that could not."""
        return [each.skipped(each.row.error) for each in self.taken if each.row.error is not None]

    @property
    def digest(self) -> str:
        """SHA-256 of all of them and of their places."""
        digest = hashlib.sha256()
        for each in self.taken:
            row = each.row
            # The pair, too: whether bytes literals are decoded is decided by more rows than these.
            content = (each.file, row.number, row.values, str(row.error), each.pair)
            digest.update(repr(content).encode("utf-8", "backslashreplace"))
        return digest.hexdigest()

    def in_order(self, rows: Sequence[SkippedRow]) -> list[SkippedRow]:
        """Rows of this chunk in the order of the input."""
        files = list(dict.fromkeys(each.file for each in self.taken))
        return sorted(rows, key=lambda row: (files.index(row.file), row.row))


def chunks_of(rows: PairRows, chunk_rows: int) -> Iterator[Chunk]:
    """The rows in chunks of ``chunk_rows``, or of fewer where they are long."""
    taken: list[PairRow] = []
    held = 0
    for each in rows.pairs():
        taken.append(each)
        held += each.row.held_bytes
        if len(taken) == chunk_rows or held > _CHUNK_BYTES:
            yield Chunk(taken)
            taken, held = [], 0
    if taken:
        yield Chunk(taken)


def found_sources(
    asked: str | Path | Sequence[str | Path], *, leave_out: Sequence[Path] = ()
) -> tuple[list[str | Path], bool]:
    """The sources that were asked for, patterns replaced by the files that match them, in the order of their names.

    Args:
        asked: A source, or several; ``*``, ``?`` and ``**`` make a pattern of a name that is no file's.
        leave_out: Files that no pattern is to find, such as the output.

    Returns:
        The sources, and whether there can be more than one.
    """
    words = [asked] if isinstance(asked, str | Path) else list(asked)
    found: list[str | Path] = []
    several = len(words) > 1
    for word in words:
        if not any(mark in str(word) for mark in "*?") or Path(word).exists():
            found.append(word)
            continue
        several = True
        hidden = {path.absolute() for path in leave_out}
        names = sorted(glob.glob(str(word), recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        files = [name for name in names if Path(name).is_file() and Path(name).absolute() not in hidden]
        if not files:
            raise SourceNotFound(
                f"No file matches the pattern {str(word)!r}.",
                where=str(word),
                expected="a pattern that at least one file matches",
            )
        found += files
    twice = [str(source) for source, times in Counter(found).items() if times > 1]
    if twice or not found:
        raise UsageError(
            f"The input {twice[0]!r} is named twice." if twice else "There is no input.",
            where="--input",
            expected="every input once" if twice else "a file, a pattern, or several of them",
        )
    return found, several
