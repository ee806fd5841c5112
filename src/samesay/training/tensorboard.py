"""A run's metrics as TensorBoard reads them, step by step.

Keras' own callback for it needs TensorFlow; tensorboardX writes the same files with protobuf alone.
"""

from __future__ import annotations

import logging
import math
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samesay.errors import ExtraMissing

_LOG = logging.getLogger("samesay")


class EventLog:
    """An event file that is being written.

    Args:
        folder: What ``tensorboard --logdir`` is given, or a folder in it.
        first_step: Where the run starts or resumes; what a killed one logged beyond it is dropped.

    Raises:
        ExtraMissing: If tensorboardX is not installed.
    """

    def __init__(self, folder: Path, *, first_step: int = 0) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError as missing:
            raise ExtraMissing.of("tensorboard", "tensorboardX", "Writing logs for TensorBoard") from missing
        # Or the file's name, of time and machine, could be foretold and another put there.
        suffix = f".{secrets.token_hex(6)}"
        self._writer: Any = SummaryWriter(str(folder), purge_step=first_step or None, filename_suffix=suffix)

    def add(self, step: int, kind: str, metrics: Mapping[str, Any]) -> None:
        """Log the ``metrics`` after ``step`` as ``kind/name``, those that are numbers.

        Where they cannot be written, a warning says so, and nothing more is logged: the model is what a run is for.
        """
        if self._writer is None:
            return
        try:
            for name, value in metrics.items():
                if isinstance(value, int | float) and math.isfinite(value):
                    self._writer.add_scalar(f"{kind}/{name}", value, step)
            self._writer.flush()
        except OSError as problem:
            self._give_up(problem)

    def close(self) -> None:
        """Wait until all of it is written."""
        if self._writer is None:
            return
        try:
            self._writer.close()
        except OSError as problem:
            self._give_up(problem)

    def _give_up(self, problem: OSError) -> None:
        _LOG.warning("metrics for TensorBoard can no longer be written (%s). The run goes on.", problem)
        # Or tensorboardX would try again when the process ends.
        self._writer.file_writer.event_writer._closed = True
        self._writer = None
