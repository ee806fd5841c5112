"""What Python users hold, by what it can do: columns of any library as lists, datasets of libraries as columns.

Datasets are those of ``tf.data``, grain and Hugging Face ``datasets``; none of these libraries is imported. Their
elements are dicts of texts, ``(dict, label)``, ``((first, second), label)`` or ``(first, second)``, one pair each or
batches of them. Knows no use of a column.
"""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from samesay.errors import EncodingInvalid, SplitNotFound, UsageError, near
from samesay.pairs import Pair

_AS_THEY_ARE = frozenset({str, bytes, int, float, bool, type(None)})
# What pandas puts where there is no value, known by name: it is not imported.
_MISSING = frozenset({"NAType", "NaTType"})


def listed(column: Any, name: str) -> list[Any]:
    """A list, an array of shape ``(n,)`` or ``(n, 1)``, a Series or an Arrow array as a list of Python's own values."""
    if not isinstance(column, Iterable) or isinstance(column, (str, bytes, Pair, Mapping, set, frozenset)):
        raise UsageError(
            f"{name} is {type(column).__name__}.", expected="a list or an array with a value for every pair"
        )
    values = [plain(value) for value in _flat(column, name)]
    if values and all(isinstance(value, (list, tuple)) and len(value) == 1 for value in values):
        return [value[0] for value in values]
    return values


def plain(value: Any) -> Any:
    """One value as Python's own; what stands for a missing one in pandas is ``None``."""
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, np.generic):
        return value.item()
    return None if type(value).__name__ in _MISSING else value


def texts(column: Any, name: str, *, begin: int = 0) -> list[str]:
    """A column as texts; bytes are read as UTF-8, and a missing text is an empty one."""
    found: list[str] = []
    for index, value in enumerate(listed(column, name), start=begin):
        if type(value) is str and value.isascii():
            found.append(value)
            continue
        where = f"{name}[{index}]"
        if isinstance(value, bytes):
            value = decoded(value, where)
        elif value is None or (isinstance(value, float) and math.isnan(value)):
            value = ""  # how pandas marks an empty cell
        elif not isinstance(value, str):
            raise UsageError(
                f"{where} is {type(value).__name__} {str(value)[:60]}, not text.", expected="texts"
            )
        _require_whole_characters(value, name, index)
        found.append(value)
    return found


def decoded(value: bytes, where: str) -> str:
    """Bytes as text."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EncodingInvalid(f"Byte 0x{value[error.start]:02x} is not UTF-8.", where=where) from error


def _flat(column: Any, name: str) -> list[Any]:
    shape = getattr(column, "shape", None)
    if shape is not None and len(shape) == 2 and shape[1] == 1:
        # A frame's column keeps its missing values as they are; an array of all of it may not.
        column = column.iloc[:, 0] if hasattr(column, "iloc") else np.asanyarray(column).reshape(-1)
    elif shape is not None and len(shape) != 1:
        raise UsageError(
            f"{name} has the shape {tuple(shape)}.", expected="one dimension: a value for every pair"
        )
    for way in ("to_pylist", "tolist"):
        if hasattr(column, way):
            return getattr(column, way)()
    if hasattr(column, "__array__"):  # tensors, whose own elements are tensors
        return np.asarray(column).tolist()
    return list(column)


def _require_whole_characters(text: str, name: str, index: int) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise EncodingInvalid(
            f"The text holds half of a surrogate pair, U+{ord(text[error.start]):04X}.",
            where=f"{name}[{index}], character {error.start}",
            expected="whole characters",
            hint="read the source with the encoding it was written in, or replace the character",
            details={"row": index, "side": name, "character": error.start},
        ) from error


# What every dataset of a library can do and other objects of it cannot: a tensor is no dataset.
_LIBRARIES = {
    "tensorflow": ("tf.data", ("as_numpy_iterator", "cardinality")),
    "grain": ("grain", ("__iter__",)),
    "datasets": ("Hugging Face dataset", ("column_names", "features")),
}
_NESTED = (Mapping, tuple, list)
_EXPECTED = "elements that are dicts of texts, (dict, label), ((first, second), label) or (first, second)"


@dataclass
class Gathered:
    """What the elements of a dataset hold; one of ``columns``, ``sides`` and ``pairs``.

    Attributes:
        kind: What messages call the dataset.
        columns: The values of all elements by name, where they are dicts.
        sides: The first and the second texts, where they are two texts.
        pairs: The elements themselves, where they are ``Pair`` objects.
        labels: What stands beside the texts; ``None`` where nothing does.
        class_names: The names of every column of class labels, which ``columns`` holds by name.
    """

    kind: str
    columns: dict[str, list[Any]] = field(default_factory=dict)
    sides: tuple[list[Any], list[Any]] = field(default_factory=lambda: ([], []))
    pairs: list[Pair] = field(default_factory=list)
    labels: list[Any] | None = None
    class_names: dict[str, list[str]] = field(default_factory=dict)


def is_dataset(x: Any) -> bool:
    """Whether ``x`` is a dataset of one of the libraries."""
    return _kind(x) is not None


def splits_of(x: Any) -> Mapping[str, Any]:
    """The datasets by split of a ``DatasetDict``, or of any dict of datasets; nothing where ``x`` is none."""
    return x if isinstance(x, Mapping) and x and all(is_dataset(value) for value in x.values()) else {}


def chosen_split(splits: Mapping[str, Any], prefer: Sequence[str]) -> str:
    """The only split, or the first of ``prefer`` that there is."""
    for name in splits if len(splits) == 1 else prefer:
        if name in splits:
            return name
    wanted = f"none is called {' or '.join(prefer)}" if prefer else "one is wanted"
    close = near(prefer[0], splits) if prefer else []
    raise SplitNotFound(
        f"The datasets are {', '.join(map(repr, splits))}, and {wanted}.",
        expected="one split",
        hint=f"pass one of them: x[{(close or list(splits))[0]!r}]",
        details={"splits": list(splits)},
    )


def gathered(x: Any) -> Gathered:
    """Read a dataset once, from its first element to its last."""
    kind = _kind(x)
    assert kind is not None
    found = Gathered(kind)
    if _endless(x):
        raise UsageError(
            f"The {kind} repeats without an end.", expected="every pair once", hint="leave its repetition out"
        )
    if hasattr(x, "column_names") and hasattr(x, "__len__") and x.format["type"] != "custom":
        # Column by column is many times as fast as row by row; a transform of the user's own sees whole rows.
        plain = x.with_format(None)
        found.columns = {name: list(plain[name]) for name in plain.column_names}
    else:
        for element in x.as_numpy_iterator() if hasattr(x, "as_numpy_iterator") else x:
            _gather(element, found)
    for name, feature in dict(getattr(x, "features", None) or {}).items():
        if type(feature).__name__ == "ClassLabel" and feature.names and name in found.columns:
            found.class_names[name] = list(feature.names)
            found.columns[name] = _named(found.columns[name], feature.names)
    return found


def _kind(x: Any) -> str | None:
    for kind in type(x).__mro__:
        name, abilities = _LIBRARIES.get(kind.__module__.partition(".")[0], ("", ()))
        if abilities and all(hasattr(x, ability) for ability in abilities) and not isinstance(x, Mapping):
            return name
    return None


def _endless(x: Any) -> bool:
    if hasattr(x, "cardinality"):
        return int(x.cardinality()) == -1  # tf.data.INFINITE_CARDINALITY
    # grain gives what it repeats for ever the largest length there is; its loader's is that of its sampler.
    counted = x if isinstance(x, Sized) else getattr(x, "_sampler", None)
    return isinstance(counted, Sized) and len(counted) == sys.maxsize


def _gather(element: Any, found: Gathered) -> None:
    if isinstance(element, Pair):
        found.pairs.append(element)
        return
    texts = element
    if isinstance(element, (tuple, list)) and len(element) == 2 and isinstance(element[0], _NESTED):
        texts, labels = element
        found.labels = [] if found.labels is None else found.labels
        found.labels.extend(_listed(labels, found))
    if isinstance(texts, Mapping):
        # Of one pair at least the texts are no arrays; what else it holds may be one.
        single = any(isinstance(value, (str, bytes)) for value in texts.values())
        for name, value in texts.items():
            values = [_plain(value)] if single else _listed(value, found)
            found.columns.setdefault(str(name), []).extend(values)
    elif isinstance(texts, (tuple, list)) and len(texts) == 2:
        for side, value in zip(found.sides, texts, strict=True):
            side.extend(_listed(value, found))
    else:
        shown = f"a {type(texts).__name__}" + (
            f" of {len(texts)}" if isinstance(texts, (tuple, list)) else ""
        )
        raise UsageError(
            f"An element of the {found.kind} is {shown}.",
            expected=_EXPECTED,
            hint="weights of pairs are not read" if isinstance(texts, tuple) and len(texts) == 3 else None,
        )


def _listed(value: Any, found: Gathered) -> list[Any]:
    """The values of a batch, or the one value of a pair."""
    value = _plain(value)
    if not isinstance(value, (list, tuple)):
        return [value]
    if any(isinstance(item, (list, tuple)) for item in value):
        raise UsageError(
            f"A batch of the {found.kind} holds arrays of more than one dimension.",
            expected="a text and a label for every pair",
            hint="labels by name or number, not as one-hot rows; texts before any tokenizer",
        )
    return list(value)


def _plain(value: Any) -> Any:
    """Arrays as lists, bytes as text; bytes that are none are left for whoever knows their place."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        with contextlib.suppress(UnicodeDecodeError):
            return value.decode("utf-8")
    return value


def _named(column: list[Any], names: Sequence[str]) -> list[Any]:
    """Numbers of a ``ClassLabel`` by their names; -1 and null stay what they are."""
    return [names[value] if isinstance(value, int) and 0 <= value < len(names) else value for value in column]
