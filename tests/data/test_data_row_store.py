"""Tables whose texts lie in a file: the same as in memory, whatever the values, also where the disk fills."""

from __future__ import annotations

import errno
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samesay.data import PairTable, load_pairs
from samesay.data import rows as row_store
from samesay.data.rows import Row, RowColumn, RowStore
from samesay.errors import EmptySide, SameSayError


@pytest.fixture(autouse=True)
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty rows are too many for memory, and are read and written a few at a time."""
    monkeypatch.setattr(row_store, "FEW_BYTES", 10_000)
    monkeypatch.setattr(row_store, "_BLOCK", 7)
    monkeypatch.setattr(row_store, "_BUFFERED", 300)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """300 pairs with values of many kinds, some without a label, some with other columns."""
    rows: list[dict[str, Any]] = [
        {
            "premise": f"Żółw {number}, \n 'one'",
            "hypothesis": f"two {number}",
            "label": "-" if number % 9 == 0 else ("same", "different")[number % 2],
            "number": number * 0.5,
            "tags": [number] if number % 5 == 0 else None,
        }
        for number in range(300)
    ]
    rows[150]["more"] = "a column of its own"
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def same(one: PairTable, other: PairTable) -> bool:
    return (
        list(one.first) == list(other.first)
        and list(one.second) == list(other.second)
        and np.array_equal(one.gold, other.gold)
        and np.array_equal(one.row_numbers, other.row_numbers)
        and {name: list(column) for name, column in one.columns.items()}
        == {name: list(column) for name, column in other.columns.items()}
        and one.fingerprint() == other.fingerprint()
        and one.origin == other.origin
    )


@pytest.mark.parametrize("cut", ["", "[:40]", "[100:250]", "[-50:]"])
@pytest.mark.parametrize("where", [None, "hypothesis!~7"])
def test_a_table_over_a_file_is_the_table_in_memory(
    source: Path, tmp_path: Path, cut: str, where: str | None
) -> None:
    plain = load_pairs(f"{source}{cut}", where=where)
    kept = load_pairs(f"{source}{cut}", where=where, texts_in=tmp_path / "reading")
    assert isinstance(kept.first, RowColumn)
    assert isinstance(plain.first, list)
    assert same(kept, plain)
    assert kept.first[3] == plain.first[3]
    assert kept.first[-1] == plain.first[-1]
    assert kept.second[2:19] == plain.second[2:19]
    shuffled = np.random.default_rng(0).permutation(len(plain))
    assert same(kept.select(shuffled), plain.select(shuffled))
    assert list((tmp_path / "reading").iterdir()) == []


def test_few_rows_need_no_file(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_store, "FEW_BYTES", 1_000_000)
    kept = load_pairs(source, texts_in=tmp_path / "reading")
    assert isinstance(kept.first, list)
    assert not (tmp_path / "reading").exists()


def test_an_error_names_the_line_as_in_memory(source: Path, tmp_path: Path) -> None:
    lines = source.read_text(encoding="utf-8").splitlines()
    lines[200] = json.dumps({**json.loads(lines[200]), "hypothesis": " "})
    source.write_text("\n".join(lines), encoding="utf-8")
    told: list[SameSayError] = []
    for folder in (None, tmp_path / "reading"):
        with pytest.raises(EmptySide) as raised:
            load_pairs(source, texts_in=folder)
        told.append(raised.value)
    assert told[0].where == told[1].where == f"{source}:201"


@pytest.mark.parametrize("room", [0, 1_000, 5_000])
def test_rows_come_back_to_memory_where_the_disk_fills(
    source: Path,
    tmp_path: Path,
    room: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Full:
        """A file on a disk with so much room."""

        def __init__(self, file: Any) -> None:
            self.file = file
            self.left = room

        def write(self, data: bytearray) -> int:
            if not self.left:
                raise OSError(errno.ENOSPC, "No space left on device")
            written = self.file.write(data[: self.left])
            self.left -= written
            return written

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

    made = row_store.tempfile.TemporaryFile
    monkeypatch.setattr(row_store.tempfile, "TemporaryFile", lambda **told: Full(made(**told)))
    with caplog.at_level(logging.WARNING, "samesay"):
        kept = load_pairs(source, texts_in=tmp_path / "reading")
    assert "kept in memory" in caplog.text
    assert same(kept, load_pairs(source))


def test_numbers_of_numpy_come_back_as_they_are(tmp_path: Path) -> None:
    store = RowStore(tmp_path)
    store.extend(Row(number, None, {"value": np.float64(number)}) for number in range(50))
    assert not store.in_memory
    assert [row.values["value"] for row in store] == list(range(50))
    assert type(store[40].values["value"]) is np.float64
