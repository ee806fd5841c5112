"""Make what the built-in models learn from: labelled pairs of many corpora, generated ones, and pairs for the teacher.

    python recipes/builtin/mix.py DATA OUTPUT

DATA is a folder with a folder for each corpus (``train.parquet``, ``validation.parquet``). OUTPUT is outside of the
checkout. The same data give the same three files:

- ``labelled.parquet``: premise, hypothesis, label, source. Each pair once; pairs that carry two labels are left out.
- ``unlabelled.parquet``: premise, hypothesis, source, made. Premises beside other hypotheses, sides swapped, hypotheses
  of one premise beside each other, neighbouring sentences of one text: for the teacher to judge.
- ``same.parquet``: sentence1, sentence2, similarity (0 to 1), source.

No premise and no pair in them occurs in what models are measured on: the validation splits, the sets that must not
teach a model that is passed on, the hand-written pairs, the examples' test pairs. ``mix.json`` keeps the counts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.append(str(Path(__file__).resolve().parents[1] / "teacher"))
from teacher import CORPORA, LABELS

import samesay
from samesay.synthetic.captions import generator as captions
from samesay.synthetic.repair import generator as repair
from samesay.synthetic.repair import questions

SAME_CORPORA = ("stsb", "rqe_medical")
PASSAGES = ("fever_binary", "fever_2way", "semiauto_wiki", "mnli", "mnli_more", "wanli_part")
"""Texts of several sentences; of ``fever_binary``, whose labels are merged, nothing else is used."""

GENERATED = {"repair": 12_000, "captions": 6_000}
QUESTIONS = 6_000
MEASURED = {
    "snli": ("validation",),
    "mnli": ("validation",),
    "cad_nli": ("validation",),
    "stsb": ("validation",),
    "sick": ("train", "validation"),
    "wice_chunks": ("validation",),
}
UNLABELLED = {
    "other hypothesis": 80_000,
    "near hypothesis": 80_000,
    "swapped": 80_000,
    "siblings": 40_000,
    "neighbours": 40_000,
}
SEED = 19
_TEXTS = ("premise", "hypothesis")
_EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "tool_library.csv"
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'])")
_WORD = re.compile(r"\w+")
Row = tuple[str, str, str, str]


def plain(text: str) -> str:
    """A text by its words alone: the corpora differ in blanks, capitals and tokenisation."""
    return " ".join(_WORD.findall(text.casefold()))


class Measured:
    """The texts and pairs that nothing may be learned from."""

    def __init__(self, data: Path) -> None:
        self.texts: set[str] = set()
        self.pairs: set[frozenset[str]] = set()
        for name, splits in MEASURED.items():
            for split in splits:
                if (data / name / f"{split}.parquet").is_file():
                    self._add(read(data, name, split))
        for source in ("handwritten", f"{_EXAMPLE}:test"):
            self._add((pair.first, pair.second) for pair in samesay.load_pairs(source).pairs())

    def _add(self, pairs: Iterable[tuple[Any, ...]]) -> None:
        for first, second, *_ in pairs:
            self.texts |= {plain(first), plain(second)}
            self.pairs.add(frozenset((plain(first), plain(second))))

    def holds(self, premise: str, hypothesis: str) -> bool:
        """Whether the premise or the pair, in either order, is measured on."""
        first, second = plain(premise), plain(hypothesis)
        return first in self.texts or frozenset((first, second)) in self.pairs


def read(data: Path, name: str, split: str = "train") -> Iterator[tuple[Any, ...]]:
    """The two texts of every pair and what is said of it: its label, its score, or None."""
    table = pq.read_table(data / name / f"{split}.parquet")
    sides = _TEXTS if _TEXTS[0] in table.column_names else ("sentence1", "sentence2")
    told = next(column for column in ("label", "score") if column in table.column_names)
    for first, second, answer in zip(*(table[column].to_pylist() for column in (*sides, told)), strict=True):
        if first and second and first.strip() and second.strip():
            yield first, second, answer


def labelled(data: Path, measured: Measured, dropped: Counter[str]) -> list[Row]:
    """All labelled pairs, once each, in the order of their sources."""
    rows: list[Row] = [
        (first, second, LABELS[label], name)
        for name in CORPORA
        for first, second, label in read(data, name)
        if label is not None and label >= 0
    ]
    made = {"repair": repair.iter_pairs(seed=SEED), "captions": captions.iter_pairs(seed=SEED)}
    for name, pairs in made.items():
        rows += [
            (pair.first, pair.second, pair.label or "", name) for pair, _ in islice(pairs, GENERATED[name])
        ]
    labels_of: dict[tuple[str, str], set[str]] = defaultdict(set)
    for first, second, label, _ in rows:
        labels_of[plain(first), plain(second)].add(label)
    kept: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = plain(row[0]), plain(row[1])
        if measured.holds(*row[:2]):
            dropped["measured on"] += 1
        elif len(labels_of[key]) > 1:
            dropped["carries two labels"] += 1
        elif key in kept:
            dropped["repeated"] += 1
        else:
            kept[key] = row
    return list(kept.values())


def unlabelled(data: Path, rows: list[Row], measured: Measured, draw: np.random.Generator) -> list[Row]:
    """Pairs for the teacher, as many of each kind as are asked for or can be made."""
    known = {(plain(first), plain(second)) for first, second, _, _ in rows}
    corpora = [row for row in rows if row[3] not in GENERATED]
    makers = {
        "other hypothesis": _others(corpora, draw),
        "near hypothesis": _near(corpora, draw),
        "swapped": ((second, first, source) for first, second, _, source in _shuffled(corpora, draw)),
        "siblings": _siblings(corpora, draw),
        "neighbours": _neighbours(data, draw),
    }
    made: list[Row] = []
    for kind, pairs in makers.items():
        n_pairs = 0
        for first, second, source in pairs:
            key = plain(first), plain(second)
            if key[0] == key[1] or key in known or measured.holds(first, second):
                continue
            known.add(key)
            made.append((first, second, source, kind))
            n_pairs += 1
            if n_pairs == UNLABELLED[kind]:
                break
    return made


def _shuffled(rows: list[Any], draw: np.random.Generator) -> Iterator[Any]:
    return (rows[place] for place in draw.permutation(len(rows)))


def _others(rows: list[Row], draw: np.random.Generator) -> Iterator[tuple[str, str, str]]:
    """A premise beside any hypothesis of its corpus."""
    of_source: dict[str, list[str]] = defaultdict(list)
    for _, hypothesis, _, source in rows:
        of_source[source].append(hypothesis)
    for premise, _, _, source in _shuffled(rows, draw):
        there = of_source[source]
        yield premise, there[int(draw.integers(len(there)))], source


def _near(rows: list[Row], draw: np.random.Generator) -> Iterator[tuple[str, str, str]]:
    """A premise beside a hypothesis with a rare word of it: of a few such, the one of which it holds most words."""
    having: dict[str, list[int]] = defaultdict(list)
    for place, (_, hypothesis, _, _) in enumerate(rows):
        for word in set(_WORD.findall(hypothesis.casefold())):
            having[word].append(place)
    for premise, hypothesis, _, source in _shuffled(rows, draw):
        words = {word for word in _WORD.findall(premise.casefold()) if len(having[word]) > 1}
        # Any of the three rarest: the rarest is often a name that leads back to the same text.
        rare = sorted(words, key=lambda word: (len(having[word]), word))[:3]
        if rare:
            places = having[rare[int(draw.integers(len(rare)))]]
            others = [rows[places[at]][1] for at in draw.integers(len(places), size=8).tolist()]
            others = [other for other in others if other != hypothesis]
            if others:
                yield premise, max(others, key=lambda other: _shared(words, other)), source


def _shared(words: set[str], text: str) -> float:
    """How much of a text is among some words; one word that is shared by a text of two is less than five of ten."""
    others = set(_WORD.findall(text.casefold()))
    return len(words & others) / (len(others) + 3)


def _siblings(rows: list[Row], draw: np.random.Generator) -> Iterator[tuple[str, str, str]]:
    """Two hypotheses of one premise."""
    of_premise: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for premise, hypothesis, _, source in rows:
        of_premise[premise].append((hypothesis, source))
    groups = [group for group in of_premise.values() if len(group) > 1]
    for group in _shuffled(groups, draw):
        one, other = draw.choice(len(group), 2, replace=False)
        yield group[one][0], group[other][0], group[one][1]


def _neighbours(data: Path, draw: np.random.Generator) -> Iterator[tuple[str, str, str]]:
    """A sentence beside the next one of its text, and a text with and without a sentence beside that sentence."""
    texts = [
        (first, name) for name in PASSAGES for first in dict.fromkeys(row[0] for row in read(data, name))
    ]
    for text, name in _shuffled(texts, draw):
        sentences = [sentence for sentence in _SENTENCE_END.split(text) if len(sentence.split()) > 3]
        for place in range(len(sentences) - 1):
            yield sentences[place], sentences[place + 1], name
        if len(sentences) > 2:
            out = int(draw.integers(len(sentences)))
            yield " ".join(sentences[:out] + sentences[out + 1 :]), sentences[out], name
            yield text, sentences[out], name


def same(data: Path, measured: Measured) -> list[tuple[str, str, float, str]]:
    """Pairs with how alike they are, from 0 to 1."""
    rows = [
        (first, second, float(told) / 5 if name == "stsb" else float(told), name)
        for name in SAME_CORPORA
        for first, second, told in read(data, name)
    ]
    rows += [
        (pair.first, pair.second, float(pair.label == questions.SAME), "questions")
        for pair, _ in islice(questions.iter_pairs(seed=SEED), QUESTIONS)
    ]
    once = {frozenset((plain(row[0]), plain(row[1]))): row for row in rows if not measured.holds(*row[:2])}
    return list(once.values())


def write(rows: list[Any], names: tuple[str, ...], place: Path, draw: np.random.Generator) -> dict[str, Any]:
    """Write rows in random order, print and give their counts by source and what is said of them."""
    columns = zip(*_shuffled(rows, draw), strict=True)
    unfinished = place.with_suffix(".unfinished")
    pq.write_table(pa.table(dict(zip(names, map(list, columns), strict=True))), unfinished)
    unfinished.rename(place)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for _, _, one, other in rows:
        answer, source = (other, one) if names[2] == "source" else (one, other)
        counts[source][f"{answer:.0f}" if isinstance(answer, float) else answer] += 1
    print(f"{place.name}: {len(rows):,} pairs")
    for source, of in counts.items():
        print(
            f"  {source:14} {sum(of.values()):8,}  {', '.join(f'{name} {n:,}' for name, n in sorted(of.items()))}"
        )
    digest = hashlib.sha256(place.read_bytes()).hexdigest()
    return {"pairs": len(rows), "sha256": digest, "counts": {name: dict(of) for name, of in counts.items()}}


def main() -> int:
    """Make the files."""
    parser = argparse.ArgumentParser(description="Make what the built-in models learn from.")
    parser.add_argument("data", type=Path, metavar="DATA", help="the folder of the corpora")
    parser.add_argument(
        "output", type=Path, metavar="OUTPUT", help="where the files go, outside of the checkout"
    )
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(SEED)
    dropped: Counter[str] = Counter()
    measured = Measured(given.data)
    rows = labelled(given.data, measured, dropped)
    made = {
        "labelled": write(rows, (*_TEXTS, "label", "source"), given.output / "labelled.parquet", draw),
        "unlabelled": write(
            unlabelled(given.data, rows, measured, draw),
            (*_TEXTS, "source", "made"),
            given.output / "unlabelled.parquet",
            draw,
        ),
        "same": write(
            same(given.data, measured),
            ("sentence1", "sentence2", "similarity", "source"),
            given.output / "same.parquet",
            draw,
        ),
        "left out of labelled": dict(dropped),
    }
    print("left out:", ", ".join(f"{why} {n:,}" for why, n in dropped.items()))
    (given.output / "mix.json").write_text(json.dumps(made, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
