"""The fuzz target: inputs changed at random, tried by the real commands in a process that is watched from outside.

    python tests/fuzz/watch.py --seconds 900 --start 1000     # hunt
    python tests/fuzz/watch.py folder:17 bundle:4             # try these again

Asked of every trial: an exit status of the table and never 70, no traceback, an end within the time, memory below the
bound, nothing half written, nothing of the input run.
"""

from __future__ import annotations

import argparse
import json
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fuzz.specimens import BY_NAME, SPECIMENS

HANGS_AFTER = 30.0
"""Seconds of processor time that a trial may take; an audit of 40,000 repeated rows needs 10 to 20."""

_BY_THE_CLOCK = 6  # times as many, on a machine that is busy with other things

MOST_MEMORY = 500_000_000
"""Bytes above what the process holds once it has tried the valid specimen."""

WORKER = Path(__file__).with_name("worker.py")
SEEDS = Path(__file__).with_name("seeds.txt")


@dataclass(frozen=True)
class Finding:
    """An input that was not met."""

    name: str
    seed: int
    wrong: str
    command: str = ""
    said: str = ""

    def __str__(self) -> str:
        return f"{self.name}:{self.seed}  {self.wrong}  [{self.command}]\n    " + "\n    ".join(
            self.said.splitlines()[-12:]
        )


class Watched:
    """A worker and its watch.

    Args:
        home: A folder for all of it.
        hangs_after: See ``HANGS_AFTER``.
        worker: The script that tries the inputs.
    """

    def __init__(self, home: Path, *, hangs_after: float = HANGS_AFTER, worker: Path = WORKER) -> None:
        self.home = home
        self._hangs_after = hangs_after
        self._worker = worker
        self._process: subprocess.Popen[str] | None = None
        self._known: set[str] = set()
        self._base = 0

    def trial(self, name: str, seed: int) -> Finding | None:
        """Try one; the valid specimen is tried before, so that what is imported then is no cost of the trial."""
        if self._process is None:
            self._known = set()
            with (self.home / "stderr.txt").open("w") as said:
                self._process = subprocess.Popen(
                    [sys.executable, str(self._worker), str(self.home)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=said,
                    text=True,
                    cwd=self.home,
                )
        if name not in self._known:
            self._known.add(name)
            found = self._asked(name, 0, patience=20)
            if found is not None:
                return found
            self._base = max(self._base, _held(psutil.Process(self._process.pid)))
        return self._asked(name, seed)

    def close(self) -> None:
        """End the worker."""
        if self._process is not None:
            self._process.kill()
            for stream in (self._process.stdin, self._process.stdout):
                with suppress(BrokenPipeError):
                    stream.close()  # pyright: ignore[reportOptionalMemberAccess]
            self._process.wait()
            self._process = None

    def _gone(self, name: str, seed: int, wrong: str) -> Finding:
        self.close()
        said = (self.home / "stderr.txt").read_text(errors="replace")
        return Finding(name, seed, wrong, said=said[-1_500:])

    def _asked(self, name: str, seed: int, *, patience: float = 1) -> Finding | None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        process = psutil.Process(self._process.pid)
        began, used = time.monotonic(), _processor_time(process)
        self._process.stdin.write(f"{name} {seed}\n")
        self._process.stdin.flush()
        while not select.select([self._process.stdout], [], [], 0.02)[0]:
            wrong = None
            if seed and _held(process) > self._base + MOST_MEMORY:
                wrong = f"more than {MOST_MEMORY:,} bytes of memory"
            elif _processor_time(process) - used > patience * self._hangs_after:
                wrong = f"no end after {patience * self._hangs_after:g} s of processor time"
            elif time.monotonic() - began > _BY_THE_CLOCK * patience * self._hangs_after:
                wrong = f"no end after {_BY_THE_CLOCK * patience * self._hangs_after:g} s"
            if wrong:
                process.send_signal(signal.SIGUSR1)  # upon which it says where it is
                time.sleep(0.2)
                return self._gone(name, seed, wrong)
        line = self._process.stdout.readline()
        if not line:
            return self._gone(name, seed, f"the process died with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if answer["wrong"]:
            return Finding(name, seed, answer["wrong"], answer["command"], answer["said"])
        return None


def kept_seeds(*, still_open: bool = False) -> list[tuple[str, int]]:
    """Findings of before that have been mended, or those that are still open."""
    lines = [line.partition("#")[0].split() for line in SEEDS.read_text("utf-8").splitlines()]
    named = [words[-1].rpartition(":") for words in lines if words and (words[0] == "open") == still_open]
    return [(name, int(seed)) for name, _, seed in named]


def hunt(
    seconds: float,
    *,
    start: int,
    folder: Path,
    first: Iterable[tuple[str, int]] = (),
    without: Container[str] = (),
    tell: Callable[[Finding], None] = lambda _: None,
) -> tuple[int, list[Finding]]:
    """Try inputs until the time is over.

    Args:
        seconds: How long.
        start: The first number; the same numbers give the same inputs.
        folder: Where to.
        first: Specimens and numbers to try before, all of them.
        without: Specimens to leave out.
        tell: Hears each finding.

    Returns:
        How many were tried, and what was found.
    """
    watched = Watched(folder)
    draw = Random(start)
    findings: list[Finding] = []
    n_tried = 0
    end = time.monotonic() + seconds

    def drawn() -> Iterator[tuple[str, int]]:
        yield from first
        while time.monotonic() < end:
            specimen = draw.choices(SPECIMENS, [one.share for one in SPECIMENS])[0]
            if specimen.name not in without:
                yield specimen.name, start + n_tried

    try:
        for name, seed in drawn():
            n_tried += 1
            found = watched.trial(name, seed)
            if found is not None:
                findings.append(found)
                tell(found)
    finally:
        watched.close()
    return n_tried, findings


def main() -> int:
    """Parse, hunt, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("again", nargs="*", metavar="SPECIMEN:NUMBER")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--start", type=int, default=int(time.time()))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.again:
            watched = Watched(Path(folder))
            pairs = [one.rpartition(":") for one in given.again]
            findings = [watched.trial(name, int(seed)) for name, _, seed in pairs if name in BY_NAME]
            watched.close()
            print(*(found or "met" for found in findings), sep="\n")
            return int(any(findings))
        n_tried, found = hunt(
            given.seconds,
            start=given.start,
            folder=Path(folder),
            tell=lambda one: print(one, flush=True),
        )
    print(f"{n_tried:,} inputs from {given.start:,} on, {len(found)} findings")
    return int(bool(found))


def _held(process: psutil.Process) -> int:
    """Bytes of memory that are the process' own, files that are mapped left out."""
    try:
        for line in Path(f"/proc/{process.pid}/status").read_text("ascii").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
        return process.memory_info().rss
    except (OSError, psutil.Error):
        return 0


def _processor_time(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
        return times.user + times.system
    except psutil.Error:
        return 0.0


if __name__ == "__main__":
    sys.exit(main())
