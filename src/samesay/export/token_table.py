"""A table of one vector a token as an ONNX graph: a text's vector is the sum over its tokens, brought to length 1.

Model2Vec's way of making vectors without an encoder (Tulkens and van Dongen 2024). Numbers lie in the file as int8 with
a scale for each token and are never spread out: a run takes the rows of its tokens alone, so opening costs no more than
reading the file.

Shapes in comments: B texts, L tokens, D numbers of a vector.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from samesay.encoding import PairEncoder
from samesay.export.graph import Graph
from samesay.export.onnx_part import MODEL_FILE, save_graph
from samesay.export.parity import Verdict
from samesay.export.vectors import check_vectors
from samesay.scoring.session import VECTORS

_LARGEST = 127
_STEP = 1 / 8
"""A step's size, as a share of a row's root mean square."""
_SMALLEST = 1e-12
_TOLERANCE = 1e-5


@dataclass(frozen=True)
class TokenTable:
    """A vector for each token.

    Attributes:
        numbers: int8 (vocabulary, D).
        scales: float32 (vocabulary,); a token's vector is its numbers times its scale.
    """

    numbers: NDArray[np.int8]
    scales: NDArray[np.float32]

    @classmethod
    def of(cls, vectors: NDArray[np.floating]) -> TokenTable:
        """The nearest table to ``vectors`` (vocabulary, D), in steps of which a wheel keeps 5 bits (decision 40)."""
        scales = np.maximum(
            np.abs(vectors).max(axis=1) / _LARGEST, _STEP * np.sqrt(np.square(vectors).mean(axis=1))
        )
        scales = np.where(scales > 0, scales, 1).astype(np.float32)
        return cls(np.rint(vectors / scales[:, None]).astype(np.int8), scales)

    def vectors_of(self, encoder: PairEncoder, texts: list[str]) -> NDArray[np.float32]:
        """What the graph has to give, computed in 64 bits, shape ``(n_texts, D)``."""
        sums = [
            self.scales[ids].astype(np.float64) @ self.numbers[ids]
            for part in encoder.encode_texts(texts)
            for ids in np.split(part.token_ids, part.offsets[1:-1])
        ]
        rows = np.stack(sums)
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _SMALLEST)
        return rows.astype(np.float32)


def write_table(table: TokenTable, path: Path) -> None:
    """Write the graph to ``path``; it reads what every graph of ours reads, and gives ``vectors`` (B, D) float32.

    Raises:
        DiskFull, OutputUnwritable: As ``write_onnx``.
    """
    graph = Graph()
    shape = ("batch", "length")
    ids = graph.input("token_ids", np.int32, shape)
    graph.input("segment_ids", np.int32, shape)
    mask = graph.input("padding_mask", np.bool_, shape)
    rows = graph.op("Gather", graph.weight("token_numbers", table.numbers), ids)  # (B, L, D) int8
    scales = graph.op("Gather", graph.weight("token_scales", table.scales), ids)  # (B, L)
    weights = graph.op("Mul", scales, graph.op("Cast", mask, to=1))
    weights = graph.op("Unsqueeze", weights, graph.integers(1))  # (B, 1, L)
    total = graph.op("MatMul", weights, graph.op("Cast", rows, to=1))
    total = graph.op("Squeeze", total, graph.integers(1))  # (B, D)
    length = graph.op("ReduceL2", total, graph.integers(1))  # (B, 1)
    least = graph.weight("smallest", np.float32(_SMALLEST))
    vectors = graph.op("Div", total, graph.op("Max", length, least))
    graph.output(vectors, VECTORS, np.float32, ("batch", table.numbers.shape[1]))
    save_graph(graph.model("token_table", metadata={"encoder": "TokenTable"}), path)


def write_table_part(table: TokenTable, encoder: PairEncoder, folder: Path) -> Verdict:
    """Write ``model.onnx`` and ``encoder.json`` into ``folder``, and compare its vectors with those of the table.

    Raises:
        ParityFailed: If the graph answers otherwise.
        BundleDamaged: If the table has no row for a token.
        DiskFull, OutputUnwritable: As ``write_onnx``.
    """
    write_table(table, folder / MODEL_FILE)
    return check_vectors(
        folder,
        encoder,
        table.numbers.shape[1],
        partial(table.vectors_of, encoder),
        whose="the table",
        tolerance=_TOLERANCE,
    )
