"""How exactly, how fast and in how much memory each family's ONNX graph is written.

Encoders have random weights everywhere, biases, norms and positions too: initial zeros hide what was left out. Keras
and ONNX Runtime read the same ids, in batches of 1, 3 and 17 rows of 5, 40 and 128 tokens with padding. ``--shape
base`` is RoBERTa base's and the like: half a gigabyte a family, so name the families. The memory is the process' peak,
Keras and the model in it; with more than one family only the first one's means anything, and it is left out.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import keras_hub
import numpy as np
from benchmarks.measuring import arguments, below, exactly, peak_memory_mb, print_table, publish, surroundings

from samesay._privacy import onnx_runtime
from samesay.export import write_onnx

# Layers, heads, hidden and intermediate width; 512 positions.
SHAPES = {"tiny": (2, 2, 128, 512), "minilm": (6, 12, 384, 1536), "base": (12, 12, 768, 3072)}
# Rows of the published base presets' token embeddings.
VOCABULARIES = {
    "Albert": 30_000,
    "Bert": 30_522,
    "DebertaV3": 128_100,
    "DistilBert": 30_522,
    "Roberta": 50_265,
    "XLMRoberta": 250_002,
}
LIMIT = 128


def random_task(family: str, shape: str, n_labels: int) -> Any:
    """A classifier with every variable random."""
    layers, heads, hidden, intermediate = SHAPES[shape]
    sizes = {
        "vocabulary_size": VOCABULARIES[family],
        "num_layers": layers,
        "num_heads": heads,
        "hidden_dim": hidden,
        "intermediate_dim": intermediate,
        "max_sequence_length": 512,
    }
    if family == "Albert":
        sizes["embedding_dim"] = 128
    backbone = getattr(keras_hub.models, f"{family}Backbone")(**sizes)
    task = getattr(keras_hub.models, f"{family}TextClassifier")(backbone, num_classes=n_labels)
    random = np.random.default_rng(0)
    for variable in task.weights:
        if "seed" not in variable.path:
            centre = np.float32(1 if variable.path.endswith("gamma") else 0)
            # As wide as keeps a sum over the inputs near 1, in which no weight is lost.
            width = np.float32(variable.shape[0] ** -0.5 if variable.path.endswith("kernel") else 0.1)
            variable.assign(centre + width * random.standard_normal(variable.shape, dtype=np.float32))
    return task


def measured(family: str, shape: str, n_labels: int, folder: Path) -> dict[str, Any]:
    """Write one graph, and compare it."""
    task = random_task(family, shape, n_labels)
    path = folder / "model.onnx"
    before = peak_memory_mb()
    begin = time.perf_counter(), time.process_time()
    write_onnx(task, path)
    seconds, processor = time.perf_counter() - begin[0], time.process_time() - begin[1]
    peak = peak_memory_mb()
    session = onnx_runtime().InferenceSession(str(path), providers=["CPUExecutionProvider"])
    model = keras.Model(task.inputs, task.outputs)
    random = np.random.default_rng(1)
    worst = largest = 0.0
    changed = 0
    for n_pairs in (1, 3, 17):
        for length in (5, 40, LIMIT):
            kept = random.integers(max(1, length // 2), length + 1, n_pairs)
            inputs = {
                "token_ids": random.integers(0, VOCABULARIES[family], (n_pairs, length)).astype(np.int32),
                "segment_ids": random.integers(0, 2, (n_pairs, length)).astype(np.int32),
                "padding_mask": np.arange(length) < kept[:, None],
            }
            # Keras compiles every shape for seconds, so it is given one: the rows repeated, the columns padded.
            rows = np.arange(17) % n_pairs
            padded = {
                name: np.pad(inputs[name][rows].astype(np.int32), ((0, 0), (0, LIMIT - length)))
                for name in task.input
            }
            expected = np.asarray(model.predict_on_batch(padded))[:n_pairs]
            logits = np.asarray(session.run(["logits"], inputs)[0])
            worst = max(worst, float(np.abs(logits - expected).max()))
            largest = max(largest, float(np.abs(expected).max()))
            changed += int((logits.argmax(axis=1) != expected.argmax(axis=1)).sum())
    return {
        "family": family,
        "shape": shape,
        "labels": n_labels,
        "parameters": task.count_params(),
        "file_mb": round(path.stat().st_size / 1e6, 1),
        "write_seconds": round(seconds, 2),
        "write_processor_seconds": round(processor, 2),
        "peak_mb_before": before,
        "peak_mb": peak,
        "difference": worst,
        "largest_logit": largest,
        "changed_decisions": changed,
    }


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument(
        "families", nargs="*", metavar="FAMILY", help=f"some of {', '.join(VOCABULARIES)}; all by default"
    )
    parser.add_argument("--shape", choices=SHAPES, default="tiny")
    settings = parser.parse_args()
    if unknown := set(settings.families) - set(VOCABULARIES):
        parser.error(f"no family {', '.join(sorted(unknown))}; there are {', '.join(VOCABULARIES)}")
    where = surroundings()
    found = []
    for family in settings.families or VOCABULARIES:
        for n_labels in (2, 3) if settings.shape == "tiny" else (3,):
            with tempfile.TemporaryDirectory() as folder:
                found.append(measured(family, settings.shape, n_labels, Path(folder)))
    alone = len(found) == 1
    for row in found:
        if not alone:
            del row["peak_mb_before"], row["peak_mb"]
    print_table(list(found[0]), [list(row.values()) for row in found])
    worst = max(row["difference"] / max(1.0, row["largest_logit"]) for row in found)
    requirements = [
        below("largest difference of a logit, of the largest logit where that is above 1", 1e-5, worst),
        exactly("changed decisions", 0, sum(row["changed_decisions"] for row in found)),
    ]
    name = "-".join(["onnx_families", settings.shape, *settings.families])
    return publish(name, {"families": found}, requirements, results=settings.results, where=where)


if __name__ == "__main__":
    raise SystemExit(main())
