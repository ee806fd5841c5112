"""Hugging Face folders as others made them that are opened, or come with a way to one that is."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from cases.test_cases_folders import change, refused, tokenizer_json
from commands import outcome
from samesay.pair_model import PairModel
from samesay.pairs import Pair
from tiny_hugging_face import save_tiny_hugging_face_bert

PAIR = ("a dog runs in the park", "the cat sleeps")
TEXTS = ([PAIR[0], "a man"], [PAIR[1], "nobody eats"])


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_hugging_face_bert(tmp_path_factory.mktemp("folders") / "classifier", outputs=3)


@pytest.fixture(scope="module")
def logits(classifier: Path) -> np.ndarray:
    return PairModel.from_preset(classifier, keep_head=True).classifier.predict(TEXTS)


@pytest.fixture
def folder(classifier: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(classifier, tmp_path / "folder"))


def test_without_architectures_the_weights_say_that_there_is_a_head(
    folder: Path, logits: np.ndarray, tmp_path: Path, capsys: Any
) -> None:
    change(folder, architectures=...)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json()))
    output = tmp_path / "imported"
    code, said, error = outcome(capsys, "import", folder, "--output", output, "--quiet", "--json")
    assert code == 0, error
    answer = json.loads(said)
    assert answer["labels"] == ["answer 0", "answer 1", "answer 2"]
    assert answer["onnx"]["status"] == "verified"
    assert answer["parity"]["tokenizer"]["compared_with"] == "tokenizer.json"
    assert json.loads((output / "samesay.json").read_text())["recipe"]["parity"] == answer["parity"]
    # As google/bert_uncased_L-2_H-128_A-2 was first published: not even the family is named.
    change(folder, model_type=...)
    again = PairModel.from_preset(folder, keep_head=True)
    np.testing.assert_array_equal(again.classifier.predict(TEXTS), logits)


def test_without_architectures_and_head_it_is_an_encoder_and_the_hint_trains_one(
    tmp_path: Path, pairs_file: Path, capsys: Any
) -> None:
    encoder = save_tiny_hugging_face_bert(tmp_path / "it's an encoder")
    change(encoder, architectures=...)
    said = refused(capsys, encoder, 35)
    hint = re.sub(r"\s+", " ", said.partition("try: ")[2])
    names = {"DATA": pairs_file, "MODEL": tmp_path / "model"}
    command, *words = (names.get(word, word) for word in shlex.split(hint))
    assert command == "samesay"
    code, _, error = outcome(capsys, *words, "--epochs", "1", "--quiet")
    assert code == 0, error


@pytest.mark.parametrize("layout", ["modules.json", "0_Transformer"])
def test_the_layout_of_sentence_transformers_is_an_encoder(tmp_path: Path, layout: str) -> None:
    plain = save_tiny_hugging_face_bert(tmp_path / "plain")
    outer = tmp_path / "outer"
    inner = shutil.copytree(plain, outer / ("encoder" if layout == "modules.json" else layout))
    (inner / "sentence_bert_config.json").write_text('{"max_seq_length": 20, "do_lower_case": false}')
    (outer / "1_Pooling").mkdir()
    (outer / "1_Pooling" / "config.json").write_text("{}")
    if layout == "modules.json":
        kinds = {"encoder": "Transformer", "1_Pooling": "Pooling"}
        modules = [
            {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for index, (path, kind) in enumerate(kinds.items())
        ]
        (outer / "modules.json").write_text(json.dumps(modules))
    opened = PairModel.from_preset(outer, ["a", "b"])
    assert opened.max_length == 20
    expected = PairModel.from_preset(plain, ["a", "b"]).classifier.predict(TEXTS)
    np.testing.assert_array_equal(opened.classifier.predict(TEXTS), expected)


@pytest.mark.parametrize("path", ["../plain", "..", "/", 3, None, ["x"]])
def test_modules_lie_within_their_folder(tmp_path: Path, capsys: Any, path: Any) -> None:
    save_tiny_hugging_face_bert(tmp_path / "plain", outputs=2)
    outer = tmp_path / "outer"
    outer.mkdir()
    (outer / "modules.json").write_text(json.dumps([{"path": path}]))
    refused(capsys, outer, 31)


def test_wrapped_and_bare_names_of_tensors_are_the_same_weights(folder: Path, logits: np.ndarray) -> None:
    weights = load_file(folder / "model.safetensors")
    bare = {name.removeprefix("bert."): tensor for name, tensor in weights.items()}
    wrapped = {f"module.{name}": tensor for name, tensor in weights.items()}
    older = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in weights.items()
    }
    for tensors in (bare, wrapped, older):
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        again = PairModel.from_preset(folder, keep_head=True)
        np.testing.assert_array_equal(again.classifier.predict(TEXTS), logits)


def save_with_one_output(folder: Path) -> float:
    """A cross-encoder's folder; gives its logit of ``PAIR``."""
    save_tiny_hugging_face_bert(folder, outputs=1)
    model = PairModel.from_preset(folder, keep_head=True)
    return float(model.classifier.predict(([PAIR[0]], [PAIR[1]]))[0, 0])


SIGMOID, IDENTITY = "torch.nn.modules.activation.Sigmoid", "torch.nn.modules.linear.Identity"


@pytest.mark.parametrize(
    ("settings", "beside", "activation"),
    [
        ({"sentence_transformers": {"activation_fn": IDENTITY, "version": "5.0.0"}}, None, "identity"),
        ({"sbert_ce_default_activation_function": IDENTITY}, None, "identity"),
        ({}, {"activation_fn": IDENTITY, "model_type": "CrossEncoder"}, "identity"),
        ({"problem_type": "regression"}, None, "identity"),
        ({"problem_type": "regression"}, {"activation_fn": SIGMOID}, "sigmoid"),
        ({}, None, "sigmoid"),
    ],
)
def test_a_head_with_one_output_scores_by_its_own_activation(
    tmp_path: Path, settings: dict[str, Any], beside: dict[str, Any] | None, activation: str
) -> None:
    logit = save_with_one_output(tmp_path / "folder")
    change(tmp_path / "folder", **settings)
    if beside is not None:
        (tmp_path / "folder" / "config_sentence_transformers.json").write_text(json.dumps(beside))
    model = PairModel.from_preset(tmp_path / "folder", keep_head=True)
    expected = logit if activation == "identity" else 1 / (1 + np.exp(-logit))
    assert model.score([Pair(*PAIR)])[0].score == pytest.approx(expected, abs=1e-5)


def test_a_cross_encoder_is_imported_as_a_similarity_model(tmp_path: Path, capsys: Any) -> None:
    logit = save_with_one_output(tmp_path / "folder")
    output = tmp_path / "imported"
    code, _, error = outcome(
        capsys, "import", tmp_path / "folder", "--scale", "0,5", "--output", output, "--quiet"
    )
    assert code == 0, error
    code, said, error = outcome(capsys, "score", output, *PAIR, "--json")
    assert code == 0, error
    assert json.loads(said)["score"] == pytest.approx(5 / (1 + np.exp(-logit)), abs=1e-4)

    change(tmp_path / "folder", sbert_ce_default_activation_function=IDENTITY)
    code, _, error = outcome(
        capsys, "import", tmp_path / "folder", "--output", output, "--overwrite", "--quiet"
    )
    assert code == 0, error
    code, said, error = outcome(capsys, "score", output, *PAIR, "--json")
    assert json.loads(said)["score"] == pytest.approx(logit, abs=1e-4)
    # Saved again, it still answers so.
    opened = PairModel.load(output)
    opened.save(tmp_path / "again.keras")
    again = PairModel.load(tmp_path / "again.keras")
    assert again.score([Pair(*PAIR)])[0].score == pytest.approx(logit, abs=1e-4)
    code, _, said = outcome(
        capsys, "import", tmp_path / "folder", "--labels", "a,b", "--output", tmp_path / "x", "--quiet"
    )
    assert (code, "one score, and no labels" in said) == (33, True)


def test_an_activation_of_somebody_s_own_is_refused(tmp_path: Path, capsys: Any) -> None:
    folder = save_tiny_hugging_face_bert(tmp_path / "folder", outputs=1)
    change(folder, sbert_ce_default_activation_function="my.module.Steps")
    assert "my.module.Steps" in refused(capsys, folder, 33)


def program(said: str) -> str:
    """What a hint gives to ``python -c``."""
    words = shlex.split(re.sub(r"\s*\n\s*", " ", said.partition("try: ")[2]))
    assert words[:2] == ["python", "-c"]
    compile(words[2], "hint", "exec")
    return words[2]


def test_pickled_weights_come_with_a_way_to_a_folder_that_opens(
    folder: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    hint = program(refused(capsys, folder, 35))
    assert hint.count("save_pretrained('folder-safetensors')") == 2
    assert "AutoModelForSequenceClassification" in hint
    assert "AutoTokenizer.from_pretrained" in hint
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    weights = load_file(folder / "pytorch_model.bin")
    torch.save({name: torch.tensor(tensor) for name, tensor in weights.items()}, folder / "pytorch_model.bin")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hint.py").write_text(hint)
    runpy.run_path(str(tmp_path / "hint.py"))
    code, _, error = outcome(capsys, "import", "folder-safetensors", "--output", "opened", "--quiet")
    assert code == 0, error


def test_an_adapter_alone_says_how_to_merge_it(tmp_path: Path, capsys: Any) -> None:
    adapter = tmp_path / "my adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text(
        json.dumps({"peft_type": "LORA", "task_type": "SEQ_CLS", "base_model_name_or_path": "owner/base"})
    )
    head = {"base_model.model.classifier.weight": np.zeros((3, 8), np.float32)}
    save_file(head, adapter / "adapter_model.safetensors", metadata={"format": "pt"})
    hint = program(refused(capsys, adapter, 35))
    assert "num_labels=3" in hint
    assert "merge_and_unload().save_pretrained('my adapter-merged')" in hint
    assert "AutoTokenizer.from_pretrained('owner/base').save_pretrained('my adapter-merged')" in hint
    # The settings of its model beside it do not make a model of it.
    (adapter / "config.json").write_text(
        json.dumps(
            {"model_type": "bert", "architectures": ["BertForSequenceClassification"], "num_labels": 3}
        )
    )
    assert program(refused(capsys, adapter, 35)) == hint
    (adapter / "config.json").unlink()
    for odd in ("[]", '{"base_model_name_or_path": ["x"]}', '{"task_type": 3}'):
        (adapter / "adapter_config.json").write_text(odd)
        assert "adapter_config.json" in refused(capsys, adapter, 35)
