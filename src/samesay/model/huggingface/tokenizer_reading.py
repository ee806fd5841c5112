"""The tokenizer of a folder of Hugging Face's as KerasHub's, read from whichever of its files are there.

What KerasHub's would encode otherwise is refused: above all tokens that somebody added, which a text is searched for
before it is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from samesay.errors import EncoderUnsupported, SameSayError, TokenizerUnsupported
from samesay.model.huggingface.config import CONFIG, MOST_JSON_BYTES, in_short, read_json
from samesay.model.huggingface.families import TokenizerFiles

_FAST, _CONFIG = "tokenizer.json", "tokenizer_config.json"
_ANY_CLASS = ("PreTrainedTokenizer", "TokenizersBackend")
_NO_LIMIT = 1_000_000  # models without a limit of their own say 1e30
_SHOWN = 8


def open_tokenizer(folder: Path, layout: TokenizerFiles, tokenizer_class: Any, *, rows: int) -> Any:
    """KerasHub's tokenizer of a family.

    Args:
        folder: Where its files lie.
        layout: The family's.
        tokenizer_class: KerasHub's.
        rows: Of the word embeddings: ids are below it.
    """
    files = _Files(folder, layout)
    if not files.fast:
        files.require_class()
    files.require_no_added_tokens()
    try:
        tokenizer = _READERS[layout.kind](files, tokenizer_class)
        size = tokenizer.vocabulary_size()
    except SameSayError:
        raise
    except Exception as problem:  # KerasHub's, of a vocabulary that it cannot use
        reason = (str(problem).strip() or repr(problem)).splitlines()[0]
        raise TokenizerUnsupported(
            f"KerasHub cannot open the folder's tokenizer: {reason}", where=str(folder)
        ) from problem
    if size > rows:
        raise TokenizerUnsupported(
            f"The tokenizer has {size:,} tokens, and the weights have embeddings for {rows:,}.",
            where=str(folder),
            expected="an embedding for every token",
        )
    return tokenizer


def length_limit(folder: Path) -> int | None:
    """The most tokens that the tokenizer's files say it is meant to read; None where they set no limit."""
    limits = []
    for name, key in ((_CONFIG, "model_max_length"), ("sentence_bert_config.json", "max_seq_length")):
        limit = _json(folder / name).get(key)
        if limit is None:
            continue
        if isinstance(limit, bool) or not isinstance(limit, int | float) or not limit >= 1:
            raise _odd(f"The setting {key!r}", limit, "a whole number above 0", folder / name)
        if limit < _NO_LIMIT:
            limits.append(int(limit))
    return min(limits, default=None)


class _Files:
    """The tokenizer's files of a folder.

    Attributes:
        folder: Where they lie.
        layout: The family's.
        fast: ``tokenizer.json``; empty where there is none.
        config: ``tokenizer_config.json``, likewise.
    """

    def __init__(self, folder: Path, layout: TokenizerFiles) -> None:
        self.folder = folder
        self.layout = layout
        self.fast = _json(folder / _FAST)
        self.config = _json(folder / _CONFIG)

    def section(self, key: str) -> dict[str, Any]:
        """An object of ``tokenizer.json``; an empty one where it is absent."""
        value = self.fast.get(key)
        if value is not None and not isinstance(value, dict):
            raise _odd(key, value, "an object", self.folder / _FAST)
        return value or {}

    def flag(self, content: dict[str, Any], key: str, default: Any) -> Any:
        """A truth value."""
        value = content.get(key)
        if value is not None and not isinstance(value, bool):
            raise _odd(key, value, "true or false", self.folder)
        return default if value is None else value

    def require_class(self) -> None:
        """Refuse a class that cuts texts by other rules, as of Japanese: without tokenizer.json they are in code."""
        name = self.config.get("tokenizer_class") or _json(self.folder / CONFIG).get("tokenizer_class")
        known = (*self.layout.classes, *_ANY_CLASS)
        if name is not None and (not isinstance(name, str) or name.removesuffix("Fast") not in known):
            raise _odd("tokenizer_class", name, f"{known[0]}, or a {_FAST}", self.folder)

    def require_no_added_tokens(self) -> None:
        """Refuse tokens beside the vocabulary that are not the family's own."""
        own = self.layout.own_tokens
        added = [token for token in dict.fromkeys(self._named_tokens()) if token not in own]
        if added:
            shown = ", ".join(map(repr, added[:_SHOWN])) + (", …" if len(added) > _SHOWN else "")
            raise TokenizerUnsupported(
                f"Somebody added {len(added)} {'token' if len(added) == 1 else 'tokens'} to this tokenizer: {shown}. "
                "They would be cut into pieces here, and their embeddings never be used.",
                where=str(self.folder),
                expected=f"no tokens beside the vocabulary but {', '.join(sorted(own))}",
                details={"added_tokens": added},
            )

    def require_pieces(self, vocabulary: Iterable[str]) -> None:
        """Refuse a vocabulary without the family's special tokens."""
        if missing := sorted(self.layout.own_tokens - set(vocabulary)):
            raise TokenizerUnsupported(
                f"The vocabulary lacks {', '.join(missing)}.",
                where=str(self.folder),
                expected="the family's special tokens",
            )

    def _named_tokens(self) -> Iterable[str]:
        """Every token that one of the files names beside the vocabulary, special ones among them."""
        special = _json(self.folder / "special_tokens_map.json")
        for value, name in (
            (self.fast.get("added_tokens"), _FAST),
            (self.config.get("added_tokens_decoder"), _CONFIG),
            (self.config.get("additional_special_tokens"), _CONFIG),
            (self.config.get("extra_special_tokens"), _CONFIG),
            (list(_json(self.folder / "added_tokens.json")), "added_tokens.json"),
            (special.get("additional_special_tokens"), "special_tokens_map.json"),
        ):
            if value is None:
                continue
            values = (
                value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
            )
            for one in values:
                content = one.get("content") if isinstance(one, dict) else one
                if not isinstance(content, str):
                    expected = "a text, or an object with content"
                    raise _odd("An added token", one, expected, self.folder / name)
                yield content


def _wordpiece(files: _Files, tokenizer_class: Any) -> Any:
    model = files.section("model")
    place = files.folder / "vocab.txt"
    if model.get("type") == "WordPiece":
        vocabulary = _in_order(model.get("vocab"), files.folder / _FAST)
        for key, expected in (("unk_token", "[UNK]"), ("continuing_subword_prefix", "##")):
            if model.get(key, expected) != expected:
                raise _odd(key, model[key], repr(expected), files.folder / _FAST)
    elif place.is_file():
        vocabulary = _lines(place)
    else:
        raise EncoderUnsupported(
            "The folder holds no vocabulary of pieces.",
            where=str(files.folder),
            expected="vocab.txt, or a tokenizer.json of the kind WordPiece",
        )
    files.require_pieces(vocabulary)
    keys, content = ("do_lower_case", "strip_accents", "tokenize_chinese_chars"), files.config
    read = [files.flag(content, key, default) for key, default in zip(keys, (True, None, True), strict=True)]
    normalizer = files.section("normalizer")
    if normalizer.get("type") == "BertNormalizer":
        keys = ("lowercase", "strip_accents", "handle_chinese_chars")
        if missing := sorted(set(keys) - set(normalizer)):
            raise _odd(f"normalizer.{missing[0]}", None, "true or false", files.folder / _FAST)
        read = [
            files.flag(normalizer, key, default)
            for key, default in zip(keys, (True, None, True), strict=True)
        ]
    lowercase, accents, cjk = read
    return tokenizer_class(
        vocabulary=vocabulary,
        lowercase=lowercase,
        # Where nothing is said, these tokenizers strip accents if they fold case; KerasHub's converter does not.
        strip_accents=lowercase if accents is None else accents,
        split_on_cjk=cjk,
    )


def _bytepair(files: _Files, tokenizer_class: Any) -> Any:
    model = files.section("model")
    place, merged = files.folder / "vocab.json", files.folder / "merges.txt"
    if model.get("type") == "BPE":
        place = files.folder / _FAST
        vocabulary, merges = model.get("vocab"), model.get("merges")
        prefixed = files.flag(files.section("pre_tokenizer"), "add_prefix_space", False)
    elif place.is_file() and merged.is_file():
        vocabulary = _json(place)
        merges = [line for line in _lines(merged) if line and not line.startswith("#version:")]
        prefixed = files.flag(files.config, "add_prefix_space", False)
    else:
        raise EncoderUnsupported(
            "The folder holds no vocabulary of byte pairs.",
            where=str(files.folder),
            expected="vocab.json and merges.txt, or a tokenizer.json of the kind BPE",
        )
    ordered = _in_order(vocabulary, place)
    files.require_pieces(ordered)
    if not isinstance(merges, list) or not all(map(_is_merge, merges)):
        raise _odd("merges", merges, "a list of two pieces each", place)
    return tokenizer_class(
        vocabulary={piece: index for index, piece in enumerate(ordered)},
        merges=[merge if isinstance(merge, str) else " ".join(merge) for merge in merges],
        add_prefix_space=prefixed,
    )


def _is_merge(merge: Any) -> bool:
    pieces = merge.split(" ") if isinstance(merge, str) else merge
    return (
        isinstance(pieces, list) and len(pieces) == 2 and all(isinstance(one, str) and one for one in pieces)
    )


def _sentencepiece(files: _Files, tokenizer_class: Any) -> Any:
    # KerasHub's own converters leave the file open.
    place = files.folder / files.layout.file
    if not place.is_file():
        raise EncoderUnsupported(
            "The folder holds no SentencePiece file.",
            where=str(files.folder),
            expected=f"{place.name}; transformers 5 writes tokenizer.json alone, which KerasHub does not open",
        )
    return tokenizer_class(place.read_bytes())


_READERS: dict[str, Callable[[_Files, Any], Any]] = {
    "wordpiece": _wordpiece,
    "bytepair": _bytepair,
    "sentencepiece": _sentencepiece,
}


def _json(place: Path) -> dict[str, Any]:
    """An object; an empty one where there is no such file."""
    try:
        return read_json(place) if place.exists() else {}
    except EncoderUnsupported as problem:
        raise TokenizerUnsupported(
            problem.message, where=problem.where, expected=problem.expected
        ) from problem


def _in_order(vocabulary: Any, place: Path) -> list[str]:
    """The pieces by their ids, which are 0, 1, 2 … without a gap."""
    if not isinstance(vocabulary, dict) or not all(type(index) is int for index in vocabulary.values()):
        raise _odd("vocab", vocabulary, "an object of pieces and their ids", place)
    ordered = sorted(vocabulary, key=vocabulary.__getitem__)
    if sorted(vocabulary.values()) != list(range(len(ordered))):
        raise TokenizerUnsupported(
            "The ids of the vocabulary have gaps, or two pieces share one.",
            where=str(place),
            expected=f"each of 0 to {len(ordered) - 1} once",
        )
    return ordered


def _lines(place: Path) -> list[str]:
    """As ``transformers`` reads them: U+2028 and its like are pieces, and no ends of lines."""
    try:
        if place.stat().st_size > MOST_JSON_BYTES:
            raise ValueError(f"it has more than {MOST_JSON_BYTES // 10**6} MB")
        lines = place.read_bytes().decode("utf-8").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    except (OSError, ValueError) as problem:
        raise TokenizerUnsupported(
            f"{place.name} cannot be read: {problem}.",
            where=str(place),
            expected="one piece a line, as UTF-8",
        ) from problem
    return lines[:-1] if lines[-1] == "" else lines


def _odd(what: str, value: object, expected: str, place: Path) -> TokenizerUnsupported:
    return TokenizerUnsupported(f"{what} is {in_short(value)}.", where=str(place), expected=expected)
