"""The quickstart's hand-written pairs: balanced, split by text, apart from the frozen ones, not told by one side."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, defaultdict
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

import samesay
from samesay.evaluation.audit.shortcut import cross_validated_shortcut

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LABELS = ("entailment", "neutral", "contradiction")


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with (EXAMPLES / "tool_library.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def words(text: str) -> list[str]:
    return re.findall(r"[\w'-]+", text.lower())


def test_two_thirds_are_for_training_with_as_many_of_each_label(rows):
    counts = Counter((row["split"], row["label"]) for row in rows)
    assert counts == {(split, label): n for split, n in (("train", 67), ("test", 33)) for label in LABELS}


def test_no_text_stands_twice_but_the_premise_of_a_group(rows):
    splits, labels = defaultdict(set), defaultdict(list)
    for row in rows:
        for side in ("premise", "hypothesis"):
            splits[row[side].lower()].add(row["split"])
        labels[row["premise"]].append(row["label"])
    assert all(len(found) == 1 for found in splits.values())
    assert len(splits) == 400
    assert all(sorted(found) == sorted(LABELS) for found in labels.values())


def test_what_is_tested_is_also_taught(rows):
    about = {
        split: Counter(row["about"] for row in rows if row["split"] == split) for split in ("train", "test")
    }
    assert about["train"].keys() == about["test"].keys()
    assert min(about["train"].values()) >= 15
    assert min(about["test"].values()) >= 6


def test_no_text_is_a_frozen_one(rows):
    frozen = (files("samesay") / "data" / "sources" / "handwritten.jsonl").read_text(encoding="utf-8")
    texts = {json.loads(line)[side].lower() for line in frozen.splitlines() for side in ("first", "second")}
    assert not texts & {row[side].lower() for row in rows for side in ("premise", "hypothesis")}


def test_the_file_is_read_as_splits_and_a_hypothesis_alone_says_little(rows, tmp_path):
    source = str(EXAMPLES / "tool_library.csv")
    assert [len(samesay.load_pairs(source, split=split)) for split in ("train", "test")] == [201, 99]
    whole = tmp_path / "whole.csv"
    lines = (EXAMPLES / "tool_library.csv").read_text(encoding="utf-8").replace(",split,", ",part,", 1)
    whole.write_text(lines, encoding="utf-8")
    shortcut, _ = cross_validated_shortcut(samesay.load_pairs(str(whole)), "hypothesis")
    assert shortcut.accuracy < 0.42
    assert not shortcut.serious


def test_shared_words_and_lengths_alone_say_little(rows):
    from sklearn.model_selection import GroupKFold, cross_val_score
    from sklearn.tree import DecisionTreeClassifier

    features = []
    for row in rows:
        first, second = set(words(row["premise"])), set(words(row["hypothesis"]))
        features.append([len(first & second), len(first & second) / len(second), len(first), len(second)])
    labels, groups = [row["label"] for row in rows], [row["premise"] for row in rows]
    tree = DecisionTreeClassifier(max_depth=3, random_state=0)
    assert cross_val_score(tree, np.array(features), labels, groups=groups, cv=GroupKFold(10)).mean() < 0.46


def test_labels_have_hypotheses_of_one_length(rows):
    means = [
        np.mean([len(words(row["hypothesis"])) for row in rows if row["label"] == label]) for label in LABELS
    ]
    assert max(means) - min(means) < 0.75
