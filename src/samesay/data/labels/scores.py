"""Similarity scores as sources write them, to numbers on a scale. Knows values, no files."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import Decimal

import numpy as np

from samesay.data.labels.column import GoldReading
from samesay.data.labels.schemes import Place
from samesay.data.labels.spellings import Spelling
from samesay.errors import ScoreInvalid
from samesay.pairs import Scale

# GLUE writes it where it keeps the score to itself; on a scale that reaches so far down it is a score.
_WITHHELD = -1.0
_WITH_COMMA = re.compile(r"[+-]?(?P<whole>\d+),(?P<part>\d+)")


def holds_scores(values: Iterable[object]) -> bool:
    """Whether a column holds scores and not classes: numbers alone, and some of them between whole numbers."""
    between = False
    for value in values:
        if _is_missing(value):
            continue
        number = _number(value)
        if number is None:
            return False
        between = between or not number.is_integer()
    return between


def holds_decimal_commas(values: Iterable[object]) -> bool:
    """Whether a column plainly holds numbers such as ``3,8``.

    All of it are numbers, none with a point, and some have a comma that parts no thousands.
    """
    plain = False
    for value in values:
        if _is_missing(value):
            continue
        found = _WITH_COMMA.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None and (not isinstance(value, str) or not value.strip().lstrip("+-").isdecimal()):
            return False
        plain = plain or (found is not None and (len(found["part"]) != 3 or found["whole"] == "0"))
    return plain


def with_point(value: object) -> object:
    """``3.8`` for ``3,8``; anything else as it is."""
    found = _WITH_COMMA.fullmatch(value.strip()) if isinstance(value, str) else None
    return value if found is None else found[0].replace(",", ".")


def read_scores(
    values: Iterable[object], *, place: Place, scale: Scale | None = None, skip: bool = False
) -> GoldReading:
    """Turn a column of scores into numbers.

    Null, NaN, an empty text, ``-`` and words such as N/A are no score, nor is -1 where the scale ends above it.

    Args:
        values: The column, as read.
        place: From the index of a value to where it stands, for messages.
        scale: The lowest and the highest score; where absent the whole numbers around the scores found.
        skip: Take what is no number, or is outside the scale, for no score.
    """
    given = scale
    numbers: list[float] = []
    reasons: list[str | None] = []
    for index, value in enumerate(values):
        number = math.nan if _is_missing(value) else _number(value)
        if number is None and skip:
            reasons.append("no number")
            numbers.append(math.nan)
            continue
        if number is None:
            raise ScoreInvalid(
                f"The score {value!r} is not a number.",
                where=place(index),
                expected="a number such as 3.8, or nothing where there is no score; or the column of the scores: "
                "--columns score=NAME; for classes: --task classification",
                hint="--decimal-comma" if with_point(value) is not value else "--on-error skip",
            )
        withheld = number == _WITHHELD and (given is None or number not in given)
        reasons.append("no gold score" if math.isnan(number) else "no gold score (-1)" if withheld else None)
        numbers.append(math.nan if withheld else number)
    found = [number for number in numbers if not math.isnan(number)]
    notes: tuple[str, ...] = ()
    if given is None:
        scale = _scale_around(found)
        notes = (f"the scale of the scores was taken to be {scale}, from those that occur (--scale sets it)",)
    assert scale is not None
    for index, number in enumerate(numbers):
        if not math.isnan(number) and number not in scale and skip:
            numbers[index], reasons[index] = math.nan, "outside the scale"
        elif not math.isnan(number) and number not in scale:
            raise ScoreInvalid(
                f"The score {number:g} is outside the scale.",
                where=place(index),
                expected=f"from {scale}; or the data's own scale: --scale {min(scale.low, number):g},"
                f"{max(scale.high, number):g}",
                hint="--on-error skip",
            )
    return GoldReading(scale, np.array(numbers, np.float32), reasons, notes)


def _scale_around(scores: list[float]) -> Scale:
    if not scores:
        return Scale(0, 1)
    low, high = math.floor(min(scores)), math.ceil(max(scores))
    return Scale(low, high if high > low else low + 1)


def _is_missing(value: object) -> bool:
    if _number(value) is not None:  # -1, too: it is a score on some scales
        return False
    spelling = Spelling.of(value)
    return spelling is not None and spelling.kind in ("missing", "none")


def _number(value: object) -> float | None:
    """``value`` as a finite number; truth values are none."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | Decimal | np.number | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError, TypeError):
        return None
    return number if math.isfinite(number) else None
