"""``PairEncoder``: pairs of texts to token ids, the one path of training, evaluation and scoring.

Knows nothing of files: ``to_dict`` gives JSON types, and where they are kept is the bundle's affair.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from samesay.encoding.bytepair import BytePair
from samesay.encoding.encoded import EncodedPairs
from samesay.encoding.packing import pack, pack_single, shortest_limit, specials
from samesay.encoding.sentence_piece import SentencePiece
from samesay.encoding.wordpiece import WordPiece
from samesay.errors import EncodingInvalid, TokenizerUnsupported, UsageError
from samesay.pairs import MOST_TOKENS, Progress, ProgressListener

# Pairs encoded at a time: few enough to bound what is held as Python lists, many enough to keep Rust busy.
_CHUNK = 4_096

TOKENIZERS = {one.kind: one for one in (WordPiece, BytePair, SentencePiece)}

# What an encoder says of itself beside the fields of its tokenizer, and of which type.
_PACKING: Mapping[str, type] = {
    "start_token": str,
    "separator_token": str,
    "pad_token": str,
    "separators": int,
    "max_length": int,
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PairEncoder:
    """Pairs of texts to token ids; immutable, and shared freely between threads.

    Attributes:
        tokenizer: The vocabulary and its rules.
        start_token: The piece at the start of every row.
        separator_token: The piece after either text.
        pad_token: The piece of padding.
        max_length: The most tokens in a row, special ones included.
        separators: How many separators stand between the texts: 1, or 2 for RoBERTa, XLM-R and MPNet.
    """

    tokenizer: WordPiece | BytePair | SentencePiece
    start_token: str
    separator_token: str
    pad_token: str
    max_length: int
    separators: int = 1

    def __post_init__(self) -> None:
        for token in (self.start_token, self.separator_token, self.pad_token):
            _require_out_of_reach(self.tokenizer, token)
        if self.separators not in (1, 2):
            raise UsageError(f"separators is {self.separators!r}.", where="separators", expected="1 or 2")
        _require_room(self.max_length, self.separators)

    @property
    def kind(self) -> str:
        """The family of the tokenizer: ``"wordpiece"``, ``"bytepair"`` or ``"sentencepiece"``."""
        return self.tokenizer.kind

    @property
    def pad_id(self) -> int:
        """The id of padding."""
        return self.tokenizer.ids[self.pad_token]

    @property
    def vocabulary_size(self) -> int:
        """How many ids there are; every id is in ``[0, vocabulary_size)``."""
        return len(self.tokenizer.vocabulary)

    def encode(
        self, first: Sequence[str], second: Sequence[str], *, progress: ProgressListener | None = None
    ) -> EncodedPairs:
        """Encode pairs: row ``i`` is ``[CLS] first[i] [SEP] second[i] [SEP]``, or as the family has it.

        Where that is longer than ``max_length``, the two texts get its room one token at a time in turn, and
        what does not fit is cut from their ends.

        Args:
            first: The first texts, ``n_pairs`` strings; an empty one is an empty side.
            second: The second texts, as many.
            progress: Called with the stage ``"encode"`` after every few thousand pairs.

        Returns:
            ``n_pairs`` rows in the order of the texts.

        Raises:
            EncodingInvalid: If a text holds a lone surrogate, with its row (from 0) and side.
            UsageError: If a text is not a string, or there are not as many first as second texts.
        """
        parts: list[EncodedPairs] = []
        done = 0
        for part in self.encode_in_parts(first, second):
            parts.append(part)
            done += len(part)
            if progress is not None:
                progress(Progress("encode", done, len(first)))
        return EncodedPairs.join(parts)

    def encode_in_parts(self, first: Sequence[str], second: Sequence[str]) -> Iterator[EncodedPairs]:
        """What ``encode`` gives, in parts of a few thousand pairs, at least one, each encoded when it is asked for.

        Arguments and errors are those of ``encode``; parts before the pair that cannot be encoded come out.
        """
        _require_list(first)
        _require_list(second)
        if len(first) != len(second):
            raise UsageError(
                f"There are {len(first)} first texts and {len(second)} second ones.",
                expected="as many of both",
            )
        for begin in range(0, max(len(first), 1), _CHUNK):
            end = min(begin + _CHUNK, len(first))
            sides = [
                self.tokenizer.encode(_checked_texts(texts[begin:end], side=side, begin=begin))
                for side, texts in (("first", first), ("second", second))
            ]
            yield pack(
                *sides,
                start_id=self.tokenizer.ids[self.start_token],
                separator_id=self.tokenizer.ids[self.separator_token],
                max_length=self.max_length,
                separators=self.separators,
            )

    def encode_texts(self, texts: Sequence[str]) -> Iterator[EncodedPairs]:
        """Single texts, row ``i`` being ``[CLS] texts[i] [SEP]``, in parts of a few thousand, at least one.

        Raises:
            EncodingInvalid: If a text holds a lone surrogate; its ``details`` hold the row, from 0.
            UsageError: If ``texts`` is one string, or holds something else than strings.
        """
        _require_list(texts)
        for begin in range(0, max(len(texts), 1), _CHUNK):
            yield pack_single(
                self.tokenizer.encode(
                    _checked_texts(texts[begin : begin + _CHUNK], side="first", begin=begin)
                ),
                start_id=self.tokenizer.ids[self.start_token],
                separator_id=self.tokenizer.ids[self.separator_token],
                max_length=self.max_length,
            )

    def with_max_length(self, max_length: int) -> PairEncoder:
        """The same encoder with another limit, sharing the vocabulary.

        Raises:
            UsageError: If the limit is no whole number, or leaves no room for a token of either text.
        """
        return replace(self, max_length=max_length)

    def to_dict(self) -> dict[str, Any]:
        """All that ``from_dict`` needs to build an equal encoder, in JSON types."""
        fields = {name: _as_json(getattr(self.tokenizer, name)) for name in self.tokenizer.FIELDS}
        return {"kind": self.kind, **fields, **{name: getattr(self, name) for name in _PACKING}}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> PairEncoder:
        """The encoder that ``to_dict`` described.

        Raises:
            TokenizerUnsupported: If it is of a kind that this version does not know, or lacks a special
                token.
            UsageError: If a field is missing, unknown or of another type.
        """
        kind = saved.get("kind")
        if not isinstance(kind, str) or kind not in TOKENIZERS:
            raise TokenizerUnsupported(
                f"No encoder of the kind {kind!r} is known.", expected=", ".join(map(repr, TOKENIZERS))
            )
        tokenizer = TOKENIZERS[kind]
        known = {**tokenizer.FIELDS, **_PACKING}
        for name, expected in known.items():
            # bool is an int to Python, not to JSON.
            if type(saved.get(name)) is not expected:
                received = repr(saved[name])[:60] if name in saved else "nothing"
                raise UsageError(
                    f"The encoder's field {name!r} is {received}.",
                    where=f"field {name!r}",
                    expected=expected.__name__,
                )
        if unknown := sorted(set(saved) - set(known) - {"kind"}):
            raise UsageError(
                f"The encoder has fields that are not known here: {', '.join(map(repr, unknown))}.",
                expected=", ".join(("kind", *known)),
            )
        made = tokenizer(**{name: saved[name] for name in tokenizer.FIELDS})
        return cls(made, **{name: saved[name] for name in _PACKING})

    def __reduce__(self) -> tuple[Any, ...]:
        return PairEncoder.from_dict, (self.to_dict(),)

    def __repr__(self) -> str:
        return f"PairEncoder({self.kind}, {self.vocabulary_size} pieces, max_length={self.max_length})"


def _as_json(value: tuple[str, ...] | bytes | bool | str) -> list[str] | bool | str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return list(value) if isinstance(value, tuple) else value


def _require_list(texts: Sequence[str]) -> None:
    if isinstance(texts, str):
        raise UsageError(
            "The texts are one string, not a sequence of strings.",
            expected="a list of strings",
            hint="[text]",
        )


def _require_out_of_reach(tokenizer: WordPiece | BytePair | SentencePiece, token: str) -> None:
    """Refuse a special token that is not in the vocabulary, or that a text could produce."""
    if token not in tokenizer.ids:
        raise TokenizerUnsupported(f"The vocabulary lacks the special token {token!r}.")
    if tokenizer.spells(token):
        raise TokenizerUnsupported(
            f"The special token {token!r} can be spelled by a user's text.",
            expected="a special token that no rule of the tokenizer makes of a text, such as '[SEP]' in BERT",
        )


def _require_room(max_length: int, separators: int) -> None:
    shortest = shortest_limit(separators)
    if not isinstance(max_length, int) or isinstance(max_length, bool) or max_length < shortest:
        raise UsageError(
            f"max_length is {max_length!r}, which leaves no room for a token of either text.",
            where="max_length",
            expected=f"at least {shortest}: {sum(specials(separators))} special tokens and one token a side",
        )
    if max_length > MOST_TOKENS:
        raise UsageError(
            f"max_length is {max_length!r}.", where="max_length", expected=f"at most {MOST_TOKENS:,} tokens"
        )


def _checked_texts(texts: Sequence[str], *, side: str, begin: int) -> list[str]:
    """The texts of one chunk, every one a string that UTF-8 can hold; ``begin`` is the chunk's first row."""
    checked = list(texts)
    for index, text in enumerate(checked):
        if not isinstance(text, str):
            raise UsageError(
                f"The {side} text of row {begin + index} is {text!r}, which is not a string.",
                where=f"row {begin + index} (from 0), {side} text",
                expected="a string",
                details={"row": begin + index, "side": side},
            )
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError as error:
                code = ord(text[error.start])
                raise EncodingInvalid(
                    f"The {side} text of row {begin + index} holds the lone surrogate U+{code:04X}.",
                    where=f"row {begin + index} (from 0), {side} text, character {error.start}",
                    expected="text that can be written as UTF-8",
                    hint="read the source with the encoding it was written in, or replace the character",
                    details={"row": begin + index, "side": side, "character": error.start},
                ) from None
    return checked
