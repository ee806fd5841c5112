"""A BERT of a few kilobytes with random weights, saved as a KerasHub preset: for tests that train."""

from __future__ import annotations

import string
from pathlib import Path

_TEXT = """
a the dog dogs cat cats man men woman child runs run sleeps sleep eats eat walks walk red blue two three in on
park house grass is are not no nobody somebody [ ] , . ! ?
"""
WORDS = _TEXT.split()
VOCABULARY = [
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    *sorted({*WORDS, *string.ascii_lowercase, *string.digits}),
    *(f"##{letter}" for letter in string.ascii_lowercase + string.digits),
]


def save_tiny_preset(
    folder: Path,
    *,
    n_layers: int = 2,
    hidden: int = 16,
    n_heads: int = 2,
    max_length: int = 64,
    n_labels: int = 2,
    dropout: float = 0.1,
    seed: int = 0,
) -> Path:
    """Save a text classifier with a head for ``n_labels`` and return ``folder``.

    Args:
        folder: Where to; made where absent.
        n_layers: Transformer layers.
        hidden: Units of a layer; the feed-forward part has twice as many.
        n_heads: Attention heads; they divide ``hidden``.
        max_length: Positions, in tokens.
        n_labels: Columns of the head.
        dropout: Within the layers.
        seed: The same seed, the same weights.
    """
    import keras
    import keras_hub

    keras.utils.set_random_seed(seed)
    tokenizer = keras_hub.models.BertTokenizer(vocabulary=VOCABULARY, lowercase=True)
    backbone = keras_hub.models.BertBackbone(
        vocabulary_size=len(VOCABULARY),
        num_layers=n_layers,
        num_heads=n_heads,
        hidden_dim=hidden,
        intermediate_dim=2 * hidden,
        dropout=dropout,
        max_sequence_length=max_length,
    )
    preprocessor = keras_hub.models.BertTextClassifierPreprocessor(tokenizer, sequence_length=max_length)
    task = keras_hub.models.BertTextClassifier(
        backbone=backbone, preprocessor=preprocessor, num_classes=n_labels
    )
    folder.mkdir(parents=True, exist_ok=True)
    task.save_to_preset(str(folder))
    return folder
