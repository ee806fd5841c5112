"""Texts of strangers made safe: to look at on a terminal or in a document, and to be pasted into a shell.

Imports nothing that takes time.
"""

from __future__ import annotations

import json
import shlex
import unicodedata

# Controls, and the invisible characters that reorder or hide the text beside them.
_NOT_SHOWN = {"Cc", "Cs", "Zl", "Zp"}
_REORDERING = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_shown(character: str) -> bool:
    """Whether a terminal shows ``character``, and does not obey it."""
    return character not in _REORDERING and unicodedata.category(character) not in _NOT_SHOWN


def visible(text: str) -> str:
    r"""``text`` on one line with characters that a terminal would obey shown as escapes.

    >>> visible("a\x1b[31mb\tc")
    'a\\x1b[31mb\\tc'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if is_shown(character) else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def in_markdown(text: str) -> str:
    """``text`` on one line, so that it neither ends a table's cell nor starts markup of its own."""
    text = visible(" ".join(text.split()))
    for mark, instead in (("|", "\\|"), ("<", "&lt;"), ("`", "'"), ("](", "]\\(")):
        text = text.replace(mark, instead)
    return text


def quoted(text: str) -> str:
    """``text`` as Python and JSON read it, in double quotes, with nothing that a terminal would obey."""
    written = json.dumps(text, ensure_ascii=False)
    return "".join(one if is_shown(one) else f"\\u{ord(one):04x}" for one in written)


def command(*words: object) -> str:
    r"""A command to be pasted into a shell: every word stays one word, and nothing in it runs.

    Characters that a terminal would obey are written as bash and zsh read them.

    >>> command("samesay", "inspect", "my model")
    "samesay inspect 'my model'"
    >>> command("rm", "a\x1bb")
    "rm $'a\\x1bb'"
    """
    return " ".join(_word(str(word)) for word in words)


def _word(word: str) -> str:
    if visible(word) == word:
        return shlex.quote(word)
    parts = []
    for character in word:
        if character in "\\'":
            parts.append(f"\\{character}")
        elif is_shown(character):
            parts.append(character)
        elif "\udc80" <= character <= "\udcff":  # a byte of a file's name that is no text
            parts.append(f"\\x{ord(character) - 0xDC00:02x}")
        else:
            # Beyond ASCII \x would be a byte, and no character.
            code = ord(character)
            parts.append(f"\\x{code:02x}" if code < 0x80 else f"\\U{code:08x}")
    return f"$'{''.join(parts)}'"
