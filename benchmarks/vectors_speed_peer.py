"""The half of ``vectors_speed.py`` that runs beside torch: ``SentenceTransformer.encode``, torch's ONNX export.

    python benchmarks/vectors_speed_peer.py vectors|export FOLDER MODEL THREADS

``export`` writes torch's graphs of the classifier MODEL into FOLDER and says what became of them. ``vectors`` encodes
the first texts of FOLDER's ``texts.json`` for every line ``{"batch_size": n, "texts": n}`` on standard input, answers
with the seconds, and leaves the vectors in ``vectors.npy``.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import sentence_transformers
import torch
import transformers


def main() -> int:
    part, folder, model, threads = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(threads)
    transformers.utils.logging.set_verbosity_error()
    said = {
        "versions": {
            each.__name__: each.__version__ for each in (torch, transformers, sentence_transformers)
        },
        "threads": torch.get_num_threads(),
    }
    if part == "export":
        # Which imports what the other part does without.
        from scoring_speed_peer import export

        kinds = ("dynamo", "script")
        said["exports"] = {
            one: export(model, folder / f"{one}.onnx", dynamo=one == "dynamo") for one in kinds
        }
        print(json.dumps(said), flush=True)
        return 0
    encoder = sentence_transformers.SentenceTransformer(str(model), device="cpu")
    texts = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    print(json.dumps(said), flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        begin = time.perf_counter()
        found = encoder.encode(
            texts[: wanted["texts"]], batch_size=wanted["batch_size"], show_progress_bar=False
        )
        seconds = time.perf_counter() - begin
        np.save(folder / "vectors.npy", found)
        print(json.dumps({"seconds": seconds}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
