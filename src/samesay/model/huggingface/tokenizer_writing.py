"""The tokenizer of a KerasHub classifier as files that ``AutoTokenizer`` opens.

WordPiece and byte-level BPE are written as ``tokenizer.json``; what KerasHub reads from a SentencePiece file is given
on as that file, which ``transformers`` converts itself. One thing cannot be given on: ``transformers`` takes a literal
"[SEP]" in a text for the separator, and no file stops it.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
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

from samesay.encoding.words import CJK, DEFAULT_IGNORABLE
from samesay.errors import TokenizerUnsupported
from samesay.model.backbones.families import class_named
from samesay.model.huggingface.families import FAMILIES, Family, TokenizerFiles

# Characters that are assigned to nothing, so that nothing which is done to a text makes or moves them: around a
# mark that folding spells with several, and in place of a space that does not separate words.
_AROUND, _INSIDE = "\U0010ffff", "\U0010fffe"
_MAX_CHARACTERS_PER_WORD = 100

# samesay.encoding.words says why these and in this order.
_SEPARATORS = r"[ \t\n\r\f\p{Cc}\p{Cf}]+"
_SPACES_WITHIN_WORDS = "[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_PUNCTUATION = r"\p{P}!-/:-@\[-`{-~"

# "…" is cut as one mark and then folded to three.
_COMPOUND_MARKS = [
    mark
    for mark in map(chr, range(0x80, 0x10000))
    if unicodedata.category(mark).startswith("P") and len(unicodedata.normalize("NFKC", mark)) > 1
]


def write_tokenizer(tokenizer: Any, folder: Path, family: Family, *, max_length: int) -> None:
    """Write the files of ``tokenizer``, a KerasHub one, into ``folder``.

    Args:
        tokenizer: Of the classifier's preprocessor.
        folder: Where to.
        family: The classifier's.
        max_length: The most tokens of a pair that are read.
    """
    layout = family.tokenizer
    if type(tokenizer) is not class_named(f"{family.keras}Tokenizer"):
        raise TokenizerUnsupported(
            f"The tokenizer {type(tokenizer).__name__} cannot be written for transformers.",
            where="the model's tokenizer",
            expected=", ".join(f"{one.keras}Tokenizer" for one in FAMILIES),
        )
    segments = ["token_type_ids"] if family.segments else []
    settings = {
        "model_max_length": max_length,
        "model_input_names": ["input_ids", *segments, "attention_mask"],
        # This class takes tokenizer.json as it is; BertTokenizer would make its own normalizer from the vocabulary.
        "tokenizer_class": layout.classes[0] if layout.file else "PreTrainedTokenizerFast",
        **layout.settings,
        **_WRITERS[layout.kind](tokenizer, folder, layout),
        **layout.special,
    }
    _write_json(folder / "special_tokens_map.json", dict(layout.special))
    _write_json(folder / "tokenizer_config.json", settings)


def _wordpiece(tokenizer: Any, folder: Path, layout: TokenizerFiles) -> dict[str, Any]:
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
    start, end = layout.special["cls_token"], layout.special["sep_token"]
    rust.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=layout.pair,
        special_tokens=[(name, vocabulary.index(name)) for name in (start, end)],
    )
    rust.add_special_tokens(
        [token for token in dict.fromkeys(layout.special.values()) if token in vocabulary]
    )
    rust.save(str(folder / "tokenizer.json"))
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in vocabulary), encoding="utf-8")
    return {
        "do_lower_case": tokenizer.lowercase,
        "strip_accents": tokenizer.strip_accents,
        "tokenize_chinese_chars": tokenizer.split_on_cjk,
    }


def _folding(*, lowercase: bool, accents: bool) -> normalizers.Normalizer:
    """Texts folded as ``samesay.encoding.words`` folds words, with marks where it cuts before it folds.

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
        steps += [normalizers.NFKC(), normalizers.Replace(Regex(DEFAULT_IGNORABLE.pattern), "")]
    return normalizers.Sequence(steps)


def _cutting(*, cjk: bool) -> pre_tokenizers.PreTokenizer:
    """Words at white space, every mark, and with ``cjk`` every ideograph, a word of its own."""
    alone = _PUNCTUATION + ("".join(f"{chr(low)}-{chr(high)}" for low, high in CJK) if cjk else "")
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


def _bytepair(tokenizer: Any, folder: Path, layout: TokenizerFiles) -> dict[str, Any]:
    vocabulary = {str(piece): int(index) for piece, index in tokenizer.vocabulary.items()}
    merges = [str(merge) for merge in tokenizer.merges]
    pieces = [(left, right) for left, right in (merge.split(" ") for merge in merges)]
    rust = Tokenizer(models.BPE(vocabulary, pieces))
    rust.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    rust.decoder = decoders.ByteLevel()
    rust.post_processor = processors.RobertaProcessing(
        ("</s>", vocabulary["</s>"]), ("<s>", vocabulary["<s>"]), trim_offsets=True, add_prefix_space=False
    )
    special = [token for token in dict.fromkeys(layout.special.values()) if token in vocabulary]
    rust.add_special_tokens([AddedToken(token, normalized=False) for token in special])
    rust.save(str(folder / "tokenizer.json"))
    _write_json(folder / "vocab.json", vocabulary)
    (folder / "merges.txt").write_text(
        "#version: 0.2\n" + "".join(f"{merge}\n" for merge in merges), encoding="utf-8"
    )
    return {"add_prefix_space": False}


def _sentencepiece(tokenizer: Any, folder: Path, layout: TokenizerFiles) -> dict[str, Any]:
    (folder / layout.file).write_bytes(tokenizer.proto)
    return {}


_WRITERS: dict[str, Callable[[Any, Path, TokenizerFiles], dict[str, Any]]] = {
    "wordpiece": _wordpiece,
    "bytepair": _bytepair,
    "sentencepiece": _sentencepiece,
}


def _write_json(place: Path, content: dict[str, Any]) -> None:
    place.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
