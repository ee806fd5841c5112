r"""Are every family's token ids those of KerasHub's preprocessor inside ``tf.data``, with TensorFlow Text?

``tests/model`` holds the twins to KerasHub's TensorFlow-free path. A model that was trained elsewhere has seen the ids
of the other path. Here whole batches are compared, packed pairs and all: real sentences, lines in ten languages,
hostile texts. Vocabularies are small ones, trained on lines of the project's own (``tests/tiny_tokenizers.py``);
BERT's published one is what ``tokenizer_parity_tensorflow`` is for. It needs an environment of its own, of 3 GB::

    python -m venv /tmp/tensorflow-venv
    /tmp/tensorflow-venv/bin/pip install keras-hub==0.32.0 tensorflow-text grain pyarrow .
    /tmp/tensorflow-venv/bin/python benchmarks/tokenizer_families_tensorflow.py \
        --data ../shared/data --output benchmarks/results

Prints a table and one line of JSON. Real sentences are counted and never written down.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src"), str(ROOT / "tests"), str(ROOT / "tests" / "encoding")]

import keras_hub  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from benchmarks.tokenizer_parity_tensorflow import real_sentences  # noqa: E402
from hostile_texts import HOSTILE_TEXTS, random_texts  # noqa: E402

from samesay.model.encoders import encoder_for  # noqa: E402
from tiny_tokenizers import LINES, TOKENIZERS, keras_tokenizer  # noqa: E402

MAX_LENGTH = 64
BATCH = 512


def rows_that_differ(family: str, texts: list[str]) -> list[int]:
    """Which pairs (a text and the one after it) get another row, in any of the arrays, inside ``tf.data``."""
    preprocessor = getattr(keras_hub.models, f"{TOKENIZERS[family]}TextClassifierPreprocessor")(
        keras_tokenizer(family), sequence_length=MAX_LENGTH
    )
    task: Any = SimpleNamespace(preprocessor=preprocessor, backbone=SimpleNamespace(max_sequence_length=512))
    encoder = encoder_for(task)
    first, second = texts, [*texts[1:], texts[0]]
    encoded = encoder.encode(first, second)
    data = (
        tf.data.Dataset.from_tensor_slices(((first, second), [0] * len(first))).batch(BATCH).map(preprocessor)
    )
    different: list[int] = []
    for number, (theirs, _) in enumerate(data):
        rows = np.arange(number * BATCH, min((number + 1) * BATCH, len(texts)))
        ours = encoded.dense(rows, MAX_LENGTH, pad_id=encoder.pad_id)
        unequal = np.zeros(len(rows), bool)
        for name, array in theirs.items():
            unequal |= (getattr(ours, name) != array.numpy()).any(axis=1)
        different.extend(rows[unequal].tolist())
    return different


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of real sentence pairs (Parquet)")
    parser.add_argument("--sentences", type=int, default=10_000)
    parser.add_argument("--output", type=Path, help="folder for the dated JSON")
    given = parser.parse_args()
    groups = {
        "real": real_sentences(given.data, given.sentences),
        "languages": [*LINES, *(line.upper() for line in LINES)],
        "hostile": [*HOSTILE_TEXTS, *random_texts(300)],
    }
    results: dict[str, Any] = {}
    print(f"{'family':14}" + "".join(f"{name:>22}" for name in groups))
    for family in TOKENIZERS:
        found: dict[str, Any] = {}
        for name, texts in groups.items():
            different = rows_that_differ(family, texts)
            found[name] = {"pairs": len(texts), "different": len(different)}
            if name != "real":
                # Ours, so that they may be written down; a pair differs by either of its texts.
                found[name]["texts"] = [ascii(texts[row])[1:61] for row in different]
        results[family] = found
        print(
            f"{family:14}"
            + "".join(f"{one['different']:>12,} of {one['pairs']:>6,}" for one in found.values()),
            flush=True,
        )
    git = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    report = {
        "benchmark": "tokenizer_families_tensorflow",
        "date": today,
        "commit": subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip(),
        "versions": {name: version(name) for name in ("keras-hub", "keras", "tensorflow", "tensorflow-text")},
        "results": results,
    }
    print(json.dumps(report))
    if given.output:
        path = given.output / f"tokenizer_families_tensorflow-{today}.json"
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
