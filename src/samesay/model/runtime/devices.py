"""What this process can compute on, and where what was fetched and compiled is kept.

Importing it is cheap; Keras is imported when devices or a trial are asked for.
"""

from __future__ import annotations

import importlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from samesay.model.runtime.backend import cache_folder, keras

OFFLINE_FLAGS = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
"""Variables that keep the Hugging Face libraries from their hub."""


@dataclass(frozen=True)
class Device:
    """One processor that Keras' backend can use.

    Attributes:
        kind: ``cpu``, ``gpu`` or ``tpu``.
        name: As the backend calls it.
        memory: Bytes of its own, where the backend says so.
    """

    kind: str
    name: str
    memory: int | None = None


def devices() -> list[Device]:
    """The devices of the chosen backend, the one it uses by default first."""
    backend = keras().backend.backend()
    module = importlib.import_module(backend)
    if backend == "jax":
        return [
            Device(one.platform, one.device_kind, (one.memory_stats() or {}).get("bytes_limit"))
            for one in module.devices()
        ]
    if backend == "tensorflow":
        found = [Device(one.device_type.lower(), one.name) for one in module.config.list_physical_devices()]
        return sorted(found, key=lambda one: one.kind == "cpu")
    cuda = [module.cuda.get_device_properties(place) for place in range(module.cuda.device_count())]
    found = [Device("gpu", one.name, one.total_memory) for one in cuda]
    if module.backends.mps.is_available():
        found.append(Device("gpu", "Apple MPS"))
    return [*found, Device("cpu", "cpu")]


def try_keras() -> None:
    """Multiply two small matrices with Keras."""
    ops = keras().ops
    product = ops.convert_to_numpy(ops.matmul(ops.ones((2, 3)), ops.ones((3, 2))))
    if product.tolist() != [[3.0, 3.0], [3.0, 3.0]]:
        raise ArithmeticError(f"a product of ones is {product.tolist()}")


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine_memory() -> int | None:
    """Bytes of main memory, where the system says so."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def has_nvidia_driver() -> bool:
    """Whether this is Linux with a driver for NVIDIA's devices, whatever Keras' backend can do with it."""
    return Path("/proc/driver/nvidia/version").exists()


def caches() -> dict[str, Path]:
    """Where things are kept between runs, by the variable that moves it."""
    home = Path.home() / ".cache"
    return {
        "HF_HOME": Path(os.environ.get("HF_HOME") or home / "huggingface"),
        "KAGGLEHUB_CACHE": Path(os.environ.get("KAGGLEHUB_CACHE") or home / "kagglehub"),
        "SAMESAY_CACHE": cache_folder(),
    }


def offline_flags() -> dict[str, str]:
    """The variables that keep hubs from being asked, as far as they are set."""
    return {name: os.environ[name] for name in OFFLINE_FLAGS if os.environ.get(name)}


def backend_of_keras_json() -> str | None:
    """What Keras' own settings file names as backend; Keras writes ``tensorflow`` into it unasked."""
    folder = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        return str(json.loads((folder / "keras.json").read_text(encoding="utf-8"))["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
