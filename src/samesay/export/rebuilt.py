"""The parity check of a graph with the Keras model that is rebuilt from it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samesay.encoding import PairEncoder
from samesay.export.keras_answer import KerasAnswer
from samesay.export.onnx_part import ENCODER_FILE, MODEL_FILE
from samesay.export.parity import Verdict, check_parity
from samesay.model.presets.resolve import Preset, open_task
from samesay.pairs import Answers, Pair, Sides


def rebuilt_verdict(architecture: Path, onnx_part: Path, answers: Answers, sides: Sides) -> Verdict:
    """Whether the Keras model of ``architecture``, with the weights of the graph, answers as the graph does.

    Args:
        architecture: A Keras part without its weights.
        onnx_part: The folder of graph and tokenizer.
        answers: The names of the logits' columns, or the scale.
        sides: The names of the sides.
    """
    graph = onnx_part / MODEL_FILE
    encoder = PairEncoder.from_dict(json.loads((onnx_part / ENCODER_FILE).read_text(encoding="utf-8")))
    preset = Preset("the exported model", "saved model", str(architecture), weights=graph)

    def keras_logits(pairs: Sequence[Pair]) -> NDArray[np.float32]:
        return KerasAnswer(open_task(preset), max_length=encoder.max_length)(pairs)

    return check_parity(graph, encoder, keras_logits, answers=answers, sides=sides)
