"""A bundle's ONNX part: graph and tokenizer written, checked against Keras, and removed again where the check fails."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samesay.encoding import PairEncoder
from samesay.errors import DiskFull, EncoderUnsupported, MachineError, OutputUnwritable
from samesay.export.families.table import writer_for
from samesay.export.graph import Graph
from samesay.export.keras_answer import KerasAnswer
from samesay.export.parity import Verdict, check_parity
from samesay.pairs import Answers, Pair, Sides

MODEL_FILE = "model.onnx"
ENCODER_FILE = "encoder.json"


def write_onnx(task: Any, path: str | os.PathLike[str]) -> None:
    """Write ``task`` to ``path``; the same weights give the same bytes.

    The graph takes ``token_ids`` (batch, length) int32, ``segment_ids`` (batch, length) int32 and
    ``padding_mask`` (batch, length) bool, and gives ``logits`` (batch, n_labels) float32; batch and length
    are free.

    Args:
        task: A KerasHub text classifier of a known family.
        path: The file; one that exists is replaced.

    Raises:
        EncoderUnsupported: If the encoder, or a part of it, is not one that can be written.
        DiskFull: If no space is left; nothing stays at ``path``.
        OutputUnwritable: If the file cannot be written for another reason; nothing stays at ``path``.
    """
    write = writer_for(task)
    graph = Graph()
    shape = ("batch", "length")
    logits = write(
        graph,
        task,
        graph.input("token_ids", np.int32, shape),
        graph.input("segment_ids", np.int32, shape),
        graph.input("padding_mask", np.bool_, shape),
    )
    graph.output(logits, "logits", np.float32, ("batch", int(task.output_dense.units)))
    save_graph(graph.model("pair_classifier", metadata={"encoder": type(task.backbone).__name__}), path)


def save_graph(model: Any, path: str | os.PathLike[str]) -> None:
    """Write an ONNX model to ``path``, deterministically; nothing stays there where it cannot be written.

    Raises:
        DiskFull, OutputUnwritable: As ``write_onnx``.
    """
    content = model.SerializeToString(deterministic=True)
    target = Path(path)
    try:
        target.write_bytes(content)
    except OSError as error:
        if target.is_file():
            target.unlink()
        raise _unwritable(target, error) from error


def _unwritable(path: Path, error: OSError) -> MachineError:
    """Our error for one of the system's, met while writing ``path``."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            "No space is left on the disk.", where=str(path), hint="free some space, and save again"
        )
    return OutputUnwritable(f"The file cannot be written: {error.strerror}.", where=str(path))


def write_onnx_part(
    task: Any,
    encoder: Any,
    folder: str | os.PathLike[str],
    *,
    answers: Answers,
    sides: Sides | None = None,
    threads: int | None = None,
) -> Verdict:
    """Write ``model.onnx`` and ``encoder.json`` into ``folder`` and compare their answers with Keras'.

    Both files are there if and only if the verdict is ``"verified"``: a graph that is known to answer wrongly
    would only find someone to use it.

    Args:
        task: A KerasHub text classifier with its preprocessor.
        encoder: The ``PairEncoder`` that goes with it; of anything else there is no way from text to ids
            without Keras, and the verdict says so.
        folder: An existing folder.
        answers: The names of the logits' columns, or the scale.
        sides: The names of the sides.
        threads: Of ONNX Runtime, during the parity check.

    Returns:
        The verdict; ``"unsupported"`` if no graph is known for the encoder. A failed parity check is not raised.

    Raises:
        DiskFull: If no space is left; nothing is left.
        OutputUnwritable: If a file cannot be written for another reason; nothing is left.
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
            raise _unwritable(encoder_file, error) from error

        def keras_logits(pairs: Sequence[Pair]) -> NDArray[np.float32]:
            # Made within the parity check, which turns whatever may fail into a verdict.
            return KerasAnswer(task, max_length=encoder.max_length)(pairs)

        verdict = check_parity(
            model_file, encoder, keras_logits, answers=answers, sides=sides, threads=threads
        )
        verified = verdict.status == "verified"
        return verdict
    finally:
        if not verified:
            model_file.unlink(missing_ok=True)
            encoder_file.unlink(missing_ok=True)
