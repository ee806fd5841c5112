"""An ONNX graph made ready to run on this machine's cores, and checked to be the graph that it is taken for.

Knows arrays, not texts. ONNX Runtime is imported when a graph is opened, and not before.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from samesay._privacy import onnx_runtime
from samesay.errors import BundleDamaged, MachineError, require_at_least

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samesay.encoding import DenseBatch

# What every graph of ours reads: names with ONNX Runtime's words for their types; the shapes are (batch,
# length).
INPUTS = {"token_ids": "tensor(int32)", "segment_ids": "tensor(int32)", "padding_mask": "tensor(bool)"}
# What it answers: shape (batch, n_labels), or of an encoder (batch, dimension).
LOGITS, VECTORS = "logits", "vectors"
OUTPUT_TYPE = "tensor(float)"

# Two rows: a graph that answers one row whatever it is asked would pass for one that was asked for one.
_PROBE_SHAPE = (2, 3)

# The key by which a tensor names the file that its values are in, in an initializer, a body of If or Loop, a function,
# an attribute or a sparse tensor alike. Text stands in protobuf as it is, and no graph that we write holds this word.
_NAME_OF_A_FILE = b"location"


class Graph:
    """An open graph; shared between threads.

    A run uses the one thread that it is called from; ``callers`` are as many threads as may compute side by side.

    Args:
        path: The ``.onnx`` file.
        n_labels: How many logits a row must have.
        vocabulary_size: The ids it will be given are below this.
        threads: Runs side by side; `default_threads` if None.
        output: What its output is called.
    """

    def __init__(
        self,
        path: Path,
        *,
        n_labels: int,
        vocabulary_size: int,
        threads: int | None = None,
        output: str = LOGITS,
    ) -> None:
        self._output = output
        self.threads = default_threads() if threads is None else threads
        require_at_least(1, threads=self.threads)
        self._path = path
        self._session = _open(path)
        # They begin with the first work that they are given, and end with this graph.
        self.callers = ThreadPoolExecutor(self.threads, thread_name_prefix="samesay-scoring")
        self.n_outputs = n_labels
        self._check_signature(n_labels)
        self._probe(vocabulary_size)

    def run(self, batch: DenseBatch) -> NDArray[np.float32]:
        """The logits of a batch.

        Args:
            batch: Arrays of shape ``(batch, length)``.

        Returns:
            Shape ``(batch, n_labels)``.
        """
        try:
            (logits,) = self._session.run([self._output], batch._asdict())
        except Exception as error:  # ONNX Runtime's exceptions have no common base of their own
            raise self._failed(error, batch.token_ids.shape) from error
        expected = (len(batch.token_ids), self.n_outputs)
        if logits.shape != expected:  # NumPy would spread one row over all
            raise self._mismatch(
                f"{len(batch.token_ids)} pairs give logits of the shape {logits.shape}.", f"shape {expected}"
            )
        if not np.isfinite(logits).all():
            raise BundleDamaged(
                "The ONNX graph answers with values that are no numbers (NaN or infinite).",
                where=str(self._path),
                hint="train again with a lower learning rate, or restore the model from a copy",
            )
        return logits

    def _failed(self, error: Exception, shape: tuple[int, ...]) -> MachineError | BundleDamaged:
        what = _first_line(error)
        if isinstance(error, MemoryError) or "allocate" in what or "bad_alloc" in what:
            return MachineError(
                f"Not enough memory for a batch of {shape[0]} rows of {shape[1]} tokens.",
                where=str(self._path),
                hint="score with a smaller --batch-tokens",
            )
        return BundleDamaged(f"The ONNX graph cannot be run: {what}", where=str(self._path))

    def _check_signature(self, n_labels: int) -> None:
        try:
            inputs = _described(self._session.get_inputs())
            outputs = _described(self._session.get_outputs())
        except UnicodeDecodeError as error:
            raise self._mismatch("A name in it is not UTF-8.", f"inputs {_listed(INPUTS)}") from error
        types = {name: kind for name, (kind, _) in inputs.items()}
        if types != INPUTS:
            raise self._mismatch(f"It reads {_listed(types)}.", f"inputs {_listed(INPUTS)}")
        answers = {name: kind for name, (kind, _) in outputs.items()}
        if answers != {self._output: OUTPUT_TYPE}:
            raise self._mismatch(
                f"It answers {_listed(answers)}.", f"one output, {self._output} {OUTPUT_TYPE}"
            )
        _, shape = outputs[self._output]
        if len(shape) != 2 or (isinstance(shape[1], int) and shape[1] != n_labels):
            raise self._mismatch(f"Its {self._output} have the shape {shape}.", f"shape (batch, {n_labels})")
        for name, (_, shape) in inputs.items():
            if len(shape) != 2 or any(isinstance(size, int) for size in shape):
                raise self._mismatch(f"{name} has the shape {shape}.", "any batch and any length")

    def _probe(self, vocabulary_size: int) -> None:
        """One small run with the highest token id: symbolic shapes and too small a table show only then."""
        from samesay.encoding import DenseBatch

        self.run(
            DenseBatch(
                np.full(_PROBE_SHAPE, vocabulary_size - 1, np.int32),
                np.zeros(_PROBE_SHAPE, np.int32),
                np.ones(_PROBE_SHAPE, np.bool_),
            )
        )

    def _mismatch(self, found: str, expected: str) -> BundleDamaged:
        return BundleDamaged(
            f"The ONNX graph is not the one that its manifest describes. {found}",
            where=str(self._path),
            expected=expected,
            hint="restore the bundle from a copy, or export the model again",
        )


def default_threads() -> int:
    """The physical cores that this process may use: more threads than these only take turns on one core.

    Linux tells which logical cores are siblings; elsewhere every logical core counts.
    """
    try:
        allowed = os.sched_getaffinity(0)
    except AttributeError:
        return os.cpu_count() or 1
    cores = set()
    for core in allowed:
        siblings = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
        try:
            cores.add(siblings.read_text(encoding="ascii").strip())
        except OSError:
            cores.add(str(core))
    return max(1, len(cores))


def _open(path: Path) -> Any:
    onnxruntime = onnx_runtime()
    # By name, although the file was checked before: opening 89 MB of bytes took 0.26 s for 0.15 and 120 MB more.
    _require_alone(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Its other format, which it would know by the first bytes, names files in other words.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    options.log_severity_level = 4  # what goes wrong comes as an exception; the log would repeat it on stderr
    try:
        # Its second try, on the same processor, prints what went wrong to standard output.
        return onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    except Exception as error:  # ONNX Runtime's exceptions have no common base of their own
        raise BundleDamaged(
            f"{path.name} cannot be opened as an ONNX graph: {_first_line(error)}",
            where=str(path),
            hint="restore the bundle from a copy, or export the model again",
        ) from error


def _require_alone(path: Path) -> None:
    """Refuse a graph that takes values from another file, which no checksum covers."""
    if not path.is_file() or path.stat().st_size == 0:
        return  # no graph; what ONNX Runtime says of it is said
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(_NAME_OF_A_FILE) >= 0:
            raise BundleDamaged(
                f"{path.name} takes weights from another file.",
                where=str(path),
                expected="a graph that holds all its weights itself",
                hint="restore the bundle from a copy, or export the model again",
            )


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _described(values: Iterable[Any]) -> dict[str, tuple[str, tuple[int | str | None, ...]]]:
    """Type and shape by name."""
    return {each.name: (each.type, tuple(each.shape or ())) for each in values}


def _listed(types: dict[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in types.items()) or "nothing"
