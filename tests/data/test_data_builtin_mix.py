"""What the built-in models learn from: the same every time, each pair once, nothing that models are measured on."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "recipes" / "builtin" / "mix.py"


@pytest.fixture
def mix(monkeypatch):
    spec = importlib.util.spec_from_file_location("builtin_mix", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "GENERATED", {"repair": 30, "captions": 30})
    monkeypatch.setattr(module, "QUESTIONS", 20)
    return module


@pytest.fixture
def data(mix, tmp_path):
    """Of every corpus a few pairs: some that are measured on, one that is repeated, one with two labels."""
    draw = np.random.default_rng(0)
    nouns = [
        f"{one}{two}"
        for one in ("rab", "mel", "tor", "kin", "sul", "pav")
        for two in ("bit", "ona", "tle", "ex")
    ]

    def text(number):
        one, other = draw.choice(nouns, 2)
        return f"The {nouns[number % 24]} met a {one} near the {other}. It was number {number}."

    def save(name, split, rows, names=("premise", "hypothesis", "label")):
        (tmp_path / "data" / name).mkdir(parents=True, exist_ok=True)
        columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        pq.write_table(pa.table(columns), tmp_path / "data" / name / f"{split}.parquet")

    for at, name in enumerate((*mix.CORPORA, "fever_binary")):
        rows = [(text(100 * at + n), text(5000 + 100 * at + n), n % 3) for n in range(20)]
        if name == "snli":
            rows += [
                ("Measured upon.", "A claim.", 0),
                ("A claim.", "Another claim.", 0),
                ("ANOTHER  claim!", "Measured upon", 1),
            ]
            rows += [
                ("Said twice .", "So it is .", 0),
                ("Said twice.", "So it is.", 0),
                ("Two labels.", "Yes.", 0),
            ]
            rows += [("Two labels.", "Yes.", 2), ("Without label.", "No gold.", -1)]
        save(name, "train", rows)
    save("mnli", "validation", [("Measured upon.", "Another claim", 0)])
    for name, told in (("stsb", 2.5), ("rqe_medical", 1)):
        rows = [(text(9000 + n), text(9500 + n), told) for n in range(10)]
        save(name, "train", rows, ("sentence1", "sentence2", "score" if name == "stsb" else "label"))
    return tmp_path / "data"


def made_by(mix, data, output, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["mix.py", str(data), str(output)])
    assert mix.main() == 0
    return {
        name: pq.read_table(output / f"{name}.parquet").to_pylist()
        for name in ("labelled", "unlabelled", "same")
    }


def test_each_pair_once_and_none_that_is_measured_on(mix, data, tmp_path, monkeypatch, capsys):
    made = made_by(mix, data, tmp_path / "one", monkeypatch)
    pairs = [(mix.plain(row["premise"]), mix.plain(row["hypothesis"])) for row in made["labelled"]]
    assert len(set(pairs)) == len(pairs) == 20 * len(mix.CORPORA) + 60 + 2
    assert ("said twice", "so it is") in pairs
    texts = {text for pair in pairs for text in pair}
    assert not texts & {"measured upon", "two labels", "without label"}
    unlabelled = [(mix.plain(row["premise"]), mix.plain(row["hypothesis"])) for row in made["unlabelled"]]
    assert not set(unlabelled) & set(pairs)
    assert len(set(unlabelled)) == len(unlabelled)
    assert {row["made"] for row in made["unlabelled"]} >= {
        "swapped",
        "other hypothesis",
        "near hypothesis",
        "neighbours",
    }
    assert not {"measured upon", "another claim"} & {premise for premise, _ in unlabelled}
    assert {row["similarity"] for row in made["same"]} == {0.0, 0.5, 1.0}
    counts = json.loads((tmp_path / "one" / "mix.json").read_text(encoding="utf-8"))
    assert counts["left out of labelled"] == {"measured on": 2, "repeated": 1, "carries two labels": 2}
    assert "labelled.parquet: 302 pairs" in capsys.readouterr().out


def test_the_same_data_give_the_same_files(mix, data, tmp_path, monkeypatch):
    one, other = (made_by(mix, data, tmp_path / name, monkeypatch) for name in ("one", "other"))
    assert one == other
