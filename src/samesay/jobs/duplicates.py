"""Find which texts of a list, or of two lists, say the same: a cheap first pass, then a model. No Keras."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay.data.formats.writers import require_apart, require_file, rounded, write_rows
from samesay.data.sources.locate import is_standard_input
from samesay.data.texts import TextList, load_texts
from samesay.errors import UsageError, require_at_least
from samesay.pairs import ProgressListener
from samesay.scoring import Scorer
from samesay.scoring.language import language_notes
from samesay.scoring.matching import Orders, PairReader, Recall, Sameness, groups_of, nearest_texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PAIR_COLUMNS = ("group", "score", "similarity", "first", "second", "first_place", "second_place")
_GROUP_COLUMNS = ("group", "text", "place", "list")


@dataclass(frozen=True, slots=True)
class DuplicateOptions:
    """What counts as the same, and how far it is looked for.

    Attributes:
        threshold: The lowest score of pairs; where absent, 0.5 for probabilities, and four fifths up the scale of a
            similarity model.
        label: The label that means the same; ``entailment``, ``same`` or the model's other word for yes where absent.
        symmetric: Read both orders of a pair; see ``Duplicates.orders``.
        candidates: Neighbours of every text about which the model is asked.
        measure_recall: Also ask about all pairs of so many texts, drawn at random (half of them from each of two
            lists), and say how many of the same ones are candidates. 200 texts are 19,900 pairs.
        seed: Of that draw.
    """

    threshold: float | None = None
    label: str | None = None
    symmetric: bool = True
    candidates: int = 5
    measure_recall: int | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """A text of a group: its number in its list, from 0, and the list, 1 or 2."""

    text: str
    place: str
    index: int
    list: int


@dataclass(frozen=True, slots=True)
class SamePair:
    """Two texts that say the same.

    Attributes:
        first: The text that stands first, or that of the first list.
        second: The other.
        score: By the model; ``None`` for texts that are spelled alike, about which it is not asked.
        similarity: Of their writing, by the first pass, in [0, 1].
        group: The number of the group that holds both, from 1.
    """

    first: Member
    second: Member
    score: float | None
    similarity: float
    group: int


@dataclass(frozen=True)
class Duplicates:
    """What says the same, and what it took to find it.

    Attributes:
        pairs: The pairs, the highest score first, those spelled alike before all.
        groups: Texts that pairs connect; a group's number is its place, from 1.
        label: By which label of the model; ``None`` for a similarity model.
        orders: ``mutual``: the lower of the label's probabilities in both orders, as each text has to entail the
            other; ``mean``: the mean of both orders; ``one``: only the order of the list was read.
        threshold: The lowest score of a pair.
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
    label: str | None
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
        return asdict(self)


def find_duplicates(
    model: str | Path | PairReader,
    source: str | Path | Sequence[str],
    other: str | Path | Sequence[str] | None = None,
    *,
    search: DuplicateOptions = DuplicateOptions(),
    output: str | Path | None = None,
    groups_output: str | Path | None = None,
    overwrite: bool = False,
    threads: int | None = None,
    progress: ProgressListener | None = None,
    **reading: Any,
) -> Duplicates:
    """Find the texts of ``source`` that say the same, or those of ``other`` that say the same as one of ``source``.

    Texts that are spelled alike, blanks around them aside, are the same without the model. Of the others the model is
    asked only about pairs of near neighbours in writing: paraphrases that are spelled all differently are missed, and
    ``DuplicateOptions.measure_recall`` says how many.

    Args:
        model: A saved model's folder, or an open one.
        source: A file, ``"-"``, or the texts themselves; see ``samesay.data.texts.load_texts``.
        other: A second list; pairs are then between the two.
        search: What counts as the same.
        output: A file for the pairs.
        groups_output: A file for the groups, one row a text.
        overwrite: Replace these files.
        threads: For ONNX Runtime.
        progress: Hears the stage ``"score"``.
        **reading: How both sources are read: ``column``, ``format`` and the others of ``load_texts``.

    Raises:
        ExtraMissing: If scikit-learn is not installed.
        LabelUnknown, UsageError: If the label is not the model's, or a setting cannot be used.
        DataError: One of its other leaves, if the texts cannot be read.
        BundleError: If the model cannot be used.
        TargetExists: If an output is there and ``overwrite`` is false.
    """
    begin = time.perf_counter()
    sample = search.measure_recall
    if sample is not None:
        require_at_least(2, measure_recall=sample)
    if all(isinstance(each, str | Path) and is_standard_input(each) for each in (source, other)):
        raise UsageError("Standard input can be read once.", expected="a file for one of the two lists")
    require_apart({"--output": output, "--groups": groups_output})
    for place in (output, groups_output):
        if place is not None:
            require_file(place, overwrite=overwrite)
    reader = Scorer.open(model, threads=threads) if isinstance(model, str | Path) else model
    same = Sameness(reader, label=search.label, threshold=search.threshold, symmetric=search.symmetric)
    lists: list[_Distinct] = []
    for texts in (source, *([] if other is None else [other])):
        lists.append(_Distinct(load_texts(texts, **reading), sum(len(each.source) for each in lists)))
    one, two = lists[0], lists[-1]  # the same list where there is one
    others = two.texts if len(lists) == 2 else None

    started = time.perf_counter()
    candidates, similarities = nearest_texts(one.texts, others, k=search.candidates)
    alike = set(_spelled_alike(lists))
    asked = np.array([tuple(pair) not in alike for pair in candidates.tolist()], np.bool_)
    ends, similarities = candidates[asked], similarities[asked]
    seconds = {"first_pass": time.perf_counter() - started}

    started = time.perf_counter()
    found = same.ask(one.texts, two.texts, ends, progress=progress)
    seconds["model"] = time.perf_counter() - started
    recall = None
    if sample is not None:
        started = time.perf_counter()
        draw = random.Random(search.seed)
        size = (sample + len(lists) - 1) // len(lists)
        samples = [draw.sample(range(len(each.texts)), min(size, len(each.texts))) for each in lists]
        recall = same.recall(
            one.texts,
            others,
            candidates,
            sample=samples[0],
            other_sample=None if others is None else samples[1],
            progress=progress,
        )
        seconds["recall"] = time.perf_counter() - started

    pairs, groups = _listed(lists, ends, similarities, found.scores, threshold=same.threshold)
    result = Duplicates(
        pairs=pairs,
        groups=groups,
        label=same.label,
        orders=same.orders,
        threshold=same.threshold,
        n_texts=tuple(len(each.source) for each in lists),
        n_empty=sum(each.source.n_empty for each in lists),
        n_candidates=len(ends),
        n_asked=found.n_asked,
        n_truncated=int(found.truncated.sum()),
        recall=recall,
        seconds=seconds | {"total": time.perf_counter() - begin},
        notes=(
            *(note for each in lists for note in each.source.notes),
            *language_notes(model, (text for each in lists for text in each.texts)),
        ),
    )
    if output is not None:
        write_rows(output, _PAIR_COLUMNS, [_pair_row(pair) for pair in pairs], overwrite=overwrite)
    if groups_output is not None:
        rows = [
            {"group": number, "text": member.text, "place": member.place, "list": member.list}
            for number, group in enumerate(groups, start=1)
            for member in group
        ]
        write_rows(groups_output, _GROUP_COLUMNS, rows, overwrite=overwrite)
    return result


class _Distinct:
    """The different texts of a list, each by its first place, and what repeats them.

    Attributes:
        texts: The different texts, without blanks around them.
        first: Of each the number of its first place; numbers go through all lists, from ``begin``.
        index: From a text to its place in ``texts``.
        copies: Numbers of a first place and of a later one.
    """

    def __init__(self, source: TextList, begin: int) -> None:
        self.source = source
        self.texts: list[str] = []
        self.first: list[int] = []
        self.index: dict[str, int] = {}
        self.copies: list[tuple[int, int]] = []
        for number, text in enumerate(map(str.strip, source.texts), start=begin):
            place = self.index.setdefault(text, len(self.texts))
            if place < len(self.texts):
                self.copies.append((self.first[place], number))
            else:
                self.texts.append(text)
                self.first.append(number)


def _spelled_alike(lists: Sequence[_Distinct]) -> list[tuple[int, int]]:
    """Places in two lists of texts that are spelled alike; within one list these are ``copies``."""
    if len(lists) == 1:
        return []
    one, two = lists
    return sorted((index, two.index[text]) for text, index in one.index.items() if text in two.index)


def _listed(
    lists: Sequence[_Distinct],
    ends: NDArray[np.int64],
    similarities: NDArray[np.float32],
    scores: NDArray[np.float32],
    *,
    threshold: float,
) -> tuple[tuple[SamePair, ...], tuple[tuple[Member, ...], ...]]:
    """The pairs that say the same, those spelled alike first, and the groups that they make."""
    members = [
        Member(text, place, index, number)
        for number, each in enumerate(lists, start=1)
        for index, (text, place) in enumerate(zip(each.source.texts, each.source.places, strict=True))
    ]
    one, two = lists[0], lists[-1]
    copies = [copy for each in lists for copy in each.copies]
    alike = copies if len(lists) == 1 else [(one.first[i], two.first[j]) for i, j in _spelled_alike(lists)]
    found: list[tuple[int, int, float | None, float]] = [(first, other, None, 1.0) for first, other in alike]
    (same,) = np.nonzero(scores >= threshold)
    same = same[np.argsort(-scores[same], kind="stable")]
    found += [
        (one.first[i], two.first[j], rounded(float(scores[row])), rounded(float(similarities[row])))
        for row, (i, j) in zip(same.tolist(), ends[same].tolist(), strict=True)
    ]
    links = [(first, other) for first, other, _, _ in found]
    paired = {number for link in links for number in link}
    # A copy within one of two lists joins the group of its first, and is no group by itself.
    links += [(first, copy) for first, copy in copies if first in paired]
    groups = groups_of(len(members), links)
    group_of = {number: place for place, group in enumerate(groups, start=1) for number in group}
    pairs = (
        SamePair(members[first], members[other], score, similarity, group_of[first])
        for first, other, score, similarity in found
    )
    return tuple(pairs), tuple(tuple(members[number] for number in group) for group in groups)


def _pair_row(pair: SamePair) -> dict[str, Any]:
    return {
        "group": pair.group,
        "score": pair.score,
        "similarity": pair.similarity,
        "first": pair.first.text,
        "second": pair.second.text,
        "first_place": pair.first.place,
        "second_place": pair.second.place,
    }
