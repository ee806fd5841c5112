"""What a command answers, without what may differ from run to run: times, versions, places, checksums.

``python tests/golden/frozen.py`` writes ``expected.json`` again; its diff is what a change has changed.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import re
import shlex
import sys
import tempfile
from pathlib import Path

EXPECTED = Path(__file__).with_name("expected.json")
# Names of values that measure the machine or name a build, and not the answer.
VOLATILE = re.compile(
    r"seconds|created|pairs_per_second|rounds|peak_memory|bytes|sha256|checksum|versions|versions_recorded|samesay"
)


def answer(folder: Path, arguments: str, files: tuple[str, ...]) -> dict:
    """Exit status, standard output, and the named files of one command run in ``folder``."""
    from golden.world import WORDED
    from samesay.cli.main import main

    words = [WORDED.get(word, word) for word in shlex.split(arguments)]
    out, err = io.StringIO(), io.StringIO()
    status = 0
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(words)
        except SystemExit as left:
            status = left.code or 0
    found: dict = {"status": status}
    text = out.getvalue()
    found["output"] = _stable(json.loads(text), folder) if text.startswith("{") else _placeless(text, folder)
    if status:
        found["message"] = _placeless(err.getvalue(), folder)
    for name in files:
        found[name] = _stable(_content(folder / name), folder)
    return found


def differences(expected, got, place: str = "", tolerance: float = 1e-6) -> list[str]:
    """Where two answers differ, one line a value; numbers may differ by ``tolerance``."""
    if isinstance(expected, dict) and isinstance(got, dict):
        lines = [f"{place}: {key} is gone" for key in expected if key not in got]
        lines += [f"{place}: {key} is new" for key in got if key not in expected]
        for key in expected.keys() & got.keys():
            lines += differences(expected[key], got[key], f"{place}/{key}", tolerance)
        return lines
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        return [
            line
            for index, (one, other) in enumerate(zip(expected, got, strict=True))
            for line in differences(one, other, f"{place}[{index}]", tolerance)
        ]
    one, other = _number(expected), _number(got)
    if (
        one is not None
        and other is not None
        and math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance)
    ):
        return []
    return [] if expected == got else [f"{place}: {str(expected)[:300]!r} became {str(got)[:300]!r}"]


def _number(value) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _content(path: Path):
    if not path.exists():
        return "absent"
    if path.suffix == ".json":
        return json.loads(path.read_text(encoding="utf-8"))
    if path.suffix == ".parquet":
        import pyarrow.parquet

        return pyarrow.parquet.read_table(path).to_pylist()
    text = path.read_text(encoding="utf-8")
    return (
        [re.split("[,\t]", line) for line in text.splitlines()] if path.suffix in (".csv", ".tsv") else text
    )


def _stable(value, folder: Path):
    if isinstance(value, dict):
        return {
            key: "…" if VOLATILE.fullmatch(key) and not isinstance(each, bool) else _stable(each, folder)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_stable(each, folder) for each in value]
    return _placeless(value, folder) if isinstance(value, str) else value


def _placeless(text: str, folder: Path) -> str:
    return text.replace(str(folder.resolve()), "FOLDER").replace(str(folder), "FOLDER")


def record() -> dict:
    """The answers of every command in a new world, in the order of ``COMMANDS``: some read what others wrote."""
    from golden.world import COMMANDS, build

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)
        return {title: answer(folder, *command) for title, command in COMMANDS.items()}


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "jax")
    sys.path.insert(0, str(Path(__file__).parents[1]))
    EXPECTED.write_text(
        json.dumps(record(), indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8"
    )
