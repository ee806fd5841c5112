"""The report of an evaluation as a folder: a page for people, and the same as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from samesay.errors import TargetExists
from samesay.storage import destination, new_folder

PAGE = "report.html"
NUMBERS = "report.json"


def write_report(measured: Mapping[str, Any], path: str | Path, *, overwrite: bool = False) -> Path:
    """Write ``report.html`` and ``report.json``, both or neither.

    Args:
        measured: Of a ``MeasuredModel`` that was examined.
        path: The new folder.
        overwrite: Replace a report that is there.

    Returns:
        The page.

    Raises:
        TargetExists: If the place is taken, or holds something else than a report.
        DiskFull, OutputUnwritable: If it cannot be written; nothing is left.
    """
    from samesay.evaluation.report.page import render_page

    target = destination(path)
    report = {**measured, "samesay": version("samesay")}
    page = render_page(report)
    with new_folder(
        target, replace=overwrite, check=lambda: require_free(target, overwrite=overwrite)
    ) as folder:
        (folder / PAGE).write_text(page, encoding="utf-8", newline="\n")
        written = json.dumps(report, indent=1, allow_nan=False) + "\n"
        (folder / NUMBERS).write_text(written, encoding="utf-8", newline="\n")
    return Path(path) / PAGE


def require_free(path: str | Path, *, overwrite: bool) -> None:
    """Refuse a place that is taken, before minutes of scoring and again before the exchange.

    Raises:
        TargetExists: If something is there that may not be replaced.
    """
    target = destination(path)
    if not target.exists() and not target.is_symlink():
        return
    names = {entry.name for entry in target.iterdir()} if target.is_dir() else None
    if names == set():
        return
    is_report = names == {PAGE, NUMBERS}
    if is_report and overwrite:
        return
    raise TargetExists(
        f"{target} exists already{'' if is_report else ', and is no report'}.",
        where=str(target),
        expected="a new folder, or with --overwrite one that holds a report and nothing else",
        hint="name another output"
        + (", or replace it with --overwrite (overwrite=True)" if is_report else ""),
    )
