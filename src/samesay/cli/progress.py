"""Progress on standard error: a bar with the metrics of the moment and the time left, a line for each epoch.

Nothing is drawn where standard error is not a terminal, so that logs stay readable.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from samesay.pairs import Progress, ProgressListener
from samesay.printable import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

# Units the library has no name for are pairs: every stage counts them.
_RATE = "pairs_per_second"


@contextmanager
def progress_display(*, quiet: bool) -> Iterator[ProgressListener | None]:
    """A listener that draws while the block runs, or None where nothing is to be drawn."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with drawn_on(Console(stderr=True)) as listener:
        yield listener


@contextmanager
def drawn_on(console: Console) -> Iterator[ProgressListener]:
    """A listener that draws on ``console``; the bars vanish at the end, the lines of the epochs stay."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    bars = Bars(
        SpinnerColumn("dots" if console.encoding.startswith("utf") else "line"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[facts]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
    )
    with bars:
        yield _Listener(bars)


class _Listener:
    """Turns what a workflow says into one bar a stage."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._epoch = ""

    def __call__(self, progress: Progress) -> None:
        if "epoch" in progress.facts:
            self._epoch = f"epoch {progress.facts['epoch']}"
        task = self._tasks.get(progress.stage)
        if task is None:
            task = self._bars.add_task(progress.stage, total=progress.total, facts="")
            self._tasks[progress.stage] = task
        elif progress.done == 0:
            self._bars.reset(task, total=progress.total, visible=True)
        self._bars.update(task, completed=progress.done, total=progress.total, facts=in_short(progress.facts))
        if progress.total is not None and progress.done >= progress.total:
            self._finish(progress, task)

    def _finish(self, progress: Progress, task: TaskID) -> None:
        if progress.stage == "validate" and progress.facts:
            # Back to training: its bar says all, and the metrics of the epoch stay as a line.
            self._bars.update(task, visible=False)
            line = f"{self._epoch or 'validation'}: {in_short(progress.facts)}"
            self._bars.console.print(line, markup=False, highlight=False)


def in_short(facts: Mapping[str, float | int | str]) -> str:
    """``epoch 1/3 · loss 0.4120 · 812 pairs/s``."""
    words = []
    for name, value in facts.items():
        if name == "epochs":
            continue
        if name == "epoch" and "epochs" in facts:
            words.append(f"epoch {value}/{facts['epochs']}")
        elif name == _RATE and isinstance(value, int | float):
            words.append(f"{value:,.0f} pairs/s")
        elif isinstance(value, float):
            words.append(f"{name.replace('_', ' ')} {value:.4f}")
        else:
            words.append(f"{name.replace('_', ' ')} {value}")
    return visible(" · ".join(words))
