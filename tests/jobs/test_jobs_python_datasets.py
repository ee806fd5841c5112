"""A model learns from the datasets of other libraries, and chooses the split that each job is for."""

from __future__ import annotations

from pathlib import Path

import grain

import samesay

ANIMALS = ("dog", "cat", "man", "woman")
ROWS = [
    (
        (f"the {ANIMALS[n % 4]} runs", f"a {ANIMALS[n // 4 % 4]} runs"),
        "same" if n % 4 == n // 4 % 4 else "different",
    )
    for n in range(32)
]


def test_datasets_by_split_are_trained_on_chosen_by_and_measured_on(tiny_preset: Path) -> None:
    model = samesay.PairModel.from_preset(tiny_preset, ["different", "same"])
    rows = grain.MapDataset.source(ROWS)
    splits = {"train": rows[:16].batch(4), "validation": rows[16:24], "test": rows[24:]}
    run = model.fit(splits, epochs=1, batch_size=8)
    assert model.record is not None
    assert model.record.data.validation is not None
    assert model.record.data.pairs.first == [texts[0] for texts, _ in ROWS[:16]]
    assert model.record.data.validation.second == [texts[1] for texts, _ in ROWS[16:24]]
    assert "validation_accuracy" in run.history[-1]
    assert model.evaluate(splits).n_pairs == 8
    assert model.predict({"unseen": rows[:3]}).shape == (3, 2)
