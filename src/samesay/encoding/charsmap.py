"""The text normalisation of a SentencePiece model, without SentencePiece.

A model carries its rules as a "precompiled charsmap": a double-array trie of what is replaced (Darts-clone's units of
32 bits) and the replacements. It is unpacked once into a dictionary. The longest rule wins at every place, as in
SentencePiece.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from samesay.errors import TokenizerUnsupported

SPACE = "\u2581"
"""What stands for a space in the pieces of SentencePiece."""


class Normalizer:
    """A text as the model reads it, spaces written as ``SPACE``; immutable.

    Args:
        charsmap: The precompiled rules in base64; empty for none.
        add_dummy_prefix: Put a space before every text.
        remove_extra_whitespaces: Drop spaces at both ends, and all but one of several.
        verbatim: Strings that stay as they are, whatever the rules say.

    Raises:
        TokenizerUnsupported: If the charsmap is damaged.
    """

    __slots__ = ("_longest", "_rules", "add_dummy_prefix", "charsmap", "remove_extra_whitespaces")

    def __init__(
        self,
        charsmap: str,
        *,
        add_dummy_prefix: bool,
        remove_extra_whitespaces: bool,
        verbatim: Collection[str] = (),
    ) -> None:
        self.charsmap = charsmap
        self.add_dummy_prefix = add_dummy_prefix
        self.remove_extra_whitespaces = remove_extra_whitespaces
        # A verbatim string comes before a longer rule.
        first = tuple(verbatim)
        self._rules = {text: new for text, new in unpack(charsmap).items() if not text.startswith(first)}
        self._rules.update((text, text) for text in first)
        # By its first character the length of the longest rule: most characters have none.
        self._longest: dict[str, int] = {}
        for text in self._rules:
            self._longest[text[0]] = max(len(text), self._longest.get(text[0], 0))

    def __call__(self, text: str) -> str:
        """``text`` as the model reads it; it may come out empty."""
        prefix = SPACE if self.add_dummy_prefix and text else ""
        replaced = self._replaced(text)
        if not self.remove_extra_whitespaces:
            return prefix + "".join(replaced).replace(" ", SPACE)
        kept: list[str] = []
        behind_space = True
        for part in replaced:
            fitting = part.lstrip(" ") if behind_space else part
            if fitting:
                kept.append(fitting)
                behind_space = fitting.endswith(" ")
        # A SPACE that the text itself has at its end is lost like a space.
        return (prefix + "".join(kept).replace(" ", SPACE)).rstrip(SPACE)

    def _replaced(self, text: str) -> list[str]:
        rules, longest = self._rules, self._longest
        parts: list[str] = []
        at, end = 0, len(text)
        while at < end:
            length = min(longest.get(text[at], 0), end - at)
            while length and text[at : at + length] not in rules:
                length -= 1
            parts.append(rules[text[at : at + length]] if length else text[at])
            at += length or 1
        return parts


def unpack(charsmap: str) -> dict[str, str]:
    """What is replaced by what, from a precompiled charsmap in base64.

    Raises:
        TokenizerUnsupported: If it is damaged.
    """
    try:
        blob = base64.b64decode(charsmap, validate=True)
        if not blob:
            return {}
        (size,) = struct.unpack_from("<I", blob)
        units = np.frombuffer(blob, "<u4", size // 4, offset=4)
        replacements = blob[4 + size :]
        return {
            key.decode(): replacements[value : replacements.index(0, value)].decode()
            for key, value in _keys(units)
        }
    except (struct.error, IndexError, ValueError) as problem:  # binascii.Error is a ValueError
        raise TokenizerUnsupported(
            f"The charsmap of the SentencePiece model is damaged: {problem}.", where="field 'charsmap'"
        ) from None


def _keys(units: NDArray[np.uint32]) -> list[tuple[bytes, int]]:
    """All keys of a Darts-clone double array with their values.

    A unit holds its label (bits 0-7), whether a key ends at it (bit 8) and the offset to its children (bits 9-31); a
    child stands at its parent's place XOR offset XOR label, the value of a key at the label 0, marked by bit 31.
    """
    labels = np.arange(1, 256, dtype=np.uint32)
    found: list[tuple[bytes, int]] = []
    to_visit = [(0, b"")]
    while to_visit:
        place, key = to_visit.pop()
        unit = int(units[place])
        base = place ^ ((unit >> 10) << ((unit & 0x200) >> 6))
        if unit & 0x100:
            found.append((key, int(units[base]) & 0x7FFFFFFF))
        children = labels ^ np.uint32(base)
        mine = (units[children] & np.uint32(0x800000FF)) == labels
        to_visit.extend(
            (int(child), key + bytes([label]))
            for child, label in zip(children[mine], labels[mine].tolist(), strict=True)
        )
    return found
