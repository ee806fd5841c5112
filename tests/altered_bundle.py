"""A saved model whose graph has another bias in its head, with checksums that are right."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from samesay.bundle import open_bundle
from samesay.bundle.writing import record_of


def with_bias(bundle: Path, folder: Path, bias: Sequence[float]) -> Path:
    """A copy of ``bundle`` at ``folder``; its Keras part is as it was."""
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
    manifest = open_bundle(bundle).manifest
    part = manifest.parts["onnx"]
    files = {**part.files, "onnx/model.onnx": record_of(place)}
    changed = replace(manifest, parts={**manifest.parts, "onnx": replace(part, files=files)})
    (folder / "samesay.json").write_bytes(changed.to_json())
    return folder
