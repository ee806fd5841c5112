"""Hugging Face folders as others made them: what is odd in them is refused by name, and nothing ends in status 70."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from commands import outcome
from tiny_bert import VOCABULARY
from tiny_hugging_face import save_tiny_hugging_face_bert


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_hugging_face_bert(tmp_path_factory.mktemp("folders") / "classifier", outputs=3)


@pytest.fixture
def folder(classifier: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(classifier, tmp_path / "folder"))


def change(folder: Path, **settings: Any) -> None:
    """Settings of ``config.json``; ``...`` takes one away."""
    config = {**json.loads((folder / "config.json").read_text()), **settings}
    (folder / "config.json").write_text(
        json.dumps({key: value for key, value in config.items() if value is not ...})
    )


def refused(capsys: Any, folder: Path, status: int | None = None) -> str:
    """The message of an import that fails: 30 to 39, one place, nothing written."""
    output = folder.parent / "imported"
    code, _, said = outcome(capsys, "import", folder, "--output", output, "--quiet")
    assert 30 <= code <= 39, said
    assert status in (None, code), said
    assert "where:" in said
    assert not output.exists()
    return said


ODD = (-1, 0, None, "x", [], {}, True, 10**9, 10**400, float("nan"), [[[]]])


@pytest.mark.parametrize(
    "setting",
    [
        "vocab_size",
        "hidden_size",
        "num_hidden_layers",
        "num_attention_heads",
        "intermediate_size",
        "max_position_embeddings",
        "type_vocab_size",
    ],
)
def test_a_size_of_another_type_or_beyond_the_weights_is_refused_by_name(
    folder: Path, capsys: Any, setting: str
) -> None:
    for value in ODD:
        change(folder, **{setting: value})
        assert setting in refused(capsys, folder, 35), value


@pytest.mark.parametrize("setting", ["layer_norm_eps", "hidden_dropout_prob", "hidden_act", "problem_type"])
def test_another_setting_of_another_type_is_refused_by_name(folder: Path, capsys: Any, setting: str) -> None:
    for value in (-1, "x", [], {}, True, 10**9, 10**400, float("nan")):
        change(folder, **{setting: value})
        assert setting in refused(capsys, folder, 35), value


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model_type": ["bert"]}, "a list of 1"),
        ({"model_type": "unheard-of"}, "unheard-of"),
        ({"architectures": "BertForSequenceClassification"}, "architectures"),
        ({"pad_token_id": "x"}, "pad_token_id"),
        ({"position_embedding_type": "relative_key"}, "relative_key"),
        ({"is_decoder": True}, "is_decoder is true"),
        ({"type_vocab_size": 1}, "at least 2"),
        ({"num_attention_heads": 3}, "divides hidden_size 8"),
        ({"num_hidden_layers": 2}, "hold 1 layers"),
        ({"num_hidden_layers": 10**6}, "from 1 to 128"),
        ({"max_position_embeddings": 5}, "max_position_embeddings"),
        ({"id2label": {}}, "id2label"),
        ({"id2label": ["a", "b", "c"]}, "id2label"),
        ({"id2label": {"0": "a", "1": "b"}}, "3 outputs"),
        ({"id2label": {"0": "a", "1": "b", "3": "c"}}, "class 2 null"),
        ({"id2label": {"0": "a", "1": "a", "2": "b"}}, "each class once"),
        ({"id2label": {"0": "a", "1": ["b"], "2": "c"}}, "class 1 a list"),
        ({"id2label": {"0": "a", "1": " ", "2": "c"}}, "each class once"),
        ({"id2label": ..., "num_labels": 10**9}, "num_labels"),
        ({"id2label": ..., "num_labels": "x"}, "num_labels"),
        ({"problem_type": "regression"}, "3 numbers"),
        ({"problem_type": "multi_label_classification"}, "several labels"),
        ({"samesay": {"sides": ["a", "a"]}}, "samesay.sides"),
    ],
)
def test_a_configuration_that_cannot_be_meant_is_refused(
    folder: Path, capsys: Any, settings: dict[str, Any], words: str
) -> None:
    change(folder, **settings)
    assert words in refused(capsys, folder)


@pytest.mark.parametrize(
    ("model_type", "architecture", "settings", "named"),
    [
        ("roberta", "Roberta", {"pad_token_id": 0}, "pad_token_id"),
        ("roberta", "Roberta", {"hidden_size": -1}, "hidden_size"),
        ("xlm-roberta", "XLMRoberta", {"vocab_size": None}, "vocab_size"),
        ("distilbert", "DistilBert", {"n_layers": 10**6}, "n_layers"),
        ("distilbert", "DistilBert", {"dim": "x"}, "dim"),
        ("albert", "Albert", {"embedding_size": []}, "embedding_size"),
        ("albert", "Albert", {"num_hidden_layers": 10**6}, "num_hidden_layers"),
        ("albert", "Albert", {"num_hidden_groups": 0}, "num_hidden_groups"),
        ("deberta-v2", "DebertaV2", {"position_buckets": 10**9}, "position_buckets"),
        ("deberta-v2", "DebertaV2", {}, "position_buckets"),
    ],
)
def test_every_family_declares_its_settings(
    folder: Path, capsys: Any, model_type: str, architecture: str, settings: dict[str, Any], named: str
) -> None:
    change(
        folder, model_type=model_type, architectures=[f"{architecture}ForSequenceClassification"], **settings
    )
    assert named in refused(capsys, folder, 35)


@pytest.mark.parametrize("model_type", ["roberta", "xlm-roberta", "distilbert", "albert"])
def test_the_weights_of_another_family_are_refused(folder: Path, capsys: Any, model_type: str) -> None:
    change(folder, model_type=model_type)
    refused(capsys, folder, 35)


@pytest.mark.parametrize("content", ["", "3", "null", "[]", "{", "[" * 100_000, '{"a":' * 100_000, "\udcff"])
@pytest.mark.parametrize(
    "name", ["config.json", "tokenizer.json", "tokenizer_config.json", "added_tokens.json"]
)
def test_a_file_that_is_no_json_object_is_named(folder: Path, capsys: Any, name: str, content: str) -> None:
    (folder / name).write_bytes(content.encode("utf-8", "surrogateescape"))
    assert name in refused(capsys, folder)


@pytest.mark.parametrize(
    "weight_map",
    [
        [],
        "x",
        None,
        {},
        {"a": 3},
        {"a": "../weights.safetensors"},
        {"a": ".."},
        {"a": "/etc/passwd"},
        {"a": "out.safetensors"},
        {"a": "weights.safetensors"},
    ],
)
def test_an_index_names_files_of_its_folder_and_nothing_else(
    folder: Path, capsys: Any, weight_map: Any
) -> None:
    weights = (folder / "model.safetensors").rename(folder / "weights.safetensors")
    shutil.copyfile(weights, folder.parent / "weights.safetensors")
    (folder / "out.safetensors").symlink_to(folder.parent / "weights.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    assert "index" in refused(capsys, folder, 35)


def header(content: dict[str, Any] | bytes, length: int | None = None) -> bytes:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw


EMBEDDINGS = "bert.embeddings.word_embeddings.weight"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04pickle",
        header(b"{}", 2**63),
        header(b"not json"),
        header({EMBEDDINGS: {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 10**12]}}) + bytes(16),
        header({EMBEDDINGS: {"dtype": "F32", "shape": [10**9, 10**9], "data_offsets": [0, 16]}}) + bytes(16),
        header({EMBEDDINGS: {"dtype": "F32", "shape": [-1, 2], "data_offsets": [0, 16]}}) + bytes(16),
        header(
            {
                EMBEDDINGS: {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
                "b": {"dtype": "F32", "shape": [2, 2], "data_offsets": [8, 24]},
            }
        )
        + bytes(24),
    ],
)
def test_damaged_weights_are_refused_before_anything_is_built(
    folder: Path, capsys: Any, content: bytes
) -> None:
    (folder / "model.safetensors").write_bytes(content)
    assert "model.safetensors" in refused(capsys, folder, 35)


def test_weights_in_whole_numbers_are_not_taken_for_floats(folder: Path, capsys: Any) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["bert.pooler.dense.weight"] = weights["bert.pooler.dense.weight"].astype(np.int8)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert "I8" in refused(capsys, folder, 35)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "lacks [CLS], [MASK], [PAD], [SEP], [UNK]"),
        (b"[PAD]\n[UNK]\n\xff\xfe\n", "vocab.txt cannot be read"),
        ("\n".join(piece for piece in VOCABULARY if piece != "[UNK]").encode(), "lacks [UNK]"),
        ("\n".join([*VOCABULARY, "one", "more"]).encode(), "embeddings for"),
    ],
)
def test_a_vocabulary_that_cannot_be_used_is_refused(
    folder: Path, capsys: Any, content: bytes, words: str
) -> None:
    (folder / "vocab.txt").write_bytes(content)
    assert words in refused(capsys, folder, 34)


NORMALIZER = {
    "type": "BertNormalizer",
    "clean_text": True,
    "handle_chinese_chars": True,
    "strip_accents": None,
    "lowercase": True,
}


def tokenizer_json(**parts: Any) -> dict[str, Any]:
    """As transformers writes it for a BERT."""
    ids = {piece: index for index, piece in enumerate(VOCABULARY)}
    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    cls, sep = ({"SpecialToken": {"id": token, "type_id": 0}} for token in ("[CLS]", "[SEP]"))
    first, second = ({"Sequence": {"id": name, "type_id": 0}} for name in "AB")
    return {
        "version": "1.0",
        "added_tokens": [{"id": ids[token], "content": token, **flags} for token in special],
        "normalizer": NORMALIZER,
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [cls, first, sep],
            "pair": [cls, first, sep, second, sep],
            "special_tokens": {
                token: {"id": token, "ids": [ids[token]], "tokens": [token]} for token in ("[CLS]", "[SEP]")
            },
        },
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": ids,
        },
        **parts,
    }


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"normalizer": {"type": "BertNormalizer"}}, "normalizer.handle_chinese_chars"),
        ({"normalizer": {**NORMALIZER, "lowercase": "x"}}, "lowercase"),
        ({"normalizer": 3}, "normalizer"),
        ({"model": {"type": "WordPiece", "vocab": {"a": 0, "b": "1"}}}, "vocab"),
        ({"model": {"type": "WordPiece", "vocab": {**dict.fromkeys(VOCABULARY, 0)}}}, "gaps"),
        ({"model": {"type": "WordPiece"}}, "vocab"),
        ({"model": []}, "model"),
        ({"added_tokens": [3]}, "added token"),
        ({"added_tokens": [{"content": "[NEW]"}]}, "'[NEW]'"),
    ],
)
def test_a_tokenizer_json_that_cannot_be_used_is_refused(
    folder: Path, capsys: Any, parts: dict[str, Any], words: str
) -> None:
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json(**parts)))
    assert words in refused(capsys, folder, 34)


def test_a_tokenizer_that_cuts_otherwise_than_its_copy_here_is_refused(folder: Path, capsys: Any) -> None:
    (folder / "tokenizer.json").write_text(
        json.dumps(tokenizer_json(pre_tokenizer={"type": "WhitespaceSplit"}))
    )
    assert "other token ids" in refused(capsys, folder, 34)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tokenizer.json", tokenizer_json(added_tokens=[{"id": 115, "content": "covid19"}])),
        ("added_tokens.json", {"covid19": 115}),
        ("tokenizer_config.json", {"added_tokens_decoder": {"115": {"content": "covid19"}}}),
        ("tokenizer_config.json", {"additional_special_tokens": ["covid19"]}),
        ("tokenizer_config.json", {"extra_special_tokens": {"disease": "covid19"}}),
        ("special_tokens_map.json", {"additional_special_tokens": [{"content": "covid19"}]}),
    ],
)
def test_tokens_that_somebody_added_are_refused_by_name(
    folder: Path, capsys: Any, name: str, content: dict[str, Any]
) -> None:
    (folder / name).write_text(json.dumps(content))
    assert "'covid19'" in refused(capsys, folder, 34)


@pytest.mark.parametrize("name", ["tokenizer_config.json", "config.json"])
def test_a_tokenizer_of_other_rules_is_not_read_as_its_family_s(folder: Path, capsys: Any, name: str) -> None:
    content = json.loads((folder / name).read_text())
    (folder / name).write_text(json.dumps({**content, "tokenizer_class": "BertJapaneseTokenizer"}))
    assert "BertJapaneseTokenizer" in refused(capsys, folder, 34)


def test_training_refuses_added_tokens_and_odd_sizes_as_an_import_does(
    folder: Path, pairs_file: Path, tmp_path: Path, capsys: Any
) -> None:
    def trained() -> tuple[int, str]:
        code, _, said = outcome(
            capsys,
            "train",
            pairs_file,
            "--preset",
            folder,
            "--new-head",
            "--output",
            tmp_path / "model",
            "--quiet",
        )
        return code, said

    (folder / "added_tokens.json").write_text('{"covid19": 115}')
    code, said = trained()
    assert (code, "'covid19'" in said) == (34, True)
    change(folder, hidden_size=10**9)
    code, said = trained()
    assert (code, "hidden_size" in said) == (35, True)
    assert not (tmp_path / "model").exists()
