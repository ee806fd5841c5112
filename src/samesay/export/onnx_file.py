"""A KerasHub classifier into one ONNX file."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np

from samesay.errors import DiskFull, MachineError, OutputUnwritable
from samesay.export.families.table import writer_for
from samesay.export.graph import Graph


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
        raise unwritable(target, error) from error


def unwritable(path: Path, error: OSError) -> MachineError:
    """The error of ours for one of the system's, met while writing ``path``."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            "No space is left on the disk.", where=str(path), hint="free some space, and save again"
        )
    return OutputUnwritable(f"The file cannot be written: {error.strerror}.", where=str(path))
