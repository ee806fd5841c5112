"""Opening: what changed since it was written is refused by name, and what is no saved model is told apart."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samesay.bundle import Manifest, is_bundle, open_bundle, write_bundle, write_pair_hashes
from samesay.bundle.canonical import canonical_sha256, render
from samesay.errors import (
    BundleDamaged,
    BundleError,
    BundleVersionUnknown,
    NotABundle,
    PartUnavailable,
    UsageError,
)
from tiny_models import VOCABULARY, save_tiny


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "model", recipe={"learning_rate": 5e-05})


@pytest.fixture
def model(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "model"))


def files_of(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def rewrite(model: Path, change: Callable[[dict[str, Any]], None], *, checksum: bool = True) -> None:
    """Change the manifest as somebody who knows the format would, checksum included."""
    document = json.loads((model / "samesay.json").read_bytes())
    change(document)
    if checksum:
        document["checksum"] = "sha256:" + canonical_sha256(document)
    (model / "samesay.json").write_bytes(render(document))


def test_a_copied_bundle_opens_wherever_it_lies(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_bundle(model)
    bundle = open_bundle(model)
    assert bundle.undeclared == ()
    assert bundle.part("onnx") == model.resolve() / "onnx"
    assert bundle.part("card") == model.resolve() / "README.md"
    assert open_bundle(model / "samesay.json").manifest == bundle.manifest
    monkeypatch.chdir(model)
    assert open_bundle(".").manifest == bundle.manifest
    link = model.parent / "link"
    link.symlink_to(model)
    assert open_bundle(link).manifest == bundle.manifest


@pytest.mark.parametrize("flip", [0x01, 0x20, 0xFF])
def test_a_flipped_byte_in_any_file_is_refused_by_name(model: Path, flip: int) -> None:
    files = files_of(model)
    assert set(files) == {
        "README.md",
        "keras/assets/vocabulary.txt",
        "keras/config.json",
        "keras/task.json",
        "onnx/encoder.json",
        "onnx/model.onnx",
        "samesay.json",
    }
    for file in files:
        path = model / file
        content = path.read_bytes()
        for place in {0, len(content) // 3, len(content) // 2, len(content) - 1}:
            path.write_bytes(content[:place] + bytes([content[place] ^ flip]) + content[place + 1 :])
            with pytest.raises(BundleDamaged) as error:
                open_bundle(model)
            assert file in error.value.message
            assert file in (error.value.where or "")
        path.write_bytes(content)
    assert open_bundle(model)


@pytest.mark.parametrize("flip", [0x20, 0x2A])  # the flips that turn white space and number forms into others
def test_every_single_byte_of_the_manifest_counts(model: Path, flip: int) -> None:
    content = (model / "samesay.json").read_bytes()
    for place in range(len(content)):
        with pytest.raises(BundleError):
            Manifest.from_json(
                content[:place] + bytes([content[place] ^ flip]) + content[place + 1 :], where="here"
            )


def test_white_space_and_number_forms_in_the_manifest_count_too(model: Path) -> None:
    path = model / "samesay.json"
    content = path.read_bytes()
    for changed in (
        content.replace(b"5e-05", b"5E-05"),
        content.replace(b"\n", b"\r\n"),
        content + b"\n",
        b"\xef\xbb\xbf" + content,
        json.dumps(json.loads(content)).encode(),
    ):
        assert changed != content
        path.write_bytes(changed)
        with pytest.raises(BundleDamaged):
            open_bundle(model)


@pytest.mark.parametrize(
    "file", ["README.md", "keras/config.json", "onnx/model.onnx", "keras/assets/vocabulary.txt"]
)
def test_missing_cut_and_grown_files_are_refused_even_unverified(model: Path, file: str) -> None:
    path = model / file
    content = path.read_bytes()
    for verify in (True, False):
        path.write_bytes(content[:-1])
        with pytest.raises(BundleDamaged, match=f"{file} holds .* were written"):
            open_bundle(model, verify=verify)
        path.write_bytes(content + b"x")
        with pytest.raises(BundleDamaged, match=f"{file} holds"):
            open_bundle(model, verify=verify)
        path.unlink()
        with pytest.raises(BundleDamaged, match=f"{file} is missing"):
            open_bundle(model, verify=verify)
    path.mkdir()
    with pytest.raises(BundleDamaged, match="is not a file"):
        open_bundle(model)


def test_only_the_parts_asked_for_are_checked(model: Path) -> None:
    (model / "keras" / "config.json").unlink()
    assert open_bundle(model, parts=("onnx",)).part("onnx").is_dir()
    with pytest.raises(BundleDamaged):
        open_bundle(model, parts=("onnx", "keras"))


@pytest.mark.parametrize("version", [2, 0, 99, "1", 1.5, None, True])
def test_another_format_version_names_both_and_what_to_do(model: Path, version: object) -> None:
    rewrite(model, lambda document: document.update(format_version=version), checksum=False)
    with pytest.raises(BundleVersionUnknown) as error:
        open_bundle(model)
    assert repr(version) in error.value.message
    assert "reads version 1." in error.value.message
    newer = isinstance(version, int) and version > 1
    assert ("pip install --upgrade samesay" in (error.value.hint or "")) == newer
    assert error.value.details == {"found": version, "known": [1]}


def test_a_kind_of_later_releases_is_not_misread(model: Path) -> None:
    rewrite(model, lambda document: document.update(kind="cascade"))
    with pytest.raises(BundleVersionUnknown, match="'cascade'"):
        open_bundle(model)


def test_keys_and_parts_of_later_releases_are_ignored_but_covered(model: Path) -> None:
    (model / "plan.bin").write_bytes(b"12345")

    def add(document: dict[str, Any]) -> None:
        from samesay.bundle.writing import record_of

        record = record_of(model / "plan.bin")
        document["outputs"] = {"relation": {}}
        document["decision"]["later"] = 1
        document["parts"]["plan"] = {
            "files": {"plan.bin": {"sha256": record.sha256, "bytes": 5}},
            "later": [1],
        }

    rewrite(model, add)
    bundle = open_bundle(model)
    assert bundle.manifest.answers.names[0] == "entailment"
    assert bundle.undeclared == ()
    (model / "plan.bin").write_bytes(b"12346")
    with pytest.raises(BundleDamaged, match=r"plan\.bin"):
        open_bundle(model)


def test_an_edited_manifest_is_refused(model: Path) -> None:
    rewrite(model, lambda document: document["labels"].reverse(), checksum=False)
    with pytest.raises(BundleDamaged, match="checksum"):
        open_bundle(model, verify=False)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("labels", None),
        ("labels", []),
        ("labels", ["a", "a"]),
        ("labels", ["a", 1]),
        ("sides", ["premise"]),
        ("sides", ["premise", "premise"]),
        ("max_length", "24"),
        ("max_length", True),
        ("max_length", 0),
        ("task", 3),
        ("decision", []),
        ("decision", {"temperature": 0}),
        ("decision", {"temperature": "warm"}),
        ("decision", {"temperature": 1.0, "thresholds": {"a": "b"}}),
        ("decision", {"temperature": 1.0, "abstain_below": "x"}),
        ("decision", {"temperature": 1.0, "calibration": "none"}),
        ("metrics", 1),
        ("parts", []),
        ("parts", {"onnx": 1}),
        ("parts", {"onnx": {"files": []}}),
        ("parts", {"onnx": {"files": {}, "verdict": "splendid"}}),
        ("parts", {"onnx": {"files": {}, "verdict": "verified"}}),
        ("parts", {"keras": {"files": {}}}),
        ("parts", {"card": {"files": {"README.md": {"sha256": "short", "bytes": 1}}}}),
        ("parts", {"card": {"files": {"README.md": {"sha256": "0" * 64, "bytes": -1}}}}),
        ("parts", {"card": {"files": {"OTHER.md": {"sha256": "0" * 64, "bytes": 1}}}}),
        (
            "parts",
            {
                "x": {"files": {"f": {"sha256": "0" * 64, "bytes": 1}}},
                "y": {"files": {"f": {"sha256": "0" * 64, "bytes": 1}}},
            },
        ),
    ],
)
def test_a_manifest_that_says_what_cannot_be_is_refused(model: Path, key: str, value: object) -> None:
    rewrite(model, lambda document: document.update({key: value}))
    with pytest.raises(BundleDamaged) as error:
        open_bundle(model)
    assert error.value.where == str(model.resolve() / "samesay.json")
    rewrite(model, lambda document: document.pop(key))
    with pytest.raises(BundleDamaged, match=f"'{key}' is nothing"):
        open_bundle(model)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"a": 1, "a": 2}', b'{"a": NaN}']
)
def test_a_manifest_that_is_no_json_object_is_damage(model: Path, content: bytes) -> None:
    (model / "samesay.json").write_bytes(content)
    with pytest.raises(BundleDamaged, match=r"samesay\.json is not a JSON object"):
        open_bundle(model)


@pytest.mark.parametrize(
    "path",
    [
        "../outside",
        "/etc/hostname",
        "a/../../outside",
        "./a",
        "a//b",
        "C:/x",
        "a\\b",
        "..\\x",
        "",
        "a\0b",
        "samesay.json",
    ],
)
def test_paths_that_could_leave_the_bundle_are_refused(model: Path, path: str) -> None:
    (model.parent / "outside").write_text("secret", encoding="utf-8")

    def add(document: dict[str, Any]) -> None:
        document["parts"]["plan"] = {"files": {path: {"sha256": "0" * 64, "bytes": 6}}}

    rewrite(model, add)
    with pytest.raises(BundleDamaged, match="not a file inside the bundle"):
        open_bundle(model, verify=False)


def test_links_are_refused(model: Path) -> None:
    outside = model.parent / "outside"
    (model / "onnx" / "model.onnx").rename(outside)
    (model / "onnx" / "model.onnx").symlink_to(outside)
    with pytest.raises(BundleDamaged, match=r"onnx/model\.onnx is a symbolic link") as error:
        open_bundle(model)
    assert "cp -rL" in (error.value.hint or "")


def test_a_linked_folder_and_a_linked_manifest_are_refused(model: Path) -> None:
    (model / "keras").rename(model.parent / "elsewhere")
    (model / "keras").symlink_to(model.parent / "elsewhere")
    with pytest.raises(BundleDamaged, match="keras is a symbolic link"):
        open_bundle(model)
    (model / "samesay.json").rename(model.parent / "manifest")
    (model / "samesay.json").symlink_to(model.parent / "manifest")
    with pytest.raises(BundleDamaged, match=r"samesay\.json is a symbolic link"):
        open_bundle(model)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.timeout(20)
def test_a_pipe_in_the_place_of_a_file_does_not_hang(model: Path) -> None:
    (model / "keras" / "config.json").unlink()
    os.mkfifo(model / "keras" / "config.json")
    with pytest.raises(BundleDamaged, match="is not a file"):
        open_bundle(model)


def test_files_beside_the_parts_are_listed_and_inside_a_part_refused(model: Path) -> None:
    (model / "notes.md").write_text("mine", encoding="utf-8")
    (model / "plots").mkdir()
    (model / ".DS_Store").touch()
    (model / "keras" / ".DS_Store").touch()
    assert open_bundle(model).undeclared == ("notes.md", "plots")
    (model / "keras" / "model.weights.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BundleDamaged, match=r"keras/model\.weights\.json was not there") as error:
        open_bundle(model)
    assert "remove it" in (error.value.hint or "")
    assert open_bundle(model, parts=("onnx",))


def test_unknown_and_absent_parts_are_named(model: Path) -> None:
    bundle = open_bundle(model)
    with pytest.raises(UsageError, match="'weights'"):
        bundle.part("weights")
    with pytest.raises(PartUnavailable, match="without the part 'report'"):
        bundle.part("report")


def _keras_hub(path: Path) -> None:
    (path / "config.json").write_text('{"registered_name": "keras_hub>BertBackbone"}', encoding="utf-8")
    (path / "task.json").write_text("{}", encoding="utf-8")


def _hugging_face(path: Path) -> None:
    (path / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")


def _sentence_transformers(path: Path) -> None:
    _hugging_face(path)
    (path / "modules.json").write_text("[]", encoding="utf-8")


@pytest.mark.parametrize(
    ("make", "found", "hint"),
    [
        (_keras_hub, "keras-hub-preset", "--preset"),
        (_hugging_face, "hugging-face", "--preset"),
        (_sentence_transformers, "sentence-transformers", "--preset"),
        (lambda path: (path / "saved_model.pb").touch(), "tensorflow", "samesay train"),
        (lambda path: save_tiny(path / "best"), "parent", "best"),
        (lambda path: None, "empty-folder", "finished"),
        (lambda path: (path / "a.txt").touch(), "folder", "--output"),
    ],
)
def test_what_is_no_saved_model_is_told_apart(
    tmp_path: Path, make: Callable[[Path], object], found: str, hint: str
) -> None:
    path = tmp_path / "thing"
    path.mkdir()
    make(path)
    with pytest.raises(NotABundle) as error:
        open_bundle(path)
    assert error.value.details["found"] == found
    assert hint in (error.value.hint or "")
    assert error.value.where == str(path)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("model.keras", "keras-file"),
        ("model.onnx", "onnx-file"),
        ("model.tar.gz", "archive"),
        ("model.csv", "file"),
    ],
)
def test_files_are_told_apart(tmp_path: Path, name: str, found: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(NotABundle) as error:
        open_bundle(tmp_path / name)
    assert error.value.details["found"] == found


def test_a_missing_path_names_near_models(tmp_path: Path) -> None:
    save_tiny(tmp_path / "snli-minilm")
    with pytest.raises(NotABundle, match="There is nothing at") as error:
        open_bundle(tmp_path / "snli-minlm")
    assert "snli-minilm" in (error.value.hint or "")


def test_somebody_elses_samesay_json_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "samesay.json").write_text('{"name": "another tool"}', encoding="utf-8")
    with pytest.raises(NotABundle, match="does not describe a saved model"):
        open_bundle(tmp_path)


def test_pair_hashes_come_back_by_split_and_the_same_bytes(tmp_path: Path) -> None:
    from samesay.bundle import read_pair_hashes

    hashes = {"train": np.array([0xB2, 0xA1, 0xB2], np.uint64), "validation": np.array([0xC3], np.uint64)}
    with write_bundle(tmp_path / "model") as draft:
        write_pair_hashes(draft.file("pair_hashes"), hashes)
        (draft.folder("keras") / "config.json").write_text("{}", encoding="utf-8")
        (draft.folder("keras") / "task.json").write_text("{}", encoding="utf-8")
        from tiny_models import LABELS, SIDES

        draft.finish(Manifest(task="classification", answers=LABELS, sides=SIDES, max_length=8))
    path = open_bundle(tmp_path / "model").part("pair_hashes")
    found = read_pair_hashes(path)
    assert {split: values.tolist() for split, values in found.items()} == {
        "train": [0xA1, 0xB2],
        "validation": [0xC3],
    }
    write_pair_hashes(tmp_path / "again.gz", found)
    assert (tmp_path / "again.gz").read_bytes() == path.read_bytes()
    for content in (b"not gzip", path.read_bytes()[:-4]):
        path.write_bytes(content)
        with pytest.raises(BundleDamaged, match="pair hashes"):
            read_pair_hashes(path)


def test_the_vocabulary_is_part_of_what_is_verified(model: Path) -> None:
    assert len(VOCABULARY) > 30
    path = model / "keras" / "assets" / "vocabulary.txt"
    path.write_text(path.read_text(encoding="utf-8").replace("dog", "cow"), encoding="utf-8")
    assert open_bundle(model, verify=False)
    with pytest.raises(BundleDamaged, match="SHA-256"):
        open_bundle(model)
