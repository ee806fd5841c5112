"""Keras, imported once and set up: the backend, and XLA's compilations kept on disk between runs.

It and ``devices`` are what reads environment variables of Keras, its backends and caches.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from samesay.errors import ExtraMissing, MachineError, OutputUnwritable, UsageError
from samesay.model.runtime.allocator import use_one_arena
from samesay.storage import OwnFolder

BACKENDS = ("jax", "tensorflow", "torch")
"""The values of ``KERAS_BACKEND`` that can train; the first is SameSay's default."""

_CHOICE = "KERAS_BACKEND"

chosen_by_user = bool(os.environ.get(_CHOICE))
"""Whether the environment named a backend before SameSay chose one."""

_UNUSED = ("pandas", "sklearn", "matplotlib")
"""What Keras imports where it is installed, for arrays, wrappers and plots that SameSay does not have from Keras."""

_alone = False


def cache_folder() -> Path:
    """Where SameSay keeps what can be made again: ``$SAMESAY_CACHE``, or ``samesay`` in the user's cache folder."""
    chosen = os.environ.get("SAMESAY_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "samesay"


def use_keras_alone() -> None:
    """Say that no other code uses Keras in this process, as in a command.

    Keras is then imported without what SameSay does not use of it, in about half of the time (docs/decisions/0027).
    """
    global _alone
    _alone = True


@cache
def keras() -> ModuleType:
    """The module ``keras``, with its backend checked and compilations cached on disk."""
    if chosen_backend() == "jax":
        use_one_arena()
    _share_gpu_memory()
    try:
        with _hidden(_UNUSED) if _alone else nullcontext():
            module = importlib.import_module("keras")
    except ModuleNotFoundError as missing:
        raise _missing(missing) from None
    if module.backend.backend() == "jax":
        _keep_compilations()
    return module


def choose_backend() -> None:
    """Choose JAX for whoever imports Keras next, unless the user chose another backend or has imported Keras already.

    Keras by itself would follow its ``keras.json``, into which it writes TensorFlow unasked.
    """
    if not os.environ.get(_CHOICE) and "keras" not in sys.modules:
        os.environ[_CHOICE] = BACKENDS[0]


@contextmanager
def _hidden(names: tuple[str, ...]) -> Iterator[None]:
    """Within it the packages of ``names`` that nobody has imported yet are as if they were not installed."""
    modules: dict[str, Any] = sys.modules
    hidden = [name for name in names if name not in modules]
    modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            del modules[name]


def chosen_backend() -> str:
    """What ``KERAS_BACKEND`` names, or what Keras runs on where the user imported it first."""
    chosen = os.environ.get(_CHOICE) or sys.modules["keras"].backend.backend()
    if chosen not in BACKENDS:
        raise UsageError(f"There is no backend {chosen!r}.", where=_CHOICE, expected=", ".join(BACKENDS))
    return chosen


@cache
def keras_hub() -> ModuleType:
    """The module ``keras_hub``; the first call takes seconds."""
    keras()
    try:
        return importlib.import_module("keras_hub")
    except ModuleNotFoundError as missing:
        raise _missing(missing) from None


def backend_versions() -> dict[str, str]:
    """The versions that decide what training computes: Keras, KerasHub, the backend's library."""
    from importlib.metadata import version

    backend = keras().backend.backend()
    return {
        "backend": backend,
        "keras": version("keras"),
        "keras-hub": version("keras-hub"),
        # By itself: TensorFlow's wheels have several names.
        backend: importlib.import_module(backend).__version__,
    }


def _missing(missing: ModuleNotFoundError) -> MachineError:
    if missing.name in {"tensorflow", "torch"}:
        return MachineError(
            f"KERAS_BACKEND asks for {missing.name}, which is not installed.",
            expected="jax (the default), tensorflow or torch, installed",
            hint=f"pip install {missing.name}, or unset KERAS_BACKEND to use JAX",
        )
    return ExtraMissing.of("train", missing.name or "keras", "Training, or using a model's Keras part,")


def _keep_compilations() -> None:
    """XLA compiles each shape of a training step for seconds: keep the result for the next process."""
    jax = importlib.import_module("jax")
    folder = cache_folder() / "xla"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # What lies there is run: it has to be this user's own.
        OwnFolder(folder, make=True).close()
    except (OSError, OutputUnwritable) as problem:
        logging.getLogger("samesay").warning("compilations are not kept: %s", problem)
        return
    if jax.config.jax_compilation_cache_dir is None:
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


def _share_gpu_memory() -> None:
    """Let a GPU's memory be taken as it is needed, and not all at once, unless the user has said how.

    Both libraries read these when they start; on other devices they mean nothing.
    """
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
