"""A smaller vocabulary: the texts it was cut for come out as before, others in more pieces and no less known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from samesay.encoding.trimming import trimmed
from samesay.errors import TokenizerUnsupported
from tiny_tokenizers import LINES, TOKENIZERS, keras_tokenizer, trained_sentencepiece, training_lines

TEXTS = (*LINES, "sleeping  sleepers sleep", "Réd red REDDER")
NEW = ("walking women read", "the fox is lazy in the cafe", "12345 dogs_dogs", "Die Wiese läuft 公园")


@pytest.fixture(scope="module", params=[*TOKENIZERS])
def both(request: pytest.FixtureRequest) -> tuple[Any, Any, list[str]]:
    """A family's tokenizer, the same one cut for TEXTS, and its special pieces."""
    from samesay.model.backbones.families import class_named
    from samesay.model.encoders import encoder_for

    name = TOKENIZERS[request.param]
    tokenizer = keras_tokenizer(request.param)
    task = type("Task", (), {})
    task.preprocessor = class_named(f"{name}TextClassifierPreprocessor")(tokenizer, sequence_length=32)
    task.backbone = None
    whole = encoder_for(task).tokenizer
    special = list(tokenizer.special_tokens)
    return whole, trimmed(whole, np.array(whole.encode(TEXTS).ids), special), special


def pieces(tokenizer: Any, texts: Any) -> list[list[str]]:
    spelled = tokenizer.encode(texts)
    return [
        [tokenizer.vocabulary[one] for one in spelled.ids[begin:end]]
        for begin, end in zip(spelled.offsets, spelled.offsets[1:], strict=False)
    ]


def test_the_texts_it_was_cut_for_are_spelled_as_before_in_fewer_pieces_of_vocabulary(both: Any) -> None:
    whole, cut, special = both
    assert pieces(cut, TEXTS) == pieces(whole, TEXTS)
    assert len(cut.vocabulary) < len(whole.vocabulary)
    order = [whole.ids[piece] for piece in cut.vocabulary]
    assert order == sorted(order)
    assert set(special) <= set(cut.vocabulary)


def test_other_texts_keep_their_letters_and_are_unknown_no_more_often(both: Any) -> None:
    whole, cut, _ = both

    def written(tokenizer: Any, text: str) -> str:
        return "".join(piece.removeprefix("##") for piece in pieces(tokenizer, [text])[0])

    for text in (*NEW, *training_lines()):
        assert written(cut, text) == written(whole, text)
    assert sum(map(len, pieces(cut, NEW))) > sum(map(len, pieces(whole, NEW)))


def test_a_sentencepiece_model_that_merges_is_refused() -> None:
    from samesay.encoding.sentence_piece import SentencePiece

    model = trained_sentencepiece(model_type="bpe", vocab_size=300)
    with pytest.raises(TokenizerUnsupported, match="cannot be cut"):
        trimmed(SentencePiece(model), np.array([5]), [])
