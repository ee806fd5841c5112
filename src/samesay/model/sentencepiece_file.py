"""What a SentencePiece model file says of its pieces and its normalisation.

The file is one protocol buffer message, ``sentencepiece.ModelProto``; the few fields that are needed are read here by
their numbers, so that no generated code has to fit the installed version of ``protobuf``. Fields that change how a text
is spelled and are not followed by ``encoding`` are refused.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from samesay.errors import TokenizerUnsupported

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
"""The types of a piece."""

_UNIGRAM = 1


@dataclass
class SentencePieceModel:
    """A SentencePiece unigram model.

    Attributes:
        pieces: The pieces, a piece's place being its id.
        scores: Their scores, rounded to what single precision tells apart.
        types: Their types.
        charsmap: The precompiled rules of the normalisation in base64.
        add_dummy_prefix: Whether a space is put before every text.
        remove_extra_whitespaces: Whether spaces at the ends and all but one of several go.
    """

    pieces: list[str] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    types: list[int] = field(default_factory=list)
    charsmap: str = ""
    add_dummy_prefix: bool = True
    remove_extra_whitespaces: bool = True


def read_sentencepiece(blob: bytes) -> SentencePieceModel:
    """Read a ``.model`` file.

    Raises:
        TokenizerUnsupported: If it is none, or not a unigram model whose spelling ``encoding`` follows.
    """
    model = SentencePieceModel()
    try:
        for number, value in _fields(blob):
            if number == 1:
                _take_piece(model, dict(_fields(value)))
            elif number == 2:
                _require_plain_unigram(dict(_fields(value)))
            elif number == 3:
                _take_normalizer(model, dict(_fields(value)))
    except (IndexError, TypeError, ValueError, struct.error) as problem:
        raise TokenizerUnsupported(f"The SentencePiece model cannot be read: {problem}.") from None
    if BYTE in model.types:
        raise _unsupported("spells unknown characters in bytes (byte_fallback)")
    return model


def _take_piece(model: SentencePieceModel, fields: dict[int, Any]) -> None:
    model.pieces.append(fields[1].decode() if 1 in fields else "")
    score = struct.unpack("<f", fields[2])[0] if 2 in fields else 0.0
    # Nine digits tell every single-precision number from its neighbours.
    model.scores.append(float(f"{score:.9g}"))
    model.types.append(fields.get(3, NORMAL))


def _require_plain_unigram(trainer: dict[int, Any]) -> None:
    if trainer.get(3, _UNIGRAM) != _UNIGRAM:
        raise _unsupported("is no unigram model")
    if trainer.get(24, 0):
        raise _unsupported("writes spaces behind words (treat_whitespace_as_suffix)")


def _take_normalizer(model: SentencePieceModel, fields: dict[int, Any]) -> None:
    model.charsmap = base64.b64encode(fields.get(2, b"")).decode()
    model.add_dummy_prefix = bool(fields.get(3, 1))
    model.remove_extra_whitespaces = bool(fields.get(4, 1))
    if not fields.get(5, 1):
        raise _unsupported("keeps spaces as spaces (escape_whitespaces is off)")


def _unsupported(what: str) -> TokenizerUnsupported:
    return TokenizerUnsupported(
        f"The preset's SentencePiece model {what}, which has no proven twin in SameSay.",
        where="preset",
        expected="a unigram model as those of XLM-R, ALBERT and DeBERTa-v3",
    )


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """``(number, value)`` of every field: an int for a varint, bytes for all others."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(message, at)
        elif wire in (1, 2, 5):
            size, at = _varint(message, at) if wire == 2 else (8 if wire == 1 else 4, at)
            value, at = message[at : at + size], at + size
            if at > len(message):
                raise ValueError("it ends within a field")
        else:
            raise ValueError(f"it holds a field of the unknown wire type {wire}")
        yield key >> 3, value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
