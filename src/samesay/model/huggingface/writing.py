"""A KerasHub classifier as a folder that ``transformers`` opens: ``config.json``, ``model.safetensors``, tokenizer.

What lies where is in ``families``; decided and measured in docs/decisions/0012-hugging-face-layout.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from samesay.errors import EncoderUnsupported, ExtraMissing
from samesay.model.activations import name_of, require_logits
from samesay.model.huggingface.config import CONFIG, TENSORS
from samesay.model.huggingface.families import Family, family_of
from samesay.model.huggingface.tokenizer_writing import write_tokenizer
from samesay.pairs import Activation, Answers, Scale, Sides

# Our names for activations, to theirs.
_ACTIVATION_FUNCTIONS: dict[Activation, str] = {
    "sigmoid": "torch.nn.modules.activation.Sigmoid",
    "identity": "torch.nn.modules.linear.Identity",
}
_ACTIVATIONS = {"gelu_tanh": "gelu_pytorch_tanh", "gelu": "gelu", "relu": "relu", "silu": "silu"}


def write_huggingface(
    task: Any,
    folder: Path,
    *,
    answers: Answers,
    sides: Sides,
    max_length: int,
    temperature: float = 1.0,
    biases: Sequence[float] | None = None,
) -> None:
    """Write configuration, weights and tokenizer into ``folder``.

    ``transformers`` computes the same logits from them, over the temperature and with the biases, within float32's
    rounding.

    Args:
        task: A KerasHub text classifier with its preprocessor.
        folder: An existing, empty folder.
        answers: The names of the logits' columns, or the scale of a similarity model, whose one output goes through a
            sigmoid.
        sides: What the first and the second text are called; recorded, since no setting there says it.
        max_length: The most tokens of a pair that are read.
        temperature: The head is divided by it, so that the softmax of its logits is SameSay's probability.
        biases: Added to the head's bias after that, shape ``(n_outputs,)``.
    """
    try:
        from safetensors.numpy import save_file
    except ModuleNotFoundError:
        raise ExtraMissing.of("train", "safetensors", "Writing a Hugging Face folder") from None

    family = family_of(task)
    config = huggingface_config(task, family, answers)
    ours: dict[str, Any] = {"sides": list(sides)}
    config["samesay"] = ours
    if isinstance(answers, Scale):
        ours["scale"] = list(answers)
        config["sentence_transformers"] = {"activation_fn": _ACTIVATION_FUNCTIONS[answers.activation]}
    (folder / CONFIG).write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    tensors = {}
    for tensor in family.tensors(task):
        values = tensor.read_variable()
        if tensor.variable is task.output_dense.kernel:
            values = values / np.float32(temperature)
        elif tensor.variable is task.output_dense.bias:
            values = values / np.float32(temperature) + np.asarray(biases or 0, np.float32)
        tensors[tensor.name] = values
        if tensor.shared_row is not None:
            tensors[tensor.shared_row] = 0 * tensors[tensor.name][:1]
    # transformers refuses a file that does not say by whose conventions it was written.
    save_file(tensors, folder / TENSORS, metadata={"format": "pt"})
    write_tokenizer(task.preprocessor.tokenizer, folder, family, max_length=max_length)


def huggingface_config(task: Any, family: Family, answers: Answers) -> dict[str, Any]:
    """``config.json`` of ``task``."""
    require_logits(task.output_dense.activation)
    layers = task.backbone.transformer_layers
    first = layers[0][0] if isinstance(layers[0], list) else layers[0]
    activation = name_of(first._feedforward_intermediate_dense.activation, where="feed-forward layers")
    if activation not in _ACTIVATIONS:
        raise EncoderUnsupported(
            f"The activation {activation!r} of the feed-forward layers is not written.",
            where="the model's encoder",
            expected=", ".join(_ACTIVATIONS),
        )
    return {
        "architectures": [family.architecture],
        "model_type": family.model_type,
        "dtype": "float32",
        **family.settings_of(task),
        family.activation_key: _ACTIVATIONS[activation],
        "problem_type": "regression" if answers.task == "similarity" else "single_label_classification",
        "id2label": {str(index): name for index, name in enumerate(answers.outputs)},
        "label2id": {name: index for index, name in enumerate(answers.outputs)},
    }
