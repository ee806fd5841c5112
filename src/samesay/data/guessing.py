"""Which columns could hold the texts and the label, by what is in them: for messages alone, never for reading.

Knows values of a few rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_ENDS = (".", "?", "!", "。", "？", "！", "…")
# A name longer than this is a text, also in scripts without blanks, of which a few signs say much.
_LONGEST_NAME = 60
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MANY_WIDE = 8
_LONGEST_LABEL = 30
_ANSWERS = frozenset({"neutral", "entails", "contradiction", "contradicts", "yes", "no", "true", "false"})


def is_sentence(text: str) -> bool:
    """Whether a text is plainly a sentence, and no name of a column."""
    if len(text) > _LONGEST_NAME:
        return True
    words = text.split()
    return (
        (len(words) > 1 and text.rstrip("\"')]").endswith(_ENDS))
        or len(words) > 5
        or (text.endswith(_ENDS) and _WIDE.search(text) is not None)
        or len(_WIDE.findall(text)) >= _MANY_WIDE
    )


def is_row(names: Sequence[str]) -> bool:
    """Whether the names of columns are plainly the values of a row: sentences, numbers, answers.

    Numbers alone are names, too (those of a table of pandas, or of columns by number).
    """
    sentences = sum(map(is_sentence, names))
    answers = any(_NUMBER.fullmatch(name.strip()) or name.strip().casefold() in _ANSWERS for name in names)
    words = sorted(len(name[: 2 * _LONGEST_NAME].split()) for name in names)
    return (
        sentences > 1
        or (sentences == 1 and (answers or len(names) == 1))
        or (len(words) > 1 and words[-2] > (2 if answers else 3))
    )


def guessed_roles(
    names: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    *,
    likely: Sequence[str] = (),
    labels: Sequence[str] = (),
) -> dict[str, str]:
    """``first``, ``second`` and perhaps ``label``, each to a column; empty where there are no two columns of texts.

    Args:
        names: The columns, in their order.
        rows: The first rows.
        likely: Columns whose names say that they hold a side.
        labels: Columns whose names say that they hold a label.
    """
    held = {name: [row.get(name) for row in rows] for name in names}
    texts = [name for name in names if name not in labels and _holds_texts(held[name])]
    if not rows:  # names are all there is
        texts = list(likely)
    elif len(texts) < 2 == len(names) and not labels:
        texts = [name for name in names if all(isinstance(value, str) for value in held[name])]
    length = {name: sum(len(value) for value in held[name] if isinstance(value, str)) for name in texts}
    chosen = sorted(texts, key=lambda name: (name not in likely, -length[name]))[:2]
    if len(chosen) < 2:
        return {}
    first, second = sorted(chosen, key=list(names).index)
    found = {"first": first, "second": second}
    label = next(iter(labels), None) or _label(list(names), second, first, held)
    return found if label is None else {**found, "label": label}


def _holds_texts(values: Sequence[Any]) -> bool:
    """Whether a column holds texts, and neither numbers nor names of things."""
    texts = [value for value in values if isinstance(value, str) and value.strip()]
    if not texts or any(not isinstance(value, str | None) for value in values):
        return False
    return sum(" " in text.strip() or is_sentence(text) for text in texts) > len(texts) / 2


def _label(names: list[str], second: str, first: str, held: Mapping[str, Sequence[Any]]) -> str | None:
    """The column next to the texts, behind them before in front of them, that could hold a label."""
    behind = names[names.index(second) + 1 :]
    before = list(reversed(names[: names.index(first)]))
    between = names[names.index(first) + 1 : names.index(second)]
    return next((name for name in (*behind, *between, *before) if _holds_labels(held[name])), None)


def _holds_labels(values: Sequence[Any]) -> bool:
    shown = [value for value in values if value is not None and value != ""]
    if not shown or any(isinstance(value, list | dict) for value in shown):
        return False
    texts = [str(value).strip() for value in shown]
    number = [_NUMBER.fullmatch(text) is not None for text in texts]
    if all(number):
        return all(abs(float(text.replace(",", "."))) <= 10 for text in texts)
    return not any(number) and all(len(text) <= _LONGEST_LABEL and len(text.split()) < 3 for text in texts)
