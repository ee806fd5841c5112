"""Saving: whole or absent, and nobody else's files touched."""

# ruff: noqa: PT012 (what a transaction does with its whole block is the test)

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from samesay.bundle import Manifest, open_bundle, require_replaceable, write_bundle
from samesay.decision import Decision
from samesay.errors import DiskFull, OutputUnwritable, TargetExists, UsageError
from samesay.storage import durable as durable_module
from samesay.storage import require_room
from tiny_models import LABELS, SIDES, save_tiny

FACTS = {"task": "classification", "answers": LABELS, "sides": SIDES, "max_length": 64}


def marker(path: Path) -> str:
    """Which of several saved models stands at ``path``, every byte of it verified."""
    bundle = open_bundle(path)
    return json.loads((bundle.part("keras") / "config.json").read_text(encoding="utf-8"))["marker"]


THRESHOLDS = {"entailment": 0.3, "neutral": 0.4, "contradiction": 0.3}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fill(draft) -> None:
    for name in ("config.json", "task.json"):
        (draft.folder("keras") / name).write_text("{}", encoding="utf-8")


def test_what_was_said_is_read_back(tmp_path: Path) -> None:
    save_tiny(
        tmp_path / "model",
        decision={"temperature": 1.5, "thresholds": THRESHOLDS},
        metrics={"validation": {"accuracy": np.float32(0.5), "f1": float("nan"), "n": np.int64(3)}},
        data={"fingerprint": "abc", "counts": {"neutral": 2}, "source": tmp_path / "pairs.csv"},
        recipe={"epochs": 3, "schedule": "cosine", "warmup": (0, 1)},
        versions={"keras": "3.15.1"},
        created="2026-01-02T03:04:05+00:00",
    )
    manifest = open_bundle(tmp_path / "model").manifest
    assert manifest.answers == LABELS
    assert manifest.sides == SIDES
    assert manifest.max_length == 24
    assert manifest.decision.temperature == 1.5
    assert manifest.decision.thresholds == THRESHOLDS
    assert manifest.decision.abstain_below is None
    assert manifest.metrics == {"validation": {"accuracy": 0.5, "f1": None, "n": 3}}
    assert manifest.data["source"] == str(tmp_path / "pairs.csv")
    assert manifest.recipe == {"epochs": 3, "schedule": "cosine", "warmup": [0, 1]}
    assert manifest.created == "2026-01-02T03:04:05+00:00"
    assert manifest.parts["onnx"].verdict == "verified"
    assert manifest.parts["onnx"].detail == {"reason": "the largest difference is 0.2"}
    assert set(manifest.parts["keras"].files) == {
        "keras/config.json",
        "keras/task.json",
        "keras/assets/vocabulary.txt",
    }
    assert names(tmp_path) == ["model"]
    assert names(tmp_path / "model") == ["README.md", "keras", "onnx", "samesay.json"]


def test_equal_facts_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("one/model", "two/model"):
        save_tiny(tmp_path / name, created="2026-01-01T00:00:00+00:00")
    for file in ("samesay.json", "README.md"):
        assert (tmp_path / "one/model" / file).read_bytes() == (tmp_path / "two/model" / file).read_bytes()


def test_a_failing_block_leaves_nothing_and_no_folders_made_for_it(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), write_bundle(tmp_path / "a" / "b" / "model") as draft:
        fill(draft)
        draft.finish(Manifest(**FACTS))
        assert draft.path.parent.parent == draft.target.parent
        _ = 1 / 0
    assert names(tmp_path) == []


def test_a_stop_by_the_user_leaves_the_old_model(tmp_path: Path) -> None:
    save_tiny(tmp_path / "model", marker="old")
    with pytest.raises(KeyboardInterrupt), write_bundle(tmp_path / "model", overwrite=True) as draft:
        fill(draft)
        raise KeyboardInterrupt
    assert marker(tmp_path / "model") == "old"
    assert names(tmp_path) == ["model"]


def test_a_block_that_never_finishes_is_a_mistake_of_its_author(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="finish"), write_bundle(tmp_path / "model") as draft:
        fill(draft)
    assert names(tmp_path) == []


def test_overwriting_must_be_asked_for_and_takes_bundles_alone(tmp_path: Path) -> None:
    path = save_tiny(tmp_path / "model", marker="old")
    with pytest.raises(TargetExists, match="There is a saved model"):
        save_tiny(path, marker="new")
    assert marker(path) == "old"
    save_tiny(path, marker="new", overwrite=True)
    assert marker(path) == "new"
    assert names(tmp_path) == ["model"]

    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work", encoding="utf-8")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for taken, says in (("thesis", "other content"), ("file", "is a file")):
        for overwrite in (False, True):
            with pytest.raises(TargetExists, match=says):
                save_tiny(tmp_path / taken, overwrite=overwrite)
    assert (tmp_path / "thesis" / "chapter.txt").read_text(encoding="utf-8") == "years of work"
    assert names(tmp_path) == ["file", "model", "thesis"]


@pytest.mark.parametrize("own", ["notes.txt", ".git"])
def test_files_of_the_users_in_the_old_bundle_are_not_deleted(tmp_path: Path, own: str) -> None:
    path = save_tiny(tmp_path / "model", marker="old")
    (path / own).write_text("mine", encoding="utf-8")
    with pytest.raises(TargetExists, match=own):
        save_tiny(path, overwrite=True)
    assert (path / own).read_text(encoding="utf-8") == "mine"
    assert marker(path) == "old"


def test_an_empty_folder_is_used_and_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".DS_Store").touch()
    (tmp_path / "empty" / ".DS_Store").unlink()
    save_tiny(tmp_path / "empty", marker="here")
    assert marker(tmp_path / "empty") == "here"
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    save_tiny(tmp_path / "link", marker="through the link", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert marker(tmp_path / "empty") == "through the link"


def test_a_place_can_be_checked_before_hours_of_training(tmp_path: Path) -> None:
    require_replaceable(tmp_path / "absent", overwrite=False)
    path = save_tiny(tmp_path / "model")
    require_replaceable(path, overwrite=True)
    with pytest.raises(TargetExists):
        require_replaceable(path, overwrite=False)
    (tmp_path / "file").touch()
    with pytest.raises(OutputUnwritable):
        require_replaceable(tmp_path / "file" / "model", overwrite=False)
    require_replaceable(tmp_path / "new" / "deep" / "model", overwrite=False)
    assert names(tmp_path) == ["file", "model"], "nothing is left of looking"


def test_a_folder_that_may_not_be_written_is_refused_before_hours_of_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what the system does and not by the rights that it shows: root has them on a read-only disk, too."""

    def refused(path: Path, *_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(OutputUnwritable, match="Read-only file system"):
        require_replaceable(tmp_path / "model", overwrite=False)


def test_room_that_is_not_there_is_missed_before_it_is_written(tmp_path: Path) -> None:
    require_room(tmp_path, 100_000)
    assert names(tmp_path) == []
    with pytest.raises(OSError, match=r"No space left|too large"):
        require_room(tmp_path, 2**60)
    assert names(tmp_path) == []


def test_the_model_may_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        path = save_tiny(tmp_path / "model")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o755
    assert (path / "samesay.json").stat().st_mode & 0o777 == 0o644


def test_parts_are_declared_by_their_names_and_complete(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such part: 'weights'"), write_bundle(tmp_path / "m") as draft:
        draft.folder("weights")
    with pytest.raises(UsageError, match="no such part: 'card'"), write_bundle(tmp_path / "m") as draft:
        draft.folder("card")
    with pytest.raises(UsageError, match="'fine'"), write_bundle(tmp_path / "m") as draft:
        draft.add("onnx", verdict="fine")  # pyright: ignore[reportArgumentType]
    with pytest.raises(UsageError, match="part that can answer"), write_bundle(tmp_path / "m") as draft:
        draft.finish(Manifest(**FACTS))
    with (
        pytest.raises(UsageError, match=r"lacks config\.json, task\.json"),
        write_bundle(tmp_path / "m") as draft,
    ):
        draft.folder("keras")
        draft.finish(Manifest(**FACTS))
    with pytest.raises(UsageError, match="without a verdict"), write_bundle(tmp_path / "m") as draft:
        fill(draft)
        draft.folder("onnx")
        draft.finish(Manifest(**FACTS))
    with pytest.raises(UsageError, match="object cannot be written"), write_bundle(tmp_path / "m") as draft:
        fill(draft)
        draft.finish(Manifest(**FACTS, recipe={"optimizer": object()}))
    with pytest.raises(UsageError, match="lone surrogate"), write_bundle(tmp_path / "m") as draft:
        fill(draft)
        draft.finish(Manifest(**FACTS, recipe={"preset": "\ud800"}))
    with pytest.raises(UsageError, match="temperature"), write_bundle(tmp_path / "m") as draft:
        fill(draft)
        draft.finish(Manifest(**FACTS, decision=Decision(temperature=0)))
    assert names(tmp_path) == []


def test_a_failed_parity_check_keeps_the_trained_weights(tmp_path: Path) -> None:
    with write_bundle(tmp_path / "model") as draft:
        fill(draft)
        draft.add("onnx", verdict="unsupported", detail="the encoder has no ONNX writer")
        draft.finish(Manifest(**FACTS))
    bundle = open_bundle(tmp_path / "model")
    assert bundle.has("keras")
    assert not bundle.has("onnx")
    assert bundle.manifest.parts["onnx"].detail == "the encoder has no ONNX writer"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_leaves_nothing_and_the_old_model(tmp_path: Path) -> None:
    save_tiny(tmp_path / "old", marker="old")
    for target in ("new", "old"):
        with pytest.raises(DiskFull) as error, write_bundle(tmp_path / target, overwrite=True) as draft:
            fill(draft)
            with Path("/dev/full").open("wb", buffering=0) as full:
                full.write(b"weights")
        assert target in error.value.message
    assert names(tmp_path) == ["old"]
    assert marker(tmp_path / "old") == "old"


def test_a_full_disk_that_a_library_only_quotes_is_recognised(tmp_path: Path) -> None:
    with pytest.raises(DiskFull), write_bundle(tmp_path / "model") as draft:
        fill(draft)
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as error:
            raise RuntimeError("Can't write data (file write failed)") from error
    with pytest.raises(DiskFull), write_bundle(tmp_path / "model"):
        raise RuntimeError("Can't write data (errno = 28, error message = 'No space left on device')")
    assert names(tmp_path) == []


def test_a_real_small_disk(tmp_path: Path) -> None:
    """A file system of 16 KiB, where this system lets us make one."""
    script = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from pathlib import Path
from tiny_models import save_tiny
from samesay.errors import DiskFull
try:
    save_tiny(Path({str(tmp_path / "small")!r}) / "deep" / "model", recipe={{"notes": "x" * 40000}})
except DiskFull as error:
    print(error.code, os.listdir({str(tmp_path / "small")!r}))
"""
    (tmp_path / "small").mkdir()
    command = (
        f'mount -t tmpfs -o size=16k tmpfs "{tmp_path / "small"}" && exec "{sys.executable}" -c "$SCRIPT"'
    )
    run = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SCRIPT": script},
    )
    if run.returncode != 0 and ("unshare" in run.stderr or "mount" in run.stderr):
        pytest.skip(f"no file system of our own can be made here: {run.stderr.strip()}")
    assert run.stderr == ""
    assert run.stdout.strip() == "disk-full []"


def test_places_that_cannot_be_written_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(OutputUnwritable) as error:
        save_tiny(tmp_path / "file" / "model")
    assert str(tmp_path / "file") in (error.value.where or "")
    with pytest.raises(OutputUnwritable):
        save_tiny(tmp_path / ("x" * 300))

    def refused(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refused)  # root, who may run the tests, is refused nothing
    with pytest.raises(OutputUnwritable, match="Permission denied"):
        save_tiny(tmp_path / "model")


def test_errors_about_other_files_are_not_taken_for_ours(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), write_bundle(tmp_path / "model"):
        raise PermissionError(errno.EACCES, "Permission denied", "/elsewhere/training-data.csv")
    assert names(tmp_path) == []


def test_two_writers_to_one_place_do_not_disturb_each_other(tmp_path: Path) -> None:
    with pytest.raises(TargetExists), write_bundle(tmp_path / "model") as slow:
        fill(slow)
        slow.finish(Manifest(**FACTS))
        save_tiny(tmp_path / "model", marker="quick")  # begins and ends meanwhile, and clears no living draft
        assert slow.path.is_dir()
    assert marker(tmp_path / "model") == "quick"
    assert names(tmp_path) == ["model"]


def test_a_long_name_is_no_longer_hidden(tmp_path: Path) -> None:
    name = "n" * 250
    save_tiny(tmp_path / name, marker="long")
    assert marker(tmp_path / name) == "long"


# A process that saves again and again over one bundle, saying which version it is about to save.
_SAVER = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from pathlib import Path
from tiny_models import save_tiny
if sys.argv[2] == "two-steps":
    import samesay.storage.durable as durable
    durable.exchange = lambda source, target: False
for version in range(100000):
    print(version, flush=True)
    save_tiny(Path(sys.argv[1]), marker=str(version), overwrite=True)
    print("saved", flush=True)
"""


@pytest.mark.parametrize("way", ["exchange", "two-steps"])
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_kill_9_while_saving_leaves_the_old_or_the_new_whole(tmp_path: Path, way: str) -> None:
    """Killed at random moments; ``two-steps`` is how folders change places where no single call does it."""
    target = tmp_path / "model"
    moments = random.Random(5)
    newest = "none"
    leftovers = 0
    for _ in range(8):
        run = subprocess.Popen(
            [sys.executable, "-c", _SAVER, str(target), way], stdout=subprocess.PIPE, text=True
        )
        assert run.stdout is not None
        for _ in range(2 * moments.randrange(1, 4) - 1):  # up to the middle of one of the first saves
            run.stdout.readline()
        time.sleep(moments.random() * 0.02)
        run.kill()
        said = run.stdout.read().split()
        run.stdout.close()
        assert run.wait() == -signal.SIGKILL
        if target.exists() or newest != "none":
            found = marker(target)
            assert int(found) >= 0
            newest = found
            # What was reported as saved before the kill is there, or a later one.
            finished = [int(a) for a, b in pairwise(said) if b == "saved" and a != "saved"]
            assert int(found) >= max(finished, default=0)
        leftovers += len([path for path in tmp_path.iterdir() if path.name.startswith(".")])
    assert leftovers > 0, "no kill hit a save: the test has lost its point"
    save_tiny(target, marker="last", overwrite=True)
    assert marker(target) == "last"
    assert names(tmp_path) == ["model"], "what killed runs left is cleared by the next save"


def test_a_death_between_the_two_renames_is_mended_by_whoever_opens_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    path = save_tiny(tmp_path / "model", marker="old")
    rename = Path.rename

    def rename_once(self: Path, target: Path) -> Path:
        if self.name in ("previous", "new"):
            raise Killed
        return rename(self, target)

    monkeypatch.setattr(durable_module, "exchange", lambda source, target: False)
    monkeypatch.setattr(Path, "rename", rename_once)
    with pytest.raises(Killed):
        save_tiny(path, marker="new", overwrite=True)
    monkeypatch.undo()
    assert not path.exists()
    assert marker(path) == "old"
    assert names(tmp_path) == ["model"]
