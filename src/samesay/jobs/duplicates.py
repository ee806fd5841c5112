"""Find which texts of a list, or of two lists, say the same: a cheap first pass, then a model. No Keras."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.data.formats.writers import require_apart, require_file, rounded, write_rows
from samesay.data.sources.locate import is_standard_input
from samesay.data.texts import TextList, load_texts
from samesay.errors import UsageError
from samesay.pairs import ProgressListener
from samesay.scoring import Scorer
from samesay.scoring.matching.candidates import nearest_texts
from samesay.scoring.matching.roles import PairReader
from samesay.scoring.matching.sameness import Orders, Recall, SamePredictor, groups_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PAIR_COLUMNS = ("group", "probability", "similarity", "first", "second", "first_place", "second_place")
_GROUP_COLUMNS = ("group", "text", "place", "list")


@dataclass(frozen=True, slots=True)
class Member:
    """A text of a group: its number in its list, from 0, and the list, 1 or 2."""

    text: str
    place: str
    index: int
    list: int

    @property
    def key(self) -> tuple[int, int]:
        """What no other text has: its list and its number there."""
        return self.list, self.index

    def to_dict(self) -> dict[str, Any]:
        """The text as JSON types."""
        return {"text": self.text, "place": self.place, "index": self.index, "list": self.list}


@dataclass(frozen=True, slots=True)
class SamePair:
    """Two texts that say the same.

    Attributes:
        first: The text that stands first, or that of the first list.
        second: The other.
        probability: By the model; ``None`` for texts that are spelled alike, about which it is not asked.
        similarity: Of their writing, by the first pass, in [0, 1].
        group: The number of the group that holds both, from 1.
    """

    first: Member
    second: Member
    probability: float | None
    similarity: float
    group: int

    def to_dict(self) -> dict[str, Any]:
        """The pair as JSON types."""
        return {
            "first": self.first.to_dict(),
            "second": self.second.to_dict(),
            "probability": self.probability,
            "similarity": self.similarity,
            "group": self.group,
        }


@dataclass(frozen=True)
class Duplicates:
    """What says the same, and what it took to find it.

    Attributes:
        pairs: The pairs, the most probable first, those spelled alike before all.
        groups: Texts that pairs connect; a group's number is its place, from 1.
        label: By which label of the model.
        orders: ``mutual``: the lower of the label's probabilities in both orders, as each text has to entail the
            other; ``mean``: their mean; ``one``: only the order of the list was read.
        threshold: The lowest probability of a pair.
        n_texts: Texts of the list, or of each of the two.
        n_empty: Left out because they are empty.
        n_candidates: Pairs that the first pass left to the model.
        n_asked: How often the model was asked, each order counted.
        n_truncated: Candidates of which part was not read.
        recall: What the first pass found of a sample's pairs, if that was measured.
        seconds: Wall time: ``first_pass``, ``model``, ``recall`` and ``total``.
        notes: What was decided in reading the texts that a user may want to know.
    """

    pairs: tuple[SamePair, ...]
    groups: tuple[tuple[Member, ...], ...]
    label: str
    orders: Orders
    threshold: float
    n_texts: tuple[int, ...]
    n_empty: int
    n_candidates: int
    n_asked: int
    n_truncated: int
    recall: Recall | None
    seconds: dict[str, float]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The findings as JSON types."""
        return {
            "pairs": [pair.to_dict() for pair in self.pairs],
            "groups": [[member.to_dict() for member in group] for group in self.groups],
            "label": self.label,
            "orders": self.orders,
            "threshold": self.threshold,
            "n_texts": list(self.n_texts),
            "n_empty": self.n_empty,
            "n_candidates": self.n_candidates,
            "n_asked": self.n_asked,
            "n_truncated": self.n_truncated,
            "recall": None if self.recall is None else self.recall.to_dict(),
            "seconds": self.seconds,
            "notes": list(self.notes),
        }


def find_duplicates(
    model: str | Path | PairReader,
    source: str | Path | Sequence[str],
    other: str | Path | Sequence[str] | None = None,
    *,
    label: str | None = None,
    threshold: float = 0.5,
    candidates: int = 5,
    symmetric: bool = True,
    measure_recall: int | None = None,
    seed: int = 0,
    column: str | None = None,
    input_format: str | None = None,
    output: str | Path | None = None,
    groups_output: str | Path | None = None,
    overwrite: bool = False,
    threads: int | None = None,
    progress: ProgressListener | None = None,
    **options: Any,
) -> Duplicates:
    """Find the texts of ``source`` that say the same, or those of ``other`` that say the same as one of ``source``.

    Texts that are spelled alike, blanks around them aside, are the same without the model. Of the others the model is
    asked only about pairs of near neighbours in writing: paraphrases that are spelled all differently are missed, and
    ``measure_recall`` says how many.

    Args:
        model: A saved model's folder, or what answers itself.
        source: A file, ``"-"``, or the texts themselves; see ``samesay.data.texts.load_texts``.
        other: A second list; pairs are then between the two.
        label: The label that means the same; ``entailment``, ``same`` or the model's other word for yes where absent.
        threshold: The lowest probability of pairs.
        candidates: Neighbours of every text about which the model is asked.
        symmetric: Read both orders of a pair; see ``Duplicates.orders``.
        measure_recall: Also ask about all pairs of so many texts, drawn at random (half of them from each of two
            lists), and say how many of the same ones are candidates. 200 texts are 19,900 pairs.
        seed: Of that draw.
        column: The column that holds the texts, in both sources.
        input_format: Where the names do not tell it.
        output: A file for the pairs.
        groups_output: A file for the groups, one row a text.
        overwrite: Replace these files.
        threads: For ONNX Runtime.
        progress: Told of the stage ``"score"``.
        **options: How the sources are read, where they do not tell: fields of ``samesay.data.ReadOptions``.

    Raises:
        ExtraMissing: If scikit-learn is not installed.
        LabelUnknown, UsageError: If the label is not the model's, or a setting cannot be used.
        DataError: One of its other leaves, if the texts cannot be read.
        BundleError: If the model cannot be used.
        TargetExists: If an output is there and ``overwrite`` is false.
    """
    begin = time.perf_counter()
    if measure_recall is not None and measure_recall < 2:
        raise UsageError(
            f"Recall cannot be measured on {measure_recall} texts.",
            where="--measure-recall",
            expected="at least 2",
        )
    if all(isinstance(each, str | Path) and is_standard_input(each) for each in (source, other)):
        raise UsageError("Standard input can be read once.", expected="a file for one of the two lists")
    require_apart({"--output": output, "--groups": groups_output})
    for place in (output, groups_output):
        if place is not None:
            require_file(place, overwrite=overwrite)
    reader = Scorer.open(model, threads=threads) if isinstance(model, str | Path) else model
    decider = SamePredictor(reader, label=label, threshold=threshold, symmetric=symmetric)
    reading = {"column": column, "format": input_format, **options}
    one = _Distinct(load_texts(source, **reading), 1)
    two = _Distinct(load_texts(other, **reading), 2) if other is not None else None
    others = one if two is None else two

    started = time.perf_counter()
    nearest = nearest_texts(one.texts, None if two is None else two.texts, k=candidates)
    alike = _spelled_alike(one, two)
    asked = np.array([tuple(pair) not in alike for pair in nearest.pairs.tolist()], np.bool_)
    ends, similarities = nearest.pairs[asked], nearest.similarities[asked]
    seconds = {"first_pass": time.perf_counter() - started}

    started = time.perf_counter()
    answers = decider.ask(one.texts, others.texts, ends, progress=progress)
    seconds["model"] = time.perf_counter() - started
    recall = None
    if measure_recall is not None:
        started = time.perf_counter()
        draw = random.Random(seed)
        size = measure_recall if two is None else (measure_recall + 1) // 2
        recall = decider.recall(
            one.texts,
            None if two is None else two.texts,
            nearest.pairs,
            sample=draw.sample(range(len(one)), min(size, len(one))),
            other_sample=None if two is None else draw.sample(range(len(two)), min(size, len(two))),
            progress=progress,
        )
        seconds["recall"] = time.perf_counter() - started

    pairs, groups = _listed(one, two, ends, similarities, answers.probabilities, threshold=threshold)
    result = Duplicates(
        pairs=pairs,
        groups=groups,
        label=decider.label,
        orders=decider.orders,
        threshold=threshold,
        n_texts=(len(one.source),) if two is None else (len(one.source), len(two.source)),
        n_empty=one.source.n_empty + (0 if two is None else two.source.n_empty),
        n_candidates=len(ends),
        n_asked=answers.n_asked,
        n_truncated=int(answers.truncated.sum()),
        recall=recall,
        seconds=seconds | {"total": time.perf_counter() - begin},
        notes=(*one.source.notes, *(() if two is None else two.source.notes)),
    )
    if output is not None:
        write_rows(output, _PAIR_COLUMNS, [_pair_row(pair) for pair in result.pairs], overwrite=overwrite)
    if groups_output is not None:
        write_rows(groups_output, _GROUP_COLUMNS, _group_rows(result.groups), overwrite=overwrite)
    return result


class _Distinct:
    """The different texts of a list, each by its first place, and what repeats them."""

    def __init__(self, source: TextList, number: int) -> None:
        self.source = source
        self.texts: list[str] = []
        self.members: list[Member] = []
        self.index: dict[str, int] = {}
        self.copies: list[tuple[Member, Member]] = []
        for index, (text, place) in enumerate(zip(source.texts, source.places, strict=True)):
            member = Member(text, place, index, number)
            first = self.index.setdefault(text.strip(), len(self.texts))
            if first < len(self.texts):
                self.copies.append((self.members[first], member))
            else:
                self.texts.append(text.strip())
                self.members.append(member)

    def __len__(self) -> int:
        return len(self.texts)


def _spelled_alike(one: _Distinct, two: _Distinct | None) -> set[tuple[int, int]]:
    if two is None:
        return set()
    return {(index, two.index[text]) for text, index in one.index.items() if text in two.index}


def _listed(
    one: _Distinct,
    two: _Distinct | None,
    ends: NDArray[np.int64],
    similarities: NDArray[np.float32],
    probabilities: NDArray[np.float32],
    *,
    threshold: float,
) -> tuple[tuple[SamePair, ...], tuple[tuple[Member, ...], ...]]:
    """The pairs that say the same, those spelled alike first, and the groups that they make."""
    others = one if two is None else two
    (same,) = np.nonzero(probabilities >= threshold)
    same = same[np.argsort(-probabilities[same], kind="stable")]
    found: list[tuple[Member, Member, float | None, float]]
    if two is None:
        found = [(first, copy, None, 1.0) for first, copy in one.copies]
        copies = []
    else:
        found = [(one.members[i], two.members[j], None, 1.0) for i, j in sorted(_spelled_alike(one, two))]
        copies = [*one.copies, *two.copies]
    found += [
        (
            one.members[i],
            others.members[j],
            rounded(float(probabilities[row])),
            rounded(float(similarities[row])),
        )
        for row, (i, j) in zip(same.tolist(), ends[same].tolist(), strict=True)
    ]
    links = [(first, second) for first, second, *_ in found]
    paired = {member.key for link in links for member in link}
    # A copy within one of two lists joins the group of its first, and is no group by itself.
    links += [(first, copy) for first, copy in copies if first.key in paired]
    members = {member.key: member for link in links for member in link}
    keys = sorted(members)
    node = {key: number for number, key in enumerate(keys)}
    groups = tuple(
        tuple(members[keys[each]] for each in group)
        for group in groups_of(len(keys), [(node[first.key], node[other.key]) for first, other in links])
    )
    number = {member.key: place for place, group in enumerate(groups, start=1) for member in group}
    return tuple(SamePair(*pair, group=number[pair[0].key]) for pair in found), groups


def _group_rows(groups: Sequence[Sequence[Member]]) -> list[dict[str, Any]]:
    return [
        {"group": number, "text": member.text, "place": member.place, "list": member.list}
        for number, group in enumerate(groups, start=1)
        for member in group
    ]


def _pair_row(pair: SamePair) -> dict[str, Any]:
    return {
        "group": pair.group,
        "probability": pair.probability,
        "similarity": pair.similarity,
        "first": pair.first.text,
        "second": pair.second.text,
        "first_place": pair.first.place,
        "second_place": pair.second.place,
    }
