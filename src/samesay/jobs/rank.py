"""Rank texts by what a model says of each of them beside one query. No Keras."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from samesay.data.formats.writers import require_file, require_known_columns, rounded, write_rows
from samesay.data.texts import TextList, load_texts
from samesay.errors import EmptySide, UsageError, require_at_least
from samesay.pairs import ProgressListener, is_empty
from samesay.scoring import Scorer
from samesay.scoring.language import language_notes
from samesay.scoring.matching import Agreement, PairReader, asking_side


@dataclass(frozen=True)
class RankedText:
    """One text and its place.

    Attributes:
        rank: From 1, the highest score.
        score: The probability of the ranking's label; of a similarity model its score.
        text: The text.
        place: Where it stands, ``file:line``.
        truncated: Whether part of it, or of the query, was not read.
        row: The record that it is part of.
    """

    rank: int
    score: float
    text: str
    place: str
    truncated: bool
    row: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The text as JSON types, without its record."""
        return {name: value for name, value in vars(self).items() if name != "row"}


@dataclass(frozen=True)
class Ranking:
    """Texts by what a model says of them beside a query.

    Attributes:
        query: What they were paired with.
        query_side: As which side of the model it was read.
        text_side: As which side they were read.
        label: Whose probability decides; ``None`` for a similarity model.
        texts: The texts, the highest score first; of equal ones, the earlier first.
        source: Where they are from.
        column: The column that held them.
        n_texts: How many were ranked, also where ``texts`` has only the first of them.
        n_empty: How many were left out because they are empty.
        n_truncated: How many were not read whole.
        seconds: Wall time.
        notes: What was decided in reading the texts that a user may want to know.
    """

    query: str
    query_side: str
    text_side: str
    label: str | None
    texts: tuple[RankedText, ...]
    source: str
    column: str
    n_texts: int
    n_empty: int
    n_truncated: int
    seconds: float
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The ranking as JSON types."""
        return vars(self) | {"texts": [text.to_dict() for text in self.texts], "notes": list(self.notes)}


def rank_texts(
    model: str | Path | PairReader,
    query: str,
    source: str | Path | Sequence[str],
    *,
    label: str | None = None,
    query_side: str | None = None,
    top: int | None = None,
    output: str | Path | None = None,
    overwrite: bool = False,
    threads: int | None = None,
    progress: ProgressListener | None = None,
    **reading: Any,
) -> Ranking:
    """Rank the texts of ``source`` by the probability of one label beside ``query``, or by similarity to it.

    Args:
        model: A saved model's folder, or an open one.
        query: The text that each of them is paired with.
        source: A file, ``"-"``, or the texts themselves; see ``samesay.data.texts.load_texts``.
        label: The label; ``entailment``, ``same`` or the model's other word for yes where absent.
        query_side: As which side of the model the query is read, by name, or ``first`` or ``second``. Where absent, the
            side that claims or asks (hypothesis, claim, query, question); where the names do not show it, the first.
        top: Keep the first of them only.
        output: A file for the ranked texts: ``rank`` and ``score``, then all columns of their source.
        overwrite: Replace it.
        threads: For ONNX Runtime.
        progress: Hears the stage ``"score"``.
        **reading: How the source is read: ``column``, ``format`` and the others of ``load_texts``.

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
    if top is not None:
        require_at_least(1, top=top)
    if output is not None:
        require_file(output, overwrite=overwrite)
    reader = Scorer.open(model, threads=threads) if isinstance(model, str | Path) else model
    sides = reader.sides
    asking = (
        sides.named(query_side, where="--query-side")
        if query_side is not None
        else asking_side(sides) or sides.first
    )
    agreement = Agreement(reader, label)
    found = load_texts(source, **reading)
    added = () if output is None else _added_columns(found)
    if output is not None:
        require_known_columns(output, found.columns, zip(found.rows, found.places, strict=True))
    scores, truncated = agreement.read(
        [sides.pair(asking, query, text) for text in found.texts], progress=progress
    )
    order = np.argsort(-scores, kind="stable")[:top].tolist()
    texts = tuple(
        RankedText(
            rank,
            rounded(float(scores[index])),
            found.texts[index],
            found.places[index],
            bool(truncated[index]),
            found.rows[index],
        )
        for rank, index in enumerate(order, start=1)
    )
    if output is not None:
        rows = [
            {**dict(zip(added, (text.rank, text.score, text.truncated), strict=True)), **text.row}
            for text in texts
        ]
        write_rows(output, [*added, *found.columns], rows, overwrite=overwrite)
    return Ranking(
        query=query,
        query_side=asking,
        text_side=sides.other(asking),
        label=agreement.label,
        texts=texts,
        source=found.name,
        column=found.column,
        n_texts=len(found),
        n_empty=found.n_empty,
        n_truncated=int(truncated.sum()),
        notes=(*found.notes, *language_notes(model, found.texts)),
        seconds=time.perf_counter() - begin,
    )


def _added_columns(found: TextList) -> tuple[str, ...]:
    """What rank, score and truncation are called beside the columns of the texts."""
    names = tuple(
        f"predicted_{name}" if name in found.columns else name for name in ("rank", "score", "truncated")
    )
    if clash := set(found.columns).intersection(names):
        raise UsageError(
            f"The table has a column {min(clash)!r}, as the results would be called.",
            where=found.name,
            hint="rename that column, or leave --output out",
        )
    return names
