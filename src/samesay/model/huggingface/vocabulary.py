"""The tokenizer of a folder of Hugging Face's as KerasHub's, read from whichever of its files are there.

What KerasHub's would encode otherwise is refused: above all tokens that somebody added, which a text is searched for
before it is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from samesay.errors import EncoderUnsupported, SameSayError, TokenizerUnsupported
from samesay.model.huggingface.settings import in_short
from samesay.model.huggingface.weights import MOST_JSON_BYTES, read_json

_BRACKETS = frozenset({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"})
_OF_MPNET = frozenset({"<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>"})
_ANGLES = frozenset({"<s>", "<pad>", "</s>", "<unk>", "<mask>"})
_SHOWN = 8


def open_tokenizer(folder: Path, model_type: str, tokenizer_class: Any, *, rows: int) -> Any:
    """KerasHub's tokenizer of a family.

    Args:
        folder: Where its files lie.
        model_type: The family, as ``config.json`` calls it.
        tokenizer_class: KerasHub's.
        rows: Of the word embeddings: ids are below it.

    Raises:
        TokenizerUnsupported: If its files cannot be read as that family's, or somebody added tokens to it.
        EncoderUnsupported: If the files that KerasHub needs are not there.
    """
    opened, special = _FAMILIES[model_type]
    fast = _json(folder / "tokenizer.json")
    said = _json(folder / "tokenizer_config.json")
    if not fast:
        _require_class(folder, said, model_type)
    _require_no_added_tokens(folder, fast, said, special)
    try:
        tokenizer = opened(folder, fast, said, tokenizer_class, special)
        size = tokenizer.vocabulary_size()
    except SameSayError:
        raise
    except Exception as problem:  # KerasHub's, of a vocabulary that it cannot use
        raise TokenizerUnsupported(
            f"KerasHub cannot open the folder's tokenizer: {_first_line(problem)}", where=str(folder)
        ) from problem
    if size > rows:
        raise TokenizerUnsupported(
            f"The tokenizer has {size:,} tokens, and the weights have embeddings for {rows:,}.",
            where=str(folder),
            expected="an embedding for every token",
        )
    return tokenizer


def length_limit(folder: Path) -> int | None:
    """The most tokens that the tokenizer's files say it is meant to read; None where they set no limit.

    Raises:
        TokenizerUnsupported: If they say something else than a number there.
    """
    limits = []
    for name, key in (
        ("tokenizer_config.json", "model_max_length"),
        ("sentence_bert_config.json", "max_seq_length"),
    ):
        said = _json(folder / name).get(key)
        if said is None:
            continue
        if isinstance(said, bool) or not isinstance(said, int | float) or not said >= 1:
            raise TokenizerUnsupported(
                f"The setting {key!r} is {in_short(said)}.",
                where=str(folder / name),
                expected="a whole number above 0",
            )
        if said < _NO_LIMIT:
            limits.append(int(said))
    return min(limits, default=None)


_CLASSES = {
    "bert": ("BertTokenizer", "DistilBertTokenizer"),
    "distilbert": ("BertTokenizer", "DistilBertTokenizer"),
    "roberta": ("RobertaTokenizer",),
    "xlm-roberta": ("XLMRobertaTokenizer",),
    "albert": ("AlbertTokenizer",),
    "deberta-v2": ("DebertaV2Tokenizer", "DebertaV3Tokenizer"),
    "mpnet": ("MPNetTokenizer", "BertTokenizer"),
}
_ANY_CLASS = ("PreTrainedTokenizer", "TokenizersBackend")


def _require_class(folder: Path, said: Mapping[str, Any], model_type: str) -> None:
    """Refuse a class that cuts texts by other rules, as of Japanese: where no tokenizer.json holds them, it is code."""
    name = said.get("tokenizer_class") or _json(folder / "config.json").get("tokenizer_class")
    known = _CLASSES[model_type]
    if name is not None and (
        not isinstance(name, str) or name.removesuffix("Fast") not in (*known, *_ANY_CLASS)
    ):
        raise _odd("tokenizer_class", name, f"{known[0]}, or a tokenizer.json", folder)


# Models without a limit of their own say 1e30 there.
_NO_LIMIT = 1_000_000


def _json(place: Path) -> dict[str, Any]:
    """An object; an empty one where there is no such file."""
    try:
        return read_json(place) if place.exists() else {}
    except EncoderUnsupported as problem:
        raise TokenizerUnsupported(
            problem.message, where=problem.where, expected=problem.expected
        ) from problem


def added_tokens(folder: Path, fast: Mapping[str, Any], said: Mapping[str, Any]) -> list[str]:
    """Every token that one of the tokenizer's files names beside its vocabulary, special ones among them."""
    found = [
        *_contents(fast.get("added_tokens"), folder / "tokenizer.json"),
        *_contents(said.get("added_tokens_decoder"), folder / "tokenizer_config.json"),
        *_contents(said.get("additional_special_tokens"), folder / "tokenizer_config.json"),
        *_contents(said.get("extra_special_tokens"), folder / "tokenizer_config.json"),
        *_json(folder / "added_tokens.json"),
    ]
    map_file = folder / "special_tokens_map.json"
    found += _contents(_json(map_file).get("additional_special_tokens"), map_file)
    return list(dict.fromkeys(found))


def _contents(value: Any, place: Path) -> Iterable[str]:
    """The texts of a list or an object of tokens, each a text or an object with ``content``."""
    if value is None:
        return
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]:
        content = one.get("content") if isinstance(one, dict) else one
        if not isinstance(content, str):
            raise TokenizerUnsupported(
                f"An added token is {in_short(one)}.",
                where=str(place),
                expected="a text, or an object with content",
            )
        yield content


def _require_no_added_tokens(
    folder: Path, fast: Mapping[str, Any], said: Mapping[str, Any], special: frozenset[str]
) -> None:
    added = [token for token in added_tokens(folder, fast, said) if token not in special]
    if added:
        shown = ", ".join(map(repr, added[:_SHOWN])) + (", …" if len(added) > _SHOWN else "")
        raise TokenizerUnsupported(
            f"Somebody added {len(added)} {'token' if len(added) == 1 else 'tokens'} to this tokenizer: {shown}. "
            "They would be cut into pieces here, and their embeddings never be used.",
            where=str(folder),
            expected=f"no tokens beside the vocabulary but {', '.join(sorted(special))}",
            details={"added_tokens": added},
        )


def _wordpiece(
    folder: Path,
    fast: Mapping[str, Any],
    said: Mapping[str, Any],
    tokenizer_class: Any,
    special: frozenset[str],
) -> Any:
    model = _object(fast, "model", folder)
    place = folder / "vocab.txt"
    if model.get("type") == "WordPiece":
        vocabulary = _in_order(model.get("vocab"), folder / "tokenizer.json")
        for key, expected in (("unk_token", "[UNK]"), ("continuing_subword_prefix", "##")):
            if model.get(key, expected) != expected:
                raise _odd(key, model[key], repr(expected), folder / "tokenizer.json")
    elif place.is_file():
        vocabulary = _lines(place)
    else:
        raise EncoderUnsupported(
            "The folder holds no vocabulary of pieces.",
            where=str(folder),
            expected="vocab.txt, or a tokenizer.json of the kind WordPiece",
        )
    _require_pieces(vocabulary, sorted(special), folder)
    lowercase, accents = (
        _flag(said, "do_lower_case", True, folder),
        _flag(said, "strip_accents", None, folder),
    )
    cjk = _flag(said, "tokenize_chinese_chars", True, folder)
    normalizer = _object(fast, "normalizer", folder)
    if normalizer.get("type") == "BertNormalizer":
        place = folder / "tokenizer.json"
        if missing := {"lowercase", "strip_accents", "handle_chinese_chars"} - set(normalizer):
            raise _odd(f"normalizer.{min(missing)}", None, "true or false", place)
        lowercase = _flag(normalizer, "lowercase", True, folder)
        accents = _flag(normalizer, "strip_accents", None, folder)
        cjk = _flag(normalizer, "handle_chinese_chars", True, folder)
    return tokenizer_class(
        vocabulary=vocabulary,
        lowercase=lowercase,
        # Where nothing is said, these tokenizers strip accents if they fold case; KerasHub's converter does not.
        strip_accents=lowercase if accents is None else accents,
        split_on_cjk=cjk,
    )


def _bytepair(
    folder: Path,
    fast: Mapping[str, Any],
    said: Mapping[str, Any],
    tokenizer_class: Any,
    special: frozenset[str],
) -> Any:
    model = _object(fast, "model", folder)
    place = folder / "tokenizer.json"
    if model.get("type") == "BPE":
        vocabulary, merges = model.get("vocab"), model.get("merges")
        cutting = _object(fast, "pre_tokenizer", folder)
        prefixed = _flag(cutting, "add_prefix_space", False, folder)
    elif (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file():
        place = folder / "vocab.json"
        vocabulary = _json(place)
        merges = [line for line in _lines(folder / "merges.txt") if line and not line.startswith("#version:")]
        prefixed = _flag(said, "add_prefix_space", False, folder)
    else:
        raise EncoderUnsupported(
            "The folder holds no vocabulary of byte pairs.",
            where=str(folder),
            expected="vocab.json and merges.txt, or a tokenizer.json of the kind BPE",
        )
    ordered = _in_order(vocabulary, place)
    _require_pieces(ordered, sorted(special), folder)
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


def _sentence_pieces(name: str) -> Callable[..., Any]:
    def opened(
        folder: Path,
        fast: Mapping[str, Any],
        said: Mapping[str, Any],
        tokenizer_class: Any,
        special: frozenset[str],
    ) -> Any:
        # KerasHub's own converters leave the file open.
        if not (folder / name).is_file():
            raise EncoderUnsupported(
                "The folder holds no SentencePiece file.",
                where=str(folder),
                expected=f"{name}; transformers 5 writes tokenizer.json alone, which KerasHub does not open",
            )
        return tokenizer_class((folder / name).read_bytes())

    return opened


_FAMILIES: dict[str, tuple[Callable[..., Any], frozenset[str]]] = {
    "bert": (_wordpiece, _BRACKETS),
    "distilbert": (_wordpiece, _BRACKETS),
    "mpnet": (_wordpiece, _OF_MPNET),
    "roberta": (_bytepair, _ANGLES),
    "xlm-roberta": (_sentence_pieces("sentencepiece.bpe.model"), _ANGLES),
    "albert": (_sentence_pieces("spiece.model"), _BRACKETS | {"<pad>", "<unk>"}),
    "deberta-v2": (_sentence_pieces("spm.model"), _BRACKETS),
}
"""By model type: who reads its files, and the special tokens that are its own and not added."""


def _object(content: Mapping[str, Any], key: str, folder: Path) -> dict[str, Any]:
    value = content.get(key)
    if value is not None and not isinstance(value, dict):
        raise _odd(key, value, "an object", folder / "tokenizer.json")
    return value or {}


def _flag(content: Mapping[str, Any], key: str, default: Any, folder: Path) -> Any:
    value = content.get(key)
    if value is not None and not isinstance(value, bool):
        raise _odd(key, value, "true or false", folder)
    return default if value is None else value


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


def _require_pieces(vocabulary: list[str], pieces: Iterable[str], folder: Path) -> None:
    held = set(vocabulary)
    if missing := [piece for piece in pieces if piece not in held]:
        raise TokenizerUnsupported(
            f"The vocabulary lacks {', '.join(missing)}.",
            where=str(folder),
            expected="the family's special tokens",
        )


def _odd(key: str, value: object, expected: str, place: Path) -> TokenizerUnsupported:
    return TokenizerUnsupported(f"{key} is {in_short(value)}.", where=str(place), expected=expected)


def _first_line(problem: Exception) -> str:
    return (str(problem).strip() or repr(problem)).splitlines()[0]
