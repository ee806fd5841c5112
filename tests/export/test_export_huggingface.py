"""A Hugging Face folder: what is in it, that nothing is lost on the way there and back, and what is refused.

That ``transformers`` itself computes the same from it is measured by benchmarks/huggingface_roundtrip.py.
"""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from samesay.encoding import PairEncoder
from samesay.errors import (
    EncoderUnsupported,
    HeadMismatch,
    PartUnavailable,
    SameSayError,
    TargetExists,
    UsageError,
)
from samesay.jobs.export import export
from samesay.jobs.importing import import_model
from samesay.model.backbones.families import class_named
from samesay.model.huggingface.families import FAMILIES, Family, family_of
from samesay.model.huggingface.reading import describe, open_classifier
from samesay.model.huggingface.tokenizer_writing import write_tokenizer
from samesay.model.huggingface.writing import huggingface_config
from samesay.pair_model import PairModel
from samesay.pairs import LabelSet, Pair, Sides
from samesay.scoring import Scorer
from tiny_tokenizers import wordpiece_encoder

LABELS = ("entailment", "neutral", "contradiction")
SIDES = ("hypothesis", "premise")
TEXTS = (
    ["a dog runs", "[SEP] is a text", "two cats sleep in the park!", ""],
    ["the cat sleeps", "no [CLS] here", "nobody eats", "a man"],
)


@pytest.fixture(scope="module")
def model(tiny_preset: Path) -> PairModel:
    opened = PairModel.from_preset(tiny_preset, LABELS, sides=SIDES, max_length=48)
    random = np.random.default_rng(0)
    for weight in opened.task.trainable_weights:  # far from the symmetric start, where much would cancel out
        weight.assign(np.asarray(weight) + 0.2 * random.normal(size=weight.shape))
    return opened


@pytest.fixture(scope="module")
def folder(model: PairModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(model.export(tmp_path_factory.mktemp("hugging face") / "folder").path)


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def change(folder: Path, **settings: Any) -> Path:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, **settings}), encoding="utf-8")
    return folder


def test_the_folder_says_what_the_model_is(folder: Path, model: PairModel) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["architectures"] == ["BertForSequenceClassification"]
    assert config["model_type"] == "bert"
    assert config["id2label"] == {"0": "entailment", "1": "neutral", "2": "contradiction"}
    assert config["label2id"] == {"entailment": 0, "neutral": 1, "contradiction": 2}
    assert config["problem_type"] == "single_label_classification"
    assert config["hidden_act"] == "gelu_pytorch_tanh"
    assert config["max_position_embeddings"] == 64
    assert json.loads((folder / "tokenizer_config.json").read_text())["model_max_length"] == 48
    tensors = load_file(folder / "model.safetensors")
    parameters = sum(math.prod(weight.shape) for weight in model.task.weights if "seed" not in weight.path)
    assert sum(tensor.size for tensor in tensors.values()) == parameters
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "the hypothesis first, the premise second" in card
    assert "[SEP]" in card


def test_there_and_back_nothing_changes(folder: Path, model: PairModel) -> None:
    back = PairModel.from_preset(folder)
    assert (back.head, list(back.labels), tuple(back.sides), back.max_length) == (
        "kept",
        list(LABELS),
        SIDES,
        48,
    )
    np.testing.assert_allclose(back.classifier.predict(TEXTS), model.classifier.predict(TEXTS), atol=1e-5)


def test_an_exact_gelu_is_kept_by_everything_that_is_saved(
    copy: Path, model: PairModel, tmp_path: Path
) -> None:
    change(copy, hidden_act="gelu")
    imported = import_model(copy, tmp_path / "model", sides=SIDES)
    assert imported.onnx["status"] == "verified", imported.onnx
    pairs = [Pair(*texts) for texts in zip(*TEXTS, strict=True)]
    exact = PairModel.load(tmp_path / "model")
    logits = exact.classifier.predict(TEXTS)
    assert np.abs(logits - model.classifier.predict(TEXTS)).max() > 1e-5  # the two functions do differ
    np.testing.assert_allclose(Scorer.open(tmp_path / "model").logits(pairs), logits, atol=1e-5)
    again = Path(exact.export(tmp_path / "again").path)
    assert json.loads((again / "config.json").read_text())["hidden_act"] == "gelu"
    exact.save(tmp_path / "model.keras")
    np.testing.assert_allclose(
        PairModel.load(tmp_path / "model.keras").classifier.predict(TEXTS), logits, atol=1e-5
    )


def test_nameless_labels_are_said_to_be_so_and_can_be_named(copy: Path, tmp_path: Path) -> None:
    change(copy, id2label={"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}, samesay=None)
    assert PairModel.from_preset(copy, LABELS).head == "new"  # as for every encoder whose head has no names
    plain = import_model(copy, tmp_path / "plain")
    assert plain.labels == ["LABEL_0", "LABEL_1", "LABEL_2"]
    assert any("--labels" in note for note in plain.notes)
    assert any("--sides" in note for note in plain.notes)
    named = PairModel.from_preset(copy, LABELS, keep_head=True)
    assert (named.head, list(named.labels)) == ("kept", list(LABELS))
    with pytest.raises(HeadMismatch, match="2 names were given for a head with 3"):
        PairModel.from_preset(copy, ["yes", "no"], keep_head=True)
    with pytest.raises(UsageError, match="A head is kept, or a new one is made"):
        PairModel.from_preset(copy, LABELS, keep_head=True, new_head=True)


def test_a_head_for_other_labels_is_not_lost_unasked(folder: Path) -> None:
    with pytest.raises(HeadMismatch, match="trained for other labels") as caught:
        PairModel.from_preset(folder, ["same", "different"])
    assert "--new-head" in (caught.value.hint or "")
    assert PairModel.from_preset(folder, ["same", "different"], new_head=True).head == "new"


def test_a_folder_as_transformers_5_saves_it_is_opened(copy: Path, model: PairModel) -> None:
    """No vocabulary file, and tensors in several files."""
    (copy / "vocab.txt").unlink()
    tensors = load_file(copy / "model.safetensors")
    (copy / "model.safetensors").unlink()
    names = sorted(tensors)
    files = {"model-1.safetensors": names[::2], "model-2.safetensors": names[1::2]}
    for file, held in files.items():
        save_file({name: tensors[name] for name in held}, copy / file, metadata={"format": "pt"})
    weight_map = {name: file for file, held in files.items() for name in held}
    (copy / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    back = open_classifier(describe(copy))
    assert back.preprocessor.tokenizer.get_vocabulary() == model.task.preprocessor.tokenizer.get_vocabulary()
    np.testing.assert_array_equal(back.output_dense.kernel, model.task.output_dense.kernel)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        (
            {"model_type": "gpt2", "architectures": ["GPT2ForSequenceClassification"]},
            EncoderUnsupported,
            "gpt2",
        ),
        ({"architectures": ["BertModel"]}, EncoderUnsupported, "BertModel"),
        ({"id2label": {"0": "score"}, "problem_type": "regression"}, HeadMismatch, "3 outputs"),
        ({"problem_type": "multi_label_classification"}, HeadMismatch, "several labels"),
        ({"id2label": {"0": "same", "1": "different"}}, HeadMismatch, "3 outputs"),
        ({"id2label": {"0": "same", "1": "same", "2": "other"}}, HeadMismatch, "each class once"),
        ({"hidden_act": "relu"}, EncoderUnsupported, "hidden_act is 'relu'"),
        ({"layer_norm_eps": 1e-5}, EncoderUnsupported, "layer_norm_eps"),
        ({"position_embedding_type": "relative_key"}, EncoderUnsupported, "relative_key"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    copy: Path, tmp_path: Path, settings: dict[str, Any], error: type[SameSayError], words: str
) -> None:
    change(copy, **settings)
    with pytest.raises(error, match=words):
        import_model(copy, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_deberta_that_computes_otherwise_is_refused(copy: Path, tmp_path: Path) -> None:
    change(
        copy, model_type="deberta-v2", architectures=["DebertaV2ForSequenceClassification"], hidden_act="gelu"
    )
    change(copy, layer_norm_eps=1e-7, relative_attention=True, norm_rel_ebd="layer_norm", share_att_key=True)
    change(copy, position_biased_input=False, type_vocab_size=0, pos_att_type="p2c|c2p", conv_kernel_size=3)
    with pytest.raises(EncoderUnsupported, match="'position_buckets' is -1") as caught:
        import_model(copy, tmp_path / "model")
    assert "a whole number from 1" in (caught.value.expected or "")
    change(copy, position_buckets=8)
    with pytest.raises(EncoderUnsupported, match="what KerasHub's does not: conv_kernel_size is 3"):
        import_model(copy, tmp_path / "model")


def test_pickled_weights_are_never_opened(copy: Path, tmp_path: Path) -> None:
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(EncoderUnsupported, match=r"pytorch_model\.bin is a pickle") as caught:
        import_model(copy, tmp_path / "model")
    assert "save_pretrained" in (caught.value.hint or "")


def test_a_missing_tensor_is_named(copy: Path) -> None:
    tensors = load_file(copy / "model.safetensors")
    del tensors["bert.pooler.dense.bias"]
    save_file(tensors, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EncoderUnsupported, match=r"bert\.pooler\.dense\.bias"):
        open_classifier(describe(copy))


def test_an_export_appears_whole_or_not_at_all(model: PairModel, tmp_path: Path, monkeypatch: Any) -> None:
    target = tmp_path / "exported"
    model.export(target)
    with pytest.raises(TargetExists):
        model.export(target)
    before = {path.name: path.read_bytes() for path in target.iterdir()}

    def fails(*_: Any, **__: Any) -> None:
        raise EncoderUnsupported("no")

    monkeypatch.setattr("samesay.model.huggingface.writing.write_tokenizer", fails)
    with pytest.raises(EncoderUnsupported):
        model.export(target, overwrite=True)
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before
    monkeypatch.undo()
    model.export(target, overwrite=True)
    (target / "mine.txt").write_text("kept", encoding="utf-8")
    with pytest.raises(TargetExists, match=r"mine\.txt"):
        model.export(target, overwrite=True)
    strange = tmp_path / "strange"
    strange.mkdir()
    (strange / "diary.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(TargetExists):
        model.export(strange, overwrite=True)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_verified_graph_is_copied_with_its_tokenizer(tmp_path: Path) -> None:
    from tiny_models import LABELS as TINY_LABELS
    from tiny_models import save_tiny

    bundle = save_tiny(tmp_path / "model")
    result = export(bundle, tmp_path / "onnx", to="onnx")
    assert set(result.files) == {"model.onnx", "encoder.json", "model.json"}
    facts = json.loads((tmp_path / "onnx" / "model.json").read_text(encoding="utf-8"))
    assert facts["labels"] == list(TINY_LABELS)
    encoder = PairEncoder.from_dict(
        json.loads((tmp_path / "onnx" / "encoder.json").read_text(encoding="utf-8"))
    )
    pairs = [Pair("a dog runs", "a cat sleeps")]
    bare = Scorer.from_parts(
        str(tmp_path / "onnx" / "model.onnx"), encoder, TINY_LABELS, Sides(*facts["sides"])
    )
    np.testing.assert_array_equal(bare.predict(pairs), Scorer.open(bundle).predict(pairs))

    failed = save_tiny(tmp_path / "failed", verdict="failed")
    with pytest.raises(PartUnavailable, match=r"largest difference is 0\.2"):
        export(failed, tmp_path / "none", to="onnx")
    assert not (tmp_path / "none").exists()


def test_a_keras_file_is_one_file(model: PairModel, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"does not end in \.keras"):
        model.export(tmp_path / "model", to="keras")
    assert model.export(tmp_path / "model.keras", to="keras").files.keys() == {"model.keras"}


def test_the_tokenizer_s_file_gives_our_ids(tmp_path: Path) -> None:
    """Hostile texts as well; but literal special tokens, words past 100 bytes, and what folds to several words."""
    import keras_hub

    from encoding.hostile_texts import HOSTILE_TEXTS
    from tiny_bert import VOCABULARY

    vocabulary = [*VOCABULARY, *"éßçσς…½東京北", "...", "##é", "##ß", "##ss", "##σ", "ss"]
    tokenizer = keras_hub.models.BertTokenizer(vocabulary=vocabulary, lowercase=True, strip_accents=True)
    write_tokenizer(tokenizer, tmp_path, FAMILIES[0], max_length=128)
    theirs = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    ours = wordpiece_encoder(vocabulary, lowercase=True, strip_accents=True, max_length=10_000)
    specials = ("[SEP]", "[CLS]", "[MASK]", "[PAD]", "[UNK]")
    texts = [
        text
        for text in HOSTILE_TEXTS
        if not any(special in text for special in specials)
        and all(len(word.encode()) <= 100 for word in text.split())
        and not any(letter in text for letter in "⑴ﷺ")
    ]
    assert len(texts) > 80
    encoded = ours.encode(texts, texts[::-1])
    rows = zip(encoded.offsets[:-1], encoded.offsets[1:], strict=True)
    expected = [encoded.token_ids[begin:end].tolist() for begin, end in rows]
    got = [encoding.ids for encoding in theirs.encode_batch(list(zip(texts, texts[::-1], strict=True)))]
    assert [text for text, one, other in zip(texts, expected, got, strict=True) if one != other] == []
    assert theirs.encode("a [SEP] b").ids.count(vocabulary.index("[SEP]")) == 2  # what the card warns of


# One tensor of every kind: its name and shape where hidden is 8, feed-forward 12, vocabulary 20, positions 16.
_TENSORS: dict[str, dict[str, tuple[int, ...]]] = {
    "bert": {
        "bert.embeddings.word_embeddings.weight": (20, 8),
        "bert.embeddings.token_type_embeddings.weight": (2, 8),
        "bert.encoder.layer.1.attention.self.query.weight": (8, 8),
        "bert.encoder.layer.1.attention.output.LayerNorm.weight": (8,),
        "bert.encoder.layer.1.intermediate.dense.weight": (12, 8),
        "bert.encoder.layer.1.output.dense.weight": (8, 12),
        "bert.pooler.dense.weight": (8, 8),
        "classifier.weight": (3, 8),
    },
    "roberta": {
        "roberta.embeddings.position_embeddings.weight": (18, 8),
        "roberta.encoder.layer.1.attention.self.value.bias": (8,),
        "classifier.dense.weight": (8, 8),
        "classifier.out_proj.weight": (3, 8),
    },
    "mpnet": {
        "mpnet.embeddings.position_embeddings.weight": (18, 8),
        "mpnet.encoder.layer.1.attention.attn.o.weight": (8, 8),
        "mpnet.encoder.layer.1.attention.LayerNorm.bias": (8,),
        "mpnet.encoder.relative_attention_bias.weight": (32, 2),
        "classifier.dense.weight": (8, 8),
        "classifier.out_proj.bias": (3,),
    },
    "distilbert": {
        "distilbert.embeddings.position_embeddings.weight": (16, 8),
        "distilbert.transformer.layer.1.attention.out_lin.weight": (8, 8),
        "distilbert.transformer.layer.1.ffn.lin1.weight": (12, 8),
        "distilbert.transformer.layer.1.output_layer_norm.bias": (8,),
        "pre_classifier.weight": (8, 8),
        "classifier.bias": (3,),
    },
    "albert": {
        "albert.embeddings.word_embeddings.weight": (20, 4),
        "albert.encoder.embedding_hidden_mapping_in.weight": (8, 4),
        "albert.encoder.albert_layer_groups.0.albert_layers.0.ffn.weight": (12, 8),
        "albert.pooler.weight": (8, 8),
        "classifier.weight": (3, 8),
    },
    "deberta-v2": {
        "deberta.encoder.rel_embeddings.weight": (16, 8),
        "deberta.encoder.LayerNorm.weight": (8,),
        "deberta.encoder.layer.1.attention.self.query_proj.weight": (8, 8),
        "pooler.dense.weight": (8, 8),
        "classifier.weight": (3, 8),
    },
}
_TENSORS["xlm-roberta"] = _TENSORS["roberta"]
_MORE = {"albert": {"embedding_dim": 4}, "deberta-v2": {"bucket_size": 8}}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.model_type)
def test_every_family_lies_as_transformers_wants_it(family: Family) -> None:
    backbone = class_named(family.backbone)(
        vocabulary_size=20,
        num_layers=2,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=12,
        max_sequence_length=16,
        **_MORE.get(family.model_type, {}),
    )
    task = class_named(family.task)(backbone=backbone, num_classes=3)
    tensors = {tensor.name: tensor for tensor in family.tensors(task)}
    expected = _TENSORS[family.model_type]
    assert {name: tensors[name].shape for name in expected} == expected
    assert {name: tensors[name].read_variable().shape for name in expected} == expected
    weights = [weight for weight in task.weights if "seed" not in weight.path]
    assert {id(tensor.variable) for tensor in tensors.values()} == {id(weight) for weight in weights}

    for tensor in tensors.values():  # what was read is what is there again, every axis in its place
        before = np.asarray(tensor.variable)
        read = tensor.read_variable()
        tensor.assign(read)
        np.testing.assert_array_equal(np.asarray(tensor.variable), before)

    tokenizer = SimpleNamespace(pad_token_id=1, start_token_id=0, end_token_id=2)
    config = huggingface_config(
        SimpleNamespace(
            backbone=backbone,
            output_dense=task.output_dense,
            dropout=task.dropout,
            hidden_dim=8,
            preprocessor=SimpleNamespace(tokenizer=tokenizer),
        ),
        family,
        LabelSet(LABELS),
    )
    assert config["architectures"] == [family.architecture]
    assert config[family.activation_key] == family.activations[0]
    positions = 18 if "roberta" in family.model_type or family.model_type == "mpnet" else 16
    assert config["max_position_embeddings"] == positions
    assert family_of(task) is family


def test_roberta_s_token_type_row_is_added_to_its_positions() -> None:
    import keras_hub

    backbone = keras_hub.models.RobertaBackbone(20, 1, 2, 8, 12, max_sequence_length=16)
    task = keras_hub.models.RobertaTextClassifier(backbone=backbone, num_classes=2)
    positions = next(t for t in family_of(task).tensors(task) if t.rows_in_front)
    read = positions.read_variable()
    assert (read[:2] == 0).all()
    positions.assign(read, np.full((1, 8), 0.5, np.float32))
    np.testing.assert_allclose(np.asarray(positions.variable), read[2:] + 0.5)
