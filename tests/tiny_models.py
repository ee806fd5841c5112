"""Models of a few kilobytes for tests of saving and scoring: a real encoder, a real graph, random weights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from samesay.bundle import Manifest, write_bundle, write_pair_hashes
from samesay.decision import Decision
from samesay.encoding import PairEncoder
from samesay.pairs import LabelSet, Sides
from tiny_tokenizers import wordpiece_encoder

LABELS = LabelSet(("entailment", "neutral", "contradiction"))
SIDES = Sides("premise", "hypothesis")
MAX_LENGTH = 24
WIDTH = 8
WORDS = [
    "a",
    "the",
    "dog",
    "cat",
    "man",
    "woman",
    "child",
    "runs",
    "sleeps",
    "eats",
    "plays",
    "sings",
    "animal",
    "person",
    "is",
    "not",
    "no",
    "outside",
    "inside",
    ".",
    ",",
]
VOCABULARY = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    *WORDS,
    *"bcdefghijklmnopqrstuvwxyz",
    "##s",
    "##ing",
]


def tiny_encoder(max_length: int = MAX_LENGTH) -> PairEncoder:
    return wordpiece_encoder(VOCABULARY, lowercase=True, strip_accents=True, max_length=max_length)


def tiny_graph(
    *,
    n_labels: int = 3,
    vocabulary_size: int = len(VOCABULARY),
    scale: float = 2.0,
    id_type: int = TensorProto.INT32,
    output: str = "logits",
    segments: bool = True,
    fixed_length: int | None = None,
) -> onnx.ModelProto:
    """Mean over the tokens of (token vector times segment vector), tanh, one dense layer.

    The keyword arguments other than ``scale`` make graphs that are not what they should be.
    """
    random = np.random.default_rng(7)

    def weights(name: str, *shape: int) -> TensorProto:
        return numpy_helper.from_array((random.normal(size=shape) * scale).astype(np.float32), name)

    length = fixed_length or "length"
    inputs = [
        helper.make_tensor_value_info("token_ids", id_type, ["batch", length]),
        *(
            [helper.make_tensor_value_info("segment_ids", TensorProto.INT32, ["batch", length])]
            if segments
            else []
        ),
        helper.make_tensor_value_info("padding_mask", TensorProto.BOOL, ["batch", length]),
    ]
    nodes = [
        helper.make_node("Gather", ["tokens", "token_ids"], ["token"]),
        helper.make_node("Gather", ["segments", "segment_ids" if segments else "token_ids"], ["segment"]),
        helper.make_node("Mul", ["token", "segment"], ["embedded"]),
        helper.make_node("Cast", ["padding_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["mask3"]),
        helper.make_node("Mul", ["embedded", "mask3"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "middle"], ["total"], keepdims=0),
        helper.make_node("ReduceSum", ["mask3", "middle"], ["count"], keepdims=0),
        helper.make_node("Div", ["total", "count"], ["mean"]),
        helper.make_node("Tanh", ["mean"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "dense", "bias"], [output]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        inputs,
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", n_labels])],
        [
            weights("tokens", vocabulary_size, WIDTH),
            weights("segments", 2 if segments else vocabulary_size, WIDTH),
            weights("dense", WIDTH, n_labels),
            weights("bias", n_labels),
            numpy_helper.from_array(np.array([2], np.int64), "last"),
            numpy_helper.from_array(np.array([1], np.int64), "middle"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def save_tiny(
    path: Path,
    *,
    verdict: str | None = "verified",
    graph: onnx.ModelProto | None = None,
    encoder: PairEncoder | None = None,
    overwrite: bool = False,
    marker: str = "",
    trained_on: Sequence[int] | NDArray[np.uint64] | None = None,
    **facts: object,
) -> Path:
    """A saved model with an ONNX part that works and a Keras part that is only there."""
    encoder = encoder or tiny_encoder()
    with write_bundle(path, overwrite=overwrite) as draft:
        keras = draft.folder("keras")
        (keras / "config.json").write_text(json.dumps({"marker": marker}), encoding="utf-8")
        (keras / "task.json").write_text("{}", encoding="utf-8")
        (keras / "assets").mkdir()
        (keras / "assets" / "vocabulary.txt").write_text("\n".join(VOCABULARY), encoding="utf-8")
        if verdict is not None:
            onnx_part = draft.folder("onnx")
            (onnx_part / "model.onnx").write_bytes((graph or tiny_graph()).SerializeToString())
            (onnx_part / "encoder.json").write_text(json.dumps(encoder.to_dict()), encoding="utf-8")
            draft.add("onnx", verdict=verdict, detail={"reason": "the largest difference is 0.2"})  # pyright: ignore[reportArgumentType]
        if trained_on is not None:
            write_pair_hashes(draft.file("pair_hashes"), {"train": np.asarray(trained_on, np.uint64)})
        given = {
            "task": "classification",
            "answers": LABELS,
            "sides": SIDES,
            "max_length": encoder.max_length,
        }
        upstream = facts.pop("upstream", None)
        if isinstance(decision := facts.get("decision"), dict):
            facts["decision"] = Decision(**decision)
        draft.finish(Manifest(**{**given, **facts}), upstream=upstream)  # pyright: ignore[reportArgumentType]
    return path
