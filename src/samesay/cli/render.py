"""Tables for people on standard output; a text of a user's is never markup.

rich is imported when a table is drawn.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from samesay.cli.plain import say, visible

if TYPE_CHECKING:
    from rich.console import Console

    from samesay.evaluation.evaluation import Table

# Where no terminal says how wide it is: wide enough for a confusion matrix of three labels with long names.
_WIDTH_OF_A_FILE = 110


# So much of a text is shown; a table is for looking at, and --json has all of it.
_SHOWN_LETTERS = 2_000
_SHOWN_PARTS = 50


def console() -> Console:
    """Standard output as rich sees it; without colours and of a fixed width where it is not a terminal."""
    from rich.console import Console

    class Standing(Console):
        def on_broken_pipe(self) -> None:
            raise

    width = None if sys.stdout.isatty() else _WIDTH_OF_A_FILE
    return Standing(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    title: str | None = None,
    numbers_from: int | None = None,
) -> None:
    """Print a table.

    Args:
        columns: The headings.
        rows: A value for each column; ``None`` is shown as a dash.
        title: A line above it.
        numbers_from: The first column whose values are aligned to the right, as all after it.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, name in enumerate(columns):
        right = numbers_from is not None and place >= numbers_from
        drawn.add_column(Text(visible(cut(name))), justify="right" if right else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(visible(cell(value))) for value in row))
    out = console()
    if title:
        out.print(Text(visible(cut(title)), style="bold"))
    out.print(drawn)
    out.print()


def parts(shown: Iterable[Table | str]) -> None:
    """Print tables and lines, in their order."""
    for one in shown:
        if isinstance(one, str):
            say(visible(one))
        else:
            table(one.head, one.rows, title=one.title, numbers_from=one.numbers_from)


def facts(rows: Mapping[str, Any], *, title: str | None = None) -> None:
    """Print names and values, one line each; a long value goes on below its start."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table.grid(padding=(0, 2))
    drawn.add_column()
    drawn.add_column(overflow="fold")
    for name, value in rows.items():
        drawn.add_row(Text(visible(cut(name)), style="dim"), Text(visible(cell(value))))
    out = console()
    if title:
        out.print(Text(visible(cut(title)), style="bold"))
    out.print(drawn)
    out.print()


def left_out(rows: Mapping[str, int]) -> None:
    """Print how many rows were left out and why, if there are any."""
    if rows:
        say(f"{sum(rows.values()):,} rows were left out: {cell(rows)}")


def notes(texts: Iterable[str]) -> None:
    """Print remarks, one to a line, if there are any."""
    from rich.text import Text

    out = console()
    for text in texts:
        out.print(Text(f"note: {visible(cut(text))}"))


def saved(path: str, onnx: Mapping[str, Any], remarks: Iterable[str]) -> None:
    """Print the remarks on a model that was saved, what its ONNX part lacks, and where it is."""
    lacking = [] if onnx["status"] == "verified" else [f"the ONNX part is {onnx['status']}: {onnx['reason']}"]
    notes([*remarks, *lacking])
    say(f"Saved to {visible(path)}")


def cell(value: Any) -> str:
    """A value as a table shows it: counts with thousands, shares with four places, nothing as a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, Mapping):
        return _joined(f"{cut(str(name))} {cell(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return _joined(map(cell, value))
    return cut(str(value))


def _joined(parts: Iterable[str]) -> str:
    texts = list(parts)
    more = f" and {len(texts) - _SHOWN_PARTS:,} more" if len(texts) > _SHOWN_PARTS else ""
    return (", ".join(texts[:_SHOWN_PARTS]) or "–") + more


def cut(text: str) -> str:
    """The beginning of a text that is too long to be looked at, with its length."""
    return text if len(text) <= _SHOWN_LETTERS else f"{text[:_SHOWN_LETTERS]}… ({len(text):,} letters in all)"


def size(n_bytes: int) -> str:
    """``91.3 MB``; megabytes of a million bytes."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= factor:
            return f"{n_bytes / factor:.1f} {unit}"
    return f"{n_bytes} bytes"


def duration(seconds: float) -> str:
    """``8.2 s``, ``3 min 20 s``, ``1 h 14 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
