"""What other libraries would tell their makers about their users, switched off before they are imported.

The rooms that import such libraries (``data``, ``scoring``, ``model``) call ``switch_off`` when they are imported.
Whatever a user has decided in the environment stays. Processes that this one starts inherit it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

SWITCHES: Mapping[str, tuple[str, str]] = {
    # From 1.29 on: a lasting device ID and a store of events in the user's cache, sent to a collector.
    "ORT_DISABLE_TELEMETRY": ("1", "ONNX Runtime"),
    # Also of transformers, datasets and sentence-transformers; the second is of the hub's transfers of large files.
    "HF_HUB_DISABLE_TELEMETRY": ("1", "Hugging Face"),
    "HF_XET_TELEMETRY_ENABLED": ("0", "Hugging Face's transfers"),
    "RAY_USAGE_STATS_ENABLED": ("0", "Ray"),
}
"""The variable of the environment to the value that switches telemetry off, and whose it is."""

_NO = ("0", "false", "no", "off")


def switch_off() -> None:
    """Decide where the user has not; libraries read it when they are imported."""
    for name, (off, _) in SWITCHES.items():
        os.environ[name] = os.environ.get(name) or off


def is_off(name: str) -> bool:
    """Whether a variable of ``SWITCHES`` switches telemetry off, as it stands now."""
    return (os.environ.get(name, "").lower() in _NO) == (SWITCHES[name][0] in _NO)


def onnx_runtime() -> Any:
    """ONNX Runtime; the one place that imports it.

    Where it was imported before SameSay it has written its device ID already, and nothing can be done here.
    """
    switch_off()
    import onnxruntime

    if is_off("ORT_DISABLE_TELEMETRY"):
        onnxruntime.disable_telemetry_events()  # where the system gathers events, and no variable is asked: Windows
    return onnxruntime
