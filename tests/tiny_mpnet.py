"""An MPNet of a few kilobytes in Hugging Face's layout, its weights drawn by numpy alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

HIDDEN, WIDE, HEADS, LAYERS, POSITIONS = 16, 24, 2, 2, 160
PIECES = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "[UNK]",
    *"abcdefghijklmnopqrstuvwxyz.,!",
    "dog",
    "runs",
    "cat",
    "##s",
]
VOCABULARY = [*PIECES, "<mask>"]
CONFIG: dict[str, Any] = {
    "model_type": "mpnet",
    "vocab_size": len(VOCABULARY),
    "hidden_size": HIDDEN,
    "intermediate_size": WIDE,
    "num_attention_heads": HEADS,
    "num_hidden_layers": LAYERS,
    "max_position_embeddings": POSITIONS + 2,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-5,
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
    "relative_attention_num_buckets": 32,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
}


def encoder_tensors() -> dict[str, Any]:
    """Every tensor of ``MPNetModel`` but the pooler, which no classifier has."""
    draw = np.random.default_rng(7)

    def some(*shape: int, centre: float = 0.0) -> Any:
        return (centre + 0.3 * draw.standard_normal(shape)).astype(np.float32)

    tensors: dict[str, Any] = {}

    def dense(name: str, inputs: int, outputs: int) -> None:
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = some(outputs, inputs), some(outputs)

    def norm(name: str) -> None:
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = some(HIDDEN, centre=1.0), some(HIDDEN)

    tensors["embeddings.word_embeddings.weight"] = some(len(VOCABULARY), HIDDEN)
    tensors["embeddings.position_embeddings.weight"] = some(POSITIONS + 2, HIDDEN)
    norm("embeddings.LayerNorm")
    for at in range(LAYERS):
        for part in "qkvo":
            dense(f"encoder.layer.{at}.attention.attn.{part}", HIDDEN, HIDDEN)
        norm(f"encoder.layer.{at}.attention.LayerNorm")
        dense(f"encoder.layer.{at}.intermediate.dense", HIDDEN, WIDE)
        dense(f"encoder.layer.{at}.output.dense", WIDE, HIDDEN)
        norm(f"encoder.layer.{at}.output.LayerNorm")
    tensors["encoder.relative_attention_bias.weight"] = 3 * some(32, HEADS)
    return tensors


def head_tensors(n_labels: int = 3) -> dict[str, Any]:
    """Those of the head of ``MPNetForSequenceClassification``."""
    draw = np.random.default_rng(8)
    shapes = {"dense.weight": (HIDDEN, HIDDEN), "dense.bias": (HIDDEN,)}
    shapes |= {"out_proj.weight": (n_labels, HIDDEN), "out_proj.bias": (n_labels,)}
    return {
        f"classifier.{name}": draw.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()
    }


def save_mpnet(folder: Path, architecture: str = "MPNetForSequenceClassification", **changes: Any) -> Path:
    """Save a folder as ``transformers`` would, of a classifier, an ``MPNetForMaskedLM`` or an ``MPNetModel``.

    Args:
        folder: Where to; made where absent.
        architecture: The class that is said to have written it.
        **changes: Of ``config.json``.
    """
    from safetensors.numpy import save_file

    prefix = "" if architecture == "MPNetModel" else "mpnet."
    tensors = {f"{prefix}{name}": tensor for name, tensor in encoder_tensors().items()}
    config = {"architectures": [architecture], **CONFIG, **changes}
    if architecture == "MPNetForSequenceClassification":
        tensors |= head_tensors()
        config["id2label"] = {"0": "entailment", "1": "neutral", "2": "contradiction"}
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True}), encoding="utf-8")
    return folder


def save_sentence_mpnet(
    folder: Path, *, normalised: bool = True, pooling: dict[str, Any] | None = None
) -> Path:
    """Save an ``MPNetModel`` as sentence-transformers lays it out, the weights in the root."""
    save_mpnet(folder, "MPNetModel")
    kinds = ["Transformer", "Pooling", *(["Normalize"] if normalised else [])]
    modules = [
        {
            "idx": at,
            "name": str(at),
            "path": f"{at}_{kind}" if at else "",
            "type": f"sentence_transformers.models.{kind}",
        }
        for at, kind in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    (folder / "1_Pooling").mkdir(exist_ok=True)
    said = pooling or {"word_embedding_dimension": HIDDEN, "pooling_mode_mean_tokens": True}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(said), encoding="utf-8")
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 20}', encoding="utf-8")
    return folder


def ids_and_mask() -> tuple[Any, Any]:
    """Three rows of up to 150 tokens: distances beyond all buckets."""
    draw = np.random.default_rng(9)
    ids = draw.integers(4, len(VOCABULARY), (3, 150)).astype(np.int32)
    mask = np.arange(150) < np.array([[150], [7], [80]])
    ids[:, 0] = 0
    ids[~mask] = 1
    return ids, mask
