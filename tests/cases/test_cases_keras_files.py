"""Keras parts and `.keras` files that are hostile or half true: refused as damaged before anything large is built."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import samesay
from altered_bundle import resigned
from commands import outcome
from samesay.errors import BundleDamaged
from samesay.model.presets.declared_sizes import require_preset
from samesay.pairs import LabelSet, Pair
from tiny_families import save_family
from tiny_models import save_tiny, tiny_graph
from tiny_tokenizers import TOKENIZERS

NAMES = LabelSet(("different", "same"))


@pytest.fixture(scope="module")
def whole(tiny_preset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model with a Keras part that opens."""
    path = save_tiny(tmp_path_factory.mktemp("models") / "model", answers=NAMES, graph=tiny_graph(n_labels=2))
    shutil.rmtree(path / "keras")
    shutil.copytree(tiny_preset, path / "keras")

    return resigned(path, anew="keras")


@pytest.fixture
def model(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "model"))


@pytest.fixture(scope="module")
def keras_file(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return samesay.load(whole).save(tmp_path_factory.mktemp("files") / "model.keras")


def edited(place: Path, way: tuple[str, ...], value: object) -> None:
    """The JSON file ``place`` with ``value`` at the end of ``way``."""
    document = inner = json.loads(place.read_bytes())
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = value
    place.write_text(json.dumps(document), encoding="utf-8")


BACKBONE = ("config", "backbone", "config")
STRANGE = (10**9, 10**400, 115, 1, 0, -1, None, "16", 16.0)
SIZES = [
    "hidden_dim",
    "num_layers",
    "num_heads",
    "intermediate_dim",
    "vocabulary_size",
    "max_sequence_length",
    "num_segments",
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("file", ["task.json", "config.json"])
def test_a_size_that_the_weights_do_not_have_is_refused_before_anything_is_built(
    model: Path, file: str, name: str
) -> None:
    place = model / "keras" / file
    way = (*(BACKBONE if file == "task.json" else ("config",)), name)
    before = place.read_bytes()
    for value in (*STRANGE, 10**6, 10**10):
        if value == 115 and name in ("vocabulary_size", "max_sequence_length", "num_segments"):
            continue  # the weights have as much
        place.write_bytes(before)
        edited(place, way, value)
        with pytest.raises(BundleDamaged, match="cannot be opened"):
            samesay.load(resigned(model))


@pytest.mark.parametrize(
    ("way", "value"),
    [
        ((*BACKBONE, "num_layers"), 1),
        ((*BACKBONE, "dropout"), 10**9),
        ((*BACKBONE, "dropout"), "much"),
        (("config", "num_classes"), 10**9),
        (("config", "num_classes"), None),
        (("config", "num_classes"), 16),
        (
            ("config", "activation"),
            {"class_name": "Dense", "module": "keras.layers", "config": {"units": 10**9}},
        ),
        (("config", "preprocessor", "config", "sequence_length"), 10**10),
        (("config", "preprocessor", "config", "tokenizer", "config", "vocabulary"), "/etc/hostname"),
        (("config", "preprocessor"), "keras.utils"),
        (("config", "preprocessor", "config", "tokenizer"), "os"),
        (("config", "preprocessor", "config", "tokenizer", "config", "suffix_indicator"), 1.5),
        (("config", "preprocessor", "config", "tokenizer", "config", "sequence_length"), 1.5),
        (("config", "backbone"), None),
        (("config",), []),
    ],
)
def test_a_task_that_cannot_be_built_is_damage(model: Path, way: tuple[str, ...], value: object) -> None:
    edited(model / "keras" / "task.json", way, value)
    with pytest.raises(BundleDamaged):
        samesay.load(resigned(model))


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"config": 1, "config": 2}', b'{"a":' * 100_000])
@pytest.mark.parametrize("file", ["task.json", "config.json"])
def test_a_configuration_that_is_no_json_object_is_damage(model: Path, file: str, content: bytes) -> None:
    (model / "keras" / file).write_bytes(content)
    with pytest.raises(BundleDamaged):
        samesay.load(resigned(model))


def test_the_command_line_says_so_with_the_status_of_damage(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edited(model / "keras" / "task.json", (*BACKBONE, "hidden_dim"), 10**9)
    resigned(model)
    for arguments in (("verify", model), ("export", model, model.parent / "out", "--to", "huggingface")):
        status, _, told = outcome(capsys, *arguments)
        assert status == 42
        assert "hidden_dim is 1000000000" in told


def _soft_link(weights: h5py.File) -> None:
    weights["layers/dense/vars/0"] = h5py.SoftLink("/layers/embedding/vars/0")


def _another_file(weights: h5py.File) -> None:
    weights["layers/dense/vars/0"] = h5py.ExternalLink("other.h5", "/x")


def _outside_values(weights: h5py.File) -> None:
    group = weights["layers/dense/vars"]
    group.create_dataset("0", (16, 16), "f4", external=[("/etc/hostname", 0, 1024)])


def _virtual(weights: h5py.File) -> None:
    layout = h5py.VirtualLayout((16, 16), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", (16, 16))
    weights["layers/dense/vars"].create_virtual_dataset("0", layout)


def _round(weights: h5py.File) -> None:
    weights["layers/dense/vars/0"] = weights["layers"]


def _unallocated(weights: h5py.File) -> None:
    weights.create_dataset("layers/dense/vars/0", (1 << 20, 1 << 14), "f4", chunks=(1024, 1024))


def _empty(weights: h5py.File) -> None:
    weights["layers/dense/vars/0"] = h5py.Empty("f4")


@pytest.mark.parametrize(
    "change", [_soft_link, _another_file, _outside_values, _virtual, _round, _unallocated, _empty]
)
def test_weights_that_point_elsewhere_or_declare_more_than_they_hold_are_damage(
    model: Path, change: Callable[[h5py.File], None]
) -> None:
    with h5py.File(model / "keras" / "model.weights.h5", "r+") as weights:
        del weights["layers/dense/vars/0"]
        change(weights)
    with pytest.raises(BundleDamaged):
        samesay.load(resigned(model))


def test_a_head_for_other_labels_than_the_manifest_has_is_damage(model: Path) -> None:
    def third(document: dict[str, Any]) -> None:
        document["labels"] = ["different", "same", "neither"]

    with pytest.raises(BundleDamaged, match="3 columns"):
        samesay.load(resigned(model, third))


@pytest.mark.parametrize("family", TOKENIZERS)
def test_every_family_as_it_was_saved_fits_its_weights(family: str, tmp_path: Path) -> None:
    save_family(family, tmp_path / family, max_length=24, n_layers=2)
    require_preset(tmp_path / family)
    edited(tmp_path / family / "task.json", (*BACKBONE, "num_layers"), 10**6)
    with pytest.raises(ValueError, match="num_layers is 1000000"):
        require_preset(tmp_path / family)


def repacked(keras_file: Path, path: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """``keras_file`` at ``path`` with other members."""
    with zipfile.ZipFile(keras_file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def _config(way: tuple[str, ...], value: object) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        document = inner = json.loads(members["config.json"])
        for step in way[:-1]:
            inner = inner[step]
        inner[way[-1]] = value
        members["config.json"] = json.dumps(document).encode()

    return change


TORCH = {
    "module": "keras.layers",
    "class_name": "TorchModuleWrapper",
    "config": {"module": {}},
    "registered_name": None,
}
TASK = ("config", "task")


@pytest.mark.parametrize(
    "change",
    [
        lambda members: members.pop("metadata.json"),
        lambda members: members.pop("config.json"),
        lambda members: members.pop("model.weights.h5"),
        lambda members: members.update({"metadata.json": b"\xff"}),
        lambda members: members.update({"config.json": b'{"a":' * 100_000}),
        lambda members: members.update({"config.json": b"[" * 100_000}),
        lambda members: members.update({"config.json": b"null"}),
        lambda members: members.update({"config.json": json.dumps(TORCH).encode()}),
        lambda members: members.update({"model.weights.h5": b"not HDF5"}),
        _config(TASK, TORCH),
        _config(TASK, None),
        _config((*TASK, "config", "activation"), TORCH),
        _config((*TASK, *BACKBONE, "hidden_dim"), 10**9),
        _config((*TASK, *BACKBONE, "num_layers"), 10**6),
        _config((*TASK, *BACKBONE, "vocabulary_size"), 10**10),
        _config((*TASK, "config", "num_classes"), 10**9),
        _config(("config", "labels"), ["same", "same"]),
        _config(("config", "labels"), ["one", "two", "three"]),
        _config(("config", "labels"), 3),
        _config(("config", "sides"), ["one"]),
        _config(("config", "sides"), ["", "two"]),
        _config((*TASK, "config", "preprocessor", "config", "tokenizer"), "os"),
        _config(("config", "scale"), [0, 10**400]),
        _config(("config", "scale"), ["a", "b"]),
    ],
    ids=range(24),
)
def test_a_keras_file_with_other_content_is_damage(
    keras_file: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], object]
) -> None:
    with pytest.raises(BundleDamaged):
        samesay.load(repacked(keras_file, tmp_path / "x.keras", change))


def _marked(content: bytes, at: int, value: bytes) -> bytes:
    """Two bytes of every member's headers set: of the one in its place, and of the one in the directory."""
    changed = bytearray(content)
    for mark, offset in ((b"PK\x03\x04", at), (b"PK\x01\x02", at + 2)):
        place = changed.find(mark)
        while place >= 0:
            changed[place + offset : place + offset + 2] = value
            place = changed.find(mark, place + 4)
    return bytes(changed)


@pytest.mark.parametrize(("at", "value"), [(6, b"\x01\0"), (8, b"\x63\0"), (8, b"\x0c\0"), (8, b"\x0e\0")])
def test_an_encrypted_archive_or_one_of_another_compression_is_damage(
    keras_file: Path, tmp_path: Path, at: int, value: bytes
) -> None:
    path = tmp_path / "x.keras"
    path.write_bytes(_marked(keras_file.read_bytes(), at, value))
    with pytest.raises(BundleDamaged, match="encrypted, or compressed"):
        samesay.load(path)


def _zeros(path: Path) -> None:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("assets/task/more", bytes(64 << 20))


def _one_content_under_many_names(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("assets/task/more", bytes(1 << 20))
        (member,) = (one for one in archive.filelist if one.filename == "assets/task/more")
        archive.filelist.extend([member] * 1_000)


@pytest.mark.parametrize("swell", [_zeros, _one_content_under_many_names])
def test_a_keras_file_that_would_unpack_to_much_more_is_refused_before_it_is(
    keras_file: Path, tmp_path: Path, swell: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(shutil.copy(keras_file, tmp_path / "x.keras"))
    swell(path)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(BundleDamaged, match="would unpack to"):
        samesay.load(path)


def test_an_untouched_model_and_file_open_and_answer_alike(whole: Path, keras_file: Path) -> None:
    pairs = [Pair("a dog runs", "the dog runs"), Pair("a cat", "two men")]
    one, other = (samesay.load(path).predictor.predict(pairs) for path in (whole, keras_file))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_failed_parity_check_is_told_on_one_line_and_names_no_hidden_folder(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, output = tmp_path / "folder", tmp_path / "model"
    assert outcome(capsys, "export", whole, folder, "--to", "huggingface")[0] == 0
    weights = load_file(folder / "model.safetensors")
    broken = {name: np.full_like(value, np.nan) for name, value in weights.items() if "classifier" in name}
    save_file(weights | broken, folder / "model.safetensors", metadata={"format": "pt"})
    status, out, told = outcome(capsys, "import", folder, "--output", output)
    assert status == 0
    manifest = json.loads((output / "samesay.json").read_bytes())["parts"]["onnx"]
    assert manifest["verdict"] == "failed"
    assert "no numbers" in manifest["detail"]["reason"]
    for said in (out, told, json.dumps(manifest), (output / "README.md").read_text(encoding="utf-8")):
        assert "draft" not in said
        assert "\\n" not in said
