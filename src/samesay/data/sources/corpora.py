"""Published corpora of sentence pairs by name: where each lies, under which licence, what its columns and labels mean.

They stand in corpora.json. Sizes are those that the corpora's authors publish; nothing there was counted by us.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Corpus:
    """A published corpus.

    Attributes:
        name: What a user writes for it.
        about: What its pairs are.
        repository: Its dataset on the Hugging Face hub.
        config: Which configuration of that dataset.
        licence: As its authors state it.
        columns: Role (``first``, ``second``, ``label``) to column.
        sizes: Split to its published number of rows.
        labels: The names of the classes, in the order of their numbers; empty for scores.
        scale: The lowest and the highest score, for similarity scores.
        unlabelled: Splits whose labels their authors keep.
        citation: Authors, title and year.
    """

    name: str
    about: str
    repository: str
    config: str
    licence: str
    columns: Mapping[str, str]
    sizes: Mapping[str, int]
    labels: tuple[str, ...]
    citation: str
    scale: tuple[float, float] | None = None
    unlabelled: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON types."""
        return asdict(self)


def _corpora() -> Iterator[Corpus]:
    for entry in json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8")):
        for name in ("labels", "scale", "unlabelled"):
            if name in entry:
                entry[name] = tuple(entry[name])
        yield Corpus(**entry)


CORPORA: Mapping[str, Corpus] = {corpus.name: corpus for corpus in _corpora()}
