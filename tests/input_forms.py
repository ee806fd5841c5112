"""The forms in which Python users hold pairs, stated once: what is the same pairs, and what is refused."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from samesay.errors import SameSayError, UsageError
from samesay.pairs import Pair, Sides

Texts = list[tuple[str, str]]
Row = namedtuple("Row", "one other")

# From pairs, and the names of their sides, to a form; every one of them for any number of pairs, two among them.
FORMS: dict[str, Callable[[Texts, Sides], Any]] = {
    "Pair objects": lambda pairs, sides: [Pair(*pair) for pair in pairs],
    "a tuple of Pair objects": lambda pairs, sides: tuple(Pair(*pair) for pair in pairs),
    "a list of tuples": lambda pairs, sides: list(pairs),
    "a list of lists": lambda pairs, sides: [list(pair) for pair in pairs],
    "tuples and Pair objects": lambda pairs, sides: [Pair(*pairs[0]), *pairs[1:]],
    "named tuples": lambda pairs, sides: [Row(*pair) for pair in pairs],
    "a generator": lambda pairs, sides: (pair for pair in pairs),
    "zip": lambda pairs, sides: zip(*([pair[side] for pair in pairs] for side in (0, 1)), strict=True),
    "items of a dict": lambda pairs, sides: dict(pairs).items(),
    "bytes": lambda pairs, sides: [tuple(text.encode() for text in pair) for pair in pairs],
    "an array of texts": lambda pairs, sides: np.array(pairs),
    "an array of objects": lambda pairs, sides: np.array(pairs, dtype=object),
    "an array of Pair objects": lambda pairs, sides: pd.Series([Pair(*pair) for pair in pairs]).to_numpy(),
    "a Series of tuples": lambda pairs, sides: pd.Series(pairs, index=range(7, 7 + len(pairs))),
    "two lists in a tuple": lambda pairs, sides: tuple([pair[side] for pair in pairs] for side in (0, 1)),
    "two arrays in a tuple": lambda pairs, sides: (np.array(pairs)[:, 0], np.array(pairs)[:, 1]),
    "two byte arrays": lambda pairs, sides: tuple(np.char.encode(np.array(pairs), "utf-8").T),
    "two columns of shape (n, 1)": lambda pairs, sides: tuple(np.hsplit(np.array(pairs), 2)),
    "two Series": lambda pairs, sides: tuple(pd.DataFrame(pairs)[side] for side in (0, 1)),
    "two categoricals": lambda pairs, sides: tuple(pd.DataFrame(pairs, dtype="category")[s] for s in (0, 1)),
    "two Arrow arrays": lambda pairs, sides: tuple(_arrow(pairs, sides)[name] for name in sides),
    "two frames of one column": lambda pairs, sides: tuple(_frame(pairs, sides)[[name]] for name in sides),
    "a DataFrame": lambda pairs, sides: _frame(pairs, sides),
    "a DataFrame in the other order": lambda pairs, sides: _frame(pairs, sides)[[sides.second, sides.first]],
    "a dict of columns": lambda pairs, sides: _frame(pairs, sides).to_dict("list"),
    "an array with named columns": lambda pairs, sides: _frame(pairs, sides).to_records(index=False),
    "an Arrow table": lambda pairs, sides: _arrow(pairs, sides),
}

# What is no pairs, or could be two things; what of the message tells so.
REFUSED: dict[str, tuple[Any, str]] = {
    "a text": ("a dog", "One text"),
    "one Pair": (Pair("a", "b"), "One Pair"),
    "two texts in a tuple": (("a", "b"), "one pair"),
    "two texts in a list": (["a", "b"], "one pair"),
    "texts": (["a", "b", "c"], "not a pair"),
    "two tuples of two texts in a tuple": ((("a", "b"), ("c", "d")), "two ways"),
    "a list and a tuple of two texts in a tuple": ((["a", "b"], ("c", "d")), "two ways"),
    "two lists of three texts in a list": ([["a", "b", "c"], ["d", "e", "f"]], r"\(x\[0\], x\[1\]\)"),
    "two lists of one text in a list": ([["a"], ["b"]], r"\(x\[0\], x\[1\]\)"),
    "two arrays in a list": ([np.array(["a", "b"]), np.array(["c", "d"])], r"\(x\[0\], x\[1\]\)"),
    "two Series in a list": ([pd.Series(["a", "b"]), pd.Series(["c", "d"])], r"\(x\[0\], x\[1\]\)"),
    "three lists in a tuple": ((["a", "b"], ["c", "d"], ["e", "f"]), "two columns"),
    "tuples with a label": ([("a", "b", "same"), ("c", "d", "same")], "y"),
    "rows as dicts": ([{"premise": "a", "hypothesis": "b"}], "DataFrame"),
    "an array of shape (2, 3)": (np.array([["a", "b", "c"], ["d", "e", "f"]]), r"\(2, 3\)"),
    "an array of shape (3,)": (np.array(["a", "b", "c"]), "not a pair"),
    "numbers": (np.ones((2, 2)), "not text"),
    "pairs of numbers": ([(1, 2), (3, 4)], "not text"),
    "columns of unlike length": ((["a", "b", "c"], ["d", "e"]), "has 3 values"),
    "a set": ({("a", "b"), ("c", "d")}, "order"),
    "nothing": (None, "NoneType"),
    "a number": (7, "int"),
}

PAIRS: Texts = [("a dog", "the dog runs in the park"), ("two cats sleep", "no"), ("a man eats", "red")]


# What Keras' own `predict` takes for its own: batches one by one, and arrays of numbers.
OF_KERAS = ("a generator", "zip", "numbers")


def check_inputs(
    ask: Callable[[Any], Any], sides: Sides, *, but: Sequence[str] = (), tells_apart: bool = True
) -> None:
    """Fail where ``ask`` does not take every form of pairs for the same pairs, or does not refuse the others.

    Args:
        ask: From pairs to answers, an array with one row a pair.
        sides: Of whatever answers.
        but: Forms that mean something else to it.
        tells_apart: Whether it answers otherwise to other pairs, as it must to show that pairs are read as columns.
    """
    for pairs in (PAIRS[:1], PAIRS[:2], PAIRS):
        expected = ask([Pair(*pair) for pair in pairs])
        columns = (
            ask([Pair(pairs[0][0], pairs[1][0]), Pair(pairs[0][1], pairs[1][1])]) if len(pairs) == 2 else None
        )
        if columns is not None and tells_apart:
            assert np.abs(columns - expected).max() > 1e-3, "it would not show that pairs are read as columns"
        for name, form in FORMS.items():
            if name in but:
                continue
            answers = ask(form(pairs, sides))
            np.testing.assert_allclose(answers, expected, atol=1e-5, err_msg=f"{name}, {len(pairs)} pairs")
    for empty in ([], (), ([], []), np.empty((0, 2), dtype=str)):
        assert len(ask(empty)) == 0
    for name, (x, told) in REFUSED.items():
        if name in but:
            continue
        with pytest.raises(UsageError) as caught:
            ask(x)
        assert re.search(told, str(caught.value)), f"{name}: {caught.value}"
    with pytest.raises(SameSayError, match="U\\+D800"):
        ask([("a", "b \ud800")])


def _frame(pairs: Texts, sides: Sides) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=list(sides))


def _arrow(pairs: Texts, sides: Sides) -> Any:
    import pyarrow

    return pyarrow.table(dict(zip(sides, map(list, zip(*pairs, strict=True)), strict=True)))
