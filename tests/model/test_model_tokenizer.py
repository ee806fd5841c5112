"""The twin of every family's preprocessor against KerasHub's own, array for array."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from samesay.encoding import PairEncoder
from samesay.errors import TokenizerUnsupported, UsageError
from samesay.model.backbones.families import class_named
from samesay.model.encoders import encoder_for

sys.path.append(str(Path(__file__).resolve().parents[1] / "encoding"))
from hostile_texts import HOSTILE_TEXTS, random_texts

from tiny_tokenizers import LINES, TOKENIZERS, keras_tokenizer

# What KerasHub's byte-pair tokenizer reads as special tokens, and ours as text.
ROBERTA_SPECIALS = ("<s>", "</s>", "<pad>", "<mask>")
TEXTS = (*HOSTILE_TEXTS, *LINES, *(line.upper() for line in LINES), *random_texts(300))


def tiny_task(
    family: str, *, max_length: int = 64, truncate: str = "round_robin", tokenizer: Any = None
) -> Any:
    """What ``encoder_for`` reads of a task: its preprocessor, and how far its positions reach."""
    preprocessor = class_named(f"{TOKENIZERS[family]}TextClassifierPreprocessor")(
        tokenizer or keras_tokenizer(family), sequence_length=max_length, truncate=truncate
    )
    return SimpleNamespace(preprocessor=preprocessor, backbone=SimpleNamespace(max_sequence_length=512))


def assert_same_batch(task: Any, encoder: PairEncoder, first: list[str], second: list[str]) -> None:
    theirs, _ = task.preprocessor((first, second), [0] * len(first))
    ours = encoder.encode(first, second).dense(
        np.arange(len(first)), encoder.max_length, pad_id=encoder.pad_id
    )
    for name, array in theirs.items():
        np.testing.assert_array_equal(getattr(ours, name), np.asarray(array), err_msg=name)


@pytest.mark.parametrize("family", TOKENIZERS)
def test_batches_are_those_of_the_preprocessor(family):
    task = tiny_task(family)
    encoder = encoder_for(task)
    texts = [
        text
        for text in TEXTS
        if family != "roberta" or not any(special in text for special in ROBERTA_SPECIALS)
    ]
    assert_same_batch(task, encoder, texts, texts[::-1])
    # Saved and opened again it is the same encoder.
    opened = PairEncoder.from_dict(json.loads(json.dumps(encoder.to_dict())))
    assert_same_batch(task, opened, texts[1:], texts[:-1])
    assert opened.to_dict() == encoder.to_dict()


@pytest.mark.parametrize("family", TOKENIZERS)
@pytest.mark.parametrize("max_length", [6, 7, 12])
def test_long_pairs_are_cut_as_the_preprocessor_cuts_them(family, max_length):
    task = tiny_task(family, max_length=max_length)
    lines = [*LINES, "", "a"]
    assert_same_batch(task, encoder_for(task), lines, lines[::-1])


@pytest.mark.parametrize("family", TOKENIZERS)
def test_special_tokens_in_a_text_are_text(family):
    task = tiny_task(family)
    encoder = encoder_for(task)
    tokenizer = task.preprocessor.tokenizer
    special = [tokenizer.start_token, tokenizer.end_token, tokenizer.pad_token]
    special.append(getattr(tokenizer, "mask_token", "<mask>"))  # XLM-R's has an id and no name
    text = " ".join(special) + "".join(special)
    row = encoder.encode([text], ["a"]).row(0).tolist()
    nothing = encoder.encode([""], ["a"]).row(0).tolist()
    for token in special:
        index = tokenizer.token_to_id(token)
        assert row.count(index) == nothing.count(index), token


def test_roberta_and_xlm_r_stand_two_separators_between_the_texts():
    for family in ("roberta", "xlm_roberta"):
        encoder = encoder_for(tiny_task(family))
        encoded = encoder.encode(["a dog"], ["a cat"])
        row = encoded.row(0).tolist()
        start = int(encoded.second_starts[0])
        assert (row[0], row[start - 2 : start], row[-1], encoder.pad_id) == (0, [2, 2], 2, 1)
        assert len(row) == encoded.tokens_kept.sum() + 4
        with pytest.raises(UsageError, match="max_length is 5"):
            encoder.with_max_length(5)


def test_a_tokenizer_without_a_twin_is_refused_by_its_name():
    import keras_hub

    from tiny_tokenizers import wordpiece_vocabulary

    electra = keras_hub.models.ElectraTokenizer(wordpiece_vocabulary())
    with pytest.raises(TokenizerUnsupported, match="ElectraTokenizer has no twin"):
        encoder_for(tiny_task("bert", tokenizer=electra))


def test_another_way_to_cut_is_refused():
    with pytest.raises(TokenizerUnsupported, match="cuts long pairs by 'waterfall'"):
        encoder_for(tiny_task("bert", truncate="waterfall"))


def test_a_tokenizer_that_answers_otherwise_is_refused(monkeypatch):
    task = tiny_task("roberta")
    tokenizer = task.preprocessor.tokenizer
    monkeypatch.setattr(tokenizer, "_tokenize_tokenizers", lambda texts: [[5] for _ in texts])
    with pytest.raises(TokenizerUnsupported, match="gives other token ids than its twin"):
        encoder_for(task)


@pytest.mark.parametrize(
    "settings",
    [
        {"model_type": "bpe"},
        {"byte_fallback": True, "vocab_size": 700},
        {"treat_whitespace_as_suffix": True},
    ],
    ids=str,
)
def test_a_sentencepiece_model_of_any_kind_has_its_twin(settings):
    import io

    import keras_hub
    import sentencepiece

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.Train(
        sentence_iterator=iter(LINES * 3),
        model_writer=written,
        minloglevel=2,
        num_threads=1,
        **{"vocab_size": 300, "hard_vocab_limit": False, **settings},
    )
    tokenizer = keras_hub.models.XLMRobertaTokenizer(written.getvalue())
    task = tiny_task("xlm_roberta", tokenizer=tokenizer)
    assert_same_batch(task, encoder_for(task), list(TEXTS), list(TEXTS[::-1]))


@pytest.mark.parametrize("damaged", ["", "AAAA", "no base64!"])
def test_a_damaged_sentencepiece_model_is_refused(damaged):
    saved = encoder_for(tiny_task("albert")).to_dict()
    with pytest.raises((TokenizerUnsupported, UsageError), match=r"damaged|base64"):
        PairEncoder.from_dict(saved | {"model": damaged})


def test_roberta_base_has_as_many_parameters_as_published():
    import keras_hub

    backbone = keras_hub.models.RobertaBackbone(
        vocabulary_size=50_265,
        num_layers=12,
        num_heads=12,
        hidden_dim=768,
        intermediate_dim=3_072,
        max_sequence_length=512,
    )
    task = keras_hub.models.RobertaTextClassifier(backbone, num_classes=3)
    assert task.count_params() == 124_645_635
