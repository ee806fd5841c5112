"""``Embedder``: sentence vectors by an encoder's ONNX graph, which is exported and checked once and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samesay.bundle import Manifest, default_model, is_bundle, located, write_bundle
from samesay.model.presets.installed import upstream_of
from samesay.model.presets.resolve import Preset, fetched, resolve
from samesay.model.runtime.backend import backend_versions, cache_folder
from samesay.pairs import CHUNK_PAIRS, LabelSet, ProgressListener, Sides
from samesay.scoring.vectors import VectorGraph

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from samesay.bundle.card import Upstream
    from samesay.bundle.writing import BundleDraft
    from samesay.encoding import PairEncoder
    from samesay.export.parity import Verdict
    from samesay.export.token_table import TokenTable

TASK = "embedding"


class Embedder:
    """Texts to vectors; made by ``Embedder.open``, and safe to share between threads.

    >>> embedder = Embedder.open("minilm")                              # doctest: +SKIP
    >>> embedder.encode(["A dog runs.", "An animal moves."]).shape      # doctest: +SKIP
    (2, 384)

    Attributes:
        path: The saved model that is open.
    """

    def __init__(self, path: Path, graph: VectorGraph) -> None:
        self.path = path
        self._graph = graph

    @classmethod
    def open(
        cls, name: str | Path | None = None, *, threads: int | None = None, verify: bool = True
    ) -> Embedder:
        """Open a saved embedding model, or an encoder.

        An encoder is exported to ONNX and compared with Keras once, which needs ``samesay[train]``; it is kept in the
        cache, and opened from there without Keras for as long as its files are the same. Pooling and normalisation are
        those of its ``modules.json``; without one, vectors are the mean over the tokens, of any length.

        Args:
            name: A preset (``minilm`` where absent), a built-in model, what ``Embedder.save`` wrote, a folder in
                Hugging Face layout, or any other preset of training.
            threads: Runs side by side, of one thread each; the physical cores if left out.
            verify: Compute the checksums of the saved model first.

        Raises:
            UsageError: If it is a saved model that answers about pairs.
            EncoderUnsupported: If its vectors come about in a way that is not known here, or weights are missing.
            ParityFailed: If its graph answers otherwise than Keras.
            ModelError, BundleError: If there is no such model, or it cannot be opened.
        """
        if name is None:
            name = default_model("embed")
        path = located(name) if is_bundle(name) else _exported(name, threads)
        return cls(path, VectorGraph.open(path, threads=threads, verify=verify))

    @property
    def dimension(self) -> int:
        """Numbers of a vector."""
        return self._graph.dimension

    @property
    def max_length(self) -> int:
        """The most tokens of a text that are read, special ones included."""
        return self._graph.encoder.max_length

    def encode(
        self, texts: Sequence[str], *, progress: ProgressListener | None = None
    ) -> NDArray[np.float32]:
        """Vectors, shape ``(n_texts, dimension)``, in the order of ``texts``; also for one text, or none.

        Args:
            texts: A list of strings; what is beyond ``max_length`` is not read.
            progress: Told of the stage ``"embed"``.

        Raises:
            EncodingInvalid: If a text holds a lone surrogate, with its row.
            UsageError: If ``texts`` is one string, or holds something else than strings.
        """
        return self._graph.encode(texts, progress=progress)

    def stream(self, texts: Iterable[str], *, chunk: int = CHUNK_PAIRS) -> Iterator[NDArray[np.float32]]:
        """The vectors of texts as they come, shape ``(dimension,)`` each, in bounded memory."""
        return self._graph.stream(texts, chunk=chunk)

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Save it as a model of the task ``embedding``, which opens without Keras wherever it is copied.

        Raises:
            TargetExists: If something is there that may not be replaced.
            DiskFull, OutputUnwritable: If the disk is full, or the system refuses.
        """
        from samesay.runs.exporting import export_bundle

        return Path(export_bundle(self.path, path, overwrite=overwrite).path)


def _exported(name: str | Path, threads: int | None) -> Path:
    """The saved model in the cache that ``name`` was exported to, made where it is not there."""
    preset = fetched(resolve(name))
    target = cache_folder() / "embedders" / _key(preset)
    if not is_bundle(target):
        _export(preset, target, threads)
    return target


def _export(preset: Preset, target: Path, threads: int | None) -> None:
    from samesay.export.vectors import write_vectors_part
    from samesay.model.sentence_encoder import open_sentence_encoder

    model = open_sentence_encoder(preset)
    with write_bundle(target, overwrite=True) as draft:
        verdict = write_vectors_part(model, draft.folder("onnx"), threads=threads)
        made_of = {
            "preset": preset.name,
            "pooling": model.layout.pooling,
            "normalised": model.layout.normalised,
        }
        dimension = int(model.task.backbone.hidden_dim)
        _finish(draft, verdict, model.encoder, dimension, made_of, upstream_of(preset.name))


def save_token_table(
    table: TokenTable,
    encoder: PairEncoder,
    path: str | Path,
    *,
    recipe: Mapping[str, Any],
    upstream: Upstream | None = None,
    overwrite: bool = False,
) -> Path:
    """Save a table of one vector a token as an embedding model.

    Args:
        table: A row for every id of ``encoder``.
        encoder: Text to token ids.
        path: Where the model will be.
        recipe: How the table was made; JSON types.
        upstream: Where its weights come from, for the model card.
        overwrite: Replace a saved model that is there.

    Raises:
        ParityFailed: If the graph answers otherwise than the table.
        TargetExists, DiskFull, OutputUnwritable: As ``Embedder.save``.
    """
    from samesay.export.token_table import write_table_part

    with write_bundle(path, overwrite=overwrite) as draft:
        verdict = write_table_part(table, encoder, draft.folder("onnx"))
        _finish(draft, verdict, encoder, table.numbers.shape[1], recipe, upstream)
    return Path(path)


def _finish(
    draft: BundleDraft,
    verdict: Verdict,
    encoder: PairEncoder,
    dimension: int,
    recipe: Mapping[str, Any],
    upstream: Upstream | None,
) -> None:
    draft.add("onnx", verdict=verdict.status, detail=verdict.to_dict())
    facts = Manifest(
        task=TASK,
        answers=LabelSet(()),
        dimension=dimension,
        sides=Sides(),
        max_length=encoder.max_length,
        recipe=dict(recipe),
        versions=backend_versions(),
    )
    draft.finish(facts, upstream=upstream)


def _key(preset: Preset) -> str:
    """Of what a preset is made of now: other files, or another SameSay, are another model."""
    from samesay.model.sentence_encoder import sentence_folder

    made_of: list[Any] = [version("samesay"), preset.name, preset.location]
    folder = sentence_folder(Path(preset.location))
    if folder.is_dir():
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            facts = file.stat()
            made_of.append((str(file.relative_to(folder)), facts.st_size, facts.st_mtime_ns))
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:32]
