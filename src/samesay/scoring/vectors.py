"""An encoder's ONNX graph with its tokenizer: texts to vectors, in batches of like length.

Knows no Keras and no files of texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from samesay.encoding import PairEncoder
from samesay.errors import UsageError, require_at_least
from samesay.pairs import CHUNK_PAIRS, ProgressListener
from samesay.scoring.pending import logits_of
from samesay.scoring.scorer import BATCH_TOKENS, read_onnx_part
from samesay.scoring.session import VECTORS, Graph

if TYPE_CHECKING:
    from numpy.typing import NDArray


class VectorGraph:
    """Texts to vectors; safe to share between threads.

    Attributes:
        encoder: Text to token ids.
        dimension: Numbers of a vector.
    """

    def __init__(self, graph: Graph, encoder: PairEncoder) -> None:
        self._graph = graph
        self.encoder = encoder
        self.dimension = graph.n_outputs

    @classmethod
    def open(cls, path: str | Path, *, threads: int | None = None, verify: bool = True) -> VectorGraph:
        """Open a saved embedding model.

        Args:
            path: The bundle.
            threads: Runs side by side, of one thread each; the physical cores if left out.
            verify: Compute the checksums of its files first.

        Raises:
            UsageError: If the model answers about pairs.
            BundleError: If the bundle is none, is of another version, or is damaged.
        """
        manifest, onnx_file, encoder = read_onnx_part(path, verify)
        if manifest.dimension is None:
            raise UsageError(
                "The saved model answers about pairs, and has no vectors of single texts.",
                where=str(path),
                expected="an embedding model, a Hugging Face folder, or a preset such as minilm",
                hint=f"samesay score {path} --help",
            )
        return cls.from_parts(onnx_file, encoder, manifest.dimension, threads=threads)

    @classmethod
    def from_parts(
        cls, onnx_file: Path, encoder: PairEncoder, dimension: int, *, threads: int | None = None
    ) -> VectorGraph:
        """From a graph that is not in a bundle yet.

        Raises:
            BundleDamaged: If the file is no graph, or not one of this dimension and for this encoder.
        """
        size = encoder.vocabulary_size
        graph = Graph(onnx_file, n_labels=dimension, vocabulary_size=size, threads=threads, output=VECTORS)
        return cls(graph, encoder)

    def encode(
        self, texts: Sequence[str], *, progress: ProgressListener | None = None
    ) -> NDArray[np.float32]:
        """Vectors, shape ``(n_texts, dimension)``, in the order of ``texts``.

        Args:
            texts: Any number of them; what is beyond the model's length is not read.
            progress: Hears the stage ``"embed"`` after every run of the graph.

        Raises:
            EncodingInvalid: If a text holds a lone surrogate, with its row.
            UsageError: If ``texts`` is one string, or holds something else than strings.
        """
        vectors, _ = logits_of(
            self._graph,
            self.encoder,
            self.encoder.encode_texts(texts),
            batch_tokens=BATCH_TOKENS,
            total=len(texts),
            stage="embed",
            progress=progress,
        )
        return vectors

    def stream(self, texts: Iterable[str], *, chunk: int = CHUNK_PAIRS) -> Iterator[NDArray[np.float32]]:
        """The vectors of texts as they come, shape ``(dimension,)`` each, in their order and in bounded memory.

        Args:
            texts: Any iterable, endless ones too.
            chunk: Texts that are taken before the first of them is answered.
        """
        require_at_least(1, chunk=chunk)
        source = iter(texts)
        while taken := list(islice(source, chunk)):
            yield from self.encode(taken)
