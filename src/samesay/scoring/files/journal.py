"""A draft that outlives the process that writes it: an output file in segments, each there whole or not at all.

It is a hidden folder beside the output, reached as ``OwnFolder`` does, since its name can be foretold. ``rows`` grows
by a segment at a time and is flushed to the disk; only then a line of ``journal.jsonl`` says how long the segment is,
what was read for it and what was skipped. What follows the last such line was torn off by whatever ended the process,
and is cut away. At the end a last line says that all is done, and ``rows`` becomes the output. The folder is locked
while its process lives.

This module knows bytes, not rows.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO

from samesay.errors import OutputBusy, OutputUnwritable, ResumeMismatch
from samesay.storage import (
    Claim,
    OwnFolder,
    flush_folder,
    hidden_beside,
    made_parents,
    new_file,
    said_plainly,
)

_JOURNAL, _ROWS, _JOINED = "journal.jsonl", "rows", "joined"
# The journal last: without it, what is left is nobody's unfinished run.
_OURS = (_ROWS, _JOINED, _JOURNAL)
_DONE = "done"
_PURPOSE = "journal"
# Of the layout; another one is never resumed.
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Segment:
    """What one line of the journal says.

    Attributes:
        n_bytes: Length of the segment in ``rows``.
        sha256: Of its bytes.
        taken: The digest of the input that it was made of.
        tally: What was counted in it.
    """

    n_bytes: int
    sha256: str
    taken: str
    tally: dict[str, Any]


class Journal:
    """The open draft of one output; made by ``open_journal``.

    Attributes:
        segments: Those that are safe on the disk, former runs' first.
    """

    def __init__(self, folder: OwnFolder, target: Path) -> None:
        self._folder = folder
        self._target = target
        self._streams: dict[str, BinaryIO] = {}
        self.segments: list[Segment] = []

    def begin(self, made_of: Mapping[str, Any], *, restart: bool) -> None:
        """Resume what a former run left, or start where there is nothing.

        Args:
            made_of: What the rows depend on, JSON types. ``resumable`` says whether they may be resumed.
            restart: Throw away what is there.
        """
        made_of = {"journal": _VERSION, **made_of}
        known, length = self._read()
        if restart or not self.segments or not known.get("resumable"):
            self.segments.clear()
            self._folder.remove(_OURS)
            self._append(_JOURNAL, _line(made_of))
            self._append(_ROWS, b"")
            self._folder.flush()
            flush_folder(self._folder.path.parent)
            return
        differing = [key for key in {**known, **made_of} if known.get(key) != made_of.get(key)]
        if differing:
            found = "; ".join(_difference(key, known.get(key), made_of.get(key)) for key in differing)
            raise mismatch(self._target, found, differing)
        self._cut_back()
        self._folder.truncate(_JOURNAL, length)

    @property
    def is_kept(self) -> bool:
        """Whether the next run finds what is whole."""
        return bool(self.segments) and self._folder.is_in_place

    def add(
        self, rows: bytes, skipped: Sequence[Mapping[str, Any]], *, taken: str, tally: dict[str, Any]
    ) -> None:
        """Append a segment and what was skipped in it; when this returns it is on the disk for good."""
        if not self._folder.is_in_place:
            raise OutputUnwritable(
                f"What was to become {self._target.name} was removed or moved while it was written.",
                where=str(self._folder.path),
                hint="run it again, and leave alone what lies hidden beside the output while it runs",
            )
        segment = Segment(len(rows), hashlib.sha256(rows).hexdigest(), taken, tally)
        self._append(_ROWS, rows)
        self._append(_JOURNAL, _line({**asdict(segment), "skipped": list(skipped)}))
        self.segments.append(segment)

    def read(self) -> Iterator[bytes]:
        """The bytes of every segment, in order."""
        with self._folder.open(_ROWS, "rb") as stream:
            for segment in self.segments:
                yield stream.read(segment.n_bytes)

    def finish(
        self,
        *,
        replace: bool,
        skipped_to: Path,
        join: Callable[[Iterable[bytes], BinaryIO], None] | None = None,
    ) -> None:
        """Let the draft become the output.

        Args:
            replace: Whether a file that is there may be replaced.
            skipped_to: Where the skipped rows go, if there are any.
            join: Writes the output from the segments, where it is not simply one after the other.
        """
        self.close()
        name = _ROWS
        if join is not None:
            name = _JOINED
            self._folder.remove([_JOINED])
            with self._folder.open(_JOINED, "xb") as stream:
                join(self.read(), stream)
                stream.flush()
                os.fsync(stream.fileno())
        # Before the output, whose coming says that all is done.
        self._write_skipped(skipped_to, replace=replace)
        self._append(_JOURNAL, _line({_DONE: name}))
        self.close()
        self._folder.move_out(name, self._target, replace=replace)
        flush_folder(self._target.parent)
        self.remove()

    def remove(self) -> None:
        """Remove the files by their names, and the folder if nothing else is in it."""
        self.close()
        _remove(self._folder)

    def leave(self) -> None:
        """Cut away what is not whole, as far as the system lets us."""
        self.close()
        with contextlib.suppress(OSError):
            self._cut_back()

    def close(self) -> None:
        """Close the files."""
        while self._streams:
            with contextlib.suppress(OSError):
                self._streams.popitem()[1].close()

    def _append(self, name: str, data: bytes) -> None:
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = self._folder.open(name, "ab")
        rest = memoryview(data)
        while rest:
            rest = rest[stream.write(rest) :]
        os.fsync(stream.fileno())

    def _read(self) -> tuple[dict[str, Any], int]:
        """What the draft was made of, and the length of the journal that holds true; fills ``segments``."""
        with contextlib.ExitStack() as stack:
            try:
                rows, lines = (
                    stack.enter_context(self._folder.open(name, "rb")) for name in (_ROWS, _JOURNAL)
                )
            except FileNotFoundError:
                return {}, 0
            first = next(lines, b"")
            known, length = _parsed(first), len(first)
            for line in lines if known is not None else ():
                facts = _parsed(line)
                if facts is None or _DONE in facts:
                    break
                segment = Segment(**{each.name: facts[each.name] for each in fields(Segment)})
                if hashlib.sha256(rows.read(segment.n_bytes)).hexdigest() != segment.sha256:
                    break
                self.segments.append(segment)
                length += len(line)
            return known or {}, length

    def _cut_back(self) -> None:
        self._folder.truncate(_ROWS, sum(each.n_bytes for each in self.segments))

    def _write_skipped(self, place: Path, *, replace: bool) -> None:
        """The side file; none where nothing was skipped."""
        if not any(segment.tally.get("skipped") for segment in self.segments):
            if replace:  # that of the output that is replaced
                place.unlink(missing_ok=True)
            return
        with self._folder.open(_JOURNAL, "rb") as lines, new_file(place, replace=True) as stream:
            next(lines)
            for line in lines:
                for row in (_parsed(line) or {}).get("skipped", ()):
                    stream.write(
                        json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
                    )


@contextmanager
def open_journal(target: Path, made_of: Mapping[str, Any], *, restart: bool = False) -> Iterator[Journal]:
    """The journal of ``target``, held by this process while the block runs.

    Where the block fails, what is whole stays for the next run (nothing does if ``made_of["resumable"]`` is false or no
    segment was finished), and the exception gets a note that says so.
    """
    with said_plainly(target, kept="what is done waits beside it"), made_parents(target):
        folder, claim = _claimed(target)
        journal = Journal(folder, target)
        try:
            journal.begin(made_of, restart=restart)
            yield journal
        except ResumeMismatch:
            raise  # the draft is another run's, and stays as it is
        except BaseException as error:
            journal.leave()
            if not made_of.get("resumable") or not journal.segments:
                journal.remove()
            elif journal.is_kept:
                rows = sum(segment.tally.get("rows", 0) for segment in journal.segments)
                error.add_note(f"{rows:,} rows are done and kept; the same command resumes after them")
            raise
        finally:
            journal.close()
            claim.release()
            folder.close()


def clear_finished(target: Path) -> None:
    """Remove what a process left that was killed after it had put ``target`` in place, and nothing else."""
    try:
        folder = OwnFolder(hidden_beside(target, _PURPOSE))
    except (OSError, OutputUnwritable):
        return
    claim = Claim.take(folder.path, folder.descriptor)
    try:
        if not claim.taken and _is_finished(folder):
            _remove(folder)
    finally:
        claim.release()
        folder.close()


def _is_finished(folder: OwnFolder) -> bool:
    """Whether what was to become the output is gone from here."""
    if folder.size(_ROWS) is None:
        return True
    last: deque[bytes] = deque(maxlen=1)
    with contextlib.suppress(FileNotFoundError), folder.open(_JOURNAL, "rb") as lines:
        last.extend(lines)
    name = (_parsed(last[0]) or {}).get(_DONE) if last else None
    return name is not None and folder.size(name) is None


def _remove(folder: OwnFolder) -> None:
    folder.remove(_OURS)
    if folder.is_in_place:
        with contextlib.suppress(OSError):  # something else is in it, and stays
            folder.path.rmdir()


def mismatch(target: Path, found: str, differing: list[str]) -> ResumeMismatch:
    """The error for a draft that was made otherwise than is asked now."""
    return ResumeMismatch(
        f"An interrupted run has left its part of {target.name}, and it was made of something else: {found}.",
        where=str(target),
        expected="the model, the input and the options of that run",
        hint="give the former command once more to finish it, or throw it away with --restart (restart=True)",
        details={"differing": differing},
    )


def changed(target: Path, how: str) -> ResumeMismatch:
    """The error for an input that is not the one of which a part was scored."""
    return ResumeMismatch(
        f"The input has changed since a part of {target.name} was made of it: {how}.",
        where=str(target),
        expected="the rows that were there, and any after them",
        hint="bring the former input back, or start over with --restart (restart=True)",
        details={"differing": ["input"]},
    )


def _claimed(target: Path) -> tuple[OwnFolder, Claim]:
    while True:
        folder = OwnFolder(hidden_beside(target, _PURPOSE), make=True)
        claim = Claim.take(folder.path, folder.descriptor)
        if claim.taken:
            folder.close()
            raise OutputBusy(
                f"Another process is writing {target.name} at this moment.",
                where=str(target),
                hint="wait until it has ended, or name another output",
            )
        if (
            folder.is_in_place
        ):  # between its making and the lock, another run may have finished and removed it
            return folder, claim
        claim.release()
        folder.close()


def _line(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts).encode("ascii") + b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        return json.loads(line)
    except ValueError:
        return None


def _difference(key: str, then: Any, now: Any) -> str:
    name = key.replace("_", " ")
    return f"the {name} is another" if key == "model" else f"{name} was {_shown(then)} and is {_shown(now)}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False)
