"""The tokenizer of a KerasHub classifier as files that ``AutoTokenizer`` opens.

WordPiece and byte-level BPE are written as ``tokenizer.json``; what KerasHub reads from a SentencePiece file is given
on as that file, which ``transformers`` converts itself. One thing cannot be given on: ``transformers`` takes a literal
"[SEP]" in a text for the separator, and no file stops it.
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from samesay.errors import TokenizerUnsupported
from samesay.model.backbones.families import class_named
from samesay.model.runtime.backend import keras_hub

# Characters that are assigned to nothing, so that nothing which is done to a text makes or moves them: around a
# mark that folding spells with several, and in place of a space that does not separate words.
_AROUND, _INSIDE = "\U0010ffff", "\U0010fffe"
_MAX_CHARACTERS_PER_WORD = 100

# samesay.encoding.words says why these and in this order.
_SEPARATORS = r"[ \t\n\r\f\p{Cc}\p{Cf}]+"
_SPACES_WITHIN_WORDS = "[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_PUNCTUATION = r"\p{P}!-/:-@\[-`{-~"
_CJK = (
    "\u4e00-\u9fff\u3400-\u4dbf\U00020000-\U0002a6df\U0002a700-\U0002b73f\U0002b740-\U0002b81f\U0002b820-\U0002ceaf"
    "\uf900-\ufaff\U0002f800-\U0002fa1f"
)
_IGNORABLE = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)

# "…" is cut as one mark and then folded to three.
_COMPOUND_MARKS = [
    mark
    for mark in map(chr, range(0x80, 0x10000))
    if unicodedata.category(mark).startswith("P") and len(unicodedata.normalize("NFKC", mark)) > 1
]

# Of RoBERTa and XLM-R; MPNet's unknown token is BERT's.
_FAIRSEQ_SPECIALS = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "cls_token": "<s>",
    "sep_token": "</s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}

_BERT_SPECIALS = {
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "unk_token": "[UNK]",
    "pad_token": "[PAD]",
    "mask_token": "[MASK]",
}

# A SentencePiece tokenizer's class in KerasHub, to its class in transformers and the name that file has there.
_SENTENCE_PIECE = {
    "AlbertTokenizer": ("AlbertTokenizer", "spiece.model"),
    "XLMRobertaTokenizer": ("XLMRobertaTokenizer", "sentencepiece.bpe.model"),
    "DebertaV3Tokenizer": ("DebertaV2Tokenizer", "spm.model"),
}


def write_tokenizer(tokenizer: Any, folder: Path, *, segments: bool, max_length: int) -> None:
    """Write the files of ``tokenizer``, a KerasHub one, into ``folder``.

    Args:
        tokenizer: Of the classifier's preprocessor.
        folder: Where to.
        segments: Whether the model takes token types.
        max_length: The most tokens of a pair that are read.

    Raises:
        TokenizerUnsupported: If its class is none of those that are known.
    """
    models_of_kerashub = keras_hub().models
    kind = type(tokenizer)
    settings: dict[str, Any] = {
        "model_max_length": max_length,
        "model_input_names": ["input_ids", *(["token_type_ids"] if segments else []), "attention_mask"],
    }
    if kind in (models_of_kerashub.BertTokenizer, models_of_kerashub.DistilBertTokenizer):
        special = _write_wordpiece(
            tokenizer, folder, settings, _BERT_SPECIALS, pair="[CLS] $A [SEP] $B:1 [SEP]:1"
        )
    elif kind is class_named("MPNetTokenizer"):
        special = {**_FAIRSEQ_SPECIALS, "unk_token": "[UNK]"}
        _write_wordpiece(tokenizer, folder, settings, special, pair="<s> $A </s> </s> $B </s>")
    elif kind is models_of_kerashub.RobertaTokenizer:
        special = _write_byte_pairs(tokenizer, folder, settings)
    elif kind.__name__ in _SENTENCE_PIECE and kind is getattr(models_of_kerashub, kind.__name__):
        special = _write_sentence_piece(tokenizer, folder, settings)
    else:
        raise TokenizerUnsupported(
            f"The tokenizer {kind.__name__} cannot be written for transformers.",
            where="the model's tokenizer",
            expected=", ".join(
                [
                    "BertTokenizer",
                    "DistilBertTokenizer",
                    "MPNetTokenizer",
                    "RobertaTokenizer",
                    *_SENTENCE_PIECE,
                ]
            ),
        )
    _write_json(folder / "special_tokens_map.json", special)
    _write_json(folder / "tokenizer_config.json", {**settings, **special})


def _write_wordpiece(
    tokenizer: Any, folder: Path, settings: dict[str, Any], special: dict[str, str], *, pair: str
) -> dict[str, str]:
    """Write the files; ``special`` names the special tokens, and ``pair`` says how two texts are packed."""
    vocabulary = list(tokenizer.get_vocabulary())
    rust = Tokenizer(
        models.WordPiece(
            {piece: index for index, piece in enumerate(vocabulary)},
            unk_token="[UNK]",
            max_input_chars_per_word=_MAX_CHARACTERS_PER_WORD,
            continuing_subword_prefix=tokenizer.suffix_indicator,
        )
    )
    rust.normalizer = _folding(lowercase=tokenizer.lowercase, accents=tokenizer.strip_accents)
    rust.pre_tokenizer = _cutting(cjk=tokenizer.split_on_cjk)
    rust.decoder = decoders.WordPiece(prefix=tokenizer.suffix_indicator)
    start, end = special["cls_token"], special["sep_token"]
    rust.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=pair,
        special_tokens=[(name, vocabulary.index(name)) for name in (start, end)],
    )
    rust.add_special_tokens([token for token in dict.fromkeys(special.values()) if token in vocabulary])
    rust.save(str(folder / "tokenizer.json"))
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in vocabulary), encoding="utf-8")
    settings.update(
        # This class takes tokenizer.json as it is; BertTokenizer would make its own normalizer from the vocabulary.
        tokenizer_class="PreTrainedTokenizerFast",
        do_lower_case=tokenizer.lowercase,
        strip_accents=tokenizer.strip_accents,
        tokenize_chinese_chars=tokenizer.split_on_cjk,
    )
    return dict(special)


def _folding(*, lowercase: bool, accents: bool) -> normalizers.Normalizer:
    """Texts folded as ``samesay.encoding.words`` folds words, and marked where it cuts before it folds.

    A stock BERT normalizer knows fewer foldings. Cutting in here, by replacing the empty places around a mark, would be
    simpler, and makes ``tokenizers`` 0.23 panic in the normal form that follows.
    """
    steps: list[normalizers.Normalizer] = []
    if accents:
        steps += [normalizers.NFD(), normalizers.Replace(Regex(r"\p{Mn}+"), "")]
    steps += [
        normalizers.Replace(Regex(_SEPARATORS), " "),
        normalizers.Replace(Regex(_SPACES_WITHIN_WORDS), _INSIDE),
    ]
    if lowercase:
        steps += [normalizers.Replace(mark, f"{_AROUND}{mark}{_AROUND}") for mark in _COMPOUND_MARKS]
        steps += [normalizers.NFKC(), normalizers.Lowercase()]
        steps += [normalizers.Replace(letter, folded) for letter, folded in _foldings(accents).items()]
        steps += [normalizers.NFKC(), normalizers.Replace(Regex(_IGNORABLE), "")]
    return normalizers.Sequence(steps)


def _cutting(*, cjk: bool) -> pre_tokenizers.PreTokenizer:
    """Words at white space, every mark, and with ``cjk`` every ideograph, a word of its own."""
    alone = _PUNCTUATION + (_CJK if cjk else "")
    compound = f"{_AROUND}[^{_AROUND}]*{_AROUND}"
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(f"{compound}|[{alone}]"), "isolated"),
            pre_tokenizers.Split(Regex(f"[ {_AROUND}]+"), "removed"),
        ]
    )


def _foldings(accents: bool) -> dict[str, str]:
    """Letters that case folding changes and lower-casing leaves as they are, such as ß and ς."""
    foldings = {}
    for code in range(0x80, 0x2000):
        letter = chr(code)
        if unicodedata.normalize("NFKC", letter) != letter or letter.lower() != letter:
            continue
        if accents and unicodedata.normalize("NFD", letter) != letter:
            continue
        if letter.casefold() != letter:
            foldings[letter] = letter.casefold()
    return foldings


def _write_byte_pairs(tokenizer: Any, folder: Path, settings: dict[str, Any]) -> dict[str, Any]:
    vocabulary = {str(piece): int(index) for piece, index in tokenizer.vocabulary.items()}
    merges = [str(merge) for merge in tokenizer.merges]
    pieces = [(left, right) for left, right in (merge.split(" ") for merge in merges)]
    rust = Tokenizer(models.BPE(vocabulary, pieces))
    rust.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    rust.decoder = decoders.ByteLevel()
    rust.post_processor = processors.RobertaProcessing(
        ("</s>", vocabulary["</s>"]), ("<s>", vocabulary["<s>"]), trim_offsets=True, add_prefix_space=False
    )
    special = dict(_FAIRSEQ_SPECIALS)
    rust.add_special_tokens(
        [
            AddedToken(token, normalized=False)
            for token in dict.fromkeys(special.values())
            if token in vocabulary
        ]
    )
    rust.save(str(folder / "tokenizer.json"))
    _write_json(folder / "vocab.json", vocabulary)
    (folder / "merges.txt").write_text(
        "#version: 0.2\n" + "".join(f"{merge}\n" for merge in merges), encoding="utf-8"
    )
    settings.update(tokenizer_class="PreTrainedTokenizerFast", add_prefix_space=False)
    return special


def _write_sentence_piece(tokenizer: Any, folder: Path, settings: dict[str, Any]) -> dict[str, Any]:
    name, file = _SENTENCE_PIECE[type(tokenizer).__name__]
    assets = folder / ".assets"
    assets.mkdir()
    tokenizer.save_assets(str(assets))
    (assets / "vocabulary.spm").rename(folder / file)
    assets.rmdir()
    settings["tokenizer_class"] = name
    if name == "XLMRobertaTokenizer":
        return dict(_FAIRSEQ_SPECIALS)
    # The file's own rules fold what is to be folded, as KerasHub has it.
    settings["do_lower_case"] = False
    if name == "AlbertTokenizer":
        settings["keep_accents"] = True
        # As its file spells them: a name that it lacks would be added, with an id behind the last embedding.
        return {**_BERT_SPECIALS, "unk_token": "<unk>", "pad_token": "<pad>"}
    return dict(_BERT_SPECIALS)


def _write_json(place: Path, content: dict[str, Any]) -> None:
    place.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
