"""A symmetric model: both orders of a pair are read, and every way to score gives the mean of their logits."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from samesay.bundle import open_bundle
from samesay.decision import Decision
from samesay.errors import BundleDamaged
from samesay.jobs.score import score_file
from samesay.pairs import Pair
from samesay.scoring import Scorer
from samesay.scoring.files.workers import read_both_orders
from tiny_models import save_tiny

PAIRS = [
    Pair("a dog runs outside.", "an animal is outside."),
    Pair("the woman sings", ""),
    Pair("a man plays " * 30, "the man sleeps inside " * 20),
]
OTHER = [Pair(pair.second, pair.first) for pair in PAIRS]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save_tiny(tmp_path / "model", decision=Decision(temperature=2.0, symmetric=True))


def test_either_order_gets_the_mean_of_both(model: Path, tmp_path: Path) -> None:
    scorer, one_way = Scorer.open(model), Scorer.open(save_tiny(tmp_path / "one-way"))
    expected = (one_way.logits(PAIRS) + one_way.logits(OTHER)) / 2
    assert np.abs(one_way.logits(PAIRS) - one_way.logits(OTHER)).max() > 0.1
    for pairs in (PAIRS, OTHER):
        np.testing.assert_allclose(scorer.logits(pairs), expected, atol=1e-5)
    np.testing.assert_array_equal(scorer.predict(PAIRS[:1]), scorer.predict(OTHER[:1]))
    for read in (scorer.begin(PAIRS).result(), read_both_orders(scorer, PAIRS)):
        np.testing.assert_allclose(read.values, scorer.predict(PAIRS), atol=1e-6)
    assert [one.label for one in scorer.stream(iter(PAIRS))] == [one.label for one in scorer.score(OTHER)]
    there, back = scorer.read(PAIRS).tokens_lost, scorer.read(OTHER).tokens_lost
    np.testing.assert_array_equal(there, back[:, ::-1])
    assert there[2].min() > 0
    heard = []
    scorer.read(PAIRS, progress=heard.append)
    assert {each.total for each in heard} == {3}
    assert heard[-1].done == 3


@pytest.mark.parametrize("symmetric", [False, True])
def test_a_scored_file_has_it_too_and_reads_no_pair_four_times(
    model: Path, tmp_path: Path, symmetric: bool
) -> None:
    rows = tmp_path / "pairs.csv"
    with rows.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("premise", "hypothesis"), *((one.first, one.second) for one in PAIRS)])
    score_file(model, rows, tmp_path / "scored.jsonl", symmetric=symmetric)
    lines = (tmp_path / "scored.jsonl").read_text(encoding="utf-8").splitlines()
    found = [
        [json.loads(line)[f"probability_{name}"] for name in ("entailment", "neutral")] for line in lines
    ]
    np.testing.assert_allclose(found, Scorer.open(model).predict(OTHER)[:, :2], atol=1e-4)


def test_the_manifest_and_the_card_say_so_and_nothing_else_is_taken_for_it(model: Path) -> None:
    document = json.loads((model / "samesay.json").read_text(encoding="utf-8"))
    assert document["decision"]["symmetric"] is True
    assert "both orders" in (model / "README.md").read_text(encoding="utf-8")
    manifest = open_bundle(model).manifest
    assert manifest.decision == Decision(temperature=2.0, symmetric=True)
    content = json.loads(manifest.to_json())
    content["decision"]["symmetric"] = "yes"
    del content["checksum"]
    from samesay.bundle.canonical import canonical_sha256, render

    content["checksum"] = "sha256:" + canonical_sha256(content)
    (model / "samesay.json").write_bytes(render(content))
    with pytest.raises(BundleDamaged, match="neither true nor false"):
        open_bundle(model)
