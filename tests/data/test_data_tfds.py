"""TensorFlow Datasets by its real code: datasets that it prepares here as array_record, read without TensorFlow."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fake_hub import ask_apart
from samesay.data.sources.tfds import TfdsAddress, parse_tfds_address
from samesay.errors import UsageError

needs_tfds = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow_datasets") is None,
    reason="tensorflow-datasets is not installed: pip install 'samesay[tfds]'",
)

# The names and features of the real builders, and rows of our own.
PREPARE = """
import sys
import tensorflow_datasets as tfds

def prepare(file_format, folder, title, version, config, columns, names, rows, **splits):
    class Small(tfds.core.GeneratorBasedBuilder):
        name = title
        VERSION = tfds.core.Version(version)
        BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=config)] if config else []

        def _info(self):
            features = dict.fromkeys(columns, tfds.features.Text())
            features["label"] = tfds.features.ClassLabel(names=names)
            return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

        def _split_generators(self, dl_manager):
            return {split: self._generate_examples(n_rows) for split, n_rows in splits.items()}

        def _generate_examples(self, n_rows):
            for n in range(n_rows):
                yield n, {columns[0]: rows[0] % n, columns[1]: rows[1], "label": n % (len(names) + 1) - 1}

    Small(data_dir=folder, file_format=file_format).download_and_prepare()

nli = ["entailment", "neutral", "contradiction"]
file_format, folder = sys.argv[1:]
prepare(file_format, folder, "snli", "1.1.0", None, ["premise", "hypothesis"], nli,
        (b"Tea number %d is hot.", "Something is hot."), train=40, validation=8, test=8)
prepare(file_format, folder, "glue", "2.0.0", "mrpc", ["sentence1", "sentence2"], ["not_equivalent", "equivalent"],
        (b"Tea number %d is hot.", "It is hot."), train=6)
prepare(file_format, folder, "damaged", "1.0.0", None, ["premise", "hypothesis"], nli,
        (bytes([0xFF]) + b" %d", "Something is hot."), train=4)
"""

READ = """
import json, sys
from samesay.data import iter_rows, load_pairs, load_splits
from samesay.errors import SameSayError

for source in sys.argv[1:]:
    try:
        if source.startswith("all of "):
            told = {name: len(table) for name, table in load_splits(source.removeprefix("all of ")).items()}
        elif source.startswith("rows of "):
            told = {"rows": [row.values for row in iter_rows(source.removeprefix("rows of "))]}
        else:
            table = load_pairs(source)
            told = {"first": table.first, "gold": table.label_names(), "labels": list(table.labels),
                    "rows": table.row_numbers.tolist(), **table.origin.to_dict()}
        print(json.dumps(told))
    except SameSayError as error:
        print(json.dumps(error.to_dict()))
print(json.dumps({"imported": "tensorflow" in sys.modules}))
"""
BY_TFDS = """
import tensorflow_datasets as tfds
print(json.dumps([row["premise"].decode() for row in {}]))
"""


def prepared(folder: Path, file_format: str) -> Path:
    done = subprocess.run(
        [sys.executable, "-c", PREPARE, file_format, str(folder)],
        capture_output=True,
        text=True,
        env=os.environ | {"TFDS_DATA_DIR": str(folder)},
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[str, Any]:
    """What loading each source ends in, from a folder that TFDS prepared, where nothing can be fetched."""
    root = tmp_path_factory.mktemp("tfds")
    sources = (
        "tfds:snli/1.1.0:train[20%:50%]",
        "tfds:snli:1.1.0:dev",
        "tfds:glue/mrpc",
        "all of tfds:snli",
        "rows of tfds:snli:test[-2:]",
        "tfds:damaged",
        "tfds:snli:tain",
        "tfds:snli:test[:9]",
        "tfds:snli/9.9.9:train",
        "tfds:slni:train",
        "tfds:sci_tail",
    )
    folder = prepared(root / "data", "array_record")
    program = READ + BY_TFDS.format("tfds.data_source('snli', split='train[20%:50%]')")
    told = ask_apart(program, root / "cache", *sources, TFDS_DATA_DIR=str(folder), HF_HUB_OFFLINE="1")
    return dict(zip((*sources, "tensorflow", "by TFDS"), told, strict=True))


@needs_tfds
def test_a_slice_is_the_one_that_tfds_itself_reads(found):
    table = found["tfds:snli/1.1.0:train[20%:50%]"]
    rows = [text for text in found["by TFDS"] if int(text.split()[2]) % 4]
    assert table["first"] == rows
    assert len(found["by TFDS"]) == table["rows_read"] == 12
    assert set(table["rows"]) <= set(range(9, 21))
    assert table["rows_dropped"] == {"no gold label (-1)": 12 - len(rows)}
    assert table["notes"] == ["snli/1.1.0 of TFDS"]
    assert not found["tensorflow"]["imported"]


@needs_tfds
def test_labels_have_the_names_of_their_builder(found):
    for source in ("tfds:snli/1.1.0:train[20%:50%]", "tfds:snli:1.1.0:dev"):
        table = found[source]
        assert table["labels"] == ["entailment", "neutral", "contradiction"]
        numbers = [int(text.split()[2]) % 4 - 1 for text in table["first"]]
        assert table["gold"] == [table["labels"][number] for number in numbers]
    assert found["tfds:snli:1.1.0:dev"]["split"] == "validation"
    assert found["tfds:glue/mrpc"]["labels"] == ["not_equivalent", "equivalent"]
    assert found["tfds:glue/mrpc"]["columns"]["first"] == "sentence1"


@needs_tfds
def test_splits_and_single_rows(found):
    assert found["all of tfds:snli"] == {"train": 30, "validation": 6, "test": 6}
    rows = found["rows of tfds:snli:test[-2:]"]["rows"]
    assert [set(row) for row in rows] == [{"premise", "hypothesis", "label"}] * 2


@needs_tfds
@pytest.mark.parametrize(
    ("source", "code", "says"),
    [
        ("tfds:damaged", "encoding-invalid", "0xff"),
        ("tfds:snli:tain", "split-not-found", "did you mean 'train'?"),
        ("tfds:snli:test[:9]", "slice-invalid", "which has 8 rows"),
        ("tfds:snli/9.9.9:train", "source-not-found", "only: 1.1.0"),
        ("tfds:slni:train", "source-not-found", "did you mean tfds:snli?"),
        ("tfds:sci_tail", "corpus-unreachable", "TFDS_DATA_DIR"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(found, source, code, says):
    assert found[source]["code"] == code
    assert says in str(found[source])


@needs_tfds
@pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is not None, reason="it is about a machine without TensorFlow"
)
def test_tfrecord_without_tensorflow_is_refused_with_both_ways_out(tmp_path):
    folder = prepared(tmp_path / "data", "array_record")
    for file in (folder / "snli/1.1.0").glob("*array_record*"):
        file.rename(file.with_name(file.name.replace("array_record", "tfrecord")))
    info = folder / "snli/1.1.0/dataset_info.json"
    info.write_text(info.read_text().replace("array_record", "tfrecord"))
    error = ask_apart(READ, tmp_path / "cache", "tfds:snli:test", TFDS_DATA_DIR=str(folder))[0]
    assert error["code"] == "extra-missing"
    assert "pip install tensorflow" in error["hint"]
    assert "array_record" in error["hint"]


@needs_tfds
@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed")
def test_what_tensorflow_prepared_is_read_as_tfds_load_reads_it(tmp_path):
    folder = prepared(tmp_path / "data", "tfrecord")
    program = READ + BY_TFDS.format("tfds.as_numpy(tfds.load('snli', split='train[20%:50%]'))")
    table, _, rows = ask_apart(
        program, tmp_path / "cache", "tfds:snli:train[20%:50%]", TFDS_DATA_DIR=str(folder)
    )
    assert table["format"] == "tfrecord"
    assert table["first"] == [text for text in rows if int(text.split()[2]) % 4]


@pytest.mark.parametrize(
    ("text", "address", "split"),
    [
        ("tfds:snli", TfdsAddress("snli"), None),
        ("tfds:snli/1.1.0:train", TfdsAddress("snli", None, "1.1.0"), "train"),
        ("tfds:snli:1.1.0", TfdsAddress("snli", None, "1.1.0"), None),
        ("tfds:glue/mrpc", TfdsAddress("glue", "mrpc"), None),
        ("tfds:glue/mrpc/2.0.0:test", TfdsAddress("glue", "mrpc", "2.0.0"), "test"),
        ("tfds:multi_nli/en/plain:2.0.0:train", TfdsAddress("multi_nli", "en/plain", "2.0.0"), "train"),
    ],
)
def test_addresses(text, address, split):
    assert parse_tfds_address(text) == (address, split)


@pytest.mark.parametrize(
    "text", ["tfds:", "tfds:a:b:c", "tfds:a//b", "tfds:../a", "tfds:a:", "tfds:hub:a/b:c"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(UsageError, match="Cannot read the address"):
        parse_tfds_address(text)
