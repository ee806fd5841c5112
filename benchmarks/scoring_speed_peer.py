"""The half of ``scoring_speed.py`` that runs beside torch: CrossEncoder, transformers' Trainer, torch's ONNX export.

    python benchmarks/scoring_speed_peer.py FOLDER THREADS

FOLDER holds ``pairs.json``, and ``minilm`` and ``tiny``, classifiers as SameSay exported them for ``transformers``.
First torch's exports are written beside them. Then every line of JSON on standard input is one round, ``{"subject":
"cross-encoder" or "trainer", "batch_size": n, "pairs": n}``, which is answered by a line with its seconds; the logits
lie in ``answers-<subject>.npy``. Texts go in, so tokenization is part of every round.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import sentence_transformers
import torch
import transformers
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)

warnings.filterwarnings("ignore")
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def export(folder: Path, target: Path, *, dynamo: bool) -> str:
    """Write torch's graph of ``folder``'s classifier; says what became of it."""
    model = AutoModelForSequenceClassification.from_pretrained(
        str(folder), attn_implementation="eager"
    ).eval()
    example = AutoTokenizer.from_pretrained(str(folder))(
        ["a dog runs", "a cat"], ["an animal moves", "it sleeps"], padding=True, return_tensors="pt"
    )
    # MPNet has no segments.
    given = {name: example[name] for name in INPUTS if name in example}
    if dynamo:
        batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
        shapes: dict[str, Any] = {"dynamic_shapes": {name: {0: batch, 1: length} for name in given}}
    else:
        axes = {name: {0: "batch", 1: "length"} for name in given}
        shapes = {"dynamic_axes": {**axes, "logits": {0: "batch"}}}
    try:
        torch.onnx.export(
            model,
            (),
            str(target),
            kwargs=given,
            input_names=list(given),
            output_names=["logits"],
            dynamo=dynamo,
            **shapes,
        )
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"[:300]
    return "written"


def cross_encoder(folder: Path, pairs: list[list[str]]) -> Callable[[int, int], Any]:
    """Pairs and batch size to logits."""
    model = sentence_transformers.CrossEncoder(str(folder), device="cpu")

    def answer(n_pairs: int, batch_size: int) -> Any:
        return model.predict(pairs[:n_pairs], batch_size=batch_size, show_progress_bar=False)

    return answer


def trainer(folder: Path, pairs: list[list[str]]) -> Callable[[int, int], Any]:
    """Pairs and batch size to logits, each batch padded to its longest pair."""
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    model = AutoModelForSequenceClassification.from_pretrained(str(folder))

    def answer(n_pairs: int, batch_size: int) -> Any:
        settings = TrainingArguments(
            output_dir=tempfile.gettempdir(),
            per_device_eval_batch_size=batch_size,
            report_to="none",
            disable_tqdm=True,
            use_cpu=True,
        )
        predictor = Trainer(model=model, args=settings, data_collator=DataCollatorWithPadding(tokenizer))
        firsts, seconds = zip(*pairs[:n_pairs], strict=True)
        encoded = tokenizer(list(firsts), list(seconds), truncation=True)
        rows = [
            dict(zip(encoded, row, strict=True))
            for row in zip(*(encoded[name] for name in encoded), strict=True)
        ]
        return predictor.predict(rows).predictions

    return answer


def main() -> int:
    root, threads = Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(threads)
    transformers.utils.logging.set_verbosity_error()
    pairs = json.loads((root / "pairs.json").read_text(encoding="utf-8"))
    said = {
        "versions": {
            each.__name__: each.__version__
            for each in (torch, transformers, sentence_transformers, onnxruntime)
        },
        "threads": torch.get_num_threads(),
        "exports": {
            name: export(root / "minilm", root / f"{name}.onnx", dynamo=name == "dynamo")
            for name in ("dynamo", "script")
        },
    }
    subjects = {
        "cross-encoder": cross_encoder(root / "minilm", pairs),
        "trainer": trainer(root / "tiny", pairs),
    }
    print(json.dumps(said), flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        begin, used = time.perf_counter(), time.process_time()
        logits = subjects[wanted["subject"]](wanted["pairs"], wanted["batch_size"])
        seconds, used = time.perf_counter() - begin, time.process_time() - used
        np.save(root / f"answers-{wanted['subject']}.npy", np.asarray(logits))
        print(json.dumps({"seconds": seconds, "processor_seconds": used}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
