"""An encoder as an ONNX graph that gives one vector a text, and the parity check against Keras.

Shapes in comments: B texts, L tokens, H hidden.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samesay.encoding import PairEncoder
from samesay.errors import ParityFailed
from samesay.export.families.table import encoder_writer_for
from samesay.export.graph import Graph, Value
from samesay.export.onnx_part import ENCODER_FILE, MODEL_FILE, save_graph
from samesay.export.parity import BATCHES, TOLERANCE, Verdict, in_batches
from samesay.export.probe_pairs import probe_pairs
from samesay.model.sentence_encoder import Pooling, SentenceEncoder
from samesay.scoring.session import VECTORS
from samesay.scoring.vectors import VectorGraph

_SMALLEST = 1e-12
_NOWHERE = -1e9
# Every further shape costs Keras seconds of compilation.
_ROWS, _SHORT = 8, 64


def write_vectors(model: SentenceEncoder, path: Path) -> int:
    """Write the graph to ``path``, and return how many numbers a vector has.

    It reads what every graph of ours reads, and gives ``vectors`` (batch, dimension) float32.

    Raises:
        EncoderUnsupported: If the encoder is not one that can be written.
        DiskFull, OutputUnwritable: As ``write_onnx``.
    """
    write = encoder_writer_for(model.task)
    backbone = model.task.backbone
    graph = Graph()
    shape = ("batch", "length")
    mask = graph.input("padding_mask", np.bool_, shape)
    ids, segments = (graph.input(name, np.int32, shape) for name in ("token_ids", "segment_ids"))
    vectors = _write_pooling(graph, write(graph, backbone, ids, segments, mask), mask, model.layout.pooling)
    if model.layout.normalised:
        length = graph.op("ReduceL2", vectors, graph.integers(1))  # (B, 1)
        least = graph.weight("smallest", np.float32(_SMALLEST))
        vectors = graph.op("Div", vectors, graph.op("Max", length, least))
    graph.output(vectors, VECTORS, np.float32, ("batch", int(backbone.hidden_dim)))
    save_graph(graph.model("sentence_encoder", metadata={"encoder": type(backbone).__name__}), path)
    return int(backbone.hidden_dim)


def _write_pooling(graph: Graph, states: Value, mask: Value, pooling: Pooling) -> Value:
    """Hidden states (B, L, H) to (B, H)."""
    if pooling == "cls":
        return graph.op("Gather", states, graph.weight("first_token", np.int64(0)), axis=1)
    if pooling == "max":
        nowhere = graph.weight("nowhere", np.float32(_NOWHERE))
        kept = graph.op("Where", graph.op("Unsqueeze", mask, graph.integers(2)), states, nowhere)
        return graph.op("ReduceMax", kept, graph.integers(1), keepdims=0)
    weights = graph.op("Unsqueeze", graph.op("Cast", mask, to=1), graph.integers(1))  # (B, 1, L) float32
    total = graph.op("Squeeze", graph.op("MatMul", weights, states), graph.integers(1))  # (B, H)
    return graph.op("Div", total, graph.op("ReduceSum", weights, graph.integers(2), keepdims=0))


def write_vectors_part(model: SentenceEncoder, folder: Path, *, threads: int | None = None) -> Verdict:
    """Write ``model.onnx`` and ``encoder.json`` into ``folder``, and compare its vectors with Keras'.

    Raises:
        ParityFailed: If the graph answers otherwise than Keras.
        EncoderUnsupported, DiskFull, OutputUnwritable: As ``write_vectors``.
    """
    dimension = write_vectors(model, folder / MODEL_FILE)
    return check_vectors(
        folder, model.encoder, dimension, partial(keras_vectors, model), whose="Keras", threads=threads
    )


def check_vectors(
    folder: Path,
    encoder: PairEncoder,
    dimension: int,
    expected_of: Callable[[list[str]], NDArray[np.float32]],
    *,
    whose: str,
    tolerance: float = TOLERANCE,
    threads: int | None = None,
) -> Verdict:
    """Write ``encoder.json`` beside ``model.onnx``, and compare what they give with ``expected_of(texts)``.

    Args:
        folder: With ``model.onnx``.
        encoder: Text to token ids.
        dimension: Numbers of a vector.
        expected_of: The right vectors of texts, shape ``(n_texts, dimension)``.
        whose: They are, in words.
        tolerance: The largest difference allowed, as a share of the largest number.
        threads: As for ``VectorGraph.from_parts``.

    Raises:
        ParityFailed: If a number differs by more than that.
    """
    (folder / ENCODER_FILE).write_text(json.dumps(encoder.to_dict(), ensure_ascii=False), encoding="utf-8")
    graph = VectorGraph.from_parts(folder / MODEL_FILE, encoder, dimension, threads=threads)
    texts = [text for pair in probe_pairs(encoder) for text in (pair.first, pair.second)]
    expected = expected_of(texts)
    allowed = tolerance * float(np.abs(expected).max())
    largest = 0.0
    for _, places in in_batches(len(texts)):
        found = graph.encode([texts[place] for place in places])
        largest = float(np.maximum(largest, np.abs(found - expected[places]).max()))
    compared = f"{len(texts)} texts in batches of {', '.join(map(str, BATCHES))}"
    if not largest <= allowed:
        raise ParityFailed(
            f"{compared}: the largest difference from the vectors of {whose} is {largest:.2g}.",
            where=str(folder / MODEL_FILE),
            expected=f"at most {allowed:.2g}",
        )
    return Verdict("verified", f"{compared}: as {whose}.", largest, allowed, len(texts))


def keras_vectors(model: SentenceEncoder, texts: Sequence[str]) -> NDArray[np.float32]:
    """What Keras gives for raw texts, by KerasHub's own tokenizer, shape ``(n_texts, dimension)``."""
    import keras

    tokenizer, limit = model.task.preprocessor.tokenizer, model.encoder.max_length
    backbone = model.task.backbone
    rows = [
        [tokenizer.start_token_id, *list(map(int, ids))[: limit - 2], tokenizer.end_token_id]
        for ids in tokenizer(list(texts))
    ]
    vectors = np.empty((len(rows), int(backbone.hidden_dim)), np.float32)
    short = min(_SHORT, limit)
    for width in sorted({short, limit}):
        places = [at for at, row in enumerate(rows) if (len(row) <= short) == (width == short)]
        for begin in range(0, len(places), _ROWS):
            chosen = places[begin : begin + _ROWS]
            ids = np.full((_ROWS, width), tokenizer.pad_token_id, np.int32)
            mask = np.zeros((_ROWS, width), np.int32)
            mask[len(chosen) :, 0] = 1  # rows that only fill up
            for row, at in enumerate(chosen):
                ids[row, : len(rows[at])] = rows[at]
                mask[row, : len(rows[at])] = 1
            inputs = {"token_ids": ids, "padding_mask": mask, "segment_ids": 0 * ids}
            states = backbone.predict_on_batch({name: inputs[name] for name in backbone.input})
            states = states["sequence_output"] if isinstance(states, dict) else states
            pooled = _pooled(
                np.asarray(keras.ops.convert_to_numpy(states), np.float32), mask, model.layout.pooling
            )
            vectors[chosen] = pooled[: len(chosen)]
    if model.layout.normalised:
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _SMALLEST)
    return vectors


def _pooled(states: NDArray[np.float32], mask: NDArray[np.int32], pooling: Pooling) -> NDArray[np.float32]:
    if pooling == "cls":
        return states[:, 0]
    if pooling == "max":
        return np.where(mask[..., None] == 1, states, np.float32(_NOWHERE)).max(axis=1)
    return (states * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
