"""Saved models that were altered by somebody who knows the format: their checksums are right."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from samesay.bundle.canonical import canonical_sha256, render
from samesay.bundle.writing import record_of


def resigned(
    bundle: Path, change: Callable[[dict[str, Any]], object] = lambda document: None, *, anew: str = ""
) -> Path:
    """``bundle`` with the right checksums.

    Args:
        bundle: Its folder.
        change: Done to its manifest.
        anew: A part whose files are declared as they are found; of others those that were declared before.
    """
    document = json.loads((bundle / "samesay.json").read_bytes())
    for name, part in document["parts"].items():
        if name == anew:
            found = sorted(file for file in (bundle / name).rglob("*") if file.is_file())
            part["files"] = dict.fromkeys(file.relative_to(bundle).as_posix() for file in found)
        for relative in part["files"]:
            record = record_of(bundle / relative)
            part["files"][relative] = {"sha256": record.sha256, "bytes": record.bytes}
    change(document)
    document["checksum"] = "sha256:" + canonical_sha256(document)
    (bundle / "samesay.json").write_bytes(render(document))
    return bundle


def with_bias(bundle: Path, folder: Path, bias: Sequence[float]) -> Path:
    """A copy of ``bundle`` at ``folder`` whose graph has another bias in its head; its Keras part is as it was."""
    shutil.copytree(bundle, folder)
    place = folder / "onnx" / "model.onnx"
    graph = onnx.load(place)
    shape = [len(bias)]
    heads = [
        one
        for one in graph.graph.initializer
        if one.data_type == onnx.TensorProto.FLOAT and list(one.dims) == shape
    ]
    heads[-1].CopyFrom(numpy_helper.from_array(np.array(bias, np.float32), heads[-1].name))
    onnx.save(graph, place)
    return resigned(folder)
