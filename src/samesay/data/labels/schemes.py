"""Which class every spelling of a column means: by the column alone, or by names that are known.

What can be read in two ways is refused, with both. Knows spellings and the names of the sides, no rows and no files.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from samesay.data.labels.spellings import (
    LETTERS,
    NLI_NAMES,
    SAME_NAMES,
    TWO_WAY,
    Spelling,
    folded,
    poles,
)
from samesay.errors import LabelUnknown, near
from samesay.pairs import LabelSet, Sides, renaming_option

Place = Callable[[int], str]
_MOST_SHOWN = 8
_VOCABULARIES = (NLI_NAMES, SAME_NAMES, TWO_WAY["answer"])


@dataclass(slots=True)
class Written:
    """One way in which labels of a column are written.

    Attributes:
        spelling: What it says.
        shown: The very text, in quotes where blanks stand around it.
        first: The row in which it was first met.
        rows: How many rows it stands in.
    """

    spelling: Spelling
    shown: str
    first: int
    rows: int = 0


@dataclass(slots=True)
class Scheme:
    """What the spellings of a column mean.

    Attributes:
        names: One a spelling, ``None`` for no label.
        full: The names of a convention that numbers follow, in its order; empty where they follow none.
        notes: What was decided that a user may want to know.
        said: The spellings that a note has to name, though they be the only ones of their class.
    """

    names: list[str | None]
    full: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    said: set[int] = field(default_factory=set)


def own_scheme(
    written: Sequence[Written], renamed: Collection[int], *, sides: Sides, place: Place, column: str
) -> Scheme:
    """What a column says by itself."""
    found = Scheme([None] * len(written))
    free = {
        index: one.spelling
        for index, one in enumerate(written)
        if index not in renamed and one.spelling.kind != "missing"
    }
    free = _spelled_out(free, sides, found.said)
    labelled = {index: spelling for index, spelling in free.items() if spelling.kind != "none"}
    doubts = _Doubts(written, labelled, sides, place, column)
    if nones := [index for index in free if index not in labelled]:
        found.notes += doubts.none_words(nones)
    doubts.minus_one(renamed)
    doubts.mixed()
    numbers = {written[index].spelling.key for index in renamed if written[index].spelling.kind == "number"}
    names, found.full = _conventional(labelled, numbers, sides, found.notes)
    for index, name in (names or _names_as_written(labelled, written)).items():
        found.names[index] = name
        if name in NLI_NAMES and labelled[index].kind == "word":
            found.said.add(index)
    return found


def _spelled_out(found: dict[int, Spelling], sides: Sides, said: set[int]) -> dict[int, Spelling]:
    """Letters as the names they stand for, where all labels are such letters, or these names."""
    keys = {spelling.key for spelling in found.values() if spelling.kind != "none"}
    for letters in LETTERS:
        short, long = keys & letters.keys(), keys - letters.keys()
        two_way = len(letters) == 2
        allowed = {*letters.values(), *(("0", "1", "true", "false", "yes", "no") if two_way else ())}
        if not short or not long <= allowed:
            continue
        beside_names = bool(long)
        # y and n alone stay as they are, as Yes and No do; t and f are how databases write true and false.
        whole = len(short) == len(letters) and "y" not in letters
        of_nli = not two_way and short - {"n"} and "hypothesis" in {side.casefold() for side in sides}
        if beside_names or whole or of_nli:
            for index, spelling in found.items():
                if spelling.key in short:
                    meant = Spelling.of(letters[spelling.key])
                    assert meant is not None
                    found[index] = replace(meant, text=spelling.text)
                    said.add(index)
            break
    return found


def _conventional(
    labelled: Mapping[int, Spelling], renamed_numbers: set[str], sides: Sides, notes: list[str]
) -> tuple[dict[int, str], tuple[str, ...]]:
    """Names by convention, and all of them in their order; nothing where there is none."""
    kinds = {spelling.kind for spelling in labelled.values()}
    if not kinds:
        return {}, ()
    keys = {spelling.key for spelling in labelled.values()} | (
        renamed_numbers if kinds <= {"number", "truth"} else set()
    )
    side_names = {side.casefold() for side in sides}
    if kinds == {"number"} and keys <= {"0", "1", "2"} and {"premise", "hypothesis"} <= side_names:
        if "2" in keys:
            notes.append(
                "label numbers: 0 = entailment, 1 = neutral, 2 = contradiction (the convention of NLI data)"
            )
            return {index: NLI_NAMES[int(spelling.key)] for index, spelling in labelled.items()}, NLI_NAMES
        notes.append(
            f"the labels are the numbers {shown_names(sorted(keys))}: corpora of two classes differ in what "
            "they stand for, so the numbers are their names; name them with --labels"
        )
    two_way = {index: place for index, one in labelled.items() if (place := one.place) is not None}
    if len(two_way) == len(labelled) and not keys - {"0", "1", "true", "false", "yes", "no"}:
        if kinds != {"answer"} and side_names == {"question1", "question2"}:
            notes.append("label numbers: 0 = different, 1 = same (the convention of duplicate-question data)")
            return {index: SAME_NAMES[place] for index, place in two_way.items()}, SAME_NAMES
        if len(kinds) > 1:
            pair = TWO_WAY["answer" if "answer" in kinds else "truth"]
            return {index: pair[place] for index, place in two_way.items()}, ()
    if kinds == {"number"} and not notes:
        notes.append("the labels are numbers; they are their own names (name them with --labels)")
    return {}, ()


def _names_as_written(labelled: Mapping[int, Spelling], written: Sequence[Written]) -> dict[int, str]:
    """A name for every class: its usual spelling, or the one that most rows have."""
    by_key: dict[str, list[int]] = {}
    for index, spelling in labelled.items():
        by_key.setdefault(spelling.key, []).append(index)
    only_nli = all(key in NLI_NAMES for key in by_key)
    answers = [index for index, spelling in labelled.items() if spelling.kind == "answer"]
    several = len({labelled[index].text for index in answers}) > len(
        {labelled[index].key for index in answers}
    )
    names: dict[int, str] = {}
    for key, indices in by_key.items():
        kind = labelled[indices[0]].kind
        if kind in ("number", "truth") or (kind == "answer" and several) or only_nli:
            name = key
        else:
            rows: dict[str, int] = {}
            for index in indices:
                rows[labelled[index].text] = rows.get(labelled[index].text, 0) + written[index].rows
            name = max(rows, key=rows.__getitem__)
        names |= dict.fromkeys(indices, name)
    return names


@dataclass(slots=True)
class _Doubts:
    """What of a column can be read in two ways."""

    written: Sequence[Written]
    labelled: Mapping[int, Spelling]
    sides: Sides
    place: Place
    column: str

    def none_words(self, nones: list[int]) -> list[str]:
        """Whether words such as None are the lack of a label; a note where that could be asked.

        Beside numbers and truth values they are. Beside names that are whole without them they are if they are few.
        """
        kinds = {spelling.kind for spelling in self.labelled.values()}
        if kinds <= {"number", "truth"}:
            return []
        texts = list(dict.fromkeys(self.written[index].spelling.text for index in nones))
        n_nones = sum(self.written[index].rows for index in nones)
        rows: dict[str, int] = {}
        for index, spelling in self.labelled.items():
            rows[spelling.key] = rows.get(spelling.key, 0) + self.written[index].rows
        keep = renaming_option({text: text for text in texts})
        known = any(rows.keys() <= set(names) for names in _VOCABULARIES)
        if known and n_nones <= min(rows.values()):
            found = ", ".join(
                f"{self.written[index].shown} ({self.written[index].rows:,})" for index in nones
            )
            return [f"read as no gold label: {found}; {keep} makes it a class"]
        others = shown_names(list(dict.fromkeys(spelling.text for spelling in self.labelled.values())))
        raise LabelUnknown(
            f"{shown_names(texts)} in {n_nones:,} rows beside {others} is a class of its own, or stands for no label.",
            where=self.place(min(self.written[index].first for index in nones)),
            expected=f"one of the two: a class ({keep}), or rows to leave out "
            f"(--where '{self.column}!={texts[0]}')",
            hint=keep,
        )

    def minus_one(self, renamed: Collection[int]) -> None:
        """Refuse 1 and -1 without 0: one of two classes, or what stands for no label."""
        minus = [
            index
            for index, one in enumerate(self.written)
            if one.spelling.key == "-1" and index not in renamed
        ]
        if not minus or {spelling.key for spelling in self.labelled.values()} != {"1"}:
            return
        keep = renaming_option({"-1": "-1"})
        raise LabelUnknown(
            "The labels are 1 and -1: -1 is one of two classes, or stands for no gold label.",
            where=self.place(self.written[minus[0]].first),
            expected=f"one of the two: a class ({keep}), or rows to leave out "
            f"(--where '{self.column}!={self.written[minus[0]].shown}')",
            hint=keep,
        )

    def mixed(self) -> None:
        """Refuse numbers beside names, but for 0, 1, truth values, yes and no, which are two classes."""
        kinds = {spelling.kind for spelling in self.labelled.values()}
        of_numbers, of_answers = self._texts("number"), self._texts("truth") | self._texts("answer")
        words = self._texts("word")
        whole = all(spelling.place is not None for spelling in self.labelled.values())
        if whole or not ((of_numbers and len(kinds) > 1) or kinds >= {"truth", "answer", "word"}):
            return
        if of_numbers and words:
            odd, others = of_numbers, words | of_answers
            meant = {text: _number_among(key, set(others.values())) for text, key in of_numbers.items()}
        elif of_numbers:
            odd, others = of_answers, of_numbers
            number_of = {"false": "0", "no": "0", "true": "1", "yes": "1"}
            named, _ = _conventional(
                {index: one for index, one in self.labelled.items() if one.kind == "number"},
                set(),
                self.sides,
                [],
            )
            name_of = {self.labelled[index].key: name for index, name in named.items()}
            meant = {text: name_of.get(number_of[key], number_of[key]) for text, key in of_answers.items()}
        else:
            odd, others = self._texts("truth"), self._texts("answer") | words
            meant = {text: {"true": "yes", "false": "no"}[key] for text, key in odd.items()}
        own = {text: text for text in odd}
        known = {text: name for text, name in meant.items() if name is not None}
        both = (
            f"{', '.join(f'{text} = {name}' for text, name in known.items())}, or classes of their own "
            f"({renaming_option(own)})"
            if len(known) == len(odd)
            else f"names alone, or numbers alone; or classes of their own ({renaming_option(own)})"
        )
        first = min(self.written[index].first for index, one in self.labelled.items() if one.text in odd)
        raise LabelUnknown(
            f"The labels {shown_names(list(odd))} stand beside {shown_names(list(others))}: numbers and names in one "
            "column can be read in two ways.",
            where=self.place(first),
            expected=both,
            hint=renaming_option(known if len(known) == len(odd) else own),
        )

    def _texts(self, kind: str) -> dict[str, str]:
        """One text of every label of a kind, to its key."""
        by_key: dict[str, str] = {}
        for spelling in self.labelled.values():
            if spelling.kind == kind:
                by_key.setdefault(spelling.key, spelling.text)
        return {text: key for key, text in by_key.items()}


def _number_among(number: str, names: set[str]) -> str | None:
    """The name that a number stands for by the convention of the names beside it."""
    for convention in (NLI_NAMES, SAME_NAMES):
        if names <= set(convention) and number.isdecimal() and int(number) < len(convention):
            return convention[int(number)]
    return None


def declared_scheme(
    written: Sequence[Written], renamed: Mapping[int, str], labels: LabelSet, *, place: Place
) -> Scheme:
    """What a column says where the names are known: numbers index them, and other names are refused."""
    found = Scheme([None] * len(written))
    by_index: set[int] = set()
    by_pole: set[int] = set()
    for index, one in enumerate(written):
        spelling = one.spelling if index not in renamed else Spelling.of(renamed[index])
        assert spelling is not None
        name = name_among(spelling, labels)
        if name is not None or spelling.kind in ("missing", "none"):
            found.names[index] = name
            continue
        pair = poles(labels)
        if spelling.kind == "number" and _indexes(labels) and spelling.key.isdecimal():
            if int(spelling.key) < len(labels):
                name = labels.names[int(spelling.key)]
                by_index.add(index)
        elif spelling.place is not None and (
            pair is not None or (spelling.kind == "truth" and len(labels) == 2)
        ):
            name = (pair or labels.names)[spelling.place]
            by_pole.add(index)
        else:
            name = _by_letter(spelling, labels)
        if name is None:
            raise _not_declared(spelling, labels, place(one.first))
        found.names[index] = name
        if index not in by_index:
            found.said.add(index)
    pair = poles(labels)
    if by_index and by_pole and pair is not None and pair != labels.names:
        number, truth = written[min(by_index)].spelling.text, written[min(by_pole)].spelling.text
        raise LabelUnknown(
            f"{number!r} and {truth!r} stand in one column, and by their order the labels are 0 = {labels.names[0]}, "
            f"1 = {labels.names[1]}, by their meaning 0 = {pair[0]}, 1 = {pair[1]}.",
            where=place(written[min(by_index)].first),
            expected="numbers alone, or names alone",
            hint=renaming_option({str(at): name for at, name in enumerate(pair)}),
        )
    return found


def name_among(spelling: Spelling, labels: LabelSet) -> str | None:
    """The one of ``labels`` that a spelling is, however it is written."""
    by_text, by_key = _spelled(labels)
    if spelling.text in by_text:
        return spelling.text
    alike = by_key.get((spelling.kind, spelling.key), ())
    return alike[0] if len(alike) == 1 and spelling.key else None


@lru_cache(maxsize=4)
def _spelled(labels: LabelSet) -> tuple[frozenset[str], dict[tuple[str, str], list[str]]]:
    """The names of ``labels``, and how each is spelled."""
    by_key: dict[tuple[str, str], list[str]] = {}
    for name in labels:
        if (of := Spelling.of(name)) is not None:
            by_key.setdefault((of.kind, of.key), []).append(name)
    return frozenset(labels), by_key


def _indexes(labels: LabelSet) -> bool:
    """Whether numbers can index ``labels``: not where a name is a number itself."""
    return all(kind != "number" for kind, _ in _spelled(labels)[1])


def _by_letter(spelling: Spelling, labels: LabelSet) -> str | None:
    pair = poles(labels)
    for letters in LETTERS:
        meant = Spelling.of(letters.get(spelling.key))
        if meant is None or meant.kind == "missing":
            continue
        if (name := name_among(meant, labels)) is not None:
            return name
        if pair is not None and meant.place is not None:
            return pair[meant.place]
    return None


def _not_declared(spelling: Spelling, labels: LabelSet, where: str) -> LabelUnknown:
    text = spelling.text
    close = near(text, labels)
    number = spelling.kind == "number" and _indexes(labels)
    numbered = ", ".join(f"{index} = {name}" for index, name in enumerate(labels))
    return LabelUnknown(
        f"The label {text!r} is not one of the {len(labels)} labels.",
        where=where,
        expected=f"one of {numbered}" if number else f"one of {', '.join(labels)}",
        hint=renaming_option({text: close[0]}) if close else None,
    )


def spelling_note(scheme: Scheme, written: Sequence[Written], renamed: Collection[int]) -> list[str]:
    """What was joined under one name and how many rows each spelling has, and what stands for another name."""
    classes: dict[str, dict[str, int]] = {}
    said: set[str] = set()
    for index, (one, name) in enumerate(zip(written, scheme.names, strict=True)):
        if name is not None and index not in renamed:
            spellings = classes.setdefault(name, {})
            spellings[one.shown] = spellings.get(one.shown, 0) + one.rows
            if index in scheme.said and one.shown != name:
                said.add(name)
    parts = []
    for name, spellings in sorted(classes.items()):
        if len(spellings) > 1:
            many = sorted(spellings.items(), key=lambda item: -item[1])
            more = f" and {len(many) - _MOST_SHOWN} more" if len(many) > _MOST_SHOWN else ""
            parts.append(
                ", ".join(f"{shown} ({rows:,})" for shown, rows in many[:_MOST_SHOWN]) + f"{more} = {name}"
            )
        elif name in said:
            parts.append(f"{next(iter(spellings))} = {name}")
    more = f"; and {len(parts) - _MOST_SHOWN} more" if len(parts) > _MOST_SHOWN else ""
    return [f"label spellings: {'; '.join(parts[:_MOST_SHOWN])}{more}"] if parts else []


def shown_names(names: Sequence[str]) -> str:
    """Names for a message, the first few where they are many."""
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return ", ".join(map(repr, names[:_MOST_SHOWN])) + more


def rename_key(spelling: Spelling, rename: Mapping[str, str]) -> str | None:
    """The key of ``rename`` that a label is, as it is written or else however it is written."""
    if spelling.text in rename:
        return spelling.text
    for key in rename:
        of = Spelling.of(key)
        if of is not None and of.key and (of.kind, of.key) == (spelling.kind, spelling.key):
            return key
    return None


def renamed_name(name: str, rename: Mapping[str, str]) -> str | None:
    """The key of ``rename`` that a name is."""
    return name if name in rename else next((key for key in rename if folded(key) == folded(name)), None)
