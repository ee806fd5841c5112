"""A model of a few kilobytes of every encoder family, random weights, saved as a KerasHub preset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tiny_tokenizers import TOKENIZERS, keras_tokenizer


def save_family(
    family: str, folder: Path, *, max_length: int, n_layers: int = 1, dropout: float | None = None
) -> None:
    """Save a text classifier with a head for two labels.

    Args:
        family: One of ``TOKENIZERS``.
        folder: Where to.
        max_length: Positions, in tokens.
        n_layers: Transformer layers.
        dropout: Within the encoder; KerasHub's default where absent.
    """
    import keras

    from samesay.model.backbones.families import class_named

    keras.utils.set_random_seed(0)
    name = TOKENIZERS[family]
    tokenizer = keras_tokenizer(family)
    sizes: dict[str, Any] = {"embedding_dim": 8} if family == "albert" else {}
    if dropout is not None:
        sizes["dropout"] = dropout
    backbone = class_named(f"{name}Backbone")(
        vocabulary_size=tokenizer.vocabulary_size(),
        num_layers=n_layers,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=16,
        max_sequence_length=max_length,
        **sizes,
    )
    preprocessor = class_named(f"{name}TextClassifierPreprocessor")(tokenizer, sequence_length=max_length)
    task = class_named(f"{name}TextClassifier")(backbone=backbone, preprocessor=preprocessor, num_classes=2)
    # KerasHub's own start gives nearly the same answer to every text, and anything agrees with that.
    random = np.random.default_rng(0)
    for variable in task.weights:
        if "seed" not in variable.path:
            variable.assign(variable + 0.3 * random.standard_normal(variable.shape))
    folder.mkdir()
    task.save_to_preset(str(folder))
