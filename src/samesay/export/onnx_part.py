"""A bundle's ONNX part: graph and tokenizer written, proven, and taken away again where the proof fails."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.encoding import PairEncoder
from samesay.errors import EncoderUnsupported
from samesay.export.keras_answer import KerasAnswer
from samesay.export.onnx_file import unwritable, write_onnx
from samesay.export.parity import Verdict, prove
from samesay.pairs import Answers, Pair, Sides

MODEL_FILE = "model.onnx"
ENCODER_FILE = "encoder.json"


def write_onnx_part(
    task: Any,
    encoder: Any,
    folder: str | os.PathLike[str],
    *,
    answers: Answers,
    sides: Sides | None = None,
    threads: int | None = None,
) -> Verdict:
    """Write ``model.onnx`` and ``encoder.json`` into ``folder`` and prove them against Keras.

    Both files are there if and only if the verdict is ``"verified"``: a graph that is known to answer wrongly
    would only find someone to use it.

    Args:
        task: A KerasHub text classifier with its preprocessor.
        encoder: The ``PairEncoder`` that goes with it; of anything else there is no way from text to ids
            without Keras, and the verdict says so.
        folder: An existing folder.
        answers: The names of the logits' columns, or the scale.
        sides: The names of the sides.
        threads: Of ONNX Runtime, during the proof.

    Returns:
        The verdict; ``"unsupported"`` if no graph is known for the encoder. A failed proof is not raised.

    Raises:
        DiskFull: If no space is left; nothing stays behind.
        OutputUnwritable: If a file cannot be written for another reason; nothing stays behind.
    """
    if not isinstance(encoder, PairEncoder):
        reason = f"The preprocessor {type(task.preprocessor).__name__} is not KerasHub's: texts need it, and Keras."
        return Verdict("unsupported", reason)
    model_file, encoder_file = Path(folder) / MODEL_FILE, Path(folder) / ENCODER_FILE
    verified = False
    try:
        try:
            write_onnx(task, model_file)
        except EncoderUnsupported as error:
            return Verdict("unsupported", error.message)
        try:
            encoder_file.write_text(json.dumps(encoder.to_dict(), ensure_ascii=False), encoding="utf-8")
        except OSError as error:
            raise unwritable(encoder_file, error) from error

        def keras_logits(pairs: Sequence[Pair]) -> NDArray[np.float32]:
            # Made inside of the proof, which turns whatever may fail into a verdict.
            return KerasAnswer(task, max_length=encoder.max_length)(pairs)

        verdict = prove(model_file, encoder, keras_logits, answers=answers, sides=sides, threads=threads)
        verified = verdict.status == "verified"
        return verdict
    finally:
        if not verified:
            model_file.unlink(missing_ok=True)
            encoder_file.unlink(missing_ok=True)
