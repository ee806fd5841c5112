"""Tokenizers of every family, trained here in a moment on lines of our own, as the KerasHub classes take them."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Sequence
from typing import Any

from samesay.encoding import PairEncoder
from samesay.encoding.wordpiece import WordPiece


def wordpiece_encoder(
    vocabulary: Sequence[str], *, max_length: int, separators: int = 1, **rules: Any
) -> PairEncoder:
    """An encoder as BERT's: [CLS], [SEP] and [PAD] are in the vocabulary; ``rules`` are those of ``WordPiece``."""
    return PairEncoder(WordPiece(vocabulary, **rules), "[CLS]", "[SEP]", "[PAD]", max_length, separators)


LINES = (
    "A man in a red jacket is sleeping on the grass.",
    "A woman isn't walking the dogs; she's reading 2 books in 1999.",
    "Two children play football in the park near the river.",
    "Nobody is outside, the street is empty.",
    "Ein Hund läuft über die grüne Wiese und bellt laut.",
    "Une femme âgée mange une pomme dans le café.",
    "El niño pequeño corre detrás de la pelota roja.",
    "Собака бежит по зелёной траве за мячом.",
    "一个男人在公园里睡觉。",
    "两个孩子在河边踢足球。",
    "女人没有遛狗，她在看书。",
    "男の人が公園で寝ています。",
    "한 남자가 공원에서 자고 있습니다.",
    "एक आदमी घास पर सो रहा है।",
    "رجل ينام على العشب في الحديقة",
    'The (quick) brown fox - a "sly" one - jumps over 12 lazy dogs for £5 or €6.',
)


TOKENIZERS = {
    "bert": "Bert",
    "bert_zh": "Bert",
    "distil_bert": "DistilBert",
    "roberta": "Roberta",
    "xlm_roberta": "XLMRoberta",
    "albert": "Albert",
    "deberta_v3": "DebertaV3",
    "mpnet": "MPNet",
}
"""From what ``keras_tokenizer`` is asked for to how the classes of that family begin."""


@functools.cache
def training_lines() -> tuple[str, ...]:
    """The lines above and sentences of the project's own generator."""
    from samesay.data.sources.builtin import generate

    table = generate(120)
    return (*LINES * 3, *table.first, *table.second)


@functools.cache
def bytepair_files() -> tuple[dict[str, int], list[str]]:
    """A vocabulary and merges as RoBERTa's: ``<s>`` 0, ``<pad>`` 1, ``</s>`` 2, ``<unk>`` 3, ``<mask>`` last."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(training_lines(), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    vocabulary = {**model["vocab"], "<mask>": len(model["vocab"])}
    return vocabulary, [" ".join(pair) for pair in model["merges"]]


@functools.cache
def sentencepiece_model(family: str) -> bytes:
    """A unigram model with the special pieces of ``"xlm_roberta"``, ``"albert"`` or ``"deberta_v3"``."""
    special = {
        "xlm_roberta": {"unk_id": 0, "bos_id": 1, "eos_id": 2},
        "albert": {
            "pad_id": 0,
            "unk_id": 1,
            "bos_id": -1,
            "eos_id": -1,
            "control_symbols": ["[CLS]", "[SEP]", "[MASK]"],
            "user_defined_symbols": ["(", ")", '"', "-", ".", "–", "£", "€"],
            "normalization_rule_name": "nmt_nfkc_cf",
        },
        "deberta_v3": {
            "pad_id": 0,
            "pad_piece": "[PAD]",
            "bos_id": 1,
            "bos_piece": "[CLS]",
            "eos_id": 2,
            "eos_piece": "[SEP]",
            "unk_id": 3,
            "unk_piece": "[UNK]",
        },
    }[family]
    return trained_sentencepiece(model_type="unigram", vocab_size=420, character_coverage=1.0, **special)


def trained_sentencepiece(**settings: Any) -> bytes:
    """A SentencePiece model of the lines here, as its own trainer makes it by ``settings``."""
    import sentencepiece

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.Train(
        sentence_iterator=iter(training_lines()),
        model_writer=written,
        num_threads=1,
        minloglevel=2,
        **settings,
    )
    return written.getvalue()


@functools.cache
def wordpiece_vocabulary() -> list[str]:
    """Words, letters and ideographs of the lines above, and their continuations."""
    words = sorted({word for line in training_lines() for word in line.lower().split() if word.isalpha()})
    letters = sorted({letter for line in training_lines() for letter in (*line.lower(), *line)} - {" "})
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    return list(dict.fromkeys([*special, *words, *letters, *(f"##{letter}" for letter in letters)]))


def keras_tokenizer(family: str) -> Any:
    """The Keras tokenizer of a family, over a vocabulary of ours."""
    from samesay.model.backbones.families import class_named

    tokenizer = class_named(f"{TOKENIZERS[family]}Tokenizer")
    if family == "roberta":
        return tokenizer(*bytepair_files())
    if family in ("xlm_roberta", "albert", "deberta_v3"):
        return tokenizer(sentencepiece_model(family))
    if family == "mpnet":
        # Its own special tokens in front, <pad> with the id 1; of BERT's the unknown one alone is used.
        pieces = [
            piece for piece in wordpiece_vocabulary() if piece not in ("[PAD]", "[CLS]", "[SEP]", "[MASK]")
        ]
        return tokenizer(["<s>", "<pad>", "</s>", "<unk>", *pieces, "<mask>"], lowercase=True)
    # As Chinese BERT was published: ideographs apart, case kept.
    return tokenizer(wordpiece_vocabulary(), lowercase=family != "bert_zh")
