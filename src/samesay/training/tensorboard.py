"""A run's figures as TensorBoard reads them, step by step.

Keras' own callback for it needs TensorFlow; tensorboardX writes the same files with protobuf alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from samesay.errors import ExtraMissing


class EventLog:
    """An event file that is being written.

    Args:
        folder: What ``tensorboard --logdir`` is given, or a folder in it.
        first_step: Where the run begins or goes on; what a killed one logged beyond it is dropped.

    Raises:
        ExtraMissing: If tensorboardX is not installed.
    """

    def __init__(self, folder: Path, *, first_step: int = 0) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError as missing:
            raise ExtraMissing.of("tensorboard", "tensorboardX", "Writing logs for TensorBoard") from missing
        self._writer = SummaryWriter(str(folder), purge_step=first_step or None)

    def add(self, step: int, kind: str, figures: Mapping[str, Any]) -> None:
        """Note the ``figures`` after ``step`` as ``kind/name``, those that are numbers."""
        for name, value in figures.items():
            if isinstance(value, int | float) and math.isfinite(value):
                self._writer.add_scalar(f"{kind}/{name}", value, step)
        self._writer.flush()

    def close(self) -> None:
        """Wait until all of it is written."""
        self._writer.close()
