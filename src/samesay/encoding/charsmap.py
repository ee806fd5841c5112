"""The text normalisation of a SentencePiece model, without SentencePiece.

A model carries its rules as a "precompiled charsmap": a double-array trie of what is replaced (Darts-clone's units of
32 bits) and the replacements; those of NFKC are 225,000 rules, so they are looked up where they stand. The longest rule
wins at every place, as in SentencePiece.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Collection

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

    __slots__ = (
        "_ascii",
        "_firsts",
        "_replacements",
        "_units",
        "_verbatim",
        "add_dummy_prefix",
        "charsmap",
        "remove_extra_whitespaces",
    )

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
        self._verbatim = tuple(sorted(verbatim, key=len, reverse=True))
        self._firsts = frozenset(text[0] for text in self._verbatim)
        self._units, self._replacements = _unpack(charsmap)
        self._ascii = self._ascii_table()

    def __call__(self, text: str) -> str:
        """``text`` as the model reads it; it may come out empty."""
        prefix = SPACE if self.add_dummy_prefix and text else ""
        if text.isascii() and self._ascii is not None:
            parts = [text.translate(self._ascii)]
            if self.remove_extra_whitespaces:
                parts = [" ".join(filter(None, parts[0].split(" ")))]
        else:
            parts = self._replaced(text)
        if not self.remove_extra_whitespaces:
            return prefix + "".join(parts).replace(" ", SPACE)
        kept: list[str] = []
        behind_space = True
        for part in parts:
            fitting = part.lstrip(" ") if behind_space else part
            if fitting:
                kept.append(fitting)
                behind_space = fitting.endswith(" ")
        # A SPACE that the text itself has at its end is lost like a space.
        return (prefix + "".join(kept).replace(" ", SPACE)).rstrip(SPACE)

    def _replaced(self, text: str) -> list[str]:
        parts: list[str] = []
        at = 0
        while at < len(text):
            if text[at] in self._firsts:
                kept = next((each for each in self._verbatim if text.startswith(each, at)), None)
                if kept is not None:
                    parts.append(kept)
                    at += len(kept)
                    continue
            length, value = self._rule(text, at)
            parts.append(self._replacement(value) if length else text[at])
            at += length or 1
        return parts

    def _rule(self, text: str, at: int) -> tuple[int, int]:
        """The length of the longest rule at a place, 0 for none, and where its replacement stands.

        A unit of the trie holds its label (bits 0-7), whether a rule ends at it (bit 8) and the offset to its children
        (bits 9-31). A child stands at its parent's place XOR offset XOR label; the value of a rule at the label 0.
        """
        units = self._units
        if not units:
            return 0, 0
        base = _offset(units[0])
        longest, value = 0, 0
        for length, character in enumerate(text[at : at + _LONGEST_RULE], start=1):
            unit = 0
            for byte in character.encode():
                place = base ^ byte
                unit = units[place]
                # Bit 31 marks a value, which is nobody's child.
                if unit & 0x800000FF != byte:
                    return longest, value
                base = place ^ _offset(unit)
            if unit & 0x100:
                longest, value = length, units[base] & 0x7FFFFFFF
        return longest, value

    def _replacement(self, value: int) -> str:
        return self._replacements[value : self._replacements.index(0, value)].decode()

    def _ascii_table(self) -> dict[int, str] | None:
        """A table for ``str.translate``; nothing where ASCII needs more than a character for a character."""
        if any(text.isascii() and len(text) > 1 for text in self._verbatim):
            return None
        letters = [chr(code) for code in range(128)]
        if any(self._rule(one + other, 0)[0] > 1 for one in letters for other in letters):
            return None
        table = {ord(letter): self._replaced(letter)[0] for letter in letters}
        return table if max(map(len, table.values())) <= 1 else None


# Far more than the characters of any rule of Unicode's normal forms.
_LONGEST_RULE = 32


def _unpack(charsmap: str) -> tuple[tuple[int, ...], bytes]:
    """The trie's units and the replacements, each ended by a zero byte."""
    try:
        blob = base64.b64decode(charsmap, validate=True)
        if not blob:
            return (), b""
        (size,) = struct.unpack_from("<I", blob)
        return struct.unpack_from(f"<{size // 4}I", blob, 4), blob[4 + size :]
    except (struct.error, ValueError) as problem:  # binascii.Error is a ValueError
        raise TokenizerUnsupported(
            f"The charsmap of the SentencePiece model is damaged: {problem}.", where="field 'charsmap'"
        ) from None


def _offset(unit: int) -> int:
    return (unit >> 10) << ((unit & 0x200) >> 6)
