"""Checkpoints on disk: whichever way one is damaged, the one before is found; two whole ones are kept."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from samesay.errors import CheckpointDamaged, OutputUnwritable
from samesay.training.checkpoints import Checkpoint, checkpoints_in, load_checkpoint, save_checkpoint

RUN = {"recipe": {"epochs": 1}}


def variables(step: int) -> Any:
    values = [np.full((2, 3), step + at, np.float32) for at in range(3)]
    return SimpleNamespace(
        trainable_variables=values,
        non_trainable_variables=[],
        optimizer=SimpleNamespace(variables=[np.int32(step)]),
        metrics_variables=[],
    )


def save(folder: Path, step: int, before: Path | None = None) -> Path:
    return save_checkpoint(
        folder, variables(step), run=RUN, step=step, epoch=0, history=[], best=None, before=before
    )


def loaded(folder: Path) -> Checkpoint:
    found = load_checkpoint(folder, run=RUN)
    assert found is not None
    return found


@pytest.fixture(autouse=True)
def _no_warnings_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="samesay")


def test_no_altered_bit_of_what_tells_of_the_arrays_is_taken_for_a_run(tmp_path: Path) -> None:
    path = save(tmp_path, 7)
    raw, whole = path.read_bytes(), loaded(tmp_path)
    # The first entry behind the arrays: a name, sizes, a place, how it is packed. The arrays themselves have checksums.
    begin = raw.index(b"PK\x01\x02")
    for at in range(begin, raw.index(b"PK\x01\x02", begin + 1)):
        for bit in (0, 5):
            path.write_bytes(raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :])
            try:
                found = loaded(tmp_path)
            except CheckpointDamaged:
                continue
            assert found.step == whole.step, (at, bit)
            assert sorted(found.arrays) == sorted(whole.arrays), (at, bit)
            for name, array in whole.arrays.items():
                assert np.array_equal(found.arrays[name], array), (at, bit, name)


def test_what_is_no_checkpoint_at_all_is_passed_over(tmp_path: Path) -> None:
    whole = save(tmp_path, 1)
    np.save(tmp_path / "array.npy", np.ones(3))
    other = tmp_path / "checkpoint-000000002.npz"
    for raw in (b"", b"\0" * 500, b"hello", (tmp_path / "array.npy").read_bytes(), whole.read_bytes()[:-9]):
        other.write_bytes(raw)
        assert loaded(tmp_path).path == whole, raw[:20]
    other.unlink()
    other.symlink_to("nowhere")
    assert loaded(tmp_path).path == whole


def test_two_whole_ones_are_kept_though_the_newest_was_damaged_or_the_clock_set_back(tmp_path: Path) -> None:
    first = save(tmp_path, 1)
    second = save(tmp_path, 2, before=first)
    second.write_bytes(b"")
    assert loaded(tmp_path).path == first
    third = save(tmp_path, 3, before=first)
    assert {*checkpoints_in(tmp_path)} == {first, third}
    for path in (first, third):
        os.utime(path, (2_000_000_000, 2_000_000_000))
    fourth = save(tmp_path, 4, before=third)
    assert {*checkpoints_in(tmp_path)} == {third, fourth}


@pytest.mark.parametrize("code", [errno.EROFS, errno.EFBIG, errno.EACCES, errno.EIO])
def test_what_the_system_refuses_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    first = save(tmp_path, 1)

    def refused(*_: Any, **__: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(np, "savez", refused)
    with pytest.raises(
        OutputUnwritable, match=f"step 2 cannot be written .{os.strerror(code)}.; the one before"
    ):
        save(tmp_path, 2, before=first)
    assert list(tmp_path.iterdir()) == [first]
