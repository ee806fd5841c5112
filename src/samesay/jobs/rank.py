"""Rank texts by what a model says of each of them beside one query. No Keras."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from samesay.data.formats.listing import require_file, rounded, write_rows
from samesay.data.texts import TextList, load_texts
from samesay.errors import EmptySide, UsageError
from samesay.pairs import ProgressListener, is_empty, labels_of
from samesay.scoring import Scorer
from samesay.scoring.matching.roles import (
    PairReader,
    asking_side,
    named_side,
    other_side,
    placed,
    positive_label,
    read_label,
)


@dataclass(frozen=True)
class RankedText:
    """One text and its place.

    Attributes:
        rank: From 1, the most probable.
        probability: Of the ranking's label.
        text: The text.
        place: Where it stands, ``file:line``.
        truncated: Whether part of it, or of the query, was not read.
        row: The record that it is part of.
    """

    rank: int
    probability: float
    text: str
    place: str
    truncated: bool
    row: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The text as JSON types, without its record."""
        return {
            "rank": self.rank,
            "probability": self.probability,
            "text": self.text,
            "place": self.place,
            "truncated": self.truncated,
        }


@dataclass(frozen=True)
class Ranking:
    """Texts in order of a label's probability.

    Attributes:
        query: What they were held against.
        query_side: As which side of the model it was read.
        text_side: As which side they were read.
        label: Whose probability decides.
        texts: The texts, the most probable first; of equal ones, the earlier first.
        source: Where they are from.
        column: The column that held them.
        columns: All columns of the source.
        n_texts: How many were ranked, also where ``texts`` has only the first of them.
        n_empty: How many were left out because they are empty.
        n_truncated: How many were not read whole.
        seconds: Wall time.
        notes: What was decided in reading the texts that a user may want to know.
    """

    query: str
    query_side: str
    text_side: str
    label: str
    texts: tuple[RankedText, ...]
    source: str
    column: str
    columns: tuple[str, ...]
    n_texts: int
    n_empty: int
    n_truncated: int
    seconds: float
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The ranking as JSON types."""
        return {
            "query": self.query,
            "query_side": self.query_side,
            "text_side": self.text_side,
            "label": self.label,
            "texts": [text.to_dict() for text in self.texts],
            "source": self.source,
            "column": self.column,
            "n_texts": self.n_texts,
            "n_empty": self.n_empty,
            "n_truncated": self.n_truncated,
            "seconds": self.seconds,
            "notes": list(self.notes),
        }


def rank_texts(
    model: str | Path | PairReader,
    query: str,
    source: str | Path | Sequence[str],
    *,
    label: str | None = None,
    query_side: str | None = None,
    column: str | None = None,
    input_format: str | None = None,
    top: int | None = None,
    output: str | Path | None = None,
    overwrite: bool = False,
    threads: int | None = None,
    progress: ProgressListener | None = None,
    **options: Any,
) -> Ranking:
    """Rank the texts of ``source`` by the probability of one label beside ``query``.

    Args:
        model: A saved model's folder, or what answers itself.
        query: The text that each of them is paired with.
        source: A file, ``"-"``, or the texts themselves; see ``samesay.data.texts.load_texts``.
        label: The label; ``entailment``, ``same`` or the model's other word for yes where absent.
        query_side: As which side of the model the query is read, by name, or ``first`` or ``second``. Where absent, the
            side that claims or asks (hypothesis, claim, query, question); where the names do not tell, the first.
        column: The column that holds the texts.
        input_format: Where the name does not tell it.
        top: Keep the first of them only.
        output: A file for the ranked texts, with all columns of their source behind ``rank`` and ``probability``.
        overwrite: Replace it.
        threads: For ONNX Runtime.
        progress: Told of the stage ``"score"``.
        **options: How the source is read, where it does not tell: fields of ``samesay.data.ReadOptions``.

    Raises:
        EmptySide: If the query is empty.
        LabelUnknown, UsageError: If the label or the side is not the model's.
        DataError: One of its other leaves, if the texts cannot be read.
        BundleError: If the model cannot be used.
        TargetExists: If there is something at ``output`` and ``overwrite`` is false.
    """
    begin = time.perf_counter()
    if is_empty(query):
        raise EmptySide("The query is empty.", where="--query", expected="a text")
    if top is not None and top < 1:
        raise UsageError(f"The first {top} texts cannot be kept.", where="--top", expected="at least 1")
    if output is not None:
        require_file(output, overwrite=overwrite)
    reader = Scorer.open(model, threads=threads) if isinstance(model, str | Path) else model
    sides = reader.sides
    asking = (
        named_side(sides, query_side, where="--query-side")
        if query_side is not None
        else asking_side(sides) or sides.first
    )
    wanted = positive_label(labels_of(reader.answers), label)
    found = load_texts(source, column=column, format=input_format, **options)
    added = _added_columns(found) if output is not None else {}
    pairs = [placed(sides, asking, query, text) for text in found.texts]
    probabilities, truncated = read_label(reader, pairs, wanted, progress=progress)
    order = np.argsort(-probabilities, kind="stable")[:top]
    ranking = Ranking(
        query=query,
        query_side=asking,
        text_side=other_side(sides, asking),
        label=wanted,
        texts=tuple(
            RankedText(
                rank,
                rounded(float(probabilities[index])),
                found.texts[index],
                found.places[index],
                bool(truncated[index]),
                found.rows[index],
            )
            for rank, index in enumerate(order.tolist(), start=1)
        ),
        source=found.name,
        column=found.column,
        columns=found.columns,
        n_texts=len(found),
        n_empty=found.n_empty,
        n_truncated=int(truncated.sum()),
        notes=found.notes,
        seconds=time.perf_counter() - begin,
    )
    if output is not None:
        _write(ranking, output, added, overwrite=overwrite)
    return ranking


def _added_columns(found: TextList) -> dict[str, str]:
    """What the answers are called beside the columns of the texts.

    Raises:
        UsageError: If those have the names already.
    """
    taken = set(found.columns)
    names = {
        name: f"predicted_{name}" if name in taken else name for name in ("rank", "probability", "truncated")
    }
    if clash := taken.intersection(names.values()):
        raise UsageError(
            f"The table has a column {min(clash)!r}, as the answers would be called.",
            where=found.name,
            hint="rename that column, or leave --output out",
        )
    return names


def _write(ranking: Ranking, output: str | Path, names: Mapping[str, str], *, overwrite: bool) -> None:
    rows = [
        {
            names["rank"]: text.rank,
            names["probability"]: text.probability,
            names["truncated"]: text.truncated,
            **text.row,
        }
        for text in ranking.texts
    ]
    write_rows(output, [*names.values(), *ranking.columns], rows, overwrite=overwrite)
