"""A BERT of a few kilobytes in Hugging Face layout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tiny_bert import VOCABULARY

HIDDEN, INNER, POSITIONS = 8, 16, 32


def save_tiny_hugging_face_bert(folder: Path, *, outputs: int | None = None) -> Path:
    """Save a one-layer BERT with random weights as ``config.json``, ``vocab.txt`` and ``model.safetensors``.

    Args:
        folder: Where to; it must not exist.
        outputs: Of a classifier's head; an encoder without a head where absent.
    """
    from safetensors.numpy import save_file

    random = np.random.default_rng(3)
    layer = "bert.encoder.layer.0."
    shapes: dict[str, tuple[int, ...]] = {
        "bert.embeddings.word_embeddings.weight": (len(VOCABULARY), HIDDEN),
        "bert.embeddings.position_embeddings.weight": (POSITIONS, HIDDEN),
        "bert.embeddings.token_type_embeddings.weight": (2, HIDDEN),
        layer + "intermediate.dense.weight": (INNER, HIDDEN),
        layer + "intermediate.dense.bias": (INNER,),
        layer + "output.dense.weight": (HIDDEN, INNER),
        layer + "output.dense.bias": (HIDDEN,),
        "bert.pooler.dense.weight": (HIDDEN, HIDDEN),
        "bert.pooler.dense.bias": (HIDDEN,),
    }
    for part in ("self.query", "self.key", "self.value", "output.dense"):
        shapes |= {
            f"{layer}attention.{part}.weight": (HIDDEN, HIDDEN),
            f"{layer}attention.{part}.bias": (HIDDEN,),
        }
    for norm in ("bert.embeddings", layer + "attention.output", layer + "output"):
        shapes |= {f"{norm}.LayerNorm.weight": (HIDDEN,), f"{norm}.LayerNorm.bias": (HIDDEN,)}
    if outputs is not None:
        shapes |= {"classifier.weight": (outputs, HIDDEN), "classifier.bias": (outputs,)}
    folder.mkdir(parents=True)
    weights = {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config = {
        "model_type": "bert",
        "architectures": ["BertModel" if outputs is None else "BertForSequenceClassification"],
        "vocab_size": len(VOCABULARY),
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "max_position_embeddings": POSITIONS,
    }
    if outputs is not None:
        config["id2label"] = {str(index): f"answer {index}" for index in range(outputs)}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True}))
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    return folder
