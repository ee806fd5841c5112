"""An imported model beside its original: token ids by the folder's own tokenizer, logits by its own library.

``tokenizers`` is always there to open a ``tokenizer.json``; ``transformers`` and torch are asked where they are
installed. The files of a folder that have no counterpart here are found in this way, and nothing is taken on trust.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.encoding import PairEncoder
from samesay.errors import EncoderUnsupported, SameSayError, TokenizerUnsupported
from samesay.model.foreign import open_by_transformers

if TYPE_CHECKING:
    from samesay.model.classifier import PairClassifier

TOLERANCE = 1e-3
"""The largest difference of a logit, as a share of the largest one; float32's own is some 1e-6."""

_LONG = 100_000

# Texts that every right copy of a tokenizer encodes alike.
ORDINARY = (
    ("A man is sleeping on the grass.", "Somebody sleeps outside."),
    ("Two children, aged 7 and 12, don't run in the park!", "Is it 1999? No, it isn't."),
    (
        "The QUICK brown fox (a sly one) jumps over Dr. Smith's dog",
        "it cost $5.60, or 10% more; see http://a.b/c_d",
    ),
    ("unbelievably-extraordinary words", "covid19 e2e x86_64 C3PO"),
    ("", "only the second side says anything"),
    ("a café in Łódź, señor", "Über die grüne Wiese läuft ein Hund"),
)
# Where copies differ in ways that are known and documented: folding, symbols, what is read as a special token.
RARE = (
    ("naı̈ve ﬁne ＦＵＬＬ ½ ™ İ ß", "e\u0301te\u0301 Ⅷ ǅ STRASSE"),
    ("我喜欢吃苹果。 カタカナ", "한국어 हिन्दी مرحبا"),
    ("👍🏽 👩‍👩‍👧 home", "a\u200db\u00adc\x07d"),
    ("  two   spaces\tand\nlines ", "no\u00a0break"),
    ("a [SEP] b", "</s> <mask> [MASK]"),
)

Ids = Callable[[Sequence[tuple[str, str]]], list[list[int]]]


def compare_with_original(classifier: PairClassifier, folder: Path) -> tuple[dict[str, Any], list[str]]:
    """Compare an imported model with the folder that it was made of.

    Args:
        classifier: The import.
        folder: With ``config.json``.

    Returns:
        What was compared, as JSON types, and what its user has to know.
    """
    encoder = classifier.encoder
    assert isinstance(encoder, PairEncoder), "a folder's preprocessor is KerasHub's"
    found: dict[str, Any] = {}
    notes: list[str] = []
    place = folder / "tokenizer.json"
    if place.is_file():
        theirs = _by_tokenizers(place)
        alike = zip(ORDINARY, _same(encoder, theirs, ORDINARY), strict=True)
        if differing := [pair for pair, same in alike if not same]:
            raise TokenizerUnsupported(
                f"The folder's own {place.name} gives other token ids than SameSay's copy of it.",
                where=str(place),
                expected="the same ids for ordinary texts",
                details={"pairs": [list(pair) for pair in differing]},
            )
        found["tokenizer"] = _compared(encoder, theirs, place.name, notes)
    try:
        original = open_by_transformers(folder)
    except SameSayError as problem:
        notes.append(f"transformers could not be asked for its logits: {problem.message}")
        return found, notes
    if original is None:
        if not found:
            notes.append(
                "nothing here tells whether its token ids are the folder's own: it has no tokenizer.json"
            )
        return found, notes

    def by_transformers(pairs: Sequence[tuple[str, str]]) -> list[list[int]]:
        return original.tokenizer([first for first, _ in pairs], [second for _, second in pairs])["input_ids"]

    if "tokenizer" not in found:
        # What transformers makes of a SentencePiece file is not that file: here it is read as it is.
        found["tokenizer"] = _compared(encoder, by_transformers, "transformers", notes)
    limit = min(encoder.max_length, original.max_length)
    alike = zip(ORDINARY, _same(encoder, by_transformers, ORDINARY), strict=True)
    pairs = [pair for pair, same in alike if same and _length(encoder, pair) <= limit]
    theirs = original.logits(pairs)
    ours = classifier.predict(([first for first, _ in pairs], [second for _, second in pairs]))
    largest = float(np.abs(ours - theirs).max(initial=0))
    allowed = TOLERANCE * max(1.0, float(np.abs(theirs).max(initial=0)))
    if not largest <= allowed:  # NaN is no more than anything
        raise EncoderUnsupported(
            f"transformers computes other logits from this folder: they differ by up to {largest:.3g}.",
            where=str(folder),
            expected=f"a difference of at most {allowed:.3g}",
            details={"largest_difference": largest, "tolerance": allowed, "pairs": len(pairs)},
        )
    found["logits"] = {"compared_with": "transformers", "pairs": len(pairs), "largest_difference": largest}
    return found, notes


def _length(encoder: PairEncoder, pair: tuple[str, str]) -> int:
    return int(encoder.with_max_length(_LONG).encode([pair[0]], [pair[1]]).lengths[0])


def _compared(encoder: PairEncoder, theirs: Ids, by: str, notes: list[str]) -> dict[str, Any]:
    """How many pairs get the same ids; a note where some do not."""
    pairs = (*ORDINARY, *RARE)
    alike = _same(encoder, theirs, pairs)
    ordinary, rare = alike[: len(ORDINARY)].count(False), alike[len(ORDINARY) :].count(False)
    if ordinary:
        notes.append(f"{ordinary} of {len(ORDINARY)} pairs of ordinary texts get other tokens than by {by}")
    if rare:
        notes.append(
            f"{rare} of {len(RARE)} pairs of rare texts (symbols, emoji, odd spaces, special tokens written out) get "
            f"other tokens than by {by}"
        )
    return {"compared_with": by, "pairs": len(pairs), "differing": ordinary + rare}


def _same(encoder: PairEncoder, theirs: Ids, pairs: Sequence[tuple[str, str]]) -> list[bool]:
    encoded = encoder.with_max_length(_LONG).encode(
        [first for first, _ in pairs], [second for _, second in pairs]
    )
    rows = np.split(encoded.token_ids, encoded.offsets[1:-1])
    return [row.tolist() == list(ids) for row, ids in zip(rows, theirs(pairs), strict=True)]


def _by_tokenizers(place: Path) -> Ids:
    from tokenizers import Tokenizer

    def ids(pairs: Sequence[tuple[str, str]]) -> list[list[int]]:
        try:
            tokenizer = Tokenizer.from_file(str(place))
            tokenizer.no_truncation()
            tokenizer.no_padding()
            return [encoding.ids for encoding in tokenizer.encode_batch(list(pairs))]
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException as problem:  # a panic of Rust's is no Exception
            raise TokenizerUnsupported(
                f"The folder's tokenizer.json cannot be used: {str(problem).strip() or type(problem).__name__}",
                where=str(place),
                expected="a file that the library tokenizers opens",
            ) from problem

    return ids
