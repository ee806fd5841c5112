"""Gold labels as sources write them, to names: numbers, truth values, spellings, and what counts as no label.

Knows values and the names of the sides, no files.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from samesay.errors import LabelUnknown, near
from samesay.pairs import LabelSet, Sides

NLI_NAMES = ("entailment", "neutral", "contradiction")
SAME_NAMES = ("different", "same")
_NLI_SPELLINGS = {
    "entailment": "entailment",
    "entails": "entailment",
    "entailed": "entailment",
    "neutral": "neutral",
    "contradiction": "contradiction",
    "contradicts": "contradiction",
    "contradictory": "contradiction",
}
# More different labels than this, in more than half of the rows, are not classes.
_MOST_CLASSES = 100
# So many are none, however often each is repeated.
_MOST_DIFFERENT = 1_000
_MOST_SHOWN = 8

Place = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class LabelReading:
    """Labels as names, and what became of the rest.

    Attributes:
        labels: The names, in the order of their indices.
        ids: One index a value, -1 where there is no gold label.
        reasons: Beside every -1, why there is none; ``None`` beside the others.
        notes: What was decided that a user may want to know.
        numbered: Whether numbers stand for names, by their order.
    """

    labels: LabelSet
    ids: list[int]
    reasons: list[str | None]
    notes: tuple[str, ...]
    numbered: bool = False


@dataclass(slots=True)
class _Found:
    """The different labels of a source as texts, where each was first met, and how values map to them."""

    first_places: dict[str, int] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    texts: list[str | None] = field(default_factory=list)
    reasons: list[str | None] = field(default_factory=list)


def read_labels(
    values: Iterable[object],
    *,
    sides: Sides,
    place: Place,
    declared: LabelSet | Sequence[str] | None = None,
    rename: Mapping[str, str] | None = None,
) -> LabelReading:
    """Turn a column of labels into indices of names.

    ``-1``, ``-``, an empty text, null and NaN are no gold label. Numbers name classes by convention where the
    sides tell it: 0, 1, 2 of a premise and a hypothesis are entailment, neutral, contradiction (as in SNLI
    and MultiNLI), 0, 1 of two questions are different, same. Where they do not, the number itself is the
    name. The usual spellings of the three NLI names are taken as one, whatever their case.

    Args:
        values: The column, as read.
        sides: What the two sides are called, for the conventions.
        place: From the index of a value to where it stands, for messages.
        declared: The names, if they are known: numbers index them, and no other name is accepted.
        rename: From a name in the data (before or after the conventions) to the name wanted.

    Raises:
        LabelUnknown: A label that is not declared, a number outside the names, a grade such as 3.7, a list.
    """
    found = _found(values, place)
    names_of, labels, notes = _scheme(found, sides, place, declared, dict(rename or {}))
    index = {text: labels.index(name) for text, name in names_of.items()}
    ids = [-1 if text is None else index[text] for text in found.texts]
    numbered = any(_is_whole(text) and text != name for text, name in names_of.items())
    return LabelReading(labels, ids, found.reasons, tuple(notes), numbered)


def _found(values: Iterable[object], place: Place) -> _Found:
    found = _Found()
    known: dict[
        tuple[type, object], tuple[str | None, str]
    ] = {}  # 1, True and 1.0 are one key without the type
    for index, value in enumerate(values):
        try:
            key = (type(value), value)
            reading = known.get(key)
        except TypeError:  # lists and objects have no hash
            raise _no_label_value(value, place(index)) from None
        if reading is None:
            reading = known[key] = _text_and_kind(value, index, place)
        text, kind = reading
        found.texts.append(text)
        found.reasons.append(kind if text is None else None)
        if text is not None:
            found.first_places.setdefault(text, index)
            if len(found.first_places) > _MOST_DIFFERENT:
                break
            found.kinds.add(kind)
    n_gold = sum(text is not None for text in found.texts)
    n_different = len(found.first_places)
    if n_different > _MOST_DIFFERENT or (n_different > _MOST_CLASSES and 2 * n_different > n_gold):
        raise LabelUnknown(
            f"The label column has {n_different:,} different values in {n_gold:,} rows: "
            "these are not classes.",
            where=place(0),
            expected="a column that repeats a few names",
            hint="name the right column: --columns label=NAME",
        )
    return found


def _text_and_kind(value: object, index: int, place: Place) -> tuple[str | None, str]:
    """The label as text with its kind (``number``, ``name``), or ``None`` with the reason for it."""
    if value is None:
        return None, "no gold label (null)"
    if isinstance(value, bool):
        return str(value).lower(), "name"
    if isinstance(value, int):
        return (None, "no gold label (-1)") if value == -1 else (str(value), "number")
    if isinstance(value, float):
        return _from_float(value, value, index, place)
    if not isinstance(value, str):
        raise _no_label_value(value, place(index))
    text = value.strip()
    if text in ("", "-", "-1"):
        return None, f"no gold label ({text or 'empty'})"
    try:
        number = float(text)
    except ValueError:
        return text, "name"
    if (
        not text.lstrip("+-").replace(".", "", 1).isdigit()
    ):  # "nan", "inf", "1e3", "1_0": Python reads these as numbers
        return text, "name"
    return _from_float(number, text, index, place)


def _from_float(number: float, shown: object, index: int, place: Place) -> tuple[str | None, str]:
    if math.isnan(number):
        return None, "no gold label (NaN)"
    if not number.is_integer():
        raise LabelUnknown(
            f"The label {shown} is a grade between whole numbers, not a class.",
            where=place(index),
            expected="names, or whole numbers that stand for names",
            hint="grades of similarity are no labels; name another column: --columns label=NAME",
        )
    return (None, "no gold label (-1)") if number == -1 else (str(int(number)), "number")


def _no_label_value(value: object, where: str) -> LabelUnknown:
    return LabelUnknown(
        f"A label is {type(value).__name__} {_short(value)}, which is no name and no number.",
        where=where,
        expected="a name, or a whole number that stands for one",
    )


def _scheme(
    found: _Found,
    sides: Sides,
    place: Place,
    declared: LabelSet | Sequence[str] | None,
    rename: dict[str, str],
) -> tuple[dict[str, str], LabelSet, list[str]]:
    notes: list[str] = []
    texts = list(found.first_places)
    if declared is not None:
        labels = declared if isinstance(declared, LabelSet) else LabelSet(tuple(declared))
        return (
            {
                text: _declared_name(rename.get(text, text), labels, place(found.first_places[text]))
                for text in texts
            },
            labels,
            notes,
        )
    names, all_names = _conventional(texts, found.kinds, sides, notes)
    if rename:
        used = {key for text in texts for key in (text, names[text]) if key in rename}
        unused = [key for key in rename if key not in used]
        if unused and not used and texts:
            raise LabelUnknown(
                f"None of the labels to rename occurs: {', '.join(map(repr, unused))}.",
                where=place(0),
                expected=f"labels of the data: {shown_names(texts)}",
            )
        notes.extend(f"the label to rename {key!r} does not occur" for key in unused)
        names = {text: rename.get(text, rename.get(name, name)) for text, name in names.items()}
        all_names = tuple(dict.fromkeys(rename.get(name, name) for name in all_names))
    ordered = dict.fromkeys((*all_names, *names.values()))
    if set(ordered) <= set(NLI_NAMES):
        return names, LabelSet(tuple(name for name in NLI_NAMES if name in ordered)), notes
    if not all_names:
        ordered = dict.fromkeys(sorted(ordered, key=_by_number_then_name))
    return names, LabelSet(tuple(ordered)), notes


def _conventional(
    texts: list[str], kinds: set[str], sides: Sides, notes: list[str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Text to name by convention, and the names of a full set in its order where the convention knows one."""
    side_names = {side.casefold() for side in sides}
    if texts and all(text.casefold() in _NLI_SPELLINGS for text in texts):
        names = {text: _NLI_SPELLINGS[text.casefold()] for text in texts}
        changed = {text: name for text, name in names.items() if text != name}
        if changed:
            notes.append(
                "label spellings: " + ", ".join(f"{text} = {name}" for text, name in changed.items())
            )
        return names, ()
    if set(texts) <= {"0", "1", "2"} and "premise" in side_names and "hypothesis" in side_names and texts:
        if "2" in texts:
            notes.append(
                "label numbers: 0 = entailment, 1 = neutral, 2 = contradiction (the convention of NLI data)"
            )
            return {text: NLI_NAMES[int(text)] for text in texts}, NLI_NAMES
        notes.append(
            f"the labels are the numbers {shown_names(sorted(texts))}: corpora of two classes differ in what "
            "they stand for, so the numbers are their names; name them with --labels"
        )
    if set(texts) <= {"0", "1", "false", "true"} and side_names == {"question1", "question2"} and texts:
        notes.append("label numbers: 0 = different, 1 = same (the convention of duplicate-question data)")
        return {text: SAME_NAMES[text in ("1", "true")] for text in texts}, SAME_NAMES
    if kinds == {"number"} and not notes:
        notes.append("the labels are numbers; they are their own names (name them with --labels)")
    return {text: text for text in texts}, ()


def _declared_name(text: str, labels: LabelSet, where: str) -> str:
    if text in labels:
        return text
    folded = {name.casefold(): name for name in labels}
    if text.casefold() in folded:
        return folded[text.casefold()]
    meant = _NLI_SPELLINGS.get(text.casefold())
    alike = [name for name in labels if meant is not None and _NLI_SPELLINGS.get(name.casefold()) == meant]
    if len(alike) == 1:
        return alike[0]
    if text.isdecimal() and int(text) < len(labels):
        return labels.names[int(text)]
    close = near(text, labels)
    numbered = ", ".join(f"{index} = {name}" for index, name in enumerate(labels))
    raise LabelUnknown(
        f"The label {text!r} is not one of the {len(labels)} labels.",
        where=where,
        expected=f"one of {numbered}" if _is_whole(text) else f"one of {', '.join(labels)}",
        hint=f"did you mean {close[0]!r}?" if close else None,
        details={"label": text, "labels": list(labels)},
    )


def shown_names(names: Sequence[str]) -> str:
    """Names for a message, the first few where they are many."""
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return ", ".join(map(_short, names[:_MOST_SHOWN])) + more


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


def _by_number_then_name(name: str) -> tuple[int, int, str]:
    return (0, int(name), name) if _is_whole(name) else (1, 0, name)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
