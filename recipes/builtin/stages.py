"""The tables of the later stages, drawn from what ``mix.py`` made: capped by corpus, with pairs that repair mixed in.

The first stage reads everything once and ends good at captions and weak where the suite of ``samesay check`` looks. The
next ones read few pairs of many kinds: generated ones of new seeds, counterfactual ones, and texts beside themselves,
which no corpus holds and which the first stage calls neutral three times in ten.
"""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from mix import Measured

from samesay.synthetic.repair import generator as repair

Row = dict[str, str]

BROAD = {
    "snli": 7000,
    "snli_more": 1500,
    "mnli": 6000,
    "mnli_more": 6000,
    "wanli_part": 5000,
    "semiauto_wiki": 1000,
    "conjnli": 1000,
    "syntactic_aug": 1000,
    "help_part": 800,
    "cad_nli": 7000,
    "folio": 1003,
    "fever_2way": 1500,
    "captions": 500,
}
NARROW = {"snli": 3000, "mnli": 2500, "mnli_more": 2500, "wanli_part": 2000, "cad_nli": 3000, "folio": 500}
FAST = {
    "snli": 40000,
    "snli_more": 8000,
    "mnli": 15000,
    "mnli_more": 15000,
    "wanli_part": 10000,
    "semiauto_wiki": 6000,
    "conjnli": 6000,
    "syntactic_aug": 4000,
    "help_part": 2500,
    "cad_nli": 7000,
    "folio": 1003,
    "fever_2way": 4000,
    "repair": 10000,
    "captions": 2000,
}
IDENTICAL = 4400
SAME_IDENTICAL = 400


def make_stages(corpora: Path, data: Path) -> None:
    """Write what is not there yet: ``stage-2``, ``stage-3``, ``fast`` and ``same-train``, each as Parquet."""
    rows = pq.read_table(data / "labelled.parquet").to_pylist()
    if not (data / "stage-2.parquet").is_file():
        _write(
            [*_capped(rows, BROAD, seed=8), *_repairing(corpora, 20_000, seed=20)],
            data / "stage-2.parquet",
            seed=8,
        )
    if not (data / "stage-3.parquet").is_file():
        made = _repairing(corpora, 22_000, seed=21)
        identical = _identical([*made, *_capped(rows, NARROW, seed=10)], corpora)
        _write([*_capped(rows, NARROW, seed=9), *made, *identical], data / "stage-3.parquet", seed=9)
    if not (data / "fast.parquet").is_file():
        _write(_capped(rows, FAST, seed=7), data / "fast.parquet", seed=7)
    if not (data / "same-train.parquet").is_file():
        _write_same(data)


def _capped(rows: list[Row], caps: dict[str, int], *, seed: int) -> list[Row]:
    """At most so many rows of each source."""
    of_source: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        of_source[row["source"]].append(row)
    draw = random.Random(seed)
    return [
        row
        for name, cap in caps.items()
        for row in draw.sample(of_source[name], min(cap, len(of_source[name])))
    ]


def _repairing(corpora: Path, n_pairs: int, *, seed: int) -> list[Row]:
    measured = Measured(corpora)
    pairs = (pair for pair, _ in repair.iter_pairs(seed=seed) if not measured.holds(pair.first, pair.second))
    return [
        {"premise": pair.first, "hypothesis": pair.second, "label": str(pair.label), "source": "repair"}
        for pair in islice(pairs, n_pairs)
    ]


def _identical(rows: list[Row], corpora: Path) -> list[Row]:
    """Texts beside themselves."""
    measured = Measured(corpora)
    texts = sorted(
        {
            text
            for row in rows
            for text in (row["premise"], row["hypothesis"])
            if not measured.holds(text, text)
        }
    )
    drawn = random.Random(9).sample(texts, min(IDENTICAL, len(texts)))
    return [
        {"premise": text, "hypothesis": text, "label": "entailment", "source": "identical"} for text in drawn
    ]


def _write(rows: list[Row], place: Path, *, seed: int) -> None:
    random.Random(seed).shuffle(rows)
    pq.write_table(pa.Table.from_pylist(rows), place)


def _write_same(data: Path) -> None:
    draw = random.Random(4)
    rows = [
        (row["sentence1"], row["sentence2"], float(row["similarity"]))
        for row in pq.read_table(data / "same.parquet").to_pylist()
    ]
    rows += [(text, text, 1.0) for text, *_ in draw.sample(rows, SAME_IDENTICAL)]
    draw.shuffle(rows)
    names = ("first", "second", "similarity")
    pq.write_table(
        pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)}),
        data / "same-train.parquet",
    )
