"""Datasets of other libraries become the table that lists do: grain; tf.data and Hugging Face where installed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grain
import numpy as np
import pytest

from samesay.data import PairTable
from samesay.errors import EncodingInvalid, LabelUnknown, SplitNotFound, UsageError
from samesay.pairs import LabelSet, Pair, Sides

NAMES = ("entailment", "neutral", "contradiction")
SIDES = Sides("hypothesis", "premise")
ROWS = [{"premise": f"p{n}", "hypothesis": f"h{n}", "label": n % 4 - 1} for n in range(7)]
FIRST = [f"h{n}" for n in range(7) if n % 4]
GOLD = ["entailment", "neutral", "contradiction", "entailment", "neutral"]
READ = PairTable.from_inputs


def texts_and_label(row: dict[str, Any]) -> Any:
    return (row["hypothesis"], row["premise"]), row["label"]


def columns_and_label(row: dict[str, Any]) -> Any:
    return {"hypothesis": row["hypothesis"], "premise": row["premise"]}, row["label"]


def in_every_form(rows: Any) -> Iterator[Any]:
    """The rows of a ``MapDataset`` or a ``tf.data.Dataset`` in the forms that training loops take."""
    for form in (lambda row: row, texts_and_label, columns_and_label):
        yield rows.map(form)
        yield rows.map(form).batch(3)


def require_the_rows(dataset: Any) -> None:
    table = READ(dataset, labels=NAMES, sides=SIDES)
    assert table.first == FIRST
    assert table.second == [text.replace("h", "p") for text in FIRST]
    assert table.label_names() == GOLD
    assert table.sides == SIDES
    assert sum(table.origin.rows_dropped.values()) == 2
    assert READ(dataset, sides=SIDES, need_labels=False).first == [row["hypothesis"] for row in ROWS]


def test_grain_in_every_form() -> None:
    rows = grain.MapDataset.source(ROWS)
    for dataset in in_every_form(rows):
        require_the_rows(dataset)
        require_the_rows(dataset.to_iter_dataset())
    once = grain.samplers.IndexSampler(num_records=7, num_epochs=1)
    for operations in ([], [grain.transforms.Batch(2)]):
        require_the_rows(grain.DataLoader(data_source=ROWS, sampler=once, operations=operations))


def test_tf_data_in_every_form() -> None:
    tf = pytest.importorskip("tensorflow", reason="tf.data needs TensorFlow, which the lock leaves out")
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    rows = tf.data.Dataset.from_tensor_slices(columns)
    for dataset in in_every_form(rows):
        require_the_rows(dataset.prefetch(1))
    with pytest.raises(UsageError, match=r"The tf\.data repeats without an end"):
        READ(rows.repeat())
    by_split = {"train": rows, "test": rows.take(2)}
    assert READ(by_split, labels=NAMES, sides=SIDES, prefer=("test",)).first == ["h1"]


def test_hugging_face_datasets_with_the_names_of_their_labels() -> None:
    datasets = pytest.importorskip("datasets", reason="Hugging Face datasets is not installed")
    text = datasets.Value("string")
    # In another order than the model's: a number is the name that the dataset gives it.
    label = datasets.ClassLabel(names=["neutral", "contradiction", "entailment"])
    number = {"entailment": 2, "neutral": 0, "contradiction": 1}
    rows = [row | {"label": number[NAMES[row["label"]]] if row["label"] >= 0 else -1} for row in ROWS]
    features = datasets.Features({"premise": text, "hypothesis": text, "label": label})
    dataset = datasets.Dataset.from_list(rows, features=features)
    for form in (
        dataset,
        dataset.with_format("numpy"),
        dataset.to_iterable_dataset(),
        dataset.with_transform(lambda batch: batch),
    ):
        require_the_rows(form)
    assert READ(dataset, sides=SIDES).labels == LabelSet(("neutral", "contradiction", "entailment"))
    with pytest.raises(LabelUnknown, match="'entailment' is not one of the 2"):
        READ(dataset, labels=("same", "different"), sides=SIDES)
    by_split = datasets.DatasetDict(train=dataset, test=dataset.select([1]))
    table = READ(by_split, labels=NAMES, prefer=("validation", "test"))
    assert (len(table), table.origin.split) == (1, "test")
    with pytest.raises(SplitNotFound, match="'train', 'test'"):
        READ(by_split)


def test_datasets_by_split() -> None:
    rows = grain.MapDataset.source(ROWS)
    splits = {"train": rows, "validation": rows[:3]}
    assert len(READ(splits, prefer=("test", "validation"))) == 2
    assert READ({"whole": rows}).origin.split == "whole"
    with pytest.raises(SplitNotFound, match="none is called test") as caught:
        READ(splits, prefer=("test",))
    assert caught.value.details["splits"] == ["train", "validation"]
    with pytest.raises(SplitNotFound, match="one is wanted"):
        READ(splits)


def test_pairs_and_texts_without_labels() -> None:
    pairs = [Pair("a", "b", "x"), Pair("c", "d", "y")]
    assert READ(grain.MapDataset.source(pairs)).label_names() == ["x", "y"]
    table = READ(grain.MapDataset.source([("a", "b"), ("c", "d")]).batch(2))
    assert (table.first, table.second, table.labels) == (["a", "c"], ["b", "d"], None)
    table = READ(grain.MapDataset.source([("a", "b"), ("c", "d")]), ["x", "y"])
    assert table.label_names() == ["x", "y"]
    assert len(READ(grain.MapDataset.source([]))) == 0


def test_scores_and_other_columns_are_kept() -> None:
    rows = [{"sentence1": "a", "sentence2": "b", "label": 2.5, "idx": 4, "vector": np.arange(3)}]
    table = READ(grain.MapDataset.source(rows))
    assert table.require_gold().tolist() == [2.5]
    assert table.columns == {"idx": ["4"], "vector": ["[0, 1, 2]"]}


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ([("a", "b", 1)], "is a tuple of 3"),
        ([7], "is a int"),
        ([((["a"], ["b"]), np.eye(3))], "more than one dimension"),
        ([("a", 1)], r"second\[0\] is int 1, not text"),
        ([((["a", "c"], ["b", "d"]), [0])], "x has 2 values and y has 1"),
        ([{"text1": "a", "text2": "b"}, {"text1": "a"}], "text1 has 2 values and text2 has 1"),
    ],
)
def test_elements_that_are_no_pairs(elements: list[Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        READ(grain.MapDataset.source(elements))


def test_what_repeats_for_ever_is_refused() -> None:
    forever = grain.samplers.IndexSampler(num_records=7)
    for dataset in (
        grain.MapDataset.source(ROWS).repeat(),
        grain.DataLoader(data_source=ROWS, sampler=forever),
    ):
        with pytest.raises(UsageError, match="The grain repeats without an end"):
            READ(dataset)


def test_bytes_that_are_no_text_and_labels_twice() -> None:
    with pytest.raises(EncodingInvalid, match="0xff"):
        READ(grain.MapDataset.source([{"text1": b"a", "text2": b"\xff"}]))
    with pytest.raises(UsageError, match="carries its own"):
        READ(grain.MapDataset.source([(("a", "b"), 1)]), [1])
