"""What lies at the foreseeable name of a draft, a cache or a checkpoint is never followed, opened or emptied."""

from __future__ import annotations

import hashlib
import logging
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from commands import outcome
from samesay.errors import OutputUnwritable
from samesay.pairs import Progress
from samesay.scoring import Scorer, score_file
from tiny_models import save_tiny

CHUNK = 50
NEEDS_ROOT = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make another user's files"
)
UNWRITABLE = 53


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def scorer(model: Path) -> Scorer:
    return Scorer.open(model, threads=1)


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """A folder of the user's, which nothing here may change."""
    folder = tmp_path / "precious"
    (folder / "sub").mkdir(parents=True)
    (folder / "thesis.txt").write_text("four years of work\n", encoding="utf-8")
    (folder / "sub" / "figures.txt").write_text("1 2 3\n", encoding="utf-8")
    return folder


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder to which others may write, with a table to score."""
    folder = tmp_path / "shared"
    folder.mkdir()
    rows = [f"a dog runs,the cat sleeps,{number}" for number in range(6 * CHUNK)]
    (folder / "in.csv").write_text("\n".join(["premise,hypothesis,id", *rows]) + "\n", encoding="utf-8")
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


def foreseen(target: Path, purpose: str) -> Path:
    """The hidden name beside ``target``, as anybody can work it out."""
    digest = hashlib.sha256(target.name.encode()).hexdigest()[:8]
    return target.with_name(f".{target.name}.{digest}.samesay-{purpose}")


def plant_link(place: Path, precious: Path) -> None:
    place.symlink_to(precious)


def plant_pipe(place: Path, precious: Path) -> None:
    os.mkfifo(place)


def plant_file(place: Path, precious: Path) -> None:
    place.write_text("somebody's notes\n", encoding="utf-8")


def plant_dangling_link(place: Path, precious: Path) -> None:
    place.symlink_to(place.with_name("nowhere"))


Plant = Callable[[Path, Path], None]


@pytest.mark.parametrize("plant", [plant_link, plant_pipe, plant_file, plant_dangling_link])
@pytest.mark.parametrize("options", [(), ("--restart", "--overwrite")])
def test_something_planted_at_the_drafts_name_is_refused_and_left(
    capsys, model: Path, shared: Path, precious: Path, plant: Plant, options: tuple[str, ...]
) -> None:
    out = shared / "out.csv"
    planted = foreseen(out, "journal")
    plant(planted, precious)
    before, kind = contents(precious), planted.lstat().st_mode
    status, _, err = outcome(capsys, "score", model, "--input", shared / "in.csv", "--output", out, *options)
    assert status == UNWRITABLE
    assert str(planted) in err
    assert contents(precious) == before
    assert planted.lstat().st_mode == kind
    assert not out.exists()


@pytest.mark.parametrize("name", ["rows", "journal.jsonl", "joined"])
@pytest.mark.parametrize("kind", ["link", "hard link", "pipe"])
@pytest.mark.parametrize("unfinished", [False, True])
def test_a_file_of_the_draft_that_is_a_link_is_never_written_through(
    scorer: Scorer, shared: Path, precious: Path, name: str, kind: str, unfinished: bool
) -> None:
    out = shared / "out.csv"
    folder = foreseen(out, "journal")
    if unfinished:
        with pytest.raises(KeyboardInterrupt):
            score_file(scorer, shared / "in.csv", out, chunk_rows=CHUNK, progress=interrupt_after(2 * CHUNK))
    else:
        folder.mkdir()
    (folder / name).unlink(missing_ok=True)
    if kind == "link":
        (folder / name).symlink_to(precious / "thesis.txt")
    elif kind == "hard link":
        (folder / name).hardlink_to(precious / "thesis.txt")
    else:
        os.mkfifo(folder / name)
    before = contents(precious)
    refused = None
    try:
        score_file(scorer, shared / "in.csv", out, chunk_rows=CHUNK)
    except OutputUnwritable as problem:
        refused = problem
    if refused is not None:
        assert name in str(refused)
        assert not out.exists()
    else:
        assert out.read_text(encoding="utf-8").count("\n") == 6 * CHUNK + 1
        assert not out.is_symlink()
        assert not folder.exists()
    assert contents(precious) == before


def interrupt_after(rows: int) -> Callable[[Progress], None]:
    def listen(progress: Progress) -> None:
        if progress.stage == "score" and progress.done >= rows:
            raise KeyboardInterrupt

    return listen


def test_what_somebody_keeps_in_the_drafts_folder_stays(capsys, model: Path, shared: Path) -> None:
    out = shared / "out.csv"
    folder = foreseen(out, "journal")
    (folder / "sub").mkdir(parents=True)
    (folder / "thesis.txt").write_text("mine", encoding="utf-8")
    (folder / "sub" / "rows").write_text("mine, too", encoding="utf-8")
    status, _, _ = outcome(capsys, "score", model, "--input", shared / "in.csv", "--output", out)
    assert status == 0
    assert out.exists()
    assert contents(folder) == {"thesis.txt": "mine", "sub/rows": "mine, too"}
    # The output is there: what a finished run left is looked for.
    status, _, _ = outcome(capsys, "score", model, "--input", shared / "in.csv", "--output", out)
    assert status == 45
    assert contents(folder) == {"thesis.txt": "mine", "sub/rows": "mine, too"}


def test_a_link_for_what_a_finished_run_left_is_not_emptied(
    capsys, model: Path, shared: Path, precious: Path
) -> None:
    out = shared / "out.csv"
    out.write_text("an output\n", encoding="utf-8")
    foreseen(out, "journal").symlink_to(precious)
    before = contents(precious)
    status, _, _ = outcome(capsys, "score", model, "--input", shared / "in.csv", "--output", out)
    assert status == 45
    assert contents(precious) == before


@NEEDS_ROOT
def test_another_users_draft_is_not_gone_on_with(capsys, model: Path, shared: Path) -> None:
    out = shared / "out.csv"
    folder = foreseen(out, "journal")
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    status, _, err = outcome(capsys, "score", model, "--input", shared / "in.csv", "--output", out)
    assert status == UNWRITABLE
    assert "another user" in err
    assert folder.is_dir()


@pytest.mark.parametrize("purpose", ["draft-0123456789ab", "previous-0123456789ab"])
@pytest.mark.parametrize("plant", [plant_link, plant_pipe, plant_file, plant_dangling_link, None])
@pytest.mark.parametrize("target", ["folder", "pairs.csv"])
def test_what_lies_at_the_name_of_a_killed_runs_draft_is_not_removed(
    capsys, shared: Path, precious: Path, purpose: str, plant: Plant | None, target: str
) -> None:
    out = shared / target
    planted = foreseen(out, purpose)
    if plant is None:  # a folder of the user's, moved there by whoever may
        precious.rename(planted)
    else:
        plant(planted, precious)
    kept = planted if plant is None else precious
    before, kind = contents(kept), planted.lstat().st_mode
    for overwrite in ((), ("--overwrite",)):
        status, _, _ = outcome(capsys, "data", "generate", "--pairs", "9", "--output", out, *overwrite)
        assert status == 0
    assert out.exists()
    assert contents(kept) == before
    assert planted.lstat().st_mode == kind


def test_an_output_that_is_a_link_is_replaced_where_it_leads(capsys, model: Path, shared: Path) -> None:
    elsewhere = shared / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "real.csv").write_text("old\n", encoding="utf-8")
    link = shared / "out.csv"
    link.symlink_to(elsewhere / "real.csv")
    words = ("score", model, "--input", shared / "in.csv", "--output", link)
    assert outcome(capsys, *words)[0] == 45
    assert outcome(capsys, *words, "--overwrite")[0] == 0
    assert link.is_symlink()
    assert (elsewhere / "real.csv").read_text(encoding="utf-8").count("\n") == 6 * CHUNK + 1
    assert [path.name for path in elsewhere.iterdir()] == ["real.csv"]


@NEEDS_ROOT
@pytest.mark.parametrize(
    "words", [("score", "MODEL", "-i", "IN", "-o", "OUT"), ("data", "generate", "-o", "OUT")]
)
def test_another_users_link_does_not_choose_what_is_replaced(
    capsys, model: Path, shared: Path, precious: Path, words: tuple[str, ...]
) -> None:
    link = shared / "out.csv"
    link.symlink_to(precious / "thesis.txt")
    os.lchown(link, 12345, 12345)
    given = {"MODEL": model, "IN": shared / "in.csv", "OUT": link}
    before = contents(precious)
    status, _, err = outcome(capsys, *(given.get(word, word) for word in words), "--overwrite")
    assert status == UNWRITABLE
    assert "another user" in err
    assert contents(precious) == before


@pytest.mark.parametrize("loss", ["deleted", "moved", "folder moved"])
def test_a_draft_that_is_taken_away_while_scoring_is_not_said_to_be_kept(
    scorer: Scorer, shared: Path, loss: str
) -> None:
    import shutil

    folder = shared / "results"
    out = folder / "out.csv"

    def listen(progress: Progress) -> None:
        if progress.stage == "score" and progress.done == 2 * CHUNK:
            if loss == "deleted":
                shutil.rmtree(foreseen(out, "journal"))
            elif loss == "moved":
                foreseen(out, "journal").rename(shared / "moved")
            else:
                folder.rename(shared / "moved")

    with pytest.raises(OutputUnwritable, match="removed or moved") as lost:
        score_file(scorer, shared / "in.csv", out, chunk_rows=CHUNK, progress=listen)
    assert not getattr(lost.value, "__notes__", [])
    assert not out.exists()


def test_a_picture_is_not_drawn_through_a_link(tmp_path: Path, precious: Path) -> None:
    from samesay.evaluation import save_learning_curves

    picture = tmp_path / "curves.png"
    before = contents(precious)
    picture.with_name(f".{picture.name}.{os.getpid()}.partial").symlink_to(precious / "thesis.txt")
    save_learning_curves([{"epoch": 1, "loss": 0.5, "accuracy": 0.7}], picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert contents(precious) == before


def test_the_token_cache_removes_its_own_entries_alone(
    tmp_path: Path, precious: Path, pairs_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from samesay.data import load_pairs
    from samesay.runs import token_cache
    from tiny_models import tiny_encoder

    monkeypatch.setattr(token_cache, "WORTH_KEEPING", 1)
    monkeypatch.setattr(token_cache, "MOST_BYTES", 1)
    folder = tmp_path / "cache" / "tokens"
    folder.mkdir(parents=True)
    (folder / "photos").mkdir()
    (folder / "photos" / "cat.png").write_text("a cat", encoding="utf-8")
    (folder / ("0" * 64)).mkdir()
    (folder / ("0" * 64) / "thesis.txt").write_text("mine", encoding="utf-8")
    (folder / ("1" * 64)).symlink_to(precious)
    before = contents(precious)
    table = load_pairs(pairs_file)
    expected = tiny_encoder().encode(table.first, table.second)
    for _ in range(2):
        found = token_cache.encoded_pairs(tiny_encoder(), table, folder=folder)
        assert found.token_ids.tolist() == expected.token_ids.tolist()
    assert contents(precious) == before
    assert (folder / "photos" / "cat.png").exists()
    assert (folder / ("0" * 64) / "thesis.txt").exists()
    # An entry that is a link is not read, and not replaced where it leads.
    (entry,) = (
        one for one in folder.iterdir() if len(one.name) == 64 and one.name[:8] not in ("0" * 8, "1" * 8)
    )
    entry.rename(tmp_path / "moved")
    entry.symlink_to(precious)
    assert token_cache.encoded_pairs(tiny_encoder(), table, folder=folder).token_ids.tolist() == (
        expected.token_ids.tolist()
    )
    assert contents(precious) == before


def test_a_teachers_kept_answers_are_neither_read_nor_written_through_a_link(
    model: Path, tmp_path: Path, precious: Path, pairs_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from samesay.data import PairTable
    from samesay.runs.teacher import teacher_logits
    from tiny_models import LABELS, SIDES

    monkeypatch.setenv("SAMESAY_CACHE", str(tmp_path / "cache"))
    table = PairTable.from_inputs((["a dog runs"], ["a cat eats"]), sides=SIDES, need_labels=False)
    first = teacher_logits(model, table, LABELS)
    (kept,) = (tmp_path / "cache" / "teachers").iterdir()
    before = contents(precious)
    for plant in (plant_link, plant_pipe, plant_dangling_link):
        kept.unlink()
        plant(kept, precious / "thesis.txt")
        assert teacher_logits(model, table, LABELS).tolist() == first.tolist()
        assert contents(precious) == before
    # A whole file of another size, as another version may leave.
    raw = b"1234"
    kept.unlink()
    kept.write_bytes(hashlib.sha256(raw).digest() + raw)
    assert teacher_logits(model, table, LABELS).tolist() == first.tolist()


def test_compilations_are_not_kept_through_a_link(
    tmp_path: Path, precious: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from samesay.model.runtime.backend import _keep_compilations

    monkeypatch.setenv("SAMESAY_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "xla").symlink_to(precious)
    with caplog.at_level(logging.WARNING, "samesay"):
        _keep_compilations()
    assert "is a link" in caplog.text


@pytest.mark.parametrize("planted", ["out.checkpoints", "out.checkpoints/seed-0"])
def test_checkpoints_are_not_written_through_a_link(
    capsys, tmp_path: Path, precious: Path, tiny_preset: Path, pairs_file: Path, planted: str
) -> None:
    place = tmp_path / planted
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(precious)
    before = contents(precious)
    for option in ((), ("--overwrite",), ("--resume",)):
        status, _, err = outcome(
            capsys, "train", pairs_file, "--preset", tiny_preset, "--output", tmp_path / "out", *option
        )
        assert status == UNWRITABLE
        assert str(place) in err
    assert contents(precious) == before
    assert not (tmp_path / "out").exists()


def test_a_folder_of_checkpoints_that_holds_somebodys_files_keeps_them(
    capsys, tmp_path: Path, precious: Path, tiny_preset: Path, pairs_file: Path
) -> None:
    place = tmp_path / "states"
    seed = place / "seed-0"
    (place / "seed-of-doubt").mkdir(parents=True)
    seed.mkdir()
    kept = [
        seed / "checkpoint-thesis.npz",
        seed / "notes.txt",
        place / "seed-of-doubt" / "checkpoint-000000001.npz",
    ]
    for path in kept:
        path.write_text("mine", encoding="utf-8")
    (seed / ".checkpoint.draft").symlink_to(precious / "thesis.txt")
    before = contents(precious)
    words = ("train", pairs_file, "--preset", tiny_preset, "--output", tmp_path / "out", "--epochs", "1")
    status, _, err = outcome(
        capsys, *words, "--checkpoints", place, "--checkpoint-every", "0", "--batch-size", "48", "--overwrite"
    )
    assert (status, contents(precious)) == (0, before), err
    assert [path.read_text(encoding="utf-8") for path in kept] == ["mine"] * 3
    assert not list(seed.glob("checkpoint-0*.npz")), "what is saved needs no state"


def test_everything_that_is_written_has_the_rights_of_the_umask(
    capsys, tmp_path: Path, trained_bundle: Path
) -> None:
    before = os.umask(0o027)
    try:
        for words in (
            ("export", trained_bundle, tmp_path / "hf"),
            ("export", trained_bundle, tmp_path / "onnx", "--to", "onnx"),
            ("export", trained_bundle, tmp_path / "whole.keras", "--to", "keras"),
            ("calibrate", trained_bundle, "--reset", "--output", tmp_path / "copy"),
            ("data", "generate", "--pairs", "9", "--output", tmp_path / "folder"),
            ("data", "generate", "--pairs", "9", "--output", tmp_path / "pairs.csv"),
            ("score", trained_bundle, "-i", tmp_path / "pairs.csv", "-o", tmp_path / "out.csv"),
        ):
            status, _, err = outcome(capsys, *words)
            assert status == 0, err
    finally:
        os.umask(before)
    rights = {
        str(path.relative_to(tmp_path)): stat.S_IMODE(path.lstat().st_mode) for path in tmp_path.rglob("*")
    }
    wrong = {
        name: oct(mode)
        for name, mode in rights.items()
        if mode != (0o750 if (tmp_path / name).is_dir() else 0o640)
    }
    assert not wrong
    assert {"hf/model.safetensors", "whole.keras", "out.csv"} <= set(rights)


@pytest.mark.parametrize("name", ["pipe.csv", "pipe", "pipe.jsonl.gz"])
def test_a_pipe_is_never_replaced_by_a_file_or_a_folder(capsys, tmp_path: Path, name: str) -> None:
    pipe = tmp_path / name
    os.mkfifo(pipe)
    status, _, err = outcome(capsys, "data", "generate", "--pairs", "9", "--output", pipe, "--overwrite")
    assert (status, pipe.is_fifo()) == (UNWRITABLE, True), err
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_is_not_replaced_by_a_folder(capsys, tmp_path: Path) -> None:
    thesis = tmp_path / "thesis"
    thesis.write_text("four years of work\n", encoding="utf-8")
    status, _, _ = outcome(capsys, "data", "generate", "--pairs", "9", "--output", thesis, "--overwrite")
    assert status in (45, UNWRITABLE)
    assert thesis.read_text(encoding="utf-8") == "four years of work\n"
